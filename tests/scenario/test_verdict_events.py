"""Verdicts on events: which rows are which event, in what order, how often, never."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.causes import HangupCause
from callflow.core.events import Answers, HangsUp, Presses, Rejects
from callflow.core.trace import EVENT, LEG, RECORDER, Row
from callflow.report.results import Failure
from callflow.report.summary import summarise
from callflow.scenario import parse_event, parse_scenario
from callflow.scenario.verdict import verdict
from callflow.scenario.witness import Witness

Rows = list[Row]
TOP = """\
scenario: a sample
callflow: sample.json
caller: {number: "+14155550100", dials: "2001"}
timeline: [{at 0s: caller calls}]
expect:
"""


def failures_of(expect: str, rows: Rows) -> tuple[Failure, ...]:
    """The verdict on rows."""
    [scenario] = parse_scenario(TOP + textwrap.indent(expect, "  "), file="x/sample.yaml")
    return verdict(scenario, rows, summarise(rows))


def seen(event: str, rows: Rows) -> list[int]:
    """At what times the event happens in the rows."""
    witness, pattern, times = Witness(), parse_event(event), []
    for row in rows:
        witness.observe(row)
        if witness.is_event(pattern):
            times.append(row.at_ms)
    return times


@pytest.mark.parametrize(
    ("event", "times"),
    [
        ("alice rings", [0]),
        ("alice-phone rings", [0]),
        ("alice answers", []),
        ("caller answers", [20_000]),
        ("caller rings", []),
        ("recording starts", [0]),
        ("recording stops", [20_000]),
        ("voicemail greets", [20_000]),
        ("voicemail records", [26_500]),
        ("vm-record_message plays", [23_000]),
        ("caller hangs up", [30_500]),
        ("alice hangs up", []),
        ("delivery starts", [20_000, 30_500]),
        ("delivery fails", [20_000]),
        ("RECORD_START", [0, 26_500]),
        ("CHANNEL_EXECUTE_COMPLETE", [20_000]),
        ("CHANNEL_BRIDGE", []),
    ],
)
def test_events_in_plain_words_are_found(event: str, times: list[int], call_placed: Callable[..., Rows]) -> None:
    """Design §6: the trace's own events, once each, at their time; a second try of the first delivery comes later."""
    rows = call_placed((30_500, "A", HangsUp()), replies=("503", "201"))
    found = seen(event, rows)
    assert [at_ms for at_ms in found if at_ms <= 30_500][: len(times)] == times
    assert len(found) >= len(times) and bool(found) == bool(times)


def test_what_an_answered_call_shows(answered: Rows) -> None:
    """A bridge is announced once, though both legs move (B§8.1); a success is one delivery."""
    assert seen("CHANNEL_BRIDGE", answered) == [4_000]
    assert seen("alice answers", answered) == [4_000]
    assert seen("delivery succeeds", answered) == [40_000]
    assert seen("voicemail greets", answered) == []


def test_digits_are_seen_when_the_last_one_is_pressed(call_placed: Callable[..., Rows]) -> None:
    """`caller presses 12` is the 2 that follows a 1."""
    presses = [(at_ms, "A", Presses(digit)) for at_ms, digit in ((100, "1"), (300, "1"), (500, "2"))]
    rows = call_placed(*presses, (900, "A", HangsUp()))
    assert seen("caller presses 12", rows) == [500]
    assert seen("caller presses 1", rows) == [100, 300]
    assert seen("alice presses 1", rows) == []
    assert seen("DTMF", rows) == [100, 300, 500]


def test_a_busy_party_is_seen(call_placed: Callable[..., Rows]) -> None:
    """`alice is busy`: her phone refuses with USER_BUSY; declining is something else."""
    busy = call_placed((1_000, "B", Rejects(HangupCause.USER_BUSY)), (25_000, "A", HangsUp()))
    declined = call_placed((1_000, "B", Rejects()), (25_000, "A", HangsUp()))
    assert (seen("alice is busy", busy), seen("alice is busy", declined)) == ([1_000], [])


def test_hanging_up_too_late_is_no_event(call_placed: Callable[..., Rows]) -> None:
    """A row that came when the leg was gone did not happen."""
    rows = call_placed((1_000, "B", Answers()), (3_000, "B", HangsUp()), (4_000, "B", HangsUp()))
    assert seen("alice hangs up", rows) == [3_000]


