"""A recording of a call that is still going on, as a test looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from callflow.core.recorder import RUNNING, RecorderState
from callflow.report.results import DeliveryResult, RecordingResult
from callflow.report.wording import clock

if TYPE_CHECKING:
    from callflow.testing.live_stage import LiveRun


@frozen(repr=False)
class LiveRecording:
    """The recording of this index, in arming order; what it says is always what is the case when it is asked.

    Times are the run's virtual ms, None for what has not happened.
    """

    _run: LiveRun
    index: int

    @property
    def result(self) -> RecordingResult:
        """Everything about it as data: id, name, format … as it is now; later steps do not change that object."""
        return self._run.so_far.recordings[self.index]

    @property
    def state(self) -> RecorderState:
        """Where its recorder stands."""
        return RecorderState(self.result.state)

    @property
    def is_running(self) -> bool:
        """Whether its file is open, paused and masked included."""
        return self.state in RUNNING

    @property
    def kind(self) -> str:
        """`call`, `caller` or `voicemail`."""
        return self.result.kind

    @property
    def leg(self) -> str:
        """The leg that it was started on."""
        return self.result.leg

    @property
    def armed_ms(self) -> int:
        """When its node was run."""
        return self.result.armed_ms

    @property
    def started_ms(self) -> int | None:
        """When the file was opened."""
        return self.result.started_ms

    @property
    def ended_ms(self) -> int | None:
        """When it ended."""
        return self.result.ended_ms

    @property
    def length_ms(self) -> int:
        """The length of its file, 0 until that is closed (as `RecordingResult.length_ms`)."""
        return self.result.length_ms

    @property
    def ended_by(self) -> str | None:
        """What ended it: `hangup`, `time_limit` …"""
        return self.result.ended_by

    @property
    def completion_cause(self) -> str | None:
        """The switch's word for it."""
        return self.result.completion_cause

    @property
    def delivery(self) -> DeliveryResult | None:
        """What has become of the file so far; None while there is none to send."""
        return self.result.delivery

    def __repr__(self) -> str:
        now = self.result
        since = f" from {clock(now.started_ms)}" if now.started_ms is not None else ""
        end = f", {clock(now.length_ms)} long, ended by {now.ended_by}" if now.ended_by is not None else ""
        return f"<recording {self.index}: {now.state}{since}{end}>"
