"""What holds for every run: random calls through several flows keep the laws (design §2 laws 3, 4, 5, 8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.causes import HangupCause
from callflow.core.delivery import DELIVERY, DeliveryState
from callflow.core.events import Answers, FallsSilent, HangsUp, Presses, Rejects, Speaks
from callflow.core.leg import LEG_TABLE, LegState
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.table import LATE, Table
from callflow.core.trace import INPUT, LATE_EVENT, TRACE, Row

START = {"action": "start", "url": "http://h/r", "time_limit": 7}
VOICEMAIL = {"module": "voicemail", "data": {"id": "box"}}


def recording(data: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """A record_call node with what follows it."""
    return {"module": "record_call", "data": data, "children": {"_": then}}


STOP: dict[str, Any] = {"action": "stop"}
RING = {"module": "user", "data": {"id": "bob", "timeout": 9}}
FLOWS: dict[str, dict[str, Any]] = {
    "the seed's sample": recording(START, {**RING, "children": {"_": recording(STOP, VOICEMAIL)}}),
    "in turn, then voicemail": {
        "module": "user",
        "data": {"id": "bob", "timeout": 4, "strategy": "single", "delay": 1},
        "children": {
            "USER_BUSY": VOICEMAIL,
            "_": {"module": "play", "data": {"id": "song"}, "children": {"_": VOICEMAIL}},
        },
    },
    "armed twice": recording(
        {**START, "record_on_answer": True},
        recording({"record_on_bridge": True, "record_min_sec": 4}, {**RING, "children": {}}),
    ),
    "two and a stop": recording(
        {"action": "start"},
        recording(START, {"module": "sleep", "data": {"duration": 6}, "children": {"_": recording(STOP, RING)}}),
    ),
    "caller only": {
        "module": "record_caller",
        "data": {"time_limit": 20, "url": "http://h/r"},
        "children": {
            "_": {"module": "callflow", "data": {"id": "inner"}, "children": {"_": recording(STOP, VOICEMAIL)}}
        },
    },
    "refused": recording(START, {"module": "response", "data": {"code": 603, "media": "song"}}),
}
INNER = recording(START, {"module": "tts", "data": {"text": "Please hold the line."}})

SPOKEN = {"voice": "somebody"}
EVENT = st.one_of(
    st.just(Answers()),
    st.sampled_from([HangupCause.CALL_REJECTED, HangupCause.USER_BUSY, HangupCause.NO_USER_RESPONSE]).map(Rejects),
    st.just(HangsUp()),
    st.sampled_from("0123#").map(Presses),
    st.integers(1, 9_000).map(lambda for_ms: Speaks(SPOKEN, for_ms)),
    st.just(FallsSilent()),
)
# Coarse times, so that things meet in one instant: a ring timeout, a limit, the end of a prompt.
TELLS = st.lists(
    st.tuples(st.integers(0, 30).map(lambda n: n * 500), EVENT, st.sampled_from(["A", "B", "B", "B2", "B3"])),
    max_size=12,
)
PROFILES = ["docs", "kazoo-4", "kazoo-5"]
MACHINES: dict[str, tuple[Table[Any, Any], str]] = {
    "LEG": (LEG_TABLE, "leg"),
    "RECORDER": (RECORDER_TABLE, "recording"),
    "DELIVERY": (DELIVERY, "delivery"),
}


def run(build: Any, flow: str, profile: str, tells: Any, **setting: Any) -> Any:
    """Run one call; whoever is left hangs up after two minutes."""
    made = build.stage(FLOWS[flow], flows={"inner": INNER}, profile=profile, replies=("503", "201"), **setting)
    made.offer("a1")
    for tell in tells:
        made.tell(*tell, call_id="a1")
    return made.tell(120_000, HangsUp("end of scenario"), call_id="a1").run()


def fold(rows: list[Row]) -> dict[tuple[str, Any], Any]:
    """Fold the machines' rows through their tables; returns each machine's final state by (kind, identity)."""
    states: dict[tuple[str, Any], Any] = {}
    for row in rows:
        if row.kind not in MACHINES or row.detail is None or "to" not in row.detail:
            continue
        table, key = MACHINES[row.kind]
        machine = (row.kind, row.leg if key == "leg" else row.detail[key])
        if row.name in table.events.__members__ and (machine in states or row.name == "UNWANTED"):
            before = states.get(machine, table.start)
            after = table.rows[before][table.events[row.name]]
            assert (before.name, after.name) == (row.detail["from"], row.detail["to"]), row
            states[machine] = after
        else:
            assert machine not in states and row.detail["to"] == table.start.name, row
            states[machine] = table.start
    return states


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("flow", FLOWS)
@given(tells=TELLS)
def test_laws_of_the_trace(build: Any, flow: str, profile: str, tells: Any) -> None:
    """Laws 3, 4, 5 and 8: whatever happens when, no event is impossible, and the trace keeps all its promises."""
    stage = run(build, flow, profile, tells)
    rows: list[Row] = stage.rows
    assert [row.seq for row in rows] == list(range(len(rows)))
    assert rows[0].kind == TRACE
    times = [row.at_ms for row in rows]
    assert times == sorted(times)
    for row in rows:
        starts_a_chain = row.kind in (INPUT, TRACE)
        assert row.because == -1 if starts_a_chain else 0 <= row.because < row.seq, row
        cause = row
        while cause.kind not in (INPUT, TRACE):
            cause = rows[cause.because]
        assert row.at_ms >= cause.at_ms
    final = fold(rows)
    assert {state for (kind, _), state in final.items() if kind == "LEG"} == {LegState.GONE}
    assert all(state in MACHINES[kind][0].ends for (kind, _), state in final.items()), final
    assert DeliveryState.FAILED not in final.values()
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)


@pytest.mark.parametrize("flow", FLOWS)
@given(tells=TELLS, profile=st.sampled_from(PROFILES))
def test_late_rows_are_what_the_table_calls_late(build: Any, flow: str, tells: Any, profile: str) -> None:
    """Law 3: a LATE row of a machine names a pair that its table decided as late."""
    tables = {table.name: table for table, _ in MACHINES.values()}
    for row in run(build, flow, profile, tells).find(LATE_EVENT):
        table = tables[row.detail["machine"]]
        if row.name in table.events.__members__:
            assert table.rows[table.states[row.detail["state"]]][table.events[row.name]] is LATE, row


@pytest.mark.parametrize("flow", FLOWS)
@given(tells=TELLS, profile=st.sampled_from(PROFILES))
def test_recordings_add_up(build: Any, flow: str, tells: Any, profile: str) -> None:
    """B§3.8 and B§8.2: a file's length runs from start to stop, within its limit; it is closed before its leg ends."""
    stage = run(build, flow, profile, tells)
    (gone,) = stage.find("LEG", "CHANNEL_DESTROY", "A")
    delivered = [row.detail["recording"] for row in stage.find("DELIVERY") if row.name in ("REQUESTED", "UNWANTED")]
    assert len(delivered) == len(set(delivered))
    for made in stage.recordings():
        if made["to"] in ("NEVER_STARTED",):
            assert "RECORD_START" not in made
            continue
        stop = [
            row
            for row in stage.find("RECORDER")
            if row.name.startswith("RECORD_STOP") and row.detail["recording"] == made["recording"]
        ]
        assert len(stop) == 1 and stop[0].seq < gone.seq
        started = made.get("RECORD_START", stop[0].at_ms)
        assert stop[0].detail["length_ms"] == stop[0].at_ms - started
        assert made["ended_by"] != "time_limit" or made["length_ms"] <= 20_000
        kept = made["to"] == "FINISHED" and made["kind"] != "voicemail"
        assert kept <= (made["recording"] in delivered)
