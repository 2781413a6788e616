"""A party leaves the call: what its hanging up means depends on what its leg is there for (B§8.2)."""

from __future__ import annotations

from callflow.core.call import ANSWERED, Call, Leg
from callflow.core.causes import HangupCause
from callflow.core.consulting import complete_transfer, consultation_of
from callflow.core.dialling import Dialling, refuse
from callflow.core.exchange import Exchange
from callflow.core.switch import hang_up
from callflow.core.talking import Talking, callee_hangs_up


def leave(exchange: Exchange, call: Call, leg: Leg, because: int, by: str = "") -> None:
    """The party on this leg hangs up; `by` replaces its name in the call's result, when nobody really did.

    On either leg of a consultation that completes the transfer, if it is the party's own doing.
    """
    consultation = consultation_of(call, leg) if call.consult is not None and not by else None
    if consultation is not None:
        complete_transfer(exchange, call, consultation, because)
        return
    run = call.run_on(leg)
    if run is not None:
        cause = HangupCause.NORMAL_CLEARING if leg.state in ANSWERED else HangupCause.ORIGINATOR_CANCEL
        hang_up(exchange, run, cause, because, by or leg.party)
        return
    waiting = call.wait_with(leg)
    if isinstance(waiting, Talking):
        callee_hangs_up(exchange, waiting, because)
    elif isinstance(waiting, Dialling):
        refuse(exchange, waiting, leg, HangupCause.CALL_REJECTED, because, leg.party)
