"""What people and the storage do in a scenario: one frozen class per verb, and the grammar of each.

`str(verb)` writes the words from which `parse_verb` reads the same verb again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.document import check_reference
from callflow.scenario.durations import format_duration, parse_duration
from callflow.scenario.words import suggestion

DIGITS = re.compile(r"[0-9*#A-D]{1,128}")
"""Digits that a telephone can send."""

_TONE = re.compile(r"([0-9]{1,6})[ ]?(?:hz)? for (.+)", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])+)"')
_LOWEST_HZ, _HIGHEST_HZ = 20, 20_000


@frozen
class Calls:
    """`calls`: the caller dials. Its number and what it dials stand under `caller:`."""

    def __str__(self) -> str:
        return "calls"


@frozen
class Answers:
    """`answers`: the party's first ringing device picks up (design §12)."""

    def __str__(self) -> str:
        return "answers"


@frozen
class Rejects:
    """`rejects`: the ringing device declines the call."""

    def __str__(self) -> str:
        return "rejects"


@frozen
class IsBusy:
    """`is busy`: the device answers the call with busy."""

    def __str__(self) -> str:
        return "is busy"


@frozen
class DoesNotAnswer:
    """`does not answer`: a declaration about the end of the ringing; it never shortens it (design §12)."""

    def __str__(self) -> str:
        return "does not answer"


@frozen
class Speaks:
    """`speaks for T`: speech without gaps (design §12, Sound)."""

    length_ms: int

    def __str__(self) -> str:
        return f"speaks for {format_duration(self.length_ms)}"


@frozen
class Says:
    """`says "text"`: spoken words; their length is that of the speech made from them."""

    text: str

    def __str__(self) -> str:
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'says "{escaped}"'


@frozen
class Plays:
    """`plays FILE`: a sound file, a path relative to the document that names it."""

    file: str

    def __str__(self) -> str:
        return f"plays {self.file}"


@frozen
class SendsTone:
    """`sends tone HZ for T`."""

    hz: int
    length_ms: int

    def __str__(self) -> str:
        return f"sends tone {self.hz} for {format_duration(self.length_ms)}"


@frozen
class IsSilent:
    """`is silent`: whatever the party was saying ends."""

    def __str__(self) -> str:
        return "is silent"


@frozen
class Presses:
    """`presses DIGITS`: 0-9 * # A-D, one after the other (100 ms tone, 100 ms gap: design §12, Sound)."""

    digits: str

    def __str__(self) -> str:
        return f"presses {self.digits}"


@frozen
class Holds:
    """`holds`: the party puts the other on hold."""

    def __str__(self) -> str:
        return "holds"


@frozen
class Resumes:
    """`resumes`: the party takes the other back from hold."""

    def __str__(self) -> str:
        return "resumes"


@frozen
class Transfers:
    """`transfers to NUMBER` (blind) or `transfers with consultation to NUMBER` (attended)."""

    number: str
    with_consultation: bool = False

    def __str__(self) -> str:
        return f"transfers {'with consultation ' if self.with_consultation else ''}to {self.number}"


@frozen
class HangsUp:
    """`hangs up`."""

    def __str__(self) -> str:
        return "hangs up"


@frozen
class StorageFails:
    """`storage fails with CODE`: from now on the target replies this status, 300 to 599."""

    code: int

    def __str__(self) -> str:
        return f"fails with {self.code}"


Verb = (
    Calls | Answers | Rejects | IsBusy | DoesNotAnswer | Speaks | Says | Plays | SendsTone | IsSilent | Presses
    | Holds | Resumes | Transfers | HangsUp | StorageFails
)  # fmt: skip
"""Everything that a step can do."""


def _length(text: str) -> int:
    length_ms = parse_duration(text)
    if length_ms == 0:
        raise ScenarioError("", f"{shown(text)} is no time at all", "give it a length, for example 4s")
    return length_ms


