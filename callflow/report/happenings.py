"""Rows in plain words: what a person who listens to the call would say happened, and nothing for internal moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from callflow.core.trace import (
    AUDIO,
    CONSENT,
    DELIVERY,
    ERROR,
    EVENT,
    FLOW,
    INPUT,
    LATE_EVENT,
    LEG,
    MAILBOX,
    METAFLOW,
    NODE,
    PAYMENT,
    RECORDER,
    REQUEST,
    WARNING,
    Row,
)
from callflow.report.call_words import (
    Detail,
    audio_words,
    deed_words,
    event_words,
    flow_words,
    late_words,
    leg_words,
    node_words,
)
from callflow.report.delivery_words import delivery_words, request_words
from callflow.report.people import People
from callflow.report.remarks import remark_of
from callflow.report.side_words import consent_words, metaflow_words, payment_words
from callflow.report.wording import clock, printable

Style = Literal["call", "node", "sound", "recording", "delivery", "trouble"]
"""What a line is about, for whoever colours it."""

ENDINGS: Final[Mapping[str, str]] = {
    "stop": "it was stopped",
    "time_limit": "its time limit passed",
    "final_silence": "nobody spoke any more",
    "initial_silence": "nobody ever spoke",
    "digit": "a digit was pressed",
    "hangup": "the recorded leg ended",
    "transfer": "the recorded leg was transferred",
    "media_failure": "the switch could not write its file",
}
"""What ended a recording, as the end of a sentence (design §4)."""


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
    """An INPUT row in words, as a cause: `alice answers`; without a leg it says itself whose deed it was."""
    if row.name == "controls recording":
        return "a request to the API"
    return f"{people.on(row.leg)} {printable(row.name)}" if row.leg else printable(row.name)


def audio_format(format: str, channels: int, sample_rate: int) -> str:
    """`mp3, stereo, 16 kHz`."""
    return f"{format}, {'stereo' if channels == 2 else 'mono'}, {sample_rate / 1000:g} kHz"


def _style(kind: str) -> Style:
    if kind in (LATE_EVENT, WARNING, ERROR, CONSENT, PAYMENT):
        return "trouble"
    if kind in (NODE, FLOW, METAFLOW):
        return "node"
    if kind in (RECORDER, MAILBOX):
        return "recording"
    if kind in (DELIVERY, REQUEST):
        return "delivery"
    return "sound" if kind == AUDIO else "call"


def _recorder(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    if row.name.startswith("nothing to "):
        return f"there is no recording to {row.name.removeprefix('nothing to ')}"
    which = f"recording {detail['recording']}"
    if row.name == "ARMED":
        return f"{which} waits: it starts {detail['starts']}" if detail["starts"] != "at once" else ""
    if row.name == "stop forgot":
        return f"{which} stays armed: the stop only forgets it"
    if row.name == "limit passed while paused":
        return f"{which} ends as soon as it resumes: its time limit has passed"
    if row.name in _RECORDER_DOES:
        return f"{which} {_RECORDER_DOES[row.name]}"
    if row.name == "MOVED":
        return f"{which} follows {people.on(detail['leg'])}"
    match detail.get("to"):
        case "FINISHED":
            return f"{which} stops after {clock(detail['length_ms'])}: {ENDINGS[detail['ended_by']]}"
        case "DISCARDED":
            reason = detail.get("completion_cause") or "too short"
            return f"{which} is discarded after {clock(detail['length_ms'])}: {reason}"
        case "NEVER_STARTED":
            taken = ": another recording writes to the file of that name" if row.name == "NAME_TAKEN" else ""
            return f"{which} never started{taken}"
        case "LOST":
            return f"{which} is lost: {_LOST_BY.get(row.name, row.name)}"
    return ""


_LOST_BY: Final = {
    "START_FAILED": "the switch could not open its file, and says nothing",
    "STOP_UNCONFIRMED": "the switch never says that it has closed its file",
}

_RECORDER_DOES: Final = {
    "RECORD_START": "starts",
    "RECORD_MASK": "is masked: silence is written",
    "RECORD_UNMASK": "is unmasked",
    "RECORD_PAUSE": "pauses: nothing is written",
    "RECORD_RESUME": "resumes",
    "THROWN_AWAY": "is thrown away",
}


def _mailbox(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    return f"recording {detail['recording']} is kept in mailbox {detail['mailbox']}"


def _remark(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    remark = remark_of(row)
    return f"{remark.severity}: {remark.message}" if remark is not None else ""


_TELL: Final[Mapping[str, Callable[[Row, Detail, People, Row | None], str]]] = {
    LEG: leg_words,
    INPUT: deed_words,
    LATE_EVENT: late_words,
    NODE: node_words,
    FLOW: flow_words,
    AUDIO: audio_words,
    EVENT: event_words,
    RECORDER: _recorder,
    MAILBOX: _mailbox,
    METAFLOW: metaflow_words,
    CONSENT: consent_words,
    PAYMENT: payment_words,
    DELIVERY: delivery_words,
    REQUEST: request_words,
    WARNING: _remark,
    ERROR: _remark,
}
