"""`callflow explain`: the chain of causes behind a recording's start and end, in sentences (issue 3, item 10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def explain(*arguments: object) -> Result:
    """Run the verb in this process; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["explain", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def sections(*arguments: object) -> dict[str, list[str]]:
    """The sentences under each title, on one line each."""
    result = explain(*arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, list[str]] = {}
    title = ""
    for line in result.stdout.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            title = line
            found[title] = []
        elif line.startswith("    ") and title:
            found[title][-1] += " " + line.strip()
        elif line.startswith("  ") and title:
            found[title].append(line.strip())
    return found


def test_a_hang_up_is_followed_to_the_step() -> None:
    """Issue 3, item 10: from the recording's end back to the scenario's step, line and text included."""
    told = sections(EXAMPLES / "record_per_user" / "answered.yaml", 0)
    assert told["Why it ended at 40.000 s:"] == [
        'At 40.000 s Bob hung up (scenario line 12: "at 40s: caller hangs up").',
        "So the leg of recording 0 ended, and recording 0 with it.",
        "So the switch closed the file of recording 0 and kept it; finished, 40.000 s, ended by hangup,"
        " completion cause success-silence.",
    ]
    assert told["Why it started at 0.000 s:"] == [
        'At 0.000 s Bob called 2001 (scenario line 7: "at 0s: caller calls").',
        "So the flow record_per_user came to node record_call (flow).",
        "So the moment to start recording 0 had come. [record_call.action=start]",
        "So the switch opened the file: recording 0 began.",
    ]


def test_a_stop_is_followed_through_the_flow_with_every_rule() -> None:
    """The ring timeout that let the flow go on is nobody's cause, yet it is named where time passed."""
    told = sections(EXAMPLES / "record_per_user" / "voicemail.yaml")
    way = told["Why it ended at 20.000 s:"]
    assert "20.000 s later, at 20.000 s, alice stopped ringing: NO_ANSWER. [ring timeout=20000 ms]" in way
    assert way[-2] == "So recording 0 was stopped. [law: stop ends the newest live recording]"


def test_a_limit_names_its_setting_and_what_was_waited_for() -> None:
    """The clock of the limit runs from the real start: the chain passes through the answer."""
    told = sections(EXAMPLES / "record_on_answer" / "answered.yaml")
    start, end = told["Why it started at 3.000 s:"], told["Why it ended at 63.000 s:"]
    assert start[0] == "From 0.000 s on it waited for the answer [record_call.record_on_answer=true]."
    limit = "60.000 s later, at 63.000 s, the time limit of recording 0 passed. [record_call.time_limit=60]"
    assert limit in end


def test_one_that_never_started_says_why() -> None:
    """A never_started recording: what it waited for, and what happened instead."""
    told = sections(EXAMPLES / "record_on_answer" / "busy.yaml", 0)
    assert list(told) == [
        "Why it was there at all, from 0.000 s on:",
        "Why it never started: what happened at 1.000 s:",
    ]
    *_, last, waited = told["Why it never started: what happened at 1.000 s:"]
    assert last.endswith("so that it never started.")
    assert waited == "It waited for the answer [record_call.record_on_answer=true], and that did not come in time."


def test_one_that_the_profile_keeps_from_starting_says_which_switch(tmp_path: Path, staging: Any) -> None:
    """C3: record_on_answer on an answered call never starts in kazoo-5: the warning and the switch are told."""
    flow = {"module": "answer", "children": {"_": staging.record(staging.ring(), record_on_answer=True)}}
    staging.scenario(tmp_path, "at 5s: caller hangs up", flow=flow)
    result = explain(tmp_path / "call.json", "--profile", "kazoo-5")
    text = " ".join(result.stdout.split())
    assert "record_on_answer on an answered call never starts" in text
    assert "What profile kazoo-5 says: starts_at_once_when_answered = false:" in text


def test_one_that_is_too_short_names_the_minimum(tmp_path: Path, staging: Any) -> None:
    """A discarded recording: the rule that removed its file."""
    staging.scenario(tmp_path, "at 2s: caller hangs up", flow=staging.record(staging.ring(), record_min_sec=3))
    told = sections(tmp_path / "call.json")
    assert told["Why it was discarded at 2.000 s:"][-1] == (
        "So the switch closed the file of recording 0 and removed it; discarded, 2.000 s, ended by hangup,"
        " completion cause input-too-short. [record_min_sec=3]"
    )


def test_a_take_that_was_thrown_away_has_a_third_chain(tmp_path: Path, staging: Any) -> None:
    """A voicemail take that is too short: why it ended, and why it was thrown away."""
    lines = ("when voicemail records after 300ms: caller hangs up",)
    staging.scenario(tmp_path, *lines, flow=staging.VOICEMAIL)
    told = sections(tmp_path / "call.json")
    [thrown] = [way for title, way in told.items() if title.startswith("Why it was thrown away at ")]
    assert thrown[-1].startswith("So recording 0 was thrown away") and thrown[-1].endswith("[min_message_size=500]")


def test_recordings_count_over_all_calls(tmp_path: Path, staging: Any) -> None:
    """N counts call by call, as `run` lists them; the heading names the call and its own number."""

    def call(hangs_up: str) -> dict[str, Any]:
        steps = [staging.step("at 0s: caller calls"), staging.step(f"at {hangs_up}: caller hangs up")]
        return {"caller": {"number": "+1", "name": "Ann", "dials": "2001"}, "timeline": steps}

    calls = {"first": call("9s"), "second": call("4s")}
    staging.scenario(tmp_path, flow=staging.record(staging.ring()), caller=None, timeline=None, calls=calls)
    assert "recording 0 of call second: " in explain(tmp_path / "call.json", 1).stdout
    assert "Why it ended at 4.000 s:" in sections(tmp_path / "call.json", 1)
    result = explain(tmp_path / "call.json", 2)
    assert result.exit_code == 2
    assert "there is no recording 2; the run has 2, from 0 to 1" in result.stderr


def test_without_any_recording_it_says_so(tmp_path: Path, staging: Any) -> None:
    """Wrong input: status 2, nothing on stdout."""
    staging.scenario(tmp_path, "at 2s: caller hangs up", flow=staging.ring())
    result = explain(tmp_path / "call.json", 0)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing was recorded in the run" in result.stderr


def test_a_call_that_nobody_ends_says_who_did(tmp_path: Path, staging: Any) -> None:
    """The end of the scenario is told as such, not as a step of the file."""
    waits = staging.record({"module": "wait_for_hangup"}, record_on_bridge=True)
    staging.scenario(tmp_path, "at 1s: caller speaks for 2s", flow={"module": "answer", "children": {"_": waits}})
    told = sections(tmp_path / "call.json")
    [way] = [sentences for title, sentences in told.items() if title.startswith("Why it never started")]
    assert way[0].endswith("Bob hung up (end of scenario: nothing else was left to happen).")


def test_json_gives_rows_and_sentences() -> None:
    """`--json`: the recording as in the result, and both chains as rows of the trace with their sentences."""
    result = explain(EXAMPLES / "record_per_user" / "voicemail.yaml", 0, "--json")
    found = json.loads(result.stdout)
    assert list(found) == [
        "format", "scenario", "profile", "call_id", "recording", "start", "end", "thrown_away", "remarks",
    ]  # fmt: skip
    assert found["recording"]["ended_by"] == "stop"
    end = found["end"]
    assert end[0]["row"]["kind"] == "INPUT" and end[0]["row"]["because"] == -1
    assert end[-1]["row"]["name"] == "RECORD_STOP"
    seqs = [link["row"]["seq"] for link in end]
    assert seqs == sorted(seqs)
    assert all(link["sentence"].endswith(".") for link in end)


@pytest.mark.parametrize("name", ["\x1b[2J\nBob", "Bob\u202eeve"])
def test_hostile_names_stay_on_their_line(tmp_path: Path, staging: Any, name: str) -> None:
    """Names come from strangers: nothing unprintable reaches the terminal."""
    parts = {"caller": {"number": "+1", "name": "Bob", "dials": "2001"}}
    scenario = staging.scenario(
        tmp_path, "at 2s: caller hangs up", flow=staging.record(staging.ring(), label=name), **parts
    )
    result = explain(scenario.file)
    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.stdout.splitlines())
