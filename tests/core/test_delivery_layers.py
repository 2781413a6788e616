"""Retry layers, documents, webhooks, and one storing whatever answers come (B§6.5, B§6.6; C10, C20)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.delivery import DELIVERY as DELIVERY_TABLE
from callflow.core.delivery import DeliveryEvent, DeliveryState
from callflow.core.effects import Answer, Sleep, StartRecording
from callflow.core.events import DeliveryAnswered
from callflow.core.exchange import Setting
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
    """B§6.6: the file layer tries five times, 5 s apart; the storer comes again in one to ten minutes, five times."""
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
    assert "geheim" not in repr(stage.rows) + repr(Setting(build.household(), webhook_url=hook))


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
