"""Scenarios for tests of the edge: written to a folder as files, loaded and run as the command line does.

Loaded by `tests/conftest.py` and handed out as the fixture `staging`.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callflow.core.trace import Row
from callflow.files import write_recordings
from callflow.report.results import RunResult
from callflow.scenario.language import Scenario, load_scenario
from callflow.scenario.preparing import Choices
from callflow.simulate import Run, simulate

VOICEMAIL = {"module": "voicemail", "data": {"id": "box"}}
URL = "http://my.server/r"


def record(*children: Mapping[str, Any], **data: Any) -> dict[str, Any]:
    """A record_call node that starts, with at most one child under `_`."""
    node: dict[str, Any] = {"module": "record_call", "data": {"action": "start", "format": "wav", "url": URL, **data}}
    return {**node, "children": {"_": children[0]}} if children else node


def ring(user: str = "alice", *children: Mapping[str, Any], **data: Any) -> dict[str, Any]:
    """A user node, with at most one child under `_`."""
    node: dict[str, Any] = {"module": "user", "data": {"id": user, **data}}
    return {**node, "children": {"_": children[0]}} if children else node


def stop_after(ms: int) -> dict[str, Any]:
    """A record_call node that stops, some time after the flow came to it; then the call waits for its end."""
    wait = {"module": "wait_for_hangup"}
    stop = {"module": "record_call", "data": {"action": "stop"}, "children": {"_": wait}}
    return {"module": "sleep", "data": {"duration": ms, "unit": "ms"}, "children": {"_": stop}}


RING_ONLY = ring()
RECORDED = record(ring("alice", VOICEMAIL))


def step(line: str) -> dict[str, str]:
    """`at 4s: alice answers` as a document has it."""
    moment, _, deed = line.partition(": ")
    return {moment: deed}


def write(folder: Path, name: str, data: object) -> Path:
    """A JSON file with a line for each value."""
    path = folder / name
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return path


def scenario(folder: Path, *lines: str, flow: object = RECORDED, **parts: Any) -> Scenario:
    """A scenario in `folder`: its steps, the callflow that it runs, and any other top-level parts (None: left out)."""
    write(folder, "flow.json", flow)
    whole: dict[str, Any] = {
        "scenario": "a call",
        "callflow": "flow.json",
        "start": "2026-11-30T10:00:00Z",
        "caller": {"number": "+14155550100", "name": "Bob", "dials": "2001"},
        "timeline": [step(each) for each in ("at 0s: caller calls", *lines)],
    }
    whole |= parts
    kept = {key: value for key, value in whole.items() if value is not None}
    return load_scenario(write(folder, "call.json", kept))[0]


def played(folder: Path, *lines: str, choices: Choices | None = None, **parts: Any) -> Run:
    """The run of such a scenario, played to its end."""
    return simulate(scenario(folder, *lines, **parts), choices)


def rendered(folder: Path, *lines: str, **parts: Any) -> tuple[Run, RunResult]:
    """Such a scenario, played with deliveries that wait for an upload, and its files written."""
    run = played(folder, *lines, choices=Choices(uploads=True), **parts)
    return run, write_recordings(run.rows, run.summary(), folder / "out", folder)


def write_silence(path: Path, length_ms: int) -> None:
    """A WAV file of 8 kHz."""
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8_000, 0, "NONE", "not compressed"))
        out.writeframes(b"\0\0" * 8 * length_ms)


def rows_of(run: Run, kind: str, name: str = "") -> list[Row]:
    """The rows of one kind, perhaps of one name."""
    return [row for row in run.rows if row.kind == kind and name in ("", row.name)]
