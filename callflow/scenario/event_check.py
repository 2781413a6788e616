"""Expectations about events: in order, in any order, so many times, never."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

from attrs import frozen

from callflow.core.trace import Row
from callflow.report.results import Failure
from callflow.report.wording import clock
from callflow.scenario.expect import EventCount, EventExpectation, Expectations
from callflow.scenario.near_misses import nearest_event
from callflow.scenario.occurrences import EventPattern
from callflow.scenario.scope import Scope
from callflow.scenario.unmet import unmet
from callflow.scenario.witness import Witness

_Like = Callable[[EventPattern], str]


@frozen
class _Sighting:
    """A row that is the expected event, `at_ms` from its call's start; `is_there`: on the expected leg, if one is."""

    row: Row
    at_ms: int
    is_there: bool

    def __str__(self) -> str:
        return f"on leg {self.row.leg} at {clock(self.at_ms)}" if self.row.leg else f"at {clock(self.at_ms)}"


def event_failures(expect: Expectations, scope: Scope) -> Iterator[Failure]:
    """The unmet ones of `events`, `events_unordered`, `exactly` and `never`."""
    wanted: list[EventExpectation | EventCount] = [*expect.events, *expect.events_unordered]
    wanted += [*expect.exactly, *expect.never]
    if not wanted:
        return
    seen = _sightings(wanted, scope)
    counts = [len(expect.events), len(expect.events_unordered), len(expect.exactly)]
    starts = [sum(counts[:place]) for place in range(4)]
    like = cache(partial(_like, scope))
    yield from _out_of_order(expect.events, seen[: starts[1]], like)
    yield from _missing(expect.events_unordered, seen[starts[1] : starts[2]], like)
    for count, found in zip(expect.exactly, seen[starts[2] : starts[3]], strict=True):
        if len(found) != count.count:
            places = ", ".join(map(str, found[:5])) + (" …" if len(found) > 5 else "")
            other = like(count.event) if not found else ""
            yield unmet(count, f"{len(found)} times" + (f": {places}" if found else f", but {other}" if other else ""))
    for event, found in zip(expect.never, seen[starts[3] :], strict=True):
        if unwanted := next((each for each in found if _fits(event, each)), None):
            yield unmet(event, str(unwanted), f"never, but it happened {unwanted}")


def _sightings(wanted: Sequence[EventExpectation | EventCount], scope: Scope) -> list[list[_Sighting]]:
    """For each expected event the rows that are it, leg and time aside; one pass over the rows, equals share a list."""
    witness, started = Witness(), {call.call_id: call.started_ms for call in scope.result.calls}
    asked = [(each.event, each.leg if isinstance(each, EventExpectation) else None) for each in wanted]
    seen: dict[tuple[EventPattern, str | None], list[_Sighting]] = {ask: [] for ask in asked}
    asks = [(pattern, leg, scope.wanted_call(pattern.call), found) for (pattern, leg), found in seen.items()]
    for row in scope.rows:
        witness.observe(row)
        for pattern, leg, call_id, found in asks:
            if call_id in (None, row.call_id) and witness.is_event(pattern):
                at_ms = row.at_ms - started.get(row.call_id, 0)
                found.append(_Sighting(row, at_ms, leg is None or witness.is_on(leg)))
    return [seen[ask] for ask in asked]


def _fits(event: EventExpectation, sighting: _Sighting) -> bool:
    return sighting.is_there and (event.at is None or event.at.accepts(sighting.at_ms))


def _out_of_order(
    events: Sequence[EventExpectation], seen: Sequence[list[_Sighting]], like: _Like
) -> Iterator[Failure]:
    """Each event must come after the one before it; after a missing one the search goes on from the last found."""
    last_seq, last_text = -1, ""
    for event, sightings in zip(events, seen, strict=True):
        found = next((each for each in sightings if each.row.seq > last_seq and _fits(event, each)), None)
        if found is not None:
            last_seq, last_text = found.row.seq, event.text
            continue
        early = next((each for each in reversed(sightings) if _fits(event, each)), None)
        if early is not None:
            yield unmet(event, str(early), f"it happened {early}, but not after {last_text}")
        else:
            yield unmet(event, _nearest(event, sightings, like))


def _missing(events: Sequence[EventExpectation], seen: Sequence[list[_Sighting]], like: _Like) -> Iterator[Failure]:
    """Each event needs a row of its own; a row is given away again where its event can take another."""
    fitting = [
        [each.row.seq for each in sightings if _fits(event, each)]
        for event, sightings in zip(events, seen, strict=True)
    ]
    holder: dict[int, int] = {}
    held: dict[int, int] = {}
    for number, event in enumerate(events):
        if not _place(number, fitting, holder, held):
            yield unmet(event, _nearest(event, seen[number], like))


def _place(event: int, fitting: Sequence[list[int]], holder: dict[int, int], held: dict[int, int]) -> bool:
    """Find a row for one more event (an augmenting path); `holder` is row to event, `held` event to row."""
    waiting, came_from = [event], dict[int, int]()
    for each in waiting:
        for seq in fitting[each]:
            if seq in came_from:
                continue
            came_from[seq] = each
            if seq in holder:
                waiting.append(holder[seq])
                continue
            free: int | None = seq
            while free is not None:
                taker = came_from[free]
                left = held.get(taker)
                holder[free], held[taker] = taker, free
                free = left
            return True
    return False


def _nearest(event: EventExpectation, sightings: Sequence[_Sighting], like: _Like) -> str:
    """The sighting closest in time when a time was asked for, else the first; without any, what is most like it."""
    if not sightings:
        return like(event.event)
    if event.at is None:
        return str(sightings[0])
    wanted_ms = event.at.value_ms
    return str(min(sightings, key=lambda each: abs(each.at_ms - wanted_ms)))


def _like(scope: Scope, event: EventPattern) -> str:
    """What happened that is most like an event that did not, "" when nothing is."""
    started = {call.call_id: call.started_ms for call in scope.result.calls}
    found = nearest_event(event, scope.rows, scope.wanted_call(event.call), started)
    return str(found) if found is not None else ""
