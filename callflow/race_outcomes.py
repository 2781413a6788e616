"""What a race can come to: the orders that were run, grouped by what became of the calls and their recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from callflow.races import Played, Race
from callflow.report.results import RecordingResult
from callflow.report.wording import clock, printable

Facts = Mapping[str, str]
"""What an outcome is, fact by fact: `hang-up`, `path`, `recording 0 ended by` …; of several calls each is named."""


@frozen
class RaceOutcome:
    """One outcome: its facts, the runs that came to it, and the simplest of these.

    `differs` has, by the fact, what the scenario as written came to instead; empty for that outcome itself.
    """

    facts: Facts
    runs: tuple[Played, ...]
    example: Played
    differs: Mapping[str, str]

    @property
    def is_as_written(self) -> bool:
        """Whether the scenario as written comes to this."""
        return not self.differs

    @property
    def impossible(self) -> int:
        """In how many of its orders a step could not be done any more."""
        return sum(1 for run in self.runs if run.missed and run.order.acts)

    @property
    def orders(self) -> int:
        """How many orders came to it; the scenario as written is none."""
        return sum(1 for run in self.runs if run.order.acts)


def outcomes_of(race: Race, runs: Iterable[Played]) -> tuple[RaceOutcome, ...]:
    """The different outcomes: that of the scenario as written first, then those that most orders come to.

    Lengths of a recording are the same as long as no gap between them is longer than the time around the moment.
    """
    played = tuple(runs)
    bands = _bands(played, race.within_ms)
    groups: dict[tuple[tuple[str, str], ...], list[Played]] = {}
    for each in played:
        groups.setdefault(tuple(_facts(race, each, bands)), []).append(each)
    written = dict(next(iter(groups), ()))
    found = [_outcome(dict(key), group, written) for key, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (not each.is_as_written, -each.orders, each.example.order.distance)))


def _outcome(facts: Facts, group: Sequence[Played], written: Facts) -> RaceOutcome:
    differs = {key: written.get(key, "none") for key in {**facts, **written} if facts.get(key) != written.get(key)}
    example = min(group, key=lambda each: each.order.distance)
    return RaceOutcome(facts, tuple(group), example, differs)


def _facts(race: Race, played: Played, bands: Sequence[Mapping[int, str]]) -> Iterator[tuple[str, str]]:
    result = played.result
    names = {call.id: call.script.name for call in race.prepared.calls}
    if result.outcome == "error":
        yield "outcome", "error"
    for call in result.calls:
        start = f"{printable(names[call.call_id])}: " if names.get(call.call_id) else ""
        yield f"{start}hang-up", f"{call.hangup_cause or 'none'} by {printable(call.hangup_by or 'nobody')}"
        yield f"{start}path", " → ".join(printable(step.module) for step in call.path)
        yield f"{start}places", " ".join(f"{step.flow}/{step.where}" for step in call.path)
    for index, recording in enumerate(result.recordings):
        for key, value in _recording(recording, bands[index]):
            yield f"recording {index} {key}", value


def _recording(recording: RecordingResult, bands: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    yield "kind", recording.kind
    yield "leg", recording.leg
    yield "state", recording.state
    yield "ended by", recording.ended_by or "none"
    yield "cause", recording.completion_cause or "none"
    yield "length", bands[recording.length_ms]
    yield "delivery", recording.delivery.state if recording.delivery is not None else "none"


def _bands(played: Sequence[Played], within_ms: int) -> list[dict[int, str]]:
    """For each recording's index the band of every length that it has anywhere, in words."""
    lengths: list[set[int]] = []
    for each in played:
        for index, recording in enumerate(each.result.recordings):
            if index == len(lengths):
                lengths.append(set())
            lengths[index].add(recording.length_ms)
    return [_banded(sorted(each), within_ms) for each in lengths]


def _banded(lengths: Sequence[int], within_ms: int) -> dict[int, str]:
    groups: list[list[int]] = []
    for each in lengths:
        if groups and groups[-1][-1] > 0 and each - groups[-1][-1] <= within_ms:
            groups[-1].append(each)
        else:
            groups.append([each])
    words = {}
    for group in groups:
        text = clock(group[0]) if len(group) == 1 else f"{clock(group[0])}…{clock(group[-1])}"
        words.update(dict.fromkeys(group, text))
    return words


def outcomes_data(race: Race, found: Sequence[RaceOutcome], moment: str, run: int) -> dict[str, Any]:
    """The object that `callflow race --json` prints; names are a promise."""
    return {
        "format": 1,
        "scenario": race.prepared.scenario.name,
        "profile": race.prepared.setting.profile.name,
        "around": moment,
        "at_ms": race.at_ms,
        "within_ms": race.within_ms,
        "steps": [f"{mover.step.who} {mover.step.verb}" for mover in race.movers],
        "timers_ms": list(race.timers),
        "orders": race.count,
        "run": run,
        "outcomes": [
            {
                "orders": each.orders,
                "as_written": each.is_as_written,
                "impossible": each.impossible,
                "facts": dict(each.facts),
                "instead_of": dict(each.differs),
                "example": [
                    {"at_ms": at_ms, "line": mover.step.line, "step": f"{mover.step.who} {mover.step.verb}"}
                    for mover, at_ms in each.example.order.acts
                ],
            }
            for each in found
        ],
    }
