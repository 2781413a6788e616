"""What becomes of recordings when a call is transferred: which go along, which end, what a stop finds (B§3.7)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.call_recording import RecordingCells, RecordingParameters
from callflow.core.events import Answers, Caller, Controls, FallsSilent, HangsUp, Presses, Resumes, Speaks, Transfers
from callflow.core.recording_plan import AccountRecordings

PROFILES = ["docs", "kazoo-4", "kazoo-5"]


def ring(device: str) -> dict[str, Any]:
    """A flow that rings one device."""
    return {"module": "device", "data": {"id": device}}


def recorded(then: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A flow that starts or stops a recording first."""
    return {"module": "record_call", "data": {"action": "start", **data}, "children": {"_": then}}


FLOWS = {
    "to-bob": ring("bob-desk"),
    "stopping": recorded(ring("bob-desk"), action="stop"),
    "recording": recorded(ring("bob-desk")),
}
NUMBERS = {"to-bob": "2002", "stopping": "2004", "recording": "2005"}
ANSWERED = (1_000, Answers(), "B")
TO_BOB = Transfers("2002")
ASK_BOB = Transfers("2002", is_attended=True)


def play(build: Any, document: Any, *tells: Any, **setting: Any) -> Any:
    """Run one call in an account whose flows answer numbers."""
    account = build.household()
    for flow_id, number in NUMBERS.items():
        account = build.with_flow(account, flow_id, number)
    return build.play(document, ANSWERED, *tells, account=account, flows=FLOWS, **setting)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("by", "leg"), [("A", "B"), ("B", "A")])
def test_nothing_starts_or_stops_at_a_transfer(build: Any, profile: str, by: str, leg: str) -> None:
    """B§3.7: one RECORD_START and one RECORD_STOP, the latter on the leg where the tap sits at the end."""
    tells = ((4_000, TO_BOB, by), (5_000, Answers(), "B2"), (9_000, HangsUp(), "B2"))
    stage = play(build, recorded(ring("lobby")), *tells, profile=profile)
    assert stage.events("RECORD_START", "RECORD_STOP") == ["RECORD_START(A)", f"RECORD_STOP({leg})"]
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == (9_000, "hangup")
    moved = [(row.leg, row.detail, row.rule) for row in stage.find("RECORDER", "MOVED")]
    detail = {"recording": 0, "leg": "B", "from_leg": "A"}
    assert moved == ([("B", detail, "record_call.should_follow_transfer=true")] if by == "A" else [])


