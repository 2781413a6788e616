"""Making legs and moving them: the small steps of the switch that start nothing else."""

from __future__ import annotations

from typing import Any

from callflow.core.account import Device
from callflow.core.call import Call, Leg
from callflow.core.exchange import Exchange
from callflow.core.leg import LEG_TABLE, LegEvent, LegState
from callflow.core.trace import AUDIO, LEG


def create_caller(exchange: Exchange, call: Call, flow_name: str, because: int) -> Leg:
    """Make the A-leg; its row is the first of the call and says who calls whom, and which flow answers."""
    caller = call.caller
    detail = {
        "to": "NEW",
        "party": "caller",
        "device": caller.device_id,
        "number": caller.number,
        "name": caller.name,
        "dialled": call.dialled,
        "flow": flow_name,
    }
    exchange.note(call.id, "A", LEG, "CHANNEL_CREATE", detail, because)
    return Leg("A", "caller")


def create_callee(exchange: Exchange, call: Call, device: Device, because: int) -> Leg:
    """Make the next B-leg of the call, `B`, `B2`, …, towards a device; its party is the device's owner, if it has one."""
    call.legs_made += 1
    leg = Leg("B" if call.legs_made == 1 else f"B{call.legs_made}", device.owner_id or device.id, device)
    detail = {"to": "NEW", "party": leg.party, "device": device.id}
    exchange.note(call.id, leg.id, LEG, "CHANNEL_CREATE", detail, because)
    return leg


def move_leg(
    exchange: Exchange,
    call_id: str,
    leg: Leg,
    event: LegEvent,
    because: int,
    detail: dict[str, Any] | None = None,
    rule: str = "",
) -> int:
    """Move a leg by the leg table; returns the row's seq, or NOT_MOVED."""
    return exchange.move(LEG_TABLE, leg, event, call_id, leg.id, because, detail, rule)


def show_progress(exchange: Exchange, call_id: str, leg: Leg, because: int) -> None:
    """Let a new leg ring; one that is further already stays where it is."""
    if leg.state is LegState.NEW:
        move_leg(exchange, call_id, leg, LegEvent.CHANNEL_PROGRESS, because)


def open_media(exchange: Exchange, call_id: str, leg: Leg, because: int, rule: str) -> None:
    """Pre-answer a leg that has no media yet: playing to it or recording it needs some (B§3.3)."""
    if leg.state is LegState.NEW or leg.state is LegState.RINGING:
        move_leg(exchange, call_id, leg, LegEvent.CHANNEL_PROGRESS_MEDIA, because, None, rule)


def hush(exchange: Exchange, call_id: str, leg: Leg, because: int) -> None:
    """Cut off what the party on this leg is saying; the trace says so only when something was cut."""
    if leg.sounding_until_ms > exchange.agenda.now_ms:
        leg.sounding_until_ms = exchange.agenda.now_ms
        exchange.note(call_id, leg.id, AUDIO, "ends", {"of": leg.speech}, because)
