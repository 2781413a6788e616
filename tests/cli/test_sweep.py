"""`callflow sweep`: length and cause over values of one or two settings, as table and picture (issue 3, item 10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ANSWERED = EXAMPLES / "record_per_user" / "answered.yaml"
VOICEMAIL = EXAMPLES / "record_per_user" / "voicemail.yaml"
OFFICE = EXAMPLES / "office" / "branch_comes_back.yaml"
TIMEOUT = "flow.children._.data.timeout"


def sweep(scenario: Path, *vary: str, more: tuple[object, ...] = ()) -> Result:
    """Run the verb in this process; nothing that it raises but SystemExit passes unseen."""
    options = [text for each in vary for text in ("--vary", each)]
    result = CliRunner().invoke(verbs, ["sweep", str(scenario), *options, *map(str, more)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def swept(scenario: Path, *vary: str, more: tuple[object, ...] = ()) -> list[tuple[Mapping[str, Any], Any]]:
    """The values and the result of every run, from `--json`."""
    result = sweep(scenario, *vary, more=(*more, "--json"))
    assert result.exit_code == 0, result.output
    return [(each["values"], each["result"]) for each in json.loads(result.stdout)["runs"]]


def lengths(*arguments: Any, **options: Any) -> list[int | None]:
    """The length of every run's recording; None where there is none."""
    return [result["length_ms"] if result else None for _, result in swept(*arguments, **options)]


def refused(scenario: Path, *vary: str, more: tuple[object, ...] = ()) -> str:
    """The one line of an error: status 2, nothing on stdout."""
    result = sweep(scenario, *vary, more=more)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_one_setting_is_a_table_and_a_strip() -> None:
    """Length, what ended it and the completion cause for every value; the shades and letters below say the same."""
    lines = sweep(ANSWERED, "data.time_limit=20,60").stdout.splitlines()
    assert lines[2:5] == [
        "data.time_limit    length  ended by    completion cause",
        "20               20.000 s  time limit  success-maxtime   ██████████",
        "60               40.000 s  hangup      success-silence   ████████████████████",
    ]
    assert lines[6:] == [
        "length of recording 0, and what ended it: across data.time_limit",
        "  20             60",
        "  ░░ 20.000 s L  ██ 40.000 s H",
        "",
        "░░ 20.000 s  …  ██ 40.000 s",
        "L time limit  H hangup",
    ]


def test_two_settings_are_every_combination() -> None:
    """The recording ends at the limit or when the phone stops ringing, whichever comes first."""
    runs = swept(VOICEMAIL, "data.time_limit=10,15,30", f"{TIMEOUT}=10..40/10")
    assert [(each["data.time_limit"], each[TIMEOUT]) for each, _ in runs][:5] == [
        (10, 10), (10, 20), (10, 30), (10, 40), (15, 10),
    ]  # fmt: skip
    for values, result in runs:
        limit_s, rings_s = values["data.time_limit"], values[TIMEOUT]
        assert result["length_ms"] == 1000 * min(limit_s, rings_s)
        assert result["ended_by"] == (
            "time_limit" if limit_s < rings_s else "stop" if rings_s < limit_s else result["ended_by"]
        )


def test_a_sweep_of_one_value_is_that_run(tmp_path: Path, staging: Any) -> None:
    """Changing a setting by --vary is the same as writing it into the callflow."""
    for limit_s in (5, 7, None):
        flow = staging.record(staging.ring(), **({"time_limit": limit_s} if limit_s else {}))
        written = staging.played(tmp_path, "at 1s: alice answers", "at 9s: caller hangs up", flow=flow)
        [recording] = written.result().recordings
        staging.scenario(
            tmp_path,
            "at 1s: alice answers",
            "at 9s: caller hangs up",
            flow=staging.record(staging.ring(), time_limit=6),
        )
        value = "null" if limit_s is None else limit_s
        [(_, result)] = swept(tmp_path / "call.json", f"data.time_limit={value}")
        assert (result["length_ms"], result["ended_by"]) == (recording.length_ms, recording.ended_by)


def test_profiles_seeds_and_names_can_be_varied() -> None:
    """Beside settings: whose rules hold, the dice, and what fills {NAME}."""
    assert lengths(VOICEMAIL, "profile=docs,kazoo-5", more=("--recording", 1)) == [4_000, None]
    assert lengths(ANSWERED, "seed=1..3") == [40_000] * 3
    assert lengths(ANSWERED, "with.ACCOUNT_ID=acme,other") == [40_000] * 2


def test_values_of_the_account_can_be_varied() -> None:
    """The account by its own paths: the system's maximum, and a callflow's node by its place."""
    assert lengths(OFFICE, "account.system_config.media.max_recording_time_limit=5,3600") == [5_000, 10_690]
    assert lengths(OFFICE, "account.callflows[0].flow.data.time_limit=6") == [6_000]


def test_another_callflow_of_the_account_is_found_by_its_node(tmp_path: Path, staging: Any) -> None:
    """`data.KEY` is the first record_call that starts, also where the flow comes to it by a branch."""
    flows = [
        {"id": "main", "numbers": ["2001"], "flow": {"module": "callflow", "data": {"id": "next"}}},
        {"id": "next", "numbers": ["2002"], "flow": staging.record(staging.ring())},
    ]
    account = {"id": "a", "users": [{"id": "alice"}], "devices": [{"id": "p", "owner_id": "alice"}], "callflows": flows}
    staging.scenario(tmp_path, "at 9s: caller hangs up", callflow="2001", account=account)
    assert lengths(tmp_path / "call.json", "data.time_limit=5,6") == [5_000, 6_000]


