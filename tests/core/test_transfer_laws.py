"""What holds whoever holds, consults and transfers whom: random calls keep the laws (design §2 laws 3, 4, 5, 8)."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.call import Call, FlowRun, Leg
from callflow.core.events import (
    Answers,
    Controls,
    HangsUp,
    Holds,
    Presses,
    Rejects,
    Resumes,
    Speaks,
    Transfers,
)
from callflow.core.leg import LEG_TABLE, LegState
from callflow.core.recording import Recording
from callflow.core.trace import INPUT, LEG, RECORDER, TRACE, Row
from callflow.report.hearing import soundtracks
from callflow.report.summary import summarise


def ring(device: str, *after: Any) -> dict[str, Any]:
    """A flow that rings one device."""
    return {"module": "device", "data": {"id": device}, "children": {"_": after[0]} if after else {}}


def recorded(then: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A flow that starts or stops a recording first."""
    return {"module": "record_call", "data": {"action": "start", **data}, "children": {"_": then}}


VOICEMAIL = {"module": "voicemail", "data": {"id": "box"}}
MAIN: dict[str, dict[str, Any]] = {
    "recorded": recorded(ring("lobby", VOICEMAIL)),
    "recorded from the bridge on": recorded(ring("lobby"), record_on_bridge=True, should_follow_transfer=False),
    "recorded for a while": recorded({"module": "user", "data": {"id": "bob"}}, time_limit=9),
}
FLOWS: dict[str, dict[str, Any]] = {
    "2002": ring("bob-desk"),
    "2003": recorded(recorded(ring("alice-phone", VOICEMAIL), should_follow_transfer=False), action="stop"),
    "2004": VOICEMAIL,
    "2005": {"module": "transfer", "data": {"target": "2003", "leg": "self"}},
}
LEGS = ["A", "B", "B2", "B3", "B4", "B5"]
NUMBER = st.sampled_from([*FLOWS, "2009"])
EVENT = st.one_of(
    st.just(Answers()),
    st.just(Answers()),
    st.just(HangsUp()),
    st.just(Rejects()),
    st.just(Holds()),
    st.just(Resumes()),
    NUMBER.map(Transfers),
    NUMBER.map(lambda number: Transfers(number, is_attended=True)),
    st.just(Speaks({"voice": "somebody"}, 3_000)),
    st.sampled_from("12#").map(Presses),
    st.sampled_from([Controls("start"), Controls("stop"), Controls("pause"), Controls("resume")]),
)
TELLS = st.lists(
    st.tuples(st.integers(3, 60).map(lambda n: n * 500), EVENT, st.sampled_from(LEGS)), min_size=2, max_size=18
)


def run(build: Any, main: str, profile: str, tells: Any) -> Any:
    """Run one call that is answered; whoever is left hangs up, one leg after another, twice round."""
    account = build.household()
    for number in FLOWS:
        account = build.with_flow(account, number, number)
    made = build.stage(MAIN[main], flows=FLOWS, profile=profile, account=account, raises=True).offer()
    made.tell(1_000, Answers(), "B")
    for tell in tells:
        made.tell(*tell)
    names = ["A", "B", *(f"B{n}" for n in range(2, 2 + 3 * len(tells)))]
    for at_ms in (100_000, 200_000):
        for index, leg in enumerate(names):
            made.tell(at_ms + 1_000 * index, HangsUp("end of scenario"), leg)
    return made.run()


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
@pytest.mark.parametrize("main", MAIN)
@given(tells=TELLS)
def test_laws_of_the_trace(build: Any, main: str, profile: str, tells: Any) -> None:
    """Laws 3, 4, 5 and 8: nothing is impossible, every row has a cause, every leg ends, and nothing stays."""
    stage = run(build, main, profile, tells)
    rows: list[Row] = stage.rows
    legs: dict[str, LegState] = {}
    sits: dict[int, str] = {}
    for row in rows:
        assert row.because == -1 if row.kind in (INPUT, TRACE) else 0 <= row.because < row.seq, row
        detail = row.detail or {}
        if row.kind == LEG:
            before = legs.get(row.leg)
            assert (before.name if before is not None else None) == detail.get("from"), row
            legs[row.leg] = LEG_TABLE.states[detail["to"]]
        elif row.kind == RECORDER and row.name == "MOVED":
            assert (sits[detail["recording"]], row.leg) == (detail["from_leg"], detail["leg"]), row
            sits[detail["recording"]] = row.leg
        elif row.kind == RECORDER and "to" in detail:
            assert sits.setdefault(detail["recording"], row.leg) == row.leg, row
            assert legs[row.leg] is not LegState.GONE or detail["to"] == "DISCARDED", row
    assert set(legs.values()) == {LegState.GONE}
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)
    assert all(call.ended_ms is not None for call in summarise(rows).calls)
    lengths = {index: track.length_ms for (_, index), track in soundtracks(rows).items()}
    for index, recording in enumerate(summarise(rows).recordings):
        assert recording.started_ms is None or lengths[index] >= recording.length_ms


@pytest.mark.parametrize("by", ["A", "B"])
def test_nothing_of_a_transferred_call_stays(build: Any, by: str) -> None:
    """Law 8: what a transfer replaces dies with it, or with the call, without waiting for a cycle collector."""
    tells = [
        (2_000, Transfers("2002", True), by), (3_000, Answers(), "B3"), (4_000, HangsUp(), by),
        (5_000, Transfers("2003"), "B3"), (6_000, HangsUp(), "A"), (6_000, HangsUp(), "B"),
    ]  # fmt: skip
    gc.collect()
    gc.disable()
    try:
        run(build, "recorded", "docs", tells)
        per_call = [each for each in gc.get_objects() if type(each) in (Call, Leg, FlowRun, Recording)]
    finally:
        gc.enable()
    assert per_call == []
