"""Exceptions as exit statuses and lines on stderr (design §7, §9)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

from callflow.cli.faults import OUR_BUG, Reported, exit_status
from callflow.core import errors

BUG = "error: this is our bug, please report it: "

STATUSES: list[tuple[BaseException, int]] = [
    (errors.FlowError("a", "b"), 2),
    (errors.ScenarioError("a", "b"), 2),
    (errors.DocumentError("a", "b"), 2),
    (errors.MediaError("a"), 2),
    (errors.StorageError("a"), 2),
    (errors.RunawayError("a"), 2),
    (errors.RegistrationError("a"), 2),
    (click.UsageError("a"), 2),
    (click.FileError("a"), 2),
    (errors.ImpossibleEvent("a"), 3),
    (errors.StuckCall("a"), 3),
    (errors.ActionError("a"), 3),
    (errors.CallflowError("a"), 3),
    (ZeroDivisionError("a"), 3),
    (RecursionError("a"), 3),
    (PermissionError(13, "a"), 3),
    (KeyboardInterrupt(), 130),
    (click.Abort(), 130),
    (BrokenPipeError(), 141),
]


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that tracebacks go to, new for each test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("CALLFLOW_DEBUG", raising=False)
    return tmp_path


def end_of(fault: BaseException) -> int:
    """The status with which a program ends that raises `fault`."""
    with pytest.raises(SystemExit) as ended, Reported():
        raise fault
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(("fault", "status"), STATUSES, ids=lambda each: type(each).__name__)
def test_status_by_class(fault: BaseException, status: int) -> None:
    """Design §7: 2 for the user's input, 3 for our bugs, and what a shell says of signals."""
    assert exit_status(fault) == status


@pytest.mark.parametrize(("fault", "status"), [each for each in STATUSES if each[1] != 141])
def test_whoever_raises_ends_with_the_status(fault: BaseException, status: int) -> None:
    """The wrapper turns the class into the process's end."""
    assert end_of(fault) == status


def test_every_error_of_ours_is_decided() -> None:
    """Each class of core.errors stands in the list above, so that a new one is thought about."""
    ours = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.CallflowError)}
    assert ours <= {type(fault) for fault, _ in STATUSES}


def test_a_fault_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`error: where: what; hint` on stderr, nothing on stdout, no traceback."""
    end_of(errors.FlowError("a.json:3: flow.data", "4 is out of bounds", "write 5 to 10800"))
    assert capsys.readouterr() == ("", "error: a.json:3: flow.data: 4 is out of bounds; write 5 to 10800\n")


def test_further_faults_are_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    """The notes of a fault are the other faults of the same document."""
    fault = errors.ScenarioError("a", "one")
    fault.add_note("b: two")
    fault.add_note("c: three")
    end_of(fault)
    assert capsys.readouterr().err == "error: a: one\nerror: b: two\nerror: c: three\n"


def test_hostile_words_stay_on_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of a document never reach the terminal, in notes neither."""
    fault = errors.FlowError("a\x1b[2J", "x\ny\r", "\u202egnp")
    fault.add_note("\x07bell")
    end_of(fault)
    assert capsys.readouterr().err == "error: a\\x1b[2J: x\\ny\\r; \\u202egnp\nerror: \\x07bell\n"


def test_a_bug_leaves_its_traceback_in_a_file(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 3: a line that asks for a report and names the file, which nobody else can read."""
    assert end_of(errors.ImpossibleEvent("recorder got\nLEG_GONE")) == OUR_BUG
    (file,) = kept.iterdir()
    line = f"{BUG}ImpossibleEvent: recorder got\\nLEG_GONE; the traceback is in {file}\n"
    assert capsys.readouterr().err == line
    story = file.read_text(encoding="utf-8")
    assert story.startswith("Traceback") and "in end_of" in story and "LEG_GONE" in story
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_bug_is_shown_when_asked_for(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CALLFLOW_DEBUG=1 shows the traceback instead, escaped like everything else."""
    monkeypatch.setenv("CALLFLOW_DEBUG", "1")
    end_of(ValueError("\x1b[2J"))
    first, second, *_, last = capsys.readouterr().err.splitlines()
    assert first == f"{BUG}ValueError: \\x1b[2J"
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: \\x1b[2J"
    assert list(kept.iterdir()) == []


def test_a_bug_is_shown_where_no_file_can_be_written(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full or missing temporary folder does not hide what happened."""
    monkeypatch.setattr(tempfile, "tempdir", str(kept / "missing"))
    assert end_of(ValueError("x")) == OUR_BUG
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [SystemExit(4), click.exceptions.Exit(5)])
def test_a_chosen_end_passes(fault: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    """A verb that exits with a status of its own is not reported."""
    with pytest.raises(type(fault)) as ended, Reported():
        raise fault
    assert ended.value is fault
    assert capsys.readouterr() == ("", "")


def test_no_fault_no_end() -> None:
    """Nothing raised: the program goes on."""
    with Reported():
        done = True
    assert done


def test_usage_errors_name_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Click's sentences over several lines become one, with the way to more help."""
    context = click.Context(click.Command("lint"), info_name="lint")
    end_of(click.UsageError("Missing argument. Choose from:\n\ta,\n\tb.", context))
    assert capsys.readouterr().err == "error: lint: Missing argument. Choose from: a, b; see lint --help\n"


def test_an_interrupt_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with 130 and no traceback."""
    assert end_of(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


@pytest.mark.parametrize("arguments", [["modules"], ["--help"], ["modules", "record_call", "--json"]])
def test_a_reader_that_goes_is_no_error(arguments: list[str]) -> None:
    """`callflow modules | head -1`: quiet, and the status that a shell knows from a broken pipe."""
    command = [sys.executable, "-m", "callflow", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 141


def test_a_closed_stderr_keeps_the_status() -> None:
    """Where nobody reads errors the status still says what happened."""
    command = [sys.executable, "-m", "callflow", "lnit"]
    read_end, write_end = os.pipe()
    os.close(read_end)
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=write_end, timeout=60)
    os.close(write_end)
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_a_bug_in_a_verb_ends_the_process_with_3(tmp_path: Path) -> None:
    """From the outside: status 3, one line, a file that holds the traceback."""
    (tmp_path / "callflow_broken.py").write_text(
        "from callflow.cli import main\nimport callflow.schemas as schemas\n"
        "schemas.module_schemas = lambda: 1 / 0\nmain(['modules'])\n"
    )
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "callflow_broken.py")],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith(f"{BUG}ZeroDivisionError: division by zero; the traceback is in {tmp_path}")
    assert ended.stderr.count("\n") == 1
