"""What an audio check may demand of one channel: `silent`, `speech`, `tone 440`, `level above 200`, `voice alice` …"""

from __future__ import annotations

import re

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.document import check_reference
from callflow.scenario.occurrences import NOT_PARTIES, PARTY
from callflow.scenario.words import suggestion

LOUDEST = 32_767
"""The largest level: mean absolute sample of 16-bit audio, the measure of the silence threshold (B§4.1)."""


@frozen
class Silent:
    """`silent`: nothing above the silence threshold."""

    def __str__(self) -> str:
        return "silent"


@frozen
class Speech:
    """`speech`: above the silence threshold throughout."""

    def __str__(self) -> str:
        return "speech"


@frozen
class Tone:
    """`tone HZ`: one frequency dominates."""

    hz: int

    def __str__(self) -> str:
        return f"tone {self.hz}"


@frozen
class Level:
    """`level above N`, `level below N`, `level N..M`: the mean absolute sample; None is no bound."""

    low: int | None
    high: int | None

    def __str__(self) -> str:
        if self.low is None:
            return f"level below {self.high}"
        return f"level above {self.low}" if self.high is None else f"level {self.low}..{self.high}"


@frozen
class Voice:
    """`voice PARTY`: this party is heard and no other."""

    party: str

    def __str__(self) -> str:
        return f"voice {self.party}"


@frozen
class SimilarTo:
    """`similar to FILE`: resembles a sound file, a path relative to the document that names it."""

    file: str

    def __str__(self) -> str:
        return f"similar to {self.file}"


Sound = Silent | Speech | Tone | Level | Voice | SimilarTo
"""Everything that an audio check may demand."""

_ALONE: dict[str, Sound] = {"silent": Silent(), "speech": Speech()}
_TONE = re.compile(r"tone ([0-9]{1,6}) ?(?:[hH][zZ])?")
_LEVEL = re.compile(r"level (?:(above|below) ([0-9]{1,6})|([0-9]{1,6})\.\.([0-9]{1,6}))")
SOUNDS = (*_ALONE, _TONE.pattern, _LEVEL.pattern, r"voice \S+", r"similar to \S.*")
"""A regular expression for each kind of sound, in what Python and ECMA share; blanks stand for any number of them."""
EXAMPLES = (
    "silent", "speech", "tone 440", "level above 200", "level below 200", "level 200..900", "voice alice",
    "similar to greeting.wav",
)  # fmt: skip
"""One sound of each kind, for suggestions and documentation."""


def parse_sound(words: str) -> Sound:
    """The demand that the words describe; raises ScenarioError (without a place)."""
    words = " ".join(words.split())
    if words in _ALONE:
        return _ALONE[words]
    if tone := _TONE.fullmatch(words):
        return _tone(int(tone.group(1)))
    if level := _LEVEL.fullmatch(words):
        return _level(level)
    first, _, rest = words.partition(" ")
    if first == "voice" and PARTY.fullmatch(rest) and rest not in NOT_PARTIES:
        return Voice(rest)
    if words.startswith("similar to "):
        return SimilarTo(check_reference(words.removeprefix("similar to ")))
    raise ScenarioError("", f"unknown sound {shown(words)}", suggestion(words, EXAMPLES))


def _tone(hz: int) -> Tone:
    if not 20 <= hz <= 20_000:
        raise ScenarioError("", f"a tone of {hz} Hz", "a tone has 20 to 20000 Hz")
    return Tone(hz)


def _level(found: re.Match[str]) -> Level:
    word, bound, low, high = found.groups()
    if word:
        result = Level(int(bound), None) if word == "above" else Level(None, int(bound))
    else:
        result = Level(int(low), int(high))
    bounds = [bound for bound in (result.low, result.high) if bound is not None]
    if bounds != sorted(bounds) or max(bounds) > LOUDEST:
        raise ScenarioError("", f"{shown(str(result))} is no range of levels", f"low first, from 0 to {LOUDEST}")
    return result
