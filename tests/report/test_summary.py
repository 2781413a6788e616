"""The result object of a run: design §7 to the letter, §12 where it says what each field means."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from callflow.core.diagnostic import Diagnostic
from callflow.core.events import Answers, HangsUp, Speaks
from callflow.core.trace import ERROR, EVENT, LEG, WARNING, Row
from callflow.report.results import Failure, RecordingResult, as_json
from callflow.report.summary import Summary, summarise

Placed = Callable[..., list[Row]]
START = {"action": "start", "format": "wav", "url": "http://my.server/r"}
TALK = {"module": "user", "data": {"id": "alice"}}


def flow_of(*, then: Any = TALK, **data: Any) -> dict[str, Any]:
    """A flow that starts a recording with these keys, and goes on."""
    return {"module": "record_call", "data": {**START, **data}, "children": {"_": then}}


def only_recording(rows: list[Row]) -> RecordingResult:
    """The one recording of a run."""
    [recording] = summarise(rows).recordings
    return recording


def test_the_object_is_that_of_the_design(answered: list[Row]) -> None:
    """Design §7: names, values and the order of keys, for the answered call of the main job."""
    remark = Diagnostic("c", "info", "flow", "m", "h")
    result = summarise(answered, diagnostics=[remark], failures=[Failure("e", "n", "m")])
    [recording] = result.recordings
    assert json.dumps(as_json(result)) == json.dumps(
        {
            "format": 1,
            "scenario": "a sample",
            "profile": "docs",
            "outcome": "failed",
            "calls": [
                {
                    "call_id": "c1",
                    "from": "+14155550100",
                    "to": "2001",
                    "started_ms": 0,
                    "ended_ms": 40_000,
                    "hangup_cause": "NORMAL_CLEARING",
                    "hangup_by": "caller",
                    "path": [
                        {"at_ms": 0, "flow": "sample", "where": "flow", "module": "record_call"},
                        {"at_ms": 0, "flow": "sample", "where": "flow.children._", "module": "user"},
                    ],
                    "recordings": [
                        {
                            "id": recording.id,
                            "kind": "call",
                            "name": recording.name,
                            "origin": "callflow : sample",
                            "leg": "A",
                            "format": "mp3",
                            "channels": 2,
                            "sample_rate": 16_000,
                            "armed_ms": 0,
                            "started_ms": 0,
                            "ended_ms": 40_000,
                            "length_ms": 40_000,
                            "ended_by": "hangup",
                            "completion_cause": "success-silence",
                            "state": "finished",
                            "file": None,
                            "bytes": None,
                            "delivery": {
                                "target": "url",
                                "method": "PUT",
                                "url": "http://***@my.server/r/call_recording_c1.mp3",
                                "state": "stored",
                                "attempts": [{"at_ms": 40_000, "result": "201"}],
                            },
                        }
                    ],
                }
            ],
            "diagnostics": [{"code": "c", "severity": "info", "where": "flow", "message": "m", "hint": "h"}],
            "failures": [{"expected": "e", "nearest": "n", "message": "m"}],
        }
    )
    assert recording.name.endswith(".mp3") and recording.id.startswith("197001-")


def test_a_stopped_recording_and_a_message_stand_in_arming_order(not_answered: list[Row]) -> None:
    """The main job (b): 20 s ended by stop, then 4 s of voicemail, whose cause is null, in the account's database."""
    result = summarise(not_answered)
    shown = [
        (each.kind, each.length_ms, each.ended_by, each.completion_cause, each.channels) for each in result.recordings
    ]
    assert shown == [
        ("call", 20_000, "stop", "success-maxtime", 2),
        ("voicemail", 4_000, "hangup", None, 1),
    ]
    message = result.recordings[1]
    assert (message.started_ms, message.ended_ms) == (26_500, 30_500)
    assert message.delivery is not None
    assert (message.delivery.target, message.delivery.method, message.delivery.url) == ("account_database", None, None)
    assert [step.module for step in result.calls[0].path] == ["record_call", "user", "record_call", "voicemail"]
    assert result.outcome == "passed"


