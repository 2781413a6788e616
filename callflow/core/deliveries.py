"""Deliveries on virtual time: what happens to a file after its recording ended (B§6; design §12, Deliveries).

A delivery outlives its call. Every try is a REQUEST row; whoever drives the engine answers it.
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
from callflow.core.trace import MAILBOX, REQUEST

if TYPE_CHECKING:
    from callflow.core.recording import Recording

_SHORTEST_RETRY_MS: Final = 60_000
_LONGEST_RETRY_MS: Final = 600_000
_UNWANTED, _NOWHERE = DeliveryEvent.UNWANTED, TargetKind.NONE


@define(eq=False)
class Delivery:
    """One file on its way: `number` counts deliveries of the run, `tries` those made."""

    number: int
    call_id: str
    leg: str
    recording: int
    target: Target
    state: DeliveryState = DeliveryState.METADATA
    tries: int = 0


def deliver_recording(exchange: Exchange, recording: Recording, document_id: str, because: int) -> None:
    """Deliver a finished recording to where the document and the system settings send it."""
    month = exchange.month(exchange.agenda.now_ms)
    target = choose_target(exchange.setting, exchange.calls[recording.call_id], recording, document_id, month)
    _begin(exchange, recording, target, because)


def deliver_message(exchange: Exchange, recording: Recording, mailbox_id: str, because: int) -> None:
    """Keep a voicemail message: always in the account's database of the month (B§7.6; design §12, Recordings)."""
    counts = exchange.mailbox_counts
    counts[mailbox_id] = counts.get(mailbox_id, 0) + 1
    kept = {"mailbox": mailbox_id, "recording": recording.index, "length_ms": recording.length_ms}
    cause = exchange.note(recording.call_id, recording.leg.id, MAILBOX, "message kept", kept, because)
    target = Target(TargetKind.ACCOUNT_DATABASE, "", "", "voicemail: account database")
    _begin(exchange, recording, target, cause)


def _begin(exchange: Exchange, recording: Recording, target: Target, because: int) -> None:
    number = exchange.deliveries_made
    exchange.deliveries_made = number + 1
    delivery = Delivery(number, recording.call_id, recording.leg.id, recording.index, target)
    shown: dict[str, Any] = {
        "delivery": number,
        "recording": recording.index,
        "target": target.kind._value_,
        "method": target.method,
        "url": without_credentials(target.url) if target.url else "",
        "month": exchange.month(exchange.agenda.now_ms),
    }
    if target.kind is _NOWHERE:
        exchange.move(DELIVERY, delivery, _UNWANTED, delivery.call_id, delivery.leg, because, shown, target.rule)
        return
    exchange.deliveries[number] = delivery
    shown = {"to": "METADATA", **shown}
    cause = exchange.note(delivery.call_id, delivery.leg, DELIVERY_KIND, "REQUESTED", shown, because, target.rule)
    if exchange.setting.delivers:
        _send(exchange, delivery, _move(exchange, delivery, DeliveryEvent.METADATA_SAVED, cause, {}))


def _send(exchange: Exchange, delivery: Delivery, because: int) -> None:
    delivery.tries += 1
    detail = {
        "delivery": delivery.number,
        "recording": delivery.recording,
        "attempt": delivery.tries,
        "target": delivery.target.kind.value,
    }
    exchange.note(delivery.call_id, delivery.leg, REQUEST, "deliver", detail, because)


def settle_try(exchange: Exchange, delivery: Delivery, answer: DeliveryAnswered, because: int) -> None:
    """A target has answered a try: stored, tried again after one to ten minutes, or given up (B§6.6)."""
    tries_allowed = 1 + exchange.setting.account.system.storage_retry_times
    event, rule = DeliveryEvent.ACCEPTED, ""
    if not answer.is_stored:
        event = DeliveryEvent.TRY_FAILED if delivery.tries < tries_allowed else DeliveryEvent.LAST_TRY_FAILED
        rule = f"storage_retry_times={exchange.setting.account.system.storage_retry_times}"
    detail = {"attempt": delivery.tries, "result": answer.result}
    cause = _move(exchange, delivery, event, because, detail, rule)
    if cause != NOT_MOVED and delivery.state is DeliveryState.WAITING_RETRY:
        dice = (delivery.call_id, "retry", delivery.number, delivery.tries)
        delay_ms = exchange.draw(_SHORTEST_RETRY_MS, _LONGEST_RETRY_MS, *dice)
        exchange.agenda.after(delay_ms, _retry, delivery, None, cause)
    elif cause != NOT_MOVED:
        del exchange.deliveries[delivery.number]  # over: nothing of it stays (law 8)


def _retry(exchange: Exchange, delivery: Delivery, event: None, because: int) -> None:
    _send(exchange, delivery, _move(exchange, delivery, DeliveryEvent.RETRY_DUE, because, {}))


def _move(
    exchange: Exchange,
    delivery: Delivery,
    event: DeliveryEvent,
    because: int,
    detail: dict[str, Any],
    rule: str = "",
) -> int:
    shown = {"delivery": delivery.number, "recording": delivery.recording, **detail}
    return exchange.move(DELIVERY, delivery, event, delivery.call_id, delivery.leg, because, shown, rule)
