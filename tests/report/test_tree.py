"""The tree as text: branches, settings that matter, the path taken, remarks in their place."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from attrs import frozen

from callflow.core.flow import Flow, load_flow
from callflow.core.profile import DOCS
from callflow.core.registry import Registry, action
from callflow.report.tree import tree_text


@frozen
class AnySettings:
    """No settings of its own."""


@action("record_call", AnySettings)
async def record_call(call: Any, settings: AnySettings) -> None:
    """Record."""


@action("user", AnySettings)
async def user(call: Any, settings: AnySettings) -> None:
    """Ring."""


MODULE = ModuleType("made_up")
MODULE.first, MODULE.second = record_call, user  # type: ignore[attr-defined]


def load(document: object) -> Flow:
    """Load with two actions that read nothing."""
    return load_flow(document, registry=Registry.collect([MODULE]), profile=DOCS, known={})


FLOW = {
    "module": "record_call",
    "data": {"action": "start", "format": "mp3", "url": "http://bob:secret@h/r", "time_limit": 360},
    "children": {
        "NO_ANSWER": {},
        "_": {
            "module": "user",
            "data": {"id": "alice", "timeout": 20},
            "children": {
                "USER_BUSY": {"module": "menu", "data": {"id": "m 1"}},
                "_": {"module": "record_call", "data": {"action": "stop", "skip_module": True}},
            },
        },
    },
}


def test_a_flow_is_drawn_with_branches_and_settings() -> None:
    """One line a node: branch key, module, the settings that matter, remarks; never a credential."""
    assert tree_text(load(FLOW)).splitlines() == [
        "record_call  start  mp3  time_limit=360  http://***@h/r",
        "├─ NO_ANSWER: (empty: the flow ends here)",
        "└─ _: user  alice  timeout=20",
        '   ├─ USER_BUSY: menu (not simulated)  "m 1"  ! unknown-module',
        "   └─ _: record_call (skipped)  stop",
    ]


def test_the_path_taken_is_numbered() -> None:
    """Nodes that ran have their places in the order of the call, others an open circle."""
    path = ["flow", "flow.children._", "flow.children._.children._", "flow.children._"]
    assert [line[:6].rstrip() for line in tree_text(load(FLOW), path).splitlines()] == [
        "  1 ●",
        "",
        "2,4 ●",
        "    ○",
        "  3 ●",
    ]


def test_the_malformed_sample_carries_its_remark() -> None:
    """A repaired `children` shows as `_`, with the remark at the node that it is about (C1)."""
    flow = load({"module": "user", "data": {}, "children": {"module": "user", "data": {}}})
    assert tree_text(flow) == "user\n└─ _: user  ! bare-children"


def test_an_empty_flow_says_so() -> None:
    """`{}` has no nodes to draw."""
    assert tree_text(load({"flow": {}})) == "(empty: the call ends at once)"


def test_hostile_names_stay_on_their_line() -> None:
    """No control character of a document reaches the terminal."""
    flow = load({"module": "us\x1b[2Jer", "data": {"a\nb": "c\rd"}, "children": {"\n": {"module": "user"}}})
    text = tree_text(flow)
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text and "\r" not in text


def test_deep_flows_are_drawn_without_recursion() -> None:
    """A thousand nodes deep is a thousand lines."""
    node: dict[str, Any] = {"module": "user", "data": {}}
    for _ in range(999):
        node = {"module": "user", "data": {}, "children": {"_": node}}
    assert len(tree_text(load(node)).splitlines()) == 1000


def test_a_ring_group_names_whom_it_rings_and_an_empty_choice_ends_nothing() -> None:
    """B§7.3, B§7.7: the first four members, and how many more; a menu hunts or refuses a choice that is empty."""
    endpoints = [{"endpoint_type": "user", "id": name} for name in ("a", "b", "c", "d", "e", "f")]
    group = {"module": "ring_group", "data": {"timeout": 9, "endpoints": [*endpoints, "junk"]}}
    flow = load({"module": "menu", "data": {"id": "m"}, "children": {"1": {}, "2": group}})
    assert [line.partition("  ! ")[0] for line in tree_text(flow).splitlines()] == [
        "menu (not simulated)  m",
        "├─ 1: (empty: as if the choice were not there)",
        "└─ 2: ring_group (not simulated)  a, b, c, d and 2 more  timeout=9",
    ]