def test_a_recording_that_never_started_has_no_times(call_placed: Placed) -> None:
    """Design §12: never_started has null ended_by, cause and started_ms, length 0, and no delivery."""
    recording = only_recording(call_placed((2_000, "A", HangsUp()), flow=flow_of(record_on_answer=True)))
    assert (recording.state, recording.armed_ms, recording.length_ms) == ("never_started", 0, 0)
    assert (recording.started_ms, recording.ended_ms) == (None, None)
    assert (recording.ended_by, recording.completion_cause, recording.delivery) == (None, None, None)


def test_a_recording_that_is_too_short_is_discarded_and_keeps_its_end(call_placed: Placed) -> None:
    """Design §12: discarded keeps ended_by, has the cause input-too-short, and no delivery."""
    recording = only_recording(call_placed((2_000, "A", HangsUp()), flow=flow_of(record_min_sec=5)))
    assert (recording.state, recording.ended_by, recording.length_ms) == ("discarded", "hangup", 2_000)
    assert (recording.completion_cause, recording.delivery) == ("input-too-short", None)


def test_an_empty_recording_is_discarded(call_placed: Placed) -> None:
    """Design §12: a file without a frame is removed: empty-file; it had no start that anybody saw."""
    recording = only_recording(call_placed(flow=flow_of(then={"module": "record_call", "data": {"action": "stop"}})))
    assert (recording.state, recording.ended_by, recording.completion_cause) == ("discarded", "stop", "empty-file")
    assert (recording.started_ms, recording.ended_ms, recording.length_ms) == (None, 0, 0)


def test_a_take_that_is_too_short_is_discarded_without_a_cause(call_placed: Placed) -> None:
    """Design §12: a voicemail under 500 ms is discarded; its cause is null like every take's."""
    recording = only_recording(
        call_placed((6_700, "A", HangsUp()), flow={"module": "voicemail", "data": {"id": "alice-box"}})
    )
    assert (recording.kind, recording.state, recording.ended_by) == ("voicemail", "discarded", "hangup")
    assert (recording.completion_cause, recording.delivery, recording.length_ms) == (None, None, 200)


def test_every_try_of_a_delivery_is_an_attempt(call_placed: Placed) -> None:
    """B§6.6: failed tries, then the stored one, each with its time and the target's reply."""
    rows = call_placed((9_000, "A", HangsUp()), flow=flow_of(), replies=("503", "timeout", "201"))
    delivery = only_recording(rows).delivery
    assert delivery is not None and delivery.state == "stored"
    assert [attempt.result for attempt in delivery.attempts] == ["503", "timeout", "201"]
    times = [attempt.at_ms for attempt in delivery.attempts]
    assert times[0] == 9_000 and times == sorted(set(times))


def test_a_delivery_that_is_given_up_has_failed(call_placed: Placed) -> None:
    """B§6.6: after the last try the delivery is failed, and all its attempts are listed."""
    delivery = only_recording(call_placed((9_000, "A", HangsUp()), flow=flow_of(), replies=("503",))).delivery
    assert delivery is not None and delivery.state == "failed"
    assert [attempt.result for attempt in delivery.attempts] == ["503"] * 6


def test_a_delivery_that_nobody_carried_out_waits(call_placed: Placed) -> None:
    """Design §12, Deliveries: with real uploads the core leaves a delivery waiting."""
    delivery = only_recording(call_placed((9_000, "A", HangsUp()), flow=flow_of(), delivers=False)).delivery
    assert delivery is not None
    assert (delivery.state, delivery.attempts, delivery.method) == ("waiting", (), "PUT")


def test_a_recording_without_a_place_to_go_is_not_stored(call_placed: Placed) -> None:
    """The seed: without a url and with store_recordings false nothing is stored; the target is none."""
    flow = {"module": "record_call", "data": {"action": "start"}, "children": {"_": TALK}}
    delivery = only_recording(call_placed((9_000, "A", HangsUp()), flow=flow)).delivery
    assert delivery is not None
    assert (delivery.target, delivery.state, delivery.method, delivery.url) == ("none", "not_stored", None, None)


def test_warnings_of_the_run_become_diagnostics(call_placed: Placed) -> None:
    """Design §12, Sound: what is said before early media is lost, and a diagnostic tells when, where and what to do."""
    rows = call_placed((1_000, "B", Speaks({"voice": "alice"}, 700)), (2_000, "B", Answers()), (3_000, "A", HangsUp()))
    [warning] = summarise(rows).diagnostics
    assert (warning.code, warning.severity) == ("not-carried", "warning")
    assert warning.where == "call c1, leg B, 0:01.000"
    assert "700 ms" in warning.message and "ringing" in warning.message and warning.hint


