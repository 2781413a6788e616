"""The steps of a timeline, events and replies as patterns, made from the grammar that reads them."""

from __future__ import annotations

import re
from typing import Any, Final

from callflow.scenario.answer_words import DOCUMENT, Tongue
from callflow.scenario.durations import DURATION
from callflow.scenario.occurrences import NOT_PARTIES, EventWord
from callflow.scenario.steps import CALLER, NOT_PEOPLE
from callflow.scenario.verb_grammar import ALONE, DIGITS, WITH_MORE
from callflow.scenario.verbs import Calls
from callflow.scenario.words import CHANNEL_EVENTS
from callflow.schemas.shapes import FILLED, Schema, any_blanks, or_filled, ref, words

_SOURCES: Final = re.compile(r" \((?:design|B§|C[0-9])[^)]*\)")
_CALL: Final = r"([^\s.]+\.)?"
_SOME_EVENTS: Final = (
    "alice rings", "alice answers", "recording starts", "recording stops", "voicemail records", "delivery fails",
)  # fmt: skip


def _said(text: str) -> str:
    """Words of the grammar as an expression: any number of blanks between them."""
    return any_blanks(" ".join(map(re.escape, text.split())))


def event_expression() -> str:
    """Every event, as an expression."""
    parties = [each for each in EventWord if each.name.startswith("PARTY_") and each is not EventWord.PARTY_PRESSES]
    fixed = [each for each in EventWord if each.value.split()[0] in NOT_PARTIES]
    happenings = [
        "|".join(CHANNEL_EVENTS),
        "|".join(_said(each.value) for each in fixed),
        rf"\S+\s+({'|'.join(_said(each.value) for each in parties)}|{EventWord.PROMPT_PLAYS.value})",
        rf"\S+\s+{EventWord.PARTY_PRESSES.value}\s+{DIGITS.pattern}",
    ]
    return f"{_CALL}({'|'.join(happenings)})"


def event_schema() -> Schema:
    """An event by its words."""
    return words(event_expression(), *_SOME_EVENTS, *CHANNEL_EVENTS)


def step_schema() -> Schema:
    """One step: a mapping of one key, when, and its value, who does what."""
    wait = rf"(\s+after\s+{DURATION})?"
    when = {
        rf"^\s*at\s+{DURATION}\s*$": "so long after the call's start",
        rf"^\s*after\s+{DURATION}\s*$": "so long after the end of the step before: speech has a length",
        rf"^\s*when\s+{event_expression()}{wait}\s*$": "the first such event after the step before",
        FILLED: "a name that a row of examples: fills",
    }
    deed = ref("deed")
    step: Schema = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "patternProperties": {expression: {**deed, "description": told} for expression, told in when.items()},
        "additionalProperties": False,
        "defaultSnippets": [_snippet(each) for each in _examples()],
    }
    return or_filled(step)


def deed_schema() -> Schema:
    """Who does what: one pattern for each verb, with what it does."""
    lone = [_verb(_said(phrase), type(verb), phrase) for phrase, verb in ALONE.items()]
    more = [
        _verb(rf"{_said(phrase)}\s+{each.rest}", each.verb, _without_who(each.example, each.verb))
        for phrase, each in WITH_MORE.items()
    ]
    return {"anyOf": [*lone, *more, ref("filled")], "examples": list(_examples())}


def _verb(expression: str, verb: type[Any], example: str) -> Schema:
    who = _who(verb)
    other = "|".join((*NOT_PEOPLE, CALLER)) if who == "alice" else ""
    actor = rf"(?!({'|'.join(NOT_PEOPLE)})\s)\S+" if other else who
    told = " ".join(_SOURCES.sub("", verb.__doc__ or "").split("\n\n")[0].split())
    return words(rf"{actor}\s+{expression}", f"{who} {example}", description=told)


def _who(verb: type[Any]) -> str:
    """Who has this verb: the storage, the API, the switch, the caller, else anybody, such as alice."""
    if verb is Calls:
        return CALLER
    return next((who for who, (kinds, _) in NOT_PEOPLE.items() if verb in kinds), "alice")


def _without_who(example: str, verb: type[Any]) -> str:
    return example.removeprefix(f"{_who(verb)} ")


def _examples() -> tuple[str, ...]:
    """A deed for each verb."""
    lone = (f"{_who(type(verb))} {phrase}" for phrase, verb in ALONE.items())
    more = (f"{_who(each.verb)} {_without_who(each.example, each.verb)}" for each in WITH_MORE.values())
    return (*lone, *more)


def _snippet(deed: str) -> dict[str, Any]:
    """What an editor puts in for a step: `at 0s` for the call, and a time to fill in for all others."""
    moment = "at 0s" if deed == f"{CALLER} {ALONE['calls']}" else "at ${1:4s}"
    return {"label": deed, "body": {moment: deed.replace("}", "\\}")}}


def answer_schema(tongue: Tongue, *, is_result: bool = False) -> Schema:
    """One reply of a kind of target; of a try, also a reply to the document."""
    plain = [_said(each) for each in tongue.words]
    statuses = [r"[0-9]{1,6}(\s.*)?"] if tongue.has_statuses else []
    start = rf"({DOCUMENT.strip()}\s*)*" if is_result else ""
    slow = r"slow\s+[0-9].*"
    text = words(f"{start}({'|'.join([*plain, *statuses, slow])})", *tongue.words)
    if not tongue.has_statuses:
        return text
    return or_filled({"type": "integer", "minimum": 100, "maximum": 599}, text)
