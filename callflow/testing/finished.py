"""A run that is over, as a test asserts on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from attrs import field, fields, frozen

from callflow.core.trace import Row
from callflow.report.results import CallResult, RecordingResult, RunResult
from callflow.report.wording import printable
from callflow.testing.impossible import NoRecording


@frozen(repr=False)
class FinishedRun(RunResult):
    """The result object (design §7) with its trace, `rows`; and what assertions like to ask."""

    rows: Sequence[Row] = field(default=(), eq=False)

    @classmethod
    def of(cls, result: RunResult, rows: Sequence[Row]) -> Self:
        """The result of a run with the rows that it was made of."""
        known: dict[str, Any] = {each.name: getattr(result, each.name) for each in fields(RunResult)}
        return cls(rows=rows, **known)

    @property
    def passed(self) -> bool:
        """Whether every expectation was met, and no action raised."""
        return self.outcome == "passed"

    @property
    def call(self) -> CallResult:
        """The only call, or the first of several."""
        return self.calls[0]

    @property
    def path(self) -> list[str]:
        """The modules that the first call ran, in their order."""
        return [step.module for step in self.call.path]

    @property
    def recording(self) -> RecordingResult:
        """The only recording, or the newest of several. Raises NoRecording."""
        return newest(self)

    def __repr__(self) -> str:
        heading = f"{self.outcome}: {self.scenario} [{self.profile}]"
        return f"<{'; '.join([printable(heading), *(each.message for each in self.failures)])}>"


def newest(result: RunResult) -> RecordingResult:
    """The recording that was armed last. Raises NoRecording, with the ways that the calls took."""
    if result.recordings:
        return result.recordings[-1]
    paths = "; ".join(" → ".join(step.module for step in call.path) or "no node" for call in result.calls)
    raise NoRecording(f"there is no recording: nothing armed one on the way {paths or 'of no call'}")