def test_a_recording_during_a_take_is_warned_of(call_placed: Placed) -> None:
    """The seed: call recording and voicemail do not play well together."""
    rows = call_placed((20_000, "A", HangsUp()), flow=flow_of(then={"module": "voicemail", "data": {"id": "b"}}))
    assert "recording-during-take" in [each.code for each in summarise(rows).diagnostics]


@pytest.mark.parametrize("failures", [(), (Failure("e", "", "m"),)])
def test_an_error_row_makes_the_outcome_error(answered: list[Row], failures: tuple[Failure, ...]) -> None:
    """Design §12: an action that raised makes the outcome error, also beside failed expectations (exit 3 before 1)."""
    detail = {"where": "flow.children._", "message": "it raised"}
    row = Row(len(answered), 40_000, "c1", "A", ERROR, "action failed", detail, -1, "B§2.2")
    result = summarise([*answered, row], failures=failures)
    assert result.outcome == "error"
    assert result.diagnostics[-1] == Diagnostic("action-failed", "error", "flow.children._", "it raised")


def test_a_warning_without_words_of_its_own_brings_its_message(answered: list[Row]) -> None:
    """A driver may warn: its own message and hint are shown."""
    detail = {"message": "the caller hung up because nothing was left", "hint": "add a step"}
    row = Row(len(answered), 40_000, "c1", "", WARNING, "end-of-scenario", detail, -1, "")
    [remark] = summarise([*answered, row]).diagnostics
    assert (remark.code, remark.where, remark.hint) == ("end-of-scenario", "call c1, 0:40.000", "add a step")
    assert remark.message == "the caller hung up because nothing was left"


def test_the_result_can_be_asked_for_while_the_call_lives(answered: list[Row]) -> None:
    """Live pages and the API look at a run that goes on: no end yet, the recorder's own state, no delivery."""
    summary = Summary()
    for row in answered[:20]:
        summary.take(row)
    [call] = summary.result().calls
    assert (call.ended_ms, call.hangup_cause, call.recordings[0].state) == (None, None, "recording")
    assert call.recordings[0].delivery is None


def test_a_call_ends_with_the_leg_that_was_transferred_last(answered: list[Row]) -> None:
    """B§8.2: when the caller transfers the callee away, the call goes on with that one's leg and ends with it."""
    end = next(row for row in answered if row.name == "CHANNEL_DESTROY" and row.leg == "A")
    moved = Row(0, 30_000, end.call_id, "B", EVENT, "CHANNEL_TRANSFEREE", {}, -1, "")
    gone = {"from": "ANSWERED", "to": "GONE", "hangup_cause": "BLIND_TRANSFER", "by": "caller"}
    left = Row(0, 30_000, end.call_id, "A", LEG, "CHANNEL_DESTROY", gone, -1, "")
    before = [row for row in answered if row.at_ms < 30_000]
    (call,) = summarise([*before, moved, left]).calls
    assert (call.ended_ms, call.hangup_cause) == (None, None)
    over = {**gone, "hangup_cause": "NORMAL_CLEARING", "by": "alice"}
    later = Row(0, 50_000, end.call_id, "B", LEG, "CHANNEL_DESTROY", over, -1, "")
    (call,) = summarise([*before, moved, left, later]).calls
    assert (call.ended_ms, call.hangup_cause, call.hangup_by) == (50_000, "NORMAL_CLEARING", "alice")


def test_recordings_of_several_calls_stand_in_arming_order(answered: list[Row], not_answered: list[Row]) -> None:
    """Design §12: recordings count in arming order, whichever call they belong to."""
    second = [row._replace(call_id="c2") for row in not_answered]
    first = [row._replace(at_ms=row.at_ms + 1_000) for row in answered]
    result = summarise([*first, *second], scenario="two calls")
    assert [each.armed_ms for each in result.recordings] == [0, 1_000, 26_500]
    assert [call.call_id for call in result.calls] == ["c1", "c2"]
    assert result.scenario == "two calls"
