"""`callflow diff`: where two profiles part, why, and what each run came to (issue 3, item 9; design §5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.core.profile import DOCS, KAZOO_5, PROFILES, describe

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VOICEMAIL = EXAMPLES / "record_per_user" / "voicemail.yaml"
START = "2026-11-30T10:00:00Z"


def diff(*arguments: object) -> Result:
    """Run the verb in this process; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["diff", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def compared(*arguments: object) -> dict[str, Any]:
    """The object that `--json` prints."""
    result = diff(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_first_parting_is_shown_with_both_sides_and_the_rows_before() -> None:
    """Design §5: the seed's malformed `children` is where the document and Kazoo 5 part, and the switch is named."""
    lines = diff(VOICEMAIL).stdout.splitlines()
    place = lines.index("They part at 0:20.000, after 17 rows that are the same:")
    before, left, right = lines[place + 1 : place + 4], lines[place + 4], lines[place + 5]
    assert all(line.startswith("          0:20.000  A ") for line in before)
    assert left.startswith("docs ") and "NODE voicemail" in left
    assert right.startswith("kazoo-5 ") and "FLOW ended" in right
    why = " ".join(" ".join(lines[place + 7 : place + 9]).split())
    switch = next(each for each in describe(DOCS) if each.name == "repairs_bare_children")
    assert why == f"Why: repairs_bare_children is true in docs and false in kazoo-5. {switch.help} ({switch.source})"


def test_the_outcomes_stand_side_by_side() -> None:
    """What differs is marked; a recording that only one side has is nothing on the other."""
    lines = [line.split("  ") for line in diff(VOICEMAIL).stdout.splitlines()]
    facts = {line[0]: [each.strip() for each in line if each.strip()] for line in lines}
    assert facts["≠ recording 1: length"] == ["≠ recording 1: length", "0:04.000", "–"]
    lengths = next(line for line in lines if "recording 0: length" in line)
    assert [each.strip() for each in lengths if each.strip()] == ["recording 0: length", "0:20.000", "0:20.000"]


def test_every_further_parting_has_its_own_switch() -> None:
    """With the first difference set alike the next one shows: one parting does not hide the others."""
    found = compared(EXAMPLES / "storage_retries" / "retries.yaml")
    assert [each["switch"]["name"] for each in found["partings"]] == [
        "bridge_setup_ms",
        "upload_query",
        "tries_per_attempt",
    ]
    rows = [each["row"] for each in found["partings"]]
    assert rows == sorted(set(rows))


def test_runs_that_are_alike_say_so() -> None:
    """Exit status 0 whether the runs differ or not; header, numbers and names of profiles are no difference."""
    busy = EXAMPLES / "record_on_answer" / "busy.yaml"
    result = diff(busy)
    assert result.exit_code == 0
    assert "docs and kazoo-5 run it in the same way" in result.stdout
    assert "≠" not in result.stdout
    found = compared(busy)
    assert (found["same"], found["partings"], found["before"]) == (True, [], [])


def test_json_has_rows_switches_and_both_results() -> None:
    """The object's names are a promise: rows as in a trace, results as `run --json` prints them."""
    found = compared(VOICEMAIL, "--profile", "kazoo-4", "--profile", "docs")
    assert list(found) == ["format", "scenario", "profiles", "same", "partings", "before", "results"]
    assert found["profiles"] == ["kazoo-4", "docs"] == [each["profile"] for each in found["results"]]
    first = found["partings"][0]
    assert list(first) == ["row", "left", "right", "switch"]
    assert (first["left"]["name"], first["right"]["name"]) == ("ended", "voicemail")
    assert list(first["switch"]) == ["name", "left", "right", "help", "source"]
    assert [row["seq"] for row in found["before"]] == [14, 15, 16]


@pytest.mark.parametrize("other", [each for each in PROFILES if each != "docs"])
def test_details_alone_are_shown_without_the_rest(tmp_path: Path, staging: Any, other: str) -> None:
    """Two rows that differ in one detail: that detail, in full, and nothing else."""
    flow = staging.record(staging.ring(), format="wav")
    staging.scenario(tmp_path, "at 2s: alice rejects", "at 9s: caller hangs up", flow=flow)
    result = diff(tmp_path / "call.json", "--profile", "docs", "--profile", other)
    told = result.stdout[result.stdout.index("\ndocs ") : result.stdout.index(f"\n{other} ")].split()
    assert told[:5] == ["docs", "0:02.000", "A", "DELIVERY", "REQUESTED"]
    assert "".join(told[5:]).startswith("url=http://my.server/r/call_recording_")
    assert "method" not in "".join(told)


def test_two_profiles_or_none() -> None:
    """One profile, the same twice or three of them: a usage error that says what is wanted."""
    for names in (["docs"], ["docs", "docs"], ["docs", "kazoo-4", "kazoo-5"]):
        options = [text for name in names for text in ("--profile", name)]
        result = diff(VOICEMAIL, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "give it twice, with two profiles, or not at all" in result.stderr


def test_wrong_input_names_the_profile_that_refuses_it(tmp_path: Path, staging: Any) -> None:
    """A setting out of bounds is an error in docs only: status 2, at file and line, and under which profile."""
    staging.scenario(tmp_path, "at 9s: caller hangs up", flow=staging.record(staging.ring(), time_limit=4))
    result = diff(tmp_path / "call.json")
    assert (result.exit_code, result.stdout) == (2, "")
    first, note = result.stderr.splitlines()
    assert "flow.data.time_limit: 4 is out of bounds" in first
    assert note == "error: this is so under profile docs: nothing was compared"


def test_both_runs_begin_at_the_same_time(tmp_path: Path, staging: Any) -> None:
    """A scenario without `start` reads the clock once for both: the clock makes no difference."""
    flow = staging.ring()
    staging.scenario(tmp_path, "at 2s: caller hangs up", flow=flow, start=None)
    assert compared(tmp_path / "call.json")["same"]


def test_a_scenario_with_rows_needs_one(tmp_path: Path, staging: Any) -> None:
    """Of `examples:` one row is compared; without --row the error says which there are."""
    parts = {"examples": [{"T": "3s"}, {"T": "7s"}]}
    staging.scenario(tmp_path, "at {T}: caller hangs up", flow=staging.ring(), **parts)
    result = diff(tmp_path / "call.json")
    assert result.exit_code == 2
    assert "has 2 rows, and this takes one; add --row 0 to --row 1" in result.stderr
    ends = [each["calls"][0]["ended_ms"] for each in compared(tmp_path / "call.json", "--row", 1)["results"]]
    assert ends == [7_000, 7_000]
    assert "has the rows 0 to 1" in diff(tmp_path / "call.json", "--row", 2).stderr


def test_profiles_are_left_as_they_were() -> None:
    """Trying switches makes profiles of its own: those of the package stay what they are."""
    before = (describe(DOCS), describe(KAZOO_5))
    diff(VOICEMAIL)
    assert (describe(DOCS), describe(KAZOO_5)) == before
