"""Recordings controlled by metaflows and the API: which one an action means, per profile (B§3.5, B§3.10, B§10)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.effects import Answer, Dial, Effect, Endpoint, RecordTake, Sleep, StartRecording
from callflow.core.events import Answers, Caller, ControlAction, Controls, HangsUp, Presses, Transfers
from callflow.core.metaflows import read_metaflows
from callflow.core.trace import LATE_EVENT, METAFLOW, RECORDER, WARNING

PROFILES = ("docs", "kazoo-4", "kazoo-5")
AFTER_5 = ("docs", "kazoo-5")
FROM_BOB = Caller("2002", "Bob", device_id="bob-desk")
MOVES = ("RECORD_MASK", "RECORD_UNMASK", "RECORD_PAUSE", "RECORD_RESUME", "STOP_REQUESTED")


def start(build: Any, **changes: Any) -> StartRecording:
    """Start a recording."""
    return StartRecording(build.options(**changes))


def control(build: Any, profile: str, *actions: ControlAction, before: tuple[Effect[Any], ...] = ()) -> Any:
    """An answered call that does `before` at once and then sleeps 20 s; the API acts each second from 5 s on."""
    tells = [(5_000 + 1_000 * n, Controls(action)) for n, action in enumerate(actions)]
    return build.perform(build.doing(Answer(), *before, Sleep(20_000)), *tells, profile=profile)


def moves(stage: Any) -> list[tuple[int, int, str]]:
    """What was done to recordings: when, which, and what."""
    return [(row.at_ms, row.detail["recording"], row.name) for row in stage.find(RECORDER) if row.name in MOVES]


def dial(build: Any, profile: str, data: dict[str, Any], *tells: Any, leg: str = "A", **setting: Any) -> Any:
    """Bob calls the lobby, which answers at 1 s; the party on `leg` dials *9 at 5 s, bound to that record_call."""
    device = "bob-desk" if leg == "A" else "lobby"
    read = read_metaflows({"numbers": {"9": {"module": "record_call", "data": data}}}, "metaflows", strict=True)
    account = evolve(build.household(**setting.pop("system", {})), metaflows={device: read.settings})
    lobby = Dial((Endpoint(account.devices["lobby"], 20_000),))
    script = build.doing(*setting.pop("before", ()), lobby)
    made = build.stage({"module": "script"}, fakes={"script": script}, account=account, profile=profile)
    made.offer(caller=FROM_BOB).tell(1_000, Answers(), "B").tell(5_000, Presses("*"), leg).tell(
        5_200, Presses("9"), leg
    )
    for tell in tells:
        made.tell(*tell)
    return made.tell(20_000, HangsUp()).run()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_start_is_of_the_systems_defaults(build: Any, profile: str) -> None:
    """B§10: the API starts at once, with the maximum as limit in every profile, and without an origin."""
    stage = control(build, profile, "start")
    (made,) = stage.recordings()
    assert (made["ARMED"], made["RECORD_START"], made["starts"], made["origin"]) == (
        5_000,
        5_000,
        "at once",
        "no origin",
    )
    assert (made["format"], made["channels"], made["sample_rate"], made["to"]) == ("mp3", 2, 16_000, "FINISHED")
    assert made["rules"][0] == "api.action=start"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("leg", ["A", "B"])
def test_a_start_is_on_the_controlled_leg(build: Any, profile: str, leg: str) -> None:
    """B§10: whoever dials it, the recording is of the call, on the leg that the flow controls, and on its stack."""
    stage = dial(build, profile, {"action": "start"}, (8_000, Controls("stop")), leg=leg)
    (made,) = stage.find(RECORDER, "ARMED")
    assert (made.leg, made.rule) == ("A", "metaflows.record_call.action=start")
    assert stage.recordings()[0]["STOP_REQUESTED"] == 8_000


def test_what_a_metaflow_says_of_its_recording(build: Any) -> None:
    """B§10: format, origin, name, rate, limit, url and method are the node's."""
    data = {"action": "start", "format": "wav", "origin": "by hand", "media_name": "mine", "record_sample_rate": 8_000}
    stage = dial(build, "docs", {**data, "time_limit": 2, "url": "http://h/r", "method": "post"})
    (made,) = stage.recordings()
    assert (made["format"], made["origin"], made["name"], made["sample_rate"]) == ("wav", "by hand", "mine", 8_000)
    assert (made["length_ms"], made["ended_by"]) == (2_000, "time_limit")
    assert stage.find(RECORDER, "LIMIT_REACHED")[0].rule == "metaflows.record_call.time_limit=2"
    assert stage.find("DELIVERY", "REQUESTED")[0].detail["method"] == "POST"


