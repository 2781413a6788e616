"""The grammar of verbs: from the words of a step to the class that stands for them (design §6)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.events import SWITCH_FAULTS
from callflow.core.shown import shown
from callflow.scenario.answer_words import TONGUES, parse_answer
from callflow.scenario.answers import reply_of
from callflow.scenario.document import check_reference
from callflow.scenario.durations import DURATION, parse_duration
from callflow.scenario.verbs import (
    CONTROLS,
    Answers,
    BreaksSwitch,
    Calls,
    ControlsRecording,
    DoesNotAnswer,
    HangsUp,
    Holds,
    IsBusy,
    IsSilent,
    Plays,
    Presses,
    Rejects,
    Resumes,
    Says,
    SendsNoise,
    SendsTone,
    Speaks,
    StorageFails,
    StorageWorks,
    Transfers,
    Verb,
)
from callflow.scenario.words import suggestion

DIGITS = re.compile(r"[0-9*#A-D]{1,128}")
"""Digits that a telephone can send."""

LOUDEST_NOISE = 16_383
"""The largest level of noise: half of a 16-bit sample's largest value, as noise is evenly spread."""

_TONE = re.compile(r"([0-9]{1,6}) ?(?:[hH][zZ])? for (.+)")
_NOISE = re.compile(r"([0-9]{1,6}) for (.+)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])+)"(?: in (\S+))?')
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}", re.ASCII)
_LOWEST_HZ, _HIGHEST_HZ = 20, 20_000
_LONGEST_GUESS = 100


def _length(text: str) -> int:
    length_ms = parse_duration(text)
    if length_ms == 0:
        raise ScenarioError("", f"{shown(text)} is no time at all", "give it a length, for example 4s")
    return length_ms


def _says(text: str) -> Says:
    found = _QUOTED.fullmatch(text)
    if found is None:
        raise ScenarioError("", f"the words {shown(text)} do not stand in quotes", 'write says "good morning"')
    words, language = found.groups()
    if language and not _LANGUAGE.fullmatch(language):
        raise ScenarioError("", f"{shown(language)} is not a language", 'write says "guten Morgen" in de')
    return Says(re.sub(r"\\(.)", r"\1", words), language or "")


def _tone(text: str) -> SendsTone:
    found = _TONE.fullmatch(text)
    if found is None:
        raise ScenarioError("", f"{shown(text)} is not a tone and its length", "write sends tone 440 for 2s")
    hz = int(found.group(1))
    if not _LOWEST_HZ <= hz <= _HIGHEST_HZ:
        raise ScenarioError("", f"a tone of {hz} Hz", f"a tone has {_LOWEST_HZ} to {_HIGHEST_HZ} Hz")
    return SendsTone(hz, _length(found.group(2)))


def _noise(text: str) -> SendsNoise:
    found = _NOISE.fullmatch(text)
    if found is None:
        raise ScenarioError("", f"{shown(text)} is not a level and a length", "write sends noise 150 for 2s")
    level = int(found.group(1))
    if not 1 <= level <= LOUDEST_NOISE:
        raise ScenarioError("", f"noise at level {level}", f"noise has a mean level of 1 to {LOUDEST_NOISE}")
    return SendsNoise(level, _length(found.group(2)))


def _presses(text: str) -> Presses:
    if DIGITS.fullmatch(text) is None:
        raise ScenarioError("", f"{shown(text)} are not digits of a telephone", "write 0-9 * # A-D without blanks")
    return Presses(text)


def _transfers(text: str, with_consultation: bool) -> Transfers:
    if not text or not text.isprintable() or re.search(r"\s", text):
        raise ScenarioError("", f"{shown(text)} is not a number", "write transfers to 2002")
    return Transfers(text, with_consultation)


def _fails(text: str) -> StorageFails:
    words, for_kind, kind = text.rpartition(" for ")
    if not for_kind:
        words, kind = text, "url"
    if kind not in TONGUES:
        raise ScenarioError("", f"unknown kind of target {shown(kind)}", suggestion(kind, TONGUES))
    answer = parse_answer(words, TONGUES[kind])
    if reply_of(answer).is_stored:
        raise ScenarioError("", f"{shown(words)} is no failure", "write storage fails with 503")
    return StorageFails(answer, kind)


