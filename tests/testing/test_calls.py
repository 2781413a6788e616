"""The fixture `callflow`: which files, which settings, which moment; and scenario files run from a test (design §8)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from freezegun import freeze_time

import callflow.testing
from callflow.core.errors import CallflowError, DocumentError, RunawayError
from callflow.testing import Calls, FinishedRun, FlowError, NoRecording, PlacedCall, ScenarioError
from callflow.testing.nearby import report_section
from callflow.testing.virtual_now import virtual_now

START = "2026-11-30T10:00:00Z"
OFFICE = {"callflows": [{"id": "main", "numbers": ["2000"], "flow": {"module": "user", "data": {"id": "carol"}}}]}
OFFICE |= {"users": [{"id": "carol"}], "devices": [{"id": "desk", "owner_id": "carol"}]}


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    """What the fixture `callflow` is to a test in a folder of the project `tmp_path`."""
    (tmp_path / "tests").mkdir()
    return Calls(file=tmp_path / "tests" / "test_it.py", root=tmp_path, name="test_it")


def test_paths_are_the_test_s_then_the_root_s(calls: Calls, staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: API paths are relative to the test file, then to the root; a path of one's own stays what it is."""
    staging.write(tmp_path, "flow.json", staging.ring("of-root"))
    assert calls.call("flow.json").ringing == ["of-root"]
    staging.write(tmp_path / "tests", "flow.json", staging.ring("beside"))
    assert calls.call("flow.json").ringing == ["beside"]
    assert calls.call(tmp_path / "flow.json").ringing == ["of-root"]
    staging.write(tmp_path, "office.json", OFFICE)
    call = calls.call("2000", account="office.json", caller={"number": "2003", "name": "Dave"})
    assert call.ringing == ["carol"] and call.run.so_far.calls[0].dialled == "2000"
    assert calls.call("2000", account=OFFICE).ringing == ["carol"]


@pytest.mark.parametrize(
    ("flow", "more", "fault", "problem"),
    [
        ("no.json", {}, FlowError, "no.json: there is no such file"),
        ("flow.json", {"caller": {"numbr": "1"}}, ScenarioError, 'test_calls.py:{}: caller.numbr: unknown key "numbr"'),
        (
            "flow.json",
            {"storage": {"answers": ["5o3"]}},
            ScenarioError,
            "test_calls.py:{}: storage.answers[0]: unknown",
        ),
        ("flow.json", {"storage": {1, 2}}, ScenarioError, "test_calls.py:{}: account, caller or storage is no plain"),
        ("flow.json", {"start": datetime(2026, 1, 1)}, ScenarioError, "test_calls.py:{}: start"),
        ("flow.json", {"start": "soon"}, ScenarioError, 'test_calls.py:{}: start "soon" is no date'),
        ("flow.json", {"timezone": "Europe/Berlim"}, ScenarioError, 'did you mean "Europe/Berlin"?'),
        ("flow.json", {"profile": "kazoo5"}, ScenarioError, 'did you mean "kazoo-5"?'),
        ("2000", {}, ScenarioError, "a number without an account"),
        ("2001", {"account": OFFICE}, ScenarioError, 'no callflow of the account answers "2001"'),
    ],
)
def test_what_is_wrong_with_a_call(
    calls: Calls, staging: ModuleType, flow: str, more: dict[str, Any], fault: type[DocumentError], problem: str
) -> None:
    """Design §9: where, what is wrong, what would be right; nothing was placed then."""
    staging.write(calls.file.parent, "flow.json", staging.RING_ONLY)
    with pytest.raises(fault) as raised:
        calls.call(flow, **more)
    assert problem.format(raised.traceback[0].lineno + 1) in str(raised.value)
    assert calls.runs == [] and len([entry for entry in raised.traceback if "scenario" in str(entry.path)]) == 0