def test_holding_and_resuming_are_seen() -> None:
    """HELD is the leg that pressed hold."""
    rows = [
        Row(0, 0, "c1", "B", LEG, "CHANNEL_CREATE", {"to": "NEW", "party": "alice", "device": "alice-phone"}, -1, ""),
        Row(1, 500, "c1", "B", LEG, "CHANNEL_HOLD", {"from": "BRIDGED", "to": "HELD"}, -1, ""),
        Row(2, 900, "c1", "B", LEG, "CHANNEL_UNHOLD", {"from": "HELD", "to": "BRIDGED"}, -1, ""),
    ]
    assert (seen("alice holds", rows), seen("alice resumes", rows)) == ([500], [900])


@pytest.mark.parametrize(
    ("event", "times"),
    [
        ("recording is masked", [1]),
        ("recording is unmasked", [2]),
        ("recording pauses", [3]),
        ("recording resumes", [4]),
        ("RECORD_MASK", [1, 5]),
    ],
)
def test_masks_and_pauses_of_call_recordings_are_seen(event: str, times: list[int]) -> None:
    """B§3.10, B§3.11: the switch's own events, and plain words for those of call recordings."""
    names = ["RECORD_START", "RECORD_MASK", "RECORD_UNMASK", "RECORD_PAUSE", "RECORD_RESUME"]
    moves = [(at_ms, 0, name) for at_ms, name in enumerate(names)]
    rows = [
        Row(seq, at_ms, "c1", "A", RECORDER, name, {"recording": index, "kind": kind, "to": "X"}, -1, "")
        for seq, (at_ms, index, name, kind) in enumerate(
            [(0, 0, "ARMED", "call"), (0, 1, "ARMED", "voicemail"), *((*each, "") for each in moves),
             (5, 1, "RECORD_MASK", "")]
        )
    ]  # fmt: skip
    assert seen(event, rows) == times


def test_a_consultation_neither_rings_nor_answers() -> None:
    """B§8.2: on her consultation leg alice calls: what rings and answers there is somebody else's phone."""
    consulting = {"to": "NEW", "party": "alice", "device": "alice-phone", "dialled": "2002"}
    rows = [
        Row(0, 0, "c1", "B2", LEG, "CHANNEL_CREATE", consulting, -1, ""),
        Row(1, 500, "c1", "B2", LEG, "CHANNEL_PROGRESS", {"from": "NEW", "to": "RINGING"}, -1, ""),
        Row(2, 900, "c1", "B2", LEG, "CHANNEL_ANSWER", {"from": "RINGING", "to": "ANSWERED"}, -1, ""),
    ]
    assert seen("alice rings", rows) == seen("alice answers", rows) == []
    assert seen("CHANNEL_ANSWER", rows) == [900]


@pytest.mark.parametrize(
    "expect",
    [
        "events: [RECORD_START, alice answers, RECORD_STOP, CHANNEL_DESTROY]",
        "events: [{event: alice answers, at: 4s}, {event: RECORD_STOP, leg: A, at: 40s ±1ms}]",
        "events: [{event: CHANNEL_ANSWER, leg: B}, {event: CHANNEL_ANSWER, leg: A}]",
        "events: [{event: CHANNEL_ANSWER, leg: alice}, {event: CHANNEL_ANSWER, leg: caller}]",
        "events_unordered: [CHANNEL_DESTROY, RECORD_START, CHANNEL_DESTROY]",
        "exactly: {RECORD_START: 1, CHANNEL_DESTROY: 2, voicemail greets: 0}",
        "never: [voicemail records, {event: RECORD_START, leg: B}, {event: alice answers, at: 5s}]",
    ],
)
def test_events_that_happened_pass(expect: str, answered: Rows) -> None:
    """Design §6: in this order, others may lie between; unordered; exactly; never."""
    assert failures_of(expect, answered) == ()


