"""Transfers without asking first: one side leaves, the flow for a number goes on with the other (B§3.7, B§8.2).

Whose phone does it decides who goes on. Sent away by its callee, the controlled leg goes on under another flow. Sent
away by the controlled leg, the callee becomes the controlled leg, and the call lives on with it.
"""

from __future__ import annotations

from callflow.core.call import Call, FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.effects import Transfer
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, abandon
from callflow.core.following import follow, forget
from callflow.core.routing import route
from callflow.core.switch import destroy, unbridge
from callflow.core.trace import EVENT, WARNING
from callflow.core.waits import AwaitingHangup


def transfer(exchange: Exchange, call: Call, leg: Leg, number: str, because: int, rule: str = "") -> None:
    """Send the side that `leg` is connected with, or has on hold, to `number`; `leg` ends (B§8.2)."""
    other = leg.peer
    assert other is not None, "only a leg with another side is asked to transfer it"
    run = call.run_on(leg) or call.run_on(other)
    assert run is not None, "a flow controls one of two connected legs"
    leaves = run.leg is leg
    cause = exchange.note(call.id, leg.id, EVENT, "CHANNEL_TRANSFEROR", {"number": number}, because, rule)
    if leaves:
        abandon(exchange, run, "hard stop", cause)
    cause = exchange.note(call.id, other.id, EVENT, "CHANNEL_TRANSFEREE", {"number": number}, cause, rule)
    forget(exchange, call, leg, other)
    follow(exchange, call, leg, other, cause)
    unbridge(exchange, call, leg, cause)
    destroy(exchange, call, leg, HangupCause.BLIND_TRANSFER, cause, leg.party)
    if not leaves:
        abandon(exchange, run, "transferred", cause)
    route(exchange, call, other, number, cause, run)


def transfer_by_flow(exchange: Exchange, run: FlowRun, effect: Transfer, because: int) -> object:
    """Carry out `Transfer`: the flow's own leg goes at once; there is no other one while a flow runs on.

    A flow that asks for the other leg is left with a parked call, and a warning.
    """
    run.waiting = AwaitingHangup(run)
    if effect.leg == "self":
        exchange.agenda.after(0, _send, run, effect, because)
    else:
        message = "transfer.leg is 'bleg', and the leg has no other side: nobody is transferred, the call is parked"
        detail = {"code": "nobody-to-transfer", "message": message, "hint": 'write "leg": "self"'}
        exchange.note(run.call.id, run.leg.id, WARNING, "nobody-to-transfer", detail, because, "transfer.leg=bleg")
    return PENDING


def _send(exchange: Exchange, run: FlowRun, effect: Transfer, because: int) -> None:
    if run.is_over:
        return
    rule = "transfer.transfer_type=attended: nobody is there to ask first" if effect.is_attended else ""
    cause = exchange.note(
        run.call.id, run.leg.id, EVENT, "CHANNEL_TRANSFEREE", {"number": effect.number}, because, rule
    )
    forget(exchange, run.call, run.leg)
    abandon(exchange, run, "transferred", cause)
    route(exchange, run.call, run.leg, effect.number, cause, run)