def test_the_maximum_lowers_a_metaflows_limit(build: Any) -> None:
    """B§3.4: max_recording_time_limit bounds it, and is the limit where there is no other."""
    for data in ({"action": "start"}, {"action": "start", "time_limit": 9}):
        stage = dial(build, "docs", data, system={"max_recording_time_limit": 3})
        assert stage.find(RECORDER, "LIMIT_REACHED")[0].rule == "media.max_recording_time_limit=3"


def test_a_metaflows_minimum(build: Any) -> None:
    """B§3.9: record_min_sec of the node, over that of the system."""
    for data, state in (({}, "DISCARDED"), ({"record_min_sec": 0}, "FINISHED")):
        stage = dial(build, "docs", {"action": "start", **data}, system={"record_min_sec": 60})
        assert stage.recordings()[0]["to"] == state


def test_a_metaflow_may_wait_for_a_bridge(build: Any) -> None:
    """B§10, B§3.6: record_on_bridge during a talk is past it: at once in `docs`, at the next bridge in the code."""
    for profile, state in (("docs", "FINISHED"), ("kazoo-5", "NEVER_STARTED")):
        stage = dial(build, profile, {"action": "start", "record_on_bridge": True})
        assert stage.recordings()[0]["to"] == state
    assert [row.name for row in stage.find(WARNING)] == ["waits-for-next-bridge"]


@pytest.mark.parametrize("profile", AFTER_5)
def test_toggle_starts_and_stops(build: Any, profile: str) -> None:
    """B§10: toggle starts when nothing records, and stops what does; no action is toggle."""
    stage = control(build, profile, "toggle", "toggle", "toggle")
    assert [(made["RECORD_START"], made["RECORD_STOP"]) for made in stage.recordings()] == [
        (5_000, 6_000),
        (7_000, 20_000),
    ]
    assert len(dial(build, profile, {}, before=(start(build),)).recordings()) == 1


def test_toggle_in_kazoo_4(build: Any) -> None:
    """B§10, C24: toggle, and everything else that the code does not know, starts: twice pressed records twice."""
    stage = control(build, "kazoo-4", "toggle", "toggle", "pause", "resume", "toggle_mask")
    assert [made["RECORD_START"] for made in stage.recordings()] == [5_000, 6_000, 7_000, 8_000, 9_000]
    assert {made["rules"][0] for made in stage.recordings()} == {"profile.toggle_is_start"}
    assert len(dial(build, "kazoo-4", {}, before=(start(build),)).recordings()) == 2


@pytest.mark.parametrize("profile", AFTER_5)
def test_mask_and_pause(build: Any, profile: str) -> None:
    """B§3.10: each action moves the newest recording that runs, and the older one not at all."""
    stage = control(build, profile, "mask", "pause", "unmask", "resume", before=(start(build), start(build)))
    assert moves(stage) == [
        (5_000, 1, "RECORD_MASK"),
        (6_000, 1, "RECORD_PAUSE"),
        (7_000, 1, "RECORD_UNMASK"),
        (8_000, 1, "RECORD_RESUME"),
    ]
    older, newer = stage.recordings()
    assert (older["length_ms"], newer["length_ms"]) == (20_000, 18_000)


@pytest.mark.parametrize("profile", AFTER_5)
def test_toggling_mask_and_pause(build: Any, profile: str) -> None:
    """B§3.10: toggle_mask and toggle_pause flip their half, whatever the other is."""
    stage = control(build, profile, *("toggle_mask", "toggle_pause") * 2, before=(start(build),))
    assert [name for _, _, name in moves(stage)] == ["RECORD_MASK", "RECORD_PAUSE", "RECORD_UNMASK", "RECORD_RESUME"]


def test_mask_pops_in_kazoo_4(build: Any) -> None:
    """B§3.5, C44: mask and unmask take from the stack, and so address two different recordings."""
    stage = control(build, "kazoo-4", "mask", "unmask", "stop", before=(start(build), start(build)))
    assert moves(stage) == [(5_000, 1, "RECORD_MASK")]
    late = [(row.name, row.detail["state"]) for row in stage.find(LATE_EVENT)]
    assert late == [("RECORD_UNMASK", "RECORDING")]
    assert [row.at_ms for row in stage.find(RECORDER, "nothing to stop")] == [7_000]


def test_the_only_recording_in_kazoo_4(build: Any) -> None:
    """B§3.5: with one recording the unmask finds an empty stack, and nothing: it stays masked to the end."""
    stage = control(build, "kazoo-4", "mask", "unmask", before=(start(build),))
    assert moves(stage) == [(5_000, 0, "RECORD_MASK")]
    assert stage.times(RECORDER, "nothing to unmask") == [6_000]


def test_an_ended_one_is_popped_in_kazoo_4(build: Any) -> None:
    """B§3.5: what is taken off the stack may be over: then nothing is masked."""
    stage = control(build, "kazoo-4", "mask", before=(start(build), start(build, time_limit_s=2)))
    assert moves(stage) == []
    assert [(row.name, row.detail["state"]) for row in stage.find(LATE_EVENT)] == [("RECORD_MASK", "FINISHED")]


