"""One row of a trace on one line, as it is: for those who compare traces; and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any, Final

from callflow.core.trace import Row
from callflow.report.wording import clock, cut, printable

_NO_NAMES: Final[Mapping[str, str]] = {}
_INDENT: Final = 19


def row_text(row: Row, width: int, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Time, leg, kind, name and detail, cut after `width` characters; `names` has the calls' names by call id."""
    return cut(_text(row, names), width)


def row_lines(row: Row, width: int, names: Mapping[str, str] = _NO_NAMES) -> list[str]:
    """The same in full, on as many lines as it takes."""
    text = _text(row, names)
    return textwrap.wrap(text, width, subsequent_indent=" " * _INDENT, break_on_hyphens=False)


def _text(row: Row, names: Mapping[str, str]) -> str:
    name = names.get(row.call_id, "")
    leg = f"{name}:{row.leg}" if name else row.leg
    detail = "  ".join(f"{key}={_value(value)}" for key, value in (row.detail or {}).items())
    rule = f"  [{row.rule}]" if row.rule else ""
    return printable(f"{clock(row.at_ms):>9}  {leg:<4}  {row.kind} {row.name}  {detail}".rstrip() + rule)


def _value(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def row_json(row: Row | None) -> dict[str, Any] | None:
    """The row with the keys of a trace file, in their order; None stays None."""
    return row._asdict() if row is not None else None
