"""What somebody could do next in a run: the reactions that `callflow generate` tries (issue: what-if generation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from callflow.core.flow import Node
from callflow.core.trace import AUDIO, INPUT, LEG, NODE, RECORDER, Row
from callflow.scenario.durations import format_duration
from callflow.scenario.preparing import Prepared

MARGIN_MS: Final = 5_000
"""How much longer than the longest time limit somebody talks who talks until the recording stops by itself."""

_DEFAULT_LIMIT_S: Final = 10_800
_LONG_MS: Final = 1_500
_DIGITS: Final = "0123456789*#"

Line = tuple[str, str]
"""A step as it is written: its moment, and who does what."""


@frozen
class Reaction:
    """Steps that are tried together: what they are called in a scenario's name, the lines, a tag."""

    words: str
    lines: tuple[Line, ...]
    tag: str


def reactions(prepared: Prepared, rows: Sequence[Row], is_untidy: bool) -> Iterator[Reaction]:
    """What could be done after the last step of a run; `is_untidy` where the call would never have ended by itself."""
    last = max((row.seq for row in rows if row.kind == INPUT and row.detail and "line" in row.detail), default=0)
    later = [row for row in rows if row.seq > last]
    start_ms = next((row.at_ms for row in rows if row.kind == LEG), 0)
    yield from _ringing(rows, later)
    yield from _talking(prepared, rows, later)
    yield from _recording(later)
    yield from _voicemail(rows, later)
    yield from _digits(prepared, later, start_ms)
    yield from _leaving(later, start_ms)
    if is_untidy:
        end_ms = next((row.at_ms for row in later if row.kind == INPUT and row.name == "hangs up"), rows[-1].at_ms)
        yield Reaction("caller hangs up at last", ((_at(end_ms - start_ms + 1_000), "caller hangs up"),), "hang-up")


def _at(at_ms: int) -> str:
    return f"at {format_duration(max(at_ms, 0))}"


def _names(rows: Sequence[Row]) -> dict[str, str]:
    """The name of each leg's party: the device where its user has several."""
    legs = {row.leg: row.detail or {} for row in rows if row.kind == LEG and row.name == "CHANNEL_CREATE"}
    owners = [detail["party"] for detail in legs.values()]
    return {leg: each["party"] if owners.count(each["party"]) == 1 else each["device"] for leg, each in legs.items()}


def _ringing(rows: Sequence[Row], later: Sequence[Row]) -> Iterator[Reaction]:
    names = _names(rows)
    rung = dict.fromkeys(
        names[row.leg] for row in later if row.kind == LEG and row.name == "CHANNEL_PROGRESS" and row.leg != "A"
    )
    for who in rung:
        if not who:
            continue
        for deed, tag in (("answers", "answered"), ("is busy", "busy"), ("rejects", "rejected")):
            yield Reaction(f"{who} {deed}", ((f"when {who} rings after 2s", f"{who} {deed}"),), tag)
        gone = ((f"when {who} rings after 3s", "caller hangs up"),)
        yield Reaction(f"caller hangs up while {who} rings", gone, "hang-up")


def _talking(prepared: Prepared, rows: Sequence[Row], later: Sequence[Row]) -> Iterator[Reaction]:
    """What two who are connected do: one of them leaves, or transfers, or both wait for the recording to stop."""
    bridge = next((row for row in later if row.kind == LEG and row.name == "CHANNEL_BRIDGE" and row.leg != "A"), None)
    if bridge is None:
        return
    other = _names(rows)[bridge.leg]
    moment = "when CHANNEL_BRIDGE after 5s"
    yield Reaction("caller hangs up", ((moment, "caller hangs up"),), "hang-up")
    yield Reaction(f"{other} hangs up", ((moment, f"{other} hangs up"),), "hang-up")
    talk = f"speaks for {format_duration(_longest_limit_s(prepared) * 1000 + MARGIN_MS)}"
    over = ("when recording stops after 2s", "caller hangs up")
    yield Reaction("nobody speaks until the recording stops", (over,), "by-itself")
    lines = (("when CHANNEL_BRIDGE after 1s", f"caller {talk}"), over)
    yield Reaction("caller talks until the recording stops", lines, "by-itself")
    lines = (("when CHANNEL_BRIDGE after 1s", "caller speaks for 4s"), over)
    yield Reaction("caller speaks, silence until the recording stops", lines, "by-itself")
    dialled = {call.caller.dials for call in prepared.scenario.calls}
    numbers = [number for flow in prepared.setting.account.flows for number in flow.numbers if number not in dialled]
    for number in numbers[:1]:
        for who in ("caller", other):
            yield Reaction(f"{who} transfers to {number}", ((moment, f"{who} transfers to {number}"),), "transfer")


