"""The CouchDB protocol: a database per account and month, a document before its audio (B§6.1, B§6.5; C48).

One carrier for the cluster, for `third_party_bigcouch_host` and for a CouchDB that a storage plan names. The protocol's
facts were checked with Apache CouchDB 3.5. One document is one recording: saving what is there already makes no new
revision, and audio that is there already (same length, same MD5 digest) is not sent again. A document of another
recording under the same id is a conflict for good, as in production; its audio then stays in the outbox.

Beside the fields of B§6.5 a document has `pvt_delivery_id`, the delivery's fixed id: whose document it is. What others
added to a document stays in it.

Audio goes in blocks of 1 MiB under a Content-Length, so that the server can refuse it by size before it comes. The
protocol would also take HTTP's chunked transfer encoding, which says the same with less; it has no other chunking, and
audio cut into several attachments could be played by nobody. BigCouch's 500 on large attachments (C48) came 60 s after
the request, its nodes' time limit: no other form of the same bytes avoids it. It is a try like any other, with the
audio still in the outbox after the last.

400, 401, 403, 413 and every other answer that the same request would get again are final; 404, 409 and 412 for what
changed meanwhile, 408, 429 and 5xx are tries. Redirects are not followed: the answer's status is the result.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from attrs import frozen

from callflow.core.address import is_url, without_credentials
from callflow.storage.address import split_credentials
from callflow.storage.carrier import Outcome
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

PORT: Final = 5984
"""The port of an address that names none and no scheme either (B§6.1)."""

OWNER: Final = "pvt_delivery_id"
"""The field that says which delivery a document is of."""

STORED_ALREADY: Final = "stored already"

_ANSWER_BYTES_MAX: Final = 8_000_000  # the longest document that CouchDB takes
_REVISION: Final = re.compile(r"[!-~]{1,200}")
_TRY_AGAIN: Final = frozenset({404, 408, 409, 412, 425, 429})
_HEADERS: Final = {
    "Accept": "application/json",
    # Before version 3, an answer may come a second before the bytes are on the disk, unless asked for.
    "X-Couch-Full-Commit": "true",
}

Document = Mapping[str, Any]


@frozen
class _Place:
    """The addresses of one parcel, without credentials, which are apart."""

    database: str
    document: str
    attachment: str
    credentials: tuple[str, str] | None


@frozen
class _Answer:
    """A whole answer: `content` is its JSON object, empty for any other content."""

    status: int
    content: Document
    retry_after_ms: int

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def failure(self) -> _Failure:
        is_final = self.status < 500 and self.status not in _TRY_AGAIN
        return _Failure(str(self.status), is_final=is_final, retry_after_ms=self.retry_after_ms)


class _Failure(Exception):
    """The end of a try that failed; the fields are those of `Outcome`."""

    def __init__(self, result: str, *, is_final: bool = False, retry_after_ms: int = 0) -> None:
        self.result = result
        self.is_final = is_final
        self.retry_after_ms = retry_after_ms
        super().__init__(result)

    def outcome(self, place: str) -> Outcome:
        return Outcome.failed(self.result, place, is_final=self.is_final, retry_after_ms=self.retry_after_ms)


class CouchCarrier:
    """Saves documents and their audio over the CouchDB protocol; `timeout_ms` bounds each wait for the network.

    `base_url` is the cluster that account databases lie in; None: the address is each parcel's own. An address is
    `host`, `host:port`, or `http(s)://user:password@host:port/prefix`; user and password become basic authentication.
    Raises `StorageError` when the environment names a proxy that cannot be used.
    """

    def __init__(self, timeout_ms: int, base_url: str | None) -> None:
        self._client = open_client(timeout_ms)
        self._base_url = base_url

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Save the parcel's document, and make its database where it is missing."""
        return self._try(parcel, self._save)

    def send(self, parcel: Parcel) -> Outcome:
        """Store the audio as the document's attachment; the document is saved again should it have gone meanwhile."""
        return self._try(parcel, self._store)

    def close(self) -> None:
        """Close the connections that were kept for further parcels."""
        self._client.close()

    def _try(self, parcel: Parcel, work: Callable[[Parcel, _Place], str]) -> Outcome:
        address = parcel.target.url if self._base_url is None else self._base_url
        shown = without_credentials(address)
        try:
            place = _place_of(address, parcel)
            shown = without_credentials(place.attachment)
            return Outcome.stored(work(parcel, place), shown)
        except _Failure as failure:
            return failure.outcome(shown)
        except (BodyBroken, *TRY_ERRORS) as error:
            return failure_of(error, shown, parcel.file)

    def _save(self, parcel: Parcel, place: _Place) -> str:
        return self._saved(parcel, place)[0]

    def _saved(self, parcel: Parcel, place: _Place) -> tuple[str, Document]:
        """Save the document unless it is there; returns the result, and what the server has now."""
        wanted = _document_of(parcel)
        sent = wanted
        for is_last in (False, True):
            answer = self._put_document(place, sent)
            if answer.is_success:
                return str(answer.status), {**sent, "_rev": _revision_in(answer)}
            if answer.status != 409 or is_last:
                break
            there = self._find(parcel, place)
            if there is None:  # deleted since
                continue
            if wanted.items() <= there.items():
                return STORED_ALREADY, there
            sent = {**there, **wanted}
        raise answer.failure()

    def _store(self, parcel: Parcel, place: _Place) -> str:
        for is_last in (False, True):
            there = self._find(parcel, place)
            if there is None:
                there = self._saved(parcel, place)[1]
            if _has_audio(there, parcel):
                return STORED_ALREADY
            answer = self._put_attachment(place, parcel, there["_rev"])
            if answer.is_success:
                _revision_in(answer)
                return str(answer.status)
            # Somebody changed or deleted the document, or its database: look once more.
            if answer.status not in (404, 409) or is_last:
                break
        raise answer.failure()

    def _find(self, parcel: Parcel, place: _Place) -> Document | None:
        """The document as the server has it, None where it has none. A document of another recording ends the try."""
        answer = self._ask("GET", place.document, place)
        if answer.status == 404:
            return None
        if not answer.is_success:
            raise answer.failure()
        _checked_revision(answer.content.get("_rev"))
        if answer.content.get(OWNER) != parcel.delivery_id:
            raise _Failure("409", is_final=True)
        return answer.content

    def _put_document(self, place: _Place, document: Document) -> _Answer:
        answer = self._ask("PUT", place.document, place, document)
        if answer.status != 404:
            return answer
        made = self._ask("PUT", place.database, place)
        if not made.is_success and made.status != 412:  # 412: another has just made it
            raise made.failure()
        return self._ask("PUT", place.document, place, document)

    def _put_attachment(self, place: _Place, parcel: Parcel, revision: str) -> _Answer:
        body = FileBody(parcel.file)
        headers = {**_HEADERS, "Content-Type": parcel.content_type, "Content-Length": str(body.left)}
        url = f"{place.attachment}?rev={quote(revision, safe='')}"
        request = self._client.build_request("PUT", url, headers=headers, content=body)
        with answer_to(self._client, request, place.credentials, body) as response:
            return _Answer(response.status_code, _json_in(read_answer(response)), retry_after_ms(response))

    def _ask(self, verb: str, url: str, place: _Place, content: Document | None = None) -> _Answer:
        # In ASCII: half of a character, which a text of ours or the server's may hold, is the server's to refuse.
        body = None if content is None else json.dumps(content).encode()
        headers = _HEADERS if body is None else {**_HEADERS, "Content-Type": "application/json"}
        request = self._client.build_request(verb, url, headers=headers, content=body)
        with answer_to(self._client, request, place.credentials) as response:
            text = read_answer(response, _ANSWER_BYTES_MAX)
            return _Answer(response.status_code, _json_in(text), retry_after_ms(response))


