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
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from callflow.storage.audio_types import content_type_of
from callflow.storage.carrier import words_for
from callflow.storage.durable import BLOCK_BYTES, Draft
from callflow.storage.index_page import index_page
from callflow.storage.shelf import KeyReused, NameRefused, Received, Shelf, parts_of

ALLOWED: Final = "GET, HEAD, POST, PUT"
KEY_LENGTH_MAX: Final = 255

_PAGE_POLICY: Final = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"
_STATUS: Final = {
    errno.ENOSPC: 507,
    errno.EDQUOT: 507,
    errno.EISDIR: 409,
    errno.ENOTDIR: 409,
    errno.ELOOP: 409,
    errno.ENAMETOOLONG: 400,
}


class Log(Protocol):
    """What the receiver needs of a logger; structlog's have it."""

    def info(self, event: str, /, **facts: object) -> object:
        """Show one line."""


class Refusal(Exception):
    """An upload that is not kept: the status and the reason that the sender is told."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


class Reception:
    """The ASGI application over `shelf`: takes uploads of at most `max_bytes` (None: any), each a line in `log`."""

    def __init__(self, shelf: Shelf, log: Log, max_bytes: int | None) -> None:
        self._shelf = shelf
        self._log = log
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except NameRefused as refused:
            response = PlainTextResponse(f"{refused}\n", 400)
        except KeyReused as refused:
            response = PlainTextResponse(f"{refused}\n", 422)
        except Refusal as refused:
            response = PlainTextResponse(f"{refused.reason}\n", refused.status)
        except ClientDisconnect:
            response = PlainTextResponse("the body ended early\n", 400)
        except OSError as error:
            response = PlainTextResponse(f"not stored: {words_for(error)}\n", _STATUS.get(error.errno or 0, 500))
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope["raw_path"].decode("ascii")
        if request.method in ("PUT", "POST"):
            return await self._take(request, parts_of(raw_path))
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("only recordings are taken here\n", 405, {"Allow": ALLOWED})
        if raw_path == "/":
            page = await run_in_threadpool(lambda: index_page(self._shelf.entries()))
            return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})
        found = await run_in_threadpool(self._shelf.find, parts_of(raw_path))
        if found is None:
            return PlainTextResponse("no such recording\n", 404)
        path, status = found
        return FileResponse(path, media_type=content_type_of(path.name), stat_result=status)

    async def _take(self, request: Request, parts: tuple[str, ...]) -> Response:
        _check_kind(request)
        declared = _declared_bytes(request)
        self._check_size(declared or 0)
        key = _key_of(request)
        with await run_in_threadpool(self._shelf.draft_for, parts) as draft:
            await self._fill(draft, request)
            if declared is not None and draft.bytes != declared:
                raise Refusal(400, f"{declared} bytes were announced, {draft.bytes} came")
            received, is_repeated = await run_in_threadpool(partial(self._shelf.publish, draft, parts, key))
        if not is_repeated:
            self._log.info("stored", **asdict(received))
        return _receipt(received, 201 if received.is_new and not is_repeated else 200)

    async def _fill(self, draft: Draft, request: Request) -> None:
        block = bytearray()
        async for piece in request.stream():
            self._check_size(draft.bytes + len(block) + len(piece))
            block += piece
            if len(block) >= BLOCK_BYTES:
                await run_in_threadpool(draft.write, block)
                block = bytearray()
        await run_in_threadpool(draft.write, block)

    def _check_size(self, count: int) -> None:
        if self._max_bytes is not None and count > self._max_bytes:
            raise Refusal(413, f"a recording may have {self._max_bytes} bytes here")


def _receipt(received: Received, status: int) -> Response:
    return JSONResponse({"path": received.path, "bytes": received.bytes, "sha256": received.sha256}, status)


def _check_kind(request: Request) -> None:
    """Refuse a web form: its body is the file wrapped in boundaries, which no player opens; the seed's is the file."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise Refusal(415, "a form is not taken: send the raw bytes of the file as the body (curl --data-binary)")


def _declared_bytes(request: Request) -> int | None:
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Refusal(400, "Content-Length is no number")
    return int(text)


def _key_of(request: Request) -> str | None:
    """The idempotency key of a POST; PUT needs none, it is idempotent by its URL."""
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key is not None and len(key) > KEY_LENGTH_MAX:
        raise Refusal(400, f"the idempotency key is longer than {KEY_LENGTH_MAX} characters")
    return key
