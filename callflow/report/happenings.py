"""Rows in plain words: what a person who listens to the call would say happened, and nothing for internal moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from callflow.core.trace import (
    AUDIO,
    DELIVERY,
    ERROR,
    EVENT,
    FLOW,
    INPUT,
    LATE_EVENT,
    LEG,
    MAILBOX,
    NODE,
    RECORDER,
    REQUEST,
    WARNING,
    Row,
)
from callflow.report.people import People
from callflow.report.remarks import remark_of
from callflow.report.wording import clock, cut, printable

Style = Literal["call", "node", "sound", "recording", "delivery", "trouble"]
"""What a line is about, for whoever colours it."""

Detail = Mapping[str, Any]

ENDINGS: Final[Mapping[str, str]] = {
    "stop": "a stop action ended it",
    "time_limit": "its time limit passed",
    "final_silence": "nobody spoke any more",
    "initial_silence": "nobody ever spoke",
    "digit": "a digit was pressed",
    "hangup": "the recorded leg ended",
    "transfer": "the recorded leg was transferred",
    "media_failure": "the switch could not write on",
}
"""What ended a recording, as the end of a sentence (design §4)."""

PLACES: Final[Mapping[str, str]] = {
    "account_database": "the account's database",
    "third_party_bigcouch": "the third party's BigCouch",
}
"""Targets that have no URL, in words."""


def happening(row: Row, people: People, cause: Row | None) -> tuple[str, Style] | None:
    """What the row says to a reader, and its style; None for rows that nobody wants to read.

    `cause` is the row behind `because`; a row that its cause already tells of is left out. Names are escaped.
    """
    tell = _TELL.get(row.kind)
    if tell is None:
        return None
    told = tell(row, row.detail or {}, people, cause)
    return (printable(told), _style(row.kind)) if told else None


def input_words(row: Row, people: People) -> str:
    """An INPUT row in words, as a cause: `alice answers`."""
    return f"{people.on(row.leg)} {printable(row.name)}"


def audio_format(format: str, channels: int, sample_rate: int) -> str:
    """`mp3, stereo, 16 kHz`."""
    return f"{format}, {'stereo' if channels == 2 else 'mono'}, {sample_rate / 1000:g} kHz"


def _style(kind: str) -> Style:
    if kind in (LATE_EVENT, WARNING, ERROR):
        return "trouble"
    if kind in (NODE, FLOW):
        return "node"
    if kind in (RECORDER, MAILBOX):
        return "recording"
    if kind in (DELIVERY, REQUEST):
        return "delivery"
    return "sound" if kind == AUDIO else "call"


def _is_input(cause: Row | None, *names: str) -> bool:
    return cause is not None and cause.kind == INPUT and cause.name in names


def _leg(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    who = people.on(row.leg)
    match row.name:
        case "CHANNEL_CREATE":
            return f"{who} calls {detail['dialled']}" if row.leg == "A" else ""
        case "CHANNEL_PROGRESS":
            return f"{who} rings" if row.leg != "A" else ""
        case "CHANNEL_PROGRESS_MEDIA":
            return f"{who} gets early media"
        case "CHANNEL_ANSWER":
            if row.leg != "A":
                return f"{who} answers"
            return "" if _is_input(cause, "answers") else f"{who} is answered"
        case "CHANNEL_BRIDGE":
            return f"{who} and {people.on(detail['other_leg'])} are connected" if row.leg == "A" else ""
        case "CHANNEL_UNBRIDGE":
            is_told = row.leg != "A" or _is_input(cause, "hangs up")
            return "" if is_told else f"{who} and {people.on(detail['other_leg'])} are parted"
        case "CHANNEL_HOLD":
            return f"{who} holds"
        case "CHANNEL_UNHOLD":
            return f"{who} resumes"
    return _leg_end(row, detail, who, cause) if row.name == "CHANNEL_DESTROY" else f"{who}: {row.name}"


def _leg_end(row: Row, detail: Detail, who: str, cause: Row | None) -> str:
    if row.leg == "A":
        return f"the call ends: {detail['hangup_cause']}"
    if detail["from"] == "NEW":
        return f"{who} cannot be reached: {detail['hangup_cause']}"
    if cause is not None and cause.leg == row.leg and _is_input(cause, "rejects"):
        does = "is busy" if detail["hangup_cause"] == "USER_BUSY" else "rejects the call"
        return f"{who} {does}: {detail['hangup_cause']}"
    if detail["from"] in ("RINGING", "EARLY"):
        return f"{who} stops ringing: {detail['hangup_cause']}"
    return "" if _is_input(cause, "hangs up") else f"{who}'s leg ends: {detail['hangup_cause']}"


def _input(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    return f"{people.on(row.leg)} {row.name}" if row.name in ("hangs up", "falls silent") else ""


def _late(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    if not _is_input(cause, row.name):
        return ""
    return f"{people.on(row.leg)} {row.name}: too late, the leg is {str(detail.get('state', 'gone')).lower()}"


def _node(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    return row.name


def _flow(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    match row.name:
        case "ended":
            return f"the flow ends: no branch for {detail['fallen']}" if "fallen" in detail else "the flow ends"
        case "resumed":
            return f"the flow resumes at {detail['where']}"
        case "too many branches":
            return "the flow ends: it branched too often"
    return ""


def _audio(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    if row.name == "ends":
        return ""
    [(kind, value)] = detail["sound"].items()
    lasts = f" for {clock(detail['for_ms'])}" if detail["for_ms"] is not None else ""
    shown, who = cut(printable(value), 60), people.on(row.leg)
    if row.name == "plays":
        return f"{who} hears {_HEARD.get(kind, '{}').format(shown)}{lasts}"
    return f"{who} {_SAID[kind].format(shown)}{lasts}" if kind in _SAID else ""


_HEARD: Final = {
    "ringback": "ringback",
    "prompt": "prompt {}",
    "text": 'the words "{}"',
    "tone": "a tone ({})",
    "media": "media {}",
    "take": "recording {} again",
}
_SAID: Final = {"voice": "speaks", "says": 'says "{}"', "file": "plays {}", "tone_hz": "sends a tone of {} Hz"}


def _event(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    match row.name:
        case "DTMF":
            return f"{people.on(row.leg)} presses {detail['digit']}"
        case "CHANNEL_EXECUTE_COMPLETE":
            if detail.get("response") != "SUCCESS":
                return f"nobody could be reached: {detail.get('response', '')}"
            return "the talk is over" if people.have_talked else "there was no talk: the legs were never connected"
        case "response":
            return f"the call is refused with {detail['status']} {detail['message']}".rstrip()
    return row.name


def _recorder(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    if row.name == "nothing to stop":
        return "there is no recording to stop"
    which = f"recording {detail['recording']}"
    if row.name == "ARMED":
        return f"{which} waits: it starts {detail['starts']}" if detail["starts"] != "at once" else ""
    if row.name == "stop forgot":
        return f"{which} stays armed: the stop only forgets it"
    if row.name == "THROWN_AWAY":
        return f"{which} is thrown away"
    match detail.get("to"):
        case "RECORDING":
            return f"{which} starts"
        case "FINISHED":
            return f"{which} stops after {clock(detail['length_ms'])}: {ENDINGS[detail['ended_by']]}"
        case "DISCARDED":
            reason = detail.get("completion_cause") or "too short"
            return f"{which} is discarded after {clock(detail['length_ms'])}: {reason}"
        case "NEVER_STARTED":
            return f"{which} never started"
        case "LOST":
            return f"{which} is lost: {row.name}"
    return ""


def _mailbox(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    return f"recording {detail['recording']} is kept in mailbox {detail['mailbox']}"


def _delivery(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    which = f"recording {detail['recording']}"
    match row.name:
        case "REQUESTED":
            return f"{which} goes to {place_of(detail['target'], detail['method'], detail['url'])}"
        case "UNWANTED":
            return f"{which} is stored nowhere"
        case "ACCEPTED":
            return f"{which} is stored" if detail["result"] == "stored" else f"{which} is stored: {detail['result']}"
        case "TRY_FAILED":
            return f"{which} is not stored yet, try {detail['attempt']}: {detail['result']}"
        case "LAST_TRY_FAILED":
            return f"{which} could not be stored, try {detail['attempt']} was the last: {detail['result']}"
        case "METADATA_FAILED":
            return f"{which} could not be stored: its metadata were not saved"
    return ""


def place_of(target: str, method: str | None, url: str | None) -> str:
    """Where a file goes: `PUT http://…`, or the target in words."""
    return f"{method} {url}" if url else PLACES.get(target, target)


def _request(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    return f"recording {detail['recording']} is sent again" if detail.get("attempt", 1) > 1 else ""


def _remark(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    remark = remark_of(row)
    return f"{remark.severity}: {remark.message}" if remark is not None else ""


_TELL: Final[Mapping[str, Callable[[Row, Detail, People, Row | None], str]]] = {
    LEG: _leg,
    INPUT: _input,
    LATE_EVENT: _late,
    NODE: _node,
    FLOW: _flow,
    AUDIO: _audio,
    EVENT: _event,
    RECORDER: _recorder,
    MAILBOX: _mailbox,
    DELIVERY: _delivery,
    REQUEST: _request,
    WARNING: _remark,
    ERROR: _remark,
}
