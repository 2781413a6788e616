"""A scenario made ready with settings changed: what a sweep runs is what the changed documents would be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callflow.core.errors import FlowError, ScenarioError
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices, Prepared, prepare
from callflow.varied import prepare_varied

CHOICES = Choices(now=datetime(2026, 11, 30, tzinfo=UTC))
STEPS = ("at 9s: caller hangs up",)


def varied(scenario: Scenario, *case: tuple[str, Any]) -> Prepared:
    """The scenario with one case."""
    [prepared] = prepare_varied(scenario, CHOICES, [case])
    return prepared


def settings(prepared: Prepared, key: str) -> list[object]:
    """The values that the nodes of the first call's flow have of a setting."""
    return [getattr(node.settings, key) for node in prepared.tree.nodes() if hasattr(node.settings, key)]


def test_one_node_changes_and_everything_else_stays(tmp_path: Path, staging: Any) -> None:
    """Only the named node is another one, read anew with its type and bounds; what was prepared is untouched."""
    flow = staging.record(staging.ring("alice", staging.record(time_limit=7)), time_limit=6)
    scenario = staging.scenario(tmp_path, *STEPS, flow=flow)
    before = prepare(scenario, CHOICES)
    after = varied(scenario, ("flow.children._.children._.data.time_limit", 30))
    assert (settings(before, "time_limit"), settings(after, "time_limit")) == ([6, 7], [6, 30])
    assert [node.where for node in after.tree.nodes()] == [node.where for node in before.tree.nodes()]
    assert after.setting.account.devices == before.setting.account.devices
    assert [call.id for call in after.calls] == [call.id for call in before.calls]


def test_cases_do_not_touch_each_other(tmp_path: Path, staging: Any) -> None:
    """Cases share what they were read from, and none sees the change of another."""
    scenario = staging.scenario(tmp_path, *STEPS, flow=staging.record(staging.ring(), time_limit=6))
    cases = [(("data.time_limit", limit_s),) for limit_s in (10, None, 20)]
    assert [settings(each, "time_limit") for each in prepare_varied(scenario, CHOICES, cases)] == [[10], [None], [20]]


def test_a_deep_flow_is_changed_without_recursion(tmp_path: Path, staging: Any) -> None:
    """The tree above the node is made anew however deep it is."""
    path, depth = "flow", 150
    flow: dict[str, Any] = staging.record(time_limit=6)
    for _ in range(depth):
        flow = {"module": "noop", "children": {"_": flow}}
        path += ".children._"
    scenario = staging.scenario(tmp_path, *STEPS, flow=flow)
    assert settings(varied(scenario, (f"{path}.data.time_limit", 30)), "time_limit") == [30]


def test_a_node_inside_another_one_s_data_is_meant_by_its_own_path(tmp_path: Path, staging: Any) -> None:
    """`flow.data.flow.data.KEY` is the node of the flow written there, not a key of the node around it."""
    flow = {"module": "callflow", "data": {"flow": {"module": "sleep", "data": {"duration": 3}}}}
    prepared = varied(staging.scenario(tmp_path, *STEPS, flow=flow), ("flow.data.flow.data.duration", 4))
    [inline] = prepared.setting.flows.values()
    assert [node.settings.duration for node in inline.nodes()] == [4]


def test_the_node_behind_a_preflow_changes_for_every_call(tmp_path: Path, staging: Any) -> None:
    """A flow that several calls run, below the account's preflow: all of them get the new node."""
    account = {
        "id": "a",
        "users": [{"id": "alice"}],
        "devices": [{"id": "p", "owner_id": "alice"}],
        "preflow": {"always": "first"},
        "callflows": [
            {"id": "first", "numbers": ["2000"], "flow": {"module": "noop"}},
            {"id": "main", "numbers": ["2001"], "flow": staging.record(staging.ring())},
        ],
    }
    timeline = [staging.step("at 0s: caller calls"), staging.step("at 5s: caller hangs up")]
    one = {"caller": {"number": "+1", "dials": "2001"}, "timeline": timeline}
    parts = {"calls": {"one": one, "two": one}, "caller": None, "timeline": None}
    scenario = staging.scenario(tmp_path, callflow="2001", account=account, **parts)
    prepared = varied(scenario, ("data.time_limit", 30))
    flows = [*(call.flow for call in prepared.calls), prepared.setting.flows["main"]]
    limits = [[getattr(node.settings, "time_limit", None) for node in each.nodes()] for each in flows]
    assert [[limit for limit in each if limit is not None] for each in limits] == [[30], [30], [30]]


def test_a_node_that_several_callflows_have_must_be_named_by_its_place(tmp_path: Path, staging: Any) -> None:
    """Nothing is guessed: the error says how to name it, and that way works."""
    flows = [
        {"id": "main", "numbers": ["2001"], "flow": {"module": "callflow", "data": {"id": "b"}}},
        {"id": "b", "numbers": ["2002"], "flow": staging.ring("alice", staging.record())},
        {"id": "c", "numbers": ["2003"], "flow": staging.ring("alice", staging.record())},
    ]
    account = {"id": "a", "users": [{"id": "alice"}], "devices": [], "callflows": flows}
    scenario = staging.scenario(tmp_path, *STEPS, callflow="2001", account=account)
    with pytest.raises(ScenarioError, match=r"several callflows have this node; .*account\.callflows\[0\]\.flow"):
        varied(scenario, ("flow.children._.data.time_limit", 30))
    prepared = varied(scenario, ("account.callflows[1].flow.children._.data.time_limit", 30))
    limits = [getattr(node.settings, "time_limit", None) for node in prepared.setting.flows["b"].nodes()]
    assert limits == [None, 30]


def test_skipping_a_module_can_be_varied(tmp_path: Path, staging: Any) -> None:
    """`skip_module` is right in every module: the node loses its action, and gets it back."""
    scenario = staging.scenario(tmp_path, *STEPS, flow=staging.record(staging.ring(), skip_module=True))
    nodes = [next(iter(varied(scenario, ("data.skip_module", each)).tree.nodes())) for each in (True, False)]
    assert [(node.skip, node.action is None) for node in nodes] == [(True, True), (False, False)]


def test_bounds_are_those_of_the_profile(tmp_path: Path, staging: Any) -> None:
    """What docs refuses, a kazoo profile uses as written; the profile may be varied beside it."""
    scenario = staging.scenario(tmp_path, *STEPS, flow=staging.record(staging.ring()))
    with pytest.raises(FlowError, match="data.time_limit=4: flow.data.time_limit: 4 is out of bounds"):
        varied(scenario, ("data.time_limit", 4))
    assert settings(varied(scenario, ("data.time_limit", 4), ("profile", "kazoo-5")), "time_limit") == [4]


def test_what_fills_the_callflow_must_be_in_it(tmp_path: Path, staging: Any) -> None:
    """A value fills {NAME} whole, however long; a name that nothing has is refused."""
    long = "http://h/" + "x" * 200
    scenario = staging.scenario(tmp_path, *STEPS, flow=staging.record(staging.ring(), url="{PLACE}"))
    assert settings(varied(scenario, ("with.PLACE", long)), "url") == [long]
    with pytest.raises(ScenarioError, match="nothing in the callflow is called"):
        varied(scenario, ("with.OTHER", long))
