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

from attrs import evolve, fields_dict

from callflow.core.profile import PROFILES
from callflow.core.shown import shown
from callflow.scenario import words
from callflow.scenario.answer_words import read_results
from callflow.scenario.expect import (
    AudioExpectation,
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
    brief,
    choice,
    choice_or_none,
    duration,
    integer,
    items,
    mapping,
    text,
    tolerance,
)
from callflow.scenario.not_yet import refuse_not_yet
from callflow.scenario.occurrences import PARTY, EventPattern, parse_event
from callflow.scenario.sounds import parse_sound

_MOST = 1_000_000
_EXAMPLE = "{recordings: [{length: 20s ±40ms, ended_by: hangup}], events: [RECORD_START, RECORD_STOP]}"
_MONTH = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])")
_ONE_CALL_ONLY = ("path", "hangup_cause", "hangup_by")
_PROFILES_EXAMPLE = "{kazoo-4: {recordings: [{ended_by: hangup}]}}"

Reader = Callable[[Node], Any]


def _place(node: Node) -> dict[str, Any]:
    return {"line": node.line, "text": brief(node), "where": node.where}


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


_count = partial(integer, low=0, high=_MOST)
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

AUDIO_KEYS = ("recording", "left", "right", "mono", "from", "to")
"""Keys of an audio check."""


def _fields(node: Node, readers: dict[str, Reader], example: str) -> dict[str, Any]:
    entries = mapping(node, readers, example)
    if not entries:
        raise node.error("nothing is expected here", f"write it like {example}")
    return {key: readers[key](entry) for key, entry in entries.items()}


def _recordings(node: Node, calls: Collection[str]) -> tuple[RecordingExpectation, ...]:
    example = "[{format: mp3, length: 20s ±40ms, ended_by: stop}]"
    return tuple(
        RecordingExpectation(**_place(each), **_fields(each, RECORDING_KEYS, example)) for each in items(node, example)
    )


def _deliveries(node: Node, calls: Collection[str]) -> tuple[DeliveryExpectation, ...]:
    example = "[{recording: 0, state: stored, attempts: 3}]"
    return tuple(
        DeliveryExpectation(**_place(each), **_fields(each, DELIVERY_KEYS, example)) for each in items(node, example)
    )


def _pattern(node: Node, calls: Collection[str]) -> EventPattern:
    with at(node):
        return parse_event(text(node, "an event: RECORD_START"), calls)


def _event(node: Node, calls: Collection[str]) -> EventExpectation:
    if not isinstance(node.value, dict):
        return EventExpectation(**_place(node), event=_pattern(node, calls))
    entries = mapping(node, ("event", "leg", "at"), "{event: RECORD_START, leg: B}")
    if "event" not in entries:
        raise node.error("no event is named", "write it like {event: RECORD_START, leg: B}")
    return EventExpectation(
        **_place(node),
        event=_pattern(entries["event"], calls),
        leg=_leg(entries["leg"]) if "leg" in entries else None,
        at=tolerance(entries["at"]) if "at" in entries else None,
    )


def _events(node: Node, calls: Collection[str]) -> tuple[EventExpectation, ...]:
    events = tuple(_event(each, calls) for each in items(node, "[RECORD_START, {event: RECORD_STOP, leg: A}]"))
    if not events:
        raise node.error("nothing is expected here", "name an event, or leave the key out")
    return events


def _exactly(node: Node, calls: Collection[str]) -> tuple[EventCount, ...]:
    counts = []
    for words_of_event, entry in any_mapping(node, "{RECORD_START: 1}").items():
        with at(entry):
            event = parse_event(words_of_event, calls)
        place = {**_place(entry), "text": f"exactly {entry.value} × {event}"}
        counts.append(EventCount(**place, event=event, count=_count(entry)))
    if not counts:
        raise node.error("nothing is expected here", "write it like {RECORD_START: 1}")
    return tuple(counts)


def _words(node: Node, calls: Collection[str]) -> ExpectedWords:
    example = "[record_call, user, voicemail]"
    return ExpectedWords(**_place(node), words=tuple(text(each, example) for each in items(node, example)))


