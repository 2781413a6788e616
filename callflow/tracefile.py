"""The trace as a file: one JSON object a line, keys in a fixed order (design §7).

The bytes do not depend on the Python that writes them: msgspec has one spelling for everything that it takes, and what
it does not take is written in one fixed way too. Of the encoders measured it is the fastest (bench/README.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from callflow.core.errors import DocumentError
from callflow.core.trace import Row

_CHUNK_ROWS: Final = 512
_KEYS: Final = ", ".join(Row._fields)
_HINT: Final = "choose a file that `callflow run --trace` wrote"

# What the encoder refuses although a document may hold it: half a surrogate pair, an integer beyond 64 bits.
_REFUSALS: Final = (UnicodeEncodeError, OverflowError, msgspec.MsgspecError)

_Line = msgspec.defstruct("_Line", [(name, Any) for name in Row._fields], gc=False)
_encoder: Final = msgspec.json.Encoder()


def to_line(row: tuple[Any, ...]) -> bytes:
    """The row, or a plain tuple in its form, as one JSON object in UTF-8, its line's end included."""
    try:
        return _encoder.encode(_Line(*row)) + b"\n"
    except _REFUSALS:
        fields = dict(zip(Row._fields, row, strict=True))
        return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def from_line(line: bytes | str) -> Row:
    """The row that `to_line` wrote; raises ValueError when the line is not one."""
    try:
        fields = json.loads(line)
    except RecursionError:
        raise ValueError("not a trace row: it is nested too deeply") from None
    if not isinstance(fields, dict) or tuple(fields) != Row._fields:
        raise ValueError(f"not a trace row: {line[:80]!r}; a row has the keys {_KEYS} in this order")
    return Row(**fields)


def write_rows(rows: Iterable[tuple[Any, ...]], file: Path | BinaryIO) -> None:
    """Write rows, as they come, into a new file of that path or into a binary file that is open. Raises OSError."""
    if isinstance(file, Path):
        with file.open("wb") as opened:
            write_rows(rows, opened)
        return
    coming = iter(rows)
    while chunk := tuple(islice(coming, _CHUNK_ROWS)):
        try:
            lines = _encoder.encode_lines([_Line(*row) for row in chunk])
        except _REFUSALS:
            lines = b"".join(map(to_line, chunk))
        file.write(lines)


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a trace file. Raises OSError, and DocumentError with the line's number for what is no row."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield from_line(line)
            except ValueError as error:
                raise DocumentError(f"{path}:{number}", str(error), _HINT) from None
