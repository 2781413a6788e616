"""The machine that collects a metaflow's digits: a binding digit arms it, a time without any completes them (B§10).

A party that has bindings is an idle machine. An idle one exists in no list, and so costs nothing; the others are fed by
`hearing_digits`.
"""

from __future__ import annotations

from typing import Final

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.call import Call, Leg
from callflow.core.exchange import Exchange
from callflow.core.metaflows import Bindings
from callflow.core.table import Table, Word


class DigitState(Word):
    """Where the metaflow of one party stands."""

    IDLE = "waits for the binding digit"
    COLLECTING = "collects the digits after it"


class DigitEvent(Word):
    """What may happen to it, classified before it is looked up."""

    BINDING_DIGIT = "the binding digit, on a leg that is listened to"
    DIGIT = "any digit of the leg that armed it, the binding digit too"
    DIGIT_TIMEOUT = "nothing was pressed for the digit timeout"
    LEG_GONE = "the leg that armed it, or the one whose bindings these are, ended"


_S, _E = DigitState, DigitEvent

DIGIT_TABLE: Final = Table(
    "metaflow",
    states=DigitState,
    events=DigitEvent,
    start=_S.IDLE,
    ends=frozenset({_S.IDLE}),
    moves=(
        (_S.IDLE, _E.BINDING_DIGIT, _S.COLLECTING),
        (_S.COLLECTING, _E.DIGIT, _S.COLLECTING),
        (_S.COLLECTING, _E.DIGIT_TIMEOUT, _S.IDLE),
        (_S.COLLECTING, _E.LEG_GONE, _S.IDLE),
    ),
    late={_S.IDLE: (_E.LEG_GONE,)},
    # While it collects, the binding digit is a digit like any other; while it is idle, others are not told to it.
    impossible={_S.IDLE: (_E.DIGIT, _E.DIGIT_TIMEOUT), _S.COLLECTING: (_E.BINDING_DIGIT,)},
    timers={_S.COLLECTING: _E.DIGIT_TIMEOUT},
)


@define(eq=False)
class Collector:
    """An armed metaflow: `owner` is the leg whose bindings these are, `leg` the one that armed it and alone counts."""

    call: Call
    owner: Leg
    leg: Leg
    bindings: Bindings
    state: DigitState = DigitState.IDLE
    collected: str = ""
    timer: Entry | None = None


def move_collector(exchange: Exchange, collector: Collector, event: DigitEvent, because: int, rule: str = "") -> int:
    """Move it by its table, and stop its clock; one that is idle again is forgotten. Returns the row's seq."""
    call = collector.call
    detail = {"owner": collector.owner.id, "collected": collector.collected}
    seq = exchange.move(DIGIT_TABLE, collector, event, call.id, collector.leg.id, because, detail, rule)
    if collector.timer is not None:
        exchange.agenda.cancel(collector.timer)
        collector.timer = None
    if collector.state is DigitState.IDLE:
        call.collectors = tuple(each for each in call.collectors if each is not collector)
    return seq


def forget_digits(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """A leg ends: what it has dialled of a metaflow is void, and so is what others dialled for its bindings."""
    for collector in call.collectors:
        if leg is collector.leg or leg is collector.owner:
            move_collector(exchange, collector, DigitEvent.LEG_GONE, because)
