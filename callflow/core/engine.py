"""The engine: inputs in, rows out (design §12, Engine).

```python
engine = Engine(setting, header={"scenario": "…"})
engine.offer("a1", Caller("+14155550100", "Bob"), "2001", flow)
for row in engine.run():            # every change, as it happens
    ...                             # look at it, keep it, or `tell` something in return
```
Whoever drives it — scenario, test, web page — only ever offers, tells and reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from callflow.core.automatic import win_route
from callflow.core.call import Call
from callflow.core.carrying_out import CARRY_OUT
from callflow.core.deliveries import settle_try
from callflow.core.delivery import Target
from callflow.core.errors import CallflowError, RunawayError
from callflow.core.events import SWITCH_FAULTS, Caller, DeliveryAnswered, SilenceAnswered, SwitchFault, Told
from callflow.core.exchange import Exchange, Setting
from callflow.core.executor import start_flow
from callflow.core.flow import Flow
from callflow.core.legs import create_caller
from callflow.core.listening import take_answer
from callflow.core.opening import fail_running
from callflow.core.phones import INPUTS
from callflow.core.runaway import runaway, span
from callflow.core.trace import FORMAT, INPUT, LATE_EVENT, TRACE, Row

DAY_MS: Final = 86_400_000
MAX_ROWS: Final = 1_000_000

Sink = Callable[[Sequence[tuple[Any, ...]]], object]
"""What may take rows in bulk: `functools.partial(write_rows, file=file)` of `callflow.tracefile` writes them."""

_BATCH_ROWS: Final = 512

_LAST_ROWS: Final = 64
"""How many rows are remembered, so that the error of a run that never ends can name its loop."""


class Engine:
    """A telephone exchange on virtual time; one engine may hold any number of calls.

    `max_ms` and `max_rows` end a run that would never end with RunawayError. Raises ImpossibleEvent for a fault of
    ours, and whatever a script raises when the setting says `raises`.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        header: Mapping[str, Any] | None = None,
        max_ms: int = DAY_MS,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._exchange = Exchange(setting, carry_out=CARRY_OUT)
        self._max_ms = max_ms
        self._max_rows = max_rows
        self._last: deque[tuple[Any, ...]] = deque(maxlen=_LAST_ROWS)
        detail = {"format": FORMAT, "start_s": setting.start_s, "seed": setting.seed, "profile": setting.profile.name}
        self._exchange.note("", "", TRACE, "trace", {**detail, **(header or {})})

    @property
    def now_ms(self) -> int:
        """Virtual milliseconds since the start."""
        return self._exchange.agenda.now_ms

    @property
    def next_ms(self) -> int | None:
        """When something happens next by itself, or None."""
        return self._exchange.agenda.next_ms()

    @property
    def live_calls(self) -> tuple[str, ...]:
        """The ids of the calls that have not ended, oldest first."""
        return tuple(self._exchange.calls)

    @property
    def awaits_deliveries_only(self) -> bool:
        """Whether nothing is left to happen by itself but tries of deliveries, every one of which was answered so far.

        Each delivery on its way then has one entry in the agenda: its answer or its next try.
        """
        exchange = self._exchange
        return exchange.setting.delivers and len(exchange.agenda) == len(exchange.deliveries)

    def offer(
        self,
        call_id: str,
        caller: Caller,
        dialled: str,
        flow: Flow,
        *,
        after_ms: int = 0,
        step: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a call arrive `after_ms` from now and run `flow`; `step` is shown in its INPUT row.

        When it arrives while a call of that id is alive, CallflowError comes out of the run.
        """
        self._exchange.agenda.after(after_ms, _arrive, (call_id, caller, dialled, flow, step), None, -1)

    def tell(
        self, call_id: str, leg: str, event: Told, *, after_ms: int = 0, step: Mapping[str, Any] | None = None
    ) -> None:
        """Let something happen on a leg `after_ms` from now; one that has gone by then makes it a LATE row."""
        self._exchange.agenda.after(after_ms, _happen, (call_id, leg, step), event, -1)

    def declare(
        self, call_id: str, leg: str, name: str, *, after_ms: int = 0, step: Mapping[str, Any] | None = None
    ) -> None:
        """Note a step that does nothing to a leg, such as a target that fails from now on: an INPUT row when it is due.

        Call and leg may be "" for a step that is about neither.
        """
        self._exchange.agenda.after(after_ms, _declared, (call_id, leg, name, step), None, -1)

    def answer_delivery(self, answer: DeliveryAnswered, *, because: int, after_ms: int = 0) -> None:
        """Answer the REQUEST row `because`, `deliver` or `save document`: what the target said to one try."""
        self._exchange.agenda.after(after_ms, _delivery_answered, None, answer, because)

    def answer_silence(self, answer: SilenceAnswered, *, because: int) -> None:
        """Answer the REQUEST row `because`: when a silence listener fires; the answer to a stale one is not heard."""
        self._exchange.agenda.after(0, _silence_answered, None, answer, because)

    def break_switch(self, fault: SwitchFault, *, after_ms: int = 0, step: Mapping[str, Any] | None = None) -> None:
        """Let the switch fail from then on: open or write no file, confirm no stop, give no media (B§3.3, B§3.8)."""
        self._exchange.agenda.after(after_ms, _switch_broken, step, fault, -1)

    def controlled_leg(self, call_id: str) -> str:
        """The id of the leg that a live call's flow controls: `A`, until that leg transfers the call away."""
        run = self._exchange.calls[call_id].run
        return run.leg.id if run is not None else "A"

    def target_of(self, delivery: int) -> Target:
        """Where a delivery goes, credentials included, for whoever really uploads; the trace never shows those."""
        target: Target = self._exchange.deliveries[delivery].target
        return target

    def run(self) -> Iterator[Row]:
        """Yield every row until nothing is left to happen."""
        return self.run_until(self._max_ms)

    def run_until(self, until_ms: int) -> Iterator[Row]:
        """Yield every row up to and including the instant `until_ms`, and leave the clock there.

        Raises RunawayError when the run passes its limits.
        """
        exchange = self._exchange
        rows = exchange.rows
        last = self._last
        last.extend(rows)
        yield from _taken(rows)
        for act, subject, event, because in exchange.agenda.take_until(min(until_ms, self._max_ms)):
            act(exchange, subject, event, because)
            if rows:
                last.extend(rows)
                self._check_rows()
                yield from _taken(rows)
        self._arrive_at(until_ms)

    def pass_until(self, until_ms: int, sink: Sink | None = None) -> int:
        """Do what `run_until` does when nobody looks at the rows one by one; returns how many there were.

        A `sink` gets them many at a time, as plain tuples in the form of `Row`; without one they are not even made,
        except for the last ones before the limit of rows, which its error names.
        """
        exchange = self._exchange
        first = exchange.seq - len(exchange.rows)
        try:
            look_after = self._hand_over(sink)
            for slot in exchange.agenda.slots_until(min(until_ms, self._max_ms)):
                for entry in slot:
                    if entry:
                        act, subject, event, because = entry
                        entry.clear()
                        act(exchange, subject, event, because)
                        if exchange.seq > look_after:
                            look_after = self._hand_over(sink)
            self._hand_over(sink)
        finally:
            exchange.is_heard = True
        self._arrive_at(until_ms)
        return exchange.seq - first

    def _hand_over(self, sink: Sink | None) -> int:
        """Give the rows made so far to the sink, and return the seq after which to do so again.

        Without a sink no rows are made until the limit of rows is near. Raises RunawayError beyond that limit.
        """
        exchange = self._exchange
        rows, seq = exchange.rows, exchange.seq
        again_after = seq + _BATCH_ROWS
        if rows:
            self._last.extend(rows[-_LAST_ROWS:])
            if sink is not None:
                sink(rows)
            rows.clear()
        self._check_rows()
        if sink is None:
            listen_from = self._max_rows - _LAST_ROWS
            exchange.is_heard = seq > listen_from
            again_after = self._max_rows if exchange.is_heard else listen_from
        return min(again_after, self._max_rows)

    def _check_rows(self) -> None:
        if self._exchange.seq > self._max_rows:
            raise RunawayError(runaway(f"{self._max_rows:,} rows", self._exchange, self._last))

    def _arrive_at(self, until_ms: int) -> None:
        """Leave the clock at `until_ms`, unless the run was to its very end; nothing may be left beyond the limit."""
        agenda = self._exchange.agenda
        if agenda.now_ms < until_ms < self._max_ms:
            agenda.now_ms = until_ms
        if until_ms >= self._max_ms and agenda.next_ms() is not None:
            raise RunawayError(runaway(span(self._max_ms), self._exchange, self._last))


_new_row = partial(tuple.__new__, Row)


def _taken(rows: list[tuple[Any, ...]]) -> Iterator[Row]:
    taken = rows[:]
    rows.clear()
    return map(_new_row, taken)


def _arrive(exchange: Exchange, subject: Any, event: None, because: int) -> None:
    call_id, caller, dialled, flow, step = subject
    if call_id in exchange.calls:
        raise CallflowError(f"call {call_id} was offered while a call of that id is alive; give every call its own id")
    call = Call(call_id, caller, dialled)
    call.metaflow = flow.metaflow
    exchange.calls[call_id] = call
    cause = exchange.note(call_id, "A", INPUT, "calls", step)
    leg = create_caller(exchange, call, flow.name, cause)
    win_route(exchange, call, leg, flow, cause)
    start_flow(exchange, call, leg, flow.root, flow.name, cause)


def _happen(exchange: Exchange, subject: Any, event: Any, because: int) -> None:
    call_id, leg_id, step = subject
    call = exchange.calls.get(call_id)
    name, act = INPUTS[type(event)]
    cause = exchange.note(call_id, leg_id, INPUT, name, step)
    leg = call.find_leg(leg_id) if call is not None else None
    if call is None or leg is None:
        exchange.note(call_id, leg_id, LATE_EVENT, name, {"machine": "leg", "state": "GONE"}, cause)
    else:
        act(exchange, call, leg, event, cause)


def _declared(exchange: Exchange, subject: Any, event: None, because: int) -> None:
    call_id, leg_id, name, step = subject
    exchange.note(call_id, leg_id, INPUT, name, step)


def _silence_answered(exchange: Exchange, subject: None, answer: SilenceAnswered, because: int) -> None:
    recording = exchange.asks.pop(because, None)
    if recording is not None:
        take_answer(exchange, recording, answer, because)


def _switch_broken(exchange: Exchange, step: Any, fault: SwitchFault, because: int) -> None:
    cause = exchange.note("", "", INPUT, f"switch {SWITCH_FAULTS[fault]}", step)
    exchange.faults.add(fault)
    if fault == "write":
        for call in exchange.calls.values():
            fail_running(exchange, call, cause)


def _delivery_answered(exchange: Exchange, subject: None, answer: DeliveryAnswered, because: int) -> None:
    delivery = exchange.deliveries.get(answer.delivery)
    if delivery is None:
        exchange.note("", "", LATE_EVENT, "delivery answered", {"delivery": answer.delivery}, because)
    else:
        settle_try(exchange, delivery, answer, because)
