"""A file's cases: each is over with an outcome of its own, whatever happens in it (issue 5, 2)."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from callflow.cli import verbs
from callflow.core.errors import ImpossibleEvent
from callflow.scenario.preparing import Choices
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.repeating import repeat_command
from callflow.testing.running import run_file
from callflow.testing.selecting import Selection, read_condition

Writer = Callable[..., Path]
PLAIN = Orders(Choices())
TABLE = "examples: [{LENGTH: 9s}, {LENGTH: 8s}, {LENGTH: 9s}]"


def only(path: Path, orders: Orders = PLAIN) -> CaseResult:
    """The one case of a file."""
    (case,) = run_file(path, orders)
    return case


def test_what_is_as_expected_passes(write_scenario: Writer) -> None:
    """Name, tags, profile and time are told; there is nothing to repeat."""
    case = only(write_scenario("call.yaml", title="A call", more="tags: [smoke]"))
    assert (case.outcome, case.name, case.tags, case.profile) == ("passed", "A call", ("smoke",), "docs")
    assert (case.row, case.failures, case.repeat, case.story) == (None, (), "", "")
    assert case.duration_ms > 0


def test_an_unmet_expectation_fails_with_its_place(write_scenario: Writer) -> None:
    """File and line, what was expected, what came nearest, and the command that shows it again."""
    file = write_scenario("call.yaml", length="8s")
    case = only(file)
    assert case.outcome == "failed"
    (failure,) = case.failures
    assert failure.message.startswith(f"{file}:11: expect.recordings[0]: expected {{length: 8s}}; ")
    assert failure.nearest == "length 0:09.000"
    assert case.repeat == shlex.join(["callflow", "run", str(file)])


def test_every_row_is_a_case_under_every_profile(write_scenario: Writer) -> None:
    """`examples:` and `--profile` multiply; rows are counted from 0."""
    file = write_scenario("call.yaml", length="'{LENGTH}'", more=TABLE)
    cases = list(run_file(file, Orders(Choices(), profiles=("docs", "kazoo-4"))))
    assert [(case.row, case.chosen, case.profile) for case in cases] == [
        (row, profile, profile) for row in (0, 1, 2) for profile in ("docs", "kazoo-4")
    ]
    assert [case.outcome for case in cases][:4:2] == ["passed", "failed"]
    assert cases[2].label == f"{file}[1] (docs)"


def test_only_what_is_selected_runs(write_scenario: Writer) -> None:
    """By the selection, and by what is wanted of the file."""
    file = write_scenario("call.yaml", length="'{LENGTH}'", more=TABLE)
    assert list(run_file(file, Orders(Choices(), selection=Selection(read_condition("nothing"))))) == []
    assert [case.row for case in run_file(file, PLAIN, frozenset({(1, ""), (2, "kazoo-5")}))] == [1]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("timelime: []", '12: timelime: unknown key "timelime"; did you mean "timeline"?'),
        ("tags: [", "13:1: broken YAML"),
    ],
)
def test_a_broken_file_is_a_broken_case(write_scenario: Writer, more: str, problem: str) -> None:
    """Its message is that of `callflow run`; it is told whatever is selected, as nobody knows what it has."""
    file = write_scenario("call.yaml", more=more)
    case = only(file, Orders(Choices(), selection=Selection(tags=frozenset({"other"}))))
    assert (case.outcome, case.is_whole, case.name) == ("broken", True, "")
    assert case.failures[0].message.startswith(f"{file}:{problem}")


def test_a_broken_callflow_breaks_the_case_with_all_its_faults(write_scenario: Writer) -> None:
    """Every fault is told, not the first alone; other rows of the file are not lost."""
    file = write_scenario("call.yaml")
    (file.parent / "flow.json").write_text('{"module": "usr", "data": {}, "children": {"_": {"module": 3}}}')
    case = only(file)
    assert case.outcome == "broken"
    assert not case.is_whole
    assert all("flow.json" in failure.message for failure in case.failures)


def test_a_fault_of_ours_is_an_error_and_not_the_end(write_scenario: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Design §9: ImpossibleEvent is our bug; the traceback's end is among the details."""

    def impossible(self: object) -> None:
        raise ImpossibleEvent("recorder: STOPPED in ARMED; this cannot be")

    monkeypatch.setattr("callflow.simulate.Run.summary", impossible)
    case = only(write_scenario("call.yaml"))
    assert case.outcome == "error"
    expected = "this is our bug, please report it: ImpossibleEvent: recorder: STOPPED in ARMED; this cannot be"
    assert case.failures[0].message == expected
    assert any("raise ImpossibleEvent" in line for line in case.details)


