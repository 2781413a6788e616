"""Deliveries on virtual time: tries, delays, giving up, and finishing twice (B§6.6; design §12, Deliveries)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.delivery import DELIVERY as DELIVERY_TABLE
from callflow.core.delivery import DeliveryEvent, DeliveryState, TargetKind
from callflow.core.effects import Answer, Sleep, StartRecording
from callflow.core.events import DeliveryAnswered
from callflow.core.table import IMPOSSIBLE, LATE
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


def answering(stage: Any, *documents: str, webhook: tuple[str, ...] = ("200",)) -> Any:
    """Run it; savings of documents and webhooks are answered in turn, the last answer repeating."""

    def answer(row: Row) -> None:
        detail = row.detail or {}
        if row.kind == REQUEST and (row.name == "save document" or detail["target"] == "webhook"):
            replies = documents if row.name == "save document" else webhook
            reply = replies[min(detail["attempt"], len(replies)) - 1]
            answered = DeliveryAnswered(detail["delivery"], reply, reply == "stored" or reply.startswith("2"))
            stage.engine.answer_delivery(answered, because=row.seq)

    return stage.run(on_row=answer)


@pytest.mark.parametrize("profile", ["kazoo-4", "kazoo-5"])
def test_an_attempt_is_five_tries_in_the_code(build: Any, profile: str) -> None:
    """B§6.6: the file layer tries five times, 5 s apart; the storer comes again after one to ten minutes, five times."""
    stage = recorded(build, replies=("503",), profile=profile).run()
    tries = stage.times(REQUEST, "deliver")
    delays = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert len(tries) == 30
    assert [delay for index, delay in enumerate(delays, 1) if index % 5] == [5_000] * 24
    assert all(MINUTE_MS <= delay <= 10 * MINUTE_MS for delay in delays[4::5])
    rules = [row.rule for row in stage.find(DELIVERY) if row.name in ("TRY_FAILED", "LAST_TRY_FAILED")]
    assert rules == [*["profile.tries_per_attempt=5"] * 4, "storage_retry_times=5"] * 6
    assert stage.find(DELIVERY)[-1].detail["to"] == "FAILED" and stage.engine.next_ms is None


def test_documents_are_saved_without_a_word_unless_asked_for(build: Any) -> None:
    """B§6.5: a plain run has no request for the document; one that asks has it before the file's."""
    assert [row.name for row in recorded(build).run().find(REQUEST)] == ["deliver"]
    stage = answering(recorded(build, asks_documents=True), "stored")
    assert [row.name for row in stage.find(REQUEST)] == ["save document", "deliver"]
    assert names(stage) == ["REQUESTED", "METADATA_SAVED", "ACCEPTED"]


def test_a_document_is_saved_again_like_the_file(build: Any) -> None:
    """Issue 4, item 1: in docs a failed save is tried again after one to ten minutes, then the file is sent."""
    stage = answering(recorded(build, asks_documents=True), "refused", "503", "stored")
    assert names(stage) == [
        "REQUESTED", *["METADATA_TRY_FAILED", "RETRY_DUE"] * 2, "METADATA_SAVED", "ACCEPTED",
    ]  # fmt: skip
    first, second, third = stage.times(REQUEST, "save document")
    assert all(MINUTE_MS <= delay <= 10 * MINUTE_MS for delay in (second - first, third - second))
    assert stage.find(REQUEST, "deliver")[0].detail["attempt"] == 1
    assert [row.detail.get("result") for row in stage.find(DELIVERY)][1:5:2] == ["refused", "503"]


def test_a_document_that_is_never_saved_ends_the_delivery(build: Any) -> None:
    """B§6.6: as often as the file; the file is never sent then."""
    stage = answering(recorded(build, asks_documents=True, storage_retry_times=2), "disk full")
    assert names(stage)[-1] == "METADATA_FAILED" and len(stage.find(REQUEST, "save document")) == 3
    last = stage.find(DELIVERY)[-1]
    assert (last.rule, last.detail["to"], last.detail["result"]) == ("storage_retry_times=2", "FAILED", "disk full")
    assert stage.find(REQUEST, "deliver") == [] and stage.engine.next_ms is None


@pytest.mark.parametrize("profile", ["kazoo-4", "kazoo-5"])
def test_the_code_never_saves_a_document_again(build: Any, profile: str) -> None:
    """C20: the failure is a reply that nobody reads; but a conflict is saved over, at once and once (C48)."""
    stage = answering(recorded(build, asks_documents=True, profile=profile), "refused", "stored")
    assert names(stage) == ["REQUESTED", "METADATA_FAILED"]
    assert stage.find(DELIVERY)[-1].rule == "profile.saves_document_again=false"
    stage = answering(recorded(build, asks_documents=True, profile=profile), "409", "stored")
    assert names(stage)[1:4] == ["METADATA_TRY_FAILED", "RETRY_DUE", "METADATA_SAVED"]
    assert len(set(stage.times(REQUEST))) == 1
    stage = answering(recorded(build, asks_documents=True, profile=profile), "409")
    assert names(stage) == ["REQUESTED", "METADATA_TRY_FAILED", "RETRY_DUE", "METADATA_FAILED"]


