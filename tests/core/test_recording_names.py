"""Two recordings of one name, and hooks that fire at every bridge: what is one file with what (B§3.5, B§3.6; C35)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from callflow.core.effects import Answer, Dial, Effect, Endpoint, HangUp, Sleep, StartRecording, StopRecording
from callflow.core.events import Answers, HangsUp, Transfers
from callflow.core.trace import DELIVERY, RECORDER, WARNING
from callflow.report.hearing import soundtracks

PROFILES = ("docs", "kazoo-4", "kazoo-5")
KAZOO = ("kazoo-4", "kazoo-5")
STOP = StopRecording()
TWO_TALKS = ((1_000, Answers(), "B"), (5_000, HangsUp(), "B"), (7_000, Answers(), "B2"), (12_000, HangsUp(), "B2"))
"""Two callees, one after the other, each for some seconds; the bridges come 0 or 200 ms after the answers."""


def start(build: Any, name: str = "tape", **changes: Any) -> StartRecording:
    """Start a recording of that name."""
    return StartRecording(build.options(media_name=name, **changes))


def lobby(build: Any) -> Dial:
    """Ring one phone for 20 s."""
    return Dial((Endpoint(build.household().devices["lobby"], 20_000),))


def answered(build: Any, profile: str, *effects: Effect[Any], tells: Any = ()) -> Any:
    """Run the effects on an answered call."""
    return build.perform(build.doing(Answer(), *effects), *tells, profile=profile)


def spans(stage: Any) -> list[tuple[int | None, int | None, int | None]]:
    """When each recording started and stopped, and which one's file it went on with."""
    return [(made.get("RECORD_START"), made.get("RECORD_STOP"), made.get("appends_to")) for made in stage.recordings()]


def assert_files(stage: Any) -> None:
    """Every file is as long as the end of its recording says."""
    told = {made["recording"]: made["length_ms"] for made in stage.recordings() if made["to"] == "FINISHED"}
    assert {key[1]: track.length_ms for key, track in soundtracks(stage.rows).items()} == told


@pytest.mark.parametrize("profile", PROFILES)
def test_an_active_name_is_not_recorded_twice(build: Any, profile: str) -> None:
    """B§3.5: the switch reports success, and there is no second file and no second RECORD_START."""
    stage = answered(build, profile, start(build), Sleep(1_000), start(build, url="http://h/r"), Sleep(1_000))
    assert spans(stage) == [(0, 2_000, None)]
    (row,) = stage.find(WARNING)
    assert (row.name, row.at_ms, row.detail["recording"]) == ("already-recording", 1_000, 0)
    assert row.detail["message"] and row.detail["hint"]
    assert len(stage.find(DELIVERY, "REQUESTED")) == 1


@pytest.mark.parametrize(("profile", "older_ms"), [("docs", 4_000), ("kazoo-4", 5_000), ("kazoo-5", 5_000)])
def test_the_refused_start_pushes_the_name_again(build: Any, profile: str, older_ms: int) -> None:
    """B§3.5: two pushes of one name: in the code the second stop pops that name in vain, and the older one goes on."""
    older = StartRecording(build.options())
    effects = (older, Sleep(1_000), start(build), start(build), Sleep(1_000), STOP, Sleep(2_000), STOP, Sleep(1_000))
    stage = answered(build, profile, *effects)
    assert spans(stage) == [(0, older_ms, None), (1_000, 2_000, None)]


@pytest.mark.parametrize("end", ["stop", "limit"])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_name_of_a_finished_recording(build: Any, profile: str, end: str) -> None:
    """B§3.5, C35: in append mode the audio is added to the old file; the document's reading makes a new one."""
    ending = (Sleep(5_000), STOP) if end == "stop" else (Sleep(5_000),)
    stage = answered(build, profile, start(build, time_limit_s=5), *ending, Sleep(2_000), start(build), Sleep(3_000))
    assert spans(stage) == [(0, 5_000, None), (7_000, 10_000, None if profile == "docs" else 0)]
    first, second = stage.recordings()
    assert first["name"] == second["name"] == "tape"
    assert first["id"] != second["id"]
    assert len(stage.find(DELIVERY, "REQUESTED")) == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_a_third_piece_is_added_to_the_second(build: Any, profile: str) -> None:
    """B§3.5: each start goes on with what is there by then, and every length is that of the file."""
    pieces = (start(build), Sleep(1_000), STOP, Sleep(1_000)) * 3
    stage = answered(build, profile, *pieces)
    told = [made["length_ms"] for made in stage.recordings()]
    if profile == "docs":
        assert (told, [span[2] for span in spans(stage)]) == ([1_000] * 3, [None] * 3)
    else:
        assert (told, [span[2] for span in spans(stage)]) == ([1_000, 2_000, 3_000], [None, 0, 1])
    assert_files(stage)


