"""What an account holds: users, their devices and mailboxes, media, and the system's recording limits, as records.

Names are ours and say the unit; `callflow.core.account_documents` reads them from Kazoo's document shapes.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from callflow.core.storage_plan import StoragePlan


@frozen
class User:
    """A person of the account, rung through the devices that it owns."""

    id: str
    name: str = ""
    is_enabled: bool = True
    do_not_disturb: bool = False


@frozen
class Device:
    """A phone. `codec` (ours) is the codec that it speaks, None for the default; `is_registered`: it is reachable."""

    id: str
    name: str = ""
    owner_id: str | None = None
    is_registered: bool = True
    is_enabled: bool = True
    do_not_disturb: bool = False
    codec: str | None = None


OUTSIDE: Final = Device("outside")
"""Whoever is called outside the account: a party of its own, behind no device of the account (B§7.16)."""


@frozen
class Mailbox:
    """A voicemail box (B§7.6). `number` is what the greeting speaks; `message_count` (ours): messages already there.

    `silence_hits` count whole seconds of silence (B§4.6), `silence_threshold` is a raw frame score.
    """

    id: str
    number: str
    name: str = ""
    owner_id: str | None = None
    skip_greeting: bool = False
    skip_instructions: bool = False
    announcement_only: bool = False
    check_if_owner: bool = True
    is_setup: bool = False
    pin: str | None = None
    require_pin: bool = False
    media_unavailable: str | None = None
    media_temporary: str | None = None
    play_greeting_intro: bool = False
    use_person_not_available: bool = False
    media_extension: str = "mp3"
    delete_after_notify: bool = False
    save_after_notify: bool = False
    silence_hits: int = 5
    silence_threshold: int = 200
    max_message_length_s: int | None = None
    operator_number: str | None = None
    message_count: int = 0


@frozen
class MediaFile:
    """A piece of media by id. `path` (ours) is a file in the account file's folder, `length_ms` (ours) its length."""

    id: str
    name: str = ""
    length_ms: int | None = None
    path: str | None = None


@frozen(eq=False)
class SystemMedia:
    """The system documents' say in recording (B§3.2, B§3.4, B§6.1) and voicemail (B§7.6).

    `max_recording_time_limit` is in seconds; `storage_retry_times` counts tries after the first (B§6.6). `plan` is the
    account's storage plan, which goes before the system's words on where a recording is stored (B§6.1 row 5).
    """

    store_recordings: bool = False
    max_recording_time_limit: int = 10_800
    third_party_bigcouch_host: str | None = None
    record_min_sec: int = 0
    extension: str = "mp3"
    storage_retry_times: int = 5
    max_message_count: int = 100
    min_message_size_ms: int = 500
    max_message_length_s: int = 500
    plan: StoragePlan | None = None
