"""`--upload`: what the simulation left waiting is really delivered, after the run (design §12, Deliveries)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import evolve

from callflow.core.dates import GREGORIAN_OFFSET_S
from callflow.core.delivery import DeliveryState
from callflow.core.trace import DELIVERY, MAILBOX, Row
from callflow.report.results import Attempt, CallResult, RecordingResult, RunResult
from callflow.simulate import Run
from callflow.storage.audio_types import content_type_of
from callflow.storage.clock import RealClock
from callflow.storage.dispatcher import DeliveryLogged, Destinations, deliver
from callflow.storage.parcel import Delivered, Parcel

_SAFE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


def upload(run: Run, result: RunResult, destinations: Destinations) -> Iterator[DeliveryLogged]:
    """Deliver every finished recording of a run whose files are written, and yield what happens.

    Raises StorageError when a place or the outbox cannot be used at all; a failed delivery is logged, not raised.
    """
    return deliver(parcels(run, result), destinations, clock=RealClock())


def with_deliveries(result: RunResult, logged: Iterable[DeliveryLogged]) -> RunResult:
    """The result with what really happened to each delivery, tries at milliseconds since it began."""
    ended = {each.delivery_id: each.delivered for each in logged if each.delivered is not None}
    calls = tuple(
        evolve(call, recordings=tuple(_delivered(call, each, ended) for each in call.recordings)) for call in result.calls
    )
    return evolve(result, calls=calls)


def has_failed(result: RunResult) -> bool:
    """Whether a delivery did not arrive: exit status 4."""
    return any(each.delivery is not None and each.delivery.state in ("failed", "waiting") for each in result.recordings)


def parcels(run: Run, result: RunResult) -> tuple[Parcel, ...]:
    """What is to be delivered: one parcel for every delivery that the run left waiting."""
    recordings = {(call.call_id, index): (call, each) for call in result.calls for index, each in enumerate(call.recordings)}
    mailboxes = {
        (row.call_id, row.detail["recording"]): row.detail["mailbox"] for row in run.rows if row.kind == MAILBOX and row.detail
    }
    found = []
    for row in run.rows:
        if row.kind == DELIVERY and row.name == "REQUESTED" and row.detail is not None:
            key = (row.call_id, row.detail["recording"])
            call, recording = recordings[key]
            found.append(_parcel(run, row, call, recording, mailboxes.get(key, "")))
    return tuple(found)


def _parcel(run: Run, row: Row, call: CallResult, recording: RecordingResult, mailbox: str) -> Parcel:
    assert row.detail is not None and recording.file is not None, "files are written before they are uploaded"
    target = run.engine.target_of(row.detail["delivery"])
    account = run.prepared.setting.account.id
    return Parcel(
        delivery_id=delivery_id(call, recording),
        file=Path(recording.file),
        content_type=content_type_of(recording.file),
        target=target,
        metadata=_metadata(run, call, recording, target.url, mailbox, row.detail["month"]),
        folder=database_name(account, row.detail["month"]),
    )


def delivery_id(call: CallResult, recording: RecordingResult) -> str:
    """The fixed id of a recording's delivery: its document id, or a hash of it when a document chose a strange one."""
    if _SAFE_ID.fullmatch(recording.id):
        return recording.id
    return sha256(f"{call.call_id}/{recording.id}".encode()).hexdigest()


def database_name(account_id: str, month: str) -> str:
    """The account's database of the month, `account/AA/BB/REST-YYYYMM` (B§6.5)."""
    return f"account/{account_id[:2]}/{account_id[2:4]}/{account_id[4:]}-{month}"


def _metadata(
    run: Run, call: CallResult, recording: RecordingResult, url: str, mailbox: str, month: str
) -> Mapping[str, Any]:
    """The document that is saved before the audio (B§6.5), for a mailbox message that of B§7.6."""
    started_ms = recording.started_ms or 0
    start_s = run.prepared.setting.start_s + started_ms // 1000 + GREGORIAN_OFFSET_S
    script = next(each for each in run.prepared.calls if each.id == call.call_id)
    document: dict[str, Any] = {
        "_id": recording.id,
        "pvt_type": "mailbox_message" if mailbox else "call_recording",
        "call_id": call.call_id,
        "cdr_id": f"{month}-{call.call_id}",
        "caller_id_name": script.caller.name,
        "caller_id_number": call.caller,
        "from": call.caller,
        "to": call.dialled,
        "description": f"recording {recording.name}",
        "name": recording.name,
        "media_source": "recorded",
        "media_type": recording.format,
        "content_type": content_type_of(recording.name),
        "origin": recording.origin,
        "duration": recording.length_ms // 1000,
        "duration_ms": recording.length_ms,
        "start": start_s,
    }
    if mailbox:
        document |= {"folder": "new", "source_id": mailbox, "length": recording.length_ms, "timestamp": start_s}
    if url:
        document["url"] = url
    return document


def _delivered(call: CallResult, recording: RecordingResult, ended: Mapping[str, Delivered]) -> RecordingResult:
    delivered = ended.get(delivery_id(call, recording))
    if recording.delivery is None or delivered is None:
        return recording
    attempts = tuple(Attempt(each.at_ms, each.result) for each in delivered.attempts)
    state = "stored" if delivered.state is DeliveryState.STORED else "failed"
    return evolve(recording, delivery=evolve(recording.delivery, state=state, attempts=attempts))
