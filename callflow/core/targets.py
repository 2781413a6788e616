"""Where a recording goes: the seed's decision ("Storage of recordings"), and the URL it is sent to (B§6.1, B§6.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from callflow.core.address import is_url
from callflow.core.dates import GREGORIAN_OFFSET_S
from callflow.core.delivery import Target, TargetKind

if TYPE_CHECKING:
    from callflow.core.account import Account, SystemMedia
    from callflow.core.call import Call
    from callflow.core.effects import RecordingOptions
    from callflow.core.events import Caller
    from callflow.core.exchange import Setting
    from callflow.core.recording import Recording

SCHEMES: Final = ("http", "https", "ftp", "ftps")
"""The URL schemes that production sends to; any other is dropped without a word (C17)."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,19}", re.ASCII)


def choose_target(setting: Setting, call: Call, recording: Recording, recording_id: str, month: str) -> Target:
    """Decide where one finished recording goes; the target's rule names the option that decided.

    `month` is that of the recording's end, as the call's own document has it: the one of `recording_id` is that of its
    start (B§6.5; C22).
    """
    if recording.options.url:
        return _url_target(setting, call, recording, recording_id, month)
    system = setting.account.system
    if not system.store_recordings:
        return _NOT_STORED
    if setting.profile.reads_third_party_bigcouch and system.third_party_bigcouch_host:
        rule = "media.third_party_bigcouch_host"
        return Target(TargetKind.THIRD_PARTY_BIGCOUCH, "PUT", system.third_party_bigcouch_host, rule)
    return Target(TargetKind.ACCOUNT_DATABASE, "", "", "media.store_recordings=true")


_NOT_STORED: Final = Target(TargetKind.NONE, "", "", "media.store_recordings=false")
_NO_URL: Final = "what is no URL"


def is_stored(system: SystemMedia, url: str) -> bool:
    """Whether a recording is to be stored at all: what Kazoo asks before it records anything by itself (B§6.1)."""
    return url.partition("://")[0].lower() in SCHEMES if url else system.store_recordings


def _url_target(setting: Setting, call: Call, recording: Recording, recording_id: str, month: str) -> Target:
    options, account, query = recording.options, setting.account, setting.profile.upload_query
    scheme = options.url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        dropped = f"scheme '{scheme}'" if _SCHEME.fullmatch(scheme) else "what has no scheme"
        return _dropped(options, dropped)
    if not is_url(options.url):
        return _dropped(options, _NO_URL)
    fields: dict[str, str] = {}
    if query != "none" and not scheme.startswith("ftp"):
        fields = {
            "from": call.caller.number,
            "to": call.dialled,
            "caller_id_name": call.caller.name,
            "caller_id_number": call.caller.number,
            "call_id": call.id,
            "cdr_id": f"{month}-{call.id}",
            "interaction_id": "",
            "account_id": account.id,
        }
    if fields and query == "kazoo-5":
        fields |= {
            "duration_ms": str(recording.file_ms),
            "owner_id": owner_of(account, call.caller),
            "start": str(gregorian_s(setting.start_s, recording.started_ms)),
            "recording_id": recording_id,
        }
    try:
        url = recording_url(options.url, call.id, options.format, fields)
    except ValueError:  # text that cannot be encoded
        return _dropped(options, _NO_URL)
    return Target(TargetKind.URL, options.method.upper(), url, f"{options.option}.url")


def _dropped(options: RecordingOptions, what: str) -> Target:
    return Target(TargetKind.NONE, "", "", f"{options.option}.url: {what} is dropped (B§6.1)")


def owner_of(account: Account, caller: Caller) -> str:
    """The id of the user whose device calls; empty for a call from outside or a device of nobody (B§6.3, B§6.5)."""
    device = account.devices.get(caller.device_id)
    return (device.owner_id if device is not None else None) or ""


def gregorian_s(start_s: int, at_ms: int) -> int:
    """A virtual moment in Gregorian seconds, for a run whose 0 ms is `start_s` in Unix seconds (B§6.5)."""
    return start_s + at_ms // 1000 + GREGORIAN_OFFSET_S


def recording_url(base: str, call_id: str, extension: str, fields: dict[str, str]) -> str:
    """The URL of one recording below `base`: `call_recording_CALL_ID.EXT`, the call id percent-encoded (seed; B§6.3).

    Without `fields` (the seed's form) a query that the base has stays behind the path. With them, a base without a
    query gets them as its query; one with a query gets the file's name as a value and the fields after it.
    """
    name = f"call_recording_{quote(call_id, safe='')}.{extension}"
    parts = urlsplit(base)
    if not fields:
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))
    if not parts.query:
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}", query=urlencode(fields)))
    last = parts.query.rpartition("&")[2]
    joint = "" if last.endswith("=") else "=" if "=" not in last else "&recording="
    return urlunsplit(parts._replace(query=f"{parts.query}{joint}{name}&{urlencode(fields)}"))