def _word(node: Node, calls: Collection[str], known: Collection[str] = ()) -> ExpectedWord:
    word = choice(node, known) if known else text(node, "caller, a party's name or end of scenario")
    return ExpectedWord(**_place(node), word=word)


def _audio(node: Node, calls: Collection[str]) -> tuple[AudioExpectation, ...]:
    checks = [check for each in items(node, "[{recording: 0, left: silent}]") for check in _audio_item(each)]
    if not checks:
        raise node.error("nothing is expected here", "write it like [{recording: 0, left: silent}]")
    return tuple(checks)


def _audio_item(node: Node) -> list[AudioExpectation]:
    example = "{recording: 0, left: silent, from: 2s, to: 4s}"
    entries = mapping(node, AUDIO_KEYS, example)
    channels = [key for key in ("left", "right", "mono") if key in entries]
    if not channels or ("mono" in channels and len(channels) > 1):
        raise node.error("no channel" if not channels else "mono and stereo at once", f"write it like {example}")
    from_ms = duration(entries["from"]) if "from" in entries else 0
    to_ms = duration(entries["to"]) if "to" in entries else None
    if to_ms is not None and to_ms <= from_ms:
        raise entries["to"].error("ends before it begins", "from: must be earlier than to:")
    checks = []
    for channel in channels:
        with at(entries[channel]):
            sound = parse_sound(text(entries[channel], "silent, speech, tone 440 or voice alice"))
            refuse_not_yet(type(sound), str(sound))
        recording = _count(entries["recording"]) if "recording" in entries else 0
        checks.append(
            AudioExpectation(
                **_place(node), recording=recording, channel=channel, sound=sound, from_ms=from_ms, to_ms=to_ms
            )
        )
    return checks


_PARTS: dict[str, Callable[[Node, Collection[str]], Any]] = {
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
    "audio": _audio,
    "diagnostics": _words,
}

EXPECT_KEYS = (*_PARTS, "profiles")
"""Everything that may stand under `expect:`."""


def read_expectations(node: Node | None, calls: Collection[str] = (), *, for_all_calls: bool = False) -> Expectations:
    """The `expect:` part; `calls` are the names of the scenario's calls, that events may be prefixed with.

    With several calls, what only one call can have must stand under that call (`for_all_calls`).
    """
    if node is None:
        return Expectations()
    entries = dict(mapping(node, EXPECT_KEYS, _EXAMPLE))
    own = entries.pop("profiles", None)
    _check_calls(entries, calls, for_all_calls)
    base = Expectations(**{key: _PARTS[key](entry, calls) for key, entry in entries.items()})
    if own is None:
        return base
    profiles = any_mapping(own, _PROFILES_EXAMPLE)
    for name, each in profiles.items():
        if name not in PROFILES:
            raise each.error(f"unknown profile {shown(name)}", words.suggestion(name, PROFILES))
        _check_calls(mapping(each, _PARTS, _PROFILES_EXAMPLE), calls, for_all_calls)
    return evolve(base, profiles={name: _under(base, each, entries, calls) for name, each in profiles.items()})


def _check_calls(entries: Mapping[str, Node], calls: Collection[str], for_all_calls: bool) -> None:
    for key in _ONE_CALL_ONLY if for_all_calls else ():
        if key in entries:
            raise entries[key].error(f"{key} of which call?", f"put it under calls.{next(iter(calls))}.expect")


def _under(base: Expectations, profile: Node, general: Collection[str], calls: Collection[str]) -> Expectations:
    """What one profile changes of the general expectations; `general` are the keys that those have."""
    entries = any_mapping(profile, _PROFILES_EXAMPLE)
    if not entries:
        raise profile.error("nothing is different here", "write what is, or leave the profile out")
    changes = {}
    for key, entry in entries.items():
        if entry.value is not None:
            changes[key] = _PARTS[key](entry, calls)
        elif key in general:
            changes[key] = fields_dict(Expectations)[key].default
        else:
            raise entry.error(f"there is no {key} to take back", f"leave {key} out, or write what is expected")
    return evolve(base, **changes)
