"""Linting account files: what they are, their storage plan, every callflow in them (B§6.7; issue 4, item 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.lint.accounts import is_account

ACCOUNT = """\
id: acme
users: [{id: alice}]
devices: [{id: alice-desk, owner_id: alice}]
callflows:
  - {id: f, name: main, numbers: ["2001"], flow: {module: record_call, data: {action: start}}}
storage:
  attachments:
    0123456789abcdef0123456789abcdef:
      handler: http
      settings: {url: "https://user:geheim@rec.example/in"}
  plan:
    modb:
      types:
        call_recording: {attachments: {handler: 0123456789abcdef0123456789abcdef}}
"""
PLAN = "storage.plan.modb.types.call_recording.attachments.handler"


def lint(folder: Path, text: str, *options: str) -> Result:
    """Run `callflow lint` on an account file of this text."""
    path = folder / "acme.yaml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(verbs, ["lint", str(path), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "geheim" not in result.output
    return result


def test_an_account_says_what_it_is(tmp_path: Path) -> None:
    """Issue 4: an account file is recognised, and its storage plan named."""
    result = lint(tmp_path, ACCOUNT, "--verbose")
    assert result.exit_code == 0
    what = f"this is an account; users: 1, callflows: 1, storage plan: {PLAN}: http"
    assert f"{tmp_path / 'acme.yaml'}: info: {what} [account]" in result.stdout
    assert "recording-not-stored" not in result.stdout


def test_its_callflows_are_checked(tmp_path: Path) -> None:
    """Without the plan the recording of its callflow is stored nowhere, and the linter says where that stands (C18)."""
    result = lint(tmp_path, ACCOUNT.partition("storage:")[0])
    assert result.exit_code == 0
    assert f"{tmp_path / 'acme.yaml'}:5: callflows[0].flow.data: warning: there is no url" in result.stdout


def test_everybody_a_callflow_names_is_looked_for(tmp_path: Path) -> None:
    """A callflow that rings nobody's user is said, also when it is written inside a node."""
    inner = "{module: callflow, data: {flow: {module: user, data: {id: bob}}}}"
    text = ACCOUNT.replace("{module: record_call, data: {action: start}}", inner)
    assert 'the account has no user "bob"' in lint(tmp_path, text).stdout


@pytest.mark.parametrize(
    ("change", "place", "hint"),
    [
        (("handler: http", "handler: htp"), "9: storage.attachments.", "did you mean 'ftp'?"),
        (("call_recording: {", "call_recordin: {"), "14: storage.plan.modb.types.", "did you mean 'call_recording'?"),
        (("handler: http", "handler: azure"), f"14: {PLAN}: ", "use one of the handlers ftp, http, s3"),
        (("action: start", "action: strat"), "5: callflows[0].flow.data.action: ", 'write "start" or "stop"'),
    ],
)
def test_what_is_wrong_has_file_and_line(tmp_path: Path, change: tuple[str, str], place: str, hint: str) -> None:
    """Design §9: file, line, JSON path, what is wrong and what would be right; status 2."""
    result = lint(tmp_path, ACCOUNT.replace(*change))
    assert result.exit_code == 2
    (line,) = [each for each in result.stdout.splitlines() if "error:" in each]
    assert line.startswith(f"{tmp_path / 'acme.yaml'}:{place}") and line.endswith(f"{hint} [wrong-input]")


def test_a_clouds_handler_can_be_skipped(tmp_path: Path) -> None:
    """Design §12: with --skip-unsimulated it is a warning, and recordings are stored nowhere."""
    result = lint(tmp_path, ACCOUNT.replace("handler: http", "handler: azure"), "--skip-unsimulated")
    assert result.exit_code == 0
    assert "recordings are stored nowhere" in result.stdout


def test_several_faults_are_a_line_each(tmp_path: Path) -> None:
    """Every fault of the file is shown at once."""
    text = ACCOUNT.replace("handler: http", "handler: azure").replace("[{id: alice}]", "[{id: alice, enabld: true}]")
    result = lint(tmp_path, text)
    assert (result.exit_code, result.stdout.count("error:")) == (2, 2)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"users": []}, True),
        ({"system_config": {}}, True),
        ({"storage": {}, "id": "x"}, True),
        ({"flow": {}, "users": []}, False),
        ({"module": "user"}, False),
        ({"scenario": "x", "timeline": [], "storage": {}}, False),
        ({"scenario": "x", "calls": {}, "storage": {}}, False),
        ({"id": "x"}, False),
        ([], False),
    ],
)
def test_what_is_an_account(document: object, expected: bool) -> None:
    """By the lists that only an account has; a scenario's `storage` is another thing."""
    assert is_account(document) == expected
