"""Hold: whoever presses it is not heard, and the other side hears music until it is taken back (B§8.1).

HELD is the leg that pressed hold. The talk goes on being a talk, and a recording of it goes on (C27).
"""

from __future__ import annotations

from callflow.core.call import Call, Leg
from callflow.core.exchange import NOT_MOVED, Exchange
from callflow.core.leg import LEG_TABLE, LegEvent
from callflow.core.listening import listen_again

_HOLD, _UNHOLD = LegEvent.CHANNEL_HOLD, LegEvent.CHANNEL_UNHOLD


def hold(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Put the other side on hold; whoever holds it already does so too late."""
    _change(exchange, call, leg, _HOLD, because)


def take_back(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Talk to the other side again; whoever holds nobody does so too late."""
    _change(exchange, call, leg, _UNHOLD, because)


def _change(exchange: Exchange, call: Call, leg: Leg, event: LegEvent, because: int) -> None:
    cause = exchange.move(LEG_TABLE, leg, event, call.id, leg.id, because)
    if cause != NOT_MOVED:
        listen_again(exchange, leg, cause)
