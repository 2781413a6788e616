"""Recording both sides while the flow waits for the end: `record_caller` as Kazoo 5 runs it (B§5)."""

from __future__ import annotations

from typing import Final

from attrs import define, frozen

from callflow.core.agenda import Entry
from callflow.core.call import FlowRun, Leg
from callflow.core.effects import Effect, RecordingOptions
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume, throw_hung_up
from callflow.core.recorder import RecorderState
from callflow.core.recording import AwaitsStop, Recording
from callflow.core.stack import start

_SAID: Final = (RecorderState.FINISHED, RecorderState.DISCARDED)
"""The end states in which the switch has sent RECORD_STOP."""


@frozen
class RecordAndWait(Effect[None]):
    """Start a recording of kind `caller` as `record_call` does, and wait for a RECORD_STOP of the leg (B§5).

    That of any recording of the leg will do. After `longest_ms` the flow goes on without one.
    """

    options: RecordingOptions
    longest_ms: int


@define(eq=False)
class AwaitingStop(AwaitsStop):
    """The wait of `RecordAndWait`; digits have no effect, and its end leaves the recording alone."""

    run: FlowRun
    timer: Entry

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Nobody else is on the call."""
        return ()

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """Nobody listens."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """The leg has ended, and its recordings with it."""
        exchange.agenda.cancel(self.timer)
        throw_hung_up(exchange, self.run, because)

    def closed(self, exchange: Exchange, recording: Recording, because: int) -> None:
        """Go on once what closed the file is over, when the switch has said so."""
        if recording.state in _SAID:
            exchange.agenda.cancel(self.timer)
            self.timer = exchange.agenda.after(0, _go_on, self.run, None, because)


def record_and_wait(exchange: Exchange, run: FlowRun, effect: RecordAndWait, because: int) -> object:
    """Carry out `RecordAndWait`."""
    start(exchange, run.call, run.leg, effect.options, because, kind="caller")
    run.waiting = AwaitingStop(run, exchange.agenda.after(effect.longest_ms, _go_on, run, None, because))
    return PENDING


def _go_on(exchange: Exchange, run: FlowRun, event: None, because: int) -> None:
    resume(exchange, run, None, because)