def test_who_decides_about_profile_and_seed(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: what a call says itself, then the command line; of a file's own, the command line's wins."""
    staging.scenario(calls.file.parent, profile="docs", flow=staging.RING_ONLY)
    assert calls.run("call.json").profile == "docs"
    calls.profile, calls.seed = "kazoo-4", 7
    assert calls.run("call.json").profile == "kazoo-4"
    assert calls.run("call.json", profile="kazoo-5").profile == "kazoo-5"
    placed = (calls.call("flow.json"), calls.call("flow.json", profile="docs", seed=8))
    settings = [each.run.prepared.setting for each in placed]
    assert [(each.profile.name, each.seed) for each in settings] == [("kazoo-4", 7), ("docs", 8)]


def test_scenario_files_and_their_rows(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: a file is run as the command line runs it; of several rows one has to be named."""
    expect = {"recordings": [{"length": "{LONG}"}]}
    steps = [staging.step(each) for each in ("at 0s: caller calls", "at 1s: alice answers", "at 3s: caller hangs up")]
    folder = calls.file.parent
    staging.scenario(folder, timeline=steps, expect=expect, examples=[{"LONG": "3s"}, {"LONG": "4s"}])
    good, bad = calls.run("call.json", row=0), calls.run("call.json", row=1)
    assert good.passed and good.path == ["record_call", "user"] and good.call.hangup_by == "caller"
    assert not bad.passed and "expected {length: 4s}" in repr(bad) and bad.recording.length_ms == 3_000
    title, text = report_section(bad)
    assert title == "callflow: a call [docs], failed" and text.startswith(f"{folder}/call.json:")
    for row, problem in ((None, "say which: row=0 to row=1"), (2, "its rows are 0 to 1"), (-1, "no row -1")):
        with pytest.raises(ScenarioError, match=problem):
            calls.run("call.json", row=row)
    assert calls.runs == [good, bad] and isinstance(calls.runs[0], FinishedRun)


def test_a_failure_is_told_with_its_surroundings(calls: Calls, staging: ModuleType) -> None:
    """Issue 5, item 6: the last rows of the trace, and why the recording ended, with the option that decided it."""
    staging.write(calls.file.parent, "flow.json", staging.record(staging.ring(), time_limit=5))
    call = calls.call("flow.json", start=START, caller={"number": "1", "name": "Eve"})
    title, early = report_section(call)
    assert title == "callflow: test_it at 0:00.000, going on"
    assert early.splitlines()[-1].startswith("  So the switch opened the file: recording 0 began.")
    call.answer("alice").advance(seconds=2).press("12345").advance(seconds=8)
    lines = report_section(call)[1].splitlines()
    assert lines[0].startswith("…") and lines[0].endswith("lines before")
    end = "recording 0: finished, from 0:00.000, 0:05.000 long, ended by time_limit, PUT http://my.server/r/"
    about = next(place for place, line in enumerate(lines) if line.startswith(end))
    assert any(line.endswith("passed. [record_call.time_limit=5]") for line in lines[about:])


def test_a_frozen_clock_is_the_start(calls: Calls, staging: ModuleType) -> None:
    """Design §8: under freezegun, start defaults to the frozen time, cut to the second."""
    staging.write(calls.file.parent, "flow.json", staging.RING_ONLY)
    with freeze_time("2027-03-01T12:00:00.700Z"):
        call = calls.call("flow.json").advance(seconds=2)
        assert call.now == datetime(2027, 3, 1, 12, 0, 2, tzinfo=UTC) and datetime.now(UTC).second == 0
        assert calls.call("flow.json", start=START).now.year == 2026


def test_the_wall_clock_follows_the_virtual_one(calls: Calls, staging: ModuleType) -> None:
    """Design §8: `datetime.now()` in the code under test follows the call, while it advances and in every instant."""
    staging.write(calls.file.parent, "flow.json", staging.RECORDED)
    seen: list[float] = []
    before = time.time()
    with virtual_now() as clock:
        calls.clock = clock
        call = calls.call("flow.json", start=START)
        for _ in range(3):
            seen.append(time.time() - datetime(2026, 11, 30, 10, tzinfo=UTC).timestamp())
            call.advance(ms=1_500)
        assert datetime.now(UTC) == clock.now == call.now
        later = calls.call("flow.json")
        assert later.now == call.now.replace(microsecond=0)
        call.finish()
        assert clock.now == call.now > later.now
    assert seen == [0.0, 1.5, 3.0] and time.time() - before < 3_600


def test_without_freezegun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 5, item 6: freezegun is optional; who asks for the clock without it is told what to install."""
    monkeypatch.setitem(sys.modules, "freezegun", None)
    with pytest.raises(CallflowError, match="pip install freezegun"), virtual_now():
        pass


def test_names_for_tests_come_when_they_are_asked_for() -> None:
    """Issue 5, item 6: loading the plugin costs a project next to nothing: none of ours but itself is imported."""
    code = (
        "import pytest, sys; import callflow.testing.plugin; print(*sorted(m for m in sys.modules if 'callflow' in m))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    found = {name for name in done.stdout.split() if "editable" not in name}
    assert found == {"callflow", "callflow.testing", "callflow.testing.plugin"}
    assert all(getattr(callflow.testing, name).__name__ == name for name in callflow.testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        callflow.testing.Nothing  # noqa: B018
    assert {PlacedCall, NoRecording} <= {getattr(callflow.testing, name) for name in callflow.testing.__all__}


def test_where_a_test_changes_the_folder(calls: Calls, staging: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 5, item 6: the current folder plays no part, and may change in the middle of a call."""
    staging.write_silence(calls.file.parent / "quiet.wav", 500)
    staging.write(calls.file.parent, "flow.json", staging.record(staging.ring(), silence_detection=True))
    call = calls.call("flow.json", start=START)
    monkeypatch.chdir(os.path.dirname(sys.executable))
    call.play("caller", "quiet.wav").advance(seconds=1)
    with pytest.raises(RunawayError, match="larger max_hours"):
        call.advance(seconds=86_400)
    assert calls.call("flow.json", start=START).path == call.path == ["record_call", "user"]
