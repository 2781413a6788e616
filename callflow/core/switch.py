"""The switch's larger steps: answering, bridging, and ending legs, with what each sets off (B§8.2)."""

from __future__ import annotations

from callflow.core.announcing import announce, fall_silent
from callflow.core.call import ANSWERED, Call, FlowRun, Leg
from callflow.core.causes import EndedBy, HangupCause
from callflow.core.closing import end
from callflow.core.digits import forget_digits
from callflow.core.exchange import Exchange
from callflow.core.leg import LEG_TABLE, LegEvent, LegState
from callflow.core.legs import hush
from callflow.core.listening import listen_again
from callflow.core.opening import trigger
from callflow.core.recorder import RecorderEvent, RecorderState
from callflow.core.stack import fire_bridge_hooks
from callflow.core.trace import CALL

_ANSWER, _BRIDGE = LegEvent.CHANNEL_ANSWER, LegEvent.CHANNEL_BRIDGE
_UNBRIDGE, _DESTROY = LegEvent.CHANNEL_UNBRIDGE, LegEvent.CHANNEL_DESTROY
_ARMED, _GONE = RecorderState.ARMED, LegState.GONE
_LEG_GONE, _HANGUP, _CLEARING = RecorderEvent.LEG_GONE, EndedBy.HANGUP, HangupCause.NORMAL_CLEARING
_TRANSFER, _TRANSFERS = EndedBy.TRANSFER, (HangupCause.BLIND_TRANSFER, HangupCause.ATTENDED_TRANSFER)


def answer(exchange: Exchange, call: Call, leg: Leg, because: int) -> int:
    """Answer a leg that is not answered yet; recordings waiting for the answer start right after (B§3.6).

    Returns the row of the answer, or `because` when there was nothing to answer.
    """
    if leg.state in ANSWERED:
        return because
    cause = exchange.move(LEG_TABLE, leg, _ANSWER, call.id, leg.id, because)
    if leg.taps:
        _trigger_waiting(exchange, leg, "on answer", cause)
    return cause


def bridge(exchange: Exchange, call: Call, caller: Leg, callee: Leg, because: int) -> None:
    """Join the controlled leg with a callee; recordings waiting for the bridge start now (B§3.6)."""
    caller.peer, callee.peer = callee, caller
    cause = exchange.move(LEG_TABLE, caller, _BRIDGE, call.id, caller.id, because, {"other_leg": callee.id})
    exchange.move(LEG_TABLE, callee, _BRIDGE, call.id, callee.id, cause, {"other_leg": caller.id})
    _trigger_waiting(exchange, caller, "on bridge", cause)
    if call.hooks:
        fire_bridge_hooks(exchange, call, caller, cause)
    if caller.automatic is not None:
        announce(exchange, call, caller, cause)
    listen_again(exchange, caller, cause)


def _trigger_waiting(exchange: Exchange, leg: Leg, moment: str, because: int) -> None:
    for recording in leg.taps:
        if recording.state is _ARMED and recording.options.starts == moment:
            trigger(exchange, recording, because, f"record_{moment.replace(' ', '_')}")


def unbridge(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Split a leg from its peer; a peer that is still there goes back to being answered."""
    peer, leg.peer = leg.peer, None
    if peer is None:
        return
    listen_again(exchange, leg, because)
    listen_again(exchange, peer, because)
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
    ended_by = _TRANSFER if cause in _TRANSFERS else _HANGUP
    for recording in leg.taps:
        end(exchange, recording, _LEG_GONE, ended_by, because)
    if leg.automatic is not None:
        fall_silent(exchange, call, leg, because)
    if leg.ring_timer is not None:
        exchange.agenda.cancel(leg.ring_timer)
        leg.ring_timer = None
    if call.collectors:
        forget_digits(exchange, call, leg, because)
    code = "sip:200" if cause is _CLEARING and leg.state in ANSWERED else cause.code
    detail = {"hangup_cause": cause._name_, "hangup_code": code, "by": by}
    exchange.move(LEG_TABLE, leg, _DESTROY, call.id, leg.id, because, detail, rule)


def hang_up(exchange: Exchange, run: FlowRun, cause: HangupCause, because: int, by: str) -> None:
    """End the leg that a flow controls: callees follow, and the waiting script hears of it last (B§8.2)."""
    call, caller = run.call, run.leg
    unbridge(exchange, call, caller, because)
    destroy(exchange, call, caller, cause, because, by)
    waiting = run.waiting
    if waiting is not None:
        for callee in waiting.legs:
            follows = _CLEARING if callee.state in ANSWERED else HangupCause.ORIGINATOR_CANCEL
            destroy(exchange, call, callee, follows, because, by)
        waiting.lose(exchange, because)
    settle_call(exchange, call, because)


def settle_call(exchange: Exchange, call: Call, because: int) -> None:
    """Forget a call of which nothing is left: no controlled leg, and no flow that still runs (law 8)."""
    run, consult = call.run, call.consult
    if consult is not None and consult.is_over and consult.leg.state is _GONE:
        consult = call.consult = call.consultation = None
    if run is None or not run.is_over or run.leg.state is not _GONE or call.id not in exchange.calls:
        return
    if consult is not None:  # it goes on as a call of its own
        call.run, call.consult, call.consultation = consult, None, None
        return
    exchange.note(call.id, "", CALL, "ended", None, because)
    del exchange.calls[call.id]
    call.run = None
    call.takes = call.hooks = call.named = ()
