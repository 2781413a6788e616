"""Kazoo's document shapes for users, devices, mailboxes, media and system settings, and their turning into records.

Each class lists the keys that are read, under Kazoo's names; keys marked "ours" are the simulator's own (design §6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from callflow.core.address import is_host, is_url
from callflow.core.call_recording import LegacyRecording, RecordingCells, RecordingDirections, endpoint_layer
from callflow.core.codecs import CODEC_RATES_HZ
from callflow.core.endpoints import Device, Mailbox, MediaFile, SystemMedia, User
from callflow.core.settings import setting
from callflow.core.shown import shown
from callflow.core.sounds import FORMATS
from callflow.core.storage_plan import StoragePlan


def _made_here(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of a file format that nobody here can write: our limit, in every profile."""
    return None if value in FORMATS else (f"{shown(value)} is not made here", " or ".join(FORMATS))


def _database_server(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of what names no database server: no delivery could ever arrive, in any profile."""
    is_web = value.partition("://")[0].lower() in ("http", "https") and is_url(value) and not set(value) & set("?#")
    if not value or is_host(value) or is_web:
        return None
    return f"{shown(value)} is no database server", "write host, host:port or http://user:password@host:port"


@frozen
class EnabledDocument:
    """An object whose only meaning is `enabled`."""

    enabled: bool = setting(False, help="Whether it is on.")


@frozen
class UserDocument:
    """A document of `users`."""

    id: str = setting(help="The document's id.", shortest=1)
    name: str | None = setting(None, help="Ours: the name, instead of first and last name.")
    first_name: str | None = setting(None, help="First name.", longest=128)
    last_name: str | None = setting(None, help="Last name.", longest=128)
    enabled: bool = setting(True, help="Whether the user can be called.")
    do_not_disturb: bool | EnabledDocument | None = setting(None, help="Whether calls are refused.")
    call_recording: RecordingDirections | None = setting(None, help="Which calls of the user's devices are recorded.")
    record_call: bool | LegacyRecording | None = setting(None, help="The older form of call_recording: all calls.")

    @property
    def recording(self) -> RecordingCells | None:
        """The layer of call recording that it adds to its devices', None when it says nothing of it."""
        return endpoint_layer(self.call_recording, self.record_call)

    def record(self) -> User:
        """Return the user."""
        names = [part for part in (self.first_name, self.last_name) if part]
        return User(
            id=self.id,
            name=self.name or " ".join(names) or self.id,
            is_enabled=self.enabled,
            do_not_disturb=_is_on(self.do_not_disturb),
        )


@frozen
class DeviceDocument:
    """A document of `devices`."""

    id: str = setting(help="The document's id.", shortest=1)
    name: str | None = setting(None, help="The device's name.", longest=128)
    owner_id: str | None = setting(None, help="The user whose device it is.")
    registered: bool = setting(True, help="Ours: whether the phone is reachable.")
    enabled: bool = setting(True, help="Whether the device can be called.")
    do_not_disturb: bool | EnabledDocument | None = setting(None, help="Whether calls are refused.")
    codec: str | None = setting(None, help="Ours: the codec that the phone speaks.", one_of=tuple(CODEC_RATES_HZ))
    call_recording: RecordingDirections | None = setting(None, help="Which calls of the device are recorded.")
    record_call: bool | LegacyRecording | None = setting(None, help="The older form of call_recording: all calls.")

    @property
    def recording(self) -> RecordingCells | None:
        """The layer of call recording that lies over its owner's, None when it says nothing of it."""
        return endpoint_layer(self.call_recording, self.record_call)

    def record(self) -> Device:
        """Return the device."""
        return Device(
            id=self.id,
            name=self.name or self.id,
            owner_id=self.owner_id,
            is_registered=self.registered,
            is_enabled=self.enabled,
            do_not_disturb=_is_on(self.do_not_disturb),
            codec=self.codec,
        )


@frozen
class MailboxMediaDocument:
    """A mailbox's `media` object."""

    unavailable: str | None = setting(None, help="The media id of the greeting.")
    temporary_unavailable: str | None = setting(None, help="The media id of a greeting that comes before any other.")


@frozen
class MailboxDocument:
    """A document of `vmboxes` (B§7.6)."""

    id: str = setting(help="The document's id.", shortest=1)
    mailbox: str = setting(help="The mailbox's number.", shortest=1, longest=30)
    name: str | None = setting(None, help="The mailbox's name.", longest=128)
    owner_id: str | None = setting(None, help="The user whose mailbox it is.")
    skip_greeting: bool = setting(False, help="Whether callers hear no greeting.")
    skip_instructions: bool = setting(False, help="Whether callers hear no instructions.")
    play_greeting_intro: bool = setting(False, help="Whether an introduction comes before the greeting.")
    use_person_not_available: bool = setting(False, help="Whether the plain greeting is spoken without the number.")
    announcement_only: bool = setting(False, help="Whether the greeting plays and no message is taken.")
    check_if_owner: bool = setting(True, help="Whether the owner who calls gets to the messages.")
    is_setup: bool = setting(False, help="Whether the owner has been through the first set-up.")
    pin: str | None = setting(None, help="The number that opens the mailbox.", shortest=4, longest=6)
    require_pin: bool = setting(False, help="Whether the owner too has to give the pin.")
    media: MailboxMediaDocument | None = setting(None, help="Greetings.")
    media_extension: str = setting("mp3", help="The format of messages: mp3 or wav.", check=_made_here)
    delete_after_notify: bool = setting(False, help="Whether a message is deleted once it was mailed.")
    save_after_notify: bool = setting(False, help="Whether a message is marked as heard once it was mailed.")
    silence_hits: int | None = setting(None, help="Seconds of silence that end a message.", at_least=1)
    silence_threshold: int | None = setting(None, help="Frame score below which is silence.", at_least=1)
    max_message_length: int | None = setting(None, help="Longest message in seconds.", at_least=1)
    operator_number: str | int | None = setting(None, help="The number called when the caller presses 0.")
    message_count: int = setting(0, help="Ours: messages already there.", at_least=0)

    def record(self, voicemail: VoicemailDocument) -> Mailbox:
        """Return the mailbox; the system's silence settings stand in for the box's own."""
        return Mailbox(
            id=self.id,
            number=self.mailbox,
            name=self.name or self.mailbox,
            owner_id=self.owner_id,
            skip_greeting=self.skip_greeting,
            skip_instructions=self.skip_instructions,
            announcement_only=self.announcement_only,
            check_if_owner=self.check_if_owner,
            is_setup=self.is_setup,
            pin=self.pin,
            require_pin=self.require_pin,
            media_unavailable=self.media.unavailable if self.media else None,
            media_temporary=self.media.temporary_unavailable if self.media else None,
            play_greeting_intro=self.play_greeting_intro,
            use_person_not_available=self.use_person_not_available,
            media_extension=self.media_extension,
            delete_after_notify=self.delete_after_notify,
            save_after_notify=self.save_after_notify,
            silence_hits=self.silence_hits or voicemail.silence_hits,
            silence_threshold=self.silence_threshold or voicemail.silence_threshold,
            max_message_length_s=self.max_message_length,
            operator_number=None if self.operator_number is None else str(self.operator_number),
            message_count=self.message_count,
        )


@frozen
class MediaDocument:
    """A document of `media`."""

    id: str = setting(help="The document's id.", shortest=1)
    name: str | None = setting(None, help="The media's name.", longest=128)
    length_ms: int | None = setting(None, help="Ours: how long it plays, in milliseconds.", at_least=0)
    path: str | None = setting(None, help="Ours: the audio file, below this file's folder.", shortest=1)

    def record(self) -> MediaFile:
        """Return the media."""
        return MediaFile(id=self.id, name=self.name or self.id, length_ms=self.length_ms, path=self.path)


@frozen
class RecordingDefaultsDocument:
    """`call_recording` in a system document: defaults of every recording (B§3.2, B§6.6)."""

    extension: str | None = setting(
        None, help="The format of recordings that state none: mp3 or wav.", check=_made_here
    )
    storage_retry_times: int = setting(5, help="How often a failed delivery is tried again.", at_least=0)


@frozen
class MediaConfigDocument:
    """The system document `media` (B§3.4, B§6.1)."""

    store_recordings: bool = setting(False, help="Whether a recording without url goes to the account's database.")
    max_recording_time_limit: int = setting(10_800, help="Longest recording in seconds.", at_least=1)
    third_party_bigcouch_host: str | None = setting(
        None, help="The database server that recordings go to instead.", check=_database_server
    )
    record_min_sec: int = setting(0, help="Shortest recording in seconds that is kept.", at_least=0)
    call_recording: RecordingDefaultsDocument | None = setting(None, help="Defaults of every recording.")


@frozen
class VoicemailDocument:
    """`voicemail` in the system document `callflow` (B§7.6)."""

    max_message_count: int = setting(100, help="Messages that a mailbox holds; 0: no limit.", at_least=0)
    min_message_size: int = setting(500, help="Shortest message in milliseconds that is kept.", at_least=0)
    max_message_length: int = setting(500, help="Longest message in seconds.", at_least=1)
    silence_hits: int = setting(5, help="Seconds of silence that end a message; 0 means 3.", at_least=0)
    silence_threshold: int = setting(200, help="Frame score below which is silence.", at_least=1)


@frozen
class CallflowConfigDocument:
    """The system document `callflow`."""

    call_recording: RecordingDefaultsDocument | None = setting(None, help="Defaults of every recording.")
    voicemail: VoicemailDocument | None = setting(None, help="Limits of voicemail.")


def system_media(
    media: MediaConfigDocument, callflow: CallflowConfigDocument, plan: StoragePlan | None = None
) -> SystemMedia:
    """Return the record of both system documents; `media` has the first word on the format (design §6).

    `plan` is the account's storage plan.
    """
    recording = media.call_recording or RecordingDefaultsDocument()
    fallback = callflow.call_recording or RecordingDefaultsDocument()
    voicemail = callflow.voicemail or VoicemailDocument()
    return SystemMedia(
        store_recordings=media.store_recordings,
        max_recording_time_limit=media.max_recording_time_limit,
        third_party_bigcouch_host=media.third_party_bigcouch_host or None,
        record_min_sec=media.record_min_sec,
        extension=recording.extension or fallback.extension or "mp3",
        storage_retry_times=recording.storage_retry_times,
        max_message_count=voicemail.max_message_count,
        min_message_size_ms=voicemail.min_message_size,
        max_message_length_s=voicemail.max_message_length,
        plan=plan,
    )


def leaves_its_folder(path: str) -> bool:
    """Whether a file name could lead out of the folder that it is relative to, on any platform."""
    parts = re.split(r"[/\\]", path)
    return parts[0] == "" or ".." in parts or ":" in parts[0] or "\0" in path


def _is_on(value: Any) -> bool:
    return value.enabled if isinstance(value, EnabledDocument) else bool(value)
