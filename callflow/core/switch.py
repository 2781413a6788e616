"""The switch's larger steps: answering, bridging, and ending legs, with what each sets off (B§8.2)."""

from __future__ import annotations

from callflow.core.call import ANSWERED, Call, Leg
from callflow.core.causes import EndedBy, HangupCause
from callflow.core.exchange import Exchange
from callflow.core.leg import LEG_TABLE, LegEvent, LegState
from callflow.core.legs import hush
from callflow.core.recorder import RecorderEvent, RecorderState
from callflow.core.recording import end, trigger
from callflow.core.trace import CALL

_ANSWER, _BRIDGE = LegEvent.CHANNEL_ANSWER, LegEvent.CHANNEL_BRIDGE
_UNBRIDGE, _DESTROY = LegEvent.CHANNEL_UNBRIDGE, LegEvent.CHANNEL_DESTROY
_ARMED, _GONE = RecorderState.ARMED, LegState.GONE
_LEG_GONE, _HANGUP, _CLEARING = RecorderEvent.LEG_GONE, EndedBy.HANGUP, HangupCause.NORMAL_CLEARING


def answer(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Answer a leg that is not answered yet; recordings waiting for the answer start right after (B§3.6)."""
    if leg.state not in ANSWERED:
        cause = exchange.move(LEG_TABLE, leg, _ANSWER, call.id, leg.id, because)
        if leg.taps:
            _trigger_waiting(exchange, leg, "on answer", cause)


def bridge(exchange: Exchange, call: Call, callee: Leg, because: int) -> None:
    """Join the caller with a callee; recordings waiting for the bridge start now (B§3.6)."""
    caller = call.a_leg
    caller.peer, callee.peer = callee, caller
    cause = exchange.move(LEG_TABLE, caller, _BRIDGE, call.id, caller.id, because, {"other_leg": callee.id})
    exchange.move(LEG_TABLE, callee, _BRIDGE, call.id, callee.id, cause, {"other_leg": caller.id})
    _trigger_waiting(exchange, caller, "on bridge", cause)


def _trigger_waiting(exchange: Exchange, leg: Leg, moment: str, because: int) -> None:
    for recording in leg.taps:
        if recording.state is _ARMED and recording.options.starts == moment:
            trigger(exchange, recording, because, f"record_{moment.replace(' ', '_')}")


def unbridge(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Split a leg from its peer; a peer that is still there goes back to being answered."""
    peer, leg.peer = leg.peer, None
    if peer is None:
        return
    peer.peer = None
    for side, other in ((leg, peer), (peer, leg)):
        if side.state is not _GONE:
            exchange.move(LEG_TABLE, side, _UNBRIDGE, call.id, side.id, because, {"other_leg": other.id})


def destroy(
    exchange: Exchange, call: Call, leg: Leg, cause: HangupCause, because: int, by: str = "", rule: str = ""
) -> None:
    """End one leg: what it says is cut off, its recordings stop, and then it is gone (B§8.2)."""
    if leg.sounding_until_ms:
        hush(exchange, call.id, leg, because)
    for recording in leg.taps:
        end(exchange, recording, _LEG_GONE, _HANGUP, because)
    if leg.ring_timer is not None:
        exchange.agenda.cancel(leg.ring_timer)
        leg.ring_timer = None
    code = "sip:200" if cause is _CLEARING and leg.state in ANSWERED else cause.code
    detail = {"hangup_cause": cause._name_, "hangup_code": code, "by": by}
    exchange.move(LEG_TABLE, leg, _DESTROY, call.id, leg.id, because, detail, rule)


def hang_up(exchange: Exchange, call: Call, cause: HangupCause, because: int, by: str) -> None:
    """End the A-leg and with it the call: callees follow, and the waiting script hears of it last (B§8.2)."""
    caller = call.a_leg
    unbridge(exchange, call, caller, because)
    destroy(exchange, call, caller, cause, because, by)
    waiting = call.run.waiting if call.run is not None else None
    if waiting is not None:
        for callee in waiting.legs:
            follows = _CLEARING if callee.state in ANSWERED else HangupCause.ORIGINATOR_CANCEL
            destroy(exchange, call, callee, follows, because, by)
        waiting.lose(exchange, because)
    settle_call(exchange, call, because)


def settle_call(exchange: Exchange, call: Call, because: int) -> None:
    """Forget a call of which nothing is left: no leg, and no flow that still runs (law 8)."""
    run = call.run
    if run is None or not run.is_over or call.a_leg.state is not _GONE or call.id not in exchange.calls:
        return
    exchange.note(call.id, "", CALL, "ended", None, because)
    del exchange.calls[call.id]
    call.run = None
    call.takes = ()