@pytest.mark.parametrize("profile", KAZOO)
def test_what_never_started_hides_no_file(build: Any, profile: str) -> None:
    """B§3.5: a third piece goes on with the first one's file when the second, which waited, wrote nothing on it."""
    waits = start(build, starts="on answer")
    pieces = (start(build), Sleep(1_000), STOP, waits, start(build, starts="on bridge"), lobby(build))
    stage = answered(build, profile, *pieces, tells=((2_000, Answers(), "B"), (5_000, HangsUp())))
    assert [span[2] for span in spans(stage)] == [None, 0, 1]
    assert [made["length_ms"] for made in stage.recordings() if "length_ms" in made] == [1_000, 3_800]
    assert_files(stage)


@pytest.mark.parametrize("profile", KAZOO)
def test_a_piece_that_the_leg_does_not_wait_for(build: Any, profile: str) -> None:
    """B§3.5, C33: the leg ends before the file is open again: nothing was added, and nothing is sent once more."""
    stage = answered(build, profile, start(build), Sleep(1_000), STOP, start(build), HangUp())
    first, second = stage.recordings()
    assert (second["to"], second["length_ms"], second["completion_cause"]) == ("DISCARDED", 0, "empty-file")
    assert len(stage.find(DELIVERY, "REQUESTED")) == 1
    assert_files(stage)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_keeps_its_form(build: Any, profile: str) -> None:
    """B§3.5: what goes on with a file cannot change its rate, and says the one that the file has."""
    pieces = (start(build, sample_rate_hz=8_000), Sleep(1_000), STOP, start(build, sample_rate_hz=16_000), Sleep(1_000))
    stage = answered(build, profile, *pieces)
    told = [made["sample_rate"] for made in stage.recordings()]
    assert told == [8_000, 16_000 if profile == "docs" else 8_000]
    assert [track.sample_rate for track in soundtracks(stage.rows).values()] == told


@pytest.mark.parametrize("profile", KAZOO)
def test_the_url_tells_the_length_of_the_file(build: Any, profile: str) -> None:
    """B§6.3: what is sent is the whole file, and Kazoo 5 tells its length."""
    recorded = start(build, url="http://h/r")
    stage = answered(build, profile, recorded, Sleep(1_000), STOP, recorded, Sleep(2_000), STOP)
    asked = [row.detail["url"] for row in stage.find(DELIVERY, "REQUESTED")]
    found = [re.findall(r"duration_ms=(\d+)", url) for url in asked]
    assert found == ([["1000"], ["3000"]] if profile == "kazoo-5" else [[], []])


@pytest.mark.parametrize("profile", KAZOO)
def test_a_name_is_a_file_whichever_leg_made_it(build: Any, profile: str) -> None:
    """B§3.5, B§3.7: the caller sends the callee away, and the recording ends; the next flow's, so named, goes on."""
    account = build.with_flow(build.household(), "again", "2005")
    node = {"module": "record_call", "data": {"action": "start", "media_name": "tape", "should_follow_transfer": False}}
    rings = {"module": "device", "data": {"id": "lobby"}, "children": {}}
    again = {**node, "children": {"_": {"module": "sleep", "data": {"duration": 2}}}}
    tells = (1_000, Answers(), "B"), (4_000, Transfers("2005"), "A")
    stage = build.play(
        {**node, "children": {"_": rings}}, *tells, account=account, flows={"again": again}, profile=profile
    )
    assert spans(stage) == [(0, 4_000, None), (4_000, 6_000, 0)]
    assert [made["length_ms"] for made in stage.recordings()] == [4_000, 6_000]
    assert_files(stage)


@pytest.mark.parametrize("profile", KAZOO)
def test_a_stop_and_a_start_of_one_name_in_one_instant(build: Any, profile: str) -> None:
    """B§3.3: a stop goes in at once: the start after it finds the file there, and goes on with it."""
    stage = answered(build, profile, start(build), Sleep(1_000), STOP, start(build), Sleep(1_000))
    assert spans(stage) == [(0, 1_000, None), (1_000, 2_000, 0)]


@pytest.mark.parametrize("profile", KAZOO)
def test_names_are_apart(build: Any, profile: str) -> None:
    """B§3.5: another name, or none, is another recording."""
    stage = answered(build, profile, start(build), start(build, "reel"), StartRecording(build.options()), Sleep(1_000))
    assert spans(stage) == [(0, 1_000, None)] * 3


@pytest.mark.parametrize("profile", PROFILES)
def test_a_name_that_is_taken_when_its_moment_comes(build: Any, profile: str) -> None:
    """B§3.5: a recording that waits holds no name: another one takes it, and the bridge finds it active."""
    script = build.doing(start(build, starts="on bridge"), Sleep(500), start(build), lobby(build))
    stage = build.perform(script, (1_500, Answers(), "B"), (9_000, HangsUp()), profile=profile)
    waiting, running = stage.recordings()
    assert (running["RECORD_START"], running["RECORD_STOP"]) == (500, 9_000)
    assert (waiting["to"], waiting["NAME_TAKEN"]) == ("NEVER_STARTED", 1_500 if profile == "docs" else 1_700)
    assert len(stage.find(DELIVERY, "REQUESTED")) == 1


