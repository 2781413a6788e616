"""A recording's document as far as an address can name its fields: the query of an upload, a plan's path (B§6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from callflow.core.dates import GREGORIAN_OFFSET_S

if TYPE_CHECKING:
    from callflow.core.account import Account
    from callflow.core.call import Call
    from callflow.core.events import Caller
    from callflow.core.exchange import Setting
    from callflow.core.profile import Profile
    from callflow.core.recording import Recording


DOCUMENT_FIELDS: Final = tuple(
    "from to caller_id_name caller_id_number call_id cdr_id interaction_id account_id duration_ms owner_id start"
    " recording_id id request direction description name media_source media_type origin endpoint_id duration".split()
)
"""The keys of `document_fields`, in its order."""


@frozen
class Finished:
    """A finished recording and its names: its document's id, its own, and the month of its end as `YYYYMM` (C22)."""

    call: Call
    recording: Recording
    id: str
    name: str
    month: str


def document_fields(setting: Setting, finished: Finished) -> dict[str, str]:
    """The fields of the document, all as text."""
    call, recording = finished.call, finished.recording
    length_ms = recording.file_ms
    return {
        "from": call.caller.number,
        "to": call.dialled,
        "caller_id_name": call.caller.name,
        "caller_id_number": call.caller.number,
        "call_id": call.id,
        "cdr_id": f"{finished.month}-{call.id}",
        "interaction_id": "",
        "account_id": setting.account.id,
        "duration_ms": str(length_ms),
        "owner_id": owner_of(setting.account, call.caller),
        "start": str(gregorian_s(setting.start_s, recording.started_ms)),
        "recording_id": finished.id,
        "id": finished.id,
        "request": call.dialled,
        "direction": "inbound",
        "description": f"recording {finished.name}",
        "name": finished.name,
        "media_source": "recorded",
        "media_type": media_type(setting.profile, recording.options.format),
        "origin": recording.options.origin,
        "endpoint_id": call.caller.device_id,
        "duration": str(length_ms // 1000),
    }


def media_type(profile: Profile, extension: str) -> str:
    """The document's `media_type`: the file's extension, with a dot where the profile writes one (B§6.5)."""
    return f".{extension}" if profile.dotted_media_type else extension


def owner_of(account: Account, caller: Caller) -> str:
    """The id of the user whose device calls; empty for a call from outside or a device of nobody (B§6.3, B§6.5)."""
    device = account.devices.get(caller.device_id)
    return (device.owner_id if device is not None else None) or ""


def gregorian_s(start_s: int, at_ms: int) -> int:
    """A virtual moment in Gregorian seconds, for a run whose 0 ms is `start_s` in Unix seconds (B§6.5)."""
    return start_s + at_ms // 1000 + GREGORIAN_OFFSET_S
