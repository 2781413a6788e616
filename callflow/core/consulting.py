"""Attended transfers: a party asks somebody before it hands the other side over (B§8.2; C38).

```
A ── B        alice on B holds A, and calls from a leg of her own, C:  A ·· B   C ── D
A ────── D    she hangs up: A takes C's place beside D, and B and C are gone
```
C is a leg that a flow controls, that of the number which she consults; D is that flow's callee.
"""

from __future__ import annotations

from callflow.core.announcing import fall_silent
from callflow.core.call import ANSWERED, Call, Consultation, FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.exchange import Exchange
from callflow.core.executor import abandon
from callflow.core.following import follow, forget
from callflow.core.holding import hold, take_back
from callflow.core.leg import LegState
from callflow.core.legs import create_consulting
from callflow.core.routing import flow_for, route
from callflow.core.switch import bridge, destroy, hang_up, unbridge
from callflow.core.trace import EVENT, WARNING
from callflow.core.transferring import transfer

_ATTENDED = HangupCause.ATTENDED_TRANSFER
_UNANSWERED = "law: a consultation that nobody has answered is completed as a blind transfer (B§8.2)"


def consult(exchange: Exchange, call: Call, leg: Leg, number: str, because: int) -> None:
    """Put the other side on hold, unless it is already, and call `number` from a second leg of the same party."""
    if call.consult is not None:
        message = "somebody on this call consults already: a call has one consultation at a time"
        detail = {"code": "one-consultation", "message": message, "hint": "complete it by hanging up, or resume"}
        exchange.note(call.id, leg.id, WARNING, "one-consultation", detail, because)
        return
    if leg.state is not LegState.HELD:
        hold(exchange, call, leg, because)
    flow = flow_for(exchange, number)
    second = create_consulting(exchange, call, leg, number, flow.name if flow is not None else "", because)
    call.consultation = Consultation(leg, second)
    route(exchange, call, second, number, because)


def resume_first(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Take back who is on hold; a consultation is given up."""
    if consultation_of(call, leg) is not None and call.consult is not None:
        _end_consultation(exchange, call.consult, because, leg.party)
    take_back(exchange, call, leg, because)


def consultation_of(call: Call, leg: Leg) -> Consultation | None:
    """The consultation that this leg is one of the two legs of, as long as it can be completed or given up."""
    consultation, run = call.consultation, call.consult
    if consultation is None or run is None or run.leg is not consultation.second or run.leg.is_gone:
        return None
    if consultation.first.state is not LegState.HELD:
        return None
    return consultation if leg is consultation.first or leg is consultation.second else None


def complete_transfer(exchange: Exchange, call: Call, consultation: Consultation, because: int) -> None:
    """The party that consults hangs up: who is on hold takes the place of its second leg (B§8.2).

    While nobody talks to that leg there is no place to take: who is on hold is sent to the number blind.
    """
    first, second, consult = consultation.first, consultation.second, call.consult
    other, third = first.peer, second.peer
    assert consult is not None and other is not None, "a consultation that can be completed has both"
    number = consult.sent_to
    if third is None:
        _end_consultation(exchange, consult, because, first.party)
        transfer(exchange, call, first, number, because, _UNANSWERED)
        return
    run = call.run_on(first) or call.run_on(other)
    assert run is not None, "a flow controls one of two connected legs"
    cause = exchange.note(call.id, second.id, EVENT, "CHANNEL_REPLACED", {"replaced_by": other.id}, because)
    cause = exchange.note(call.id, first.id, EVENT, "CHANNEL_TRANSFEROR", {"number": number}, cause)
    cause = exchange.note(call.id, other.id, EVENT, "CHANNEL_TRANSFEREE", {"number": number}, cause)
    forget(exchange, call, first, other)
    for leaving in (first, second):
        follow(exchange, call, leaving, other, cause)
        unbridge(exchange, call, leaving, cause)
    abandon(exchange, run, "transferred" if run.leg is other else "hard stop", cause)
    _take_place(exchange, call, consult, other, cause)
    bridge(exchange, call, other, third, cause)
    for leaving in (first, second):
        destroy(exchange, call, leaving, _ATTENDED, cause, first.party)


def _take_place(exchange: Exchange, call: Call, consult: FlowRun, leg: Leg, because: int) -> None:
    """The flow of the consultation is the call's now, with another leg; what the account records goes by that flow."""
    second = consult.leg
    if leg.automatic is None and second.automatic is not None:
        fall_silent(exchange, call, second, because)
        leg.automatic, second.automatic = second.automatic, None
    consult.control(leg)
    call.run, call.consult, call.consultation = consult, None, None


def _end_consultation(exchange: Exchange, consult: FlowRun, because: int, by: str) -> None:
    cause = HangupCause.NORMAL_CLEARING if consult.leg.state in ANSWERED else HangupCause.ORIGINATOR_CANCEL
    hang_up(exchange, consult, cause, because, by)
