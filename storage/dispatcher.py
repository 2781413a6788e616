"""The dispatcher: drives the DELIVERY table on a real clock (design §12, "Deliveries, virtual and real").

Every parcel is made durable in the outbox before it is sent, tried up to four times, and cleared when it arrived. What
fails for good stays in the outbox with its file. Each move of the table is one log record. The tables move in the
caller's thread; the tries are made by `workers` others.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from attrs import evolve

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.carrier import Carrier
from callflow.storage.clock import Clock, WallClock, utc_now
from callflow.storage.delivery import RETRY_AFTER_MS, Delivery, DeliveryLogged, Step
from callflow.storage.holdings import held
from callflow.storage.journal import Entry
from callflow.storage.meter import Meter
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Parcel
from callflow.storage.routes import Carriers, Destinations
from callflow.storage.webhook import hook_id, notice

__all__ = ["RETRY_AFTER_MS", "Clock", "DeliveryLogged", "Destinations", "deliver", "resume"]

TIMEOUT_MS: Final = 60_000
"""Longest single wait for the network. Production waits five minutes a try (B§6.6): too long for a command line."""

WORKERS: Final = 4
"""How many tries are made at once, unless told otherwise."""

_WAITING: Final = (DeliveryState.WAITING_METADATA, DeliveryState.WAITING_RETRY)


def deliver(
    parcels: Iterable[Parcel],
    destinations: Destinations,
    *,
    clock: Clock,
    workers: int = WORKERS,
    timeout_ms: int = TIMEOUT_MS,
    wall: WallClock = utc_now,
    meter: Meter | None = None,
) -> Generator[DeliveryLogged, None, None]:
    """Deliver `parcels`, at most `workers` at a time, yielding what happens while it happens.

    Parcels are kept one by one as they come, and sent meanwhile. One whose id came before is the same recording,
    finished again: it is logged and not sent (C10). A delivery that waits to be tried again takes no worker, so that a
    dead target does not hold up the others (C44). `meter` shows how far it is.

    Closing the iterator, or an interrupt, keeps the parcels that are still to come and ends the tries under way: what
    has not arrived is in the outbox. Raises `StorageError`, when all others are over with, for a parcel that could not
    be kept, a named place that cannot be used at all, or an arrived parcel that could not be cleared.
    """
    incoming, parcel = iter(parcels), None
    with Outbox(destinations.outbox, wall) as outbox:
        run = _Dispatcher(outbox, clock, workers, timeout_ms, meter or Meter())
        try:
            for parcel in incoming:
                yield from run.accept(parcel, destinations)
                yield from run.ready()
            yield from run.rest()
        finally:
            run.stop()
            try:
                run.keep_rest(chain(() if parcel is None else (parcel,), incoming), destinations)
            finally:
                run.close()


def resume(
    outbox: Path,
    ids: Collection[str] = (),
    *,
    clock: Clock,
    database_url: str | None = None,
    workers: int = WORKERS,
    timeout_ms: int = TIMEOUT_MS,
    wall: WallClock = utc_now,
    meter: Meter | None = None,
) -> Generator[DeliveryLogged, None, None]:
    """Deliver what is left in `outbox`, as `deliver` does; only the deliveries `ids`, where any are given.

    Everything goes where it was meant to, the account database's parcels to `database_url` where that is given. What a
    living process has in its hands is left to it, and so is what is damaged. Raises `StorageError` for an id that is
    not there, and as `deliver` does.
    """
    holdings = held(outbox)
    there = [each.parcel.delivery_id for each in holdings.entries]
    for unknown in set(ids).difference(there):
        raise StorageError(f"outbox {outbox}: there is no delivery {unknown[:140]!r}; list shows what is there")
    wanted = [each for each in there if each in ids or not ids]
    # A notice whose recording is here too is made anew when that is stored: a crash came between the two.
    follows = {hook_id(each) for each in wanted}
    with Outbox(outbox, wall) as mine:
        run = _Dispatcher(mine, clock, workers, timeout_ms, meter or Meter())
        try:
            if outbox.is_dir():
                mine.tidy(holdings.arrived)
            for delivery_id in wanted:
                entry = None if delivery_id in follows else mine.take(delivery_id)
                if entry is not None:
                    chosen = entry.meant_for.database_url if database_url is None else database_url
                    run.begin(entry.parcel, evolve(entry, meant_for=evolve(entry.meant_for, database_url=chosen)))
                yield from run.ready()
            yield from run.rest()
        finally:
            run.stop()
            run.close()


class _Dispatcher:
    """The deliveries of one run: those that are tried now, and those that wait for their time."""

    def __init__(self, outbox: Outbox, clock: Clock, workers: int, timeout_ms: int, meter: Meter) -> None:
        self._outbox = outbox
        self._clock = clock
        self._timeout_ms = timeout_ms
        self._meter = meter
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="deliver")
        self._carriers: dict[Destinations, Carriers] = {}
        self._seen: set[str] = set()
        self._done: SimpleQueue[Future[Step]] = SimpleQueue()
        self._running = 0
        self._waiting: list[tuple[int, int, Delivery]] = []
        self._turns = count()
        self._problem: StorageError | None = None

    def accept(self, parcel: Parcel, destinations: Destinations) -> Iterator[DeliveryLogged]:
        """Keep a parcel and begin its delivery; yields what there is to say where there is nothing to send."""
        if parcel.delivery_id in self._seen:
            yield Delivery(parcel).log(DeliveryEvent.FINISHED_AGAIN, 0)
        elif parcel.target.kind is TargetKind.NONE:
            self._seen.add(parcel.delivery_id)
            yield Delivery(parcel).log(DeliveryEvent.UNWANTED, 0)
        else:
            entry = self._keep(parcel, destinations)
            if entry is not None:
                self.begin(parcel, entry)

    def keep_rest(self, parcels: Iterable[Parcel], destinations: Destinations) -> None:
        """Keep what is not to be sent now. Raises `StorageError`, after all, when the outbox did not take one."""
        problem = None
        for parcel in parcels:
            if parcel.delivery_id not in self._seen and parcel.target.kind is not TargetKind.NONE:
                try:
                    self._outbox.keep(parcel, destinations)
                except StorageError as fault:
                    problem = problem or fault
                self._seen.add(parcel.delivery_id)
        if problem is not None:
            raise problem

    def begin(self, parcel: Parcel, entry: Entry) -> None:
        """Begin the delivery of a parcel that is in the outbox."""
        try:
            carrier = self._choose(entry)
        except StorageError as problem:
            self._note_problem(problem)
            return
        self._meter.take(entry.bytes)
        self._submit(Delivery(parcel, entry, carrier))

    def ready(self) -> Iterator[DeliveryLogged]:
        """What has happened so far, without waiting."""
        while True:
            try:
                future = self._done.get_nowait()
            except Empty:
                break
            yield from self._after(future)
        yield from self._due()

    def rest(self) -> Iterator[DeliveryLogged]:
        """Everything up to the last delivery's end. Raises what `deliver` says."""
        while self._running or self._waiting:
            future = self._next()
            if future is not None:
                yield from self._after(future)
            yield from self._due()
        if self._problem is not None:
            raise self._problem

    def stop(self) -> None:
        """Begin no further try, and end those under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._meter.stop()

    def close(self) -> None:
        """Wait for the tries under way, and give up connections."""
        try:
            self._pool.shutdown()
        finally:
            for carriers in self._carriers.values():
                carriers.close()

    def _keep(self, parcel: Parcel, destinations: Destinations) -> Entry | None:
        try:
            entry = self._outbox.keep(parcel, destinations)
        except StorageError as problem:
            self._note_problem(problem)
            entry = None
        self._seen.add(parcel.delivery_id)
        return entry

    def _choose(self, entry: Entry) -> Carrier:
        given = entry.meant_for
        if given not in self._carriers:
            self._carriers[given] = Carriers(given, self._timeout_ms)
        return self._carriers[given].choose(entry.parcel.target)

    def _submit(self, delivery: Delivery) -> None:
        self._running += 1
        self._pool.submit(self._try, delivery).add_done_callback(self._done.put)

    def _try(self, delivery: Delivery) -> Step:
        """Make one try, in a worker's thread."""
        entry, carrier = delivery.entry, delivery.carrier
        assert entry is not None and carrier is not None, "only what is kept is sent"
        began_ms = self._clock.now_ms()
        if delivery.state is DeliveryState.METADATA:
            saved = carrier.save_metadata(entry.parcel)
            return Step(delivery, began_ms, self._clock.now_ms(), saved)
        with self._meter.metering(entry.bytes):
            outcome = carrier.send(entry.parcel)
        step = Step(delivery, began_ms, self._clock.now_ms(), outcome)
        return self._settled(step, entry) if outcome.is_stored else step

    def _settled(self, step: Step, entry: Entry) -> Step:
        """Keep the notice, then clear what arrived: before its worker takes the next one."""
        follows = None
        try:
            if entry.parcel.webhook:
                parcel, text = notice(entry, step.outcome.place)
                follows = self._outbox.keep_text(parcel, entry.meant_for, text)
            self._outbox.clear(entry)
        except StorageError as problem:
            return evolve(step, notice=follows, problem=problem)
        return evolve(step, notice=follows)

    def _next(self) -> Future[Step] | None:
        """Wait for the end of a try, or for the time of the next one."""
        if not self._waiting:
            return self._done.get()
        wait_ms = max(0, self._waiting[0][0] - self._clock.now_ms())
        if not self._running:
            if wait_ms:
                self._clock.wait_ms(wait_ms)
            return None
        try:
            # Whether it is time is for the clock to say, not for this timeout.
            return self._done.get(timeout=wait_ms / 1_000)
        except Empty:
            return None

    def _due(self) -> Iterator[DeliveryLogged]:
        while self._waiting and self._waiting[0][0] <= self._clock.now_ms():
            delivery = heapq.heappop(self._waiting)[2]
            row = delivery.log(DeliveryEvent.RETRY_DUE, self._clock.now_ms())
            self._submit(delivery)
            yield row

    def _after(self, future: Future[Step]) -> Iterator[DeliveryLogged]:
        self._running -= 1
        step = future.result()
        delivery, entry = step.delivery, step.delivery.entry
        assert entry is not None, "only what is kept is sent"
        row, wait_ms = delivery.take(step)
        attempt = delivery.last_attempt
        if attempt is not None and not step.outcome.is_stored:
            self._outbox.note(entry, attempt)
        if step.problem is not None:
            self._note_problem(step.problem)
        if delivery.state in _WAITING:
            heapq.heappush(self._waiting, (step.ended_ms + wait_ms, next(self._turns), delivery))
        elif delivery.state in DELIVERY.ends:
            self._meter.finish(entry.bytes)
        else:
            self._submit(delivery)
        if step.notice is not None:
            self.begin(step.notice.parcel, step.notice)
        yield row

    def _note_problem(self, problem: StorageError) -> None:
        self._problem = self._problem or problem
