"""Dialling: ringing devices until one answers, nobody does, or the caller leaves (B§7.0, B§7.1, B§8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.automatic import begin_bridging
from callflow.core.call import FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.effects import Dial, Endpoint, Talk
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume
from callflow.core.legs import create_callee, open_media, show_progress
from callflow.core.listening import listen_again
from callflow.core.switch import destroy
from callflow.core.talking import complete, join
from callflow.core.trace import AUDIO

_NOT_PLAYING = -1
_NO_ANSWER = HangupCause.NO_ANSWER
_RINGBACK: Final = {"sound": {"ringback": ""}, "for_ms": None}


@define(eq=False, weakref_slot=False)
class Dialling:
    """The wait of `Dial` until somebody answers.

    `to_come` are endpoints that do not ring yet, `legs` those that do, `cause` is the last failure's. `timers` are due
    when an endpoint's delay or the time for all is over, `replay` when an own ringback has been heard to its end.
    """

    run: FlowRun
    effect: Dial
    to_come: tuple[Endpoint, ...]
    legs: tuple[Leg, ...] = ()
    timers: tuple[Entry, ...] = ()
    ringback: int = _NOT_PLAYING
    replay: Entry | None = None
    cause: HangupCause = _NO_ANSWER

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """No flow listens while phones ring."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """The caller left: whoever rang has been told, and the script learns that there was no talk."""
        self.quiet(exchange, because)
        resume(exchange, self.run, Talk(False, HangupCause.ORIGINATOR_CANCEL, is_caller_gone=True), because)

    def drop(self, leg: Leg) -> None:
        """Forget a leg that rings no more."""
        self.legs = tuple([each for each in self.legs if each is not leg])

    def quiet(self, exchange: Exchange, because: int) -> None:
        """Ring nobody else, and end the ringback."""
        for entry in self.timers:
            exchange.agenda.cancel(entry)
        self.to_come = self.timers = ()
        if self.replay is not None:
            exchange.agenda.cancel(self.replay)
        if self.ringback != _NOT_PLAYING:
            exchange.note(self.run.call.id, self.run.leg.id, AUDIO, "ends", {"of": self.ringback}, because)
            self.ringback = _NOT_PLAYING
            listen_again(exchange, self.run.leg, because)


def dial(exchange: Exchange, run: FlowRun, effect: Dial, because: int) -> object:
    """Carry out `Dial`: all endpoints together or one after another, each after its delay."""
    if run.leg.automatic is not None:
        begin_bridging(exchange, run.call, run.leg, effect, because)
    if effect.strategy == "single":
        dialling = run.waiting = Dialling(run, effect, effect.endpoints)
        _ring_next(exchange, dialling, because)
    else:
        dialling = run.waiting = Dialling(run, effect, ())
        for endpoint in effect.endpoints:
            if endpoint.delay_ms:
                delay = exchange.agenda.after(endpoint.delay_ms, _ring_late, dialling, endpoint, because)
                dialling.to_come, dialling.timers = (*dialling.to_come, endpoint), (*dialling.timers, delay)
        for endpoint in effect.endpoints:
            if not endpoint.delay_ms:
                _ring(exchange, dialling, endpoint, because)
    if not dialling.legs and not dialling.to_come:
        exchange.agenda.after(0, _give_up, dialling, None, because)
    elif effect.timeout_ms:
        end = exchange.agenda.after(effect.timeout_ms, _time_is_over, dialling, None, because)
        dialling.timers = (*dialling.timers, end)
    return PENDING


def _time_is_over(exchange: Exchange, dialling: Dialling, event: None, because: int) -> None:
    """Nobody has answered in the time for all: who still rings is told, and who has not rung yet never will."""
    legs, dialling.legs, dialling.cause = dialling.legs, (), _NO_ANSWER
    rule = f"ring timeout of all={dialling.effect.timeout_ms} ms"
    for leg in legs:
        destroy(exchange, dialling.run.call, leg, _NO_ANSWER, because, "", rule)
    _give_up(exchange, dialling, None, because)


def _ring_late(exchange: Exchange, dialling: Dialling, endpoint: Endpoint, because: int) -> None:
    dialling.to_come = tuple(each for each in dialling.to_come if each is not endpoint)
    _ring(exchange, dialling, endpoint, because)
    if dialling.effect.strategy == "single":
        _ring_next(exchange, dialling, because)
    if not dialling.legs and not dialling.to_come:
        _give_up(exchange, dialling, None, because)


def _ring_next(exchange: Exchange, dialling: Dialling, because: int) -> None:
    """Ring the next one whose turn it is; its delay counts from its turn on."""
    while dialling.to_come and not dialling.legs:
        endpoint = dialling.to_come[0]
        if endpoint.delay_ms:
            delay = exchange.agenda.after(endpoint.delay_ms, _ring_late, dialling, endpoint, because)
            dialling.timers = (*dialling.timers, delay)
            return
        dialling.to_come = dialling.to_come[1:]
        _ring(exchange, dialling, endpoint, because)


def _ring(exchange: Exchange, dialling: Dialling, endpoint: Endpoint, because: int) -> None:
    """Ring one device; one that is not registered fails at once."""
    call = dialling.run.call
    leg = create_callee(exchange, call, endpoint.device, because)
    if not endpoint.device.is_registered:
        dialling.cause = HangupCause.USER_NOT_REGISTERED
        destroy(exchange, call, leg, dialling.cause, because)
        return
    show_progress(exchange, call.id, leg, because)
    dialling.legs = (*dialling.legs, leg)
    leg.ring_timer = exchange.agenda.after(endpoint.timeout_ms, _ring_timeout, dialling, leg, because)
    if dialling.ringback == _NOT_PLAYING:
        show_progress(exchange, call.id, dialling.run.leg, because)
        _play_ringback(exchange, dialling, None, because)


def _play_ringback(exchange: Exchange, dialling: Dialling, event: None, because: int) -> None:
    """Let the caller hear that it rings: the usual ringback, or the flow's own as early media, again and again."""
    call, caller, sound = dialling.run.call, dialling.run.leg, dialling.effect.ringback
    detail: Mapping[str, object] = _RINGBACK
    if sound is not None:
        open_media(exchange, call.id, caller, because, "law: playing needs media (B§3.3)")
        detail = {"sound": {sound.kind: sound.name}, "for_ms": sound.length_ms}
    dialling.ringback = exchange.note(call.id, caller.id, AUDIO, "plays", detail, because)
    listen_again(exchange, caller, because)
    if sound is not None:
        length_ms = max(1, sound.length_ms)
        dialling.replay = exchange.agenda.after(length_ms, _play_ringback, dialling, None, dialling.ringback)


