"""The stage: when steps are done, what becomes of those that cannot be, and how a scenario ends (design §6, §12)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from callflow.core.errors import RunawayError, StuckCall
from callflow.scenario.preparing import Choices, prepare
from callflow.scenario.stage import Stage
from callflow.simulate import Run


def times(run: Run, name: str) -> list[int]:
    """When inputs of one name were made."""
    return [row.at_ms for row in run.rows if row.kind == "INPUT" and row.name == name]


def test_engine_timers_come_before_people(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: within an instant the engine's timers come first: at 20 s the phone has stopped ringing already."""
    run = staging.played(tmp_path, "at 20s: alice answers", flow=staging.ring(timeout=20))
    (failure,) = run.result().failures
    assert failure.message.startswith(f"{tmp_path}/call.json:")
    assert failure.message.endswith("alice's phone rings no more since 0:20.000 (NO_ANSWER); nothing rings now")


def test_steps_of_one_instant_keep_file_order(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: then people in file order, each with everything that follows from it at once."""
    run = staging.played(
        tmp_path, "at 4s: alice answers", "at 4s: alice speaks for 1s", "at 4s: caller hangs up", flow=staging.RING_ONLY
    )
    inputs = [row.name for row in run.rows if row.kind == "INPUT"]
    assert inputs == ["calls", "answers", "speaks", "hangs up"]
    assert run.result().outcome == "passed"


def test_calls_of_one_instant_keep_file_order(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: people in file order holds among several calls, also for a step that is overdue in the second."""
    caller = {"number": "1", "dials": "2001"}
    late = ["at 0s: caller calls", "when first.alice answers: caller presses 1", "at 3s: caller presses 2"]
    calls = {
        "first": {"caller": caller, "timeline": [
            {"at 0s": "caller calls"}, {"at 4s": "alice answers"}, {"at 4s": "caller presses 9"},
            {"at 5s": "caller hangs up"},
        ]},
        "second": {"caller": caller, "timeline": [*map(staging.step, late), {"at 6s": "caller hangs up"}]},
    }  # fmt: skip
    flow = staging.ring("alice", can_call_self=True)
    run = staging.played(tmp_path, flow=flow, caller=None, timeline=None, calls=calls)
    digits = [row.detail["digit"] for row in run.rows if row.name == "DTMF" and row.detail]
    assert digits == ["9", "1", "2"]


def test_after_counts_from_the_end_of_speech(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `after T` counts from the end of the previous step, and speech has a length."""
    run = staging.played(
        tmp_path,
        "at 2s: alice answers",
        "after 1s: caller speaks for 4s",
        "after 500ms: caller presses 12",
        'after 0s: caller says "good morning, is anybody there?"',
        "after 0s: caller hangs up",
        flow=staging.RING_ONLY,
    )
    assert times(run, "speaks") == [3_000, 7_900]
    assert times(run, "presses") == [7_500, 7_700]
    assert times(run, "hangs up") == [7_900 + 31 * 65]


def test_after_counts_from_the_end_of_a_file(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: files have their own length."""
    staging.write_silence(tmp_path / "hello.wav", 1_500)
    run = staging.played(
        tmp_path,
        "at 2s: alice answers",
        "after 0s: alice plays hello.wav",
        "after 0s: alice hangs up",
        flow=staging.RING_ONLY,
    )
    assert times(run, "hangs up") == [3_500]


def test_at_counts_from_the_start_of_the_call(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `at T` counts from the call's start, wherever that lies on the run's clock."""
    timeline = [{"at 3s": "caller calls"}, {"at 4s": "alice answers"}, {"at 9s": "caller hangs up"}]
    run = staging.played(tmp_path, timeline=timeline, flow=staging.RING_ONLY)
    assert (times(run, "calls"), times(run, "answers"), times(run, "hangs up")) == ([3_000], [7_000], [12_000])
    assert run.result().calls[0].started_ms == 3_000


def test_when_waits_for_the_first_row_after_the_step_before(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: `when E` is the first matching row after the previous step, once; an earlier one does not count."""
    flow = {
        "module": "play",
        "data": {"id": "vm-saved"},
        "children": {"_": {"module": "play", "data": {"id": "vm-saved"}}},
    }
    once = staging.played(tmp_path, "when vm-saved plays: caller presses 1", flow=flow)
    later = staging.played(
        tmp_path, "at 1s: caller speaks for 3s", "when vm-saved plays after 200ms: caller presses 1", flow=flow
    )
    first, second = (
        row.at_ms for row in staging.rows_of(once, "AUDIO", "plays") if row.detail["sound"] == {"prompt": "vm-saved"}
    )
    assert times(once, "presses") == [first]
    (pressed,) = times(later, "presses")
    assert pressed - 200 == [row.at_ms for row in staging.rows_of(later, "AUDIO", "plays")][-1] > first
    assert second == first + 100  # the digit cut the first prompt: the next node plays 100 ms after its answer


def test_when_sees_what_happens_while_the_step_before_lasts(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: "after the previous step" begins when that is done, not when the speech is over."""
    run = staging.played(
        tmp_path,
        "at 1s: alice answers",
        "at 2s: caller speaks for 30s",
        "when recording stops: caller hangs up",
        flow=staging.record(staging.ring(), time_limit=10),
    )
    assert times(run, "hangs up") == [10_000]


def test_a_step_that_never_happens_is_a_failure(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: a step that never happens is a failure (exit 1), with what it waited for; so are those behind it."""
    run = staging.played(
        tmp_path,
        "when voicemail records: caller speaks for 1s",
        "after 1s: caller hangs up",
        flow=staging.ring(timeout=5),
    )
    result = run.result()
    assert result.outcome == "failed"
    assert [each.expected for each in result.failures] == [
        "when voicemail records: caller speaks for 1s",
        "after 1s: caller hangs up",
    ]
    assert result.failures[0].message.endswith(
        "the run was over at 0:05.000, and it still waited for voicemail records"
    )
    assert result.failures[1].message.endswith("it still waited for the steps before it")


def test_a_step_that_is_impossible_is_a_failure_and_the_rest_goes_on(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: who has left can do nothing; the failure says when they left, and the timeline goes on."""
    run = staging.played(
        tmp_path,
        "at 1s: alice answers",
        "at 5s: alice hangs up",
        "at 6s: alice speaks for 1s",
        "at 7s: caller hangs up",
        flow=staging.ring("alice", {"module": "sleep", "data": {"duration": 60}}),
    )
    (failure, last) = run.result().failures
    assert "alice has been gone since 0:05.000 (NORMAL_CLEARING)" in failure.message
    assert "caller has been gone since 0:05.000" in last.message


def test_a_step_whose_time_was_over_says_so(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `at 2s` behind a wait that took longer is done late, and never without a word."""
    run = staging.played(
        tmp_path, "when voicemail records: caller speaks for 1s", "at 2s: caller hangs up", flow=staging.VOICEMAIL
    )
    (remark,) = [each for each in run.result().diagnostics if each.code == "late-step"]
    assert remark.message.startswith("its turn came only at 0:06.500") and "timeline[2]" in remark.where


def test_nothing_left_ends_the_call(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: nothing is left to happen and the call lives: the caller hangs up, with a warning."""
    run = staging.played(tmp_path, "at 3s: alice answers", flow=staging.RING_ONLY)
    result = run.result()
    assert (result.calls[0].hangup_by, result.calls[0].ended_ms, result.outcome) == ("end of scenario", 3_000, "passed")
    (remark,) = [each for each in result.diagnostics if each.severity != "info"]
    assert (remark.code, remark.severity) == ("end-of-scenario", "warning")
    assert remark.where == f"{tmp_path}/call.json:14: timeline[1]" and "0:03.000" in remark.message


def test_an_effect_that_nobody_answers_is_a_stuck_call(staging: ModuleType, tmp_path: Path) -> None:
    """Design §9, §12: StuckCall is for an unanswered effect: the call does not even end by hanging up."""

    class DeafEngine:
        now_ms, next_ms, live_calls = 0, None, ("c1",)

        def run_until(self, until_ms: int) -> list[object]:
            return []

        def offer(self, *given: object, **more: object) -> None:
            """Take the call and do nothing with it."""

        tell = offer

        def controlled_leg(self, call_id: str) -> str:
            """The caller's, for ever."""
            return "A"

    prepared = prepare(staging.scenario(tmp_path, call_id="c1"), Choices())
    stage = Stage(prepared, DeafEngine())  # type: ignore[arg-type]
    with pytest.raises(StuckCall, match=r"^call c1: nothing is left to happen, and the call does not end; "):
        list(stage.play())


def test_a_step_beyond_the_limit_of_time_is_an_error(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: 24 virtual hours end a run; a step beyond them is not done early instead."""
    with pytest.raises(RunawayError, match=r"timeline\[2\]: 25:00:00.000 lies beyond the run's limit of time"):
        staging.played(tmp_path, "at 1s: alice answers", "at 1500m: caller hangs up", flow=staging.RING_ONLY)


def test_both_limits_can_be_set(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: 24 virtual hours or 10^6 rows end a run, both settable; the error names what repeats."""
    flow = {"module": "play", "data": {"id": "vm-saved", "endless_playback": True}}
    prepared = prepare(staging.scenario(tmp_path, flow=flow), Choices())
    with pytest.raises(RunawayError, match=r"1 virtual hours; call \w+ is at play, flow; it repeats: AUDIO plays;"):
        list(Run(prepared, max_ms=3_600_000).play())
    with pytest.raises(RunawayError, match=r"50 rows; call \w+ is at play, flow; it repeats: AUDIO plays;"):
        list(Run(prepared, max_rows=50).play())
