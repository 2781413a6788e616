"""From the rows to the result of a run (design §7, §12 Recordings): one fold, nothing else is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import define, evolve, field

from callflow.core.diagnostic import Diagnostic
from callflow.core.trace import DELIVERY, ERROR, EVENT, LEG, NODE, RECORDER, TRACE, Row
from callflow.report.remarks import remark_of
from callflow.report.results import CallResult, Failure, Outcome, PathStep, RecordingResult, RunResult
from callflow.report.sent import Sent

_A_LEG: Final = "A"


def summarise(
    rows: Iterable[Row],
    *,
    scenario: str | None = None,
    diagnostics: Sequence[Diagnostic] = (),
    failures: Sequence[Failure] = (),
) -> RunResult:
    """The result of a run whose trace is `rows`; `file` and `bytes` of the recordings are left None.

    `scenario` is its name, by default the one in the trace's first row. Warnings and errors of the run come after
    `diagnostics`, the document's.
    """
    summary = Summary()
    for row in rows:
        summary.take(row)
    return summary.result(scenario=scenario, diagnostics=diagnostics, failures=failures)


@define(eq=False)
class _Call:
    """A call's result in the making: its recordings by index, in arming order, and what was sent.

    The call ends with its controlled leg: the caller's, or the one that was transferred last.
    """

    result: CallResult
    controlled: str = _A_LEG
    path: list[PathStep] = field(factory=list)
    recordings: dict[int, RecordingResult] = field(factory=dict)
    sent: Sent = field(factory=Sent)

    def finished(self) -> CallResult:
        """The call with everything in its place; only a finished recording ever got a delivery."""
        recordings = (evolve(each, delivery=self.sent.deliveries.get(index)) for index, each in self.recordings.items())
        return evolve(self.result, path=tuple(self.path), recordings=tuple(recordings))


@define(eq=False)
class Summary:
    """The fold behind `summarise`, fed row by row; `result` may be asked for at any time."""

    _scenario: str = field(default="", init=False)
    _profile: str = field(default="", init=False)
    _calls: dict[str, _Call] = field(factory=dict, init=False)
    _remarks: list[Diagnostic] = field(factory=list, init=False)
    _has_error: bool = field(default=False, init=False)

    def take(self, row: Row) -> None:
        """Read the next row."""
        detail: Mapping[str, Any] = row.detail or {}
        kind = row.kind
        if kind == LEG:
            self._leg_moved(row, detail)
        elif kind == EVENT and row.name == "CHANNEL_TRANSFEREE":
            self._calls[row.call_id].controlled = row.leg
        elif kind == NODE:
            step = PathStep(row.at_ms, detail["flow"], detail["where"], row.name)
            self._calls[row.call_id].path.append(step)
        elif kind == RECORDER and "to" in detail:
            call = self._calls[row.call_id]
            _recorder_moved(call.recordings, row, detail)
            if "appends_to" in detail:
                call.sent.appends[detail["recording"]] = detail["appends_to"]
        elif kind == DELIVERY:
            self._calls[row.call_id].sent.take(row, detail)
        elif kind == TRACE:
            self._scenario = str(detail.get("scenario", ""))
            self._profile = str(detail.get("profile", ""))
        elif (remark := remark_of(row)) is not None:
            self._remarks.append(remark)
            self._has_error |= kind == ERROR

    def result(
        self,
        *,
        scenario: str | None = None,
        diagnostics: Sequence[Diagnostic] = (),
        failures: Sequence[Failure] = (),
    ) -> RunResult:
        """The result so far. An error outweighs a failed expectation, as in the exit status (design §12, Results)."""
        of_files = (remark for call in self._calls.values() for remark in call.sent.remarks)
        outcome: Outcome = "error" if self._has_error else "failed" if failures else "passed"
        return RunResult(
            scenario=self._scenario if scenario is None else scenario,
            profile=self._profile,
            outcome=outcome,
            calls=tuple(call.finished() for call in self._calls.values()),
            diagnostics=(*diagnostics, *self._remarks, *of_files),
            failures=tuple(failures),
        )

    def _leg_moved(self, row: Row, detail: Mapping[str, Any]) -> None:
        if row.name == "CHANNEL_CREATE" and row.leg == _A_LEG:
            result = CallResult(row.call_id, detail["number"], detail["dialled"], row.at_ms)
            self._calls[row.call_id] = _Call(result)
        elif row.name == "CHANNEL_DESTROY":
            call = self._calls[row.call_id]
            if row.leg == call.controlled:
                call.result = evolve(
                    call.result, ended_ms=row.at_ms, hangup_cause=detail["hangup_cause"], hangup_by=detail["by"]
                )


def _recorder_moved(recordings: dict[int, RecordingResult], row: Row, detail: Mapping[str, Any]) -> None:
    """A recorder's move; the row that closes the file brings length, end and cause."""
    index, state = detail["recording"], detail["to"].lower()
    if row.name == "ARMED":
        recordings[index] = RecordingResult(
            id=detail["id"],
            kind=detail["kind"],
            name=detail["name"],
            origin=detail["origin"],
            leg=row.leg,
            format=detail["format"],
            channels=detail["channels"],
            sample_rate=detail["sample_rate"],
            armed_ms=row.at_ms,
        )
        return
    recording = evolve(recordings[index], state=state)
    if state == "recording" and recording.started_ms is None:
        recording = evolve(recording, started_ms=row.at_ms)
    elif state == "stopping" or (state in ("finished", "discarded", "lost") and recording.ended_ms is None):
        recording = evolve(recording, ended_ms=row.at_ms)
    if "ended_by" in detail:
        recording = evolve(
            recording,
            length_ms=detail["length_ms"],
            ended_by=detail["ended_by"],
            completion_cause=detail["completion_cause"],
        )
    recordings[index] = recording
