"""The table of a leg, driven by the switch's own channel events (B§8.1, design §4).

A-leg = caller, B-legs = callees. Every row of kind LEG in the trace is one move of this table.
"""

from __future__ import annotations

from typing import Final

from callflow.core.table import Table, Word


class LegState(Word):
    """Where a leg stands; from EARLY on it carries audio, from ANSWERED on it is answered."""

    NEW = "new"
    RINGING = "ringing"
    EARLY = "early"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    HELD = "held"
    GONE = "gone"


class LegEvent(Word):
    """The channel events that move a leg."""

    CHANNEL_PROGRESS = "180 was sent or received"
    CHANNEL_PROGRESS_MEDIA = "183, or the switch pre-answered"
    CHANNEL_ANSWER = "200"
    CHANNEL_BRIDGE = "media joined with another leg"
    CHANNEL_UNBRIDGE = "media split"
    CHANNEL_HOLD = "this leg pressed hold"
    CHANNEL_UNHOLD = "this leg came back"
    CHANNEL_DESTROY = "the leg ended"


_S, _E = LegState, LegEvent

LEG_TABLE: Final = Table(
    "leg",
    states=LegState,
    events=LegEvent,
    start=_S.NEW,
    ends=frozenset({_S.GONE}),
    moves=(
        (_S.NEW, _E.CHANNEL_PROGRESS, _S.RINGING),
        (_S.NEW, _E.CHANNEL_PROGRESS_MEDIA, _S.EARLY),
        (_S.NEW, _E.CHANNEL_ANSWER, _S.ANSWERED),
        (_S.NEW, _E.CHANNEL_DESTROY, _S.GONE),
        (_S.RINGING, _E.CHANNEL_PROGRESS_MEDIA, _S.EARLY),
        (_S.RINGING, _E.CHANNEL_ANSWER, _S.ANSWERED),
        (_S.RINGING, _E.CHANNEL_DESTROY, _S.GONE),
        (_S.EARLY, _E.CHANNEL_ANSWER, _S.ANSWERED),
        (_S.EARLY, _E.CHANNEL_DESTROY, _S.GONE),
        (_S.ANSWERED, _E.CHANNEL_BRIDGE, _S.BRIDGED),
        (_S.ANSWERED, _E.CHANNEL_DESTROY, _S.GONE),
        (_S.BRIDGED, _E.CHANNEL_UNBRIDGE, _S.ANSWERED),
        (_S.BRIDGED, _E.CHANNEL_HOLD, _S.HELD),
        (_S.BRIDGED, _E.CHANNEL_DESTROY, _S.GONE),
        (_S.HELD, _E.CHANNEL_UNHOLD, _S.BRIDGED),
        (_S.HELD, _E.CHANNEL_UNBRIDGE, _S.ANSWERED),
        (_S.HELD, _E.CHANNEL_DESTROY, _S.GONE),
    ),
    late={
        _S.RINGING: (_E.CHANNEL_PROGRESS,),
        _S.EARLY: (_E.CHANNEL_PROGRESS, _E.CHANNEL_PROGRESS_MEDIA),
        _S.ANSWERED: (
            _E.CHANNEL_PROGRESS,
            _E.CHANNEL_PROGRESS_MEDIA,
            _E.CHANNEL_ANSWER,
            _E.CHANNEL_UNBRIDGE,
            _E.CHANNEL_HOLD,
            _E.CHANNEL_UNHOLD,
        ),
        _S.BRIDGED: (_E.CHANNEL_PROGRESS, _E.CHANNEL_PROGRESS_MEDIA, _E.CHANNEL_ANSWER, _E.CHANNEL_UNHOLD),
        _S.HELD: (_E.CHANNEL_PROGRESS, _E.CHANNEL_PROGRESS_MEDIA, _E.CHANNEL_ANSWER, _E.CHANNEL_HOLD),
        _S.GONE: (
            _E.CHANNEL_PROGRESS,
            _E.CHANNEL_PROGRESS_MEDIA,
            _E.CHANNEL_ANSWER,
            _E.CHANNEL_UNBRIDGE,
            _E.CHANNEL_HOLD,
            _E.CHANNEL_UNHOLD,
            _E.CHANNEL_DESTROY,
        ),
    },
    # The simulated switch answers a leg before it bridges it, and bridges it once: anything else is our bug.
    impossible={
        _S.NEW: (_E.CHANNEL_BRIDGE, _E.CHANNEL_UNBRIDGE, _E.CHANNEL_HOLD, _E.CHANNEL_UNHOLD),
        _S.RINGING: (_E.CHANNEL_BRIDGE, _E.CHANNEL_UNBRIDGE, _E.CHANNEL_HOLD, _E.CHANNEL_UNHOLD),
        _S.EARLY: (_E.CHANNEL_BRIDGE, _E.CHANNEL_UNBRIDGE, _E.CHANNEL_HOLD, _E.CHANNEL_UNHOLD),
        _S.BRIDGED: (_E.CHANNEL_BRIDGE,),
        _S.HELD: (_E.CHANNEL_BRIDGE,),
        _S.GONE: (_E.CHANNEL_BRIDGE,),
    },
)
