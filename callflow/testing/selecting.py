"""Which of the scenarios run: `-k` with words and their logic, and tags.

A word of `-k` is met by a part of the file's path, of the scenario's name or of a tag; case does not count.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import define, frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.language import Scenario

_TOKEN: Final = re.compile(r"""\s*(?:([()])|"([^"]*)"|'([^']*)'|([^\s()"']+))""")
_DEEPEST: Final = 50
_HINT: Final = 'write it like: -k "voicemail and not (busy or slow)"'


@frozen
class Word:
    """Met when a text holds it; `text` is in lower case."""

    text: str

    def is_met(self, told: str) -> bool:
        """Whether the text, in lower case, has this word."""
        return self.text in told


@frozen
class Not:
    """Met when the inner condition is not."""

    inner: Condition

    def is_met(self, told: str) -> bool:
        """Whether the text does not meet what is inside."""
        return not self.inner.is_met(told)


@frozen
class All:
    """Met when each condition is; of none, always."""

    inner: tuple[Condition, ...] = ()

    def is_met(self, told: str) -> bool:
        """Whether the text meets all of them."""
        return all(each.is_met(told) for each in self.inner)


@frozen
class Any:
    """Met when one of the conditions is."""

    inner: tuple[Condition, ...]

    def is_met(self, told: str) -> bool:
        """Whether the text meets one of them."""
        return any(each.is_met(told) for each in self.inner)


Condition = Word | Not | All | Any

EVERYTHING: Final = All()
"""The condition of no `-k` at all."""


def read_condition(text: str) -> Condition:
    """The condition that an expression of words, `and`, `or`, `not` and brackets states. Raises ScenarioError."""
    reader = _Reader(_tokens(text))
    condition = reader.either(0)
    if reader.tokens:
        raise _wrong(f"{shown(reader.tokens[0][1])} comes unexpectedly", "put `and` or `or` between words")
    return condition


@frozen
class Selection:
    """What runs: scenarios that meet the condition and, where tags are named, have at least one of them."""

    condition: Condition = EVERYTHING
    tags: frozenset[str] = frozenset()

    def has(self, scenario: Scenario) -> bool:
        """Whether the scenario is selected."""
        if self.tags and self.tags.isdisjoint(scenario.tags):
            return False
        told = "\n".join((scenario.file, scenario.name, *scenario.tags))
        return self.condition.is_met(told.lower())


def _wrong(problem: str, hint: str = _HINT) -> ScenarioError:
    return ScenarioError("-k", problem, hint)


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of each token: `(`, `)`, the three small words, or `word`."""
    found: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _wrong("a quotation mark is not closed", "close it")
        at = token.end()
        bracket, *quoted, bare = token.groups()
        if bracket is not None:
            found.append((bracket, bracket))
        elif bare is not None:
            found.append((bare if bare in ("and", "or", "not") else "word", bare))
        else:
            found.append(("word", quoted[0] if quoted[0] is not None else quoted[1]))
    if not found:
        raise _wrong("no word")
    return found


@define
class _Reader:
    """Reads tokens from the left: `or` binds least, then `and`, then `not`."""

    tokens: list[tuple[str, str]]

    def either(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise _wrong(f"more than {_DEEPEST} levels")
        parts = [self._both(depth)]
        while self._takes("or"):
            parts.append(self._both(depth))
        return Any(tuple(parts)) if len(parts) > 1 else parts[0]

    def _both(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._takes("and"):
            parts.append(self._one(depth))
        return All(tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self, depth: int) -> Condition:
        is_negated = False
        while self._takes("not"):
            is_negated = not is_negated
        if self._takes("("):
            condition = self.either(depth + 1)
            if not self._takes(")"):
                raise _wrong("a bracket is not closed", "close it with )")
        elif self.tokens and self.tokens[0][0] == "word":
            condition = Word(self.tokens.pop(0)[1].lower())
        else:
            ends = f"before {shown(self.tokens[0][1])}" if self.tokens else "at the end"
            raise _wrong(f"a word is missing {ends}")
        return Not(condition) if is_negated else condition

    def _takes(self, kind: str) -> bool:
        if self.tokens and self.tokens[0][0] == kind:
            self.tokens.pop(0)
            return True
        return False
