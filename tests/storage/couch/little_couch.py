"""A strict little CouchDB in memory, for what express-pouchdb lacks: passwords, limits, packed attachments, and faults.

Statuses and error words are those of Apache CouchDB 3.5. Loaded by this folder's conftest.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import socket
import socketserver
import ssl
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import Factory, define, field, frozen

DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_$()+/-]*")
DATE: Final = "Mon, 30 Nov 2026 23:59:50 GMT"


@frozen
class Refusal(Exception):
    """An answer that is no success: its status and CouchDB's word for it."""

    status: int
    error: str


@frozen
class Fault:
    """What happens once, instead of an answer or after it, to the next request of that `verb` and `depth`.

    `depth` 1 is a database, 2 a document, 3 an attachment. `how`: a status; `reset` after some of the body; `cut`, an
    answer that ends in its middle; `unheard`, the request is carried out and the connection dies before the answer;
    `silent`, no answer at all; `page`, a success that is no CouchDB's; `meanwhile`, that function is called first, then
    the request is carried out.
    """

    verb: str
    depth: int
    how: int | str
    headers: dict[str, str] = Factory(dict)
    meanwhile: Any = None


@define
class Stored:
    """One attachment as it lies on the disk: `encoding` is gzip where it was packed, `length` that of what came."""

    content_type: str
    data: bytes
    length: int
    encoding: str = ""

    def stub(self) -> dict[str, Any]:
        """What a document says about it."""
        digest = base64.b64encode(hashlib.md5(self.data).digest()).decode()
        return {"content_type": self.content_type, "digest": f"md5-{digest}", "length": self.length, "stub": True}


@define
class Record:
    """One document: its revisions so far, its fields, its attachments."""

    revisions: int = 0
    revision: str = ""
    fields: dict[str, Any] = Factory(dict)
    attachments: dict[str, Stored] = Factory(dict)
    is_deleted: bool = False

    def revise(self) -> str:
        """Give it a new revision."""
        self.revisions += 1
        stubs = [(name, each.stub()["digest"]) for name, each in self.attachments.items()]
        self.revision = f"{self.revisions}-{hashlib.md5(repr((self.fields, stubs)).encode()).hexdigest()}"
        return self.revision


