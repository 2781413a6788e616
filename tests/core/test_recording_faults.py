"""A switch that cannot open or write files, does not confirm stops, or has no media (B§3.3, B§3.8; C29, C37)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import Answer, Dial, Endpoint, Sleep, StartRecording, StopRecording
from callflow.core.events import SWITCH_FAULTS, Answers, Controls, HangsUp, Speaks, SwitchFault
from callflow.core.trace import DELIVERY, INPUT, RECORDER
from callflow.media.render import blocks
from callflow.report.hearing import soundtracks
from callflow.report.results import RecordingResult
from callflow.report.summary import summarise

NONE = RecordingResult("", "", "", "", "", "", 0, 0, 0, state="none")
"""What stands for a recording that was never armed."""

PROFILES = ("docs", "kazoo-4", "kazoo-5")
SPEAKS = Speaks({"voice": "caller"}, 60_000)


def broken(
    build: Any,
    fault: SwitchFault,
    at_ms: int,
    *effects: Any,
    tells: Any = (),
    profile: str = "docs",
    before: tuple[Any, ...] = (Answer(),),
    **options: Any,
) -> tuple[Any, RecordingResult]:
    """Record a call on a switch that fails from then on; returns the stage and what the result says of recording 0."""
    script = build.doing(*before, StartRecording(build.options(url="http://h/r", **options)), *effects)
    stage = build.stage({"module": "script"}, fakes={"script": script}, profile=profile)
    stage.engine.break_switch(fault, after_ms=at_ms)
    stage.offer()
    for tell in tells:
        stage.tell(*tell)
    stage.run()
    results = summarise(stage.rows).calls[0].recordings
    return stage, results[0] if results else NONE


def assert_nothing_is_left(stage: Any) -> None:
    """The call is over, and nothing waits for a switch that never answers."""
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)


@pytest.mark.parametrize("fault", SWITCH_FAULTS)
def test_a_fault_is_in_the_trace(build: Any, fault: SwitchFault) -> None:
    """Law 5: it is an input, and what it changes names it."""
    stage, _ = broken(build, fault, 0, Sleep(1_000))
    assert [row.name for row in stage.find(INPUT) if row.name.startswith("switch")] == [
        f"switch {SWITCH_FAULTS[fault]}"
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_that_cannot_be_opened(build: Any, profile: str) -> None:
    """B§3.8, design §12: no event at all, cause uri-failure: the recording is lost, and the call goes on."""
    stage, made = broken(build, "open", 0, Sleep(5_000), StopRecording(), Sleep(5_000), profile=profile)
    assert stage.events("RECORD_START", "RECORD_STOP") == []
    assert (made.state, made.ended_by, made.completion_cause) == ("lost", "media_failure", "uri-failure")
    assert (made.started_ms, made.length_ms, made.delivery) == (None, 0, None)
    assert stage.find(RECORDER, "START_FAILED")[0].rule == "switch: it cannot open files"
    assert stage.ends()["A"][0] == 10_000
    assert soundtracks(stage.rows) == {} and stage.find(DELIVERY) == []
    assert_nothing_is_left(stage)


@pytest.mark.parametrize(
    ("effects", "tells"),
    [((StopRecording(), Sleep(1_000)), ()), ((Sleep(1_000),), ((0, Controls("stop")),))],
    ids=["flow", "api"],
)
def test_a_stop_while_the_file_cannot_be_opened(build: Any, effects: Any, tells: Any) -> None:
    """Law 3: asked to close what it cannot open, the switch says nothing either."""
    stage, made = broken(build, "open", 0, *effects, tells=tells)
    assert (made.state, made.ended_by) == ("lost", "media_failure")
    assert_nothing_is_left(stage)


@pytest.mark.parametrize("fault", ["open", "confirm"])
@pytest.mark.parametrize("profile", PROFILES)
def test_an_armed_recording_meets_the_fault_at_its_moment(build: Any, profile: str, fault: SwitchFault) -> None:
    """B§3.6: a fault before the answer is found at the answer; one that is never asked for is never met."""
    lobby = Dial((Endpoint(build.household().devices["lobby"], 20_000),))
    tells = ((4_000, Answers(), "B"), (9_000, HangsUp()))
    options: dict[str, Any] = {"profile": profile, "starts": "on answer", "before": ()}
    stage, made = broken(build, fault, 1_000, lobby, tells=tells, **options)
    assert (made.state, made.ended_ms) == ("lost", 4_000 if fault == "open" else 9_000)
    stage, made = broken(build, fault, 1_000, lobby, tells=((2_000, HangsUp()),), **options)
    assert made.state == "never_started"
    assert_nothing_is_left(stage)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_running_recording_that_cannot_be_written_on(build: Any, profile: str) -> None:
    """B§3.8, design §12: RECORD_STOP with uri-failure; the partial file is kept, delivered, and can be heard."""
    tells = ((0, SPEAKS),)
    stage, made = broken(build, "write", 3_000, Sleep(10_000), tells=tells, profile=profile)
    assert (made.state, made.ended_by, made.completion_cause) == ("finished", "media_failure", "uri-failure")
    assert (made.started_ms, made.ended_ms, made.length_ms) == (0, 3_000, 3_000)
    assert made.delivery is not None and made.delivery.state == "stored"
    track = soundtracks(stage.rows)["c1", 0]
    rendered = sum(len(block) for block in blocks(track))
    assert rendered == 3 * track.sample_rate
    assert stage.events("RECORD_STOP") == ["RECORD_STOP(A)"]
    assert stage.ends()["A"][0] == 10_000


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_of_which_nothing_can_be_written(build: Any, profile: str) -> None:
    """B§3.8, design §12: the first frame fails: finished, with what was written, nothing; the first cause stays."""
    stage, made = broken(build, "write", 0, Sleep(5_000), profile=profile)
    assert (made.state, made.length_ms) == ("finished", 0)
    assert (made.ended_by, made.completion_cause) == ("media_failure", "uri-failure")
    assert [track.length_ms for track in soundtracks(stage.rows).values()] == [0]


@pytest.mark.parametrize(("profile", "state", "cause"), [
    ("docs", "discarded", "input-too-short"), ("kazoo-4", "finished", "uri-failure"),
])  # fmt: skip
def test_a_failed_write_below_the_minimum(build: Any, profile: str, state: str, cause: str) -> None:
    """The seed, record_min_sec: what is shorter is deleted, whatever ended it; append mode keeps it (B§3.9)."""
    _, made = broken(build, "write", 2_000, Sleep(5_000), profile=profile, min_length_s=3)
    assert (made.state, made.completion_cause, made.ended_by) == (state, cause, "media_failure")


@pytest.mark.parametrize(
    ("controls", "end_ms", "length_ms"),
    [
        ([(1_000, "mask")], 3_000, 3_000),
        ([(1_000, "pause"), (6_000, "resume")], 6_000, 1_000),
        ([(1_000, "pause"), (2_000, "mask"), (6_000, "unmask"), (7_000, "resume")], 7_000, 1_000),
        ([(1_000, "pause")], 10_000, 1_000),
    ],
    ids=["masked", "paused", "paused and masked", "paused to the end"],
)
def test_a_failed_write_of_a_masked_or_paused_recording(build: Any, controls: Any, end_ms: int, length_ms: int) -> None:
    """B§3.10: zeros are written too; a paused recording writes nothing, and fails when it is resumed."""
    tells = tuple((at_ms, Controls(action)) for at_ms, action in controls)
    _, made = broken(build, "write", 3_000, Sleep(10_000), tells=tells)
    assert (made.state, made.ended_ms, made.length_ms) == ("finished", end_ms, length_ms)
    assert made.ended_by == ("media_failure" if end_ms < 10_000 else "hangup")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("effects", "ended_by", "end_ms"),
    [
        ((Sleep(4_000), StopRecording(), Sleep(4_000)), "stop", 4_000),
        ((Sleep(8_000),), "time_limit", 5_000),
        ((Sleep(4_500),), "hangup", 4_500),
    ],
    ids=["stop", "limit", "hang-up"],
)
def test_a_stop_that_is_never_confirmed(build: Any, profile: str, effects: Any, ended_by: str, end_ms: int) -> None:
    """Design §12: lost: nobody learns of the file and nothing is delivered; what asked for the end is known."""
    stage, made = broken(build, "confirm", 1_000, *effects, profile=profile, time_limit_s=5)
    assert stage.events("RECORD_START", "RECORD_STOP") == ["RECORD_START(A)"]
    assert (made.state, made.ended_by, made.ended_ms, made.completion_cause) == ("lost", ended_by, end_ms, None)
    assert (made.length_ms, made.delivery, stage.find(DELIVERY)) == (0, None, [])
    assert_nothing_is_left(stage)


def test_a_failed_write_that_is_not_confirmed(build: Any) -> None:
    """Two faults: the write ends it, and nobody hears of that."""
    script = build.doing(Answer(), StartRecording(build.options()), Sleep(5_000))
    stage = build.stage({"module": "script"}, fakes={"script": script})
    stage.engine.break_switch("confirm")
    stage.engine.break_switch("write", after_ms=2_000)
    stage.offer().run()
    (made,) = summarise(stage.rows).calls[0].recordings
    assert (made.state, made.ended_by, made.ended_ms) == ("lost", "media_failure", 2_000)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_media(build: Any, profile: str) -> None:
    """B§3.3, C32: without early media a start on an unanswered leg fails without a word; an answered one has media."""
    _, made = broken(build, "media", 0, Sleep(3_000), profile=profile, before=())
    assert (made.state, made.ended_by, made.completion_cause) == ("lost", "media_failure", "uri-failure")
    _, made = broken(build, "media", 0, Sleep(3_000), profile=profile)
    assert (made.state, made.length_ms) == ("finished", 3_000)


def test_no_media_forces_none(build: Any) -> None:
    """B§3.3: the leg is not pre-answered by a switch that has nothing to send."""
    stage, _ = broken(build, "media", 0, Sleep(3_000), before=())
    assert stage.events("CHANNEL_PROGRESS_MEDIA") == []


@pytest.mark.parametrize("fault", SWITCH_FAULTS)
def test_a_hang_up_at_every_millisecond_around_the_start(build: Any, fault: SwitchFault) -> None:
    """C33: whichever comes first in an instant, no recording and no call is left over."""
    for hang_up_ms in (0, 1, 2):
        for fault_ms in (0, 1, 2):
            leaves = ((hang_up_ms, HangsUp()),)
            stage, made = broken(build, fault, fault_ms, Sleep(50), tells=leaves, before=(Sleep(1),))
            assert made.state in ("finished", "discarded", "lost", "none")
            assert_nothing_is_left(stage)
