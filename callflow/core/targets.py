"""Where a recording goes: the seed's decision ("Storage of recordings"), and a storage plan's (B§6.1, B§6.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from callflow.core.address import is_url
from callflow.core.delivery import Target, TargetKind
from callflow.core.exchange import Exchange
from callflow.core.profile import UploadQuery
from callflow.core.recording import names_of
from callflow.core.recording_document import Finished, document_fields, gregorian_s, owner_of
from callflow.core.upload_urls import database_name, recording_url

if TYPE_CHECKING:
    from callflow.core.account import SystemMedia
    from callflow.core.call import Call
    from callflow.core.effects import RecordingOptions
    from callflow.core.exchange import Setting
    from callflow.core.recording import Recording
    from callflow.core.storage_plan import StoragePlan

__all__ = ["SCHEMES", "choose_target", "gregorian_s", "is_stored", "owner_of"]

SCHEMES: Final = ("http", "https", "ftp", "ftps")
"""The URL schemes that production sends to; any other is dropped without a word (C17)."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,19}", re.ASCII)
_NOT_STORED: Final = Target(TargetKind.NONE, "", "", "media.store_recordings=false")
_KAZOO_4: Final = tuple("from to caller_id_name caller_id_number call_id cdr_id interaction_id account_id".split())
_QUERIES: Final[Mapping[UploadQuery, tuple[str, ...]]] = {
    "none": (),
    "kazoo-4": _KAZOO_4,
    "kazoo-5": (*_KAZOO_4, "duration_ms", "owner_id", "start", "recording_id"),
}
"""The fields of the document that follow the file's name in an upload's URL (B§6.3)."""


def choose_target(setting: Setting, call: Call, recording: Recording, recording_id: str, month: str) -> Target:
    """Decide where one finished recording goes; the target's rule names the option that decided.

    Its own url first, then the account's storage plan, which store_recordings has no say in, then the system; in
    Kazoo 5 should_store_recording comes before all of them (B§6.1).
    `recording_id` is its document's id, "" where it has no url. `month` is that of the recording's end, as the call's
    own document has it: the one of `recording_id` is that of its start (B§6.5; C22).
    """
    system, options = setting.account.system, recording.options
    if options.is_stored is not None and setting.profile.heeds_should_store:
        kind = TargetKind.ACCOUNT_DATABASE if options.is_stored else TargetKind.NONE
        return Target(kind, "", "", f"{options.option}.should_store_recording={str(options.is_stored).lower()}")
    if options.url:
        return _url_target(setting, Finished(call, recording, recording_id, "", month))
    if system.plan is not None:
        # Names depend on the setting alone: any exchange of it draws the same.
        document_id, name = names_of(Exchange(setting), recording)
        return _planned(setting, system.plan, Finished(call, recording, document_id, name, month))
    if not system.store_recordings:
        return _NOT_STORED
    if setting.profile.reads_third_party_bigcouch and system.third_party_bigcouch_host:
        rule = "media.third_party_bigcouch_host"
        return Target(TargetKind.THIRD_PARTY_BIGCOUCH, "PUT", system.third_party_bigcouch_host, rule)
    return Target(TargetKind.ACCOUNT_DATABASE, "", "", "media.store_recordings=true")


def is_stored(system: SystemMedia, url: str) -> bool:
    """Whether a recording is to be stored at all: what Kazoo asks before it records anything by itself (B§6.1)."""
    if url:
        return url.partition("://")[0].lower() in SCHEMES
    return system.plan.kind is not TargetKind.NONE if system.plan is not None else system.store_recordings


def _planned(setting: Setting, plan: StoragePlan, finished: Finished) -> Target:
    arguments = {
        "account_id": setting.account.id,
        "db": database_name(setting.account.id, finished.month),
        "id": finished.id,
        "attachment": finished.name,
    }
    return plan.target(arguments, document_fields(setting, finished))


def _url_target(setting: Setting, finished: Finished) -> Target:
    options = finished.recording.options
    scheme = options.url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        return _dropped(options, f"scheme '{scheme}'" if _SCHEME.fullmatch(scheme) else "what has no scheme")
    if not is_url(options.url):
        return _dropped(options, "what is no URL")
    if scheme == "ftps" and not setting.profile.sends_ftps:
        return _dropped(options, "an ftps address, which the sender cannot read,", "B§6.3")
    fields: dict[str, str] = {}
    if not scheme.startswith("ftp") and setting.profile.upload_query != "none":
        document = document_fields(setting, finished)
        fields = {key: document[key] for key in _QUERIES[setting.profile.upload_query]}
    try:
        url = recording_url(options.url, finished.call.id, options.format, fields)
    except ValueError:  # text that cannot be encoded
        return _dropped(options, "what is no URL")
    return Target(TargetKind.URL, options.method.upper(), url, f"{options.option}.url")


def _dropped(options: RecordingOptions, what: str, rule: str = "B§6.1") -> Target:
    return Target(TargetKind.NONE, "", "", f"{options.option}.url: {what} is dropped ({rule})")
