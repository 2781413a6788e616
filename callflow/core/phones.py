"""What parties do with their phones, and what the switch makes of it: one function for each input event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from callflow.core.announcing import fall_silent
from callflow.core.call import Call, Leg
from callflow.core.consulting import consult, resume_first
from callflow.core.controlling import control_by_api
from callflow.core.dialling import Dialling, pick_up, refuse
from callflow.core.events import (
    Answers,
    Controls,
    FallsSilent,
    HangsUp,
    Holds,
    Presses,
    Rejects,
    Resumes,
    Speaks,
    Transfers,
)
from callflow.core.exchange import Exchange
from callflow.core.hearing_digits import hear_digit
from callflow.core.holding import hold
from callflow.core.lanes import digit_sounded
from callflow.core.leaving import leave
from callflow.core.leg import LegState
from callflow.core.legs import hush
from callflow.core.listening import listen_again
from callflow.core.trace import AUDIO, EVENT, LATE_EVENT, WARNING
from callflow.core.transferring import transfer

_HELD: Final = LegState.HELD

DIGIT_MS: Final = 100
"""How long the tone of a pressed digit lasts (design §12, Sound)."""


def _answers(exchange: Exchange, call: Call, leg: Leg, event: Answers, because: int) -> None:
    waiting = call.wait_with(leg)
    if isinstance(waiting, Dialling):
        pick_up(exchange, waiting, leg, because)
    else:
        _too_late(exchange, call, leg, "answers", because)


def _rejects(exchange: Exchange, call: Call, leg: Leg, event: Rejects, because: int) -> None:
    waiting = call.wait_with(leg)
    if isinstance(waiting, Dialling):
        refuse(exchange, waiting, leg, event.cause, because, leg.party)
    else:
        _too_late(exchange, call, leg, "rejects", because)


def _hangs_up(exchange: Exchange, call: Call, leg: Leg, event: HangsUp, because: int) -> None:
    leave(exchange, call, leg, because, event.by)


def _too_late(exchange: Exchange, call: Call, leg: Leg, name: str, because: int) -> None:
    exchange.note(call.id, leg.id, LATE_EVENT, name, {"machine": "leg", "state": leg.state.name}, because)


def _presses(exchange: Exchange, call: Call, leg: Leg, event: Presses, because: int) -> None:
    cause = exchange.note(call.id, leg.id, EVENT, "DTMF", {"digit": event.digit, "duration_ms": DIGIT_MS}, because)
    _sounds(exchange, call, leg, {"digit": event.digit}, DIGIT_MS, cause)
    hear_digit(exchange, call, leg, event.digit, cause)
    if leg.automatic is not None:
        fall_silent(exchange, call, leg, cause)
    run = call.run_on(leg)
    if run is not None and run.waiting is not None:
        run.waiting.press(exchange, event.digit, cause)
    digit_sounded(exchange, call, leg, cause)


def _speaks(exchange: Exchange, call: Call, leg: Leg, event: Speaks, because: int) -> None:
    _sounds(exchange, call, leg, event.sound, event.for_ms, because)


def _sounds(exchange: Exchange, call: Call, leg: Leg, sound: Mapping[str, object], for_ms: int, because: int) -> None:
    """A party is heard from now on; a leg without media carries nothing, which is worth a warning (design §12).

    Neither does one whose party has pressed hold.
    """
    if not leg.carries_audio or leg.state is _HELD:
        detail = {"code": "not-carried", "state": leg.state.name, "for_ms": for_ms}
        rule = "law: who holds is not heard" if leg.state is _HELD else "law: no audio before early media"
        exchange.note(call.id, leg.id, WARNING, "not-carried", detail, because, rule)
        return
    hush(exchange, call.id, leg, because)
    leg.speech = exchange.note(call.id, leg.id, AUDIO, "speaks", {"sound": sound, "for_ms": for_ms}, because)
    leg.sounding_until_ms = exchange.agenda.now_ms + for_ms
    listen_again(exchange, leg, because)


def _falls_silent(exchange: Exchange, call: Call, leg: Leg, event: FallsSilent, because: int) -> None:
    hush(exchange, call.id, leg, because)
    listen_again(exchange, leg, because)


def _holds(exchange: Exchange, call: Call, leg: Leg, event: Holds, because: int) -> None:
    if leg.peer is None:
        _too_late(exchange, call, leg, "holds", because)
    else:
        hold(exchange, call, leg, because)


def _resumes(exchange: Exchange, call: Call, leg: Leg, event: Resumes, because: int) -> None:
    if leg.peer is None:
        _too_late(exchange, call, leg, "resumes", because)
    else:
        resume_first(exchange, call, leg, because)


def _transfers(exchange: Exchange, call: Call, leg: Leg, event: Transfers, because: int) -> None:
    if leg.peer is None:
        _too_late(exchange, call, leg, "transfers", because)
    elif event.is_attended:
        consult(exchange, call, leg, event.number, because)
    else:
        transfer(exchange, call, leg, event.number, because)


INPUTS: Final[Mapping[type, tuple[str, Callable[[Exchange, Call, Leg, Any, int], None]]]] = {
    Answers: ("answers", _answers),
    Rejects: ("rejects", _rejects),
    HangsUp: ("hangs up", _hangs_up),
    Presses: ("presses", _presses),
    Speaks: ("speaks", _speaks),
    FallsSilent: ("falls silent", _falls_silent),
    Holds: ("holds", _holds),
    Resumes: ("resumes", _resumes),
    Transfers: ("transfers", _transfers),
    Controls: ("controls recording", control_by_api),
}
"""The name that the trace gives each input, and what it does to a leg that is still there."""
