"""`callflow run`: its object, its statuses, its files, and what it says to wrong input."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "record_per_user"
RECORD = {"action": "start", "format": "mp3"}
MISSPELT = "unknown setting \"time_limt\" of record_call; did you mean 'time_limit'?"
KEYS = ["format", "scenario", "profile", "outcome", "calls", "diagnostics", "failures"]
CALL_KEYS = [
    "call_id", "from", "to", "started_ms", "ended_ms", "hangup_cause", "hangup_by", "path", "recordings",
]  # fmt: skip
RECORDING_KEYS = [
    "id", "kind", "name", "origin", "leg", "format", "channels", "sample_rate", "armed_ms", "started_ms", "ended_ms",
    "length_ms", "ended_by", "completion_cause", "state", "file", "bytes", "delivery",
]  # fmt: skip


def flow(**data: Any) -> dict[str, Any]:
    """A flow that records and rings Alice."""
    return {
        "module": "record_call",
        "data": {**RECORD, **data},
        "children": {"_": {"module": "user", "data": {"id": "alice"}}},
    }


def scenario(folder: Path, document: object, *, steps: str = "", more: str = "") -> Path:
    """A scenario in `folder` on a callflow, which may be text; Bob calls, Alice answers at 4 s, Bob leaves at 9 s."""
    text = document if isinstance(document, str) else json.dumps(document, indent=1)
    (folder / "flow.json").write_text(text)
    file = folder / "call.yaml"
    file.write_text(
        "scenario: A call\ncallflow: flow.json\nstart: 2026-11-30T10:00:00Z\n"
        'caller: {number: "+14155550100", name: Bob, dials: "2001"}\n'
        "timeline:\n  - at 0s: caller calls\n"
        + (steps or "  - at 4s: alice answers\n  - at 9s: caller hangs up\n")
        + more
    )
    return file


def run(*arguments: object) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(verbs, ["run", *map(str, arguments)])


def test_json_is_the_promised_object_and_nothing_else(tmp_path: Path) -> None:
    """Design §7: `run --json` prints one object; its names and their order are a promise."""
    done = run(scenario(tmp_path, flow()), "--json", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert list(printed) == KEYS
    assert list(printed["calls"][0]) == CALL_KEYS
    assert list(printed["calls"][0]["recordings"][0]) == RECORDING_KEYS
    assert list(printed["calls"][0]["recordings"][0]["delivery"]) == ["target", "method", "url", "state", "attempts"]
    assert list(printed["calls"][0]["path"][0]) == ["at_ms", "flow", "where", "module"]
    assert {key for each in printed["diagnostics"] for key in each} == {"code", "severity", "where", "message", "hint"}
    recording = printed["calls"][0]["recordings"][0]
    assert recording["length_ms"] == 9_000
    assert Path(recording["file"]).stat().st_size == recording["bytes"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (flow(time_limt=20), f"flow.json:6: flow.data.time_limt: {MISSPELT}"),
        (flow(time_limit="soon"), 'flow.json:6: flow.data.time_limit: "soon" is not an integer; write an integer'),
        (flow(time_limit=4), "flow.json:6: flow.data.time_limit: 4 is out of bounds; write 5 to 10800"),
        (flow(time_limit=10801), "flow.json:6: flow.data.time_limit: 10801 is out of bounds; write 5 to 10800"),
        (flow(url="http"), "flow.json:6: flow.data.url: 4 characters are out of bounds; write at least 5 characters"),
        ({"module": "conference", "data": {}}, "flow.json:1: flow: module 'conference' is not simulated yet"),
        ('{"module": "record_call",\n "data": {,}}', "flow.json:2:11: broken JSON"),
        ("[]", "flow.json:1: flow:"),
    ],
    ids=["misspelt", "type", "limit4", "limit10801", "url4", "unsimulated", "broken", "list"],
)  # fmt: skip
def test_a_wrong_callflow_is_one_line_and_status_2(tmp_path: Path, document: object, expected: str) -> None:
    """Issue 2, bad input: file, line or JSON path, what would be right, status 2, no traceback."""
    done = run(scenario(tmp_path, document))
    assert done.exit_code == 2
    assert expected in done.stderr.replace(f"{tmp_path}/", "")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("  - at 4s: alcie answers\n", 'call.yaml:7: timeline[1]: unknown party "alcie"; did you mean "alice"?'),
        ("  - at 4s: alice answerz\n", "call.yaml:7: timeline[1]:"),
        ("  - [\n", "call.yaml:8"),
    ],
    ids=["party", "verb", "broken"],
)
def test_a_wrong_scenario_is_one_line_and_status_2(tmp_path: Path, steps: str, expected: str) -> None:
    """Issue 2, bad input: an unknown party, an unknown verb, broken YAML."""
    done = run(scenario(tmp_path, flow(), steps=steps))
    assert done.exit_code == 2
    assert expected in done.stderr.replace(f"{tmp_path}/", "")
    assert done.stderr.count("\n") == 1


def test_a_missing_file_is_one_line_and_status_2(tmp_path: Path) -> None:
    """Issue 2, bad input: a missing file, of the scenario or of its callflow, with the nearest name."""
    file = scenario(tmp_path, flow())
    (tmp_path / "flow.json").rename(tmp_path / "flows.json")
    for path, name in ((file, "flow.json"), (tmp_path / "cal.yaml", "cal.yaml")):
        done = run(path)
        assert done.exit_code == 2
        assert f"{tmp_path / name}: there is no such file" in done.stderr
        assert done.stderr.count("\n") == 1


def test_every_fault_of_a_callflow_is_said_at_once(tmp_path: Path) -> None:
    """One line for each fault, so that a long callflow is mended in one go."""
    done = run(scenario(tmp_path, flow(time_limit=4, url="http")))
    assert done.exit_code == 2
    assert done.stderr.count("error:") == done.stderr.count("\n") == 2


def test_wrong_input_has_its_object_too(tmp_path: Path) -> None:
    """Design §12, Results: `--json` prints its object at status 2 as well."""
    done = run(scenario(tmp_path, flow(time_limit=4)), "--json")
    assert done.exit_code == 2
    printed = json.loads(done.stdout)
    assert list(printed) == KEYS
    assert (printed["outcome"], printed["calls"]) == ("error", [])
    assert printed["diagnostics"][0]["hint"] == "write 5 to 10800"


def test_an_unmet_expectation_is_status_1_and_says_what_came_nearest(tmp_path: Path) -> None:
    """Design §7: status 1; design §6: an expectation that is not met says what came nearest."""
    more = "expect:\n  recordings:\n    - {length: 12s, ended_by: hangup}\n"
    done = run(scenario(tmp_path, flow(), more=more), "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "call.yaml:11" in done.stdout
    assert "0:09.000" in done.stdout


def test_strict_hangs_the_caller_up_where_the_seeds_sample_is_malformed(tmp_path: Path) -> None:
    """Design §5: `--strict` executes the malformed children literally: no `_`, the caller is hung up, no voicemail."""
    done = run(EXAMPLES / "voicemail.yaml", "--strict", "--json", "--out", tmp_path)
    printed = json.loads(done.stdout)
    assert [step["module"] for step in printed["calls"][0]["path"]] == ["record_call", "user", "record_call"]
    assert printed["calls"][0]["hangup_by"] == "flow"
    assert [each["severity"] for each in printed["diagnostics"] if each["code"] == "bare-children"] == ["error"]
    assert done.exit_code == 1


def test_skip_unsimulated_goes_on_to_the_default_child(tmp_path: Path) -> None:
    """Issue 2, item 6: a module that Kazoo has and we do not simulate yet is passed over only when the user says so."""
    document = {"module": "conference", "data": {}, "children": {"_": flow()}}
    done = run(scenario(tmp_path, document), "--skip-unsimulated", "--json", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    path = json.loads(done.stdout)["calls"][0]["path"]
    assert [step["module"] for step in path] == ["conference", "record_call", "user"]


def test_trace_is_written_and_the_same_twice(tmp_path: Path) -> None:
    """Law 6: same scenario, start, profile and seed, same trace and WAV bytes; another seed, another trace."""
    file = scenario(tmp_path, flow(format="wav"))
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        done = run(file, "--trace", tmp_path / name, "--out", tmp_path / f"out-{name}", "--seed", seed)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()
    audio = [(tmp_path / f"out-{name}" / "recording-0-call.wav").read_bytes() for name in ("one", "two")]
    assert audio[0] == audio[1]
    with wave.open(str(tmp_path / "out-one" / "recording-0-call.wav")) as opened:
        assert (opened.getnframes(), opened.getframerate(), opened.getnchannels()) == (9 * 16_000, 16_000, 2)


def test_rows_of_examples_run_one_by_one(tmp_path: Path) -> None:
    """A scenario with a table runs every row; --json wants to know which, as it prints one object."""
    steps = "  - at {ANSWER}: alice answers\n  - at 9s: caller hangs up\n"
    file = scenario(tmp_path, flow(), steps=steps, more="examples:\n  - {ANSWER: 2s}\n  - {ANSWER: 3s}\n")
    assert run(file, "--out", tmp_path / "out").stdout.count("passed") == 2
    assert run(file, "--json").exit_code == 2
    assert json.loads(run(file, "--json", "--row", 1, "--out", tmp_path / "out").stdout)["outcome"] == "passed"
    assert run(file, "--row", 2).exit_code == 2


def test_the_other_kind_of_file_is_recognised(tmp_path: Path) -> None:
    """A scenario given to lint and a callflow given to run say which command reads them."""
    file = scenario(tmp_path, flow())
    assert "`callflow lint` reads those" in run(tmp_path / "flow.json").stderr
    linted = CliRunner().invoke(verbs, ["lint", str(file)])
    assert "`callflow run` plays those" in linted.output
    assert linted.exit_code == 2


def test_a_trace_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A folder that is not there is the user's mistake, not ours: status 2."""
    done = run(scenario(tmp_path, flow()), "--trace", tmp_path / "no" / "such", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "choose another file with --trace" in done.stderr


def test_a_trace_never_overwrites_a_document(tmp_path: Path) -> None:
    """A slip of the hand must not cost a scenario."""
    file = scenario(tmp_path, flow())
    before = file.read_bytes()
    done = run(file, "--trace", file)
    assert (done.exit_code, file.read_bytes()) == (2, before)
    assert "would overwrite a document" in done.stderr


def test_a_run_that_does_not_end_is_stopped_where_the_user_says(tmp_path: Path) -> None:
    """Design §12: 24 virtual hours or 10^6 rows end a run with an error; both can be set."""
    document = {"module": "sleep", "data": {"duration": 5, "unit": "h"}}
    file = scenario(tmp_path, document, steps="  - at 1s: caller presses 1\n")
    stopped = run(file, "--max-hours", 4, "--json", "--out", tmp_path / "out")
    assert stopped.exit_code == 2
    assert "4 virtual hours" in stopped.stderr
    assert json.loads(stopped.stdout)["outcome"] == "error"
    assert run(file, "--max-rows", 3, "--out", tmp_path / "out").exit_code == 2
    assert run(file, "--out", tmp_path / "out").exit_code == 0


def test_a_crashing_action_is_status_3(tmp_path: Path) -> None:
    """Design §12, Documents: an action that raises is an error row, the flow goes on, status 3."""
    account = "account: {id: acme, users: [{id: alice}], vmboxes: [{id: box, mailbox: '1', announcement_only: true}]}\n"
    document = {"module": "voicemail", "data": {"id": "box"}}
    steps = "  - at 1s: caller presses 5\n  - at 9s: caller hangs up\n"
    done = run(scenario(tmp_path, document, steps=steps, more=account), "--json", "--out", tmp_path / "out")
    assert done.exit_code == 3, done.output
    assert json.loads(done.stdout)["outcome"] == "error"


def test_the_command_works_as_a_process(tmp_path: Path) -> None:
    """The console entry, in a fresh interpreter with warnings as errors."""
    command = [sys.executable, "-P", "-m", "callflow", "run", str(EXAMPLES / "answered.yaml"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "alice answers" in done.stdout
    assert "passed" in done.stdout
