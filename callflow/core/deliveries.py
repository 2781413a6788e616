"""Deliveries on virtual time: what happens to a file after its recording ended (B§6; design §12, Deliveries).

A delivery outlives its call. Every try is a REQUEST row; whoever drives the engine answers it. A webhook that is told
of a stored recording is a delivery of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define

from callflow.core.address import without_credentials
from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState, Target, TargetKind
from callflow.core.events import DeliveryAnswered
from callflow.core.exchange import NOT_MOVED, Exchange
from callflow.core.targets import choose_target
from callflow.core.trace import DELIVERY as DELIVERY_KIND
from callflow.core.trace import LATE_EVENT, MAILBOX, REQUEST

if TYPE_CHECKING:
    from callflow.core.recording import Recording

_SHORTEST_RETRY_MS: Final = 60_000
_LONGEST_RETRY_MS: Final = 600_000
_NEXT_TRY_MS: Final = 5_000
"""Between the tries of one attempt (B§6.6)."""

_CONFLICT: Final = "409"

_METADATA, _UNWANTED = DeliveryState.METADATA, DeliveryEvent.UNWANTED
_NOWHERE, _WEBHOOK = TargetKind.NONE, TargetKind.WEBHOOK
_IS_HOOK: Final = {"target": _WEBHOOK.value}

Failure = tuple[DeliveryEvent, str, int]
"""What a failed try comes to: the event, the rule behind it, and how long to wait before the next one."""


@define(eq=False)
class Delivery:
    """One file on its way, or the word of it to a webhook: `number` counts deliveries of the run.

    `retries` are allowed after the first attempt. `tries` were made for the file, `document_tries` for the document
    before it; `asked` is the REQUEST row of the try under way, -1 when there is none.
    """

    number: int
    call_id: str
    leg: str
    recording: int
    target: Target
    retries: int
    state: DeliveryState = _METADATA
    tries: int = 0
    document_tries: int = 0
    asked: int = -1


def deliver_recording(exchange: Exchange, recording: Recording, document_id: str, because: int) -> None:
    """Deliver a finished recording to where the document and the system settings send it."""
    month = exchange.month(exchange.agenda.now_ms)
    target = choose_target(exchange.setting, exchange.calls[recording.call_id], recording, document_id, month)
    retries = recording.options.storage_retries
    _begin(exchange, recording.call_id, recording.leg.id, recording.index, target, because, retries)


def deliver_message(exchange: Exchange, recording: Recording, mailbox_id: str, because: int) -> None:
    """Keep a voicemail message: always in the account's database of the month (B§7.6; design §12, Recordings)."""
    counts = exchange.mailbox_counts
    counts[mailbox_id] = counts.get(mailbox_id, 0) + 1
    kept = {"mailbox": mailbox_id, "recording": recording.index, "length_ms": recording.length_ms}
    cause = exchange.note(recording.call_id, recording.leg.id, MAILBOX, "message kept", kept, because)
    target = Target(TargetKind.ACCOUNT_DATABASE, "", "", "voicemail: account database")
    _begin(exchange, recording.call_id, recording.leg.id, recording.index, target, cause)


def _begin(
    exchange: Exchange,
    call_id: str,
    leg: str,
    recording: int,
    target: Target,
    because: int,
    retries: int | None = None,
) -> None:
    number = exchange.deliveries_made
    exchange.deliveries_made = number + 1
    if retries is None:
        retries = exchange.setting.account.system.storage_retry_times
    delivery = Delivery(number, call_id, leg, recording, target, retries)
    shown: dict[str, Any] = {
        "delivery": number,
        "recording": recording,
        "target": target.kind._value_,
        "method": target.method,
        "url": without_credentials(target.url) if target.url else "",
    }
    if target.kind is not _WEBHOOK:
        shown["month"] = exchange.month(exchange.agenda.now_ms)
    if target.kind is _NOWHERE:
        exchange.move(DELIVERY, delivery, _UNWANTED, call_id, leg, because, shown, target.rule)
        return
    exchange.deliveries[number] = delivery
    shown = {"to": "METADATA", **shown}
    cause = exchange.note(call_id, leg, DELIVERY_KIND, "REQUESTED", shown, because, target.rule)
    if not exchange.setting.delivers:
        return
    if exchange.setting.asks_documents and target.kind is not _WEBHOOK:
        _save_document(exchange, delivery, cause)
    else:
        _send(exchange, delivery, _move(exchange, delivery, DeliveryEvent.METADATA_SAVED, cause, {}))


def _save_document(exchange: Exchange, delivery: Delivery, because: int) -> None:
    delivery.document_tries += 1
    _ask(exchange, delivery, "save document", delivery.document_tries, because)


def _send(exchange: Exchange, delivery: Delivery, because: int) -> None:
    delivery.tries += 1
    _ask(exchange, delivery, "deliver", delivery.tries, because)


def _ask(exchange: Exchange, delivery: Delivery, name: str, attempt: int, because: int) -> None:
    detail = {
        "delivery": delivery.number,
        "recording": delivery.recording,
        "attempt": attempt,
        "target": delivery.target.kind.value,
    }
    delivery.asked = exchange.note(delivery.call_id, delivery.leg, REQUEST, name, detail, because)


