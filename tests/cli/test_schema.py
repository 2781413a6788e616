"""`callflow schema`: JSON Schemas that what we print and what we are shipped with really meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from callflow.cli import verbs
from callflow.cli.schema import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = [
    "record_per_user/voicemail.yaml",
    "storage_retries/retries.yaml",
    "transfer/card_number_and_colleague.yaml",
]


def callflow(*arguments: str | Path) -> Result:
    """Run `callflow` with arguments."""
    result = CliRunner().invoke(verbs, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def schema(what: str) -> dict[str, Any]:
    """The schema that the command prints, itself checked."""
    printed: dict[str, Any] = json.loads(callflow("schema", what).stdout)
    Draft202012Validator.check_schema(printed)
    return printed


def errors(what: str, thing: Any) -> list[str]:
    """What is wrong about a thing by its schema."""
    return [f"{each.json_path}: {each.message}" for each in Draft202012Validator(schema(what)).iter_errors(thing)]


@pytest.mark.parametrize("what", SCHEMAS)
def test_every_schema_is_one(what: str) -> None:
    """Issue 5, item 1: draft 2020-12, said in the schema itself."""
    printed = schema(what)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert printed["title"].endswith("of callflow")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_run_prints_is_a_result(scenario: str, tmp_path: Path) -> None:
    """Design §7: the object's names are a promise; the trace's rows likewise."""
    trace = tmp_path / "trace.jsonl"
    done = callflow("run", ROOT / "examples" / scenario, "--json", "--out", tmp_path / "out", "--trace", trace)
    assert errors("result", json.loads(done.stdout)) == []
    rows = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert len(rows) > 9 and [each for row in rows[:40] for each in errors("trace", row)] == []


def test_a_result_with_another_name_is_none(tmp_path: Path) -> None:
    """A key that is missing, renamed or of another type does not pass."""
    done = callflow("run", ROOT / "examples/record_per_user/voicemail.yaml", "--json", "--out", tmp_path)
    good = json.loads(done.stdout)
    damages: tuple[dict[str, Any], ...] = ({"outcome": "perfect"}, {"format": 2}, {"calls": [{}]}, {"more": 1})
    for damage in damages:
        assert errors("result", {**good, **damage})
    assert errors("trace", {"seq": 0}) and errors("result", {"format": 1})


def test_the_accounts_of_the_examples_validate() -> None:
    """Kazoo's own documents pass, whatever else they hold; a list where a mapping is wanted does not."""
    from callflow.scenario import load_account

    for path in (ROOT / "examples/office/office.yaml", ROOT / "examples/transfer/company.yaml"):
        assert errors("account", load_account(path).data) == []
    assert errors("account", {"users": {"id": "alice"}}) and errors("account", [])


def test_an_unknown_schema_names_those_there_are() -> None:
    """A misspelt name is answered in one line, exit 2."""
    done = callflow("schema", "scenarios")
    assert done.exit_code == 2 and "scenario" in done.stderr and done.stderr.count("\n") == 1
