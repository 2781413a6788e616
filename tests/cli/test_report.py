"""`callflow report`: a run as one HTML file (issue 5, item 4)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs


def report(*arguments: object) -> Result:
    """Run `callflow report`; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["report", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def call(staging: ModuleType, tmp_path: Path) -> Path:
    """A scenario file."""
    staging.scenario(tmp_path, "at 1s: alice answers", "at 3s: caller hangs up")
    return tmp_path / "call.json"


def test_the_page_and_its_recordings_are_written(call: Path, tmp_path: Path) -> None:
    """`--out` names the page; the recordings lie in the folder of the same name beside it."""
    done = report(call, "--out", tmp_path / "deep" / "page.html")
    assert done.exit_code == 0, done.output
    page = tmp_path / "deep" / "page.html"
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (tmp_path / "deep" / "page" / "recording-0-call.wav").stat().st_size > 0
    assert done.stdout == f"{page}: passed, {page.stat().st_size:,} bytes\n"


def test_without_out_it_lies_beside_the_recordings(call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default everything lands under out/, as with `callflow run`."""
    monkeypatch.chdir(tmp_path)
    assert report(call).exit_code == 0
    assert {each.name for each in (tmp_path / "out" / "call").iterdir()} == {"report.html", "recording-0-call.wav"}


def test_only_a_page_can_be_written(call: Path, tmp_path: Path) -> None:
    """A name of another kind is refused before anything runs: it may be the scenario's own."""
    done = report(call, "--out", call)
    assert done.exit_code == 2
    assert "a report is an HTML file" in done.output
    assert call.read_text().startswith("{")


def test_a_page_that_cannot_be_written_is_said(call: Path, tmp_path: Path) -> None:
    """The place is a folder's file: one line, status 2."""
    (tmp_path / "file").write_text("here")
    done = report(call, "--out", tmp_path / "file" / "page.html")
    assert done.exit_code == 2
    assert "choose another f" in done.output and len(done.output.splitlines()) == 1
