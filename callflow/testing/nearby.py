"""What stands around a failed assertion: the last rows as a timeline, and why each recording started and ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from callflow.core.trace import Row
from callflow.report.because import explain
from callflow.report.delivery_words import storage_words
from callflow.report.past import sentences, without_asking
from callflow.report.people import People
from callflow.report.results import CallResult, RecordingResult, RunResult
from callflow.report.timeline import Timeline, line_text
from callflow.report.wording import clock, printable
from callflow.testing.finished import FinishedRun
from callflow.testing.placed_call import PlacedCall

_LAST_ROWS: Final = 12
_MOST_RECORDINGS: Final = 6
_WIDTH: Final = 110
_NO_NAMES: Mapping[str, str] = {}


def report_section(run: PlacedCall | FinishedRun) -> tuple[str, str]:
    """Title and text of a test report's section about a call or a run; safe to print."""
    if isinstance(run, FinishedRun):
        failures = [each.message for each in run.failures]
        text = "\n".join([*failures, *([""] if failures else []), surroundings(run.rows, run)])
        return printable(f"callflow: {run.scenario} [{run.profile}], {run.outcome}"), text
    state = "over" if run.is_over else "going on"
    title = f"callflow: {run.run.prepared.scenario.name} at {clock(run.now_ms)}, {state}"
    return printable(title), surroundings(run.rows, run.run.so_far)


def surroundings(rows: Sequence[Row], result: RunResult, names: Mapping[str, str] = _NO_NAMES) -> str:
    """The end of the timeline of `rows`, and a paragraph about each recording of `result`, their fold.

    `names` has the calls' names by call id.
    """
    parts = [timeline_end(rows, _LAST_ROWS, names)]
    every = [(call, index, each) for call in result.calls for index, each in enumerate(call.recordings)]
    for call, index, recording in every[-_MOST_RECORDINGS:]:
        parts.append("\n".join(_about(rows, call, index, recording, names)))
    return "\n".join(parts)


def timeline_end(rows: Sequence[Row], most: int, names: Mapping[str, str] = _NO_NAMES, width: int = _WIDTH) -> str:
    """The last `most` lines of a run's timeline, as `callflow run` prints them, and how many there were before."""
    timeline = Timeline(names)
    told = [line for row in rows if (line := timeline.take(row)) is not None]
    lines = [line_text(line, width, timeline.leg_width) for line in told[-most:]]
    return "\n".join([*([f"… {len(told) - most} lines before"] if len(told) > most else []), *lines])


def _about(
    rows: Sequence[Row], call: CallResult, index: int, recording: RecordingResult, names: Mapping[str, str]
) -> Iterator[str]:
    """What became of a recording, and the sentences that lead there; while it runs, those that lead to its start."""
    of_call = f" of {names[call.call_id]}" if names.get(call.call_id) else ""
    facts = [recording.state.replace("_", " ")]
    if recording.started_ms is not None:
        facts.append(f"from {clock(recording.started_ms)}")
    if recording.ended_by is not None:
        facts += [f"{clock(recording.length_ms)} long", f"ended by {recording.ended_by}"]
    if recording.delivery is not None:
        facts.append(storage_words(recording.delivery))
    yield printable(f"recording {index}{of_call}: {', '.join(facts)}")
    found = explain(rows, call.call_id, index)
    people = People()
    for row in rows:
        if row.call_id == call.call_id:
            people.take(row, row.detail or {})
    way = without_asking(found.to_throw or found.to_end or found.to_start)
    for row, sentence in zip(way, sentences(way, people, call.dialled), strict=True):
        yield f"  {sentence}{f' [{printable(row.rule)}]' if row.rule else ''}"