def _ring_timeout(exchange: Exchange, dialling: Dialling, leg: Leg, because: int) -> None:
    endpoint = next(each for each in dialling.effect.endpoints if each.device is leg.device)
    refuse(exchange, dialling, leg, HangupCause.NO_ANSWER, because, "", f"ring timeout={endpoint.timeout_ms} ms")


def refuse(
    exchange: Exchange, dialling: Dialling, leg: Leg, cause: HangupCause, because: int, by: str, rule: str = ""
) -> None:
    """One ringing device is out: nobody answered in time, or it refused. The last one out ends the dialling."""
    call = dialling.run.call
    dialling.cause = cause
    dialling.drop(leg)
    destroy(exchange, call, leg, cause, because, by, rule)
    if dialling.effect.is_ended_by_one_reject and cause is HangupCause.CALL_REJECTED:
        others, dialling.legs, dialling.to_come = dialling.legs, (), ()
        for other in others:
            destroy(exchange, call, other, HangupCause.CALL_REJECTED, because)
    elif dialling.effect.strategy == "single":
        _ring_next(exchange, dialling, because)
    if not dialling.legs and not dialling.to_come:
        _give_up(exchange, dialling, None, because)


def _give_up(exchange: Exchange, dialling: Dialling, event: None, because: int) -> None:
    if dialling.run.waiting is dialling:
        dialling.quiet(exchange, because)
        complete(exchange, dialling.run, Talk(False, dialling.cause), dialling.cause.name, because)


def pick_up(exchange: Exchange, dialling: Dialling, leg: Leg, because: int) -> None:
    """A ringing device answers: the ringback ends, the others lose, and the talk begins."""
    losers = [each for each in dialling.legs if each is not leg]
    dialling.legs = ()
    dialling.quiet(exchange, because)
    join(exchange, dialling.run, leg, losers, because)
