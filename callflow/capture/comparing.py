"""What production did beside what the simulation says, on one time line, event by event (`callflow replay`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal

from attrs import frozen

from callflow.capture.calls import LoggedCall
from callflow.capture.events import ENDS
from callflow.core.trace import LEG, Row, channel_event

ALWAYS: Final = ("CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_DESTROY", "RECORD_START", "RECORD_STOP")
"""Events that are compared even if the capture has none of them; others only where it has one."""

_NEVER: Final = ("CHANNEL_EXECUTE_COMPLETE", *ENDS)
"""The simulation tells of no application, only of what it did; and a leg's end is one event here."""

State = Literal["same", "late", "early", "missing", "extra"]
"""How the simulation compares with production: `late` is later than it, `missing` has only production."""


@frozen
class Pair:
    """One event: what production has, what the simulation has (its row), and how they compare; times in ms."""

    name: str
    leg: str
    state: State
    logged_ms: int | None
    played_ms: int | None
    row: Row | None = None

    @property
    def at_ms(self) -> int:
        """When it happened first."""
        return min(each for each in (self.logged_ms, self.played_ms) if each is not None)


@frozen
class _Sight:
    at_ms: int
    row: Row | None = None


def compare(
    call: LoggedCall, parties: Mapping[str, str], rows: Sequence[Row], names: Collection[str], tolerance_ms: int
) -> tuple[Pair, ...]:
    """Every event of both, paired by leg and name; `names` are those that the capture has at all.

    Two that are further apart than the tolerance are late or early; the end of a capture ends the comparison.
    """
    compared = {*ALWAYS, *(name for name in names if name not in _NEVER)}
    legs = _lanes(call, parties, rows)
    logged: dict[tuple[str, str], list[_Sight]] = {}
    for moment in call.moments:
        if moment.name in compared:
            logged.setdefault((legs[moment.leg], moment.name), []).append(_Sight(moment.at_ms))
    played: dict[tuple[str, str], list[_Sight]] = {}
    last_ms = call.moments[-1].at_ms if call.end_of(call.id) is None else None
    for row in rows:
        name = channel_event(row)
        if name in compared and (last_ms is None or row.at_ms <= last_ms):
            played.setdefault((row.leg, name), []).append(_Sight(row.at_ms, row))
    pairs: list[Pair] = []
    for lane in dict.fromkeys((*logged, *played)):
        pairs += _paired(lane, logged.get(lane, []), played.get(lane, []), tolerance_ms)
    return tuple(sorted(pairs, key=lambda pair: (pair.at_ms, pair.row.seq if pair.row is not None else -1)))


def differences(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Those that are not the same."""
    return tuple(pair for pair in pairs if pair.state != "same")


def _lanes(call: LoggedCall, parties: Mapping[str, str], rows: Sequence[Row]) -> dict[str, str]:
    """The name of each logged leg: that of the simulation's leg with the same party, else a name of its own."""
    free = {
        row.leg: ((row.detail or {})["party"], (row.detail or {})["device"])
        for row in rows
        if row.kind == LEG and row.name == "CHANNEL_CREATE" and row.leg != "A"
    }
    lanes = {call.id: "A"}
    for number, leg in enumerate(call.legs[1:], 1):
        party = parties[leg.id]
        lane = next((name for name, who in free.items() if party in who), "")
        if lane:
            del free[lane]
        lanes[leg.id] = lane or f"{party}?{number if number > 1 else ''}"
    return lanes


def _paired(lane: tuple[str, str], logged: list[_Sight], played: list[_Sight], tolerance_ms: int) -> list[Pair]:
    """First those that are close in time, in their order; of the rest, the first with the first, and so on."""
    leg, name = lane
    pairs: list[Pair] = []
    left: list[_Sight] = []
    right: list[_Sight] = []
    one = other = 0
    while one < len(logged) and other < len(played):
        apart_ms = played[other].at_ms - logged[one].at_ms
        if abs(apart_ms) <= tolerance_ms:
            pairs.append(Pair(name, leg, "same", logged[one].at_ms, played[other].at_ms, played[other].row))
            one, other = one + 1, other + 1
        elif apart_ms > 0:
            left.append(logged[one])
            one += 1
        else:
            right.append(played[other])
            other += 1
    left += logged[one:]
    right += played[other:]
    both = min(len(left), len(right))
    for mine, thine in zip(left[:both], right[:both], strict=True):
        state: State = "late" if thine.at_ms > mine.at_ms else "early"
        pairs.append(Pair(name, leg, state, mine.at_ms, thine.at_ms, thine.row))
    pairs += [Pair(name, leg, "missing", mine.at_ms, None) for mine in left[both:]]
    pairs += [Pair(name, leg, "extra", None, thine.at_ms, thine.row) for thine in right[both:]]
    return pairs
