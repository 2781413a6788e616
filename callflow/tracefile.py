"""The trace as a file: one JSON object a line, keys in a fixed order (design §7).

The bytes do not depend on the Python that writes them: orjson has one spelling for everything that it takes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from callflow.core.errors import DocumentError
from callflow.core.trace import Row

_LINE: Final = orjson.OPT_APPEND_NEWLINE
_KEYS: Final = ", ".join(Row._fields)


def to_line(row: Row) -> bytes:
    """The row as one JSON object in UTF-8, its line's end included."""
    seq, at_ms, call_id, leg, kind, name, detail, because, rule = row
    fields: dict[str, Any] = {
        "seq": seq,
        "at_ms": at_ms,
        "call_id": call_id,
        "leg": leg,
        "kind": kind,
        "name": name,
        "detail": detail,
        "because": because,
        "rule": rule,
    }
    try:
        return orjson.dumps(fields, option=_LINE)
    except orjson.JSONEncodeError:  # half a surrogate pair, or an integer beyond 64 bits: a document may hold either
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


def write_rows(rows: Iterable[Row], file: Path | BinaryIO) -> None:
    """Write rows, as they come, into a new file of that path or into a binary file that is open. Raises OSError."""
    if isinstance(file, Path):
        with file.open("wb") as opened:
            opened.writelines(map(to_line, rows))
    else:
        file.writelines(map(to_line, rows))


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a trace file. Raises OSError, and DocumentError with the line's number for what is no row."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield from_line(line)
            except ValueError as error:
                raise DocumentError(
                    f"{path}:{number}", str(error), "choose a file that `callflow run --trace` wrote"
                ) from None