@pytest.mark.parametrize("profile", KAZOO)
def test_a_waiting_recording_goes_on_with_the_file_that_came_before_it(build: Any, profile: str) -> None:
    """B§3.5, B§3.6: at its bridge the name has a finished file."""
    script = build.doing(Answer(), start(build), start(build, starts="on bridge"), Sleep(500), STOP, STOP, lobby(build))
    stage = build.perform(script, (1_000, Answers(), "B"), (3_000, HangsUp()), profile=profile)
    first, hooked = spans(stage)
    assert (first[0], first[1]) == (0, 500)
    assert hooked == (1_200, 3_000, 0)


@pytest.mark.parametrize("profile", KAZOO)
def test_a_stop_names_a_file_not_a_start(build: Any, profile: str) -> None:
    """B§3.5: what was popped is a name: the stop ends the active recording of that name, whichever start made it."""
    hook = start(build, starts="on bridge")
    stage = answered(build, profile, start(build), hook, Sleep(500), STOP, Sleep(500))
    running, waiting = stage.recordings()
    assert (running["ended_by"], running["RECORD_STOP"]) == ("stop", 500)
    assert waiting["to"] == "NEVER_STARTED" and stage.find(RECORDER, "stop forgot") == []


@pytest.mark.parametrize(
    ("profile", "pieces"),
    [
        ("docs", [(1_000, 5_000, None)]),
        ("kazoo-4", [(1_200, 5_200, None), (7_200, 11_200, 0)]),
        ("kazoo-5", [(1_200, 5_200, None), (7_200, 11_200, 0)]),
    ],
)
def test_a_hook_fires_at_every_bridge(build: Any, profile: str, pieces: Any) -> None:
    """B§3.6: the hook stays set: what has ended goes on in the same file, under the same ids; `docs` records once."""
    first = StartRecording(build.options(starts="on bridge", time_limit_s=4))
    stage = build.perform(build.doing(first, lobby(build), lobby(build)), *TWO_TALKS, profile=profile)
    made = stage.recordings()
    assert [span[:1] + span[2:] for span in spans(stage)] == [piece[:1] + piece[2:] for piece in pieces]
    added = [piece["length_ms"] - before for piece, before in zip(made, (0, made[0]["length_ms"]), strict=False)]
    assert all(0 < added_ms <= 4_000 for added_ms in added) and {piece["ended_by"] for piece in made} == {"time_limit"}
    assert len({(piece["id"], piece["name"]) for piece in made}) == 1
    if len(made) > 1:
        assert made[1]["rules"][:2] == ["profile.hooks_fire_again", "record_on_bridge"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_hook_that_records_still_is_not_fired_again(build: Any, profile: str) -> None:
    """B§3.6: ignored while active: one recording over both talks."""
    first = StartRecording(build.options(starts="on bridge"))
    stage = build.perform(build.doing(first, lobby(build), lobby(build)), *TWO_TALKS, profile=profile)
    assert spans(stage) == [(1_000 if profile == "docs" else 1_200, 12_000, None)]


@pytest.mark.parametrize("profile", KAZOO)
def test_a_hook_is_not_pushed_again(build: Any, profile: str) -> None:
    """B§3.5, B§3.6: the bridge starts it, not the call: a stop that had popped its name does not find it any more."""
    first = StartRecording(build.options(starts="on bridge"))
    script = build.doing(first, lobby(build), STOP, lobby(build), STOP, Sleep(1_000))
    stage = build.perform(script, *TWO_TALKS, profile=profile)
    once, again = stage.recordings()
    assert (once["ended_by"], once["RECORD_STOP"]) == ("stop", 5_000)
    ended_by, at_ms = ("hangup", 13_000) if profile == "kazoo-4" else ("stop", 12_000)
    assert (again["ended_by"], again["RECORD_STOP"]) == (ended_by, at_ms)  # Kazoo 5 falls back to the newest active


@pytest.mark.parametrize("profile", KAZOO)
def test_a_hook_on_the_stack_is_stopped_by_its_name(build: Any, profile: str) -> None:
    """B§3.5: its name is on the list once, from the node on, whichever bridge made the file grow."""
    first = StartRecording(build.options(starts="on bridge", time_limit_s=2))
    script = build.doing(first, lobby(build), lobby(build), STOP, Sleep(1_000), STOP, Sleep(1_000))
    tells = ((1_000, Answers(), "B"), (5_000, HangsUp(), "B"), (7_000, Answers(), "B2"), (8_000, HangsUp(), "B2"))
    stage = build.perform(script, *tells, profile=profile)
    assert [(made["ended_by"], made["RECORD_STOP"]) for made in stage.recordings()][1] == ("stop", 8_000)
    assert stage.times(RECORDER, "nothing to stop") == [9_000]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_hook_dies_with_its_leg(build: Any, profile: str) -> None:
    """B§3.6: a caller who leaves before any bridge leaves nothing that could record."""
    first = StartRecording(build.options(starts="on bridge"))
    stage = build.perform(build.doing(first, lobby(build)), (3_000, HangsUp()), profile=profile)
    assert [(made["to"], made["LEG_GONE"]) for made in stage.recordings()] == [("NEVER_STARTED", 3_000)]
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)