@pytest.mark.parametrize(
    ("expect", "nearest", "words"),
    [
        ("events: [RECORD_STOP, RECORD_START]", "on leg A at 0:00.000", "not after RECORD_STOP"),
        ("events: [RECORD_START, RECORD_START]", "on leg A at 0:00.000", "not after RECORD_START"),
        ("events: [alice answers, voicemail greets]", "", "nothing like it happened"),
        ("events: [{event: alice answers, at: 5s}]", "on leg B at 0:04.000", "nearest: on leg B at 0:04.000"),
        ("events: [{event: CHANNEL_ANSWER, leg: B, at: 9s}]", "on leg B at 0:04.000", "nearest: on leg B"),
        ("events: [{event: RECORD_START, leg: B}]", "on leg A at 0:00.000", "nearest: on leg A"),
        ("events_unordered: [RECORD_START, RECORD_START]", "on leg A at 0:00.000", "nearest"),
        ("exactly: {CHANNEL_DESTROY: 1}", "2 times: on leg A at 0:40.000, on leg B at 0:40.000", "2 times"),
        ("exactly: {voicemail greets: 1}", "0 times", "nearest: 0 times"),
        ("exactly: {alice is busy: 1}", "0 times, but alice rings on leg B at 0:00.000", "nearest: 0 times, but alice"),
        ("events: [alice-phone hangs up]", "alice-phone rings on leg B at 0:00.000", "nearest: alice-phone rings"),
        ("events: [RECORD_PAUSE]", "RECORD_STOP on leg A at 0:40.000", "nearest: RECORD_STOP on leg A"),
        ("events_unordered: [delivery fails]", "delivery starts on leg A at 0:40.000", "nearest: delivery starts"),
        ("events: [caller presses 1]", "", "nothing like it happened"),
        ("never: [alice answers]", "on leg B at 0:04.000", "never, but it happened on leg B at 0:04.000"),
    ],
)
def test_events_that_are_missed_say_what_came_nearest(expect: str, nearest: str, words: str, answered: Rows) -> None:
    """Design §6: each unmet event with its place, and the sighting that came nearest."""
    [failure] = failures_of(expect, answered)
    assert failure.nearest == nearest
    assert words in failure.message
    assert failure.message.startswith("x/sample.yaml:6: expect.")


def test_after_a_missing_event_the_others_are_still_looked_for(answered: Rows) -> None:
    """One missing event is one failure."""
    [failure] = failures_of("events: [RECORD_START, voicemail greets, alice answers, RECORD_STOP]", answered)
    assert failure.expected == "voicemail greets"


def timed_rows(times: list[int]) -> Rows:
    """A call and digits pressed at these times."""
    detail = {"to": "NEW", "party": "caller", "device": "", "number": "1", "dialled": "2"}
    start = Row(0, 0, "c1", "A", LEG, "CHANNEL_CREATE", detail, -1, "")
    pressed = [Row(1 + i, at, "c1", "A", EVENT, "DTMF", {"digit": "1"}, -1, "") for i, at in enumerate(times)]
    return [start, *pressed]


@given(st.lists(st.integers(0, 6), max_size=5), st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 2))
def test_unordered_events_get_a_row_each_whenever_that_is_possible(
    times: list[int], wanted: list[int], within: int
) -> None:
    """Each expected event needs a row of its own; the verdict misses exactly as many as no arrangement can serve."""
    items = ", ".join(f"{{event: DTMF, at: {at}ms ±{within}ms}}" for at in wanted)
    missed = len(failures_of(f"events_unordered: [{items}]", timed_rows(sorted(times))))
    padded = [*times, *([None] * len(wanted))]
    best = max(
        sum(at is not None and abs(at - want) <= within for at, want in zip(order, wanted, strict=True))
        for order in set(permutations(padded, len(wanted)))
    )
    assert missed == len(wanted) - best


def test_a_row_is_given_away_again_where_its_event_can_take_another() -> None:
    """The first event could be either row, the second only the one that the first would take."""
    expect = "events_unordered: [{event: DTMF, at: 1ms ±1ms}, {event: DTMF, at: 0s}]"
    assert failures_of(expect, timed_rows([0, 2])) == ()


def test_thousands_of_expected_events_are_matched_without_recursion() -> None:
    """A long list is the author's business; it must not exhaust the stack."""
    items = ", ".join(["DTMF"] * 1_501)
    assert len(failures_of(f"events_unordered: [{items}]", timed_rows(list(range(1_500))))) == 1
