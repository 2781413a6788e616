"""Where a recording goes: the seed's decision ("Storage of recordings"), and the URL it is sent to (B§6.1, B§6.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from callflow.core.delivery import Target, TargetKind
from callflow.core.profile import Profile

if TYPE_CHECKING:
    from callflow.core.account import Account
    from callflow.core.call import Call
    from callflow.core.recording import Recording

SCHEMES: Final = ("http", "https", "ftp", "ftps")
"""The URL schemes that production sends to; any other is dropped without a word (C17)."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,19}", re.ASCII)
_BEFORE_AUTHORITY: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:(?=/))?/*", re.ASCII | re.IGNORECASE)


def choose_target(account: Account, profile: Profile, call: Call, recording: Recording, recording_id: str) -> Target:
    """Decide where one finished recording goes; the target's rule names the option that decided."""
    if recording.options.url:
        return _url_target(account, profile, call, recording, recording_id)
    system = account.system
    if not system.store_recordings:
        return _NOT_STORED
    if profile.reads_third_party_bigcouch and system.third_party_bigcouch_host:
        rule = "media.third_party_bigcouch_host"
        return Target(TargetKind.THIRD_PARTY_BIGCOUCH, "PUT", system.third_party_bigcouch_host, rule)
    return Target(TargetKind.ACCOUNT_DATABASE, "", "", "media.store_recordings=true")


_NOT_STORED: Final = Target(TargetKind.NONE, "", "", "media.store_recordings=false")


def _url_target(account: Account, profile: Profile, call: Call, recording: Recording, recording_id: str) -> Target:
    options = recording.options
    scheme = options.url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        dropped = f"scheme '{scheme}'" if _SCHEME.fullmatch(scheme) else "what has no scheme"
        return Target(TargetKind.NONE, "", "", f"record_call.url: {dropped} is dropped (B§6.1)")
    fields: dict[str, str] = {}
    if profile.upload_query != "none" and not scheme.startswith("ftp"):
        fields = {
            "from": call.caller.number,
            "to": call.dialled,
            "caller_id_name": call.caller.name,
            "caller_id_number": call.caller.number,
            "call_id": call.id,
            "cdr_id": f"{recording_id.partition('-')[0]}-{call.id}",
            "interaction_id": "",
            "account_id": account.id,
        }
    if fields and profile.upload_query == "kazoo-5":
        duration = str(recording.length_ms)
        fields |= {"duration_ms": duration, "owner_id": "", "start": "", "recording_id": recording_id}
    try:
        url = recording_url(options.url, call.id, options.format, fields)
    except ValueError:  # brackets that hold no address, or text that cannot be encoded
        return Target(TargetKind.NONE, "", "", "record_call.url: what is no URL is dropped (B§6.1)")
    return Target(TargetKind.URL, options.method.upper(), url, "record_call.url")


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


def without_credentials(url: str) -> str:
    """The URL as it may be shown: user and password replaced by `***`, with or without a scheme; the rest unchanged."""
    if "@" not in url:
        return url
    head = _BEFORE_AUTHORITY.match(url)
    assert head is not None
    authority, slash, path = url[head.end() :].partition("/")
    user, at, host = authority.rpartition("@")
    return f"{head[0]}***@{host}{slash}{path}" if at else url