@pytest.mark.parametrize(("profile", "ended"), [("docs", {0: 5_000}), ("kazoo-4", {}), ("kazoo-5", {})])
def test_stop_when_the_newest_has_ended(build: Any, profile: str, ended: dict[int, int]) -> None:
    """B§3.5: `docs` stops the newest that is live; the code's stop pops the ended one and ends nothing."""
    stage = control(build, profile, "stop", before=(start(build), start(build, time_limit_s=2)))
    assert {recording: at_ms for at_ms, recording, name in moves(stage) if name == "STOP_REQUESTED"} == ended


def test_an_armed_one_is_not_masked(build: Any) -> None:
    """B§3.10: what has not started cannot be masked; in `docs` a stop cancels it, and a toggle is that stop."""
    armed = start(build, starts="on bridge")
    assert [row.name for row in control(build, "docs", "mask", before=(armed,)).find(RECORDER)][1:2] == [
        "nothing to mask"
    ]
    assert control(build, "docs", "toggle", before=(armed,)).recordings()[0]["STOP_REQUESTED"] == 5_000


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("action", ["stop", "mask", "unmask", "pause", "resume", "toggle_mask", "toggle_pause"])
def test_nothing_to_act_upon(build: Any, profile: str, action: ControlAction) -> None:
    """B§3.5: without a recording an action is a row and no more; what kazoo-4 does not know starts one."""
    rows = control(build, profile, action).find(RECORDER)
    if profile == "kazoo-4" and action not in ("stop", "mask", "unmask"):
        assert rows[0].name == "ARMED"
    else:
        assert [row.name for row in rows] == [f"nothing to {action.removeprefix('toggle_')}"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("action", ["stop", "mask"])
def test_the_callee_and_the_callers_recording(build: Any, profile: str, action: str) -> None:
    """B§3.5, B§10: the callee's digits mean the talk's recording, in kazoo-4 only one on the callee's own leg."""
    stage = dial(build, profile, {"action": action}, leg="B", before=(start(build),))
    found = [name for _, _, name in moves(stage)]
    if profile == "kazoo-4":
        assert found == []
        assert [row.leg for row in stage.find(RECORDER, f"nothing to {action}")] == ["B"]
    else:
        assert found == [{"stop": "STOP_REQUESTED", "mask": "RECORD_MASK"}[action]]


def test_actions_name_their_rule(build: Any) -> None:
    """Law 5: what a metaflow or the API did says so, and is because of the row that asked."""
    stage = dial(build, "docs", {"action": "mask"}, before=(start(build),))
    (row,) = stage.find(RECORDER, "RECORD_MASK")
    assert row.rule == "metaflows.record_call.action=mask"
    assert row.because == stage.find(METAFLOW, "record_call")[0].seq
    (row,) = control(build, "docs", "mask", before=(start(build),)).find(RECORDER, "RECORD_MASK")
    assert row.rule == "api.action=mask"


def test_a_take_is_not_controlled(build: Any) -> None:
    """Design §12, Recordings: only call recordings are controlled; neither digits nor the API find a take."""
    take = RecordTake("voicemail", build.options(channels=1), 0)
    stage = build.perform(build.doing(Answer(), take), (5_000, Controls("stop")), (9_000, HangsUp()))
    assert [row.name for row in stage.find(RECORDER) if row.at_ms == 5_000] == ["nothing to stop"]
    assert stage.recordings()[0]["length_ms"] == 9_000


@pytest.mark.parametrize(("leg", "masked"), [("A", 0), ("B2", 1)])
def test_each_side_of_a_consultation_masks_its_own_in_kazoo_4(build: Any, leg: str, masked: int) -> None:
    """B§3.5, B§8.2: a consultation is a call of its own, with a stack of its own for mask as for stop."""
    rings = {"module": "device", "data": {"id": "lobby"}, "children": {}}
    asks = {
        "module": "record_call",
        "data": {"action": "start"},
        "children": {"_": {**rings, "data": {"id": "bob-desk"}}},
    }
    stage = build.play(
        {"module": "record_call", "data": {"action": "start"}, "children": {"_": rings}},
        (1_000, Answers(), "B"),
        (2_000, Transfers("2002", is_attended=True), "B"),
        (3_000, Answers(), "B3"),
        (5_000, Controls("mask"), leg),
        (6_000, Controls("stop"), leg),
        (9_000, HangsUp(), "A"),
        (9_000, HangsUp(), "B2"),
        account=build.with_flow(build.household(), "to-bob", "2002"),
        flows={"to-bob": asks},
        profile="kazoo-4",
    )
    assert moves(stage) == [(5_000, masked, "RECORD_MASK")]
    assert stage.times(RECORDER, "nothing to stop") == [6_000]
