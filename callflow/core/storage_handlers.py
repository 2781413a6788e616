"""The handlers of a storage plan, and its connections: what their settings come to (B§6.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from attrs import evolve

from callflow.core.delivery import Body, TargetKind
from callflow.core.diagnostic import Diagnostic
from callflow.core.plan_paths import joined, read_parts
from callflow.core.recording_document import DOCUMENT_FIELDS
from callflow.core.shown import shown
from callflow.core.storage_documents import ConnectionSettings, HandlerSettings, HttpSettings, S3Settings, UrlSettings
from callflow.core.storage_findings import Findings
from callflow.core.storage_plan import DEFAULT_PATH, DEFAULT_S3_PATH, StoragePlan
from callflow.core.upload_urls import ARGUMENTS

HANDLERS: Final[Mapping[str, type[HandlerSettings]]] = {"http": HttpSettings, "ftp": UrlSettings, "s3": S3Settings}
"""The handlers that are simulated, and the class of their settings."""

CLOUD_HANDLERS: Final = ("azure", "dropbox", "google_drive", "google_storage", "onedrive")
"""Handlers of Kazoo's that need a login at a cloud, which a simulator cannot have."""

_SCHEMES: Final = {"http": ("http", "https"), "ftp": ("ftp", "ftps")}
_BUCKET_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?![.-])){1,61}[a-z0-9]", re.ASCII)
_IP_ADDRESS: Final = re.compile(r"[0-9.]+|\[.*", re.ASCII)
_PORTS_OF_TLS: Final = (443, 6984)


def read_handler(findings: Findings, kind: str, raw: Mapping[str, Any], at: str, rule: str) -> StoragePlan | None:
    """The plan that a handler's settings make, None where they are faulty; `kind` is one of HANDLERS.

    `at` is the JSON path of the settings, `rule` what the trace calls the decision.
    """
    settings = findings.settings(HANDLERS[kind], raw, at, f"the handler {kind}")
    if settings is None:
        return None
    parts = read_parts(findings, settings.field_list, f"{at}.field_list")
    if isinstance(settings, S3Settings):
        made = _bucket(findings, settings, at, rule)
    else:
        assert isinstance(settings, UrlSettings)
        made = _server(findings, settings, kind, at, rule)
    if made is None or parts is None:
        return None
    if settings.field_list is None:
        parts = DEFAULT_S3_PATH if kind == "s3" else DEFAULT_PATH
    folder = joined(settings.folder_base_path, settings.folder_path)
    plan = evolve(made, parts=parts, separator=settings.field_separator, folder=folder)
    return plan if _has_names(findings, plan, at) else None


def _has_names(findings: Findings, plan: StoragePlan, at: str) -> bool:
    """Whether the plan's path names a file, and in a bucket every step of it: an object's name has no empty ones."""
    if not plan.parts:
        hint = "name what a recording's path is made of, or leave it out for the usual one"
        findings.fault(f"{at}.field_list", "it is empty, and every recording would go to the same address", hint)
        return False
    steps = plan.path(dict.fromkeys(ARGUMENTS, "x"), dict.fromkeys(DOCUMENT_FIELDS, "x")).strip("/").split("/")
    if plan.kind is TargetKind.S3 and "" in steps:
        findings.fault(at, f"the path has an empty step, {shown('/'.join(steps))}", "write each slash once")
        return False
    return True


def _server(findings: Findings, settings: UrlSettings, kind: str, at: str, rule: str) -> StoragePlan | None:
    """The handlers `http` and `ftp`."""
    if not findings.is_address(settings.url, f"{at}.url"):
        return None
    scheme = settings.url.partition(":")[0].lower()
    if scheme not in _SCHEMES[kind]:
        hint = f"write an address that starts with {' or '.join(f'{each}://' for each in _SCHEMES[kind])}"
        findings.fault(f"{at}.url", f"the handler {kind} cannot send to {scheme}", hint)
        return None
    verb, body = "PUT", Body.RAW
    if isinstance(settings, HttpSettings):
        verb, body = settings.verb.upper(), _body(findings, settings, at)
    address = settings.url.partition("#")[0]
    if not urlsplit(address).query:
        address = address.removesuffix("?")
    return StoragePlan(TargetKind.URL, rule, address.rstrip("/"), verb, body)


def _body(findings: Findings, settings: HttpSettings, at: str) -> Body:
    """The form of the request: base64 by itself is as the schema says, though the code knows it inside a form only."""
    where = f"{at}.base64_encode_data"
    if settings.send_multipart and settings.base64_encode_data:
        problem = "base64 inside a form is not simulated yet"
        findings.is_skipped(where, problem, "the form holds the file as it is", "leave one of the two out")
    elif settings.base64_encode_data:
        message = "without send_multipart Kazoo 4 does not look at base64_encode_data, and sends the file as it is"
        findings.diagnostics.append(Diagnostic("base64-without-multipart", "warning", where, message))
    if settings.send_multipart:
        return Body.MULTIPART
    return Body.BASE64 if settings.base64_encode_data else Body.RAW


def _bucket(findings: Findings, settings: S3Settings, at: str, rule: str) -> StoragePlan | None:
    """The handler `s3`: without key and secret, those of the uploading machine are meant."""
    if (settings.key is None) != (settings.secret is None):
        missing = "secret" if settings.secret is None else "key"
        findings.fault(at, f"the handler s3 needs '{missing}' too", "give it both key and secret")
        return None
    host, user = settings.host or "", ""
    query: dict[str, str] = {}
    if settings.port is not None:
        host = f"{host or _amazon(settings.region)}:{settings.port}"
    if settings.key is not None and settings.secret is not None:
        user = f"{quote(settings.key, safe='')}:{quote(settings.secret, safe='')}@"
    if settings.region is not None:
        query["region"] = settings.region
    query |= {"scheme": settings.scheme, "access": _access(settings)}
    address = f"s3://{user}{host}/{quote(settings.bucket, safe='')}"
    return StoragePlan(TargetKind.S3, rule, address, query=urlencode(query, quote_via=quote))


def _amazon(region: str | None) -> str:
    return f"s3.{region}.amazonaws.com" if region else "s3.amazonaws.com"


def _access(settings: S3Settings) -> str:
    """`vhost` or `path`: as written, else `path` without a region and `auto` with one, which asks the bucket's name.

    A server that is known by its address has no names below it: there `auto` is `path`.
    """
    asked = settings.bucket_access_method or ("auto" if settings.region else "path")
    if asked != "auto":
        return asked
    has_name = _BUCKET_NAME.fullmatch(settings.bucket) is not None and not _IP_ADDRESS.fullmatch(settings.host or "")
    return "vhost" if has_name else "path"


def read_connection(findings: Findings, raw: Mapping[str, Any], at: str, rule: str) -> StoragePlan | None:
    """The plan of a connection to another database server, None where it is faulty; attachments go into it too."""
    settings = findings.settings(ConnectionSettings, raw, at, "a connection")
    if settings is None:
        return None
    host, user = settings.ip or settings.host, ""
    if host is None:
        findings.fault(at, "a connection needs 'ip'", "give it the server's name or address")
        return None
    if settings.credentials is not None:
        given = settings.credentials
        user = f"{quote(given.username, safe='')}:{quote(str(given.password), safe='')}@"
    scheme = "https" if settings.port in _PORTS_OF_TLS else "http"
    return StoragePlan(TargetKind.COUCHDB, rule, f"{scheme}://{user}{host}:{settings.port}")
