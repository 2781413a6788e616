"""Recordings and their deliveries as blocks of text, for the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callflow.report.delivery_words import storage_words, tries_text, webhook_words
from callflow.report.happenings import ENDINGS, audio_format
from callflow.report.results import CallResult, RecordingResult, RunResult
from callflow.report.wording import clock, printable

_LABEL_WIDTH = 9
_NO_NAMES: Mapping[str, str] = {}


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
    """The deliveries that took more than one try, or failed, each with its tries, a line each; "" when all went well.

    Webhooks count as deliveries. `names` has the calls' names by call id. Without a final line break.
    """
    lines = []
    for call, index, recording in _every(result):
        delivery = recording.delivery
        if delivery is None:
            continue
        told = [(storage_words(delivery), delivery.state, delivery.attempts)]
        if delivery.webhook is not None:
            webhook = delivery.webhook
            told.append((webhook_words(webhook), webhook.state, webhook.attempts))
        for words, state, attempts in told:
            if len(attempts) > 1 or (attempts and state == "failed"):
                lines.append(f"{_which(result, call, index, names)}: {printable(words)}")
                lines += [f"  {printable(each)}" for each in tries_text(attempts)]
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
        yield "storage", storage_words(recording.delivery)
        if recording.delivery.webhook is not None:
            yield "webhook", webhook_words(recording.delivery.webhook)
    if recording.file is not None:
        size = f" ({recording.bytes:,} bytes)" if recording.bytes is not None else ""
        yield "file", recording.file + size
