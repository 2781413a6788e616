"""`callflow lint`: every kind of bad input in one line with its place and remedy (issue 2, "Bad input"; design §7)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

URL = "http://h/recordings"


def lint(*arguments: str | Path) -> Result:
    """Run `callflow lint`; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["lint", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def callflow_file(folder: Path, *lines: str, module: str = "record_call") -> Path:
    """A callflow of one node whose `data` has these lines, from line 4 of the file on."""
    path = folder / "flow.json"
    inside = ",\n".join(['"action": "start"', *lines]) if module == "record_call" else ",\n".join(lines)
    path.write_text(f'{{"flow": {{\n"module": "{module}",\n"data": {{{inside}}}}}}}\n', encoding="utf-8")
    return path


BAD = [
    ('"time_limt": 60', 4, "time_limt", "unknown setting \"time_limt\" of record_call; did you mean 'time_limit'?"),
    ('"format": 3', 4, "format", "3 is not a string; put it in quotes"),
    ('"record_on_answer": "yes"', 4, "record_on_answer", '"yes" is not true or false; write true or false'),
    ('"time_limit": 4', 4, "time_limit", "4 is out of bounds; write 5 to 10800"),
    ('"time_limit": 10801', 4, "time_limit", "10801 is out of bounds; write 5 to 10800"),
    ('"url": "http"', 4, "url", "4 characters are out of bounds; write at least 5 characters"),
    ('"format": "ogg"', 4, "format", '"ogg" is not one of its values; write "mp3" or "wav"'),
]


@pytest.mark.parametrize(("data", "line", "key", "words"), BAD)
def test_bad_settings_are_one_line_each(tmp_path: Path, data: str, line: int, key: str, words: str) -> None:
    """File, line, JSON path, what is wrong and what would be right; status 2, no traceback."""
    path = callflow_file(tmp_path, data)
    result = lint(path)
    assert result.exit_code == 2
    found = [each for each in result.stdout.splitlines() if "[wrong-input]" in each]
    assert found == [f"{path}:{line}: flow.data.{key}: error: {words} [wrong-input]"]
    assert "Traceback" not in result.output


@pytest.mark.parametrize("value", ["5", "10800"])
def test_bounds_are_inclusive(tmp_path: Path, value: str) -> None:
    """The seed's 5..10800 allows both ends."""
    result = lint(callflow_file(tmp_path, f'"time_limit": {value}', f'"url": "{URL}"'))
    assert (result.exit_code, result.stdout) == (0, "1 callflow: nothing to remark\n")


def test_broken_json_is_one_line(tmp_path: Path) -> None:
    """Broken JSON: line and column where it breaks."""
    path = tmp_path / "broken.json"
    path.write_text('{"flow": {\n"module": "user",\n"data": {"id": }}}')
    result = lint(path)
    assert result.exit_code == 2
    first, summary = result.stdout.splitlines()
    assert first.startswith(f"{path}:3:16: error: broken JSON: ") and "; " in first
    assert summary == "1 callflow: 1 error"


def test_broken_yaml_is_one_line(tmp_path: Path) -> None:
    """Broken YAML is told like broken JSON."""
    path = tmp_path / "broken.yaml"
    path.write_text("flow:\n  module: user\n data: [\n")
    first, _ = lint(path).stdout.splitlines()
    assert first.startswith(f"{path}:3:2: error: broken YAML: ")


def test_missing_files_folders_and_others_are_one_line(tmp_path: Path) -> None:
    """What is no callflow file says what it is; the files beside it are checked all the same."""
    good = callflow_file(tmp_path, f'"url": "{URL}"')
    binary, text = tmp_path / "sound.json", tmp_path / "flow.txt"
    binary.write_bytes(b"ID3\0\0")
    text.write_text("{}")
    result = lint(tmp_path / "flw.json", tmp_path, binary, text, good)
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        f'{tmp_path}/flw.json: error: there is no such file; did you mean "flow.json"? [wrong-input]',
        f"{tmp_path}: error: this is a folder, not a file; name a file in it [wrong-input]",
        f"{binary}: error: this is a binary file; name a .yaml or .json file [wrong-input]",
        f'{text}: error: the ending ".txt" is unknown; name it .yaml, .yml or .json [wrong-input]',
        "5 callflows: 4 errors",
    ]


@pytest.mark.parametrize("document", ["[]", "3", "null", "{}", '{"flow": []}', '{"flow": {"module": 3}}', '"x"'])
def test_other_documents_are_no_callflow(tmp_path: Path, document: str) -> None:
    """JSON that is no callflow: an error, whatever it is, except the empty flow that may be one."""
    path = tmp_path / "other.json"
    path.write_text(document)
    result = lint(path)
    assert result.exit_code == 2
    assert " error: " in result.stdout and "Traceback" not in result.output


def test_every_fault_of_a_file_is_shown(tmp_path: Path) -> None:
    """One run shows the author everything that is wrong."""
    path = callflow_file(tmp_path, '"time_limit": 4', '"formt": "mp3"', '"method": "get"')
    lines = [each for each in lint(path).stdout.splitlines() if "[wrong-input]" in each]
    assert len(lines) == 3


def test_flows_inside_a_flow_are_checked(tmp_path: Path) -> None:
    """A flow written inside a `callflow` node is refused by `run`, so lint says it, at its line."""
    inner = {"module": "record_call", "data": {"action": "start", "time_limit": 4, "url": URL}}
    path = tmp_path / "outer.json"
    path.write_text(json.dumps({"flow": {"module": "callflow", "data": {"flow": inner}}}, indent=0))
    result = lint(path)
    assert result.exit_code == 2
    assert f"{path}:9: flow.data.flow.data.time_limit: error: 4 is out of bounds" in result.stdout


def test_remarks_inside_a_flow_inside_a_flow_have_lines(tmp_path: Path) -> None:
    """The static checks run over inner flows too; each remark stands at its line."""
    inner = {"module": "record_call", "data": {"action": "stop"}}
    path = tmp_path / "outer.json"
    path.write_text(json.dumps({"flow": {"module": "callflow", "data": {"flow": inner}}}, indent=0))
    result = lint(path)
    assert result.exit_code == 0
    assert re.search(r":\d+: flow\.data\.flow: warning: .*\[stop-without-start\]", result.stdout)


def test_malformed_children_are_an_error(tmp_path: Path) -> None:
    """The seed's own malformed `children` is an error-level remark (design §5), at its line."""
    path = tmp_path / "sample.json"
    path.write_text(
        '{"module": "user",\n"data": {"id": "al"},\n"children": {"module": "voicemail", "data": {"id": "b"}}}'
    )
    result = lint(path)
    assert result.exit_code == 2
    first, summary = result.stdout.splitlines()
    assert first.startswith(f"{path}:3: flow.children: error: ")
    assert first.endswith("[bare-children]")
    assert summary == "1 callflow: 1 error, 2 info (--verbose shows them)"


def test_placeholders_are_filled_by_with(tmp_path: Path) -> None:
    """`--with` gives a name its value; a name without one is a warning, and a warning is no error."""
    path = callflow_file(tmp_path, '"url": "http://h/{ACCOUNT_ID}"')
    assert "[unfilled-placeholder]" in lint(path).stdout
    assert lint(path).exit_code == 0
    assert lint(path, "--with", "ACCOUNT_ID=a").stdout == "1 callflow: nothing to remark\n"
    refused = lint(path, "--with", "account=a")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: callflow lint: Invalid value for '--with'")


def test_profiles_read_bounds_their_own_way(tmp_path: Path) -> None:
    """Out of bounds is an error in `docs` and a warning in the kazoo profiles (design §12, Documents)."""
    path = callflow_file(tmp_path, '"time_limit": 4', f'"url": "{URL}"')
    assert lint(path).exit_code == 2
    result = lint(path, "--profile", "kazoo-5")
    assert result.exit_code == 0
    assert "warning: 4 is out of bounds" in result.stdout
    assert lint(path, "--profile", "kazoo-6").exit_code == 2


