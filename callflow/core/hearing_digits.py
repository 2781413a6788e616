"""Digits of a call that set metaflows off: who is listened to, and running what is bound to them (B§10).

Whose bindings count: those of the telephone on the leg that presses, and of the one that it talks to. The caller's is
listened to from the call's start on, a callee's once it has answered.

Nothing is swallowed. Every digit is also heard by the other party, and by whatever waits for digits in the flow: no
suppression is visible in production (B§10). Written order (design §12): metaflow first, then the waiting effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from callflow.core.call import Call, Leg
from callflow.core.controlling import control_by_metaflow
from callflow.core.digits import Collector, DigitEvent, move_collector
from callflow.core.exchange import Exchange
from callflow.core.leaving import leave
from callflow.core.metaflow_settings import MetaflowHangup
from callflow.core.metaflows import MAX_DIGITS, Bindings, Match, MetaflowNode
from callflow.core.trace import METAFLOW

_CALLER: Final = "A"


def hear_digit(exchange: Exchange, call: Call, leg: Leg, digit: str, because: int) -> None:
    """A digit was pressed on a leg: it belongs to the metaflows that this leg armed, and may arm others."""
    armed = [collector.owner for collector in call.collectors]
    for collector in call.collectors:
        if collector.leg is leg:
            if len(collector.collected) <= MAX_DIGITS:  # one too many is kept: it says that there were more
                collector.collected += digit
            _collect(exchange, collector, DigitEvent.DIGIT, because, "")
    for owner in (leg, leg.peer):
        if owner is not None and owner not in armed:
            bindings = bindings_of(exchange, call, owner)
            if bindings is not None and digit == bindings.arms_with and bindings.hears(own=owner is leg):
                collector = Collector(call, owner, leg, bindings)
                call.collectors = (*call.collectors, collector)
                _collect(exchange, collector, DigitEvent.BINDING_DIGIT, because, f"metaflows.binding_digit={digit}")


def bindings_of(exchange: Exchange, call: Call, leg: Leg) -> Bindings | None:
    """What is bound to the digits of the party on a leg, None for nothing.

    The callflow's own `metaflow` is the caller's too, over what its telephone has. A caller from outside has no other.
    """
    bound = exchange.setting.account.metaflows
    if leg.id != _CALLER:
        return bound.get(leg.device.id) if bound and leg.device is not None and leg.is_answered else None
    own = bound.get(call.caller.device_id)
    return call.metaflow.over(own) if call.metaflow is not None else own


def _collect(exchange: Exchange, collector: Collector, event: DigitEvent, because: int, rule: str) -> None:
    """Take a digit in; the time for the next one runs anew."""
    seq = move_collector(exchange, collector, event, because, rule)
    collector.timer = exchange.agenda.after(collector.bindings.timeout_ms, _complete, collector, None, seq)


def _complete(exchange: Exchange, collector: Collector, event: None, because: int) -> None:
    """No digit came for so long: run what is bound to the digits, if anything is."""
    call, leg, collected = collector.call, collector.leg, collector.collected
    rule = f"metaflows.digit_timeout={collector.bindings.timeout_ms}"
    cause = move_collector(exchange, collector, DigitEvent.DIGIT_TIMEOUT, because, rule)
    match = collector.bindings.find(collected)
    if match is None:
        exchange.note(call.id, leg.id, METAFLOW, "not bound", {"collected": collected}, cause)
    else:
        _run(exchange, call, leg, match, cause)


def _run(exchange: Exchange, call: Call, leg: Leg, match: Match, because: int) -> None:
    """Run a node and those after it, beside the flow that the call is in; `leg` is the one that dialled.

    Every module goes on to `_` at once. One that nobody simulates is the last, and so is one that ended the leg.
    """
    node: MetaflowNode | None = match.node
    while node is not None and not leg.is_gone:
        detail: dict[str, Any] = {"where": node.where}
        if match.captures:
            detail["captures"] = list(match.captures)
        cause = exchange.note(call.id, leg.id, METAFLOW, node.module, detail, because)
        act = _MODULES.get(node.module)
        if act is None:
            return
        act(exchange, call, leg, node.settings, cause)
        node, because = node.children.get("_"), cause


def _hang_up(exchange: Exchange, call: Call, leg: Leg, settings: MetaflowHangup, because: int) -> None:
    leave(exchange, call, leg, because)


_MODULES: Final[Mapping[str, Callable[[Exchange, Call, Leg, Any, int], None]]] = {
    "record_call": control_by_metaflow,
    "hangup": _hang_up,
}
"""What each simulated metaflow does; its settings classes are in `metaflow_settings`."""