def _longest_limit_s(prepared: Prepared) -> int:
    """The longest time limit of the documents, in seconds; what is no number is not heeded."""
    flows = (*(call.flow for call in prepared.calls), *prepared.setting.flows.values())
    limits = [node.data.get("time_limit") for flow in flows for node in flow.nodes()]
    known = [each for each in limits if isinstance(each, int) and not isinstance(each, bool) and 0 < each]
    return min(max(known, default=_DEFAULT_LIMIT_S), _DEFAULT_LIMIT_S)


def _recording(later: Sequence[Row]) -> Iterator[Reaction]:
    if not any(row.kind == RECORDER and row.name == "RECORD_START" for row in later):
        return
    moment, over = "when recording starts after 3s", ("after 3s", "caller hangs up")
    yield Reaction("caller hangs up while it is recorded", ((moment, "caller hangs up"),), "hang-up")
    stopped = ("when recording stops after 2s", "caller hangs up")
    yield Reaction("the recording stops by itself", (stopped,), "by-itself")
    yield Reaction("the API stops the recording", ((moment, "api stops recording"), over), "api")
    for first, then in (("pauses", "resumes"), ("masks", "unmasks")):
        begun = (moment, f"api {first} recording")
        both = (begun, ("after 2s", f"api {then} recording"), over)
        yield Reaction(f"the API {first} and {then} the recording", both, "api")
        yield Reaction(f"caller hangs up after the API {first} it", (begun, over), "api")


def _voicemail(rows: Sequence[Row], later: Sequence[Row]) -> Iterator[Reaction]:
    if not any(row.kind == NODE and row.name == "voicemail" for row in later):
        return
    yield Reaction(
        "caller hangs up at the greeting", (("when voicemail greets after 500ms", "caller hangs up"),), "hang-up"
    )
    message = ("when voicemail records", "caller speaks for 4s")
    yield Reaction("caller leaves a message", (message, ("after 0s", "caller hangs up")), "voicemail")
    keyed = (message, ("after 0s", "caller presses #"), ("after 1s", "caller hangs up"))
    yield Reaction("caller ends a message with a digit", keyed, "voicemail")
    yield Reaction(
        "caller says nothing to the mailbox", (("when voicemail records after 30s", "caller hangs up"),), "voicemail"
    )


def _digits(prepared: Prepared, later: Sequence[Row], start_ms: int) -> Iterator[Reaction]:
    """Digits for whatever asks for them: those that lead somewhere, and one that does not."""
    nodes = _nodes(prepared)
    for place, row in enumerate(later):
        node = nodes.get((row.detail["flow"], row.detail["where"])) if row.kind == NODE and row.detail else None
        if node is None or node.module not in ("menu", "collect_dtmf"):
            continue
        heard = next((each.at_ms for each in later[place:] if each.kind == AUDIO and each.name == "plays"), row.at_ms)
        moment = _at(heard - start_ms + 1_000)
        keys = [key for key in node.children if key and set(key) <= set(_DIGITS)]
        wrong = next((digit for digit in "9876543210" if not any(key.startswith(digit) for key in keys)), "")
        for key in (*keys, *([wrong] if wrong else []), *(["1234#"] if node.module == "collect_dtmf" else [])):
            yield Reaction(f"caller presses {key}", ((moment, f"caller presses {key}"),), "digits")


def _nodes(prepared: Prepared) -> dict[tuple[str, str], Node]:
    flows = (*(call.flow for call in prepared.calls), *prepared.setting.flows.values())
    return {(node.flow, node.where): node for flow in flows for node in flow.nodes()}


def _leaving(later: Sequence[Row], start_ms: int) -> Iterator[Reaction]:
    """The caller leaves in the middle of each node that takes its time."""
    entered = [row for row in later if row.kind == NODE]
    ends = [*(row.at_ms for row in entered[1:]), later[-1].at_ms if later else 0]
    for row, end_ms in zip(entered, ends, strict=False):
        if end_ms - row.at_ms >= _LONG_MS:
            lines = ((_at(row.at_ms - start_ms + 1_000), "caller hangs up"),)
            yield Reaction(f"caller hangs up during {row.name}", lines, "hang-up")
