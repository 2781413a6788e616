"""Events that a step can wait for and an expectation can name, in the trace's own plain words (design §6)."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.scenario.verb_grammar import DIGITS
from callflow.scenario.words import CHANNEL_EVENTS, suggestion

PARTY = re.compile(r"[^\W_][\w.@+-]{0,63}")
"""How a user, a device or a call may be named in a step: letters, digits and . @ + - _ , up to 64."""

NOT_PARTIES = ("recording", "voicemail", "delivery", "storage", "api", "switch")
"""Words that never name a person or a telephone."""


class EventWord(Enum):
    """What happened; the value is how a scenario says it."""

    PARTY_RINGS = "rings"
    PARTY_ANSWERS = "answers"
    PARTY_HANGS_UP = "hangs up"
    PARTY_IS_BUSY = "is busy"
    PARTY_HOLDS = "holds"
    PARTY_RESUMES = "resumes"
    PARTY_PRESSES = "presses"
    PROMPT_PLAYS = "plays"
    RECORDING_STARTS = "recording starts"
    RECORDING_STOPS = "recording stops"
    RECORDING_PAUSES = "recording pauses"
    RECORDING_RESUMES = "recording resumes"
    RECORDING_IS_MASKED = "recording is masked"
    RECORDING_IS_UNMASKED = "recording is unmasked"
    VOICEMAIL_GREETS = "voicemail greets"
    VOICEMAIL_RECORDS = "voicemail records"
    DELIVERY_STARTS = "delivery starts"
    DELIVERY_FAILS = "delivery fails"
    DELIVERY_SUCCEEDS = "delivery succeeds"
    CHANNEL_EVENT = "a channel event"


_FIXED = {
    word.value: word
    for word in EventWord
    if word.value.split()[0] in NOT_PARTIES
}  # fmt: skip
_PARTY_ALONE = {
    word.value: word
    for word in EventWord
    if word.name.startswith("PARTY_") and word is not EventWord.PARTY_PRESSES
}  # fmt: skip
_CHANNEL_NAME = re.compile(r"[A-Z][A-Z_]+")


@frozen
class EventPattern:
    """An event to look for.

    `call` is another call of the scenario, "" for the step's own; `who` the party, "" where the event has none;
    `name` the prompt, the digits or the channel event's name, None elsewhere.
    """

    call: str
    who: str
    what: EventWord
    name: str | None = None

    def __str__(self) -> str:
        start = f"{self.call}." if self.call else ""
        if self.what is EventWord.CHANNEL_EVENT:
            return f"{start}{self.name}"
        if self.what is EventWord.PROMPT_PLAYS:
            return f"{start}{self.name} plays"
        if self.what is EventWord.PARTY_PRESSES:
            return f"{start}{self.who} presses {self.name}"
        return f"{start}{self.who} {self.what.value}" if self.who else f"{start}{self.what.value}"


def parse_event(text: str, calls: Collection[str] = ()) -> EventPattern:
    """The event of `alice answers`, `recording stops`, `vm-person plays`, `CHANNEL_BRIDGE`, `first.recording starts` …

    `calls` are the names of the scenario's calls, which may stand in front. Raises ScenarioError (without a place).
    """
    words = " ".join(text.split())
    call, dot, rest = words.partition(".")
    if dot and call in calls:
        return _event(rest, call)
    if dot and (meant := nearest(call, calls)):
        raise ScenarioError("", f"no call is named {shown(call)}", f'did you mean "{meant}.{rest[:40]}"?')
    return _event(words, "")


def _event(words: str, call: str) -> EventPattern:
    if words in _FIXED:
        return EventPattern(call, "", _FIXED[words])
    if _CHANNEL_NAME.fullmatch(words):
        if words not in CHANNEL_EVENTS:
            raise ScenarioError("", f"unknown channel event {shown(words)}", suggestion(words, CHANNEL_EVENTS))
        return EventPattern(call, "", EventWord.CHANNEL_EVENT, words)
    who, _, what = words.partition(" ")
    if who in NOT_PARTIES:
        raise ScenarioError("", f"unknown event {shown(words)}", suggestion(words, _FIXED))
    if not PARTY.fullmatch(who):
        raise ScenarioError("", f"{shown(who)} is not the name of a party or a prompt", "write alice answers")
    if what in _PARTY_ALONE:
        return EventPattern(call, who, _PARTY_ALONE[what])
    if what == EventWord.PROMPT_PLAYS.value:
        return EventPattern(call, "", EventWord.PROMPT_PLAYS, who)
    verb, _, digits = what.partition(" ")
    if verb == EventWord.PARTY_PRESSES.value:
        if not DIGITS.fullmatch(digits):
            raise ScenarioError("", f"{shown(digits)} are not digits of a telephone", "write caller presses 1")
        return EventPattern(call, who, EventWord.PARTY_PRESSES, digits)
    known = [*_PARTY_ALONE, "presses DIGITS", "plays"]
    raise ScenarioError("", f"unknown event {shown(words)}", suggestion(what or words, known if what else _FIXED))
