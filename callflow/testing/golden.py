"""Golden traces: a case's rows beside those that were kept when somebody last looked and found them right.

The trace of `call.yaml` lies in `call.trace.jsonl`; row 2 of its examples in `call.row-2.trace.jsonl`, and a run under
a profile that is not the scenario's own in `call.kazoo-4.trace.jsonl`. The first line names the format of the trace.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from callflow.core.errors import DocumentError, StorageError
from callflow.core.profile import DOCS
from callflow.core.trace import FORMAT, Row
from callflow.report.plain_row import row_text
from callflow.report.results import Failure
from callflow.scenario.language import Scenario
from callflow.tracefile import from_line, to_line, write_rows

_BEFORE: Final = 2
_AFTER: Final = 2
_WIDTH: Final = 160
_LONGEST_LINE: Final = 10_000_000
_RENEW: Final = "`callflow test --update` writes it anew; read the difference before you keep it"


@frozen
class Difference:
    """Where a trace leaves the kept one: the failure, and the rows around the place, a line each."""

    failure: Failure
    around: tuple[str, ...] = ()


def golden_path(scenario: Scenario, row: int | None, profile: str) -> Path:
    """Where the trace of a case is kept; `row` is None where the file has a single scenario."""
    file = Path(scenario.file)
    parts = [file.stem]
    if row is not None:
        parts.append(f"row-{row}")
    if profile != (scenario.profile or DOCS.name):
        parts.append(profile)
    return file.with_name(".".join([*parts, "trace", "jsonl"]))


def differs(rows: Sequence[Row], path: Path) -> Difference | None:
    """The first difference from the trace that is kept at `path`; None when all is the same, or nothing is kept.

    Raises DocumentError for a file that holds no trace, and StorageError for one that cannot be read.
    """
    before: deque[Row] = deque(maxlen=_BEFORE)
    try:
        with path.open("rb") as file:
            lines = iter(lambda: file.readline(_LONGEST_LINE), b"")
            for place, (kept, row) in enumerate(zip_longest(lines, rows)):
                if kept is not None and row is not None and kept.rstrip(b"\r\n") == to_line(row).rstrip(b"\n"):
                    before.append(row)
                    continue
                old = [_read(kept, path, place)] if kept is not None else []
                old += [_read(each, path, place + n) for n, each in enumerate(islice(lines, _AFTER), 1)]
                return _difference(path, place, before, old, rows[place : place + 1 + _AFTER])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}; is it a file?") from None
    return None


def keep(rows: Sequence[Row], path: Path) -> bool:
    """Write the trace to `path`, whole or not at all; False when the file had it already. Raises StorageError."""
    with suppress(DocumentError, StorageError):
        if path.exists() and differs(rows, path) is None:
            return False
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".", suffix=".jsonl", dir=path.parent)
        try:
            with open(descriptor, "wb") as file:
                write_rows(rows, file)
            os.chmod(draft, 0o644)
            os.replace(draft, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}; make the folder writable") from None
    return True


def _read(line: bytes, path: Path, place: int) -> Row:
    try:
        return from_line(line)
    except ValueError:
        raise DocumentError(f"{path}:{place + 1}", "this is no row of a trace", _RENEW) from None


def _difference(path: Path, place: int, before: Sequence[Row], old: Sequence[Row], new: Sequence[Row]) -> Difference:
    where = f"{path}:{place + 1}"
    if place == 0 and old and new:
        return Difference(_of_headers(where, old[0], new[0]))
    kept = row_text(old[0], _WIDTH) if old else "the end of the trace"
    now = row_text(new[0], _WIDTH) if new else "the end of the trace"
    failure = Failure(kept, now, f"{where}: the trace is not the one that is kept, from here on; {_RENEW}")
    return Difference(failure, tuple(_around(before, old, new)))


def _around(before: Sequence[Row], old: Sequence[Row], new: Sequence[Row]) -> Iterator[str]:
    yield from (f"       {row_text(row, _WIDTH)}" for row in before)
    yield from (f"  kept {row_text(row, _WIDTH)}" for row in old)
    yield from (f"  now  {row_text(row, _WIDTH)}" for row in new)


def _of_headers(where: str, old: Row, new: Row) -> Failure:
    """The first rows say under which circumstances the traces were made, the format before all."""
    kept, now = dict(old.detail or {}), dict(new.detail or {})
    if kept.get("format") != FORMAT:
        problem = f"a trace of format {_value(kept.get('format'))}, and this version writes format {FORMAT}"
        return Failure(f"format {FORMAT}", f"format {_value(kept.get('format'))}", f"{where}: {problem}; {_RENEW}")
    others = [key for key in {**kept, **now} if kept.get(key) != now.get(key)] or ["its own row"]
    expected = ", ".join(f"{key} {_value(kept.get(key))}" for key in others)
    nearest = ", ".join(f"{key} {_value(now.get(key))}" for key in others)
    hint = "state start: and seed: in the scenario" if "start" in others else _RENEW
    return Failure(expected, nearest, f"{where}: kept under {expected}, and this run has {nearest}; {hint}")


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)[:80]
