"""A call driven step by step (design §8): the sample of the design, every verb, and what cannot be done."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import callflow.examples
from callflow.core.trace import INPUT, TRACE, Row
from callflow.report.wording import clock
from callflow.scenario.steps import Step
from callflow.scenario.verbs import Verb
from callflow.testing import Calls, NoRecording, PlacedCall, RecorderState, ScenarioError, StepNotPossible
from callflow.testing.caller_line import shown_path

EXAMPLE = Path(callflow.examples.__file__).parent / "record_on_answer" / "record_on_answer.json"
START = "2026-11-30T10:00:00Z"
DEEDS = (
    "alice answers", "alice rejects", "alice is busy", "alice speaks for 700ms", "caller speaks for 2s",
    "caller presses 12", "alice holds", "alice resumes", "caller is silent", "caller says \"good morning\"",
    "api pauses recording", "api resumes recording", "api masks recording", "api stops recording",
    "storage fails with 503", "storage works again", "alice hangs up", "caller hangs up", "switch cannot write files",
)  # fmt: skip


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    """What the fixture `callflow` is to a test in `tmp_path`."""
    return Calls(file=tmp_path / "test_it.py", root=tmp_path, name="test_it")


def placed(calls: Calls, staging: ModuleType, flow: object, **more: object) -> PlacedCall:
    """A call on a flow, at 0 ms."""
    staging.write(calls.file.parent, "flow.json", flow)
    return calls.call("flow.json", **{"start": START, "dials": "2001", **more})  # type: ignore[arg-type]


def inputs(call: PlacedCall) -> list[str]:
    """The steps in the trace, by their words."""
    return [(row.detail or {})["text"] for row in call.rows if row.kind == INPUT]


def test_the_design_s_sample(calls: Calls) -> None:
    """Design §8: the recording waits for the answer, and is as long as the talk."""
    call = calls.call(EXAMPLE, dials="2001")
    call.advance(seconds=3)
    assert call.recording.state is RecorderState.ARMED
    assert call.answer("alice").recording.state is RecorderState.RECORDING
    call.speak("caller", seconds=10).advance(seconds=10).hang_up("caller")
    result = call.finish()
    assert result.recording.length_ms == 10_000
    assert result.passed and call.is_over and call.finish() is result


def skeleton(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    """Rows without what names their file, line and call."""
    return [(row.at_ms, row.leg, row.kind, row.name, row.because, row.rule) for row in rows if row.kind != TRACE]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from((0, 20, 500, 3_000, 21_000)), st.sampled_from(DEEDS)), max_size=8))
def test_the_same_steps_in_a_file_give_the_same_rows(
    staging: ModuleType, tmp_path: Path, steps: list[tuple[int, str]]
) -> None:
    """Design §8, §12: a step does what the same line of a timeline does, and when; so a test can become a file."""
    calls = Calls(file=tmp_path / "test_it.py", root=tmp_path, name="a call")
    call = placed(calls, staging, staging.RECORDED, caller={"number": "+14155550100", "name": "Bob"})
    lines = []
    for wait_ms, words in [*steps, (0, "storage works again")]:
        call.advance(ms=wait_ms)
        with suppress(StepNotPossible):
            call.do(words)
            lines.append(f"at {call.now_ms}ms: {words}")
    call.finish()
    assert skeleton(call.rows) == skeleton(staging.played(tmp_path, *lines).rows)


def test_every_verb_has_its_method(calls: Calls, staging: ModuleType, tmp_path: Path) -> None:
    """Issue 5, item 6: the same verbs as scenario files: each is done by a method, and all but `calls` can be."""
    staging.write_silence(tmp_path / "quiet.wav", 500)
    flow = staging.record(staging.ring("alice", can_call_self=True))
    call = placed(calls, staging, flow).answer("alice").advance(seconds=1)
    call.speak("caller", seconds=1.5, ms=1).say("alice", 'so "it" is').play("caller", "quiet.wav").fall_silent("caller")
    call.play("caller", tmp_path / "quiet.wav").tone("alice", 440, seconds=1).noise("alice", 150, ms=20).press("*1")
    call.control_recording("mask").storage_fails(503).storage_fails("timeout", kind="couchdb").storage_works()
    call.hold("alice").resume("alice").transfer("2001", who="alice", consult=True).break_switch("confirm")
    call.hang_up("alice")
    busy, declined, unheard = (placed(calls, staging, flow) for _ in range(3))
    busy.busy("alice")
    declined.reject("alice")
    unheard.advance(seconds=20).does_not_answer("alice")
    every = [step for each in (call, busy, declined, unheard) for step in steps_of(each)]
    assert {type(step.verb) for step in every} == set(get_args(Verb))
    assert 'alice says "so \\"it\\" is"' in inputs(call) and "caller speaks for 1501ms" in inputs(call)


def steps_of(call: PlacedCall) -> tuple[Step, ...]:
    """The steps that were done, the placing of the call among them."""
    (act,) = call.run._stage._acts
    return act.call.script.timeline


def test_a_recording_says_what_is_the_case_now(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: a recording that was taken hold of early is not a picture of then."""
    call = placed(
        calls, staging, staging.record(staging.ring(), record_on_answer=True), storage={"answers": [503, 201]}
    )
    recording = call.recording
    assert (recording.state, recording.is_running, recording.started_ms) == (RecorderState.ARMED, False, None)
    call.advance(seconds=2).answer("alice").control_recording("pause")
    assert (recording.state, recording.is_running, recording.started_ms) == (RecorderState.PAUSED, True, 2_000)
    call.control_recording("resume").advance(seconds=1).hang_up()
    assert (recording.length_ms, recording.ended_by, recording.ended_ms) == (1_000, "hangup", 3_000)
    assert recording.delivery is not None and recording.delivery.state == "waiting"
    call.finish()
    assert recording.delivery.state == "stored" and len(recording.delivery.attempts) == 2
    assert (recording.armed_ms, recording.leg, recording.kind) == (0, "A", "call")
    assert recording.completion_cause == recording.result.completion_cause == "success-silence"
    assert repr(call) == f"<call test_it at {clock(call.now_ms)}, over: [{recording!r}]>"
    assert repr(recording) == "<recording 0: finished from 0:02.000, 0:01.000 long, ended by hangup>"


