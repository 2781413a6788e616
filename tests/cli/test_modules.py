"""`callflow modules`: every module that Kazoo has, and the settings of each (issue 2, item 10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.cli.modules import settings_of
from callflow.core.flow import load_flow
from callflow.core.profile import DOCS
from callflow.discovery import standard_registry
from callflow.schemas import module_schemas

EVERYTHING = sorted({*module_schemas(), *standard_registry().names})


def modules(*arguments: str | Path) -> Result:
    """Run `callflow modules`; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["modules", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def keys_of(name: str) -> dict[str, dict[str, Any]]:
    """The keys of a module as `--json` shows them, by name."""
    return {each["name"]: each for each in json.loads(modules(name, "--json").stdout)["keys"]}


def test_every_module_is_listed_once() -> None:
    """All that Kazoo has, in alphabetical order, simulated or not yet, each with what it does."""
    lines = modules().stdout.splitlines()
    assert [line.split()[0] for line in lines] == EVERYTHING
    for name, line in zip(EVERYTHING, lines, strict=True):
        state = line.removeprefix(name).strip()
        assert state.startswith("simulated " if name in standard_registry().names else "not yet ")
        assert len(state) > len("simulated  ")


def test_the_list_as_json() -> None:
    """One object for programs."""
    listed = json.loads(modules("--json").stdout)["modules"]
    assert [each["name"] for each in listed] == EVERYTHING
    assert {each["name"] for each in listed if each["simulated"]} == set(standard_registry().names)
    assert all(each["does"] for each in listed)


def test_the_seeds_table_of_record_call_is_shown() -> None:
    """Every key of the seed's table is there, with its type, default and bounds, beside two that only the code has."""
    keys = keys_of("record_call")
    assert {"should_store_recording", "storage_retry_times"} <= set(keys)
    del keys["should_store_recording"], keys["storage_retry_times"]
    assert list(keys) == [
        "action", "format", "label", "media_id", "media_name", "method", "origin", "record_min_sec",
        "record_on_answer", "record_on_bridge", "record_sample_rate", "should_follow_transfer", "silence_detection",
        "silence_final_timeout", "silence_initial_timeout", "silence_threshold", "skip_module", "time_limit", "url",
    ]  # fmt: skip
    defaults = {
        name: key["default"]
        for name, key in keys.items()
        if key["default"] not in (None, "") and key["default"] is not False
    }
    assert defaults == {
        "action": "start",
        "method": "put",
        "should_follow_transfer": True,
        "silence_final_timeout": 5,
        "silence_initial_timeout": 0,
        "silence_threshold": 200,
        "time_limit": 3600,
    }
    assert (keys["time_limit"]["type"], keys["time_limit"]["bounds"]) == ("an integer", "5 to 10800")
    assert (keys["format"]["type"], keys["format"]["bounds"]) == ("a string", "one of mp3, wav")
    assert keys["url"]["bounds"] == "at least 5 long"
    assert all(key["help"] for key in keys.values())


def test_a_module_is_shown_as_text() -> None:
    """Name and state, what it does, a line or more for each key, a sample node that can be copied."""
    text = modules("record_call").stdout
    heading, does, empty, *_ = text.splitlines()
    assert (heading, does) == (
        "record_call (simulated)",
        next(each.help for each in standard_registry() if each.name == "record_call"),
    )
    assert empty == ""
    folded = " ".join(text.split())
    assert "time_limit an integer, 5 to 10800, default 3600. Longest recording in seconds." in folded
    assert 'method a string, one of put, post, default "put". ' in folded
    assert json.loads(text[text.index("Sample:") + len("Sample:") :])["module"] == "record_call"


@pytest.mark.parametrize("name", standard_registry().names)
def test_samples_are_callflows(name: str) -> None:
    """The sample of each simulated module loads without a fault; so a newcomer may copy it."""
    shown = json.loads(modules(name, "--json").stdout)
    assert list(shown) == ["name", "simulated", "does", "keys", "sample"]
    flow = load_flow(shown["sample"], registry=standard_registry(), profile=DOCS, known=module_schemas())
    assert flow.faults == ()


def test_keys_that_only_kazoo_reads_are_said_to_be_so() -> None:
    """A key that we accept and do not read is no promise."""
    unread = {
        name: sorted(key.name for key in settings_of(name) if "has no effect here" in key.help)
        for name in standard_registry().names
    }
    expected = {}
    for action in standard_registry():
        read = {each.name for each in action.settings_class.__attrs_attrs__}
        expected[action.name] = sorted({*module_schemas()[action.name].keys} - read - {"skip_module"})
    assert unread == expected
    assert any(unread.values())


@pytest.mark.parametrize("name", [name for name in EVERYTHING if name not in standard_registry().names])
def test_unsimulated_modules_are_described_from_kazoos_facts(name: str) -> None:
    """What is not simulated yet has its keys with types, and no sample of ours."""
    shown = json.loads(modules(name, "--json").stdout)
    assert (shown["simulated"], shown["sample"]) == (False, None)
    assert {each["name"] for each in shown["keys"]} == {*module_schemas()[name].keys, "skip_module"}
    assert all(each["type"] for each in shown["keys"])
    assert modules(name).stdout.startswith(f"{name} (not yet)\n{module_schemas()[name].does}\n\n")


def test_a_misspelt_module_is_told_the_right_one() -> None:
    """One line, the nearest name, status 2."""
    result = modules("recrd_call")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr == "error: callflow modules: nobody knows a module \"recrd_call\"; did you mean 'record_call'?\n"
    )


def test_an_unknown_module_is_told_where_to_look() -> None:
    """A name like none of them, hostile at that."""
    result = modules("\x1b[2Jx" * 20)
    assert result.exit_code == 2
    assert result.stderr.endswith("; `callflow modules` lists them\n")
    assert "\x1b" not in result.stderr and result.stderr.count("\n") == 1
