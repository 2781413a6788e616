"""The regular expressions in a callflow's `patterns`: compiled once, bounded, for their authors are strangers (B§1.2).

Python's engine backtracks, so a pattern of a few characters can take longer than the universe lasts. A pattern is
accepted when the ways to try it on a number of `MAX_NUMBER` characters are few enough.
"""

from __future__ import annotations

import re
import warnings

from callflow.core.errors import CallflowError

MAX_PATTERN = 200
"""Characters that a pattern may have."""

MAX_NUMBER = 64
"""Characters of a number on which patterns are tried; no number is longer."""

MAX_WAYS = 300_000
"""Ways of trying a pattern, as `_ways` estimates them: three free repeats; about a second at the very worst."""

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:P?<[A-Za-z_]\w*>|[:=!]|<[=!]))?|.", re.DOTALL)
_REPEAT = re.compile(r"[*+?]|\{([0-9]*)(,?)([0-9]*)\}")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")


class BadPattern(CallflowError):
    """A pattern is no regular expression or would take too long; `str()` is the problem, `hint` what would be right."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile one pattern; named groups may be written Kazoo's way, `(?<name>…)`. Raises BadPattern."""
    if not 0 < len(pattern) <= MAX_PATTERN:
        raise BadPattern(f"{len(pattern)} characters are out of bounds", f"write 1 to {MAX_PATTERN} characters")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compiled = re.compile(_NAMED_GROUP.sub("(?P<", pattern))
        except (re.error, OverflowError, RecursionError, Warning) as error:
            raise BadPattern(f"not a regular expression: {error}", r"write something like ^\*5([0-9]+)$") from None
    if _ways(pattern) > MAX_WAYS:
        raise BadPattern("too many ways to match: it could run for hours", "repeat fewer things, and no repeats")
    return compiled


def _ways(pattern: str) -> int:
    """Estimate from above how many ways a backtracking engine may try; repeating what already varies multiplies."""
    ways = 1
    branches = 1
    open_groups: list[tuple[int, int]] = []
    position = 0
    while position < len(pattern) and ways <= MAX_WAYS:
        token = _TOKEN.match(pattern, position)
        assert token is not None
        position = token.end()
        before = ways
        if token[0].startswith("("):
            open_groups.append((ways, branches))
            branches = 1
        elif token[0] == ")" and open_groups:
            before, branches = open_groups.pop()
        elif token[0] == "|":
            ways += -(-ways // branches)
            branches += 1
        repeat = _REPEAT.match(pattern, position)
        if repeat is not None:
            position = repeat.end()
            least, most = _repetitions(repeat)
            inside = -(-ways // before)
            ways *= (most - least + 1) * inside ** max(most - 1, 0)
            if position < len(pattern) and pattern[position] in "?+":
                position += 1
    return ways


def _repetitions(repeat: re.Match[str]) -> tuple[int, int]:
    if repeat[0] in "*+?":
        return (1 if repeat[0] == "+" else 0), (1 if repeat[0] == "?" else MAX_NUMBER)
    least = min(int(repeat[1] or 0), MAX_NUMBER)
    if not repeat[2]:
        return least, least
    return least, min(int(repeat[3]), MAX_NUMBER) if repeat[3] else MAX_NUMBER