def test_what_can_be_asked_on_the_way(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: path, clock, who rings, rows: of now, at any time."""
    call = placed(calls, staging, staging.RECORDED)
    assert (call.path, call.ringing, call.now_ms, call.is_over) == (["record_call", "user"], ["alice"], 0, False)
    call.until("voicemail records")
    assert call.ringing == [] and call.path[-1] == "voicemail"
    assert (call.now - datetime(2026, 11, 30, 10, tzinfo=UTC)).total_seconds() * 1000 == call.now_ms > 20_000
    assert [each.kind for each in call.recordings] == ["call", "voicemail"] and call.recording.kind == "voicemail"
    assert call.rows[0].kind == TRACE and call.id == call.rows[-1].call_id


def test_waiting_for_an_event_begins_after_the_previous_step(calls: Calls, staging: ModuleType) -> None:
    """Design §12, `when E`: the first matching row after the previous step, once; at once when it has come already."""
    call = placed(calls, staging, staging.ring("alice", timeout=10))
    assert call.until("alice rings").now_ms == 0
    with pytest.raises(
        StepNotPossible, match=r"test_placed_call.py:\d+: 'alice rings' never happened: nothing is left"
    ):
        call.until("alice rings")
    other = placed(calls, staging, staging.record(staging.ring(), time_limit=5))
    assert other.answer("alice").until("recording stops").now_ms == 5_000
    with pytest.raises(ScenarioError, match='unknown party "bob"'):
        other.until("bob rings")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("alice hangs up after 1s", "hangs up stands alone"),
        ("bob answers", 'unknown party "bob"'),
        ("caller plays nothing.wav", "no such file"),
        ("storage fails with 409 for documents", 'place the call with storage={"documents": ["stored"]}'),
        ("caller speaks for 0s", "no time at all"),
    ],
)
def test_words_that_mean_nothing(calls: Calls, staging: ModuleType, words: str, problem: str) -> None:
    """Design §9: the test's author made a mistake: the error has the line of the test, and what would be right."""
    with pytest.raises(ScenarioError) as fault:
        placed(calls, staging, staging.RECORDED).do(words)
    assert str(fault.value).startswith(f"{shown_path(Path(__file__))}:") and problem in str(fault.value)
    assert all("callflow/scenario" not in str(entry.path) for entry in fault.traceback)


def test_what_is_not_possible_now(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: who cannot do it now, and what is the case instead; the call goes on as if nothing was said."""
    call = placed(calls, staging, staging.RECORDED)
    for words, why in (("alice holds", "is not connected"), ("caller calls", "placed already")):
        with pytest.raises(StepNotPossible, match=why):
            call.do(words)
    with pytest.raises(StepNotPossible, match="alice is already on the call"):
        call.answer("alice").answer("alice")
    call.hang_up()
    with pytest.raises(StepNotPossible, match="caller has been gone since 0:00.000"):
        call.press("1")
    assert call.finish().passed and inputs(call) == ["at 0s: caller calls", "alice answers", "caller hangs up"]


@pytest.mark.parametrize(("seconds", "ms"), [(-1, 0), (0.0001, 0), (float("inf"), 0), (float("nan"), 0), (1, -2_000)])
def test_time_goes_on_in_whole_milliseconds(calls: Calls, staging: ModuleType, seconds: float, ms: int) -> None:
    """Design §2.4: integer milliseconds, and nothing lies in the past."""
    call = placed(calls, staging, staging.RING_ONLY)
    with pytest.raises(ScenarioError, match="whole number|in the past"):
        call.advance(seconds=seconds, ms=ms)
    assert call.advance(seconds=0.1, ms=200).now_ms == 300


def test_without_a_recording(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: asking for a recording that there is not says which way the call took."""
    call = placed(calls, staging, staging.RING_ONLY)
    with pytest.raises(NoRecording, match="nothing armed one on the way user"):
        assert call.recording.state
    with pytest.raises(NoRecording, match="user"):
        assert call.hang_up().finish().recording