def test_a_setting_that_changes_who_is_rung(tmp_path: Path, staging: Any) -> None:
    """Without an account the users that the callflow names exist, those of a varied setting too."""
    staging.scenario(tmp_path, "when CHANNEL_PROGRESS after 9s: caller hangs up", flow=staging.record(staging.ring()))
    assert lengths(tmp_path / "call.json", "flow.children._.data.id=alice,carol") == [9_000, 9_000]


def test_no_difference_is_said() -> None:
    """A setting that changes nothing in this scenario: nobody has to compare the lines."""
    assert "No value makes a difference here." in sweep(ANSWERED, "data.time_limit=60,120").stdout
    assert "No value" not in sweep(ANSWERED, "data.time_limit=20,120").stdout


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        ("data.tim_limit=5", "record_call has no setting \"tim_limit\"; did you mean 'time_limit'?"),
        ("data.colour=5", 'record_call has no setting "colour"; it has action, format, label, media_id'),
        ("data.time_limit=3", "--vary data.time_limit=3: flow.data.time_limit: 3 is out of bounds; write 5 to 10800"),
        ("data.time_limit=soon", '"soon" is not an integer'),
        ("time_limit=5", "this is nothing that can be varied; write data.KEY"),
        ("flow.data=5", "the callflow has no such node; there are flow.data, flow.children._.data"),
        ("flow.children.x.data.y=1", "the callflow has no such node; there are flow.data"),
        ("data.=5", "is no setting's name"),
        ("with.X=1", 'nothing in the callflow is called "{X}"; there are ACCOUNT_ID, RECORDING_SERVER'),
        ("account.id=1", "the scenario has no account"),
        ("profile=docs,new", "--vary profile=new: unknown profile; one of docs, kazoo-4, kazoo-5"),
        ("seed=true", "a seed is a whole number"),
        ("data.time_limit", "this names nothing to vary, or no values"),
        ("data.time_limit=", "a value is missing"),
        ("data.time_limit=5,,6", "a value is missing"),
        ("data.time_limit=9..1", '"9..1" is no range'),
        ("data.time_limit=5..9000", "more than 2,500 values; take a wider step"),
    ],
)
def test_errors_name_what_exists(vary: str, expected: str) -> None:
    """Wrong input: one line, the place, what is wrong and what would be right; status 2."""
    assert expected in refused(ANSWERED, vary)


def test_too_much_is_refused_before_anything_runs() -> None:
    """Three settings have no place in a map; more combinations than a sweep may have; the same setting twice."""
    assert "one or two settings" in refused(ANSWERED, "seed=1", "profile=docs", "data.time_limit=5")
    assert "10,000 combinations" in refused(ANSWERED, "data.time_limit=5..104", "seed=1..100")
    assert "is varied twice" in refused(ANSWERED, "seed=1", "seed=2")


def test_a_recording_that_no_run_has() -> None:
    """Status 2, with how many there are."""
    assert "no run has it; the most that a run has is 1" in refused(ANSWERED, "seed=1", more=("--recording", 4))


def test_paths_into_an_account_are_checked() -> None:
    """A part that the account lacks, and a place that its list lacks."""
    assert 'the account has no "user"; it has id, name, timezone, users' in refused(OFFICE, "account.user=1")
    assert "the account has no [9] there" in refused(OFFICE, "account.users[9].id=1")
    assert "no path into the account" in refused(OFFICE, "account.users[=1")


def test_the_picture_is_svg_with_every_run(tmp_path: Path) -> None:
    """`--picture`: a well-formed file in which each combination says what it was."""
    file = tmp_path / "map.svg"
    assert sweep(VOICEMAIL, "data.time_limit=10,30", f"{TIMEOUT}=10,20", more=("--picture", file)).exit_code == 0
    titles = [each.text for each in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "Nobody answers, the recording stops before voicemail"
    assert titles[-1] == f"data.time_limit=30, {TIMEOUT}=20: 20.000 s, stop, success-maxtime"
    assert len(titles) == 5


def test_a_picture_that_cannot_be_made(tmp_path: Path) -> None:
    """Another kind of picture is refused before the first run; a folder that is not there is one line."""
    assert "pictures are SVG; name it FILE.svg" in refused(ANSWERED, "seed=1", more=("--picture", tmp_path / "a.png"))
    assert "cannot be written" in refused(ANSWERED, "seed=1", more=("--picture", tmp_path / "no" / "a.svg"))


def test_names_and_values_are_only_text(tmp_path: Path, staging: Any) -> None:
    """Values and names come from strangers: neither the terminal nor the picture takes them for anything else."""
    staging.scenario(tmp_path, "at 9s: caller hangs up", flow=staging.record(staging.ring()), scenario="<b>&'\"")
    file = tmp_path / "map.svg"
    value = "<script>&'\"]]>"
    result = sweep(tmp_path / "call.json", f"data.label={value}", more=("--picture", file))
    assert result.exit_code == 0, result.output
    assert "<script" not in file.read_text(encoding="utf-8")
    assert ElementTree.parse(file).getroot()[0].text == "<b>&'\""
    hostile = sweep(tmp_path / "call.json", "data.label=\x1b[2J\n")
    assert all(line.isprintable() for line in hostile.output.splitlines())


def test_json_says_what_was_varied() -> None:
    """The object's names are a promise; a run without the recording has no result."""
    found = json.loads(sweep(VOICEMAIL, "profile=docs,kazoo-5", more=("--recording", 1, "--json")).stdout)
    assert list(found) == ["format", "scenario", "recording", "vary", "runs"]
    assert found["vary"] == [{"path": "profile", "values": ["docs", "kazoo-5"]}]
    assert list(found["runs"][0]["result"]) == ["state", "started_ms", "length_ms", "ended_by", "completion_cause"]
    assert found["runs"][1] == {"values": {"profile": "kazoo-5"}, "result": None}
