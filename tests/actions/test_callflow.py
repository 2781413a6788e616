"""callflow: another flow by id or in place, and the way back (B§7.10)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.flow import load_flow
from callflow.core.profile import DOCS
from callflow.schemas import module_schemas

NOTE = {"module": "noop"}
SLEEP = {"module": "sleep", "data": {"duration": 3}}


def branch(data: dict[str, Any], children: dict[str, Any] | None = None) -> dict[str, Any]:
    """A callflow node."""
    return {"module": "callflow", "data": data, "children": {"_": NOTE} if children is None else children}


def test_by_id_and_back(build: Any) -> None:
    """B§7.10: branches to the flow; this node's `_` is resumed when it stops."""
    stage = build.play(branch({"id": "inner"}), flows={"inner": SLEEP})
    assert (stage.path(), stage.ends()["A"][0]) == (["callflow", "sleep", "noop"], 3_000)


def test_the_flows_name_stays_the_calls(build: Any) -> None:
    """B§1.2: the flow's name on the call is that of the flow that answered it."""
    record = {"module": "record_call", "data": {}, "children": {"_": SLEEP}}
    stage = build.play(branch({"id": "inner"}), flows={"inner": record})
    assert stage.recordings()[0]["origin"] == "callflow : main"


def test_a_nested_branch(build: Any) -> None:
    """B§2.2: flows within flows come back in turn."""
    flows = {"one": branch({"id": "two"}, {"_": SLEEP}), "two": NOTE}
    assert build.play(branch({"id": "one"}), flows=flows).path() == ["callflow", "callflow", "noop", "sleep", "noop"]


@pytest.mark.parametrize("data", [{"id": "missing"}, {}, {"id": "inner", "flow": SLEEP}])
def test_missing_or_ambiguous(build: Any, data: dict[str, Any]) -> None:
    """B§7.10: not found, or not exactly one of id and flow: on to `_` at once."""
    stage = build.play(branch(data), flows={"inner": SLEEP})
    assert (stage.path(), stage.ends()["A"][0]) == (["callflow", "noop"], 0)


def test_a_flow_written_in_place(build: Any) -> None:
    """B§7.10: the driver loads it under the node's path; it runs like any other."""
    stage = build.play(branch({"flow": SLEEP}), flows={"flow.data.flow": SLEEP})
    assert stage.path() == ["callflow", "sleep", "noop"]


def test_a_loop_ends_at_the_fifty_first_branch(build: Any) -> None:
    """B§7.10 and B§12 scenario 16: same-id loops are limited by the branches only; the caller is hung up."""
    loop = branch({"id": "loop"})
    stage = build.play(loop, flows={"loop": loop})
    assert stage.path() == ["callflow"] * 51
    assert stage.ends()["A"] == (0, "NORMAL_CLEARING", "flow")


def test_every_action_shows_a_sample_that_loads(build: Any) -> None:
    """Design §3: an action's docstring has a sample node, which its own settings accept."""
    registry = build.real_actions()
    promised = "answer callflow device hangup noop play record_call record_caller response sleep tts user voicemail"
    assert {*promised.split(), "wait_for_hangup"} <= set(registry.names)
    for each in registry:
        assert each.sample is not None, each.name
        flow = load_flow(each.sample, registry=registry, profile=DOCS, known=module_schemas())
        assert flow.faults == (), each.name


def test_every_key_of_record_call_is_accepted(build: Any) -> None:
    """Issue 2: every key of the seed's table, with a value inside its bounds."""
    data = {
        "action": "start", "format": "wav", "label": "sales", "media_id": "doc", "media_name": "file", "method": "post",
        "origin": "x", "record_min_sec": 1, "record_on_answer": True, "record_on_bridge": False,
        "record_sample_rate": 16_000, "should_follow_transfer": False, "silence_detection": True,
        "silence_final_timeout": 5, "silence_initial_timeout": 0, "silence_threshold": 200, "skip_module": False,
        "time_limit": 5, "url": "http:",
    }  # fmt: skip
    node = {"module": "record_call", "data": data}
    flow = load_flow(node, registry=build.real_actions(), profile=DOCS, known=module_schemas())
    assert flow.faults == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time_limit", 4),
        ("time_limit", 10_801),
        ("url", "http"),
        ("action", "pause"),
        ("format", "ogg"),
        ("method", "get"),
    ],
)
def test_a_key_out_of_bounds_is_refused(build: Any, key: str, value: object) -> None:
    """Design §12, Documents: in `docs` the seed's bounds are errors that name the key's path."""
    node = {"module": "record_call", "data": {key: value}}
    flow = load_flow(node, registry=build.real_actions(), profile=DOCS, known=module_schemas())
    assert [fault.where for fault in flow.faults] == [f"flow.data.{key}"]
