"""One delivery on its way: its state in the DELIVERY table, its tries, and when the next one is due (design §12).

Document and audio are tried four times each, after 1, 2 and 4 s. A target that asks to be left alone longer than that
is left alone, up to a minute; one that asks for more is not waited for: the recording stays in the outbox.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field, frozen

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState
from callflow.core.errors import ImpossibleEvent, StorageError
from callflow.core.table import Verdict
from callflow.storage.carrier import Carrier, Outcome
from callflow.storage.journal import Entry
from callflow.storage.parcel import Attempt, Delivered, Parcel

RETRY_AFTER_MS: Final = (1_000, 2_000, 4_000)
"""Waits between the tries: four tries in all (design §12)."""

PATIENCE_MS: Final = 60_000
"""Longest wait that a target may ask for (`Retry-After`)."""

_E: Final = DeliveryEvent


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


@frozen
class Step:
    """One try of `delivery`, made: when it began and ended on the clock, and what came of it.

    `notice` is the parcel that follows a stored one; `problem` what the outbox said when it was to be cleared.
    """

    delivery: Delivery
    began_ms: int
    ended_ms: int
    outcome: Outcome
    notice: Entry | None = None
    problem: StorageError | None = None


@define(eq=False)
class Delivery:
    """A parcel and where its delivery stands; `entry` and `carrier` are there when there is something to send."""

    parcel: Parcel
    entry: Entry | None = None
    carrier: Carrier | None = None
    state: DeliveryState = DELIVERY.start
    _began_ms: int | None = None
    _failures: int = 0
    _attempts: list[Attempt] = field(factory=list)

    @property
    def last_attempt(self) -> Attempt | None:
        """The latest try that is counted: failed ones, and the one that stored the audio."""
        return self._attempts[-1] if self._attempts else None

    def take(self, step: Step) -> tuple[DeliveryLogged, int]:
        """Move by what came of a try; returns the record of it, and the wait in ms before the next try."""
        if self._began_ms is None:
            self._began_ms = step.began_ms
        is_document = self.state is DeliveryState.METADATA
        outcome, wait_ms = step.outcome, self._wait_ms(step.outcome)
        if outcome.is_stored:
            self._failures = 0
            event = _E.METADATA_SAVED if is_document else _E.ACCEPTED
        elif wait_ms:
            self._failures += 1
            event = _E.METADATA_TRY_FAILED if is_document else _E.TRY_FAILED
        else:
            event = _E.METADATA_FAILED if is_document else _E.LAST_TRY_FAILED
        result = _words(outcome)
        if not (is_document and outcome.is_stored):
            told = f"document: {result}" if is_document else result
            at_ms, is_final = step.began_ms - self._began_ms, outcome.is_stored or not wait_ms
            self._attempts.append(Attempt(at_ms, told, outcome.is_stored, is_final, outcome.place))
        return self.log(event, step.ended_ms, result, outcome.place), wait_ms

    def log(self, event: DeliveryEvent, now_ms: int, result: str = "", place: str = "") -> DeliveryLogged:
        """Look `event` up in the table, move, and return the record of it. Raises `ImpossibleEvent`."""
        before = self.state
        verdict = DELIVERY.rows[before][event]
        if verdict is Verdict.IMPOSSIBLE:
            raise ImpossibleEvent(f"delivery {self.parcel.delivery_id}: {event.name} in {before.name}; report it")
        if isinstance(verdict, DeliveryState):
            self.state = verdict
        delivered = None
        if self.state in DELIVERY.ends:
            is_kept = self.state is DeliveryState.FAILED and self.entry is not None
            where = str(self.entry.parcel.file) if is_kept and self.entry is not None else place
            delivered = Delivered(self.parcel, self.state, tuple(self._attempts), where)
        at_ms = 0 if self._began_ms is None else now_ms - self._began_ms
        return DeliveryLogged(self.parcel.delivery_id, at_ms, event, before, self.state, result, place, delivered)

    def _wait_ms(self, outcome: Outcome) -> int:
        """How long to wait before the next try; 0 where there is none."""
        is_over = outcome.is_stored or outcome.is_final or self._failures == len(RETRY_AFTER_MS)
        if is_over or outcome.retry_after_ms > PATIENCE_MS:
            return 0
        return max(RETRY_AFTER_MS[self._failures], outcome.retry_after_ms)


def _words(outcome: Outcome) -> str:
    asked_s = -(-outcome.retry_after_ms // 1_000)
    return f"{outcome.result}, asks for {asked_s} s" if asked_s and not outcome.is_stored else outcome.result
