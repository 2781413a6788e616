"""What a list of expectations is about: one call, or the whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from callflow.core.trace import Row
from callflow.report.results import CallResult, RecordingResult, RunResult


@frozen
class RecordingAt:
    """A recording with its key in the trace (call id, index in its call) and the start of its call."""

    key: tuple[str, int]
    result: RecordingResult
    call_started_ms: int


@frozen(kw_only=True)
class Scope:
    """The rows and calls that expectations are about; `call_ids` gives the id of each call that the scenario names.

    `call_id` is None for the whole run.
    """

    rows: Sequence[Row]
    result: RunResult
    call_ids: Mapping[str, str]
    call_id: str | None = None

    @property
    def calls(self) -> tuple[CallResult, ...]:
        """The calls of this scope, in the order in which they arrived."""
        return tuple(call for call in self.result.calls if self.call_id in (None, call.call_id))

    @property
    def recordings(self) -> tuple[RecordingAt, ...]:
        """Their recordings in arming order; within an instant, in the order of the calls."""
        every = [
            RecordingAt((call.call_id, index), recording, call.started_ms)
            for call in self.calls
            for index, recording in enumerate(call.recordings)
        ]
        return tuple(sorted(every, key=lambda each: each.result.armed_ms))

    def wanted_call(self, name: str) -> str | None:
        """The id of the call that an event is looked for in, by its name in the scenario; None is any call."""
        return self.call_ids.get(name, "") if name else self.call_id
