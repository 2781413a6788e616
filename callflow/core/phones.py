"""What parties do with their phones, and what the switch makes of it: one function for each input event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from callflow.core.call import Call, Leg
from callflow.core.causes import HangupCause
from callflow.core.dialling import Dialling, pick_up, refuse
from callflow.core.events import Answers, FallsSilent, HangsUp, Presses, Rejects, Speaks
from callflow.core.exchange import Exchange
from callflow.core.legs import hush
from callflow.core.recording import listen
from callflow.core.switch import hang_up
from callflow.core.talking import Talking, callee_hangs_up
from callflow.core.trace import AUDIO, EVENT, LATE_EVENT, WARNING

DIGIT_MS: Final = 100
"""How long the tone of a pressed digit lasts (design §12, Sound)."""

_CLEARING = HangupCause.NORMAL_CLEARING


def _answers(exchange: Exchange, call: Call, leg: Leg, event: Answers, because: int) -> None:
    waiting = call.run.waiting if call.run is not None else None
    if isinstance(waiting, Dialling) and leg in waiting.legs:
        pick_up(exchange, waiting, leg, because)
    else:
        _too_late(exchange, call, leg, "answers", because)


def _rejects(exchange: Exchange, call: Call, leg: Leg, event: Rejects, because: int) -> None:
    waiting = call.run.waiting if call.run is not None else None
    if isinstance(waiting, Dialling) and leg in waiting.legs:
        refuse(exchange, waiting, leg, event.cause, because, leg.party)
    else:
        _too_late(exchange, call, leg, "rejects", because)


def _hangs_up(exchange: Exchange, call: Call, leg: Leg, event: HangsUp, because: int) -> None:
    waiting = call.run.waiting if call.run is not None else None
    if leg is call.a_leg:
        cause = _CLEARING if leg.is_answered else HangupCause.ORIGINATOR_CANCEL
        hang_up(exchange, call, cause, because, event.by or "caller")
    elif isinstance(waiting, Talking):
        callee_hangs_up(exchange, waiting, because)
    elif isinstance(waiting, Dialling):
        refuse(exchange, waiting, leg, HangupCause.CALL_REJECTED, because, leg.party)


def _too_late(exchange: Exchange, call: Call, leg: Leg, name: str, because: int) -> None:
    exchange.note(call.id, leg.id, LATE_EVENT, name, {"machine": "leg", "state": leg.state.name}, because)


def _presses(exchange: Exchange, call: Call, leg: Leg, event: Presses, because: int) -> None:
    cause = exchange.note(call.id, leg.id, EVENT, "DTMF", {"digit": event.digit, "duration_ms": DIGIT_MS}, because)
    _sounds(exchange, call, leg, {"digit": event.digit}, DIGIT_MS, cause)
    if leg is call.a_leg and call.run is not None and call.run.waiting is not None:
        call.run.waiting.press(exchange, event.digit, cause)


def _speaks(exchange: Exchange, call: Call, leg: Leg, event: Speaks, because: int) -> None:
    _sounds(exchange, call, leg, event.sound, event.for_ms, because)


def _sounds(exchange: Exchange, call: Call, leg: Leg, sound: Mapping[str, object], for_ms: int, because: int) -> None:
    """A party is heard from now on; a leg without media carries nothing, which is worth a warning (design §12)."""
    if not leg.carries_audio:
        detail = {"code": "not-carried", "state": leg.state.name, "for_ms": for_ms}
        exchange.note(call.id, leg.id, WARNING, "not-carried", detail, because, "law: no audio before early media")
        return
    hush(exchange, call.id, leg, because)
    leg.speech = exchange.note(call.id, leg.id, AUDIO, "speaks", {"sound": sound, "for_ms": for_ms}, because)
    leg.sounding_until_ms = exchange.agenda.now_ms + for_ms
    _listen_again(exchange, leg, because)


def _falls_silent(exchange: Exchange, call: Call, leg: Leg, event: FallsSilent, because: int) -> None:
    hush(exchange, call.id, leg, because)
    _listen_again(exchange, leg, because)


def _listen_again(exchange: Exchange, leg: Leg, because: int) -> None:
    for recording in leg.taps:
        listen(exchange, recording, because)


INPUTS: Final[Mapping[type, tuple[str, Callable[[Exchange, Call, Leg, Any, int], None]]]] = {
    Answers: ("answers", _answers),
    Rejects: ("rejects", _rejects),
    HangsUp: ("hangs up", _hangs_up),
    Presses: ("presses", _presses),
    Speaks: ("speaks", _speaks),
    FallsSilent: ("falls silent", _falls_silent),
}
"""The name that the trace gives each input, and what it does to a leg that is still there."""
