"""`callflow replay`: a call that production logged, beside what the simulation says (issue 5, item 7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.scenario.language import load_scenario
from callflow.simulate import simulate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PER_USER = EXAMPLES / "record_per_user" / "record_per_user.json"
ON_ANSWER = EXAMPLES / "record_on_answer" / "record_on_answer.json"
WORDS = ("RECORDING_SERVER=my.recording.server", "ACCOUNT_ID=acme", "USER_ID=alice", "VMBOX_ID=alice-box")
FILLED = tuple(part for each in WORDS for part in ("--with", each))
NUMBER, NAME, SERVER = "+4930901820", "Carl Secretive", "rec.private.example"


def replay(*arguments: object) -> Result:
    """Run the verb in this process; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["replay", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(result: Result) -> list[str]:
    """The lines of the output, with single blanks."""
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def event(name: str, leg: str, at_ms: int, **more: str) -> dict[str, Any]:
    """One of Kazoo's call events."""
    told: dict[str, Any] = {"Event-Category": "call_event", "Event-Name": name, "Call-ID": f"call-{leg}"}
    told |= {"Timestamp": (1_796_032_800_001 + at_ms) * 1000, "Call-Direction": "inbound" if leg == "a" else "outbound"}
    told |= {"Caller-ID-Number": NUMBER, "Caller-ID-Name": NAME, "Request": "2001@realm"} if leg == "a" else {}
    told |= {"Other-Leg-Call-ID": "call-a"} if leg != "a" else {}
    return told | {key.replace("_", "-"): value for key, value in more.items()}


ANSWERED = (
    event("CHANNEL_CREATE", "a", 0),
    event("CHANNEL_CREATE", "b", 20),
    event("CHANNEL_ANSWER", "b", 3_000),
    event("CHANNEL_ANSWER", "a", 3_010),
    event("CHANNEL_BRIDGE", "a", 3_020, Other_Leg_Call_ID="call-b"),
    event("RECORD_START", "a", 3_030),
    event("RECORD_STOP", "a", 63_100),
    event("CHANNEL_DESTROY", "b", 90_000, Hangup_Cause="NORMAL_CLEARING"),
    event("CHANNEL_DESTROY", "a", 90_010, Hangup_Cause="NORMAL_CLEARING"),
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A capture of the example that records from the answer on, as production might have logged it."""
    return written(tmp_path / "log.jsonl", *ANSWERED)


def written(path: Path, *events: dict[str, Any]) -> Path:
    """Write events as a capture."""
    path.write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")
    return path


def test_the_same_call_is_the_same(log: Path) -> None:
    """Both sides stand on one time line; within the tolerance they are the same, and the status is 0."""
    result = replay(log, "--callflow", ON_ANSWER)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "    1:03.100    1:03.000  A  RECORD_STOP" in result.stdout.splitlines()
    assert "The same, within 0:00.500." in result.stdout


def test_the_example_is_the_same_in_whole_seconds_too(tmp_path: Path) -> None:
    """Kazoo's own `Timestamp` is in Gregorian seconds: a second more is allowed then, and the order is the file's."""
    example = EXAMPLES / "replay" / "events.jsonl"
    assert replay(example, "--callflow", ON_ANSWER).exit_code == 0
    events = [json.loads(line) for line in example.read_text("utf-8").splitlines()]
    coarse = [each | {"Timestamp": each["Timestamp"] // 1_000_000 + 62_167_219_200} for each in events]
    result = replay(written(tmp_path / "x.jsonl", *coarse), "--callflow", ON_ANSWER)
    assert result.exit_code == 0
    assert "The same, within 0:01.500." in result.stdout and "usurp_control×1" in result.stdout


def test_a_smaller_tolerance_finds_more(log: Path) -> None:
    """What is further apart than --tolerance is early or late, by how much; status 1."""
    result = replay(log, "--callflow", ON_ANSWER, "--tolerance", "50ms")
    assert result.exit_code == 1
    assert "≠ 1:03.100 1:03.000 A RECORD_STOP earlier here by 0:00.100" in told(result)
    assert "RECORD_STOP on leg A is early in the simulation" in result.stdout
    assert "In the simulation it comes of: record_call.time_limit=60" in result.stdout


def test_the_first_difference_is_explained_and_the_best_profile_named(tmp_path: Path) -> None:
    """A recording that production has not: which rule brings it about here."""
    without = [each for each in ANSWERED if not each["Event-Name"].startswith("RECORD")]
    result = replay(written(tmp_path / "x.jsonl", *without), "--callflow", ON_ANSWER)
    assert result.exit_code == 1
    lines = told(result)
    assert "≠ – 0:03.000 A RECORD_START only here" in lines
    assert "The simulation has RECORD_START on leg A at 0:03.000, production has none." in lines
    assert any(line.startswith("In the simulation it comes of: record_on_answer") for line in lines)


def test_other_profiles_are_tried(tmp_path: Path) -> None:
    """A system that takes the malformed `children` literally hangs up: kazoo fits best, by its switch."""
    events = (
        event("CHANNEL_CREATE", "a", 0),
        event("RECORD_START", "a", 0),
        event("CHANNEL_CREATE", "b", 0),
        event("CHANNEL_DESTROY", "b", 20_000, Hangup_Cause="NO_ANSWER"),
        event("RECORD_STOP", "a", 20_000),
        event("CHANNEL_DESTROY", "a", 20_000, Hangup_Cause="NORMAL_CLEARING", Disposition="send_bye"),
    )
    result = replay(written(tmp_path / "x.jsonl", *events), "--callflow", PER_USER, *FILLED)
    assert result.exit_code == 1
    assert "kazoo-5 0; kazoo-4 and kazoo-5 fit best." in result.stdout
    assert "kazoo-4 differs here in repairs_bare_children" in result.stdout
    assert replay(tmp_path / "x.jsonl", "--callflow", PER_USER, *FILLED, "--profile", "kazoo-5").exit_code == 0


def test_what_is_saved_runs_and_expects_what_production_did(log: Path, tmp_path: Path) -> None:
    """--save writes a scenario that passes where both sides are the same."""
    save = tmp_path / "call.scenario.yaml"
    assert replay(log, "--callflow", ON_ANSWER, "--save", save).exit_code == 0
    (scenario,) = load_scenario(save)
    assert [step.text for step in scenario.calls[0].timeline] == [
        "at 0s: caller calls",
        "at 3s: alice answers",
        "at 3020ms: caller speaks for 86980ms",
        "at 90s: alice hangs up",
    ]
    assert simulate(scenario).result().failures == ()
    assert len(scenario.expect.events_unordered) == 9
    again = replay(log, "--callflow", ON_ANSWER, "--save", save)
    assert again.exit_code == 2 and "there is such a file already" in again.stderr


def test_what_is_saved_fails_where_production_differs(tmp_path: Path) -> None:
    """The saved scenario is a test of the simulation by production."""
    without = [each for each in ANSWERED if not each["Event-Name"].startswith("RECORD")]
    log, save = written(tmp_path / "x.jsonl", *without), tmp_path / "call.yaml"
    replay(log, "--callflow", ON_ANSWER, "--save", save)
    (failure,) = simulate(load_scenario(save)[0]).result().failures
    assert "RECORD_START" in failure.message


def test_anonymised_output_has_nobody_in_it(tmp_path: Path) -> None:
    """Neither the screen nor the file has a number, a name, an id, a host or a PIN of the capture."""
    pin = [event("DTMF", "a", 5_000 + 900 * place, DTMF_Digit=digit) for place, digit in enumerate("73519")]
    log, save = written(tmp_path / "x.jsonl", *ANSWERED, *pin), tmp_path / "call.yaml"
    server = f"RECORDING_SERVER=https://user:pass@{SERVER}"
    given = ("--callflow", PER_USER, *FILLED, "--with", server, "--anonymise", "--save", save)
    result = replay(log, *given)
    text = result.output + save.read_text("utf-8")
    for secret in (NUMBER, NUMBER[1:], *NAME.split(), "call-a", "call-b", SERVER, "user:pass"):
        assert secret not in text
    pressed = [step.verb for step in load_scenario(save)[0].calls[0].timeline if " presses " in step.text]
    assert len(pressed) == 5 and "".join(str(verb)[-1] for verb in pressed) != "73519"
    assert "Person 1" in text and "2001" in text


def test_a_part_can_be_cut_out(log: Path, tmp_path: Path) -> None:
    """--cut compares and expects only that part; the call ends there."""
    save = tmp_path / "part.yaml"
    result = replay(log, "--callflow", ON_ANSWER, "--cut", "1s..10s", "--save", save)
    assert result.exit_code == 0
    assert "CHANNEL_CREATE" not in result.stdout and "RECORD_STOP" not in result.stdout
    assert "at 10s: caller hangs up  # cut here" in save.read_text("utf-8")
    assert simulate(load_scenario(save)[0]).result().failures == ()


def test_several_calls_and_one_of_them(tmp_path: Path) -> None:
    """Every call is compared; --call takes one, --save needs it."""
    second = [each | {"Call-ID": "next"} for each in (ANSWERED[0], ANSWERED[-1])]
    log = written(tmp_path / "x.jsonl", *ANSWERED, *second)
    assert "of 2 calls" in replay(log, "--callflow", ON_ANSWER).stdout
    refused = replay(log, "--callflow", ON_ANSWER, "--save", tmp_path / "a.yaml")
    assert refused.exit_code == 2 and "add --call ID" in refused.stderr
    one = replay(log, "--callflow", ON_ANSWER, "--call", "call-a", "--save", tmp_path / "a.yaml")
    assert one.exit_code == 0 and "next" not in one.stdout
    assert (
        "the capture has no such call; it has call-a, next"
        in replay(log, "--callflow", ON_ANSWER, "--call", "x").stderr
    )


def test_who_is_who_can_be_told(tmp_path: Path) -> None:
    """A leg that could be anybody is asked about, with what to write; --who says it."""
    flow = {"module": "ring_group", "data": {"endpoints": [
        {"endpoint_type": "user", "id": "alice"}, {"endpoint_type": "user", "id": "bob"}]}}  # fmt: skip
    path = tmp_path / "flow.json"
    path.write_text(json.dumps({"flow": {**flow, "children": {}}}), "utf-8")
    events = [each | ({"Callee-ID-Number": "77"} if each["Call-ID"] == "call-b" else {}) for each in ANSWERED]
    log = written(tmp_path / "x.jsonl", *events)
    asked = replay(log, "--callflow", path)
    assert asked.exit_code == 2 and 'add --who "77"=PARTY' in asked.stderr
    assert "0:03.000 0:03.000 B CHANNEL_ANSWER" in told(replay(log, "--callflow", path, "--who", "77=alice"))
    assert 'unknown party "eve"' in replay(log, "--callflow", path, "--who", "77=eve").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--callflow", "2001"), "is a number; add --account"),
        (("--callflow", "+14155550100", "--account", "a.yaml", "--anonymise"), "would show it"),
        (("--callflow", ON_ANSWER, "--cut", "9s"), "write it like 0s..30s"),
        (("--callflow", ON_ANSWER, "--cut", "9s..2s"), "is no part of a call"),
        (("--callflow", ON_ANSWER, "--who", "alice"), "is not LEG=PARTY"),
        (("--callflow", ON_ANSWER, "--tolerance", "5"), "has no unit"),
        (("--callflow", ON_ANSWER, "--save", "x.json"), "a scenario is a .yaml file"),
        (("--callflow", "none.json"), "there is no such file"),
        ((), "--callflow"),
    ],
)
def test_wrong_input_is_one_line(log: Path, arguments: tuple[object, ...], message: str) -> None:
    """Status 2 and what would be right."""
    result = replay(log, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.count("\n") == 1


def test_hostile_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    """Control characters of a capture are escaped wherever they are shown."""
    events = [each | {"Caller-ID-Number": "1\x1b[2J", "Caller-ID-Name": "\x1b]0;x"} for each in ANSWERED]
    save = tmp_path / "a.yaml"
    result = replay(written(tmp_path / "\x07x.jsonl", *events), "--callflow", ON_ANSWER, "--save", save)
    assert "\x1b" not in result.output + save.read_text("utf-8")
    assert result.exit_code == 0


def test_a_placeholder_that_nothing_fills_is_said() -> None:
    """A callflow's {USER_ID} without --with is wrong input, told before a scenario is made of it."""
    done = replay(EXAMPLES / "replay" / "events.jsonl", "--callflow", PER_USER)
    assert done.exit_code == 2
    assert "nothing fills {USER_ID}; add --with USER_ID=…" in done.stderr


def test_the_comparison_as_one_object() -> None:
    """Issue 5, item 5: --json prints nothing else; its names are a promise, its status that of the text."""
    done = replay(EXAMPLES / "replay" / "events.jsonl", "--callflow", PER_USER, *FILLED, "--json")
    shown = json.loads(done.stdout)
    assert list(shown) == ["format", "capture", "events", "left_out", "warnings", "calls"]
    (call,) = shown["calls"]
    assert list(call) == ["call_id", "profile", "differences", "best", "warnings", "events"]
    assert list(call["events"][0]) == ["event", "leg", "state", "production_ms", "simulation_ms"]
    different = [each for each in call["events"] if each["state"] != "same"]
    assert done.exit_code == 1 and len(different) == call["differences"]["docs"] > 0
    same = replay(EXAMPLES / "replay" / "events.jsonl", "--callflow", ON_ANSWER, "--json")
    assert (same.exit_code, json.loads(same.stdout)["calls"][0]["differences"]["docs"]) == (0, 0)
