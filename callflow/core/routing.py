"""Routing in the middle of a call: which flow controls a leg that was sent to a number (B§1.2, B§8.2)."""

from __future__ import annotations

from callflow.core.automatic import win_route
from callflow.core.call import Call, FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.exchange import Exchange
from callflow.core.executor import MAX_BRANCHES, begin
from callflow.core.flow import Flow
from callflow.core.shown import shown
from callflow.core.switch import hang_up
from callflow.core.trace import FLOW, WARNING


def flow_for(exchange: Exchange, number: str) -> Flow | None:
    """The account's flow for a number that one of its telephones sends a leg to: `no_match` counts (B§1.2)."""
    match = exchange.setting.account.find_flow(number)
    return exchange.setting.flows.get(match.flow.id) if match is not None else None


def route(exchange: Exchange, call: Call, leg: Leg, number: str, because: int, before: FlowRun | None = None) -> None:
    """Let the flow for `number` control the leg; it takes the place of `before`, None for the flow of a consultation.

    It has nothing pushed and all its branches left. A number that no flow answers hangs the leg up.
    """
    flow = flow_for(exchange, number)
    run = FlowRun(exchange, call, leg, flow.root if flow else None, flow.name if flow else "", MAX_BRANCHES)
    run.sent_to = number
    if before is not None and before is call.run:
        call.run = run
    else:
        call.consult = run
    cause = exchange.note(
        call.id, leg.id, FLOW, "routed", {"number": number, "flow": flow.label if flow else None}, because
    )
    if flow is None:
        message = f"no callflow of the account answers {shown(number)}: the leg that was sent there is hung up"
        detail = {"code": "no-route", "message": message, "hint": "give a callflow this number"}
        exchange.note(call.id, leg.id, WARNING, "no-route", detail, cause, "B§1.2")
        run.is_over = True
        hang_up(exchange, run, HangupCause.NO_ROUTE_DESTINATION, cause, "flow")
        return
    if leg.automatic is None:
        win_route(exchange, call, leg, flow, cause)
    begin(exchange, run, cause)