def _says(text: str) -> Says:
    found = _QUOTED.fullmatch(text)
    if found is None:
        raise ScenarioError("", f"the words {shown(text)} do not stand in quotes", 'write says "good morning"')
    return Says(re.sub(r"\\(.)", r"\1", found.group(1)))


def _tone(text: str) -> SendsTone:
    found = _TONE.fullmatch(text)
    if found is None:
        raise ScenarioError("", f"{shown(text)} is not a tone and its length", "write sends tone 440 for 2s")
    hz = int(found.group(1))
    if not _LOWEST_HZ <= hz <= _HIGHEST_HZ:
        raise ScenarioError("", f"a tone of {hz} Hz", f"a tone has {_LOWEST_HZ} to {_HIGHEST_HZ} Hz")
    return SendsTone(hz, _length(found.group(2)))


def _presses(text: str) -> Presses:
    if DIGITS.fullmatch(text) is None:
        raise ScenarioError("", f"{shown(text)} are not digits of a telephone", "write 0-9 * # A-D without blanks")
    return Presses(text)


def _transfers(text: str, with_consultation: bool) -> Transfers:
    if not text or not text.isprintable() or re.search(r"\s", text):
        raise ScenarioError("", f"{shown(text)} is not a number", "write transfers to 2002")
    return Transfers(text, with_consultation)


def _fails(text: str) -> StorageFails:
    if not re.fullmatch(r"[345][0-9][0-9]", text):
        raise ScenarioError("", f"{shown(text)} is not a failing HTTP status", "write storage fails with 503")
    return StorageFails(int(text))


_ALONE: dict[str, Verb] = {
    str(verb): verb
    for verb in (
        Calls(), Answers(), Rejects(), IsBusy(), DoesNotAnswer(), IsSilent(), Holds(), Resumes(), HangsUp(),
    )
}  # fmt: skip

_WITH_MORE: dict[str, tuple[str, Callable[[str], Verb]]] = {
    "speaks for": ("speaks for 4s", lambda rest: Speaks(_length(rest))),
    "says": ('says "good morning"', _says),
    "plays": ("plays greeting.wav", lambda rest: Plays(check_reference(rest))),
    "sends tone": ("sends tone 440 for 2s", _tone),
    "presses": ("presses 1", _presses),
    "transfers to": ("transfers to 2002", lambda rest: _transfers(rest, False)),
    "transfers with consultation to": (
        "transfers with consultation to 2002",
        lambda rest: _transfers(rest, True),
    ),
    "fails with": ("storage fails with 503", _fails),
}

PHRASES = (*_ALONE, *_WITH_MORE)
"""The words by which verbs begin, for suggestions and documentation."""


def parse_verb(words: str) -> Verb:
    """The verb of `speaks for 4s`, `hangs up` …; raises ScenarioError (without a place) for anything else."""
    words = words.strip()
    if words in _ALONE:
        return _ALONE[words]
    for phrase, (example, read) in _WITH_MORE.items():
        if words == phrase:
            raise ScenarioError("", f"something is missing after {shown(phrase)}", f"write {example}")
        if words.startswith(phrase + " "):
            return read(words[len(phrase) :].strip())
    for phrase in _ALONE:
        if words.startswith(phrase + " "):
            extra = words[len(phrase) :].strip()
            raise ScenarioError("", f"{shown(extra)} after {shown(phrase)}", f"{phrase} stands alone")
    raise ScenarioError("", f"unknown verb {shown(words)}", _meant(words))


def _meant(words: str) -> str:
    """The phrase that has the most in common with as many first words."""
    given = words.split()
    for phrase in PHRASES:
        if given and phrase.split()[0] == given[0]:
            return f'did you mean "{_WITH_MORE[phrase][0] if phrase in _WITH_MORE else phrase}"?'
    starts = {" ".join(given[:count]) for count in (1, 2, 3, 4)}
    for start in sorted(starts, key=len, reverse=True):
        hint = suggestion(start, PHRASES)
        if hint.startswith("did you mean"):
            return hint
    return suggestion("", PHRASES)
