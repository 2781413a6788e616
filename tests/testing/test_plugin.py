"""The pytest plugin in projects of other people (design §8, §10): each run is a pytest process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

pytest_plugins = ["pytester"]

START = "2026-11-30T10:00:00Z"

OWN_ROOMS = """
import actions, media, storage
import callflow.storage
from storage.shelf import WHO

def test_the_project_s_own_folders():
    assert WHO == "mine" and storage.__file__ != callflow.storage.__file__
"""
CALLS = """
import pytest
from callflow.testing import Calls, RecorderState

@pytest.fixture
def ringing(callflow):
    return callflow.call("flow.json", dials="2001").advance(seconds=3)

def test_in_the_root(ringing):
    assert ringing.recording.state is RecorderState.ARMED

def test_recording_waits_for_the_answer(callflow):
    call = callflow.call("flow.json", dials="2001")
    call.advance(seconds=3)
    assert call.recording.state is RecorderState.ARMED
    call.answer("alice")
    assert call.recording.state is RecorderState.RECORDING
    call.speak("caller", seconds=10).advance(seconds=10).hang_up("caller")
    result = call.finish()
    assert result.recording.length_ms == 10_000

@pytest.mark.parametrize("seconds", range(4))
def test_many(callflow: Calls, seconds: int) -> None:
    call = callflow.call("flow.json").answer("alice").advance(seconds=seconds).hang_up()
    assert call.finish().recording.length_ms == seconds * 1000
"""
FAILING = """
import datetime

def test_wrong(callflow):
    call = callflow.call("flow.json").advance(seconds=3).answer("alice").advance(seconds=9).hang_up("alice")
    assert call.recording.length_ms == 10_000

def test_stranger(callflow):
    callflow.call("flow.json").answer("bob")

def test_clock(callflow, callflow_clock):
    call = callflow.call("flow.json", start="2026-11-30T10:00:00Z").advance(seconds=90)
    assert datetime.datetime.now().isoformat() == "2026-11-30T10:01:30"

def test_no_call(callflow):
    assert not callflow.runs
"""


@pytest.fixture
def project(pytester: pytest.Pytester, staging: ModuleType, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a callflow, two scenarios of it, and no plugin but ours and those that a test names."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("CI", raising=False)
    staging.write(pytester.path, "flow.json", staging.record(staging.ring(), record_on_answer=True))
    pytester.mkdir("calls")
    steps = [staging.step(each) for each in ("at 0s: caller calls", "at 1s: alice answers", "at 3s: caller hangs up")]
    scenario = {
        "scenario": "A talk :: of {LONG}",
        "callflow": "../flow.json",
        "tags": ["smoke", "pci-dss"],
        "caller": {"number": "1", "dials": "2001"},
        "timeline": steps,
        "expect": {"recordings": [{"length": "{LONG}"}]},
        "examples": [{"LONG": "2s"}, {"LONG": "4s"}],
    }
    staging.write(pytester.path / "calls", "talk.scenario.json", scenario)
    single = {**scenario, "scenario": "A short talk", "examples": None, "tags": ["quick"], "expect": None}
    single = {key: value for key, value in single.items() if value is not None}
    staging.write(pytester.path / "calls", "short.scenario.yaml", single)
    return pytester


def run(project: pytest.Pytester, *words: str) -> pytest.RunResult:
    """Run pytest with our plugin in a process of its own; every warning is an error."""
    strict = ("-W", "error", "--strict-markers", "--strict-config", "-p", "no:cacheprovider")
    return project.runpytest_subprocess("-p", "callflow.testing.plugin", *strict, *words)


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_a_project_with_folders_of_the_same_names(
    project: pytest.Pytester, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Design §10, Must show: a project's own actions, media and storage stay its own; whatever the current folder."""
    for name in ("actions", "media", "storage"):
        project.mkpydir(name)
    Path("storage/shelf.py").write_text("WHO = 'mine'\n", "utf-8")
    Path("storage/test_shelf.py").write_text(OWN_ROOMS, "utf-8")
    Path("test_calls.py").write_text(CALLS, "utf-8")
    Path("pytest.ini").write_text("[pytest]\npythonpath = .\n", "utf-8")
    if mode == "importlib":
        monkeypatch.chdir(project.mkdir("elsewhere"))
    done = run(project, f"--import-mode={mode}", f"--rootdir={project.path}", "-c", str(project.path / "pytest.ini"),
               str(project.path), "--deselect", "calls/talk.scenario.json::A talk : of 4s[1]")  # fmt: skip
    done.assert_outcomes(passed=9, deselected=1)


def test_many_processes_and_random_order(project: pytest.Pytester) -> None:
    """Issue 5, item 6: safe under xdist and in random order: no file and no order is shared."""
    pytest.importorskip("xdist")
    Path("test_calls.py").write_text(CALLS, "utf-8")
    done = run(project, "-p", "xdist", "-p", "randomly", "-n", "2")
    done.assert_outcomes(passed=8, failed=1)
    done.stdout.fnmatch_lines(["*calls/talk.scenario.json:*: expect.recordings[[]0]: expected {length: 4s};*"])


