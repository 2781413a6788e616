"""`callflow record`: a call driven by hand becomes a scenario (issue 5, item 8)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.capture.live_session import LiveSession
from callflow.capture.writing import Draft
from callflow.cli import verbs
from callflow.core.errors import CallflowError, ScenarioError
from callflow.scenario.language import load_scenario
from callflow.scenario.preparing import Choices
from callflow.simulate import simulate

FLOW = Path(__file__).resolve().parents[2] / "examples" / "record_on_answer" / "record_on_answer.json"
START = "2026-11-30T10:00:00Z"
TALK = ("wait for alice rings", "+3s", "alice answers", "wait 1s", "caller speaks for 10s")


def record(out: Path, *lines: str, flow: object = FLOW, more: tuple[object, ...] = ()) -> Result:
    """Run the verb in this process with lines from a pipe."""
    arguments = ["record", str(flow), "--out", str(out), "--start", START, *map(str, more)]
    result = CliRunner().invoke(verbs, arguments, input="".join(f"{line}\n" for line in lines))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def steps(path: Path) -> list[str]:
    """The steps of a scenario file."""
    return [step.text for step in load_scenario(path)[0].calls[0].timeline]


def session(folder: Path) -> LiveSession:
    """A session on the example."""
    caller = {"number": "+14155550100", "dials": "2000"}
    draft = Draft("x", str(FLOW), None, "docs", START, 1, caller, ())
    return LiveSession(draft, Choices(), folder / "a.yaml")


def test_what_is_typed_becomes_a_scenario_that_passes(tmp_path: Path) -> None:
    """The file has the steps, when they were done, and expects what happened."""
    out = tmp_path / "a.yaml"
    result = record(out, *TALK, "wait for RECORD_STOP", "+5s", "alice hangs up", "quit")
    assert (result.exit_code, result.stderr) == (0, "")
    assert steps(out) == [
        "at 0s: caller calls",
        "when alice rings after 3s: alice answers",
        "at 4s: caller speaks for 10s",
        "when RECORD_STOP after 5s: alice hangs up",
    ]
    (scenario,) = load_scenario(out)
    assert scenario.expect.recordings is not None and scenario.expect.path is not None
    assert str(scenario.expect.recordings[0].length) == "1m"
    run = simulate(scenario)
    assert run.result().failures == ()
    assert run.summary().calls[0].ended_ms == 68_000
    assert "recording 0 starts" in result.stdout and result.stdout.endswith(f"saved: {out}\n")


def test_expectations_can_fail(tmp_path: Path) -> None:
    """What is written is a test: with another length of ringing the recording is another."""
    out = tmp_path / "a.yaml"
    record(out, *TALK, "+10s", "alice hangs up")
    out.write_text(out.read_text("utf-8").replace("at 14s", "at 15s"), "utf-8")
    assert simulate(load_scenario(out)[0]).result().failures != ()


def test_the_file_is_there_after_every_step(tmp_path: Path) -> None:
    """Nothing is lost: after each line the file can be run, and passes."""
    driven = session(tmp_path)
    driven.begin()
    for count, line in enumerate((*TALK, "caller holds", "caller resumes", "alice presses #1")):
        driven.do(line)
        (scenario,) = load_scenario(driven.file)
        assert simulate(scenario).result().failures == (), count
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
    assert steps(driven.file)[-1].endswith("alice presses #1")


def test_what_cannot_be_done_changes_nothing(tmp_path: Path) -> None:
    """An error is told, the session goes on, the file has it not; status 2 for a pipe."""
    out = tmp_path / "a.yaml"
    wrong = ("alice answers", "bob answers", "alice dances", "caller calls", "+0s", "wait for doom", "+99h", "undone")
    result = record(
        out, "# by hand", "", "+3s", "alice answers", *wrong, "wait for alice rings", "+1s", "caller hangs up"
    )
    assert result.exit_code == 2
    assert [line.startswith("error: ") for line in result.stderr.splitlines()] == [True] * 9
    assert "alice is already on the call" in result.stderr and "never happened" in result.stderr
    assert steps(out) == ["at 0s: caller calls", "at 3s: alice answers", "at 4s: caller hangs up"]


def test_undo_takes_back_one_line(tmp_path: Path) -> None:
    """Time that passed, and a step; the clock goes back, and the file with it."""
    out = tmp_path / "a.yaml"
    result = record(
        out, "+3s", "alice answers", "+9s", "undo", "caller hangs up", "undo", "undo", "alice is busy", "quit"
    )
    assert "undone: +9s; it is 0:03.000" in result.stdout
    assert steps(out) == ["at 0s: caller calls", "at 3s: alice is busy"]
    nothing = record(tmp_path / "b.yaml", "undo")
    assert nothing.exit_code == 2 and "there is nothing to undo" in nothing.stderr


def test_help_says_what_is_possible_now(tmp_path: Path) -> None:
    """Only what would be done is offered, and everything that is offered can be done."""
    driven = session(tmp_path)
    driven.begin()
    offered = driven.possible()
    assert "alice answers" in offered and "caller holds" not in offered
    for words in offered:
        driven.do(words)
        driven.undo()
    driven.do("alice answers")
    assert "caller holds" in driven.possible() and "alice answers" not in driven.possible()
    driven.do("caller hangs up")
    assert driven.possible() == []
    assert "now: nothing; the call is over" in record(tmp_path / "b.yaml", "caller hangs up", "help").stdout


LINES = st.sampled_from([
    "+1s", "+7s", "wait for alice rings", "wait for alice answers", "wait for RECORD_START", "wait for recording stops",
    "alice answers", "alice rejects", "caller speaks for 2s", "alice speaks for 3s", "caller presses 12",
    "caller holds", "caller resumes", "alice hangs up", "caller hangs up", "undo",
])  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=8))
def test_the_file_is_the_call_that_was_driven(tmp_path: Path, lines: list[str]) -> None:
    """Whatever is typed: the scenario, run from its file, has the very events of the session, and passes."""
    driven = session(tmp_path)
    driven.begin()
    for line in lines:
        try:
            driven.undo() if line == "undo" else driven.do(line)
        except CallflowError:
            continue
    driven.finish()
    run = simulate(load_scenario(driven.file)[0])
    assert run.result().failures == ()
    mine = [(row.at_ms, row.leg, row.kind, row.name) for row in driven.run.rows if row.kind not in ("TRACE", "INPUT")]
    thine = [(row.at_ms, row.leg, row.kind, row.name) for row in run.rows if row.kind not in ("TRACE", "INPUT")]
    assert mine == thine


def test_a_number_of_an_account(tmp_path: Path) -> None:
    """CALLFLOW may be a number of the account, which is then what the caller dials."""
    account = tmp_path / "account.json"
    flow = {"module": "user", "data": {"id": "alice"}, "children": {}}
    data = {"users": [{"id": "alice"}], "devices": [{"id": "desk", "owner_id": "alice"}]}
    account.write_text(json.dumps({**data, "callflows": [{"id": "f", "numbers": ["2001"], "flow": flow}]}), "utf-8")
    out = tmp_path / "a.yaml"
    assert record(out, "alice answers", flow="2001", more=("--account", account)).exit_code == 0
    (scenario,) = load_scenario(out)
    assert (scenario.callflow, scenario.calls[0].caller.dials, scenario.account) == ("2001", "2001", "account.json")
    assert simulate(scenario).result().failures == ()


@pytest.mark.parametrize(
    ("flow", "name", "message"),
    [
        ("2001", "a.yaml", "is a number; add --account"),
        (FLOW, "a.txt", "a scenario is a .yaml file"),
        (FLOW, "there.yaml", "there is such a file already"),
        ("none.json", "a.yaml", "there is no such file"),
        (FLOW, "no-folder/a.yaml", "there is no such folder"),
    ],
)
def test_wrong_input_is_one_line(tmp_path: Path, flow: object, name: str, message: str) -> None:
    """Status 2 and what would be right; nothing that is there is overwritten."""
    (tmp_path / "there.yaml").write_text("mine", "utf-8")
    result = record(tmp_path / name, flow=flow)
    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert (tmp_path / "there.yaml").read_text("utf-8") == "mine"


def test_nothing_to_undo_at_first(tmp_path: Path) -> None:
    """The call itself stays placed."""
    driven = session(tmp_path)
    driven.begin()
    with pytest.raises(ScenarioError):
        driven.undo()
