"""Rows about legs, nodes, sounds and channel events in plain words; "" for those that nobody wants to read.

`cause` is the row behind a row's `because`: what it already tells is not told again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from callflow.core.trace import INPUT, Row, channel_event
from callflow.report.people import People
from callflow.report.wording import clock, cut, printable

Detail = Mapping[str, Any]

_TRANSFERRED: Final = ("BLIND_TRANSFER", "ATTENDED_TRANSFER")


def _is_input(cause: Row | None, *names: str) -> bool:
    return cause is not None and cause.kind == INPUT and cause.name in names


def leg_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A leg's move."""
    who = people.on(row.leg)
    match row.name:
        case "CHANNEL_CREATE":
            return f"{who} calls {detail['dialled']}" if people.are_calling(row.leg) else ""
        case "CHANNEL_PROGRESS":
            return f"{who} rings" if not people.are_calling(row.leg) else ""
        case "CHANNEL_PROGRESS_MEDIA":
            return f"{who} gets early media"
        case "CHANNEL_ANSWER":
            if not people.are_calling(row.leg):
                return f"{who} answers"
            return "" if _is_input(cause, "answers") else f"{who} is answered"
        case "CHANNEL_BRIDGE":
            return f"{who} and {people.on(detail['other_leg'])} are connected" if channel_event(row) else ""
        case "CHANNEL_UNBRIDGE":
            is_told = not channel_event(row) or _is_input(cause, "hangs up")
            return "" if is_told else f"{who} and {people.on(detail['other_leg'])} are parted"
        case "CHANNEL_HOLD":
            return f"{who} holds"
        case "CHANNEL_UNHOLD":
            return f"{who} resumes"
    return _leg_end(row, detail, people, cause) if row.name == "CHANNEL_DESTROY" else f"{who}: {row.name}"


def _leg_end(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    who = people.on(row.leg)
    if detail["hangup_cause"] in _TRANSFERRED:
        if _is_consultation(row.leg, people):
            return f"{who}'s consultation is over: {detail['hangup_cause']}"
        return f"{who} has transferred the call and leaves it: {detail['hangup_cause']}"
    if row.leg == people.controlled:
        return f"the call ends: {detail['hangup_cause']}"
    if detail["from"] == "NEW":
        return f"{who} cannot be reached: {detail['hangup_cause']}"
    if cause is not None and cause.leg == row.leg and _is_input(cause, "rejects"):
        does = "is busy" if detail["hangup_cause"] == "USER_BUSY" else "rejects the call"
        return f"{who} {does}: {detail['hangup_cause']}"
    if detail["from"] in ("RINGING", "EARLY"):
        return f"{who} stops ringing: {detail['hangup_cause']}"
    if _is_consultation(row.leg, people):
        return f"{who}'s consultation is over: {detail['hangup_cause']}"
    return "" if _is_input(cause, "hangs up") else f"{who}'s leg ends: {detail['hangup_cause']}"


def _is_consultation(leg: str, people: People) -> bool:
    """Whether the party called from this leg while it had another on hold."""
    return leg != "A" and people.are_calling(leg)


def deed_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """What a party does that no other row tells."""
    if row.name.startswith("switch "):
        return f"from now on the {row.name}"
    return f"{people.on(row.leg)} {row.name}" if row.name in ("hangs up", "falls silent") else ""


def late_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """What a party does too late."""
    if not _is_input(cause, row.name):
        return ""
    return f"{people.on(row.leg)} {row.name}: too late, the leg is {str(detail.get('state', 'gone')).lower()}"


def node_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A node that runs."""
    return row.name


def flow_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """What becomes of a flow."""
    match row.name:
        case "ended":
            return f"the flow ends: no branch for {detail['fallen']}" if "fallen" in detail else "the flow ends"
        case "resumed":
            return f"the flow resumes at {detail['where']}"
        case "too many branches":
            return "the flow ends: it branched too often"
    return ""


def audio_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A sound that begins."""
    if row.name == "ends":
        return ""
    [(kind, value)] = detail["sound"].items()
    lasts = f" for {clock(detail['for_ms'])}" if detail["for_ms"] is not None else ""
    shown, who = cut(printable(value), 60), people.on(row.leg)
    if row.name == "plays":
        return f"{who} hears {_HEARD.get(kind, '{}').format(shown)}{lasts}"
    if kind == "spoken":
        language, _, words = shown.partition(": ")
        return f'{who} says "{words}" in {language}{lasts}'
    return f"{who} {_SAID[kind].format(shown)}{lasts}" if kind in _SAID else ""


_HEARD: Final = {
    "ringback": "ringback",
    "prompt": "prompt {}",
    "text": 'the words "{}"',
    "tone": "a tone ({})",
    "media": "media {}",
    "take": "recording {} again",
}
_SAID: Final = {
    "voice": "speaks",
    "says": 'says "{}"',
    "file": "plays {}",
    "tone_hz": "sends a tone of {} Hz",
    "noise": "sends noise at a mean level of {}",
}


def _to(detail: Detail) -> str:
    return f" to {detail['number']}" if detail.get("number") else ""


def event_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A channel event that moves no leg."""
    match row.name:
        case "DTMF":
            return f"{people.on(row.leg)} presses {detail['digit']}"
        case "CHANNEL_EXECUTE_COMPLETE":
            if detail.get("response") != "SUCCESS":
                return f"nobody could be reached: {detail.get('response', '')}"
            return "the talk is over" if people.have_talked else "there was no talk: the legs were never connected"
        case "CHANNEL_TRANSFEROR":
            return f"{people.on(row.leg)} transfers the other side{_to(detail)}"
        case "CHANNEL_TRANSFEREE":
            return f"{people.on(row.leg)} is transferred{_to(detail)}"
        case "CHANNEL_REPLACED":
            taken_by = people.on(detail["replaced_by"])
            return f"{taken_by} takes {people.on(row.leg)}'s place in the consultation"
        case "response":
            return f"the call is refused with {detail['status']} {detail['message']}".rstrip()
        case "variable set":
            return f"the channel variable {detail['name']} is set to {detail['value']}"
        case "digits kept":
            return f"{detail['digits'] or 'no digits'} are kept as {detail['collection']}"
    return row.name
