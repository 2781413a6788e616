"""Dialling: ringing devices, the answer, the talk, and how it ends (B§7.0, B§7.1, B§8.2)."""

from __future__ import annotations

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.call import Call, FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.effects import Dial, Endpoint, Talk
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume
from callflow.core.legs import create_callee, show_progress
from callflow.core.switch import answer, bridge, destroy, unbridge
from callflow.core.trace import AUDIO, EVENT

_NOT_PLAYING = -1


@define(eq=False)
class Dialling:
    """The wait of `Dial`. `to_come` are endpoints that do not ring yet, `talking` the leg that won, `cause` the last failure's."""

    run: FlowRun
    effect: Dial
    to_come: tuple[Endpoint, ...]
    ringing: tuple[Leg, ...] = ()
    delays: tuple[Entry, ...] = ()
    ringback: int = _NOT_PLAYING
    talking: Leg | None = None
    joining: Entry | None = None
    cause: HangupCause = HangupCause.NO_ANSWER

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """Digits go to the other party; no flow listens while a call is bridged."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """The caller left: whoever rang has been told, and the script learns whether there was a talk."""
        self._quiet(exchange, because)
        is_answered = self.talking is not None
        cause = HangupCause.NORMAL_CLEARING if is_answered else HangupCause.ORIGINATOR_CANCEL
        resume(exchange, self.run, Talk(is_answered, cause, is_caller_gone=True), because)

    def _quiet(self, exchange: Exchange, because: int) -> None:
        """Void every timer and end the ringback."""
        for entry in self.delays:
            exchange.agenda.cancel(entry)
        if self.joining is not None:
            exchange.agenda.cancel(self.joining)
        self.to_come = self.delays = ()
        if self.ringback != _NOT_PLAYING:
            exchange.note(self.run.call.id, "A", AUDIO, "ends", {"of": self.ringback}, because)
            self.ringback = _NOT_PLAYING


def dial(exchange: Exchange, run: FlowRun, effect: Dial, because: int) -> object:
    """Carry out `Dial`: all endpoints together, each after its delay, or one after another."""
    if effect.strategy == "single":
        dialling = run.waiting = Dialling(run, effect, effect.endpoints)
        _ring_next(exchange, dialling, because)
    else:
        late = tuple(endpoint for endpoint in effect.endpoints if endpoint.delay_ms)
        dialling = run.waiting = Dialling(run, effect, late)
        dialling.delays = tuple(exchange.agenda.after(each.delay_ms, _ring_late, dialling, each, because) for each in late)
        for endpoint in effect.endpoints:
            if not endpoint.delay_ms:
                _ring(exchange, dialling, endpoint, because)
    if not dialling.ringing and not dialling.to_come:
        exchange.agenda.after(0, _give_up, dialling, None, because)
    return PENDING


def _ring_late(exchange: Exchange, dialling: Dialling, endpoint: Endpoint, because: int) -> None:
    dialling.to_come = tuple(each for each in dialling.to_come if each is not endpoint)
    _ring(exchange, dialling, endpoint, because)
    if not dialling.ringing and not dialling.to_come:
        _give_up(exchange, dialling, None, because)


def _ring_next(exchange: Exchange, dialling: Dialling, because: int) -> None:
    while dialling.to_come and not dialling.ringing:
        endpoint, *rest = dialling.to_come
        dialling.to_come = tuple(rest)
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
    dialling.ringing = (*dialling.ringing, leg)
    leg.ring_timer = exchange.agenda.after(endpoint.timeout_ms, _ring_timeout, dialling, leg, because)
    if dialling.ringback == _NOT_PLAYING:
        show_progress(exchange, call.id, call.a_leg, because)
        dialling.ringback = exchange.note(call.id, "A", AUDIO, "plays", {"sound": {"ringback": ""}, "for_ms": None}, because)


def _ring_timeout(exchange: Exchange, dialling: Dialling, leg: Leg, because: int) -> None:
    endpoint = next(each for each in dialling.effect.endpoints if each.device is leg.device)
    refuse(exchange, dialling, leg, HangupCause.NO_ANSWER, because, "", f"ring timeout={endpoint.timeout_ms} ms")


def refuse(
    exchange: Exchange, dialling: Dialling, leg: Leg, cause: HangupCause, because: int, by: str, rule: str = ""
) -> None:
    """One ringing device is out: nobody answered in time, or it refused. The last one out ends the dialling."""
    call = dialling.run.call
    dialling.cause = cause
    dialling.ringing = tuple(each for each in dialling.ringing if each is not leg)
    destroy(exchange, call, leg, cause, because, by, rule)
    if dialling.effect.is_ended_by_one_reject and cause is HangupCause.CALL_REJECTED:
        others, dialling.ringing, dialling.to_come = dialling.ringing, (), ()
        for other in others:
            destroy(exchange, call, other, HangupCause.CALL_REJECTED, because)
    elif dialling.effect.strategy == "single":
        _ring_next(exchange, dialling, because)
    if not dialling.ringing and not dialling.to_come:
        _give_up(exchange, dialling, None, because)


def _give_up(exchange: Exchange, dialling: Dialling, event: None, because: int) -> None:
    dialling._quiet(exchange, because)
    _complete(exchange, dialling, Talk(False, dialling.cause), dialling.cause.name, because)


def pick_up(exchange: Exchange, dialling: Dialling, leg: Leg, because: int) -> None:
    """A ringing device answers: the others lose, the caller is answered, and the two are joined."""
    call = dialling.run.call
    dialling.talking = leg
    dialling.ringing = tuple(each for each in dialling.ringing if each is not leg)
    if leg.ring_timer is not None:
        exchange.agenda.cancel(leg.ring_timer)
        leg.ring_timer = None
    dialling._quiet(exchange, because)
    answer(exchange, call, leg, because)
    losers, dialling.ringing = dialling.ringing, ()
    for loser in losers:
        destroy(exchange, call, loser, HangupCause.LOSE_RACE, because)
    answer(exchange, call, call.a_leg, because)
    setup_ms = exchange.setting.profile.bridge_setup_ms
    if setup_ms:
        dialling.joining = exchange.agenda.after(setup_ms, _join, dialling, leg, because)
    else:
        _join(exchange, dialling, leg, because)


def _join(exchange: Exchange, dialling: Dialling, leg: Leg, because: int) -> None:
    bridge(exchange, dialling.run.call, leg, because)


def callee_hangs_up(exchange: Exchange, dialling: Dialling, leg: Leg, because: int) -> None:
    """The callee ends the talk: the caller is parked, and the script goes on (B§7.0)."""
    call: Call = dialling.run.call
    call.talk_ended_by = leg.party
    if dialling.joining is not None:
        exchange.agenda.cancel(dialling.joining)
    destroy(exchange, call, leg, HangupCause.NORMAL_CLEARING, because, leg.party)
    unbridge(exchange, call, leg, because)
    _complete(exchange, dialling, Talk(True, HangupCause.NORMAL_CLEARING), "SUCCESS", because)


def _complete(exchange: Exchange, dialling: Dialling, talk: Talk, response: str, because: int) -> None:
    detail = {"application": "bridge", "response": response}
    cause = exchange.note(dialling.run.call.id, "A", EVENT, "CHANNEL_EXECUTE_COMPLETE", detail, because)
    resume(exchange, dialling.run, talk, cause)
