"""Giving a recording back: whole, or the one range that a player's slider asks for (RFC 9110 §13, §14).

The file is opened once and answered from that: a reader has one version whole, whatever replaces it meanwhile.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from email.utils import formatdate
from typing import BinaryIO, Final

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from callflow.storage.audio_types import content_type_of

_PIECE_BYTES: Final = 256 << 10
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE | re.ASCII)


class UnsatisfiableRange(Exception):
    """A range that begins behind the end of the file."""


def range_of(wish: str, size: int) -> tuple[int, int] | None:
    """The part [first, end) of `size` bytes that a Range header wishes for; None where the whole is the answer.

    The whole also answers several ranges, other units and nonsense: the RFC leaves that to the server. Raises
    `UnsatisfiableRange`.
    """
    found = _RANGE.fullmatch(wish.replace(" ", ""))
    if found is None or found[0].endswith("=-"):
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(size - int(last), 0), size
    else:
        begin, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < begin:
            return None
    if begin >= size:
        raise UnsatisfiableRange
    return begin, end


def playback(file: BinaryIO, name: str, method: str, asked: Headers) -> Response:
    """The answer to a GET or HEAD for the open `file` called `name`; it closes the file."""
    status = os.fstat(file.fileno())
    tag = f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Type": content_type_of(name),
        "ETag": tag,
        "Last-Modified": formatdate(status.st_mtime, usegmt=True),
    }
    if tag in (each.strip().removeprefix("W/") for each in asked.get("if-none-match", "").split(",")):
        file.close()
        return Response(status_code=304, headers=headers)
    wish = asked.get("range", "") if asked.get("if-range", tag) in (tag, headers["Last-Modified"]) else ""
    try:
        part = range_of(wish, status.st_size) if method == "GET" else None
    except UnsatisfiableRange:
        file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{status.st_size}"})
    first, end = part or (0, status.st_size)
    headers["Content-Length"] = str(end - first)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{status.st_size}"
    if method == "HEAD":
        file.close()
        return Response(headers=headers)
    return _Streamed(file, first, end, 206 if part is not None else 200, headers)


class _Streamed(StreamingResponse):
    """A stretch of a file, read piece by piece, the file closed whatever happens."""

    def __init__(self, file: BinaryIO, first: int, end: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(_pieces(file, first, end), status, headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _pieces(file: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    while first < end and (piece := os.pread(file.fileno(), min(_PIECE_BYTES, end - first), first)):
        first += len(piece)
        yield piece
