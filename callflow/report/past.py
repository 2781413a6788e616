"""Rows as sentences in the past tense, for telling how one thing led to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from callflow.core.recorder import RecorderEvent
from callflow.core.trace import (
    AUDIO,
    CONSENT,
    EVENT,
    FLOW,
    INPUT,
    LEG,
    METAFLOW,
    NODE,
    PAYMENT,
    RECORDER,
    REQUEST,
    Row,
)
from callflow.report.happenings import happening
from callflow.report.people import People
from callflow.report.wording import printable

Detail = Mapping[str, Any]

_INPUTS: Final[Mapping[str, str]] = {
    "calls": "called {dialled}",
    "answers": "answered",
    "rejects": "rejected the call",
    "hangs up": "hung up",
    "presses": "pressed a digit",
    "speaks": "began to speak",
    "falls silent": "fell silent",
    "holds": "put the other side on hold",
    "resumes": "came back from hold",
    "transfers": "transferred the other side",
}
"""What a person did, by the step's name; for others the step itself is quoted."""

_RECORDER: Final[Mapping[str, str]] = {
    "TRIGGERED": "the moment to start {which} had come",
    "RECORD_START": "the switch opened the file: {which} began",
    "STOP_REQUESTED": "{which} was stopped",
    "LIMIT_REACHED": "the time limit of {which} passed",
    "SILENCE_DETECTED": "silence ended {which}",
    "DIGIT_PRESSED": "a digit ended {which}",
    "RECORD_STOP": "the switch closed the file of {which} and kept it",
    "RECORD_STOP_UNWANTED": "the switch closed the file of {which} and removed it",
    "NAME_TAKEN": "another recording wrote to the file of that name, and {which} did not start",
    "START_FAILED": "the switch could not open the file of {which}, and said nothing",
    "STOP_UNCONFIRMED": "the switch never said that it had closed the file of {which}",
    "THROWN_AWAY": "{which} was thrown away",
    "RECORD_MASK": "the file of {which} got zeros from then on",
    "RECORD_UNMASK": "the file of {which} got sound again",
    "RECORD_PAUSE": "the file of {which} got nothing from then on",
    "RECORD_RESUME": "the file of {which} grew again",
    "WRITE_FAILED": "the switch could not write to the file of {which}",
    "limit passed while paused": "the time limit of {which} passed while it was paused, which did not end it yet",
    "LEG_GONE": "the leg of {which} ended, and {which} with it",
}
"""What happened to a recording; for other events the recorder's own words."""


def without_asking(way: Sequence[Row]) -> tuple[Row, ...]:
    """A way without the questions of a silence listener, of which there may be many and none is news to a reader."""
    return tuple(row for row in way if row.kind != REQUEST or row.name != "silence")


def sentences(way: Sequence[Row], people: People, dialled: str) -> Iterator[str]:
    """One sentence for each row of a way, safe to print, without its rule.

    `people` know who is on which leg of the call, `dialled` is the number that was called.
    """
    before: Row | None = None
    for row in way:
        told = printable(_told(row, people, dialled))
        if before is None:
            yield f"At {seconds(row.at_ms)} {told}."
        elif row.at_ms > before.at_ms:
            yield f"{seconds(row.at_ms - before.at_ms)} later, at {seconds(row.at_ms)}, {told}."
        else:
            yield f"So {told}."
        before = row


def seconds(at_ms: int) -> str:
    """Milliseconds as `40.000 s`."""
    whole, rest_ms = divmod(at_ms, 1000)
    return f"{whole:,}.{rest_ms:03} s"


def _told(row: Row, people: People, dialled: str) -> str:
    tell = _TELL.get(row.kind)
    words = tell(row, row.detail or {}, people) if tell is not None else ""
    if row.kind == INPUT:
        words = _input(row, row.detail or {}, people, dialled)
    if words:
        return words
    told = happening(row, people, None)
    return told[0] if told is not None else f"there was {row.kind} {row.name}"


def _input(row: Row, detail: Detail, people: People, dialled: str) -> str:
    text, line = detail.get("text", ""), detail.get("line")
    did = _INPUTS.get(row.name)
    if row.name == "controls recording":
        words = "a request came to the API"
    elif row.name.startswith("switch "):
        words = f"from then on the {row.name}"
    else:
        words = f"{people.on(row.leg)} {did.format(dialled=dialled)}" if did is not None else f"there came: {row.name}"
    if line is None:
        return words + (f" ({text}: nothing else was left to happen)" if text else "")
    place = f"{detail['file']} line {line}" if "file" in detail else f"scenario line {line}"
    return f'{words} ({place}: "{text}")'


