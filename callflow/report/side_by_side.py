"""What two runs came to, fact by fact: for seeing at a glance what a difference in the rules did to the recordings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Final

from attrs import frozen

from callflow.report.delivery_words import place_of
from callflow.report.results import CallResult, DeliveryResult, RecordingResult, RunResult
from callflow.report.wording import clock, cut, printable

_GAP: Final = "  "
_NARROWEST: Final = 20
_MOST_LINES: Final = 4
_SAME: Final = " "
_OTHER: Final = "≠"
_NO_NAMES: Final[Mapping[str, str]] = {}


@frozen
class Fact:
    """One fact of both runs: `what` it is about, and what each run has, "" for nothing; all safe to print."""

    what: str
    left: str
    right: str

    @property
    def is_same(self) -> bool:
        """Whether both runs agree."""
        return self.left == self.right


def facts(left: RunResult, right: RunResult, names: Mapping[str, str] = _NO_NAMES) -> tuple[Fact, ...]:
    """The facts of two runs of one scenario: way, end and recordings of every call, both runs' in the same order.

    `names` has the calls' names by call id; without, several calls are counted from 1.
    """
    found: list[Fact] = []
    many = max(len(left.calls), len(right.calls)) > 1
    for number, (one, other) in enumerate(zip_longest(left.calls, right.calls), 1):
        known = one or other
        name = names.get(known.call_id) or str(number) if known is not None else ""
        found += _pair(dict(_call(one)), dict(_call(other)), f"call {name}: " if many else "")
        ours = one.recordings if one is not None else ()
        theirs = other.recordings if other is not None else ()
        for index, (mine, thine) in enumerate(zip_longest(ours, theirs)):
            about = f"{f'call {name}, ' if many else ''}recording {index}: "
            found += _pair(dict(_recording(mine)), dict(_recording(thine)), about)
    return tuple(found)


def _pair(left: dict[str, str], right: dict[str, str], about: str) -> Iterator[Fact]:
    for what in dict.fromkeys((*left, *right)):
        yield Fact(printable(about + what), printable(left.get(what, "")), printable(right.get(what, "")))


def _call(call: CallResult | None) -> Iterator[tuple[str, str]]:
    if call is None:
        return
    yield "path", " → ".join(step.module for step in call.path) or "none"
    if call.ended_ms is not None:
        by = f" by {call.hangup_by}" if call.hangup_by else ""
        yield "call ended", f"{clock(call.ended_ms)}, {call.hangup_cause}{by}"


def _recording(recording: RecordingResult | None) -> Iterator[tuple[str, str]]:
    if recording is None:
        return
    yield "state", f"{recording.kind}, {recording.state.replace('_', ' ')}"
    if recording.started_ms is not None:
        yield "started", clock(recording.started_ms)
        yield "length", clock(recording.length_ms)
    if recording.ended_by is not None:
        yield "ended by", f"{recording.ended_by}, {recording.completion_cause or 'no completion cause'}"
    if recording.delivery is not None:
        yield "storage", _stored(recording.delivery)
        if recording.delivery.webhook is not None:
            yield "webhook", _outcome(recording.delivery.webhook.state, len(recording.delivery.webhook.attempts))


def _stored(delivery: DeliveryResult) -> str:
    state = delivery.state.replace("_", " ")
    if delivery.target == "none":
        return state
    overwritten = delivery.overwritten_by
    later = f", overwritten by recording {overwritten}" if overwritten is not None else ""
    place = place_of(delivery.target, delivery.method, delivery.url)
    return f"{place}: {_outcome(state, len(delivery.attempts))}{later}"


def _outcome(state: str, tries: int) -> str:
    return f"{state} after {tries} tries" if tries > 1 else state


def facts_text(found: tuple[Fact, ...], titles: tuple[str, str], width: int) -> str:
    """The facts in three columns, at most `width` characters wide, ≠ before those that differ; no final line break.

    The query of an address can be very long: what takes more than four lines is cut.
    """
    label = max((len(fact.what) for fact in found), default=0) + 2
    room = max(_NARROWEST, (width - label - 2 * len(_GAP)) // 2)
    lines = [f"{'':<{label}}{_GAP}{titles[0]:<{room}}{_GAP}{titles[1]}".rstrip()]
    for fact in found:
        mark = _SAME if fact.is_same else _OTHER
        left, right = (_wrapped(each or "–", room) for each in (fact.left, fact.right))
        for place, (one, other) in enumerate(zip_longest(left, right, fillvalue="")):
            start = f"{mark} {fact.what}" if place == 0 else ""
            lines.append(f"{start:<{label}}{_GAP}{one:<{room}}{_GAP}{other}".rstrip())
    return "\n".join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(cut(text, _MOST_LINES * (room - 2)), room, subsequent_indent="  ", break_on_hyphens=False)
