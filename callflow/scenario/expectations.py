"""Reading the `expect:` part: every key and word checked, every item with its place.

What holds under one profile only stands under `profiles`, by the profile's name (design §5):

```yaml
expect:
  recordings: [{length: 5s, ended_by: stop}]
  never: [RECORD_STOP]
  profiles:
    kazoo-4: {recordings: [{length: 60s, ended_by: hangup}], never: null}
```
Each key written there replaces the whole key of the same name above it; `null` takes it back, and everything else
holds under that profile too. A run is judged by its own profile, whether the scenario or `--profile` chose it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from attrs import evolve, fields_dict, frozen

from callflow.core.profile import PROFILES
from callflow.core.shown import shown
from callflow.scenario import words
from callflow.scenario.answer_words import read_results
from callflow.scenario.audio_expectations import MOST, place_of, read_audio
from callflow.scenario.expect import (
    DeliveryExpectation,
    EventCount,
    EventExpectation,
    Expectations,
    ExpectedWord,
    ExpectedWords,
    RecordingExpectation,
)
from callflow.scenario.nodes import (
    Node,
    any_mapping,
    at,
    choice,
    choice_or_none,
    integer,
    items,
    mapping,
    text,
    tolerance,
)
from callflow.scenario.occurrences import PARTY, EventPattern, parse_event

_EXAMPLE = "{recordings: [{length: 20s ±40ms, ended_by: hangup}], events: [RECORD_START, RECORD_STOP]}"
_MONTH = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])")
_ONE_CALL_ONLY = ("path", "hangup_cause", "hangup_by")
_PROFILES_EXAMPLE = "{kazoo-4: {recordings: [{ended_by: hangup}]}}"

Reader = Callable[[Node], Any]


@frozen
class About:
    """What expectations are read for: the names of the scenario's `calls`, and its `file`, to which paths relate."""

    calls: Collection[str] = ()
    file: str = ""


def _leg(node: Node) -> str:
    leg = text(node, "A, B or a party's name")
    if leg in ("a", "b"):
        raise node.error(f"unknown leg {shown(leg)}", f'did you mean "{leg.upper()}"?')
    if not PARTY.fullmatch(leg):
        raise node.error(f"unknown leg {shown(leg)}", "write A, B or a party's name")
    return leg


def _month(node: Node) -> str:
    """A year and month, `202612`, with or without quotes."""
    month = str(node.value)
    if not _MONTH.fullmatch(month):
        raise node.error(f"{shown(month)} is no year and month", "write it like 202612")
    return month


_count = partial(integer, low=0, high=MOST)
_glob = partial(text, example='"http://my.server/*.mp3"')

RECORDING_KEYS: dict[str, Reader] = {
    "id": partial(text, example='"202611-*"'),
    "month": _month,
    "kind": partial(choice, words=words.RECORDING_KINDS),
    "name": text,
    "origin": text,
    "leg": _leg,
    "format": partial(choice, words=words.RECORDING_FORMATS),
    "channels": partial(integer, low=1, high=2),
    "sample_rate": partial(integer, low=1_000, high=384_000),
    "armed": tolerance,
    "started": tolerance,
    "ended": tolerance,
    "length": tolerance,
    "ended_by": partial(choice_or_none, words=words.ENDED_BY),
    "completion_cause": partial(choice_or_none, words=words.COMPLETION_CAUSES),
    "state": partial(choice, words=words.RECORDING_STATES),
    "stored": _glob,
    "delivery": partial(choice_or_none, words=words.DELIVERY_STATES),
    "attempts": _count,
    "overwritten_by": _count,
    "webhook": partial(choice_or_none, words=words.WEBHOOK_STATES),
}
"""Keys of an expected recording and how each is read."""

DELIVERY_KEYS: dict[str, Reader] = {
    "recording": _count,
    "target": partial(choice, words=words.TARGETS),
    "method": partial(choice, words=words.METHODS),
    "url": _glob,
    "state": partial(choice, words=words.DELIVERY_STATES),
    "attempts": _count,
    "results": read_results,
}
"""Keys of an expected delivery and how each is read."""


def _fields(node: Node, readers: dict[str, Reader], example: str) -> dict[str, Any]:
    entries = mapping(node, readers, example)
    if not entries:
        raise node.error("nothing is expected here", f"write it like {example}")
    return {key: readers[key](entry) for key, entry in entries.items()}


def _recordings(node: Node, about: About) -> tuple[RecordingExpectation, ...]:
    example = "[{format: mp3, length: 20s ±40ms, ended_by: stop}]"
    return tuple(
        RecordingExpectation(**place_of(each), **_fields(each, RECORDING_KEYS, example))
        for each in items(node, example)
    )


def _deliveries(node: Node, about: About) -> tuple[DeliveryExpectation, ...]:
    example = "[{recording: 0, state: stored, attempts: 3}]"
    return tuple(
        DeliveryExpectation(**place_of(each), **_fields(each, DELIVERY_KEYS, example)) for each in items(node, example)
    )