def test_what_does_not_follow_ends_by_transfer(build: Any) -> None:
    """B§3.7; design §12, Recordings: `transfer` is what ends a recording of the leg that transfers."""
    stage = play(
        build, recorded(ring("lobby"), should_follow_transfer=False), (4_000, TO_BOB, "A"),
        (9_000, HangsUp(), "B"),
    )  # fmt: skip
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"], recording["completion_cause"]) == (
        4_000, "transfer", "success-silence",
    )  # fmt: skip
    assert stage.events("RECORD_STOP", "CHANNEL_DESTROY")[:2] == ["RECORD_STOP(A)", "CHANNEL_DESTROY(A)"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_limit_runs_on_after_a_move(build: Any, profile: str) -> None:
    """B§3.7, B§3.4: the clock of the time limit knows nothing of transfers."""
    tells = ((4_000, TO_BOB, "A"), (5_000, Answers(), "B2"), (30_000, HangsUp(), "B2"))
    stage = play(build, recorded(ring("lobby"), time_limit=12), *tells, profile=profile)
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"], recording["RECORD_STOP"]) == (12_000, "time_limit", 12_000)
    assert stage.find("RECORDER", "RECORD_STOP")[0].leg == "B"


@pytest.mark.parametrize(("state", "control"), [("PAUSED", "pause"), ("MASKED", "mask")])
def test_a_paused_or_masked_recording_moves_as_it_is(build: Any, state: str, control: Any) -> None:
    """B§3.7, B§3.10: the move is none of the recorder's own events."""
    tells = ((2_000, Controls(control)), (4_000, TO_BOB, "A"), (9_000, HangsUp(), "B"))
    stage = play(build, recorded(ring("lobby")), *tells)
    last = stage.find("RECORDER", "LEG_GONE")[0]
    assert (last.at_ms, last.leg, last.detail["from"]) == (9_000, "B", state)
    assert stage.recordings()[0]["length_ms"] == (2_000 if control == "pause" else 9_000)


@pytest.mark.parametrize(
    ("profile", "by", "outcome"),
    [
        ("docs", "A", (5_000, "stop")),
        ("docs", "B", (5_000, "stop")),
        ("kazoo-4", "A", (9_000, "hangup")),
        ("kazoo-4", "B", (9_000, "hangup")),
        ("kazoo-5", "A", (5_000, "stop")),
        ("kazoo-5", "B", (5_000, "stop")),
    ],
)
def test_what_a_stop_of_the_new_flow_finds(build: Any, profile: str, by: str, outcome: tuple[int, str]) -> None:
    """B§3.7, B§3.5: by name only where the stack goes along; Kazoo 5 then ends the newest one that runs on the leg."""
    stage = play(
        build, recorded(ring("lobby")), (5_000, Transfers("2004"), by), (9_000, HangsUp(), "B2"),
        (9_000, HangsUp(), "A"), (9_000, HangsUp(), "B"), profile=profile,
    )  # fmt: skip
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == outcome


ARMS = {
    "flow": ring("lobby"),
    "metaflow": {"numbers": {"9": {"module": "record_call", "data": {"action": "start", "record_on_bridge": True}}}},
}
"""During the talk the caller presses *9: a recording waits for the next bridge in the kazoo profiles (B§3.6)."""


@pytest.mark.parametrize(("by", "state", "started_ms"), [("A", "NEVER_STARTED", None), ("B", "FINISHED", 5_200)])
def test_what_waits_for_the_next_bridge_stays_with_its_leg(
    build: Any, by: str, state: str, started_ms: int | None
) -> None:
    """B§3.6, B§3.7: it is no tap yet: it dies with the caller's leg, or starts at the bridge after the transfer."""
    tells = (
        (2_000, Presses("*"), "A"), (2_200, Presses("9"), "A"), (4_000, TO_BOB, by),
        (5_000, Answers(), "B2"), (9_000, HangsUp(), "B2"),
    )  # fmt: skip
    [recording] = play(build, ARMS, *tells, profile="kazoo-5").recordings()
    assert (recording["to"], recording.get("RECORD_START")) == (state, started_ms)


@pytest.mark.parametrize(("by", "started_ms"), [("A", [1_200]), ("B", [1_200, 5_200])])
def test_a_hook_fires_at_the_bridge_after_a_transfer(build: Any, by: str, started_ms: list[int]) -> None:
    """B§3.6: record_on_bridge is a variable of the caller's leg: it fires again there, and never on the callee's."""
    tells = (
        (2_000, Controls("stop")), (4_000, TO_BOB, by), (5_000, Answers(), "B2"), (9_000, HangsUp(), "B2"),
    )  # fmt: skip
    stage = play(build, recorded(ring("lobby"), record_on_bridge=True), *tells, profile="kazoo-5")
    assert stage.times("RECORDER", "RECORD_START") == started_ms


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("by", ["A", "B"])
def test_a_stop_in_the_consultation_does_not_end_the_first_recording(build: Any, by: str, profile: str) -> None:
    """B§3.5, B§8.2: the consultation is a call of its own: its stop finds nothing of the other one's."""
    tells = ((4_000, Transfers("2004", True), by), (5_000, Answers(), "B3"), (7_000, Resumes(), by))
    stage = play(build, recorded(ring("lobby")), *tells, (9_000, HangsUp(), "A"), profile=profile)
    [nothing] = stage.find("RECORDER", "nothing to stop")
    assert (nothing.at_ms, nothing.leg) == (4_000, "B2")
    assert stage.recordings()[0]["length_ms"] == 9_000


@pytest.mark.parametrize("profile", PROFILES)
def test_a_recording_of_the_consultation_goes_on_with_whoever_takes_its_place(build: Any, profile: str) -> None:
    """B§3.7, B§8.2: it follows the transfer from the second leg; a stop then ends it, the newest on that leg."""
    tells = (
        (4_000, Transfers("2005", True), "B"), (5_000, Answers(), "B3"), (7_000, HangsUp(), "B"),
        (8_000, Controls("stop"), "A"), (9_000, HangsUp(), "A"),
    )  # fmt: skip
    stage = play(build, recorded(ring("lobby")), *tells, profile=profile)
    assert [(row.leg, row.detail["recording"]) for row in stage.find("RECORDER", "MOVED")] == [("A", 1)]
    assert [(each["RECORD_STOP"], each["ended_by"]) for each in stage.recordings()] == [
        (9_000, "hangup"),
        (8_000, "stop"),
    ]


@pytest.mark.parametrize("by", ["A", "B"])
def test_what_does_not_follow_ends_with_the_legs_that_leave(build: Any, by: str) -> None:
    """B§3.7: should_follow_transfer=false: `transfer` is what ended it; on the caller's own leg it stays."""
    tells = ((4_000, ASK_BOB, by), (5_000, Answers(), "B3"), (7_000, HangsUp(), by), (9_000, HangsUp(), "B3"))
    stage = play(build, recorded(ring("lobby"), should_follow_transfer=False), *tells)
    [recording] = stage.recordings()
    expected = (7_000, "transfer") if by == "A" else (9_000, "hangup")
    assert (recording["length_ms"], recording["ended_by"]) == expected


def test_a_recording_that_waits_for_a_bridge_starts_when_the_two_are_joined(build: Any) -> None:
    """B§3.6, B§8.2: the caller's leg is bridged anew: what waits for that starts."""
    tells = (
        (2_000, Presses("*"), "A"), (2_200, Presses("9"), "A"), (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"),
        (7_000, HangsUp(), "B"), (9_000, HangsUp(), "A"),
    )  # fmt: skip
    stage = play(build, ARMS, *tells, profile="kazoo-5")
    assert stage.times("RECORDER", "RECORD_START") == [7_000]


def test_a_silence_listener_goes_along(build: Any) -> None:
    """B§4.3, B§3.7: after the move it hears the other leg: ringback, then its party; silence after that ends it."""
    document = recorded(ring("lobby"), silence_detection=True, silence_final_timeout=3_000)
    tells = (
        (1_000, Speaks({"voice": "lobby"}, 30_000), "B"), (10_000, TO_BOB, "A"), (10_500, FallsSilent(), "B"),
        (12_000, Answers(), "B2"), (13_000, Speaks({"voice": "lobby"}, 2_000), "B"), (60_000, HangsUp(), "B"),
    )  # fmt: skip
    stage = play(build, document, *tells)
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == (18_020, "final_silence")
    assert stage.find("RECORDER", "RECORD_STOP")[0].leg == "B"


@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_account_records_goes_by_the_flow_that_goes_on(build: Any, profile: str) -> None:
    """B§9.3, B§3.7: a consultation is a call that is recorded as such; its recordings never follow a transfer.

    The leg that takes its place is under its flow, and what that rings later is looked at as the consultation's.
    """
    tells_all = RecordingParameters(enabled=True, should_announce_when_recording=True)
    recordings = AccountRecordings(RecordingCells(tells_all, tells_all, tells_all, tells_all), {})
    account = evolve(build.with_flow(build.household(), "both", "2006"), recordings=recordings)
    first = {"module": "callflow", "data": {"id": "to-alice"}, "children": {"_": ring("bob-cell")}}
    stage = build.stage(
        ring("lobby"), account=account, flows={"both": first, "to-alice": ring("alice-phone")}, profile=profile
    ).offer(caller=Caller("2001", "Bob", "bob-desk"))
    tells = (
        (1_000, Answers(), "B"), (4_000, Transfers("2006", True), "A"), (5_000, Answers(), "B3"),
        (5_500, HangsUp(), "A"), (7_000, HangsUp(), "B3"), (8_000, Answers(), "B4"), (9_000, HangsUp(), "B4"),
    )  # fmt: skip
    for tell in tells:
        stage.tell(*tell)
    stage.run()
    assert stage.path() == ["device", "callflow", "device", "device"]
    armed = [(row.leg, row.at_ms) for row in stage.find("RECORDER", "ARMED") if "inbound" in row.detail["origin"]]
    assert armed == [("A", 0), ("B2", 4_000)]
    assert {(each["RECORD_STOP"], each["ended_by"]) for each in stage.recordings()[:2]} == {(5_500, "transfer")}
    told = [(row.leg, row.at_ms) for row in stage.find("AUDIO", "plays") if "prompt" in row.detail["sound"]]
    setup_ms = 0 if profile == "docs" else 200
    assert told == [("A", 1_000 + setup_ms), ("B2", 5_000 + setup_ms), ("B", 5_500), ("B", 8_000 + setup_ms)]
