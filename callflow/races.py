"""Races: the same scenario with what happens around a moment in every other order (issue: race explorer).

The steps near the moment are taken out of their places and put back in every order, each at one of the instants just
before, at and just after the moment and the engine's own timers near it. Every order is a whole scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, islice, permutations
from math import comb, factorial
from typing import Final

from attrs import evolve, frozen

from callflow.core.errors import ScenarioError
from callflow.core.trace import INPUT, Row
from callflow.moments import moment_of
from callflow.report.results import RunResult
from callflow.report.wording import clock
from callflow.scenario.durations import format_duration
from callflow.scenario.preparing import Prepared
from callflow.scenario.steps import After, At, Step, When
from callflow.scenario.verbs import Calls
from callflow.simulate import Run

MOST_STEPS: Final = 6
"""Steps that are put into every order; more of them near a moment are refused."""

MOST_TIMERS: Final = 4
"""Timers' instants that are looked at; of more, those that are nearest to the moment."""


@frozen
class Mover:
    """A step near the moment: the index of its call and of the step in it, and when it happened as written."""

    call: int
    index: int
    step: Step
    at_ms: int


@frozen
class Order:
    """One order: the movers in the order in which they act, each with its instant; empty is the scenario as written."""

    acts: tuple[tuple[Mover, int], ...] = ()

    @property
    def distance(self) -> tuple[int, int, int]:
        """How far it is from what is written: steps out of turn, steps at another instant, milliseconds in all."""
        movers = [mover for mover, _ in self.acts]
        turns = sum(
            1
            for place, first in enumerate(movers)
            for later in movers[place + 1 :]
            if (later.at_ms, later.call, later.index) < (first.at_ms, first.call, first.index)
        )
        away = [abs(at_ms - mover.at_ms) for mover, at_ms in self.acts]
        return turns, sum(1 for each in away if each), sum(away)


@frozen
class Played:
    """One order that was run: what came of it, and the steps, as written, that were not possible or had no turn."""

    order: Order
    prepared: Prepared
    result: RunResult
    missed: tuple[str, ...]


@frozen
class Race:
    """The moment, what is near it, and how many orders that makes; the run as written is not one of them."""

    prepared: Prepared
    as_written: Played
    at_ms: int
    within_ms: int
    movers: tuple[Mover, ...]
    timers: tuple[int, ...]
    instants: tuple[int, ...]
    performed: Mapping[tuple[int, int], int]
    started_ms: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many orders there are, as combinatorics has it."""
        steps, places = len(self.movers), len(self.instants)
        return factorial(steps) * comb(places + steps - 1, steps) if steps else 0

    def orders(self) -> Iterator[Order]:
        """Every order: those with fewest steps out of turn first, and within them the earlier instants first."""
        turns = sorted(permutations(self.movers), key=lambda each: Order(tuple((m, m.at_ms) for m in each)).distance)
        for movers in turns:
            for places in combinations_with_replacement(self.instants, len(movers)):
                yield Order(tuple(zip(movers, places, strict=True)))

    def play(self, most: int) -> Iterator[Played]:
        """Run the scenario as written and at most so many other orders, each whole."""
        yield self.as_written
        for order in islice(self.orders() if self.movers else (), most):
            yield _play(_arranged(self, order), order)


def find_race(prepared: Prepared, moment: str, within_ms: int) -> Race:
    """What is near the first `moment`, in the words of `when` or of `callflow.moments.WORDS`, in the run as written.

    Raises ScenarioError for words that are no moment, for one that never comes, and for too many steps near it.
    """
    run = Run(prepared)
    for _ in run.play():
        pass
    as_written = _played(run, Order())
    at_ms = moment_of(moment, prepared, run.rows, as_written.result)
    performed = _performed(prepared, run.rows)
    movers = tuple(
        Mover(call, index, step, performed[call, index])
        for call, each in enumerate(prepared.calls)
        for index, step in enumerate(each.script.timeline)
        if not isinstance(step.verb, Calls) and abs(performed.get((call, index), -within_ms - 1) - at_ms) <= within_ms
    )
    if len(movers) > MOST_STEPS:
        told = f"{len(movers)} steps within {format_duration(within_ms)} of it, {MOST_STEPS} are the most"
        raise ScenarioError(f"--around {moment}", told, "take less time around it: --within 100ms")
    started = tuple(_start_of(call.id, run.rows) for call in prepared.calls)
    earliest = max((started[mover.call] for mover in movers), default=0)
    timers = _timers(run.rows, at_ms, within_ms)
    instants = {each + by for each in (at_ms, *timers) for by in (-1, 0, 1)}
    there = tuple(sorted(each for each in instants if each >= earliest and abs(each - at_ms) <= max(within_ms, 1)))
    return Race(prepared, as_written, at_ms, within_ms, movers, timers, there, performed, started)


def _performed(prepared: Prepared, rows: Sequence[Row]) -> dict[tuple[int, int], int]:
    """When each step was done, by its call's index and its own; of one that was not possible, when it was tried."""
    seen: dict[tuple[object, object, object], int] = {}
    for row in rows:
        detail = row.detail or {}
        if row.kind == INPUT and "line" in detail:
            seen.setdefault((detail["line"], detail["text"], detail.get("file")), row.at_ms)
    found = {}
    for call, each in enumerate(prepared.calls):
        for index, step in enumerate(each.script.timeline):
            key = (step.line, step.shown["text"], step.shown.get("file"))
            if key in seen:
                found[call, index] = seen[key]
            elif isinstance(step.when, At):
                found[call, index] = _start_of(each.id, rows) + step.when.at_ms
    return found