def test_a_webhook_is_told_of_what_is_stored(build: Any) -> None:
    """Issue 4, item 2: after the file is stored a delivery of its own, by POST, tried again like the rest."""
    hook = "http://me:geheim@h/hook"
    stage = answering(
        recorded(build, webhook_url=hook, replies=("503", "201"), asks_documents=True, profile="kazoo-5"),
        "stored",
        webhook=("503", "200"),
    )
    rows = [row for row in stage.find(DELIVERY) if row.detail.get("target") == "webhook"]
    assert [row.name for row in rows] == ["REQUESTED", "METADATA_SAVED", "TRY_FAILED", "RETRY_DUE", "ACCEPTED"]
    stored = next(row for row in stage.find(DELIVERY) if row.name == "ACCEPTED")
    assert (rows[0].because, rows[0].rule) == (stored.seq, "storage.webhook")
    shown = {key: rows[0].detail[key] for key in ("delivery", "recording", "method", "url")}
    assert shown == {"delivery": 1, "recording": 0, "method": "POST", "url": "http://***@h/hook"}
    assert rows[2].rule == "storage_retry_times=5" and rows[3].at_ms - rows[2].at_ms >= MINUTE_MS
    assert "geheim" not in repr(stage.rows) and "geheim" not in repr(stage.engine._exchange.setting)


def test_a_webhook_is_told_of_nothing_else(build: Any) -> None:
    """Issue 4, item 2: not of what is not stored, nor by the core where somebody really uploads."""
    hook = {"webhook_url": "http://h/hook"}
    targets = [
        {row.detail["target"] for row in stage.find(DELIVERY, "REQUESTED")}
        for stage in (
            recorded(build, replies=("503",), storage_retry_times=0, **hook).run(),
            recorded(build, delivers=False, **hook).run(),
        )
    ]
    assert targets == [{"url"}, {"url"}]
    assert recorded(build, replies=("503",), storage_retry_times=0, **hook).run().engine.awaits_deliveries_only


def test_what_few_answers_have_is_in_the_row(build: Any) -> None:
    """B§6.4, B§6.6: redirects, a wait that is asked for, a file that is there though the try has failed."""
    stage = recorded(build, replies=())
    answers = [
        DeliveryAnswered(0, "503", False, redirects=2, asked_wait_ms=30_000),
        DeliveryAnswered(0, "truncated", False, is_kept=True),
        DeliveryAnswered(0, "201", True),
    ]

    def answer(row: Row) -> None:
        if row.kind == REQUEST:
            stage.engine.answer_delivery(answers[row.detail["attempt"] - 1], because=row.seq)  # type: ignore[index]

    stage.run(on_row=answer)
    known = {"from", "to", "delivery", "recording", "attempt", "result", "target", "method", "url", "month"}
    more = [{key: row.detail[key] for key in row.detail.keys() - known} for row in stage.find(DELIVERY)]
    assert [each for each in more if each] == [{"redirects": 2, "asked_wait_ms": 30_000}, {"is_kept": True}]
    assert stage.times(REQUEST)[1] - stage.times(REQUEST)[0] >= MINUTE_MS


@given(events=st.lists(st.sampled_from(DeliveryEvent), max_size=40))
def test_the_table_never_stores_twice(events: list[DeliveryEvent]) -> None:
    """C10: whatever order of answers and finishes comes, a file is stored once at most, and what is over stays over."""
    state, stored = DeliveryState.METADATA, 0
    for event in events:
        after = DELIVERY_TABLE.rows[state][event]
        assert event is not DeliveryEvent.FINISHED_AGAIN or after is LATE
        if after is LATE or after is IMPOSSIBLE:
            continue
        assert state not in DELIVERY_TABLE.ends and isinstance(after, DeliveryState)
        stored += after is DeliveryState.STORED
        state = after
    assert stored <= 1


@pytest.mark.parametrize("profile", ["docs", "kazoo-5"])
@given(
    told=st.lists(
        st.tuples(st.sampled_from(["201", "503", "refused"]), st.integers(0, 400_000), st.integers(0, 6)), max_size=30
    )
)
def test_answers_in_any_order_store_once(build: Any, profile: str, told: list[tuple[str, int, int]]) -> None:
    """C10 and law 3: answers come early, late, twice and to tries long over; one file is stored once, or given up."""
    stage = recorded(build, replies=(), profile=profile, asks_documents=True)
    asked: list[Row] = []
    waiting = list(told)

    def answer(row: Row) -> None:
        if row.kind != REQUEST:
            return
        asked.append(row)
        for result, after_ms, which in (waiting.pop() for _ in range(min(3, len(waiting)))):
            to = asked[-1 - which % len(asked)]
            stage.engine.answer_delivery(
                DeliveryAnswered(0, result, result == "201"), because=to.seq, after_ms=after_ms
            )
        stage.engine.answer_delivery(DeliveryAnswered(0, "201", True), because=row.seq, after_ms=500_000)

    stage.run(on_row=answer)
    ends = [row.name for row in stage.find(DELIVERY) if row.detail["to"] in ("STORED", "FAILED")]
    assert len(ends) == 1 and stage.engine.next_ms is None
    assert stage.find(LATE_EVENT) == [] or {row.name for row in stage.find(LATE_EVENT)} == {"delivery answered"}