def _leg(row: Row, detail: Detail, people: People) -> str:
    who = people.on(row.leg)
    match row.name:
        case "CHANNEL_CREATE":
            return f"a leg to {who} was made"
        case "CHANNEL_PROGRESS":
            return f"the phone of {who} rang"
        case "CHANNEL_PROGRESS_MEDIA":
            return f"{who} got early media"
        case "CHANNEL_ANSWER":
            return f"the leg of {who} was answered"
        case "CHANNEL_BRIDGE":
            return f"{who} and {people.on(detail.get('other_leg', ''))} were connected"
        case "CHANNEL_UNBRIDGE":
            return f"{who} and {people.on(detail.get('other_leg', ''))} were parted"
        case "CHANNEL_HOLD":
            return f"{who} pressed hold"
        case "CHANNEL_UNHOLD":
            return f"{who} came back from hold"
        case "CHANNEL_DESTROY":
            rang = detail.get("from") in ("RINGING", "EARLY") and row.leg != "A"
            return f"{who} {'stopped ringing' if rang else 'was gone'}: {detail.get('hangup_cause', '')}"
    return ""


def _node(row: Row, detail: Detail, people: People) -> str:
    return f"the flow {detail['flow']} came to node {row.name} ({detail['where']})"


def _flow(row: Row, detail: Detail, people: People) -> str:
    match row.name:
        case "ended":
            return "the flow was over" + (f": no branch for {detail['fallen']}" if "fallen" in detail else "")
        case "resumed":
            return f"the flow went on at {detail['where']}"
    return f"the flow was over: {row.name}"


def _event(row: Row, detail: Detail, people: People) -> str:
    match row.name:
        case "DTMF":
            return f"{people.on(row.leg)} pressed {detail['digit']}"
        case "CHANNEL_EXECUTE_COMPLETE" if "response" in detail:
            if detail["response"] == "SUCCESS":
                return "the switch reported that the talk was over"
            return f"the switch reported that nobody was reached: {detail['response']}"
        case "response":
            return f"the flow refused the call with {detail['status']} {detail['message']}".rstrip()
        case "CHANNEL_TRANSFEROR" | "CHANNEL_TRANSFEREE":
            to = f" to {detail['number']}" if detail.get("number") else ""
            does = "transferred the other side" if row.name == "CHANNEL_TRANSFEROR" else "was transferred"
            return f"{people.on(row.leg)} {does}{to}"
        case "CHANNEL_REPLACED":
            return f"{people.on(detail['replaced_by'])} took {people.on(row.leg)}'s place in the consultation"
    return f"the switch reported {row.name}"


def _audio(row: Row, detail: Detail, people: People) -> str:
    if row.name == "ends":
        return f"what {people.on(row.leg)} heard or said was over"
    [(kind, value)] = detail["sound"].items()
    verb = "heard" if row.name == "plays" else "made heard"
    return f"{people.on(row.leg)} {verb} {kind} {value}".rstrip()


def _metaflow(row: Row, detail: Detail, people: People) -> str:
    who = people.on(row.leg)
    match row.name:
        case "BINDING_DIGIT":
            return f"{who}'s digits began to count for a metaflow"
        case "DIGIT":
            return f"{who}'s metaflow digits were {detail['collected']}"
        case "DIGIT_TIMEOUT":
            return f"{who}'s metaflow digits were complete"
        case "LEG_GONE":
            return f"{who}'s metaflow digits were void, as a leg ended"
        case "not bound":
            return "nothing was bound to these digits"
    return f"they set off {row.name} ({detail['where']})"


def _consent(row: Row, detail: Detail, people: People) -> str:
    length_ms = detail["to_ms"] - detail["from_ms"]
    return (
        f"{people.on(row.leg)} had heard that the call is recorded, {seconds(length_ms)} of which were recorded before"
    )


def _payment(row: Row, detail: Detail, people: People) -> str:
    return f"a digit was recorded in the clear, {seconds(detail['file_ms'])} after the start of its recording"


def _recorder(row: Row, detail: Detail, people: People) -> str:
    if "recording" not in detail:
        return ""
    which = f"recording {detail['recording']}"
    match row.name:
        case "ARMED":
            starts = detail["starts"]
            return f"{which} was set up to start {starts}"
        case "MOVED" if "from_leg" in detail:
            return f"{which} moved from the leg of {people.on(detail['from_leg'])} to that of {people.on(row.leg)}"
        case "stop forgot":
            return f"a stop action forgot {which}, which stayed armed"
    words = _RECORDER.get(row.name)
    if words is not None:
        told = words.format(which=which)
    else:
        meaning = RecorderEvent.__members__.get(row.name)
        told = f"{which}: {meaning.value if meaning is not None else row.name}"
    return told + _ending(detail)


def _ending(detail: Detail) -> str:
    """What the row that ends a recording makes of it."""
    state = str(detail.get("to", "")).lower().replace("_", " ")
    if "ended_by" in detail:
        cause = detail["completion_cause"] or "none"
        return f"; {state}, {seconds(detail['length_ms'])}, ended by {detail['ended_by']}, completion cause {cause}"
    return {"never started": ", so that it never started", "lost": ", so that it was lost"}.get(state, "")


_TELL: Final[Mapping[str, Callable[[Row, Detail, People], str]]] = {
    LEG: _leg,
    NODE: _node,
    FLOW: _flow,
    EVENT: _event,
    AUDIO: _audio,
    RECORDER: _recorder,
    METAFLOW: _metaflow,
    CONSENT: _consent,
    PAYMENT: _payment,
}
