"""`callflow race`: the text, the JSON, the statuses, the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

SCENARIO = """\
scenario: Limit and hang-up
callflow: flow.json
caller: {number: "+14155550100", dials: "2001"}
timeline:
  - at 0s: caller calls
  - at 4s: alice answers
  - at 10s: caller hangs up
"""
FLOW = {
    "module": "record_call",
    "data": {"action": "start", "time_limit": 10, "record_min_sec": 10},
    "children": {"_": {"module": "user", "data": {"id": "alice"}}},
}


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario in which the caller hangs up as the limit is reached."""
    (tmp_path / "flow.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (tmp_path / "limit.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path / "limit.yaml"


def race(scenario: Path, *arguments: str) -> Result:
    """Run the verb."""
    return CliRunner().invoke(verbs, ["race", str(scenario), *arguments])


def test_outcomes_as_text(scenario: Path) -> None:
    """Issue, item 9: how many orders, how many outcomes, what differs, the simplest example."""
    done = race(scenario, "--around", "time limit")
    assert done.exit_code == 0
    assert "3 orders, 2 outcomes" in done.output
    assert "recording 0 state: discarded, not finished" in done.output
    assert "for example: 0:09.999 caller hangs up" in done.output


def test_expect_one(scenario: Path) -> None:
    """Status 1 when there is more than one outcome and one is expected."""
    assert race(scenario, "--around", "time limit", "--expect-one").exit_code == 1
    assert race(scenario, "--around", "alice answers", "--expect-one").exit_code == 0


def test_json(scenario: Path) -> None:
    """--json prints one object, and says what was left out."""
    data = json.loads(race(scenario, "--around", "time limit", "--max-orders", "1", "--json").output)
    assert (data["format"], data["orders"], data["run"], data["at_ms"]) == (1, 3, 1, 10_000)


def test_fewer_than_all_is_said(scenario: Path) -> None:
    """Issue, item 9: bounded, and how many orders there are is said."""
    done = race(scenario, "--around", "time limit", "--max-orders", "2")
    assert "3 orders; the 2 nearest to what is written were run" in done.output


def test_saved_scenarios_pass(scenario: Path, tmp_path: Path) -> None:
    """--save writes a scenario for each outcome, which `callflow run` passes; nothing is overwritten."""
    folder = tmp_path / "saved"
    assert race(scenario, "--around", "time limit", "--save", str(folder)).exit_code == 0
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == ["limit-outcome-1.yaml", "limit-outcome-2.yaml"]
    for path in files:
        assert CliRunner().invoke(verbs, ["run", str(path), "--out", str(tmp_path / "out")]).exit_code == 0
    again = race(scenario, "--around", "time limit", "--save", str(folder))
    assert (again.exit_code, "there is such a file" in again.output) == (2, True)


@pytest.mark.parametrize("arguments", [("--around", "bob answers"), ("--around", "stop", "--within", "5")])
def test_wrong_input(scenario: Path, arguments: tuple[str, ...]) -> None:
    """Status 2 for a moment that never comes, and for a time without a unit."""
    assert race(scenario, *arguments).exit_code == 2
