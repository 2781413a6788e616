"""Filling `{ACCOUNT_ID}`-like names in a node's data with the values that a scenario gives (design §6, `with`).

Kazoo expands no braces: the seed's sample writes them for its reader (B§6.3), so a name without a value stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import CallflowError

_NAME = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")

MAX_DEPTH = 200
"""Data nested deeper than this many objects and lists is refused; it leaves room for a flow inside a flow's data."""

MAX_VALUES = 100_000
"""Data of more values than this is refused: a few lines of YAML aliases can stand for billions."""


class TooMuchData(CallflowError):
    """The data is nested too deeply or holds too many values to be a callflow's; `str()` says which."""


@define
class Filling:
    """One pass over one node's data: copies it with names filled in and notes the names that had no value."""

    values: Mapping[str, str]
    unfilled: dict[str, None] = field(factory=dict)
    _seen: int = 0

    def fill(self, value: Any, depth: int = 0) -> Any:
        """Return `value` with every known name replaced in every string; raises TooMuchData past the limits above."""
        if isinstance(value, str):
            return _NAME.sub(self._value_of, value) if "{" in value else value
        if not isinstance(value, dict | list | tuple):
            return value
        if depth == MAX_DEPTH:
            raise TooMuchData(f"nested deeper than {MAX_DEPTH} levels")
        self._seen += len(value)
        if self._seen > MAX_VALUES:
            raise TooMuchData(f"more than {MAX_VALUES} values")
        if isinstance(value, dict):
            filled = {}
            for key, each in value.items():
                filled[key] = self.fill(each, depth + 1)
            return filled
        items = []
        for each in value:
            items.append(self.fill(each, depth + 1))
        return items

    def remarks(self, where: str) -> Iterator[Diagnostic]:
        """Yield a warning for each name without a value, in order of first use; `where` is the data's JSON path."""
        for name in self.unfilled:
            message = f"{{{name}}} has no value, and is taken literally"
            hint = f"give it one: --with {name}=…, or 'with' in the scenario"
            yield Diagnostic("unfilled-placeholder", "warning", where, message, hint)

    def _value_of(self, match: re.Match[str]) -> str:
        name = match[1]
        if name in self.values:
            return self.values[name]
        self.unfilled[name] = None
        return match[0]