def _start_of(call_id: str, rows: Sequence[Row]) -> int:
    return next((row.at_ms for row in rows if row.call_id == call_id), 0)


def _timers(rows: Sequence[Row], at_ms: int, within_ms: int) -> tuple[int, ...]:
    """Instants near the moment at which the engine moved by itself: the row behind a row is from an earlier instant."""
    times = [row.at_ms for row in rows]
    near = {
        row.at_ms
        for row in rows
        if row.kind != INPUT and 0 <= row.because and times[row.because] < row.at_ms
        if abs(row.at_ms - at_ms) <= within_ms
    }
    return tuple(sorted(sorted(near, key=lambda each: (abs(each - at_ms), each))[:MOST_TIMERS]))


def _arranged(race: Race, order: Order) -> Prepared:
    """The scenario with the movers at their new instants, and everything else when it happened as written.

    Behind the moment a step that counts from the one before it keeps its time; one that waits for an event still waits.
    """
    calls = []
    for number, call in enumerate(race.prepared.calls):
        mine = [(mover, at_ms) for mover, at_ms in order.acts if mover.call == number]
        if not mine:
            calls.append(call)
            continue
        steps = call.script.timeline
        first, last = min(mover.index for mover, _ in mine), max(mover.index for mover, _ in mine)
        moved = [evolve(mover.step, when=At(at_ms - race.started_ms[number])) for mover, at_ms in mine]
        moved = [evolve(step, text=f"{step.when}: {step.who} {step.verb}") for step in moved]
        timeline = (*steps[:first], *moved, *_kept(race, number, steps, last + 1))
        calls.append(evolve(call, script=evolve(call.script, timeline=timeline)))
    scenario = evolve(race.prepared.scenario, calls=tuple(call.script for call in calls))
    return evolve(race.prepared, scenario=scenario, calls=tuple(calls))


def _kept(race: Race, call: int, steps: Sequence[Step], start: int) -> Iterator[Step]:
    has_waited = False
    for index, step in enumerate(steps[start:], start):
        has_waited = has_waited or isinstance(step.when, When)
        at_ms = race.performed.get((call, index))
        if not has_waited and isinstance(step.when, After) and at_ms is not None:
            when = At(at_ms - race.started_ms[call])
            step = evolve(step, when=when, text=f"{when}: {step.who} {step.verb}")
        yield step


def without_missed(played: Played) -> Prepared:
    """The scenario of an order without the steps that could not be done, which change nothing and would fail."""
    calls = []
    for call in played.prepared.calls:
        timeline = tuple(step for step in call.script.timeline if step.text not in played.missed)
        calls.append(evolve(call, script=evolve(call.script, timeline=timeline)))
    scenario = evolve(played.prepared.scenario, calls=tuple(call.script for call in calls))
    return evolve(played.prepared, scenario=scenario, calls=tuple(calls))


def _play(prepared: Prepared, order: Order) -> Played:
    run = Run(prepared)
    for _ in run.play():
        pass
    return _played(run, order)


def _played(run: Run, order: Order) -> Played:
    done = {row.detail["text"] for row in run.rows if row.kind == INPUT and row.detail and "text" in row.detail}
    steps = (step for call in run.prepared.calls for step in call.script.timeline)
    missed = tuple(step.text for step in steps if step.text not in done)
    return Played(order, run.prepared, run.summary(), missed)


def told_order(order: Order, start_ms: int = 0) -> str:
    """The order as steps, `0:09.999 caller hangs up → 0:10.000 alice hangs up`; "" for the scenario as written."""
    return " → ".join(f"{clock(at_ms - start_ms)} {mover.step.who} {mover.step.verb}" for mover, at_ms in order.acts)