def _pattern(node: Node, about: About) -> EventPattern:
    with at(node):
        return parse_event(text(node, "an event: RECORD_START"), about.calls)


def _event(node: Node, about: About) -> EventExpectation:
    if not isinstance(node.value, dict):
        return EventExpectation(**place_of(node), event=_pattern(node, about))
    entries = mapping(node, ("event", "leg", "at"), "{event: RECORD_START, leg: B}")
    if "event" not in entries:
        raise node.error("no event is named", "write it like {event: RECORD_START, leg: B}")
    return EventExpectation(
        **place_of(node),
        event=_pattern(entries["event"], about),
        leg=_leg(entries["leg"]) if "leg" in entries else None,
        at=tolerance(entries["at"]) if "at" in entries else None,
    )


def _events(node: Node, about: About) -> tuple[EventExpectation, ...]:
    events = tuple(_event(each, about) for each in items(node, "[RECORD_START, {event: RECORD_STOP, leg: A}]"))
    if not events:
        raise node.error("nothing is expected here", "name an event, or leave the key out")
    return events


def _exactly(node: Node, about: About) -> tuple[EventCount, ...]:
    counts = []
    for words_of_event, entry in any_mapping(node, "{RECORD_START: 1}").items():
        with at(entry):
            event = parse_event(words_of_event, about.calls)
        place = {**place_of(entry), "text": f"exactly {entry.value} × {event}"}
        counts.append(EventCount(**place, event=event, count=_count(entry)))
    if not counts:
        raise node.error("nothing is expected here", "write it like {RECORD_START: 1}")
    return tuple(counts)


def _words(node: Node, about: About) -> ExpectedWords:
    example = "[record_call, user, voicemail]"
    return ExpectedWords(**place_of(node), words=tuple(text(each, example) for each in items(node, example)))


def _word(node: Node, about: About, known: Collection[str] = ()) -> ExpectedWord:
    word = choice(node, known) if known else text(node, "caller, a party's name or end of scenario")
    return ExpectedWord(**place_of(node), word=word)


PARTS: dict[str, Callable[[Node, About], Any]] = {
    "path": _words,
    "recordings": _recordings,
    "events": _events,
    "events_unordered": _events,
    "exactly": _exactly,
    "never": _events,
    "hangup_cause": partial(_word, known=words.HANGUP_CAUSES),
    "hangup_by": _word,
    "outcome": partial(_word, known=words.OUTCOMES),
    "deliveries": _deliveries,
    "audio": lambda node, about: read_audio(node, about.file),
    "diagnostics": _words,
}
"""Keys of `expect:` and how each is read; `profiles` is made of them."""

EXPECT_KEYS = (*PARTS, "profiles")
"""Everything that may stand under `expect:`."""


def read_expectations(
    node: Node | None, calls: Collection[str] = (), *, for_all_calls: bool = False, file: str = ""
) -> Expectations:
    """The `expect:` part; `calls` are the names of the scenario's calls, that events may be prefixed with.

    With several calls, what only one call can have must stand under that call (`for_all_calls`). `file` is the
    scenario's own, to whose folder sound files relate; by default the node's.
    """
    if node is None:
        return Expectations()
    about = About(calls, file or node.file)
    entries = dict(mapping(node, EXPECT_KEYS, _EXAMPLE))
    own = entries.pop("profiles", None)
    _check_calls(entries, calls, for_all_calls)
    places = {key: entry.where for key, entry in entries.items()}
    base = Expectations(**{key: PARTS[key](entry, about) for key, entry in entries.items()}, places=places)
    if own is None:
        return base
    profiles = any_mapping(own, _PROFILES_EXAMPLE)
    for name, each in profiles.items():
        if name not in PROFILES:
            raise each.error(f"unknown profile {shown(name)}", words.suggestion(name, PROFILES))
        _check_calls(mapping(each, PARTS, _PROFILES_EXAMPLE), calls, for_all_calls)
    return evolve(base, profiles={name: _under(base, each, about) for name, each in profiles.items()})


def _check_calls(entries: Mapping[str, Node], calls: Collection[str], for_all_calls: bool) -> None:
    for key in _ONE_CALL_ONLY if for_all_calls else ():
        if key in entries:
            raise entries[key].error(f"{key} of which call?", f"put it under calls.{next(iter(calls))}.expect")


def _under(base: Expectations, profile: Node, about: About) -> Expectations:
    """What one profile changes of the general expectations."""
    entries = any_mapping(profile, _PROFILES_EXAMPLE)
    if not entries:
        raise profile.error("nothing is different here", "write what is, or leave the profile out")
    changes: dict[str, Any] = {}
    for key, entry in entries.items():
        if entry.value is not None:
            changes[key] = PARTS[key](entry, about)
        elif key in base.places:
            changes[key] = fields_dict(Expectations)[key].default
        else:
            raise entry.error(f"there is no {key} to take back", f"leave {key} out, or write what is expected")
    places = {**base.places, **{key: entry.where for key, entry in entries.items()}}
    return evolve(base, **changes, places=places)