def test_unsimulated_modules_are_errors_unless_skipped(tmp_path: Path) -> None:
    """A module that Kazoo has and we lack: an error, with --skip-unsimulated a warning."""
    path = callflow_file(tmp_path, module="conference")
    refused = lint(path)
    assert refused.exit_code == 2
    assert "module 'conference' is not simulated yet; run with --skip-unsimulated" in refused.stdout
    allowed = lint(path, "--skip-unsimulated")
    assert allowed.exit_code == 0
    assert "[skipped-unsimulated]" in allowed.stdout


def test_strict_takes_children_literally(tmp_path: Path) -> None:
    """With --strict the malformed `children` is not repaired, and the remark says what that means."""
    path = tmp_path / "bare.json"
    path.write_text('{"module": "answer", "children": {"module": "hangup"}}')
    assert "is read as its `_` child" in lint(path).stdout
    strict = lint(path, "--strict").stdout
    assert "[bare-children]" in strict and "is read as its" not in strict


def test_infos_are_shown_on_request(tmp_path: Path) -> None:
    """Remarks of level info are counted, and shown with --verbose."""
    path = callflow_file(tmp_path, f'"url": "{URL}"', '"colour": "red"')
    assert lint(path).stdout == "1 callflow: 1 info (--verbose shows them)\n"
    shown = lint(path, "--verbose")
    assert shown.exit_code == 0
    assert "flow.data.colour: info: " in shown.stdout
    assert shown.stdout.splitlines()[-1] == "1 callflow: 1 info"


def test_json_is_the_promised_object(tmp_path: Path) -> None:
    """Design §7: `{"diagnostics": […]}`, each with code, severity, where, message, hint in this order; infos too."""
    path = callflow_file(tmp_path, '"time_limit": 4', f'"url": "{URL}"', '"colour": "red"')
    result = lint(path, tmp_path / "missing.json", "--json")
    assert result.exit_code == 2
    printed: dict[str, Any] = json.loads(result.stdout)
    assert list(printed) == ["diagnostics"]
    assert all(list(each) == ["code", "severity", "where", "message", "hint"] for each in printed["diagnostics"])
    assert printed["diagnostics"][0] == {
        "code": "wrong-input",
        "severity": "error",
        "where": f"{path}:4: flow.data.time_limit",
        "message": "4 is out of bounds",
        "hint": "write 5 to 10800",
    }
    assert [each["severity"] for each in printed["diagnostics"]] == ["error", "info", "error"]


def test_json_of_a_clean_file_is_empty(tmp_path: Path) -> None:
    """Nothing to say is an empty list and status 0."""
    result = lint(callflow_file(tmp_path, f'"url": "{URL}"'), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"diagnostics": []})


def test_hostile_documents_stay_on_their_lines(tmp_path: Path) -> None:
    """No control character and no credential of a document reaches the terminal."""
    path = tmp_path / "hostile.json"
    data = {"url": "ftp2://bob:secret@h/\x1b[2J", "time_limit\n": 3, "\x1b]0;x\x07": 1}
    path.write_text(json.dumps({"module": "record_call\r\x1b[1A", "data": data, "children": {"\n": 3}}))
    output = lint(path, "--verbose").output
    assert "secret" not in output
    assert all(line.isprintable() for line in output.splitlines())


PROCESSES = [
    ('{"module": "record_call", "data": {"time_limit": 4}}', "a.json:1: flow.data.time_limit: error: 4 is"),
    ("{", "a.json:1:2: error: broken JSON: "),
]


@pytest.mark.parametrize(("content", "words"), PROCESSES)
def test_as_a_process(tmp_path: Path, content: str, words: str) -> None:
    """From the outside: findings on stdout, nothing on stderr, status 2."""
    (tmp_path / "a.json").write_text(content)
    command = [sys.executable, "-m", "callflow", "lint", "a.json"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert ended.stdout.startswith(words)
