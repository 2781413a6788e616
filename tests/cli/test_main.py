"""The command itself: verbs by name, imported late; usage errors in one line (design §7, §9)."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import callflow as package
from callflow.cli import VERBS, verbs

HEAVY = "numpy rich starlette uvicorn sqlalchemy soundfile pydub ruamel structlog httpx2 callflow.simulate".split()


def callflow(*arguments: str | Path) -> Result:
    """Run `callflow` with arguments; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("option", ["--help", "--version", "-h"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    """Design §7: a verb's file is imported only when that verb runs, so the first answer is quick."""
    program = (
        "import sys; from callflow.cli import main\n"
        f"try: main([{option!r}])\n"
        f"except SystemExit as end: print('ended', end.code, [each for each in {HEAVY!r} if each in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "ended 0 []"


def test_help_lists_every_verb_in_its_order() -> None:
    """Issue 2, item 10: the verbs there are, each with a line of help, and no verb of a later issue."""
    shown = callflow("--help").stdout
    lines = shown[shown.index("Commands:") :].splitlines()[1:]
    assert [line.split()[0] for line in lines] == [
        "demo", "run", "test", "lint", "draw", "report", "explain", "diff", "sweep", "race", "replay",
        "record", "scan", "receive", "outbox", "generate", "coverage", "schema", "modules",
    ]  # fmt: skip
    for line, (_, help_line) in zip(lines, VERBS.values(), strict=True):
        assert line.endswith(help_line)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_command_with_help(verb: str) -> None:
    """One file a verb, with a click command named `command` that explains itself."""
    assert isinstance(importlib.import_module(VERBS[verb][0]).command, click.Command)
    result = callflow(verb, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: callflow {verb} [OPTIONS]")


@pytest.mark.parametrize("verb", ["lint", "draw", "receive", "modules", "run"])
def test_help_gives_an_example(verb: str) -> None:
    """A newcomer copies the example of the help text."""
    assert f": callflow {verb} " in " ".join(callflow(verb, "--help").stdout.split())


def test_version_is_the_packages() -> None:
    """`--version` names program and version."""
    assert callflow("--version").stdout == f"callflow, version {package.__version__}\n"


def test_a_misspelt_verb_is_told_the_right_one() -> None:
    """Usage errors: one line, what would be right, status 2, nothing on stdout."""
    result = callflow("lnit", "x.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: callflow: \"lnit\" is no command; did you mean 'lint'?\n"


def test_an_unknown_verb_is_told_what_there_is() -> None:
    """A verb like none of ours: the error lists them; control characters do not reach the terminal."""
    result = callflow("\x1b[2Jexplode")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"is no command; there are {', '.join(VERBS)}\n")
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("arguments", [("--bogus",), ("lint", "--bogus", "x.json"), ("lint",), ("draw",), ("receive",)])
def test_usage_errors_are_one_line(arguments: tuple[str, ...]) -> None:
    """A wrong option and a missing argument: `error: where: what; hint`, status 2."""
    result = callflow(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    verb = " ".join(["callflow", *[each for each in arguments if each in VERBS]])
    assert result.stderr.startswith(f"error: {verb}: ")
    assert result.stderr.endswith(f"see {verb} --help\n")
    assert result.stderr.count("\n") == 1


def test_no_verb_at_all_shows_the_help() -> None:
    """`callflow` alone is no success, and says on stderr what can be done."""
    result = callflow()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: callflow [OPTIONS] COMMAND")


def test_the_package_runs_as_a_program() -> None:
    """`python -m callflow` is `callflow`."""
    ended = subprocess.run([sys.executable, "-m", "callflow", "lnit"], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr == "error: callflow: \"lnit\" is no command; did you mean 'lint'?\n"


@pytest.mark.parametrize(("no_color", "is_coloured"), [("1", False), ("", True)])
def test_no_color_is_honoured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_color: str, is_coloured: bool
) -> None:
    """With NO_COLOR set and not empty nothing is coloured, on a terminal neither."""
    monkeypatch.setenv("NO_COLOR", no_color)
    (tmp_path / "empty.json").write_text('{"flow": {"module": "nobody_has_it"}}')
    # CliRunner's `color` stands for a terminal: click then keeps colours unless told otherwise
    result = CliRunner().invoke(verbs, ["lint", str(tmp_path / "empty.json")], color=True)
    assert result.exit_code == 0
    assert ("\x1b[" in result.output) is is_coloured


def test_piped_output_is_plain() -> None:
    """Where nobody sees colours there are none."""
    assert "\x1b" not in callflow("modules").stdout + callflow("lint", "missing.json").stdout