def _place_of(address: str, parcel: Parcel) -> _Place:
    """Where the parcel goes at `address`. Raises `ValueError` for an address that is none, `_Failure` for a name."""
    bare, credentials = split_credentials(address if "://" in address else f"http://{address}")
    parts = urlsplit(bare)
    if not is_url(bare) or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise ValueError("not the address of a CouchDB")
    if "://" not in address and parts.port is None:
        parts = parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{PORT}")
    database = f"{parts.geturl().rstrip('/')}/{_encoded(parcel.folder, 'database name')}"
    document = f"{database}/{_encoded(_document_id(parcel), 'document id')}"
    name = str(parcel.metadata.get("name") or parcel.file.name)
    return _Place(database, document, f"{document}/{_encoded(name, 'attachment name')}", credentials)


def _encoded(name: str, kind: str) -> str:
    """`name` as one segment of a path. What a leading underscore (the server's own names) or dots would reach is not
    ours; a name that is no text has no encoding.
    """
    try:
        encoded = quote(name, safe="")
    except UnicodeEncodeError:
        encoded = ""
    if not encoded or name.startswith("_") or name in (".", ".."):
        raise _Failure(f"bad {kind}", is_final=True)
    return encoded


def _document_id(parcel: Parcel) -> str:
    return str(parcel.metadata.get("_id") or parcel.delivery_id)


def _document_of(parcel: Parcel) -> Document:
    """The document as it is sent, JSON values only. Names with an underscore are the server's: ours has `_id` alone."""
    fields = {key: value for key, value in parcel.metadata.items() if not key.startswith("_")}
    document: Document = json.loads(json.dumps({"_id": _document_id(parcel), **fields, OWNER: parcel.delivery_id}))
    return document


def _revision_in(answer: _Answer) -> str:
    """The revision that a success tells; a success that tells none came from no CouchDB, or not whole."""
    return _checked_revision(answer.content.get("rev"))


def _checked_revision(value: object) -> str:
    """`value` when it can be a revision; it becomes part of an address. Raises `_Failure`."""
    if not isinstance(value, str) or _REVISION.fullmatch(value) is None:
        raise _Failure("broken answer")
    return value


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _json_in(text: bytes) -> Document:
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _has_audio(document: Document, parcel: Parcel) -> bool:
    """Whether the parcel's audio is there. Where a server packed it, the digest is of other bytes: it is sent again."""
    attachments = document.get("_attachments")
    name = str(parcel.metadata.get("name") or parcel.file.name)
    stub = attachments.get(name) if isinstance(attachments, dict) else None
    if not isinstance(stub, dict) or stub.get("length") != parcel.file.stat().st_size:
        return False
    return bool(stub.get("digest") == _digest_of(parcel.file))


def _digest_of(file: Path) -> str:
    """The file's digest as CouchDB writes it."""
    with open(file, "rb") as source:
        digest = hashlib.file_digest(source, lambda: hashlib.md5(usedforsecurity=False))
    return f"md5-{b64encode(digest.digest()).decode()}"
