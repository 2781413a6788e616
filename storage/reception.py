"""What the receiver answers: an ASGI application that takes recordings by PUT and POST and gives them back.

The Python counterpart of the seed's PHP receiver. 201 or 200 is sent only when the bytes are safe: streamed to a hidden
file, fsynced, renamed, the folder fsynced. Whatever ends an upload early leaves nothing visible.
"""

from __future__ import annotations

import errno
from functools import partial
from typing import Final, Protocol

from attrs import asdict
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from callflow.storage.carrier import words_for
from callflow.storage.catalogue import length_ms_at, page_of
from callflow.storage.connection import UPLOADS
from callflow.storage.idempotency import KeyReused
from callflow.storage.index_page import POLICY, index_page
from callflow.storage.particulars import particulars_of
from callflow.storage.playback import playback
from callflow.storage.received import Received
from callflow.storage.shelf import Shelf
from callflow.storage.shelf_names import NameRefused, fields_of, parts_of, upload_parts_of
from callflow.storage.terms import Refusal, Terms
from callflow.storage.token import CHALLENGE, FIELD, is_admitted
from callflow.storage.upload import check_head, fill, key_of

ALLOWED: Final = "GET, HEAD, POST, PUT"
RETRY_AFTER_S: Final = 5
"""When to come back, told to uploads that are one too many."""

_STATUS: Final = {
    errno.ENOSPC: 507,
    errno.EDQUOT: 507,
    errno.EMFILE: 503,
    errno.ENFILE: 503,
    errno.EISDIR: 409,
    errno.ENOTDIR: 409,
    errno.ELOOP: 409,
    errno.ENAMETOOLONG: 400,
}


class Log(Protocol):
    """What the receiver needs of a logger; structlog's have it."""

    def info(self, event: str, /, **facts: object) -> object:
        """Show one line."""


class Reception:
    """The ASGI application over `shelf`: takes uploads on `terms`, each a line in `log`, stored or refused."""

    def __init__(self, shelf: Shelf, log: Log, terms: Terms) -> None:
        self._shelf = shelf
        self._log = log
        self._terms = terms
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except (Refusal, NameRefused, KeyReused, ClientDisconnect, OSError) as problem:
            response = self._refuse(request, _refusal_for(problem))
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        fields = fields_of(request.scope["query_string"])
        if not is_admitted(self._terms.token, request.headers.get("authorization", ""), fields):
            raise Refusal(401, "the token is missing or wrong", {"WWW-Authenticate": CHALLENGE})
        raw_path = request.scope["raw_path"].decode("ascii")
        if request.method in UPLOADS:
            return await self._take(request, fields, upload_parts_of(raw_path, fields))
        if request.method not in ("GET", "HEAD"):
            raise Refusal(405, "only recordings are taken here", {"Allow": ALLOWED})
        if raw_path == "/":
            return await run_in_threadpool(self._front_page, fields)
        return await run_in_threadpool(self._give, request, parts_of(raw_path))

    async def _take(self, request: Request, fields: dict[str, str], parts: tuple[str, ...]) -> Response:
        check_head(request, self._terms)
        key = key_of(request)
        if self._under_way >= self._terms.max_uploads:
            raise Refusal(503, "too many uploads at a time", {"Retry-After": str(RETRY_AFTER_S)})
        self._under_way += 1
        try:
            with await run_in_threadpool(self._shelf.draft_for, parts) as draft:
                await fill(draft, request, self._terms)
                publish = partial(self._shelf.publish, draft, parts, key, particulars_of(fields))
                received, is_repeated = await run_in_threadpool(publish)
        finally:
            self._under_way -= 1
        if not is_repeated:
            length_ms = await run_in_threadpool(length_ms_at, self._shelf, parts)
            self._log.info("stored", **asdict(received), length_ms=length_ms)
        return _receipt(received, 201 if received.is_new and not is_repeated else 200)

    def _front_page(self, fields: dict[str, str]) -> Response:
        wish = fields.get("page", "")
        number = int(wish) if wish.isascii() and wish.isdecimal() and len(wish) < 10 else 1
        page = index_page(page_of(self._shelf, number), fields.get(FIELD) if self._terms.token else None)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return HTMLResponse(page, headers=headers)

    def _give(self, request: Request, parts: tuple[str, ...]) -> Response:
        file = self._shelf.open(parts)
        if file is None:
            raise Refusal(404, "no such recording")
        return playback(file, parts[-1], request.method, request.headers)

    def _refuse(self, request: Request, refusal: Refusal) -> Response:
        if request.method in UPLOADS:
            sender = request.client.host if request.client is not None else ""
            # Without the query, which may hold the token.
            path = request.scope["raw_path"].decode("ascii")
            self._log.info("refused", path=path, status=refusal.status, reason=refusal.reason, sender=sender)
        return PlainTextResponse(f"{refusal.reason}\n", refusal.status, refusal.headers)


def _refusal_for(problem: Refusal | NameRefused | KeyReused | ClientDisconnect | OSError) -> Refusal:
    match problem:
        case Refusal():
            return problem
        case NameRefused():
            return Refusal(400, str(problem))
        case KeyReused():
            return Refusal(422, str(problem))
        case ClientDisconnect():
            return Refusal(400, "the body ended early")
        case OSError():
            return Refusal(_STATUS.get(problem.errno or 0, 500), f"not stored: {words_for(problem)}")


def _receipt(received: Received, status: int) -> Response:
    return JSONResponse({"path": received.path, "bytes": received.bytes, "sha256": received.sha256}, status)
