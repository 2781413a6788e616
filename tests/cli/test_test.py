"""`callflow test`: statuses, selection, memory, reports, and what a new user sees of what is wrong (issue 5, 2)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.core.errors import ImpossibleEvent

FLOW = {
    "module": "record_call",
    "data": {"action": "start", "format": "wav", "url": "http://my.server/r"},
    "children": {"_": {"module": "user", "data": {"id": "alice"}}},
}
GOOD, BAD = "9s", "8s"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where the tester stands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scenario(name: str, length: str = GOOD, more: str = "", step: str = "alice answers") -> str:
    """A scenario's file: Bob calls, Alice answers at 4 s, Bob leaves at 9 s."""
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "flow.json").write_text(json.dumps(FLOW), encoding="utf-8")
    file.write_text(
        f"scenario: The call of {file.stem}\ncallflow: flow.json\nstart: 2026-11-30T10:00:00Z\n"
        'caller: {number: "+14155550100", name: Bob, dials: "2001"}\n'
        f"timeline:\n  - at 0s: caller calls\n  - at 4s: {step}\n  - at 9s: caller hangs up\n"
        f"expect:\n  recordings:\n    - {{length: {length}}}\n{more}\n",
        encoding="utf-8",
    )
    return name


def run(*arguments: object) -> Result:
    """Run the verb in this process."""
    result = CliRunner().invoke(verbs, ["test", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(*arguments: object) -> dict[str, Any]:
    """Its object."""
    found: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return found


def test_all_as_expected_is_status_0() -> None:
    """Points, a count, and nothing left behind."""
    scenario("a.yaml")
    scenario("sub/b.scenario.yaml")
    done = run(".")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert (lines[0], lines[1]) == ("..", "")
    assert lines[2].startswith("2 cases in ")
    assert lines[2].endswith(" s: 2 passed")
    assert not Path(".callflow").exists()


def test_what_a_new_user_sees_of_what_is_wrong() -> None:
    """Must show: an unmet expectation, a broken file, an unknown verb, a step that never happens, each understood."""
    scenario("good.yaml")
    scenario("unmet.yaml", BAD)
    scenario("verb.yaml", step="alice ansers")
    scenario("never.yaml", step="alice answers\n  - when voicemail records: caller presses 1")
    Path("broken.scenario.yaml").write_text("scenario: A\n  callflow: [\n")
    done = run(".")
    assert done.exit_code == 2
    text = done.stdout
    for message, command in (
        ("unmet.yaml:11: expect.recordings[0]: expected {length: 8s}; recording 0 has length 0:09.000", "unmet.yaml"),
        ('verb.yaml:7: timeline[1]: unknown verb "ansers"; did you mean "answers"?', "verb.yaml"),
        ("never.yaml:8: timeline[2]: 'when voicemail records: caller presses 1' never happened", "never.yaml"),
        ("broken.scenario.yaml:2:11: broken YAML: mapping values are not allowed here", "broken.scenario.yaml"),
    ):
        assert f"\n  {message}" in text
        assert f"\n  repeat: callflow run {command}\n" in text
    assert text.splitlines()[-1].endswith(": 1 passed, 2 failed, 2 broken")


def test_an_unmet_expectation_is_status_1() -> None:
    """Design §7."""
    scenario("a.yaml", BAD)
    assert run("a.yaml").exit_code == 1


def test_wrong_input_is_status_2_also_beside_failures() -> None:
    """Design §12: of several, 2 counts before 1."""
    scenario("a.yaml", BAD)
    assert run("a.yaml", "missing.yaml").exit_code == 2


def test_our_bug_is_status_3_before_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Design §12: 3 counts before 2; the other files run all the same."""

    def impossible(self: object) -> None:
        raise ImpossibleEvent("this cannot be")

    monkeypatch.setattr("callflow.simulate.Run.summary", impossible)
    scenario("a.yaml")
    done = run("a.yaml", "missing.yaml")
    assert done.exit_code == 3
    assert "this is our bug, please report it: ImpossibleEvent: this cannot be" in done.stdout
    assert "1 broken, 1 error" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["."], "no scenario under .; a scenario is a YAML or JSON file with `scenario:` in it"),
        (["a.yaml", "-k", "nobody"], "nothing to run in the only file; no scenario there has what -k, --tag or"),
        (["a.yaml", "-k", "a b"], '-k: "b" comes unexpectedly; put `and` or `or` between words'),
        (["a.yaml", "--workers", "many"], "it is neither auto nor a number from 1 to 256"),
        (["a.yaml", "--golden", "--update"], "--golden compares what --update writes; give one of them"),
        (["a.yaml", "--junit", "/dev/null/x.xml"], "choose another file with --junit"),
        ([], "Missing argument 'PATH...'"),
    ],
)
def test_nothing_to_run_is_wrong_input(arguments: list[str], message: str) -> None:
    """Status 2 and one line that says what would be right: a suite that runs nothing is not green."""
    if "a.yaml" in arguments:
        scenario("a.yaml")
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_words_and_tags_select() -> None:
    """-k looks at file, name and tags; --tag at tags alone."""
    scenario("one.yaml", more="tags: [smoke]")
    scenario("two.yaml", more="tags: [smoke, slow]")
    scenario("three.yaml")
    assert [case["file"] for case in told(".", "-k", "one or three")["cases"]] == ["one.yaml", "three.yaml"]
    assert [case["file"] for case in told(".", "--tag", "smoke", "-k", "not slow")["cases"]] == ["one.yaml"]
    assert [case["file"] for case in told(".", "--tag", "slow", "--tag", "smoke")["cases"]] == ["one.yaml", "two.yaml"]


def test_list_runs_nothing() -> None:
    """Names and tags, rows too."""
    scenario("a.yaml", "'{LENGTH}'", "tags: [x]\nexamples: [{LENGTH: 1s}, {LENGTH: 2s}]")
    done = run(".", "--list")
    assert done.exit_code == 0
    assert done.stdout == "a.yaml[0]  The call of a  [x]\na.yaml[1]  The call of a  [x]\n"
    assert [case["outcome"] for case in told(".", "--list")["cases"]] == ["listed", "listed"]


def test_failed_runs_what_failed_last_time() -> None:
    """Row by row, until it passes; then everything runs again, and that is said."""
    scenario("a.yaml", "'{LENGTH}'", "examples: [{LENGTH: 9s}, {LENGTH: 8s}]")
    scenario("b.yaml")
    assert run(".").exit_code == 1
    assert [(case["file"], case["row"]) for case in told(".", "--failed")["cases"]] == [("a.yaml", 1)]
    scenario("a.yaml", "'{LENGTH}'", "examples: [{LENGTH: 9s}, {LENGTH: 9s}]")
    assert run(".", "--failed").exit_code == 0
    done = run(".", "--failed")
    assert done.stderr == "nothing here failed last time: everything runs\n"
    assert done.stdout.startswith("...\n")


def test_a_folder_that_cannot_be_written_spoils_no_run() -> None:
    """The verdict stands; that nothing is remembered is said."""
    scenario("a.yaml", BAD)
    Path(".callflow").write_text("in the way")
    done = run("a.yaml")
    assert done.exit_code == 1
    assert done.stderr.startswith("what failed is not remembered for --failed: ")


def test_maxfail_stops() -> None:
    """What was not run is counted, the rest is judged as always."""
    for name in "abcd":
        scenario(f"{name}.yaml", GOOD if name == "a" else BAD)
    done = run(".", "--maxfail", 2)
    assert done.exit_code == 1
    last = done.stdout.splitlines()[-1]
    assert last.endswith(": 1 passed, 2 failed; 1 of 4 files not run: stopped after 2 failures")
    assert told(".", "--maxfail", 1)["ended"] == "stopped after 1 failure"


def test_profiles_multiply() -> None:
    """--profile may be repeated; each case says which."""
    scenario("a.yaml")
    found = told(".", "--profile", "docs", "--profile", "kazoo-5")
    assert [(case["profile"], case["outcome"]) for case in found["cases"]] == [
        ("docs", "passed"),
        ("kazoo-5", "passed"),
    ]


def test_choices_reach_the_run() -> None:
    """--with, --seed, --start and --strict are those of `callflow run`, and stand in the command that repeats."""
    scenario("a.yaml", BAD)
    (case,) = told("a.yaml", "--with", "A=b", "--seed", 5, "--start", "2026-01-01T00:00:00Z", "--strict")["cases"]
    assert case["repeat"] == "callflow run a.yaml --seed 5 --start 2026-01-01T00:00:00Z --with A=b --strict"


def test_processes_give_the_same_object() -> None:
    """In the same order, too; only times differ."""
    for number in range(6):
        scenario(f"{number}.yaml", GOOD if number % 2 else BAD)
    one, two = told(".", "--workers", 1), told(".", "--workers", 2)
    assert (one["workers"], two["workers"]) == (1, 2)
    for each in (one, two):
        del each["wall_ms"], each["workers"]
        for case in each["cases"]:
            del case["duration_ms"]
    assert one == two


def test_verbose_says_what_was_passed_over() -> None:
    """Who misses a scenario finds out why."""
    scenario("a.yaml")
    done = run(".", "-v", "--durations", 1)
    assert done.stdout.startswith(
        "passed over: flow.json: no `scenario:` among its outermost keys\npassed a.yaml\n\nslowest 1:\n"
    )


def test_golden_traces_are_written_and_compared() -> None:
    """--update writes, --golden compares; what was written is named."""
    scenario("a.yaml")
    assert "wrote a.trace.jsonl" in run("a.yaml", "--update").stdout
    assert run("a.yaml", "--golden").exit_code == 0
    kept = Path("a.trace.jsonl")
    kept.write_text(kept.read_text().replace("CHANNEL_ANSWER", "CHANNEL_OTHER"))
    done = run("a.yaml", "--golden")
    assert done.exit_code == 1
    assert "  kept " in done.stdout
    assert "  repeat: callflow test a.yaml --golden" in done.stdout


def test_junit_and_sound_are_written() -> None:
    """--junit and --out."""
    scenario("a.yaml", BAD)
    assert run("a.yaml", "--junit", "out/report.xml", "--out", "out").exit_code == 1
    assert parse("out/report.xml").getroot().get("failures") == "1"
    assert Path("out/a.yaml/recording-0-call.wav").stat().st_size > 0


def test_ctrl_c_sums_up_what_ran() -> None:
    """Status 130, the count of what ran, no traceback, and no process left behind."""
    scenario("0.yaml", "'{LENGTH}'", "examples:\n  - [LENGTH]\n" + "  - [9s]\n" * 3_000)
    scenario("1.yaml", "'{LENGTH}'", "examples:\n  - [LENGTH]\n" + "  - [9s]\n" * 3_000)
    command = [sys.executable, "-P", "-m", "callflow", "test", ".", "--workers", "2", "-v"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("passed 0.yaml[0]"))
        os.killpg(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, ""), line
    assert rest.splitlines()[-1].endswith(" files not run: interrupted")