_LONE_VERBS: tuple[Verb, ...] = (
    Calls(), Answers(), Rejects(), IsBusy(), DoesNotAnswer(), IsSilent(), Holds(), Resumes(), HangsUp(), StorageWorks(),
    *map(ControlsRecording, CONTROLS), *map(BreaksSwitch, SWITCH_FAULTS),
)  # fmt: skip


@frozen
class Phrase:
    """The beginning of a verb that needs more: how it is read, into which class, and an example of the whole.

    `rest` is a regular expression, in what Python and ECMA share, that fits every `rest` that `read` takes.
    """

    example: str
    verb: type[Verb]
    rest: str
    read: Callable[[str], Verb]


ALONE: Mapping[str, Verb] = {str(verb): verb for verb in _LONE_VERBS}
"""Verbs that stand alone, by their words."""

WITH_MORE: Mapping[str, Phrase] = {
    "speaks for": Phrase("speaks for 4s", Speaks, DURATION, lambda rest: Speaks(_length(rest))),
    "says": Phrase('says "good morning"', Says, r'".+"( in [A-Za-z0-9-]+)?', _says),
    "plays": Phrase("plays greeting.wav", Plays, r"\S.*", lambda rest: Plays(check_reference(rest))),
    "sends tone": Phrase("sends tone 440 for 2s", SendsTone, rf"[0-9]{{1,6}} ?([hH][zZ])? for\s+{DURATION}", _tone),
    "sends noise": Phrase("sends noise 150 for 2s", SendsNoise, rf"[0-9]{{1,6}} for\s+{DURATION}", _noise),
    "presses": Phrase("presses 1", Presses, DIGITS.pattern, _presses),
    "transfers to": Phrase("transfers to 2002", Transfers, r"\S+", lambda rest: _transfers(rest, False)),
    "transfers with consultation to": Phrase(
        "transfers with consultation to 2002", Transfers, r"\S+", lambda rest: _transfers(rest, True)
    ),
    "fails with": Phrase("storage fails with 503", StorageFails, r"\S.*", _fails),
}
"""Verbs that need more, by the words with which they begin."""

PHRASES = (*ALONE, *WITH_MORE)
"""The words by which verbs begin, for suggestions and documentation."""


def parse_verb(words: str) -> Verb:
    """The verb of `speaks for 4s`, `hangs up` …; raises ScenarioError (without a place) for anything else."""
    words = words.strip()
    if words in ALONE:
        return ALONE[words]
    for phrase, more in WITH_MORE.items():
        if words == phrase:
            raise ScenarioError("", f"something is missing after {shown(phrase)}", f"write {more.example}")
        if words.startswith(phrase + " "):
            return more.read(words[len(phrase) :].strip())
    for phrase in ALONE:
        if words.startswith(phrase + " "):
            extra = words[len(phrase) :].strip()
            raise ScenarioError("", f"{shown(extra)} after {shown(phrase)}", f"{phrase} stands alone")
    raise ScenarioError("", f"unknown verb {shown(words)}", _meant(words))


def _meant(words: str) -> str:
    """The phrase that has the most in common with as many first words."""
    given = words[:_LONGEST_GUESS].split()
    alike = [phrase for phrase in PHRASES if given and phrase.split()[0] == given[0]]
    if alike:
        phrase = max(alike, key=lambda each: _likeness(each, given))
        return f'did you mean "{WITH_MORE[phrase].example if phrase in WITH_MORE else phrase}"?'
    starts = {" ".join(given[:count]) for count in (1, 2, 3, 4)}
    for start in sorted(starts, key=len, reverse=True):
        hint = suggestion(start, PHRASES)
        if hint.startswith("did you mean"):
            return hint
    return suggestion("", PHRASES)


def _likeness(phrase: str, given: Sequence[str]) -> float:
    """How much of the phrase the first words given have, as many as it has itself."""
    return difflib.SequenceMatcher(None, phrase, " ".join(given[: len(phrase.split())])).ratio()
