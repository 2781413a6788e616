"""Recordings and their deliveries as blocks of text, for the end of a run."""

from __future__ import annotations

from collections.abc import Iterator

from callflow.report.happenings import ENDINGS, audio_format, place_of
from callflow.report.results import DeliveryResult, RecordingResult, RunResult
from callflow.report.wording import clock, printable

_LABEL_WIDTH = 9
_STATES = {"stored": "stored", "failed": "could not be stored", "not_stored": "not stored", "waiting": "waiting"}


def recordings_text(result: RunResult) -> str:
    """Every recording of the run: form and length, what ended it, the switch's word for it, where it is, its file.

    Without a final line break; "no recordings" when there are none.
    """
    several = len(result.calls) > 1
    lines = []
    for call in result.calls:
        for index, recording in enumerate(call.recordings):
            where = f" of call {printable(call.call_id)}" if several else ""
            described = audio_format(recording.format, recording.channels, recording.sample_rate)
            lines.append(f"recording {index}{where}: {recording.kind}, {printable(described)}, leg {recording.leg}")
            lines += [f"  {label:<{_LABEL_WIDTH}} {printable(text)}" for label, text in _facts(recording)]
    return "\n".join(lines) or "no recordings"


def deliveries_text(result: RunResult) -> str:
    """Every delivery with its tries, a line each; without a final line break, "no deliveries" when there are none."""
    several = len(result.calls) > 1
    lines = []
    for call in result.calls:
        for index, recording in enumerate(call.recordings):
            delivery = recording.delivery
            if delivery is not None:
                where = f" of call {call.call_id}" if several else ""
                lines.append(printable(f"recording {index}{where}: {_stored(delivery)}"))
                tries = ((clock(each.at_ms), printable(each.result)) for each in delivery.attempts)
                lines += [f"  {at:>{_LABEL_WIDTH}} {result}" for at, result in tries]
    return "\n".join(lines) or "no deliveries"


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
    last = f", {delivery.attempts[-1].result}" if delivery.attempts else ""
    tries = f" after {len(delivery.attempts)} tries" if len(delivery.attempts) > 1 else ""
    return f"{place_of(delivery.target, delivery.method, delivery.url)}: {_STATES[delivery.state]}{tries}{last}"
