"""The dispatcher: drives the DELIVERY table on a real clock (design §12, "Deliveries, virtual and real").

Every parcel is made durable in the outbox before anything is sent, tried up to four times, and cleared when it arrived.
What fails for good stays in the outbox with its file. Each move of the table is one log record.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final

from attrs import evolve, field, frozen

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState, TargetKind
from callflow.core.errors import ImpossibleEvent
from callflow.core.table import Verdict
from callflow.storage import outbox
from callflow.storage.carrier import Carrier, Outcome
from callflow.storage.clock import Clock
from callflow.storage.parcel import Attempt, Delivered, Parcel
from callflow.storage.routes import Carriers, Destinations

__all__ = ["RETRY_AFTER_MS", "Clock", "DeliveryLogged", "Destinations", "deliver"]

RETRY_AFTER_MS: Final = (1_000, 2_000, 4_000)
"""Waits between the tries: four tries in all (design §12)."""

TIMEOUT_MS: Final = 60_000
"""Longest single wait for the network. Production waits five minutes a try (B§6.6): too long for a command line."""

_THREADS_PER_WORKER: Final = 16


@frozen
class DeliveryLogged:
    """One event of one delivery: what happened, from which state to which, and the words of the try it came from.

    `at_ms` counts from the beginning of that delivery. `delivered` is set on the record that ends it. An event that
    came late (`FINISHED_AGAIN`) leaves the state as it is.
    """

    delivery_id: str
    at_ms: int
    event: DeliveryEvent
    before: DeliveryState
    state: DeliveryState
    result: str
    place: str
    delivered: Delivered | None = field(repr=False)


def deliver(
    parcels: Iterable[Parcel],
    destinations: Destinations,
    *,
    clock: Clock,
    workers: int = 4,
    timeout_ms: int = TIMEOUT_MS,
) -> Generator[DeliveryLogged, None, None]:
    """Deliver `parcels`, at most `workers` at a time, yielding what happens while it happens.

    A parcel whose id came before is the same recording, finished again: it is logged and not sent (C10). A delivery
    that waits to be tried again takes no worker, so that a dead target does not hold up the others (C44). Closing the
    iterator stops after the tries under way; what has not arrived is in the outbox. Raises `StorageError` when the
    outbox or a named place cannot be used at all.
    """
    rows: SimpleQueue[DeliveryLogged | None] = SimpleQueue()
    deliveries: list[_Delivery] = []
    seen: set[str] = set()
    carriers = Carriers(destinations, timeout_ms)
    try:
        for parcel in parcels:
            delivery = _Delivery(parcel, destinations, clock, rows)
            if parcel.delivery_id in seen:
                yield delivery.log(DeliveryEvent.FINISHED_AGAIN)
            elif parcel.target.kind is TargetKind.NONE:
                yield delivery.log(DeliveryEvent.UNWANTED)
            else:
                delivery.keep()
                deliveries.append(delivery)
            seen.add(parcel.delivery_id)
        chosen = [(delivery, carriers.choose(delivery.parcel.target)) for delivery in deliveries]
        yield from _run(chosen, workers, rows)
    finally:
        carriers.close()


def _run(
    chosen: list[tuple[_Delivery, Carrier]], workers: int, rows: SimpleQueue[DeliveryLogged | None]
) -> Iterator[DeliveryLogged]:
    stopping = threading.Event()
    gate = threading.Semaphore(workers)
    pool = ThreadPoolExecutor(max_workers=workers * _THREADS_PER_WORKER, thread_name_prefix="deliver")
    try:
        futures: list[Future[None]] = [pool.submit(each.run, carrier, gate, stopping) for each, carrier in chosen]
        for future in futures:
            future.add_done_callback(lambda _: rows.put(None))
        running = len(futures)
        while running:
            row = rows.get()
            if row is None:
                running -= 1
            else:
                yield row
        for future in futures:
            future.result()
    finally:
        stopping.set()
        pool.shutdown(wait=True, cancel_futures=True)


class _Delivery:
    """One parcel on its way: its state, its tries, and the outbox's copy that is sent."""

    def __init__(
        self, parcel: Parcel, destinations: Destinations, clock: Clock, rows: SimpleQueue[DeliveryLogged | None]
    ) -> None:
        self.parcel = parcel
        self._kept = parcel
        self._outbox = destinations.outbox
        self._clock = clock
        self._rows = rows
        self._state = DELIVERY.start
        self._attempts: list[Attempt] = []
        self._began_ms = clock.now_ms()

    def keep(self) -> None:
        """Make the parcel durable. Raises `StorageError`."""
        self._kept = outbox.keep(self._outbox, self.parcel)

    def run(self, carrier: Carrier, gate: threading.Semaphore, stopping: threading.Event) -> None:
        """Go from the document to one of the ends, each try behind `gate`, unless `stopping` is set on the way."""
        with gate:
            if stopping.is_set():
                return
            self._began_ms = self._clock.now_ms()
            saved = carrier.save_metadata(self._kept)
        if not saved.is_stored:
            # The table knows no second try for the document, as production has none (B§6.6).
            self._attempts.append(Attempt(self._age_ms(), f"document: {saved.result}", False, True, saved.place))
            self._report(DeliveryEvent.METADATA_FAILED, saved)
            return
        self._report(DeliveryEvent.METADATA_SAVED, saved)
        for wait_ms in (*RETRY_AFTER_MS, None):
            with gate:
                if stopping.is_set():
                    return
                outcome = self._try_once(carrier)
                if outcome.is_stored:  # cleared before the next one is sent
                    outbox.clear(self._outbox, self.parcel.delivery_id)
            if outcome.is_stored:
                self._report(DeliveryEvent.ACCEPTED, outcome)
                return
            if outcome.is_final or wait_ms is None:
                self._report(DeliveryEvent.LAST_TRY_FAILED, outcome)
                return
            self._report(DeliveryEvent.TRY_FAILED, outcome)
            self._clock.wait_ms(wait_ms)
            if stopping.is_set():
                return
            self._report(DeliveryEvent.RETRY_DUE, evolve(outcome, result=""))

    def log(self, event: DeliveryEvent, result: str = "", place: str = "") -> DeliveryLogged:
        """Look `event` up in the table, move, and return the record of it. Raises `ImpossibleEvent`."""
        before = self._state
        verdict = DELIVERY.rows[before][event]
        if verdict is Verdict.IMPOSSIBLE:
            raise ImpossibleEvent(f"delivery {self.parcel.delivery_id}: {event.name} in {before.name}; report it")
        if isinstance(verdict, DeliveryState):
            self._state = verdict
        delivered = None
        if self._state in DELIVERY.ends:
            where = str(self._kept.file) if self._state is DeliveryState.FAILED else place
            delivered = Delivered(self.parcel, self._state, tuple(self._attempts), where)
        return DeliveryLogged(
            self.parcel.delivery_id, self._age_ms(), event, before, self._state, result, place, delivered
        )

    def _report(self, event: DeliveryEvent, outcome: Outcome) -> None:
        self._rows.put(self.log(event, outcome.result, outcome.place))

    def _try_once(self, carrier: Carrier) -> Outcome:
        at_ms = self._age_ms()
        outcome = carrier.send(self._kept)
        self._attempts.append(Attempt(at_ms, outcome.result, outcome.is_stored, outcome.is_final, outcome.place))
        return outcome

    def _age_ms(self) -> int:
        return self._clock.now_ms() - self._began_ms
