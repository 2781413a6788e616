"""The result of a run as data: what `run --json` prints, the API hands out and expectations are checked against.

Field names and their order are those of design §7 and a promise; `as_json` writes them. Times are milliseconds of the
run's virtual clock, None where the thing never happened.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from attrs import frozen

from callflow.core.diagnostic import Diagnostic

RESULT_FORMAT: Final = 1
"""The number of the result object's form."""

Outcome = Literal["passed", "failed", "error"]
"""`error`: an action raised, or the run could not be finished; `failed`: an expectation was not met."""


@frozen
class Attempt:
    """One try of a delivery; `result` is the target's reply in the trace's words: `201`, `503`, `timeout`.

    That of a try to save the recording's document begins with `document: `; only those that failed are listed.
    """

    at_ms: int
    result: str


@frozen
class WebhookResult:
    """Whether a webhook was told of a stored recording: `state` is stored (it was), failed or waiting."""

    url: str
    state: str
    attempts: tuple[Attempt, ...] = ()


@frozen
class DeliveryResult:
    """What became of one file; `method` and `url` are None where the target has none.

    `target` is a value of `TargetKind`; `state` stored, failed, not_stored or waiting. `overwritten_by` is the index of
    the recording that was stored in this one's place afterwards (B§6.3), `webhook` what was told of it; `as_json`
    leaves both out where there is none. `refusal` is the rule by which it is stored nowhere, empty where it is to be
    stored; the trace has it, `as_json` does not.
    """

    target: str
    method: str | None
    url: str | None
    state: str
    attempts: tuple[Attempt, ...] = ()
    overwritten_by: int | None = None
    webhook: WebhookResult | None = None
    refusal: str = ""


@frozen
class RecordingResult:
    """One recording (design §12, Recordings). `file` and `bytes` are filled in by whoever writes the file.

    `length_ms` is that of the file, as RECORD_STOP tells it: pauses left out, and in append mode with the pieces that
    were in it before (B§3.5); how long this one ran is `ended_ms` less `started_ms`. `leg` is the one
    that it was started on; a transfer may have moved it (B§3.7).

    `state` is finished, discarded, never_started or lost; while a run is still going on, the recorder's own word.
    """

    id: str
    kind: str
    name: str
    origin: str
    leg: str
    format: str
    channels: int
    sample_rate: int
    armed_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    length_ms: int = 0
    ended_by: str | None = None
    completion_cause: str | None = None
    state: str = "armed"
    file: str | None = None
    bytes: int | None = None
    delivery: DeliveryResult | None = None


@frozen
class PathStep:
    """One node that the call ran: `where` is its JSON path in `flow`."""

    at_ms: int
    flow: str
    where: str
    module: str


@frozen
class CallResult:
    """One call. `caller` and `dialled` are the object's `from` and `to`, which Python keeps for itself."""

    call_id: str
    caller: str
    dialled: str
    started_ms: int
    ended_ms: int | None = None
    hangup_cause: str | None = None
    hangup_by: str | None = None
    path: tuple[PathStep, ...] = ()
    recordings: tuple[RecordingResult, ...] = ()


@frozen
class Failure:
    """An expectation that was not met: what was expected, what came nearest ("" for nothing), and both in words."""

    expected: str
    nearest: str
    message: str


@frozen
class RunResult:
    """One run of one scenario."""

    scenario: str
    profile: str
    outcome: Outcome
    calls: tuple[CallResult, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def recordings(self) -> tuple[RecordingResult, ...]:
        """The recordings of all calls in arming order; within an instant, in the order of the calls."""
        every = [recording for call in self.calls for recording in call.recordings]
        return tuple(sorted(every, key=lambda recording: recording.armed_ms))


def as_json(result: RunResult) -> dict[str, Any]:
    """The object of design §7, keys in the order printed there: plain dicts, lists, texts, numbers and None."""
    return {
        "format": RESULT_FORMAT,
        "scenario": result.scenario,
        "profile": result.profile,
        "outcome": result.outcome,
        "calls": [_call(call) for call in result.calls],
        "diagnostics": [_diagnostic(each) for each in result.diagnostics],
        "failures": [
            {"expected": each.expected, "nearest": each.nearest, "message": each.message} for each in result.failures
        ],
    }


def _call(call: CallResult) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "from": call.caller,
        "to": call.dialled,
        "started_ms": call.started_ms,
        "ended_ms": call.ended_ms,
        "hangup_cause": call.hangup_cause,
        "hangup_by": call.hangup_by,
        "path": [
            {"at_ms": step.at_ms, "flow": step.flow, "where": step.where, "module": step.module} for step in call.path
        ],
        "recordings": [_recording(recording) for recording in call.recordings],
    }


def _recording(recording: RecordingResult) -> dict[str, Any]:
    return {
        "id": recording.id,
        "kind": recording.kind,
        "name": recording.name,
        "origin": recording.origin,
        "leg": recording.leg,
        "format": recording.format,
        "channels": recording.channels,
        "sample_rate": recording.sample_rate,
        "armed_ms": recording.armed_ms,
        "started_ms": recording.started_ms,
        "ended_ms": recording.ended_ms,
        "length_ms": recording.length_ms,
        "ended_by": recording.ended_by,
        "completion_cause": recording.completion_cause,
        "state": recording.state,
        "file": recording.file,
        "bytes": recording.bytes,
        "delivery": _delivery(recording.delivery) if recording.delivery is not None else None,
    }


def _delivery(delivery: DeliveryResult) -> dict[str, Any]:
    found: dict[str, Any] = {
        "target": delivery.target,
        "method": delivery.method,
        "url": delivery.url,
        "state": delivery.state,
        "attempts": _attempts(delivery.attempts),
    }
    if delivery.overwritten_by is not None:
        found["overwritten_by"] = delivery.overwritten_by
    if delivery.webhook is not None:
        webhook = delivery.webhook
        found["webhook"] = {"url": webhook.url, "state": webhook.state, "attempts": _attempts(webhook.attempts)}
    return found


def _attempts(attempts: tuple[Attempt, ...]) -> list[dict[str, Any]]:
    return [{"at_ms": attempt.at_ms, "result": attempt.result} for attempt in attempts]


def _diagnostic(diagnostic: Diagnostic) -> dict[str, str]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "where": diagnostic.where,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }
