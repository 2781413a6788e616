"""Making legs and moving them: the small steps of the switch that start nothing else."""

from __future__ import annotations

from callflow.core.account import Device
from callflow.core.call import Call, Leg
from callflow.core.exchange import Exchange
from callflow.core.leg import LEG_TABLE, LegEvent, LegState
from callflow.core.trace import AUDIO, LEG

_NEW, _RINGING = LegState.NEW, LegState.RINGING
_PROGRESS, _PROGRESS_MEDIA = LegEvent.CHANNEL_PROGRESS, LegEvent.CHANNEL_PROGRESS_MEDIA


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
    """Make the next B-leg of the call, `B`, `B2`, …, towards a device; its party is the device's owner, if any."""
    call.legs_made += 1
    leg_id = "B" if call.legs_made == 1 else f"B{call.legs_made}"
    party = device.owner_id or device.id
    exchange.note(call.id, leg_id, LEG, "CHANNEL_CREATE", {"to": "NEW", "party": party, "device": device.id}, because)
    return Leg(leg_id, party, device)


def show_progress(exchange: Exchange, call_id: str, leg: Leg, because: int) -> None:
    """Let a new leg ring; one that is further already stays where it is."""
    if leg.state is _NEW:
        exchange.move(LEG_TABLE, leg, _PROGRESS, call_id, leg.id, because)


def open_media(exchange: Exchange, call_id: str, leg: Leg, because: int, rule: str) -> None:
    """Pre-answer a leg that has no media yet: playing to it or recording it needs some (B§3.3)."""
    if leg.state is _NEW or leg.state is _RINGING:
        exchange.move(LEG_TABLE, leg, _PROGRESS_MEDIA, call_id, leg.id, because, None, rule)


def hush(exchange: Exchange, call_id: str, leg: Leg, because: int) -> None:
    """Cut off what the party on this leg is saying; the trace says so only when something was cut."""
    if leg.sounding_until_ms > exchange.agenda.now_ms:
        leg.sounding_until_ms = exchange.agenda.now_ms
        exchange.note(call_id, leg.id, AUDIO, "ends", {"of": leg.speech}, because)
