"""What `run` shows at the end: trees, names of calls, tries, and what did not arrive."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callflow.cli import playing, verbs

CALLER = {"number": "1", "name": "Bob", "dials": "2001"}


def run(folder: Path, *arguments: str) -> Result:
    """Run the scenario that lies in `folder`."""
    return CliRunner().invoke(verbs, ["run", str(folder / "call.json"), "--out", str(folder / "out"), *arguments])


def test_a_flow_inside_a_node_is_drawn_with_its_own_heading(staging: ModuleType, tmp_path: Path) -> None:
    """B§7.10: the tree of every flow that the call took is drawn, with the call's way through it."""
    inside = {"module": "callflow", "data": {"flow": {"module": "sleep", "data": {"duration": 1}}}}
    staging.scenario(tmp_path, flow={**inside, "children": {"_": {"module": "hangup", "data": {}}}})
    printed = run(tmp_path).stdout
    assert "flow flow:\n1 ● callflow\n3 ● └─ _: hangup\nflow flow flow.data.flow:\n2 ● sleep" in printed
    path = json.loads(run(tmp_path, "--json").stdout)["calls"][0]["path"]
    assert [step["flow"] for step in path] == ["flow", "flow flow.data.flow", "flow"]


def test_a_callflow_without_a_name_has_one_for_its_readers(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7: `path[].flow` is never empty: the name, else the id, the number, or where the flow stands."""
    hangup = {"module": "hangup", "data": {}}
    flows: list[dict[str, Any]] = [
        {"numbers": ["2001"], "flow": {"module": "callflow", "data": {"id": "two"}}},
        {"id": "two", "flow": hangup},
    ]
    staging.scenario(tmp_path, callflow="2001", account={"id": "acme", "callflows": flows})
    path = json.loads(run(tmp_path, "--json").stdout)["calls"][0]["path"]
    assert [step["flow"] for step in path] == ["2001", "two"]
    assert "flow two:\n2 ● hangup" in run(tmp_path).stdout


def test_calls_have_the_names_of_the_scenario(staging: ModuleType, tmp_path: Path) -> None:
    """One call, one name: in the timeline, over its tree, in the summary and in its files' names."""
    steps = [{"at 0s": "caller calls"}, {"at 4s": "alice answers"}, {"at 9s": "caller hangs up"}]
    one = {"caller": CALLER, "timeline": steps}
    calls = {"x": one, "y": one}
    staging.scenario(tmp_path, flow=staging.record(staging.ring()), caller=None, timeline=None, calls=calls)
    printed = run(tmp_path).stdout
    assert " y:A " in printed and "call y, flow flow:" in printed and "recording 0 of call y: call" in printed
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        "x-recording-0-call.wav",
        "y-recording-0-call.wav",
    ]


def test_what_did_not_arrive_is_the_last_word(staging: ModuleType, tmp_path: Path, patient_clock: None) -> None:
    """Design §7, status 4: how many, where they are kept, what to do; each try above."""
    flow = staging.record(staging.ring(), url="http://127.0.0.1:9/r")
    staging.scenario(tmp_path, "at 2s: caller hangs up", flow=flow)
    done = run(tmp_path, "--upload")
    last, outbox = done.stdout.splitlines()[-1], tmp_path / "out" / "outbox"
    assert last == f"1 recording did not arrive, kept: callflow outbox retry {outbox}"
    assert "could not be stored after" in done.stdout


def test_nothing_is_told_where_only_the_object_is_wanted(
    staging: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--json` makes no timeline that nobody reads."""
    monkeypatch.delattr(playing, "Timeline")
    staging.scenario(tmp_path, "at 2s: caller hangs up")
    assert run(tmp_path, "--json").exit_code == 0
