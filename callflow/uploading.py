"""`--upload`: what the simulation left waiting is really delivered, after the run (design §12, Deliveries)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from attrs import evolve

from callflow.core.address import without_credentials
from callflow.core.delivery import DeliveryState
from callflow.core.errors import StorageError
from callflow.core.trace import DELIVERY
from callflow.core.upload_urls import database_name
from callflow.report.results import Attempt, RecordingResult, RunResult, WebhookResult
from callflow.saved_documents import SavedDocuments
from callflow.simulate import Run
from callflow.storage.audio_types import content_type_of
from callflow.storage.clock import Clock, RealClock
from callflow.storage.dispatcher import WORKERS, DeliveryLogged, Destinations, deliver, resume
from callflow.storage.holdings import held
from callflow.storage.meter import Meter
from callflow.storage.parcel import Delivered, Parcel
from callflow.storage.webhook import hook_id

_DRAWN_ID: Final = re.compile(r"[0-9]{6}-[0-9a-f]{32}")
"""A document id as we draw it; any other was chosen by the callflow (`media_id`)."""

Key = tuple[str, int]
"""A recording: call id, and index in that call."""


def upload(
    run: Run,
    result: RunResult,
    destinations: Destinations,
    *,
    webhook: str = "",
    workers: int = WORKERS,
    clock: Clock | None = None,
    meter: Meter | None = None,
) -> Generator[DeliveryLogged, None, None]:
    """Deliver every finished recording of a run whose files are written, and yield what happens.

    `webhook` is the URL that is told of each stored recording; empty: the scenario's, if it has one. `clock` is the
    machine's own unless given, `meter` shows how far the upload is. Raises StorageError when a place or the outbox
    cannot be used at all; a failed delivery is logged, not raised. Close the iterator to break the upload off.
    """
    # All of them now: an interrupt in the midst of a generator ends it, and what was still to come is not kept.
    found = tuple(parcels(run, result, webhook))
    return deliver(found, destinations, clock=clock or RealClock(), workers=workers, meter=meter)


def retry(
    outbox: Path,
    ids: Collection[str] = (),
    *,
    database_url: str | None = None,
    workers: int = WORKERS,
    clock: Clock | None = None,
    meter: Meter | None = None,
) -> Generator[DeliveryLogged, None, None]:
    """Deliver what earlier uploads have left in `outbox`, as `callflow.storage.dispatcher.resume` says."""
    return resume(outbox, ids, clock=clock or RealClock(), database_url=database_url, workers=workers, meter=meter)


def with_deliveries(result: RunResult, logged: Iterable[DeliveryLogged]) -> RunResult:
    """The result with what really happened to each delivery, tries at milliseconds since it began."""
    ended = {each.delivery_id: each.delivered for each in logged if each.delivered is not None}
    ids = delivery_ids(result)
    calls = []
    for call in result.calls:
        recordings = (_delivered(each, ids[call.call_id, index], ended) for index, each in enumerate(call.recordings))
        calls.append(evolve(call, recordings=tuple(recordings)))
    return evolve(result, calls=tuple(calls))


def has_failed(result: RunResult) -> bool:
    """Whether a recording, or the word of one to a webhook, did not arrive: exit status 4."""
    deliveries = [each.delivery for each in result.recordings if each.delivery is not None]
    states = {each.state for each in deliveries} | {each.webhook.state for each in deliveries if each.webhook}
    return not states.isdisjoint(("failed", "waiting"))


def undelivered(result: RunResult, outbox: Path) -> tuple[int, int]:
    """How many recordings did not arrive: those that `outbox` keeps, and those that it could not take."""
    ids = delivery_ids(result)
    lost = {
        ids[call.call_id, index]
        for call in result.calls
        for index, each in enumerate(call.recordings)
        if each.delivery is not None and each.delivery.state in ("failed", "waiting")
    }
    try:
        kept = lost.intersection(each.parcel.delivery_id for each in held(outbox).entries) if lost else lost
    except StorageError:  # it cannot be read: who looks there will be told why
        kept = set()
    return len(kept), len(lost) - len(kept)


def delivery_ids(result: RunResult) -> Mapping[Key, str]:
    """The fixed id of each recording's delivery: its document id, so that delivering again changes nothing.

    A callflow may choose the document id, of several recordings alike, and no delivery may take another's place: such
    a recording's id is drawn from call, index and document id.
    """
    counts = Counter(each.id for each in result.recordings)
    ids = {}
    for call in result.calls:
        for index, each in enumerate(call.recordings):
            is_ours = counts[each.id] == 1 and _DRAWN_ID.fullmatch(each.id) is not None
            named = repr((call.call_id, index, each.id))
            ids[call.call_id, index] = each.id if is_ours else sha256(named.encode()).hexdigest()
    return ids


def parcels(run: Run, result: RunResult, webhook: str = "") -> Iterator[Parcel]:
    """What is to be delivered: one parcel for every delivery that the run left waiting, in the order of the trace."""
    calls = {call.call_id: call for call in result.calls}
    ids, documents = delivery_ids(result), SavedDocuments(run)
    account_id, told = run.prepared.setting.account.id, webhook or run.prepared.setting.webhook_url
    for row in run.rows:
        documents.observe(row)
        if row.kind != DELIVERY or row.name != "REQUESTED":
            continue
        detail = row.detail or {}
        index, month, target = detail["recording"], detail["month"], run.engine.target_of(detail["delivery"])
        call = calls[row.call_id]
        file = call.recordings[index].file
        assert file is not None, "files are written before they are uploaded"
        yield Parcel(
            delivery_id=ids[row.call_id, index],
            file=Path(file),
            content_type=content_type_of(file),
            target=target,
            metadata=documents.document(call, index, target.url, month),
            folder=database_name(account_id, month),
            webhook=told,
        )


def _delivered(recording: RecordingResult, delivery_id: str, ended: Mapping[str, Delivered]) -> RecordingResult:
    delivered = ended.get(delivery_id)
    if recording.delivery is None or delivered is None:
        return recording
    told = ended.get(hook_id(delivery_id))
    hook = None
    if told is not None:
        hook = WebhookResult(without_credentials(told.parcel.target.url), _state(told), _attempts(told))
    delivery = evolve(recording.delivery, state=_state(delivered), attempts=_attempts(delivered), webhook=hook)
    return evolve(recording, delivery=delivery)


def _state(delivered: Delivered) -> str:
    return "stored" if delivered.state is DeliveryState.STORED else "failed"


def _attempts(delivered: Delivered) -> tuple[Attempt, ...]:
    return tuple(Attempt(each.at_ms, each.result) for each in delivered.attempts)