def test_an_action_that_raises_is_an_error_with_its_node(
    write_scenario: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Design §12: the flow goes on, and the outcome is an error even if all else is as expected."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("callflow.actions.user._dial", broken)
    case = only(write_scenario("call.yaml"))
    assert case.outcome == "error"
    assert case.failures[0].message.startswith("flow.children._: action 'user' of call ")
    assert case.failures[0].message.endswith(" failed: ZeroDivisionError: by nothing")


def test_ctrl_c_is_nobody_s_outcome(write_scenario: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who interrupts wants the end, not a failed case."""

    def interrupted(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("callflow.simulate.Run.summary", interrupted)
    with pytest.raises(KeyboardInterrupt):
        only(write_scenario("call.yaml"))


def test_the_story_is_told_of_what_fails_alone(write_scenario: Writer) -> None:
    """Who asks for it gets the timeline that `callflow run` prints."""
    orders = Orders(Choices(), tells=True)
    assert only(write_scenario("a.yaml"), orders).story == ""
    story = only(write_scenario("b.yaml", length="8s"), orders).story
    assert "alice rings" in story.splitlines()[4]


def test_sound_is_made_only_where_it_is_wanted(
    write_scenario: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Design §12: no file without `out`; with it each case has a folder, by its file's path."""
    monkeypatch.chdir(tmp_path)
    write_scenario("sub/call.yaml", length="'{LENGTH}'", more=TABLE)
    before = sorted(tmp_path.rglob("*"))
    list(run_file(Path("sub/call.yaml"), PLAIN))
    assert sorted(tmp_path.rglob("*")) == before
    list(run_file(Path("sub/call.yaml"), Orders(Choices(), ("kazoo-5",), out=Path("out"))))
    made = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.wav"))
    assert made == [f"sub/call.yaml/row-{row}/kazoo-5/recording-0-call.wav" for row in (0, 1, 2)]


def test_no_path_leaves_the_out_folder(write_scenario: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file elsewhere has its folder inside all the same."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_scenario("there/call.yaml")
    assert only(Path("../there/call.yaml"), Orders(Choices(), out=Path("out"))).outcome == "passed"
    assert [path.as_posix() for path in Path("out").rglob("*.wav")] == ["out/there/call.yaml/recording-0-call.wav"]


def test_the_command_repeats_the_case_at_its_moment(write_scenario: Writer) -> None:
    """A scenario without `start:` takes the real time once; its command names that moment, and fails again."""
    file = write_scenario("a call.yaml", length="8s", start="")
    now = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
    case = only(file, Orders(Choices(now=now, seed=7), profiles=("kazoo-4",)))
    words = shlex.split(case.repeat)
    options = ["--profile", "kazoo-4", "--seed", "7", "--start", "2026-12-24T18:00:00Z"]
    assert words == ["callflow", "run", str(file), *options]
    again = CliRunner().invoke(verbs, [*words[1:], "--out", str(file.parent / "out")])
    assert again.exit_code == 1
    assert f"failed: {case.failures[0].message}" in again.output


def test_a_command_is_quoted_and_holds_no_password() -> None:
    """It can be pasted into a shell, and into a ticket."""
    values = {"URL": "http://bob:secret@host/", "NAME": "Bob's; rm -rf /"}
    choices = Choices(values=values, strict=True, skip_unsimulated=True, start=datetime(2026, 1, 2, tzinfo=UTC))
    command = repeat_command("-x; y.yaml", choices, row=3)
    words = shlex.split(command)
    assert words[:8] == ["callflow", "run", "./-x; y.yaml", "--row", "3", "--start", "2026-01-02T00:00:00Z", "--with"]
    assert words[9:] == ["--with", "NAME=Bob's; rm -rf /", "--strict", "--skip-unsimulated"]
    assert "secret" not in command
