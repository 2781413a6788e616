"""Every example runs, is as it expects, and leaves the trace that is kept beside it (design §3).

After a wanted change: `make golden` writes the traces anew; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from callflow.lint import lint_flow
from callflow.loading import Reading, check_callflow
from callflow.scenario import load_scenario
from callflow.scenario.language import Scenario
from callflow.simulate import simulate
from callflow.tracefile import to_line

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CALLFLOWS = sorted(EXAMPLES.glob("*/*.json"))
SCENARIOS = sorted(path for path in EXAMPLES.glob("*/*.yaml") if path.read_text().startswith("scenario:"))


def only_row(path: Path) -> Scenario:
    """The one scenario of a file."""
    (scenario,) = load_scenario(path)
    return scenario


def kept_trace(path: Path) -> Path:
    """Where a scenario's expected trace lies."""
    return path.with_suffix(".trace.jsonl")


def test_there_are_examples() -> None:
    """A suite that finds nothing proves nothing."""
    assert len(SCENARIOS) >= 6
    assert {path.name for path in EXAMPLES.glob("*/*.trace.jsonl")} == {kept_trace(path).name for path in SCENARIOS}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_scenario_is_as_expected_and_leaves_its_trace(path: Path) -> None:
    """Its expectations hold, and its rows are those that are kept beside it, byte for byte (law 6)."""
    run = simulate(only_row(path))
    assert run.result().failures == ()
    written = b"".join(to_line(row) for row in run.rows)
    assert written.decode().splitlines() == kept_trace(path).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", CALLFLOWS, ids=lambda path: path.stem)
def test_a_callflow_has_only_the_faults_it_shows(path: Path) -> None:
    """Examples are good style; the seed's own sample keeps its missing `_`, which is what it is there to show."""
    flow, _ = check_callflow(path, Reading())
    assert flow.faults == ()
    errors = [each.code for each in lint_flow(flow) if each.severity == "error"]
    assert errors == (["bare-children"] if path.stem == "record_per_user" else [])


def test_the_main_job_s_callflow_has_the_seed_sample_s_structure() -> None:
    """Issue 2: start, user, stop, and a voicemail whose `_` is missing; only the URL's host is the example's own."""
    flow, document = check_callflow(EXAMPLES / "record_per_user" / "record_per_user.json", Reading())
    node = document.data
    assert node["data"] == {**node["data"], "action": "start", "format": "mp3", "time_limit": 360}
    user = node["children"]["_"]
    stop = user["children"]["_"]
    assert (node["module"], user["module"], stop["module"]) == ("record_call", "user", "record_call")
    assert stop["data"] == {"action": "stop"}
    assert (stop["children"]["module"], "_" in stop["children"]) == ("voicemail", False)
    assert [each.module for each in flow.nodes()] == ["record_call", "user", "record_call", "voicemail"]


def test_the_answered_call_has_one_recording_and_never_stops_it() -> None:
    """Must show (a): one recording, ended by the hang-up, from node to hang-up; an answered call runs no children."""
    result = simulate(only_row(EXAMPLES / "record_per_user" / "answered.yaml")).result()
    (recording,) = result.recordings
    assert (recording.started_ms, recording.ended_ms, recording.ended_by) == (0, 40_000, "hangup")
    assert [step.module for step in result.calls[0].path] == ["record_call", "user"]
