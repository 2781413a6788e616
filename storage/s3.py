"""Uploads to S3 and what speaks its protocol (B§6.7, handler `s3`; the seed, "Receiving a recording").

obstore (the extra `s3`) knows the keys, also those of the environment, and signs; the bytes go by the HTTP client that
this room has for everything else. So an upload is one PUT, streamed from the disk: it is there whole or not at all, one
that was sent twice is one object, and one that was killed leaves no parts behind that somebody pays for. S3 takes 5 GiB
in a PUT; a WAV file ends at 4.
"""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from types import ModuleType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
from attrs import field, frozen

from callflow.core.address import has_control_characters, is_url, without_credentials
from callflow.storage.address import split_credentials
from callflow.storage.carrier import JOURNALLED, Outcome
from callflow.storage.http_client import (
    TRY_ERRORS,
    BodyBroken,
    FileBody,
    answer_to,
    failure_of,
    open_client,
    read_answer,
    retry_after_ms,
)
from callflow.storage.parcel import Parcel

_VALID_FOR: Final = timedelta(hours=1)
_LOOK_UP_TIMEOUT: Final = timedelta(seconds=2)
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_REGION: Final = re.compile(r"[A-Za-z0-9-]{0,64}")
_CODE: Final = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_FINAL: Final = frozenset({301, 403, 404})
_WORDS: Final = {
    "AccessDenied": "access denied",
    "AuthorizationHeaderMalformed": "another region",
    "ExpiredToken": "session ended",
    "InvalidAccessKeyId": "unknown key",
    "InvalidToken": "unknown session",
    "NoSuchBucket": "no such bucket",
    "PermanentRedirect": "another region",
    "RequestTimeTooSkewed": "clock skew",
    "SignatureDoesNotMatch": "wrong secret",
    "SlowDown": "slow down",
}
_CLOCK_SKEW: Final = "RequestTimeTooSkewed"


@frozen
class _Bucket:
    """Where objects go and who may bring them: what a signer is made for. `endpoint` is empty for AWS itself."""

    name: str
    endpoint: str
    region: str
    is_vhost: bool
    key: str = field(repr=False)
    secret: str = field(repr=False)


class S3Carrier:
    """Puts audio into buckets; the address is `s3://KEY:SECRET@HOST:PORT/BUCKET/OBJECT` (`callflow.core.delivery`).

    Without a key, it is looked for where AWS' own tools look: the environment, the machine's role. `timeout_ms` bounds
    every single wait for the network. Raises `StorageError` when the environment names a proxy that cannot be used.
    """

    def __init__(self, timeout_ms: int) -> None:
        self._client = open_client(timeout_ms)
        self._signers: dict[_Bucket, Any] = {}

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Nothing is sent: production's attachment handlers leave the document in the database (B§6.7)."""
        return Outcome.stored(JOURNALLED, without_credentials(parcel.target.url))

    def send(self, parcel: Parcel) -> Outcome:
        """Try once; `result` is the status, and what it means where S3 says."""
        shown = without_credentials(parcel.target.url)
        try:
            bucket, key = _read_address(parcel.target.url)
        except (ValueError, httpx2.InvalidURL):
            return Outcome.failed("bad url", shown, is_final=True)
        try:
            obstore = importlib.import_module("obstore")
        except ImportError:
            return Outcome.failed("obstore missing: install callflow-simulator[s3]", shown, is_final=True)
        try:
            signed = self._sign(obstore, bucket, key)
        except obstore.exceptions.BaseError:  # its text may name the places that were searched
            return Outcome.failed("no key found", shown)
        except (TypeError, ValueError):  # how it refuses an address
            return Outcome.failed("bad url", shown, is_final=True)
        try:
            return self._put(parcel, signed, shown)
        except (*TRY_ERRORS, BodyBroken) as error:
            return failure_of(error, shown, parcel.file)

    def close(self) -> None:
        """Close the connections that were kept for further parcels."""
        self._client.close()

    def _sign(self, obstore: ModuleType, bucket: _Bucket, key: str) -> str:
        if bucket not in self._signers:
            self._signers[bucket] = _open_signer(bucket)
        return str(obstore.sign(self._signers[bucket], "PUT", key, _VALID_FOR))

    def _put(self, parcel: Parcel, signed: str, shown: str) -> Outcome:
        body = FileBody(parcel.file)
        bare, _, _ = signed.partition("?")
        # The signature goes in apart from the URL: the library logs URLs.
        target = signed[signed.index("/", signed.index("//") + 2) :]
        request = self._client.build_request(
            "PUT",
            bare,
            headers={"Content-Type": parcel.content_type, "Content-Length": str(body.left)},
            content=body,
            extensions={"target": target.encode("ascii")},
        )
        with answer_to(self._client, request, body=body) as response:
            found = _CODE.search(read_answer(response))
            code = found[1].decode("ascii") if found is not None else ""
            status = response.status_code
            if 200 <= status < 300:
                return Outcome.stored(str(status), shown)
            result = f"{status}, {_WORDS[code]}" if code in _WORDS else str(status)
            is_final = status in _FINAL and code != _CLOCK_SKEW
            return Outcome.failed(result, shown, is_final=is_final, retry_after_ms=retry_after_ms(response))


def _open_signer(bucket: _Bucket) -> Any:
    config: dict[str, Any] = {"virtual_hosted_style_request": bucket.is_vhost}
    if bucket.endpoint:
        # Both: the environment may name either, and must not lead a recording away from its address.
        config["endpoint"] = config["aws_endpoint_url_s3"] = bucket.endpoint
    if bucket.region:
        config["region"] = bucket.region
    # A provider, because a session token of the environment would be added to a key that is not its own.
    given = {"access_key_id": bucket.key, "secret_access_key": bucket.secret, "token": None, "expires_at": None}
    return importlib.import_module("obstore.store").S3Store(
        bucket.name,
        config=config,
        credential_provider=(lambda: given) if bucket.key else None,
        client_options={"connect_timeout": _LOOK_UP_TIMEOUT, "timeout": _LOOK_UP_TIMEOUT},
        retry_config={"max_retries": 0},
    )


def _read_address(url: str) -> tuple[_Bucket, str]:
    """Take `url` apart: the bucket, and the object's key in it. Raises `ValueError` where it names no object."""
    parts = urlsplit(url)
    if has_control_characters(url):
        raise ValueError("a control character")
    key, secret = split_credentials(url)[1] or ("", "")
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    scheme, access = options.get("scheme", "https"), options.get("access", "path")
    name, _, path = parts.path.removeprefix("/").partition("/")
    name, path = unquote(name, errors="strict"), unquote(path, errors="strict")
    is_named = _BUCKET.fullmatch(name) is not None and not {"", ".", ".."}.intersection(path.split("/"))
    if not is_named or has_control_characters(path) or scheme not in ("http", "https") or bool(key) != bool(secret):
        raise ValueError("no object")
    if access not in ("path", "vhost") or _REGION.fullmatch(options.get("region", "")) is None:
        raise ValueError("no way to a bucket")
    endpoint = ""
    if parts.hostname:
        _, _, host = parts.netloc.rpartition("@")
        endpoint = f"{scheme}://{name}.{host}" if access == "vhost" else f"{scheme}://{host}"
        if not is_url(endpoint):
            raise ValueError("no host")
        httpx2.URL(endpoint)
    return _Bucket(name, endpoint, options.get("region", ""), access == "vhost", key, secret), path
