"""Mask and pause of a running recording: what its file holds, and what its limit makes of them (B§3.4, B§3.10; C44)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.core.effects import Answer, Dial, Endpoint, Sleep, StartRecording, StopRecording
from callflow.core.events import Answers, ControlAction, Controls, HangsUp
from callflow.core.trace import LATE_EVENT, RECORDER
from callflow.report.hearing import soundtracks

PROFILES = ("docs", "kazoo-4", "kazoo-5")
PAUSING = ("docs", "kazoo-5")
"""The profiles whose API can pause; Kazoo 4 knows start, stop, mask and unmask."""

Step = tuple[int, ControlAction]


def record(build: Any, *steps: Step, lasts_ms: int = 20_000, profile: str = "docs", **changes: Any) -> Any:
    """One recording from 0 ms on, controlled at these times; the flow goes on for so long."""
    script = build.doing(Answer(), StartRecording(build.options(**changes)), Sleep(lasts_ms))
    return build.perform(script, *[(at_ms, Controls(action)) for at_ms, action in steps], profile=profile)


def states(stage: Any) -> list[tuple[int, str]]:
    """Where mask and pause moved the recorder, and when."""
    moves = ("RECORD_MASK", "RECORD_UNMASK", "RECORD_PAUSE", "RECORD_RESUME")
    return [(row.at_ms, row.detail["to"]) for row in stage.find(RECORDER) if row.name in moves]


@pytest.mark.parametrize("profile", PAUSING)
def test_mask_and_pause_are_independent(build: Any, profile: str) -> None:
    """B§3.10: every move of its table, each a channel event."""
    steps: list[Step] = [
        (1_000, "mask"), (2_000, "pause"), (3_000, "unmask"), (4_000, "mask"), (5_000, "resume"), (6_000, "unmask"),
        (7_000, "pause"), (8_000, "resume"),
    ]  # fmt: skip
    stage = record(build, *steps, profile=profile)
    to = ["MASKED", "PAUSED_AND_MASKED", "PAUSED", "PAUSED_AND_MASKED", "MASKED", "RECORDING", "PAUSED", "RECORDING"]
    assert states(stage) == [(at_ms, state) for (at_ms, _), state in zip(steps, to, strict=True)]
    assert stage.events("RECORD_MASK", "RECORD_RESUME") == [
        "RECORD_MASK(A)", "RECORD_MASK(A)", "RECORD_RESUME(A)", "RECORD_RESUME(A)"
    ]  # fmt: skip
    (made,) = stage.recordings()
    assert (made["length_ms"], made["RECORD_STOP"]) == (20_000 - 3_000 - 1_000, 20_000)
    assert soundtracks(stage.rows)["c1", 0].length_ms == 16_000


@pytest.mark.parametrize("profile", PROFILES)
def test_a_mask_does_not_change_the_length(build: Any, profile: str) -> None:
    """B§3.10: zeros are written: the file is as long as the recording ran."""
    stage = record(build, (5_000, "mask"), profile=profile)
    (made,) = stage.recordings()
    assert (states(stage), made["length_ms"]) == ([(5_000, "MASKED")], 20_000)


@pytest.mark.parametrize("actions", [("pause", "pause"), ("mask", "mask"), ("resume",), ("unmask",)])
def test_asking_for_what_is_so_already_is_late(build: Any, actions: tuple[ControlAction, ...]) -> None:
    """B§3.10: it moves nothing, and the first one counts."""
    stage = record(build, *[(1_000 * at_s, action) for at_s, action in enumerate(actions, 1)])
    assert len(stage.find(LATE_EVENT)) == 1
    assert stage.recordings()[0]["length_ms"] == (1_000 if "pause" in actions else 20_000)


@pytest.mark.parametrize(("profile", "end_ms", "length_ms"), [("docs", 5_000, 2_000), ("kazoo-5", 8_000, 2_000)])
def test_a_limit_that_passes_while_paused(build: Any, profile: str, end_ms: int, length_ms: int) -> None:
    """B§3.4: a pause does not stop the clock: it ends at the limit, in the code at the first frame after it."""
    stage = record(build, (2_000, "pause"), (8_000, "resume"), profile=profile, time_limit_s=5)
    (made,) = stage.recordings()
    assert (made["RECORD_STOP"], made["length_ms"], made["ended_by"]) == (end_ms, length_ms, "time_limit")
    assert made["completion_cause"] == "success-maxtime"
    passed = [(row.at_ms, row.rule) for row in stage.find(RECORDER, "limit passed while paused")]
    assert passed == ([(5_000, "profile.limit_waits_for_resume")] if profile == "kazoo-5" else [])


@pytest.mark.parametrize(
    ("profile", "ended_by", "end_ms"), [("docs", "time_limit", 5_000), ("kazoo-5", "hangup", 20_000)]
)
def test_a_pause_that_outlasts_the_limit_and_the_call(build: Any, profile: str, ended_by: str, end_ms: int) -> None:
    """B§3.4: what is never resumed ends with the call, and holds what came before the pause."""
    (made,) = record(build, (2_000, "pause"), profile=profile, time_limit_s=5).recordings()
    assert (made["ended_by"], made["RECORD_STOP"], made["length_ms"]) == (ended_by, end_ms, 2_000)


@pytest.mark.parametrize("profile", PAUSING)
def test_a_pause_within_the_limit_does_not_lengthen_it(build: Any, profile: str) -> None:
    """B§3.4: the clock runs on: five seconds after the start it is over, with the pause taken from its length."""
    (made,) = record(build, (1_000, "pause"), (3_500, "resume"), profile=profile, time_limit_s=5).recordings()
    assert (made["RECORD_STOP"], made["length_ms"]) == (5_000, 2_500)


@pytest.mark.parametrize("resume_ms", [4_999, 5_000, 5_001])
@pytest.mark.parametrize("profile", PAUSING)
def test_a_resume_around_the_limit(build: Any, profile: str, resume_ms: int) -> None:
    """Law 3: whichever comes first in the limit's instant, it ends once, by the limit."""
    stage = record(build, (2_000, "pause"), (resume_ms, "resume"), profile=profile, time_limit_s=5)
    (made,) = stage.recordings()
    resumed_for_ms = max(0, 5_000 - resume_ms)
    end_ms = 5_000 if profile == "docs" else max(5_000, resume_ms)
    assert (made["ended_by"], made["RECORD_STOP"]) == ("time_limit", end_ms)
    assert made["length_ms"] == 2_000 + resumed_for_ms
    assert len(stage.find(RECORDER, "RECORD_STOP")) == 1


