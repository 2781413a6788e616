"""Recordings and their deliveries as blocks of text, for the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callflow.report.happenings import ENDINGS, audio_format, place_of
from callflow.report.results import CallResult, DeliveryResult, RecordingResult, RunResult
from callflow.report.wording import clock, printable

_LABEL_WIDTH = 9
_NO_NAMES: Mapping[str, str] = {}
_STATES = {"stored": "stored", "failed": "could not be stored", "not_stored": "not stored", "waiting": "waiting"}


def recordings_text(result: RunResult, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Every recording of the run: form and length, what ended it, the switch's word for it, where it is, its file.

    `names` has the calls' names by call id. Without a final line break; "no recordings" when there are none.
    """
    lines = []
    for call, index, recording in _every(result):
        described = audio_format(recording.format, recording.channels, recording.sample_rate)
        which = _which(result, call, index, names)
        lines.append(f"{which}: {recording.kind}, {printable(described)}, leg {recording.leg}")
        lines += [f"  {label:<{_LABEL_WIDTH}} {printable(text)}" for label, text in _facts(recording)]
    return "\n".join(lines) or "no recordings"


def deliveries_text(result: RunResult, names: Mapping[str, str] = _NO_NAMES) -> str:
    """The deliveries that took more than one try, each with its tries, a line each; "" when there are none.

    `names` has the calls' names by call id. Without a final line break.
    """
    lines = []
    for call, index, recording in _every(result):
        delivery = recording.delivery
        if delivery is not None and len(delivery.attempts) > 1:
            lines.append(f"{_which(result, call, index, names)}: {printable(_stored(delivery))}")
            tries = ((clock(each.at_ms), printable(each.result)) for each in delivery.attempts)
            lines += [f"  {at:>{_LABEL_WIDTH}} {result}" for at, result in tries]
    return "\n".join(lines)


def _every(result: RunResult) -> Iterator[tuple[CallResult, int, RecordingResult]]:
    return ((call, index, each) for call in result.calls for index, each in enumerate(call.recordings))


def _which(result: RunResult, call: CallResult, index: int, names: Mapping[str, str]) -> str:
    """`recording 0`, and of which call where there are several."""
    of_call = f" of call {printable(names.get(call.call_id) or call.call_id)}" if len(result.calls) > 1 else ""
    return f"recording {index}{of_call}"


def _facts(recording: RecordingResult) -> Iterator[tuple[str, str]]:
    state = recording.state.replace("_", " ")
    if recording.started_ms is None:
        yield "state", state
    else:
        began, ended = clock(recording.started_ms), recording.ended_ms
        until = f" to {clock(ended)}" if ended is not None else ""
        yield "length", f"{clock(recording.length_ms)}, from {began}{until}"
        if recording.state != "finished":
            yield "state", state
    if recording.ended_by is not None:
        cause = recording.completion_cause or "none"
        yield "ended by", f"{recording.ended_by}: {ENDINGS[recording.ended_by]}; completion cause {cause}"
    if recording.delivery is not None:
        yield "storage", _stored(recording.delivery)
    if recording.file is not None:
        size = f" ({recording.bytes:,} bytes)" if recording.bytes is not None else ""
        yield "file", recording.file + size


def _stored(delivery: DeliveryResult) -> str:
    if delivery.target == "none":
        return _STATES["not_stored"]
    state = _STATES[delivery.state]
    last = f", {delivery.attempts[-1].result}" if delivery.attempts and delivery.attempts[-1].result != state else ""
    tries = f" after {len(delivery.attempts)} tries" if len(delivery.attempts) > 1 else ""
    return f"{place_of(delivery.target, delivery.method, delivery.url)}: {state}{tries}{last}"
