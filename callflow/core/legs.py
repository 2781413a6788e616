"""Making legs and moving them: the small steps of the switch that start nothing else."""

from __future__ import annotations

from callflow.core.account import Device
from callflow.core.call import Call, Leg
from callflow.core.codecs import DEFAULT_CODEC
from callflow.core.endpoints import OUTSIDE
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
    return _create(exchange, call, Leg("A", "caller"), detail, because)


def create_callee(exchange: Exchange, call: Call, device: Device, because: int) -> Leg:
    """Make the next B-leg of the call, `B`, `B2`, …, towards a device; its party is the device's owner, if any."""
    leg_id = _next_id(call)
    party = device.owner_id or device.id
    detail = {"to": "NEW", "party": party, "device": "" if device is OUTSIDE else device.id}
    return _create(exchange, call, Leg(leg_id, party, device), detail, because)


def create_consulting(exchange: Exchange, call: Call, first: Leg, number: str, flow_name: str, because: int) -> Leg:
    """Make a second leg for the party on `first`, which calls a number from it and keeps the first one on hold."""
    leg_id = _next_id(call)
    device = first.device or exchange.setting.account.devices.get(call.caller.device_id)
    device_id = "" if device is None or device is OUTSIDE else device.id
    detail = {"to": "NEW", "party": first.party, "device": device_id, "dialled": number, "flow": flow_name}
    return _create(exchange, call, Leg(leg_id, first.party, device), detail, because)


def codec_of(exchange: Exchange, call: Call, leg: Leg) -> str:
    """The codec that is spoken on a leg: what the caller was said to speak, else its device's, else the default one."""
    caller = call.caller
    if leg.party == "caller" and caller.codec:
        return caller.codec
    device = leg.device or exchange.setting.account.devices.get(caller.device_id)
    return (device.codec if device is not None else None) or DEFAULT_CODEC


def _create(exchange: Exchange, call: Call, leg: Leg, detail: dict[str, str], because: int) -> Leg:
    codec = codec_of(exchange, call, leg)
    if codec != DEFAULT_CODEC:
        detail["codec"] = codec
    exchange.note(call.id, leg.id, LEG, "CHANNEL_CREATE", detail, because)
    return leg


def _next_id(call: Call) -> str:
    call.legs_made += 1
    return "B" if call.legs_made == 1 else f"B{call.legs_made}"


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
