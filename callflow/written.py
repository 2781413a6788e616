"""A scenario as the text of a file that says the same, with what came of it as its expectations (design §6)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from callflow.report.results import CallResult, RecordingResult, RunResult
from callflow.report.wording import printable
from callflow.scenario.durations import format_duration
from callflow.scenario.language import Scenario
from callflow.scenario.people import Caller, CallScript
from callflow.scenario.preparing import Prepared
from callflow.scenario.steps import Step
from callflow.scenario.storage_part import LISTS, StorageScript
from callflow.scenario.verbs import Plays
from callflow.scenario.words import NONE_WORD

_PLAIN: Final = re.compile(r"(?:\.\./)*[A-Za-z](?:[A-Za-z0-9 ._+@/-]*[A-Za-z0-9._+@/-])?|[0-9.]+(?:ms|s|m|h) ±40ms")
_NO_TEXT: Final = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
_TOLERANCE: Final = "±40ms"


def scenario_text(prepared: Prepared, result: RunResult, folder: Path, comment: Sequence[str] = ()) -> str:
    """The YAML of a prepared scenario that will lie in `folder`; it expects what the run that gave `result` did.

    `comment` stands on top, a line each. Paths are written from `folder`; one row of `examples:` becomes a scenario.
    """
    scenario = prepared.scenario
    lines = [f"# {printable(line)}".rstrip() for line in comment]
    lines += [f"{key}: {value}" for key, value in _heading(scenario, folder)]
    lines += _storage(scenario.storage)
    results = _by_call(prepared, result)
    if len(scenario.calls) == 1 and not scenario.calls[0].name:
        lines += [*_call(scenario, scenario.calls[0], folder, ""), "expect:", *_expected(result, results[0], "  ")]
    else:
        lines.append("calls:")
        for script, found in zip(scenario.calls, results, strict=True):
            lines += [f"  {scalar(script.name)}:", *_call(scenario, script, folder, "    ")]
            if expected := list(_expected(result, found, "      ")):
                lines += ["    expect:", *expected]
    return "\n".join(lines) + "\n"


def scalar(value: object) -> str:
    """A text, a number or a truth as YAML; quoted wherever a reader could take a text for something else."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.casefold() not in _NO_TEXT:
        return value
    return "".join(mark if mark.isprintable() else _escaped(mark) for mark in json.dumps(value, ensure_ascii=False))


def _escaped(mark: str) -> str:
    return f"\\u{ord(mark):04x}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08x}"


def flow_mapping(values: Mapping[str, object]) -> str:
    """`{a: 1, b: text}`."""
    return _nested(values)


def _nested(value: Any) -> str:
    """Plain data on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {_nested(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_nested, value)) + "]"
    return scalar(value)


def _heading(scenario: Scenario, folder: Path) -> Iterator[tuple[str, str]]:
    yield "scenario", scalar(scenario.name)
    yield "callflow", scalar(scenario.callflow if scenario.is_number else _from(scenario, scenario.callflow, folder))
    if isinstance(scenario.account, str):
        yield "account", scalar(_from(scenario, scenario.account, folder))
    elif scenario.account is not None:
        yield "account", _nested(scenario.account)
    if scenario.values:
        yield "with", flow_mapping(scenario.values)
    for key, value in (("profile", scenario.profile), ("timezone", scenario.timezone)):
        if value is not None:
            yield key, scalar(value)
    if scenario.start is not None:
        yield "start", scenario.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    if scenario.seed != 1:
        yield "seed", str(scenario.seed)
    if scenario.tags:
        yield "tags", "[" + ", ".join(map(scalar, scenario.tags)) + "]"


def _from(scenario: Scenario, reference: str, folder: Path) -> str:
    """A path from the scenario's folder as one from another folder."""
    there = (Path(scenario.file).parent / reference).resolve()
    return Path(os.path.relpath(there, folder.resolve())).as_posix()


def _storage(storage: StorageScript) -> list[str]:
    """The `storage:` part, line by line; nothing when everything takes what it gets."""
    lines = [
        f"  {key}: [" + ", ".join(scalar(str(answer)) for answer in storage.replies[kind]) + "]"
        for key, kind in LISTS.items()
        if kind in storage.replies
    ]
    if storage.webhook_url:
        hook = [f"url: {scalar(storage.webhook_url)}"]
        if answers := storage.replies.get("webhook"):
            hook.append("answers: [" + ", ".join(scalar(str(answer)) for answer in answers) + "]")
        lines.append("  webhook: {" + ", ".join(hook) + "}")
    return ["storage:", *lines] if lines else []


def _call(scenario: Scenario, script: CallScript, folder: Path, indent: str) -> Iterator[str]:
    yield f"{indent}caller: {flow_mapping(_caller(script.caller))}"
    yield f"{indent}timeline:"
    for step in script.timeline:
        yield f"{indent}  - {scalar(str(step.when))}: {scalar(_deed(scenario, step, folder))}"


def _caller(caller: Caller) -> dict[str, object]:
    values = {"number": caller.number, "name": caller.name, "dials": caller.dials, "device": caller.device}
    values |= {"call_id": caller.call_id, "codec": caller.codec}
    return {key: value for key, value in values.items() if value}


def _deed(scenario: Scenario, step: Step, folder: Path) -> str:
    verb = step.verb
    return f"{step.who} {Plays(_from(scenario, verb.file, folder)) if isinstance(verb, Plays) else verb}"


def _by_call(prepared: Prepared, result: RunResult) -> list[CallResult | None]:
    """The result of each call in the order of the scripts; None of one that was never placed."""
    found = {call.call_id: call for call in result.calls}
    return [found.get(call.id) for call in prepared.calls]


def _expected(result: RunResult, call: CallResult | None, indent: str) -> Iterator[str]:
    """What this call did, as expectations."""
    if result.outcome == "error" and len(result.calls) < 2:
        yield f"{indent}outcome: error"
    if call is None:
        return
    yield f"{indent}path: [{', '.join(scalar(step.module) for step in call.path)}]"
    for key, value in (("hangup_cause", call.hangup_cause), ("hangup_by", call.hangup_by)):
        if value is not None:
            yield f"{indent}{key}: {scalar(value)}"
    recordings = sorted(call.recordings, key=lambda each: each.armed_ms)
    yield f"{indent}recordings:" + ("" if recordings else " []")
    for recording in recordings:
        yield f"{indent}  - {_recording(recording)}"


def _recording(recording: RecordingResult) -> str:
    values: dict[str, Any] = {"kind": recording.kind, "leg": recording.leg, "state": recording.state}
    values["format"] = recording.format
    if recording.started_ms is not None:
        values["length"] = f"{format_duration(recording.length_ms)} {_TOLERANCE}"
    values["ended_by"] = recording.ended_by or NONE_WORD
    values["completion_cause"] = recording.completion_cause or NONE_WORD
    delivery = recording.delivery
    values["delivery"] = delivery.state if delivery is not None else NONE_WORD
    if delivery is not None and delivery.attempts:
        values["attempts"] = len(delivery.attempts)
    return flow_mapping({key: value for key, value in values.items() if value is not None})
