"""Taking the body of an upload: its announcement is checked first, its size and pace while it comes."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from callflow.storage.durable import BLOCK_BYTES, Draft
from callflow.storage.terms import Refusal, Terms

KEY_LENGTH_MAX: Final = 255


def check_head(request: Request, terms: Terms) -> None:
    """Refuse what is no recording as it is, or too large, before any of it came. Raises `Refusal`.

    A web form's body is the file wrapped in boundaries, and a compressed one or a piece is no file either: the seed's
    body is the file.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise Refusal(415, "a form is not taken: send the raw bytes of the file as the body (curl --data-binary)")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal(415, "a compressed body is not taken: send the raw bytes of the file")
    if "content-range" in request.headers:
        raise Refusal(400, "a part of a file is not taken: send the whole")
    _check_size(declared_bytes(request) or 0, terms)


def declared_bytes(request: Request) -> int | None:
    """What Content-Length says; None without one. Raises `Refusal`."""
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Refusal(400, "Content-Length is no number")
    return int(text)


def key_of(request: Request) -> str | None:
    """The idempotency key of a POST; PUT needs none, it is idempotent by its URL. Raises `Refusal`."""
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key is not None and len(key) > KEY_LENGTH_MAX:
        raise Refusal(400, f"the idempotency key is longer than {KEY_LENGTH_MAX} characters")
    return key


async def fill(draft: Draft, request: Request, terms: Terms) -> None:
    """Write the body into `draft`, in constant memory. Raises `Refusal`, starlette's `ClientDisconnect`, `OSError`."""
    clock = asyncio.get_running_loop().time
    began_s = clock()
    pieces = request.stream()
    block = bytearray()
    while True:
        patience_ms = terms.patience_ms(int((clock() - began_s) * 1_000), draft.bytes + len(block))
        try:
            async with asyncio.timeout(max(patience_ms, 0) / 1_000):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise Refusal(
                408, f"the body came too slowly: nothing in time after {draft.bytes + len(block)} bytes"
            ) from None
        if piece is None:
            break
        _check_size(draft.bytes + len(block) + len(piece), terms)
        block += piece
        if len(block) >= BLOCK_BYTES:
            await run_in_threadpool(draft.write, block)
            block = bytearray()
    await run_in_threadpool(draft.write, block)
    declared = declared_bytes(request)
    if declared is not None and draft.bytes != declared:
        raise Refusal(400, f"{declared} bytes were announced, {draft.bytes} came")


def _check_size(count: int, terms: Terms) -> None:
    if terms.max_bytes is not None and count > terms.max_bytes:
        raise Refusal(413, f"a recording may have {terms.max_bytes} bytes here")
