"""Lengths of time as scenarios write them: `20s`, `1500ms`, `2m`, `1h`, `4.5s`, and `20s ±40ms`.

Everything is exact integer milliseconds; no float is ever involved (design §2, law 6). A number without a unit is
refused: whether it were seconds or milliseconds would be a guess.
"""

from __future__ import annotations

import re

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown

_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
DURATION = r"[0-9]{1,9}(\.[0-9]{1,9})? ?(ms|s|m|h)"
"""A length of time as a regular expression, in what Python and ECMA share."""

_DURATION = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?[ ]?(ms|s|m|h)")
_BARE_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/-|\+-)\s*")
_HINT = "write a number and a unit: 1500ms, 20s, 4.5s, 2m or 1h"


def parse_duration(text: str) -> int:
    """Milliseconds of `20s`, `1500ms`, `2m`, `1h` or `4.5s`.

    Raises ScenarioError (without a place) for anything else, and for what is finer than a millisecond.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        if _BARE_NUMBER.fullmatch(text.strip()):
            raise ScenarioError("", f"{shown(text)} has no unit", f"write {text.strip()}s for seconds, or ms, m, h")
        raise ScenarioError("", f"{shown(text)} is not a length of time", _HINT)
    whole, fraction, unit = found.group(1), found.group(2) or "", found.group(3)
    scale = int("1" + "0" * len(fraction))
    length_ms, rest = divmod((int(whole) * scale + int(fraction or "0")) * _UNIT_MS[unit], scale)
    if rest:
        raise ScenarioError("", f"{shown(text)} is finer than a millisecond", "the clock counts whole milliseconds")
    return length_ms


def format_duration(length_ms: int) -> str:
    """The shortest text from which `parse_duration` reads the same milliseconds again."""
    for unit in ("h", "m", "s"):
        if length_ms and length_ms % _UNIT_MS[unit] == 0:
            return f"{length_ms // _UNIT_MS[unit]}{unit}"
    return f"{length_ms}ms" if length_ms else "0s"


@frozen
class Tolerance:
    """A length or a time with what it may be off by: `20s ±40ms`; without ± it must be exact."""

    value_ms: int
    within_ms: int = 0

    def accepts(self, measured_ms: int) -> bool:
        """Whether the measured milliseconds lie within the tolerance, both ends included."""
        return abs(measured_ms - self.value_ms) <= self.within_ms

    def __str__(self) -> str:
        around = f" ±{format_duration(self.within_ms)}" if self.within_ms else ""
        return format_duration(self.value_ms) + around


def parse_tolerance(text: str) -> Tolerance:
    """`20s`, `20s ±40ms`, `20s +-40ms` or `20s +/-40ms`; raises ScenarioError (without a place) for anything else."""
    parts = _PLUS_MINUS.split(text.strip())
    if len(parts) > 2:
        raise ScenarioError("", f"{shown(text)} has more than one ±", "write it like 20s ±40ms")
    return Tolerance(parse_duration(parts[0]), parse_duration(parts[1]) if len(parts) == 2 else 0)