@define
class Contents:
    """What the server holds, and what it was asked: `requests` are (verb, raw path). 202 for `created`: no quorum."""

    password: str = ""
    largest_attachment: int = 1 << 40
    created: int = 201
    databases: dict[str, dict[str, Record]] = Factory(dict)
    faults: list[Fault] = Factory(list)
    requests: list[tuple[str, str]] = Factory(list)
    headers: list[dict[str, str]] = Factory(list)
    lock: Any = field(factory=threading.RLock, repr=False)

    def take_fault(self, verb: str, depth: int) -> Fault | None:
        """The first fault that waits for this request."""
        with self.lock:
            fault = next((each for each in self.faults if (each.verb, each.depth) == (verb, depth)), None)
            if fault is not None:
                self.faults.remove(fault)
            return fault

    def record(self, database: str, name: str) -> Record:
        """A document that is there."""
        if database not in self.databases:
            raise Refusal(404, "not_found")
        found = self.databases[database].get(name)
        if found is None or found.is_deleted:
            raise Refusal(404, "not_found")
        return found

    def make_database(self, name: str) -> tuple[int, dict[str, Any]]:
        """PUT /database."""
        if DATABASE_NAME.fullmatch(name) is None:
            raise Refusal(400, "illegal_database_name")
        if name in self.databases:
            raise Refusal(412, "file_exists")
        self.databases[name] = {}
        return 201, {"ok": True}

    def put_document(self, database: str, name: str, content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """PUT /database/document."""
        if database not in self.databases:
            raise Refusal(404, "not_found")
        fields = {key: value for key, value in content.items() if not key.startswith("_")}
        if name.startswith("_") or len(content) - len(fields) > len({"_id", "_rev", "_attachments"} & content.keys()):
            raise Refusal(400, "doc_validation")
        record = self.databases[database].setdefault(name, Record(is_deleted=True))
        if content.get("_id", name) != name or content.get("_rev", "") != (
            "" if record.is_deleted else record.revision
        ):
            raise Refusal(409, "conflict")
        if record.is_deleted:
            record.attachments = {}
        kept = content.get("_attachments", {})
        if not kept.keys() <= record.attachments.keys():
            raise Refusal(412, "missing_stub")
        record.fields, record.is_deleted = fields, False
        record.attachments = {key: value for key, value in record.attachments.items() if key in kept}
        return self.created, {"ok": True, "id": name, "rev": record.revise()}

    def get_document(self, database: str, name: str) -> tuple[int, dict[str, Any]]:
        """GET /database/document."""
        record = self.record(database, name)
        content = {"_id": name, "_rev": record.revision, **record.fields}
        stubs = {key: each.stub() for key, each in record.attachments.items()}
        return 200, {**content, "_attachments": stubs} if stubs else content

    def get_attachment(self, database: str, name: str, attachment: str) -> Stored:
        """GET /database/document/attachment."""
        return self.record(database, name).attachments[attachment]

    def put_attachment(
        self, path: tuple[str, str, str], revision: str, kind: str, data: bytes
    ) -> tuple[int, dict[str, Any]]:
        """PUT /database/document/attachment: makes the document where there is none and no revision is asked for."""
        database, name, attachment = path
        if database not in self.databases:
            raise Refusal(404, "not_found")
        if attachment.startswith("_"):
            raise Refusal(400, "bad_request")
        record = self.databases[database].setdefault(name, Record(is_deleted=True))
        if revision != ("" if record.is_deleted else record.revision):
            raise Refusal(409, "conflict")
        is_packed = kind.startswith("text/")
        stored = gzip.compress(data) if is_packed else data
        record.attachments[attachment] = Stored(kind, stored, len(data), "gzip" if is_packed else "")
        record.is_deleted = False
        return self.created, {"ok": True, "id": name, "rev": record.revise()}


class Conversation(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LittleCouch

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        """Answer one request, or do what its fault says."""
        contents = self.server.contents
        parts = urlsplit(self.path)
        path = tuple(unquote(part) for part in parts.path.removeprefix(self.server.prefix).split("/")[1:])
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        fault = contents.take_fault(self.command, len(path))
        how = fault.how if fault is not None else ""
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length if how != "reset" else length // 2)
        if len(body) < length:
            self._die()
            return
        with contents.lock:
            contents.requests.append((self.command, parts.path))
            contents.headers.append(dict(self.headers.items()))
        if fault is not None and how == "meanwhile":
            fault.meanwhile()
        try:
            if isinstance(how, int):
                raise Refusal(how, "fault")
            with contents.lock:
                status, content = self._carry_out(path, query, body) if how != "page" else (200, {})
        except Refusal as refusal:
            status, content = refusal.status, {"error": refusal.error, "reason": "…"}
        if how in ("unheard", "silent"):
            self._die() if how == "unheard" else self.rfile.read(1)
            return
        headers = dict(fault.headers) if fault is not None else {}
        if isinstance(content, Stored):
            text = content.data
            headers |= {"Content-Type": content.content_type, "Content-Encoding": content.encoding or "identity"}
        else:
            text = json.dumps(content).encode() if how != "page" else b"<html>Sign in</html>"
        self._say(status, text, headers, is_cut=how == "cut")

    do_GET = do_PUT

    def _carry_out(
        self, path: tuple[str, ...], query: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any] | Stored]:
        contents = self.server.contents
        if contents.password:
            given = self.headers.get("Authorization", "").removeprefix("Basic ")
            if base64.b64decode(given).decode() != contents.password:
                raise Refusal(401, "unauthorized")
        if self.command == "GET":
            if len(path) > 2:
                return 200, contents.get_attachment(path[0], path[1], "/".join(path[2:]))
            return contents.get_document(path[0], path[1])
        if len(path) == 1:
            return contents.make_database(path[0])
        if len(path) == 2:
            return contents.put_document(path[0], path[1], json.loads(body))
        if len(body) > contents.largest_attachment:
            raise Refusal(413, "attachment_too_large")
        kind = self.headers.get("Content-Type", "application/octet-stream")
        return contents.put_attachment((path[0], path[1], "/".join(path[2:])), query.get("rev", ""), kind, body)

    def _say(self, status: int, text: bytes, headers: dict[str, str], *, is_cut: bool) -> None:
        self.send_response_only(status)
        for name, value in {"Date": DATE, "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2] if is_cut else text)
        self.close_connection = self.close_connection or is_cut

    def _die(self) -> None:
        """Break the connection as a crashed peer does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class LittleCouch(socketserver.ThreadingTCPServer):
    """The server, in threads of this process; a context. `context` makes it speak TLS, `prefix` is as of a proxy."""

    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None, prefix: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.contents = Contents()
        self.prefix = prefix
        self._context = context
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def host(self) -> str:
        """Its host:port."""
        return f"127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; the handshake is made by its own thread."""
        connection, address = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._connections.append(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that went away is what these tests are about."""

    def stop(self) -> None:
        """End all conversations."""
        self.shutdown()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.server_close()
