"""What a sweep varies, as it is written: `data.silence_final_timeout=5,100..500/100` (design §7).

In front of the `=` stands what is varied, behind it the values: JSON values or bare words between commas, and ranges
of whole numbers, `FIRST..LAST` or `FIRST..LAST/STEP`, both ends included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import product
from typing import Any, Final

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.report.wording import cut, printable

MOST_CASES: Final = 2_500
"""Runs of one sweep."""

_RANGE: Final = re.compile(r"(-?[0-9]{1,15})\.\.(-?[0-9]{1,15})(?:/([0-9]{1,15}))?", re.ASCII)
_SEPARATOR: Final = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_STEP: Final = re.compile(r'([\w:*#+{}-]+)|\[([0-9]{1,4})\]|\["((?:[^"\\]|\\.)*)"\]', re.ASCII)
_LONGEST_LABEL: Final = 24
_EXAMPLE: Final = "write it like data.time_limit=60,120 or data.silence_final_timeout=100..2000/100"


@frozen
class Variation:
    """One thing that is varied: its path as written, and its values, each once, in their order."""

    path: str
    values: tuple[Any, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as people read them."""
        return tuple(map(label, self.values))


Case = tuple[tuple[str, Any], ...]
"""One combination: every path with its value."""


def as_written(value: object) -> str:
    """A value as text: words as they are, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def label(value: object) -> str:
    """The same for people to read: on one line, and cut when it is long."""
    return cut(printable(as_written(value)), _LONGEST_LABEL)


def read_variation(text: str) -> Variation:
    """Read `PATH=VALUES`. Raises ScenarioError, `--vary …` its place."""
    path, equals, listed = text.partition("=")
    where = f"--vary {cut(printable(path), 60)}"
    if not equals or not path.strip():
        raise ScenarioError(where, "this names nothing to vary, or no values", _EXAMPLE)
    values: dict[str, Any] = {}
    for part in _SEPARATOR.split(listed):
        for value in _values(part.strip(), where):
            values.setdefault(json.dumps(value), value)
            if len(values) > MOST_CASES:
                raise ScenarioError(where, f"more than {MOST_CASES:,} values", "take fewer, or a wider step")
    return Variation(path.strip(), tuple(values.values()))


def _values(part: str, where: str) -> Sequence[Any]:
    if not part:
        raise ScenarioError(where, "a value is missing", _EXAMPLE)
    if part.count("..") == 1 and (found := _RANGE.fullmatch(part)):
        first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
        if step == 0 or last < first:
            raise ScenarioError(where, f"{shown(part)} is no range", "write the smaller end first, and a step above 0")
        if (last - first) // step >= MOST_CASES:
            raise ScenarioError(where, f"{shown(part)} has more than {MOST_CASES:,} values", "take a wider step")
        return range(first, last + 1, step)
    try:
        return (json.loads(part, parse_constant=str),)
    except (ValueError, RecursionError):
        return (part,)


def cases(variations: Sequence[Variation]) -> tuple[Case, ...]:
    """Every combination, the last variation's values changing fastest. Raises ScenarioError for too many."""
    count = 1
    for each in variations:
        count *= len(each.values)
    if count > MOST_CASES:
        raise ScenarioError("--vary", f"{count:,} combinations", f"at most {MOST_CASES:,}: take fewer values")
    paths = [each.path for each in variations]
    if len(set(paths)) < len(paths):
        raise ScenarioError("--vary", f"{shown(paths[0])} is varied twice", "give all its values at once")
    return tuple(tuple(zip(paths, values, strict=True)) for values in product(*(each.values for each in variations)))


def steps_of(path: str) -> list[str | int] | None:
    """The keys and places of a JSON path, `a.b[0]["c d"]`; None for what is none."""
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        if steps and path[at] == ".":
            at += 1
        found = _STEP.match(path, at)
        if found is None or (steps and found[1] and path[at - 1] != "."):
            return None
        key, place, quoted = found.groups()
        try:
            steps.append(key if key is not None else int(place) if place is not None else json.loads(f'"{quoted}"'))
        except ValueError:
            return None
        at = found.end()
    return steps or None


def changed(data: Any, steps: Sequence[str | int], value: Any) -> Any:
    """A copy of plain data with another value at a path; objects on the way that are missing are made.

    None takes the key out. Raises LookupError for a place that a list lacks, or a step into what holds nothing.
    """
    first, *rest = steps
    if isinstance(first, int):
        if not isinstance(data, list) or first >= len(data):
            raise LookupError(f"[{first}]")
        inside = changed(data[first], rest, value) if rest else value
        return [*data[:first], inside, *data[first + 1 :]]
    if not isinstance(data, dict):
        raise LookupError(first)
    if rest:
        return {**data, first: changed(data.get(first, {}), rest, value)}
    kept = {key: each for key, each in data.items() if key != first}
    return kept if value is None else {**data, first: value}