@pytest.mark.parametrize("profile", PAUSING)
@pytest.mark.parametrize("end", ["stop", "hang-up"])
def test_a_paused_recording_can_be_ended(build: Any, profile: str, end: str) -> None:
    """B§3.10, last column: a stop ends it in every state, and so does its leg."""
    after = (Sleep(4_000), StopRecording(), Sleep(1_000)) if end == "stop" else (Sleep(4_000),)
    script = build.doing(Answer(), StartRecording(build.options()), *after)
    (made,) = build.perform(script, (1_500, Controls("pause")), profile=profile).recordings()
    assert (made["RECORD_STOP"], made["length_ms"]) == (4_000, 1_500)
    assert made["ended_by"] == ("stop" if end == "stop" else "hangup")


@pytest.mark.parametrize(
    ("profile", "to", "cause"), [("docs", "DISCARDED", "empty-file"), ("kazoo-5", "FINISHED", "empty-file")]
)
def test_a_recording_that_was_paused_from_its_start(build: Any, profile: str, to: str, cause: str) -> None:
    """B§3.8: no audio at all is an empty file, however long it ran; the code keeps it."""
    script = build.doing(Answer(), StartRecording(build.options()), Sleep(5_000))
    stage = build.stage({"module": "script"}, fakes={"script": script}, profile=profile).offer()

    def on_row(row: Any) -> None:
        if row.name == "RECORD_START":
            stage.tell(0, Controls("pause"))

    (made,) = stage.run(on_row=on_row).recordings()
    assert (made["to"], made["length_ms"], made["completion_cause"]) == (to, 0, cause)


@pytest.mark.parametrize(("least_s", "to"), [(3, "FINISHED"), (4, "DISCARDED")])
def test_the_minimum_counts_what_is_in_the_file(build: Any, least_s: int, to: str) -> None:
    """B§3.9: seconds of audio: a pause is none, a mask is."""
    stage = record(build, (2_000, "pause"), (9_000, "resume"), (9_000, "mask"), lasts_ms=10_000, min_length_s=least_s)
    (made,) = stage.recordings()
    assert (made["length_ms"], made["to"]) == (3_000, to)


@pytest.mark.parametrize("action", ["mask", "pause"])
def test_an_armed_recording_cannot_be_masked_or_paused(build: Any, action: ControlAction) -> None:
    """B§3.10, first row: without an open file there is nothing to mask; it starts in the clear."""
    lobby = Dial((Endpoint(build.household().devices["lobby"], 20_000),))
    script = build.doing(StartRecording(build.options(starts="on answer")), lobby)
    tells = ((1_000, Controls(action)), (4_000, Answers(), "B"), (9_000, HangsUp()))
    stage = build.perform(script, *tells)
    assert stage.times(RECORDER, f"nothing to {action}") == [1_000]
    assert stage.recordings()[0]["length_ms"] == 5_000


ACTIONS = st.sampled_from(("pause", "resume", "mask", "unmask", "toggle_pause", "toggle_mask"))
STEPS = st.lists(st.tuples(st.integers(0, 1_500), ACTIONS), max_size=12)


@settings(max_examples=120, deadline=None)
@given(steps=STEPS, limit_s=st.integers(1, 12), profile=st.sampled_from(PAUSING))
def test_lengths_add_up(build: Any, steps: list[tuple[int, ControlAction]], limit_s: int, profile: str) -> None:
    """B§3.10: whatever is asked, the length is the run time less the paused time, and masks do not matter."""
    at_ms, told = 0, []
    for gap_ms, action in steps:
        at_ms += gap_ms
        told.append((at_ms, action))
    stage = record(build, *told, lasts_ms=9_000, profile=profile, time_limit_s=limit_s)
    (made,) = stage.recordings()
    end_ms = next(made[key] for key in ("RECORD_STOP", "RECORD_STOP_UNWANTED") if key in made)
    paused_ms, since_ms = 0, None
    for moved_ms, state in [*states(stage), (end_ms, "over")]:
        if since_ms is not None and not state.startswith("PAUSED"):
            paused_ms, since_ms = paused_ms + moved_ms - since_ms, None
        elif since_ms is None and state.startswith("PAUSED"):
            since_ms = moved_ms
    assert made["length_ms"] == end_ms - made["RECORD_START"] - paused_ms
    assert end_ms <= 9_000
    assert end_ms >= min(limit_s * 1_000, 9_000)  # a pause never ends it early
    if made["to"] == "FINISHED":
        assert soundtracks(stage.rows)["c1", 0].length_ms == made["length_ms"]