def settle_try(exchange: Exchange, delivery: Delivery, answer: DeliveryAnswered, because: int) -> None:
    """A try was answered: stored, tried again later, or given up (B§6.6). `because` is the REQUEST row that asked.

    A second answer to one try, and one to a try that is over, are late: nothing is stored twice (C10).
    """
    if because != delivery.asked:
        detail = {"machine": DELIVERY.name, "state": delivery.state.name, "delivery": delivery.number}
        exchange.note(delivery.call_id, delivery.leg, LATE_EVENT, "delivery answered", detail, because)
        return
    delivery.asked = -1
    if delivery.state is _METADATA:
        _settle_document(exchange, delivery, answer, because)
    else:
        _settle_file(exchange, delivery, answer, because)


def _settle_document(exchange: Exchange, delivery: Delivery, answer: DeliveryAnswered, because: int) -> None:
    detail = _shown(delivery.document_tries, answer)
    if answer.is_stored:
        _send(exchange, delivery, _move(exchange, delivery, DeliveryEvent.METADATA_SAVED, because, detail))
        return
    event, rule, wait_ms = _failed_document(exchange, delivery, answer.result)
    _wait(exchange, delivery, wait_ms, _move(exchange, delivery, event, because, detail, rule))


def _failed_document(exchange: Exchange, delivery: Delivery, result: str) -> Failure:
    """The running systems never try again to save the document: its failure is a reply that nobody reads (C20).

    But for a conflict: they ask for the newer revision and save over it, at once (C48).
    """
    if not exchange.setting.profile.saves_document_again:
        if result == _CONFLICT and delivery.document_tries == 1:
            return DeliveryEvent.METADATA_TRY_FAILED, "law: a conflict is saved over (C48)", 0
        return DeliveryEvent.METADATA_FAILED, "profile.saves_document_again=false", 0
    rule = f"storage_retry_times={delivery.retries}"
    if delivery.document_tries > delivery.retries:
        return DeliveryEvent.METADATA_FAILED, rule, 0
    return DeliveryEvent.METADATA_TRY_FAILED, rule, _drawn_ms(exchange, delivery, "document", delivery.document_tries)


def _settle_file(exchange: Exchange, delivery: Delivery, answer: DeliveryAnswered, because: int) -> None:
    detail = _shown(delivery.tries, answer)
    if not answer.is_stored:
        event, rule, wait_ms = _failed_file(exchange, delivery)
        _wait(exchange, delivery, wait_ms, _move(exchange, delivery, event, because, detail, rule))
        return
    cause = _move(exchange, delivery, DeliveryEvent.ACCEPTED, because, detail)
    del exchange.deliveries[delivery.number]
    webhook_url = exchange.setting.webhook_url
    if webhook_url and delivery.target.kind is not _WEBHOOK:
        target = Target(_WEBHOOK, "POST", webhook_url, "storage.webhook")
        _begin(exchange, delivery.call_id, delivery.leg, delivery.recording, target, cause)


def _failed_file(exchange: Exchange, delivery: Delivery) -> Failure:
    """Tries of one attempt follow each other in 5 s; attempts, in one to ten minutes (B§6.6)."""
    of_attempt = exchange.setting.profile.tries_per_attempt if delivery.target.kind is not _WEBHOOK else 1
    if delivery.tries % of_attempt:
        return DeliveryEvent.TRY_FAILED, f"profile.tries_per_attempt={of_attempt}", _NEXT_TRY_MS
    rule = f"storage_retry_times={delivery.retries}"
    if delivery.tries >= of_attempt * (1 + delivery.retries):
        return DeliveryEvent.LAST_TRY_FAILED, rule, 0
    return DeliveryEvent.TRY_FAILED, rule, _drawn_ms(exchange, delivery, "retry", delivery.tries)


def _shown(attempt: int, answer: DeliveryAnswered) -> dict[str, Any]:
    """What the row of an answer says; what few answers have is left out of the others."""
    detail: dict[str, Any] = {"attempt": attempt, "result": answer.result}
    if answer.redirects:
        detail["redirects"] = answer.redirects
    if answer.asked_wait_ms:
        detail["asked_wait_ms"] = answer.asked_wait_ms
    if answer.is_kept:
        detail["is_kept"] = True
    return detail


def _drawn_ms(exchange: Exchange, delivery: Delivery, what: str, tries: int) -> int:
    return exchange.draw(_SHORTEST_RETRY_MS, _LONGEST_RETRY_MS, delivery.call_id, what, delivery.number, tries)


def _wait(exchange: Exchange, delivery: Delivery, wait_ms: int, because: int) -> None:
    """Come back to it after `wait_ms`, unless it has just been given up: then nothing of it stays (law 8)."""
    if delivery.state is DeliveryState.FAILED:
        del exchange.deliveries[delivery.number]
    else:
        exchange.agenda.after(wait_ms, _retry, delivery, None, because)


def _retry(exchange: Exchange, delivery: Delivery, event: None, because: int) -> None:
    cause = _move(exchange, delivery, DeliveryEvent.RETRY_DUE, because, {})
    if delivery.state is _METADATA:
        _save_document(exchange, delivery, cause)
    else:
        _send(exchange, delivery, cause)


def _move(
    exchange: Exchange,
    delivery: Delivery,
    event: DeliveryEvent,
    because: int,
    detail: dict[str, Any],
    rule: str = "",
) -> int:
    """Move it by its table; the rows of a webhook say that they are about one."""
    shown = {"delivery": delivery.number, "recording": delivery.recording, **detail}
    if delivery.target.kind is _WEBHOOK:
        shown |= _IS_HOOK
    cause = exchange.move(DELIVERY, delivery, event, delivery.call_id, delivery.leg, because, shown, rule)
    assert cause != NOT_MOVED, "a delivery is only answered while it asks"
    return cause
