"""Where a recording is to go: the seed's decision, and the URL it is sent to (the seed, "Storage of recordings"; B§6.1, B§6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from callflow.core.delivery import Target, TargetKind
from callflow.core.events import Caller
from callflow.core.profile import Profile

if TYPE_CHECKING:
    from callflow.core.account import SystemMedia
    from callflow.core.effects import RecordingOptions

SCHEMES: Final = ("http", "https", "ftp", "ftps")
"""The URL schemes that production sends to; any other is dropped without a word (C17)."""


def choose_target(
    options: RecordingOptions,
    system: SystemMedia,
    profile: Profile,
    *,
    call_id: str,
    recording_id: str,
    length_ms: int,
    caller: Caller,
    dialled: str,
    account_id: str,
) -> Target:
    """Decide where one finished recording goes; the target's rule names the option that decided."""
    if options.url:
        scheme = options.url.partition("://")[0].lower()
        if scheme not in SCHEMES:
            return Target(TargetKind.NONE, "", "", f"record_call.url: scheme '{scheme[:20]}' is dropped (B§6.1)")
        query = {
            "from": caller.number,
            "to": dialled,
            "caller_id_name": caller.name,
            "caller_id_number": caller.number,
            "call_id": call_id,
            "cdr_id": f"{recording_id.partition('-')[0]}-{call_id}",
            "interaction_id": "",
            "account_id": account_id,
        }
        if profile.upload_query == "kazoo-5":
            query |= {"duration_ms": str(length_ms), "owner_id": "", "start": "", "recording_id": recording_id}
        fields = {} if profile.upload_query == "none" or scheme.startswith("ftp") else query
        url = recording_url(options.url, call_id, options.format, fields)
        return Target(TargetKind.URL, options.method.upper(), url, "record_call.url")
    if not system.store_recordings:
        return Target(TargetKind.NONE, "", "", "media.store_recordings=false")
    if profile.reads_third_party_bigcouch and system.third_party_bigcouch_host:
        rule = "media.third_party_bigcouch_host"
        return Target(TargetKind.THIRD_PARTY_BIGCOUCH, "PUT", system.third_party_bigcouch_host, rule)
    return Target(TargetKind.ACCOUNT_DATABASE, "", "", "media.store_recordings=true")


def recording_url(base: str, call_id: str, extension: str, fields: dict[str, str]) -> str:
    """The URL of one recording below `base`: `call_recording_CALL_ID.EXT`, the call id percent-encoded (the seed; B§6.3).

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
    """The URL as it may be shown: user and password replaced by `***`, whatever else it holds unchanged."""
    head, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return f"{head}{slashes}***@{host}{slash}{path}" if slashes and at else url
