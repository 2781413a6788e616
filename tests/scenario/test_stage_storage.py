"""The stage's answers to deliveries, and several calls on one clock (design §6, §12)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.simulate import Run

TWO_TAKES = (
    "at 1s: alice answers",
    "at 5s: caller hangs up",
)
CALLER = {"number": "+14155550100", "dials": "2001"}


def attempts(run: Run) -> list[list[str]]:
    """The replies to each delivery."""
    return [[each.result for each in one.delivery.attempts] for one in run.result().recordings if one.delivery]


def answered(staging: ModuleType, folder: Path, *replies: object, **parts: Any) -> Run:
    """A recorded call whose target replies so."""
    run = staging.played(
        folder, *TWO_TAKES, flow=staging.record(staging.ring()), storage={"answers": list(replies)}, **parts
    )
    assert isinstance(run, Run)
    return run


def test_answers_are_given_in_turn(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `storage.answers` is what the target replies, in turn, until the file is stored."""
    assert attempts(answered(staging, tmp_path, 503, "refused", 201)) == [["503", "refused", "201"]]


def test_the_last_answer_repeats(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Results: the last entry repeats; after six tries the delivery has failed (B§6.6)."""
    run = answered(staging, tmp_path, 500, "reset")
    assert attempts(run) == [["500", "reset", "reset", "reset", "reset", "reset"]]
    assert run.result().recordings[0].delivery.state == "failed"  # type: ignore[union-attr]


def test_every_delivery_reads_the_list_from_its_start(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Results: each delivery reads the list from its start."""
    flow = staging.record(staging.record(staging.ring()))
    run = staging.played(tmp_path, *TWO_TAKES, flow=flow, storage={"answers": [503, 201]})
    assert attempts(run) == [["503", "201"], ["503", "201"]]


def test_answers_are_for_url_targets_only(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Results: url targets only; a voicemail goes to the account's database, which takes it."""
    lines = ("when voicemail records: caller speaks for 2s", "after 0s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=staging.RECORDED, storage={"answers": ["refused"]})
    call, message = run.result().recordings
    assert call.delivery.state == "failed" and len(call.delivery.attempts) == 6
    assert [each.result for each in message.delivery.attempts] == ["stored"]


@pytest.mark.parametrize(
    ("reply", "delay_ms", "result"),
    [
        ("slow 2s", 2_000, "201"),
        ("slow 2s then 503", 2_000, "503"),
        ("timeout", 300_000, "timeout"),
        ("slow 10m", 300_000, "timeout"),
        ("refused", 0, "refused"),
    ],
)
def test_replies_take_their_time(staging: ModuleType, tmp_path: Path, reply: str, delay_ms: int, result: str) -> None:
    """Design §6: slow and timeout take virtual time; nobody waits longer than five minutes (B§6.6)."""
    run = answered(staging, tmp_path, reply, 201)
    request, *_ = staging.rows_of(run, "REQUEST")
    tried = next(row for row in staging.rows_of(run, "DELIVERY") if "result" in row.detail)
    assert (tried.at_ms - request.at_ms, tried.detail["result"], tried.because) == (delay_ms, result, request.seq)


def test_storage_fails_from_the_step_on(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `storage fails with CODE` rules the replies from then on; what was stored before stays stored."""
    flow = staging.record(staging.ring("alice", staging.record(staging.ring("bob"))), time_limit=5)
    lines = ("at 3s: caller speaks for 1s", "at 21s: storage fails with 507", "at 30s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=flow)
    first, second = attempts(run)
    assert first == ["201"] and set(second) == {"507"}


def test_a_step_may_wait_for_a_delivery(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: `delivery fails` is an event like any other; here the call outlives the first try of its recording."""
    flow = staging.record(staging.ring(), time_limit=5)
    run = staging.played(
        tmp_path,
        "at 1s: alice answers",
        "when delivery fails after 1s: caller hangs up",
        flow=flow,
        storage={"answers": [500, 201]},
    )
    assert run.result().calls[0].ended_ms == 6_000 and run.result().outcome == "passed"
    assert attempts(run) == [["500", "201"]]


def test_deliveries_outlive_their_call(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Deliveries: instances outlive their calls: a retry comes minutes after the hang-up."""
    run = answered(staging, tmp_path, 503, 201)
    (recording,) = run.result().recordings
    assert recording.delivery is not None
    assert recording.delivery.attempts[1].at_ms >= 5_000 + 60_000
    assert run.result().calls[0].ended_ms == 5_000


def two_calls(staging: ModuleType, folder: Path, first: list[str], second: list[str], **parts: Any) -> Run:
    """Two calls on one callflow that records at once."""
    calls = {
        "first": {"caller": CALLER, "timeline": [staging.step(each) for each in first]},
        "second": {"caller": {**CALLER, "number": "200"}, "timeline": [staging.step(each) for each in second]},
    }
    flow = staging.record(staging.ring(), time_limit=10)
    run = staging.played(folder, flow=flow, caller=None, timeline=None, calls=calls, **parts)
    assert isinstance(run, Run)
    return run


def test_a_call_waits_for_another_calls_event(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: several calls, one clock, `when first.recording stops`; its times count from its own start."""
    run = two_calls(
        staging,
        tmp_path,
        ["at 0s: caller calls", "at 1s: alice answers", "at 15s: caller hangs up"],
        ["when first.recording stops: caller calls", "at 2s: alice answers", "at 4s: caller hangs up"],
    )
    first, second = run.result().calls
    assert (first.started_ms, first.ended_ms) == (0, 15_000)
    assert (second.started_ms, second.ended_ms) == (10_000, 14_000)
    assert run.result().failures == ()


def test_an_own_event_is_not_another_calls(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: without a prefix an event is the call's own, although another call's comes earlier."""
    run = two_calls(
        staging,
        tmp_path,
        ["at 0s: caller calls", "at 1s: alice answers", "at 30s: caller hangs up"],
        ["at 5s: caller calls", "at 8s: alice answers", "when recording stops: caller hangs up"],
    )
    assert run.result().calls[1].ended_ms == 15_000


def test_parties_of_two_calls_are_not_mixed_up(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: alice answers the call in whose timeline she does."""
    run = two_calls(
        staging,
        tmp_path,
        ["at 0s: caller calls", "at 9s: caller hangs up"],
        ["at 1s: caller calls", "at 3s: alice answers", "at 8s: caller hangs up"],
    )
    answers = [(row.at_ms, row.call_id) for row in staging.rows_of(run, "LEG", "CHANNEL_ANSWER") if row.leg == "B"]
    assert answers == [(4_000, run.prepared.calls[1].id)]


def test_calls_are_ended_one_after_the_other(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: nothing is left to happen: the first caller hangs up, which the second may have waited for."""
    run = two_calls(
        staging,
        tmp_path,
        ["at 0s: caller calls", "at 1s: alice answers"],
        ["at 0s: caller calls", "at 2s: alice answers", "when first.caller hangs up after 5s: caller hangs up"],
    )
    first, second = run.result().calls
    assert (first.hangup_by, second.hangup_by) == ("end of scenario", "caller")
    assert first.ended_ms is not None and second.ended_ms == first.ended_ms + 5_000
    assert run.result().failures == ()


def test_a_call_that_is_never_placed_is_a_failure(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: a step that never happens is a failure, also when it would have placed the call."""
    run = two_calls(
        staging,
        tmp_path,
        ["at 0s: caller calls", "at 1s: caller hangs up"],
        ["when first.alice answers: caller calls", "at 1s: caller hangs up"],
    )
    result = run.result()
    assert (result.outcome, len(result.calls), len(result.failures)) == ("failed", 1, 2)
    assert "calls.second.timeline[0]" in result.failures[0].message


def test_steps_that_tell_nothing_are_rows_too(staging: ModuleType, tmp_path: Path) -> None:
    """Law 5: every step is an INPUT row, also a target that fails from now on and a phone that nobody answers."""
    lines = ("at 5s: storage fails with 503", "at 20s: alice does not answer", "at 30s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=staging.RECORDED)
    inputs = [(row.at_ms, row.leg, row.name, row.detail["text"]) for row in staging.rows_of(run, "INPUT")]
    assert inputs[1:3] == [
        (5_000, "", "storage fails with 503", lines[0]),
        (20_000, "B", "does not answer", lines[1]),
    ]


def test_tries_of_deliveries_keep_no_call_up(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: nothing is left to happen to the call once only its delivery is tried again and again."""
    flow = staging.record(staging.ring(), time_limit=5)
    run = staging.played(tmp_path, "at 1s: alice answers", flow=flow, storage={"answers": [503]})
    (call,) = run.result().calls
    assert (call.ended_ms, call.hangup_by) == (5_000, "end of scenario")
    assert len(attempts(run)[0]) == 6
