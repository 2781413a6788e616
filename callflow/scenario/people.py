"""Who calls, and what everybody does: one call of a scenario, or several."""

from __future__ import annotations

from collections.abc import Collection

from attrs import field, frozen

from callflow.core.codecs import CODEC_RATES_HZ
from callflow.core.shown import shown
from callflow.scenario.expect import Expectations
from callflow.scenario.expectations import read_expectations
from callflow.scenario.nodes import Node, any_mapping, choice, mapping, number_text, text
from callflow.scenario.occurrences import NOT_PARTIES, PARTY
from callflow.scenario.steps import CALLER, Step, read_timeline

CALLER_KEYS = ("number", "name", "dials", "device", "call_id", "codec")
"""Everything that may stand under `caller:`."""

CALL_KEYS = ("caller", "timeline", "expect", "call_id")
"""Everything that may stand under the name of one of several calls."""

_CALLER_EXAMPLE = '{number: "+14155550100", name: Bob, dials: "2001"}'
_LONGEST_CALL_ID = 255


@frozen
class Caller:
    """Who calls: number and name as shown to others, what is dialled.

    `device` is set for a caller on-net (design §12); the number may then be "" and follows from the device.
    `call_id` is None when it is to be derived (design §12, Results). `codec` "" is the device's own, else the default.
    """

    number: str
    name: str
    dials: str
    device: str | None = None
    call_id: str | None = None
    codec: str = ""


@frozen
class CallScript:
    """One call: its name ("" when the scenario has one call), the caller, the steps, what it alone must fulfil."""

    name: str
    caller: Caller
    timeline: tuple[Step, ...]
    expect: Expectations = field(factory=Expectations)


def _read_caller(node: Node, call_id: Node | None) -> Caller:
    entries = mapping(node, CALLER_KEYS, _CALLER_EXAMPLE)
    if "dials" not in entries:
        raise node.error("dials is missing", f"write it like {_CALLER_EXAMPLE}")
    if "number" not in entries and "device" not in entries:
        raise node.error("number is missing", f"write it like {_CALLER_EXAMPLE}, or name the caller's device")
    own_id = entries.get("call_id", call_id)
    if own_id is not None and call_id is not None and own_id is not call_id:
        raise own_id.error("call_id stands twice", "keep one of the two")
    return Caller(
        number=number_text(entries["number"], '"+14155550100"') if "number" in entries else "",
        name=text(entries["name"], "the caller's name: Bob") if "name" in entries else "",
        dials=number_text(entries["dials"], '"2001"'),
        device=_party(entries["device"]) if "device" in entries else None,
        call_id=_call_id(own_id) if own_id is not None else None,
        codec=choice(entries["codec"], CODEC_RATES_HZ) if "codec" in entries else "",
    )


def _party(node: Node) -> str:
    name = text(node, "the id of a device")
    if not PARTY.fullmatch(name) or name in (*NOT_PARTIES, CALLER):
        raise node.error(f"{shown(name)} cannot name a device", "use letters, digits and . @ + - _")
    return name


def _call_id(node: Node) -> str:
    call_id = number_text(node, "a call id without blanks")
    if len(call_id) > _LONGEST_CALL_ID:
        raise node.error("the call id is too long", f"at most {_LONGEST_CALL_ID} characters")
    return call_id


def read_calls(parts: dict[str, Node], top: Node) -> tuple[CallScript, ...]:
    """The calls of a scenario: from `calls:`, or one from `caller:` and `timeline:`."""
    if "calls" not in parts:
        return (_read_call("", top, parts, (), top.file),)
    for key in ("caller", "timeline", "call_id"):
        if key in parts:
            raise parts[key].error(f"{key} beside calls", f"put it under calls.NAME.{key}")
    calls = any_mapping(parts["calls"], "{first: {caller: …, timeline: …}}")
    if not calls:
        raise parts["calls"].error("no call", "write it like {first: {caller: …, timeline: …}}")
    for name, node in calls.items():
        if not PARTY.fullmatch(name) or "." in name or name in (*NOT_PARTIES, CALLER):
            raise node.error(f"{shown(name)} cannot name a call", "use letters, digits, - and _")
    return tuple(
        _read_call(name, node, mapping(node, CALL_KEYS, "{caller: …, timeline: …}"), tuple(calls), top.file)
        for name, node in calls.items()
    )


def _read_call(name: str, node: Node, parts: dict[str, Node], calls: Collection[str], file: str) -> CallScript:
    if "caller" not in parts:
        raise node.error("caller is missing", f"write caller: {_CALLER_EXAMPLE}")
    if "timeline" not in parts:
        raise node.error("timeline is missing", "write timeline: and below it - at 0s: caller calls")
    return CallScript(
        name,
        _read_caller(parts["caller"], parts.get("call_id")),
        read_timeline(parts["timeline"], calls, file=file),
        read_expectations(parts.get("expect"), calls, file=file) if name else Expectations(),
    )
