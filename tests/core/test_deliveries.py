"""Deliveries on virtual time: tries, delays, giving up, and finishing twice (B§6.6; design §12, Deliveries)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.delivery import TargetKind
from callflow.core.effects import Answer, Sleep, StartRecording
from callflow.core.events import DeliveryAnswered
from callflow.core.trace import DELIVERY, LATE_EVENT, REQUEST, Row

MINUTE_MS = 60_000


def recorded(build: Any, **setting: Any) -> Any:
    """A stage with a call of two seconds that is recorded and sent to a URL."""
    system = {key: setting.pop(key) for key in ("storage_retry_times",) if key in setting}
    script = build.doing(Answer(), StartRecording(build.options(url="http://h/r")), Sleep(2_000))
    return build.stage({"module": "s"}, fakes={"s": script}, account=build.household(**system), **setting).offer()


def names(stage: Any) -> list[str]:
    """The DELIVERY rows by name."""
    return [row.name for row in stage.find(DELIVERY)]


def test_a_stored_delivery(build: Any) -> None:
    """B§6.6: the metadata first, then one try, accepted; each row caused by the one before."""
    stage = recorded(build, replies=("201",)).run()
    assert names(stage) == ["REQUESTED", "METADATA_SAVED", "ACCEPTED"]
    requested, saved, accepted = stage.find(DELIVERY)
    (sent,) = stage.find(REQUEST)
    (stop,) = stage.find("RECORDER", "RECORD_STOP")
    assert [requested.because, saved.because, sent.because, accepted.because] == [
        stop.seq,
        requested.seq,
        saved.seq,
        sent.seq,
    ]
    assert sent.detail == {"delivery": 0, "recording": 0, "attempt": 1, "target": "url"}
    assert {key: accepted.detail[key] for key in ("attempt", "result", "to")} == {
        "attempt": 1,
        "result": "201",
        "to": "STORED",
    }


def test_a_failing_target_is_tried_six_times(build: Any) -> None:
    """B§6.6: one try and five more, each after one to ten minutes; then it is given up, and says by which setting."""
    stage = recorded(build, replies=("503",)).run()
    tries = stage.times(REQUEST, "deliver")
    assert len(tries) == 6
    delays = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert all(MINUTE_MS <= delay <= 10 * MINUTE_MS for delay in delays)
    assert len(set(delays)) > 1
    assert names(stage) == ["REQUESTED", "METADATA_SAVED", *["TRY_FAILED", "RETRY_DUE"] * 5, "LAST_TRY_FAILED"]
    last = stage.find(DELIVERY)[-1]
    assert (last.rule, last.detail["to"], last.detail["attempt"]) == ("storage_retry_times=5", "FAILED", 6)
    assert stage.engine.next_ms is None


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (2, 3)])
def test_number_of_retries_is_the_systems(build: Any, retries: int, tries: int) -> None:
    """B§6.6: storage_retry_times counts the tries after the first."""
    assert len(recorded(build, replies=("timeout",), storage_retry_times=retries).run().find(REQUEST)) == tries


def test_a_retry_may_succeed(build: Any) -> None:
    """Design §6: the target's replies in turn: refused twice, then stored with the third try."""
    stage = recorded(build, replies=("503", "refused", "201")).run()
    results = [row.detail["result"] for row in stage.find(DELIVERY) if "result" in row.detail]
    assert results == ["503", "refused", "201"]
    assert stage.find(DELIVERY)[-1].detail["attempt"] == 3


def test_delays_depend_on_the_seed_alone(build: Any) -> None:
    """Law 6: the same seed gives the same delays, another seed others."""
    runs = [recorded(build, replies=("503",), seed=seed).run().times(REQUEST) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_a_delivery_outlives_its_call(build: Any) -> None:
    """Design §12, Deliveries: the call is over and forgotten while its file is still tried."""
    stage = recorded(build, replies=("503", "201")).run(until_ms=30_000)
    assert stage.engine.live_calls == ()
    assert stage.run().find(DELIVERY)[-1].name == "ACCEPTED"


def test_an_answer_may_take_its_time(build: Any) -> None:
    """Design §12, Deliveries: an answer comes when it comes; the trace has it then."""
    stage = recorded(build, replies=())

    def answer_later(row: Row) -> None:
        if row.kind == REQUEST:
            stage.engine.answer_delivery(DeliveryAnswered(0, "slow 201", True), because=row.seq, after_ms=7_000)

    stage.run(on_row=answer_later)
    assert [(row.at_ms, row.detail["result"]) for row in stage.find(DELIVERY, "ACCEPTED")] == [(9_000, "slow 201")]


@pytest.mark.parametrize("first", ["201", "503"])
def test_answering_one_try_twice_stores_it_once(build: Any, first: str) -> None:
    """C10 and law 3: a second answer for one try is late, stored or not; nothing is stored twice."""
    stage = recorded(build, replies=())

    def answer_twice(row: Row) -> None:
        if row.kind == REQUEST:
            for result in (first, "201"):
                stage.engine.answer_delivery(DeliveryAnswered(0, result, result == "201"), because=row.seq)

    stage.run(until_ms=MINUTE_MS, on_row=answer_twice)
    assert len(stage.find(LATE_EVENT)) == 1
    assert names(stage).count("ACCEPTED") == (1 if first == "201" else 0)
    stage.run(on_row=answer_twice)
    assert stage.find(REQUEST)[-1].detail["attempt"] == (1 if first == "201" else 6)


def test_an_answer_for_no_delivery_is_late(build: Any) -> None:
    """Law 3: an answer for something that is over, or never was, is dropped and traced."""
    stage = recorded(build).run()
    stage.engine.answer_delivery(DeliveryAnswered(41, "201", True), because=0)
    stage.run()
    assert [(row.name, row.detail) for row in stage.find(LATE_EVENT)] == [("delivery answered", {"delivery": 41})]


def test_real_uploads_leave_the_delivery_waiting(build: Any) -> None:
    """Design §12, Deliveries: with `delivers` off the core asks nobody, and names the real target to who uploads."""
    stage = recorded(build, delivers=False).run()
    assert names(stage) == ["REQUESTED"]
    assert stage.find(REQUEST) == []
    target = stage.engine.target_of(0)
    assert (target.kind, target.method, target.url) == (TargetKind.URL, "PUT", "http://h/r/call_recording_c1.mp3")


def test_two_recordings_of_a_call_have_one_url(build: Any) -> None:
    """B§6.3: the name depends on the call id only, so the second file overwrites the first: two deliveries, one URL."""
    start = StartRecording(build.options(url="http://h/r"))
    stage = build.perform(build.doing(Answer(), start, start, Sleep(2_000)))
    made = [
        (row.detail["delivery"], row.detail["recording"], row.detail["url"])
        for row in stage.find(DELIVERY, "REQUESTED")
    ]
    assert made == [(0, 0, "http://h/r/call_recording_c1.mp3"), (1, 1, "http://h/r/call_recording_c1.mp3")]


def test_deliveries_are_numbered_through_a_run(build: Any) -> None:
    """Design §12, Engine: requests are answered by id, so ids never repeat in a run, whatever is over meanwhile."""
    stage = recorded(build).offer("c2", at_ms=60_000).offer("c3", at_ms=1_000).run()
    requested = stage.find(DELIVERY, "REQUESTED")
    assert [(row.call_id, row.detail["delivery"]) for row in requested] == [("c1", 0), ("c3", 1), ("c2", 2)]
