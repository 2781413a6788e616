"""`callflow coverage`: scenarios run, trees marked, and a status that CI can ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def callflow(*arguments: str | Path) -> Result:
    """Run `callflow` with arguments."""
    result = CliRunner().invoke(verbs, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_folder_of_scenarios_drives_its_callflow() -> None:
    """Both scenarios of the main job together run every node; one alone does not."""
    both = callflow("coverage", EXAMPLES / "record_per_user", "--min-coverage", "100")
    assert both.exit_code == 0 and "4 of 4 nodes, 3 of 3 branches, 100 %" in both.stdout
    one = callflow("coverage", EXAMPLES / "record_per_user/answered.yaml", "--min-coverage", "80")
    assert one.exit_code == 1 and "2 of 4 nodes, 1 of 3 branches, 50 %" in one.stdout
    assert one.stderr == "50 % has run, 80 % is wanted\n"


def test_json_is_one_object_with_every_node_and_move() -> None:
    """Names for programs: callflows, nodes, the recorder's moves."""
    done = callflow("coverage", EXAMPLES / "record_per_user", "--json")
    found = json.loads(done.stdout)
    assert (found["format"], found["runs"], found["percent"]) == (1, 2, 100.0)
    [flow] = found["callflows"]
    assert [(node["module"], node["times"]) for node in flow["nodes"]] == [
        ("record_call", 2), ("user", 2), ("record_call", 1), ("voicemail", 1),
    ]  # fmt: skip
    made = {(move["state"], move["event"]) for move in found["recorder"]["moves"] if move["times"]}
    assert ("RECORDING", "STOP_REQUESTED") in made


def test_a_profile_is_the_runs() -> None:
    """In production the sample's malformed `children` cuts its last node off: what is loaded is what counts (B§0)."""
    done = callflow("coverage", EXAMPLES / "record_per_user", "--profile", "kazoo-5")
    assert done.exit_code == 0 and "record_per_user: 3 of 3 nodes" in done.stdout


@pytest.mark.parametrize(
    ("path", "words"), [("record_per_user/record_per_user.json", "looks like a callflow"), ("nowhere", "no such file")]
)
def test_what_is_no_scenario_is_refused(path: str, words: str) -> None:
    """One line, status 2."""
    done = callflow("coverage", EXAMPLES / path)
    assert done.exit_code == 2 and words in done.stderr


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """Nothing to run is no full coverage."""
    done = callflow("coverage", tmp_path)
    assert done.exit_code == 2 and "there is no scenario in" in done.stderr
