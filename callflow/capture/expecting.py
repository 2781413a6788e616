"""What a run came to, as the expectations of a scenario that shall come to it again (`callflow record`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from callflow.capture.writing import flow_map
from callflow.core.trace import channel_event
from callflow.report.results import CallResult
from callflow.scenario.durations import format_duration
from callflow.scenario.words import CHANNEL_EVENTS
from callflow.simulate import Run

_TOO_MUCH: Final = ("CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_EXECUTE_COMPLETE", "DTMF")
"""Events of which a call has many and a reader wants few."""


def expectations_of(run: Run) -> Iterator[str]:
    """The lines below `expect:` for the first call of a run that is over: way, end, recordings and events."""
    call = run.summary().calls[0]
    if call.hangup_cause is not None:
        yield f"hangup_cause: {call.hangup_cause}"
    if call.path:
        yield f"path: [{', '.join(step.module for step in call.path)}]"
    yield from _recordings(call)
    names = ((channel_event(row), row) for row in run.rows if row.call_id == call.call_id)
    told = [(name, row.leg) for name, row in names if name in CHANNEL_EVENTS and name not in _TOO_MUCH]
    if told:
        yield "events:"
        yield from (f"  - {flow_map({'event': name, 'leg': leg})}" for name, leg in told)


def _recordings(call: CallResult) -> Iterator[str]:
    if not call.recordings:
        yield "recordings: []"
        return
    yield "recordings:"
    for each in call.recordings:
        entries: dict[str, Any] = {"kind": each.kind, "format": each.format, "state": each.state}
        if each.started_ms is not None and each.ended_ms is not None:
            entries |= {"length": format_duration(each.length_ms)}
        if each.ended_by is not None:
            entries |= {"ended_by": each.ended_by}
        yield f"  - {flow_map(entries)}"
