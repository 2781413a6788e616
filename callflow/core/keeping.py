"""What a script keeps on the call, and what it has to say about it: effects, and the functions that carry them out."""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import FlowRun
from callflow.core.effects import Deed
from callflow.core.exchange import Exchange
from callflow.core.trace import EVENT, WARNING


@frozen
class SetVariable(Deed):
    """Set a variable of the call under the channel's name for it; `channel` is `a` (the caller's) or `both` (B§7.10).

    `CallView.variable` reads it.
    """

    name: str
    value: str
    channel: str = "a"


@frozen
class KeepDigits(Deed):
    """Keep digits under a name instead of what was there (B§7.8); `CallView.collected` reads them."""

    collection: str
    digits: str


@frozen
class Warn(Deed):
    """Say what a person should know: a WARNING row, and so a diagnostic of the run. `hint`: what would be right."""

    code: str
    message: str
    hint: str = ""


def set_variable(exchange: Exchange, run: FlowRun, effect: SetVariable, because: int) -> None:
    """Carry out `SetVariable`."""
    run.call.variables = {**run.call.variables, effect.name: effect.value}
    detail = {"name": effect.name, "value": effect.value, "channel": effect.channel}
    exchange.note(run.call.id, run.leg.id, EVENT, "variable set", detail, because)


def keep_digits(exchange: Exchange, run: FlowRun, effect: KeepDigits, because: int) -> None:
    """Carry out `KeepDigits`."""
    run.call.kept_digits = {**run.call.kept_digits, effect.collection: effect.digits}
    detail = {"collection": effect.collection, "digits": effect.digits}
    exchange.note(run.call.id, run.leg.id, EVENT, "digits kept", detail, because)


def warn(exchange: Exchange, run: FlowRun, effect: Warn, because: int) -> None:
    """Carry out `Warn`."""
    detail = {"code": effect.code, "message": effect.message, "hint": effect.hint}
    exchange.note(run.call.id, run.leg.id, WARNING, effect.code, detail, because)
