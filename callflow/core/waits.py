"""Waiting for time to pass, and for the caller to leave."""

from __future__ import annotations

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.call import FlowRun, Leg
from callflow.core.effects import Sleep, WaitForHangup
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume, throw_hung_up


@define(eq=False)
class Sleeping:
    """The wait of `Sleep`; digits do not disturb it."""

    run: FlowRun
    timer: Entry

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Nobody else is on the call."""
        return ()

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """Nobody listens."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """The caller left: stop the clock."""
        exchange.agenda.cancel(self.timer)
        throw_hung_up(exchange, self.run, because)


def sleep(exchange: Exchange, run: FlowRun, effect: Sleep, because: int) -> object:
    """Carry out `Sleep`."""
    timer = exchange.agenda.after(effect.for_ms, _wake, run, None, because)
    run.waiting = Sleeping(run, timer)
    return PENDING


def _wake(exchange: Exchange, run: FlowRun, event: None, because: int) -> None:
    resume(exchange, run, None, because)


@define(eq=False)
class AwaitingHangup:
    """The wait of `WaitForHangup`."""

    run: FlowRun

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Nobody else is on the call."""
        return ()

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """Nobody listens."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """What was waited for."""
        resume(exchange, self.run, None, because)


def wait_for_hangup(exchange: Exchange, run: FlowRun, effect: WaitForHangup, because: int) -> object:
    """Carry out `WaitForHangup`."""
    run.waiting = AwaitingHangup(run)
    return PENDING