def test_what_a_failure_shows(project: pytest.Pytester) -> None:
    """Issue 5, item 6: the nearest rows and why the recording ended; for a mistake, the test's line and no more."""
    Path("test_it.py").write_text(FAILING, "utf-8")
    done = run(project, "test_it.py")
    done.assert_outcomes(passed=2, failed=2)
    done.stdout.fnmatch_lines([
        "E*assert 9000 == 10000",
        "*- callflow: test_wrong at 0:12.000, over -*",
        "*0:03.000  A*recording 0 starts (wav, stereo, 16 kHz)*record_on_answer",
        "recording 0: finished, from 0:03.000, 0:09.000 long, ended by hangup, *",
        '  At 12.000 s alice hung up (test_it.py line 5: "alice hangs up").',
        'E*ScenarioError: test_it.py:9: unknown party "bob"; one of: *',
        "test_it.py:9: ScenarioError",
    ])  # fmt: skip
    assert "callflow/scenario" not in done.stdout.str()


def test_scenario_files_are_tests(project: pytest.Pytester) -> None:
    """Issue 5, item 6: an item a row; markers from tags; an unmet expectation with message, nearest and file:line."""
    done = run(project, "-m", "pci-dss", "-v")
    done.assert_outcomes(passed=1, failed=1, deselected=1)
    done.stdout.fnmatch_lines([
        "calls/talk.scenario.json::A talk : of 2s[[]0] PASSED*",
        "calls/talk.scenario.json::A talk : of 4s[[]1] FAILED*",
        "calls/talk.scenario.json:*: expect.recordings[[]0]: expected {length: 4s}; recording 0 has length 0:02.000*",
        "*0:03.000  A*recording 0 stops after 0:02.000*",
        "again: callflow run calls/talk.scenario.json --row 1 --start 20??-??-??T??:??:??Z",
    ])  # fmt: skip
    assert "Traceback" not in done.stdout.str() and "collecting.py" not in done.stdout.str()
    run(project, "-k", "short and not talk").assert_outcomes(deselected=3)
    named = run(project, "calls/talk.scenario.json::A talk : of 2s[0]", "--callflow-profile", "docs",
                "--callflow-profile", "kazoo-5")  # fmt: skip
    assert "not found" in named.stderr.str(), "with several profiles the name has the profile, too"


def test_profiles_and_seed(project: pytest.Pytester) -> None:
    """Issue 5, item 6: `--callflow-profile`, repeated, runs calls and scenarios under each; `--callflow-seed`."""
    Path("test_it.py").write_text(
        "def test_it(callflow):\n    setting = callflow.call('flow.json').run.prepared.setting\n"
        "    assert setting.seed == 5 and setting.profile.name in ('docs', 'kazoo-5')\n"
        "def test_other(): pass\n", "utf-8"
    )  # fmt: skip
    wish = ("--callflow-profile=docs", "--callflow-profile=kazoo-5", "--callflow-profile=docs", "--callflow-seed=5")
    done = run(project, *wish, "-k", "not 4s", "-v")
    done.assert_outcomes(passed=7, deselected=2)
    done.stdout.fnmatch_lines_random([
        "*::A short talk[[]docs]*", "*::A talk : of 2s[[]0-kazoo-5]*", "*::test_it[[]kazoo-5]*", "*::test_other PASSED*"
    ])  # fmt: skip
    wrong = run(project, "--callflow-profile=kazoo5")
    wrong.stderr.fnmatch_lines(['ERROR: --callflow-profile: unknown profile "kazoo5"; did you mean "kazoo-5"?'])


@pytest.mark.parametrize(("setting", "found"), [("", 1), ("*.call.json short.*.yaml", 3)])
def test_which_files_are_collected(project: pytest.Pytester, setting: str, found: int) -> None:
    """Issue 5, item 6: an ini option gives the patterns; empty, it switches collecting off."""
    Path("calls/talk.scenario.json").rename("calls/one.call.json")
    Path("pytest.ini").write_text(f"[pytest]\ncallflow_scenarios = {setting}\n", "utf-8")
    Path("test_it.py").write_text("def test_it(): pass\n", "utf-8")
    outcomes = run(project, "-k", "not 4s").parseoutcomes()
    assert outcomes["passed"] == found and outcomes.get("deselected", 0) == (1 if setting else 0)


def test_broken_files(project: pytest.Pytester) -> None:
    """Issue 5, item 6: a broken scenario is an error with file and line, a broken callflow a failure; no traceback."""
    short, flow = Path("calls/short.scenario.yaml"), Path("flow.json")
    short.write_text(short.read_text("utf-8").replace("hangs up", "hangs off"), "utf-8")
    flow.write_text(json.dumps({"module": "record_call", "data": {"action": "strat"}}), "utf-8")
    done = run(project, "--continue-on-collection-errors")
    done.assert_outcomes(failed=2, errors=1)
    done.stdout.fnmatch_lines([
        "calls/short.scenario.yaml:*: timeline[[]2]: unknown verb*", "*flow.json:1: flow.data.action: *strat*"
    ])  # fmt: skip
    assert "Traceback" not in done.stdout.str() and " in collect" not in done.stdout.str()
