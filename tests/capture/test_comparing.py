"""Production beside the simulation: events are paired by leg and name (issue 5, item 7)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve

from callflow.capture.calls import LoggedCall, LoggedLeg, Moment
from callflow.capture.comparing import Pair, compare
from callflow.capture.events import LoggedEvent
from callflow.core.trace import LEG, RECORDER, Row

NOTHING = LoggedEvent(1, 0, "", "", "", "", "", "", "", "", (), "", "", "", "")
WHO = {"party": "alice", "device": "alice-phone"}


def pairs(logged: list[tuple[int, str]], played: list[tuple[int, str]], *names: str) -> Sequence[tuple[object, ...]]:
    """What of the A-leg's events is paired how."""
    moments = tuple(Moment(at, name, "a", evolve(NOTHING, name=name)) for at, name in logged)
    end = Moment(99_000, "CHANNEL_DESTROY", "a", NOTHING)
    rows = [Row(seq, at, "x", "A", RECORDER, name, None, -1, "") for seq, (at, name) in enumerate(played)]
    rows.append(Row(len(rows), 99_000, "x", "A", LEG, "CHANNEL_DESTROY", None, -1, ""))
    call = LoggedCall("a", 0, "", "", "", (LoggedLeg("a", ()),), (*moments, end))
    found = compare(call, {"a": "caller"}, rows, names, 500)
    return [(each.name, each.state, each.logged_ms, each.played_ms) for each in found][:-1]


START, STOP = "RECORD_START", "RECORD_STOP"


@pytest.mark.parametrize(
    ("logged", "played", "expected"),
    [
        ([(0, START)], [(500, START)], [(START, "same", 0, 500)]),
        ([(0, START)], [(501, START)], [(START, "late", 0, 501)]),
        ([(900, START)], [(0, START)], [(START, "early", 900, 0)]),
        ([(0, START)], [], [(START, "missing", 0, None)]),
        ([], [(7, STOP)], [(STOP, "extra", None, 7)]),
        (
            [(0, START), (9_000, START)],
            [(0, START), (5_000, START), (9_000, START)],
            [(START, "same", 0, 0), (START, "extra", None, 5_000), (START, "same", 9_000, 9_000)],
        ),
    ],
)
def test_events_are_paired(
    logged: list[tuple[int, str]], played: list[tuple[int, str]], expected: list[tuple[object, ...]]
) -> None:
    """Within the tolerance the same, beyond it late or early, alone missing or extra; one extra shifts no other."""
    assert pairs(logged, played) == expected


def test_what_the_capture_never_has_is_not_compared() -> None:
    """A log without masks says nothing of them; with one, they are compared."""
    assert pairs([], [(5, "RECORD_MASK")]) == []
    assert pairs([], [(5, "RECORD_MASK")], "RECORD_MASK") == [("RECORD_MASK", "extra", None, 5)]


def test_legs_are_matched_by_who_is_on_them() -> None:
    """The second leg of the log may be the first of the simulation; one that nobody has gets a name of its own."""
    rows = [Row(0, 0, "x", "B", LEG, "CHANNEL_CREATE", WHO, -1, "")]
    moments = tuple(Moment(0, "CHANNEL_CREATE", leg, NOTHING) for leg in "acb")
    call = LoggedCall("a", 0, "", "", "", tuple(LoggedLeg(leg, ()) for leg in "acb"), moments)
    found = compare(call, {"a": "caller", "b": "alice", "c": "bob"}, rows, (), 500)
    assert {(each.leg, each.state) for each in found} == {("A", "missing"), ("bob?", "missing"), ("B", "same")}


def test_a_capture_that_is_over_early_ends_the_comparison() -> None:
    """Nothing is extra that would have come after the log's last event."""
    rows = [Row(0, 8_000, "x", "A", RECORDER, START, None, -1, "")]
    call = LoggedCall("a", 0, "", "", "", (LoggedLeg("a", ()),), (Moment(0, "CHANNEL_CREATE", "a", NOTHING),))
    found: tuple[Pair, ...] = compare(call, {"a": "caller"}, rows, (), 500)
    assert [each.name for each in found] == ["CHANNEL_CREATE"]
