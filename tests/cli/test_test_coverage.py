"""`callflow test --coverage`: what the cases have driven together, and a status that CI can ask for (issue 5, 3)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PERCENT = "50 % has run, 60 % is wanted\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the tester stands, with the scenarios of the main job, of which one drives half."""
    shutil.copytree(EXAMPLES / "record_per_user", tmp_path / "calls")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def callflow(*arguments: object) -> Result:
    """Run `callflow` in this process."""
    result = CliRunner().invoke(verbs, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(*arguments: object) -> dict[str, Any]:
    """The object of `callflow test`."""
    found: dict[str, Any] = json.loads(callflow("test", *arguments, "--json").stdout)
    return found


def break_expectation(name: str) -> None:
    """Let a scenario expect what does not happen."""
    file = Path("calls", name)
    text = file.read_text(encoding="utf-8")
    head, _, _ = text.partition("\nexpect:")
    file.write_text(f"{head}\nexpect:\n  hangup_cause: USER_BUSY\n", encoding="utf-8")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_table_stands_behind_the_summary(workers: int) -> None:
    """A line a callflow and the sum, of all processes together."""
    done = callflow("test", "calls", "--coverage", "--workers", workers)
    assert done.exit_code == 0
    summary, empty, head, flow, everything = done.stdout.splitlines()[2:]
    assert summary.endswith("2 passed") and empty == ""
    assert head.split() == ["callflow", "nodes", "branches", "percent"]
    assert flow.startswith("calls/record_per_user.json record_per_user") and flow.endswith("4/4       3/3    100 %")
    assert everything.startswith("all, by 2 runs") and everything.endswith("4/4              100 %")


def test_the_object_has_it_only_when_asked() -> None:
    """The same as `callflow coverage --json`, by one process or two; else the object is what it was."""
    alone = json.loads(callflow("coverage", "calls", "--json").stdout)
    found = [told("calls", "--coverage", "--workers", workers)["coverage"] for workers in (1, 2)]
    assert found == [alone, alone]
    plain, asked = told("calls"), told("calls", "--coverage")
    assert [*plain, "coverage"] == [*asked]
    assert all("coverage" not in case for case in asked["cases"])


def test_rows_and_profiles_are_runs() -> None:
    """What a profile makes of a callflow is a callflow of its own."""
    found = told("calls", "--coverage", "--profile", "docs", "--profile", "kazoo-5")["coverage"]
    assert found["runs"] == 4
    assert sorted(len(flow["nodes"]) for flow in found["callflows"]) == [3, 4]


def test_too_little_is_status_1_with_one_line() -> None:
    """--min-coverage implies --coverage; enough is enough."""
    done = callflow("test", "calls/answered.yaml", "--min-coverage", 60)
    assert (done.exit_code, done.stderr) == (1, PERCENT)
    assert done.stdout.splitlines()[-1].startswith("all, by 1 run ")
    enough = callflow("test", "calls/answered.yaml", "--min-coverage", 50)
    assert (enough.exit_code, enough.stderr) == (0, "")
    as_object = callflow("test", "calls/answered.yaml", "--min-coverage", 60, "--json")
    assert (as_object.exit_code, as_object.stderr) == (1, PERCENT)
    assert json.loads(as_object.stdout)["exit_status"] == 1


def test_of_several_the_worst_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Design §12: 3, 2, 1; the line is there in any case."""
    broken = callflow("test", "calls/answered.yaml", "missing.yaml", "--min-coverage", 60)
    assert (broken.exit_code, broken.stderr) == (2, PERCENT)

    def impossible(self: object) -> None:
        raise RuntimeError("this cannot be")

    monkeypatch.setattr("callflow.simulate.Run.summary", impossible)
    bug = callflow("test", "calls/answered.yaml", "missing.yaml", "--min-coverage", 60)
    assert bug.exit_code == 3


def test_a_case_that_failed_has_driven_too() -> None:
    """What is not as expected ran all the same; one status 1 is not two."""
    break_expectation("voicemail.yaml")
    done = callflow("test", "calls", "--min-coverage", 100)
    assert (done.exit_code, done.stderr) == (1, "")
    assert "1 passed, 1 failed" in done.stdout


def test_the_page_says_what_has_run() -> None:
    """All cases passed, and yet the suite has not when it drove too little."""
    callflow("test", "calls/answered.yaml", "--min-coverage", 60, "--html", "pages")
    page = Path("pages/index.html").read_text("utf-8")
    assert "<span>nodes that ran</span> 50 % (60 % is wanted)" in page
    assert '<p class="outcome failed">failed</p>' in page


def test_list_has_nothing_to_count() -> None:
    """What runs nothing has driven nothing, which is not 100 %."""
    done = callflow("test", "calls", "--list", "--min-coverage", 10)
    assert done.exit_code == 2 and "--list runs nothing" in done.stderr
