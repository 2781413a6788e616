"""Callflow documents become nodes: shapes, paths, the malformed sample, unknown modules (B§1.1, B§2.2)."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from attrs import frozen

from callflow.core.flow import Flow, load_flow
from callflow.core.profile import DOCS, KAZOO_5
from callflow.core.registry import Registry, action
from callflow.core.schema import KeySchema, ModuleSchema
from callflow.core.settings import setting


@frozen
class RecordCallSettings:
    """Some of record_call's settings."""

    action: str = setting("start", help="What to do.", one_of=("start", "stop"))
    time_limit: int | None = setting(None, help="Seconds.", at_least=5, at_most=10_800)
    url: str | None = setting(None, help="Where to.", shortest=5)
    format: str | None = setting(None, help="Format.", one_of=("mp3", "wav"))


@frozen
class IdSettings:
    """Settings of modules that name a document."""

    id: str | None = setting(None, help="The document.")


@action("record_call", RecordCallSettings)
async def record_call(call: Any, settings: RecordCallSettings) -> None:
    """Record."""


@action("user", IdSettings)
async def user(call: Any, settings: IdSettings) -> None:
    """Ring."""


@action("voicemail", IdSettings)
async def voicemail(call: Any, settings: IdSettings) -> None:
    """Take a message."""


MODULE = ModuleType("made_up")
for script in (record_call, user, voicemail):
    setattr(MODULE, script.__name__, script)
REGISTRY = Registry.collect([MODULE])
KNOWN = {
    "menu": ModuleSchema("menu", "Plays a greeting.", {"id": KeySchema("string")}),
    "user": ModuleSchema("user", "Rings.", {"id": KeySchema("string"), "timeout": KeySchema("integer", 20)}),
}
ALICE = "a" * 32
SEED_SAMPLE = {
    "module": "record_call",
    "data": {
        "action": "start",
        "format": "mp3",
        "url": "http://my.recording.server/{ACCOUNT_ID}/{USER_ID}",
        "time_limit": 360,
    },
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "{USER_ID}"},
            "children": {
                "_": {
                    "module": "record_call",
                    "data": {"action": "stop"},
                    "children": {"module": "voicemail", "data": {"id": "{VMBOX_ID}"}, "children": {}},
                }
            },
        }
    },
}
NAMES = {"ACCOUNT_ID": "b" * 32, "USER_ID": ALICE, "VMBOX_ID": "c" * 32}


def load(document: object, **more: Any) -> Flow:
    """Load with the modules of this file."""
    return load_flow(document, **{"registry": REGISTRY, "profile": DOCS, "known": KNOWN, **more})


def faults(document: object, **more: Any) -> list[str]:
    """The faults of loading, as text."""
    return [str(fault) for fault in load(document, **more).faults]


def codes(flow: Flow) -> list[tuple[str, str, str]]:
    """The diagnostics without their words."""
    return [(each.code, each.severity, each.where) for each in flow.diagnostics]


def test_the_seed_sample_is_repaired_in_docs() -> None:
    """The sample's bare `children` is read as `_`, with an error-level diagnostic (C1, design §5)."""
    flow = load(SEED_SAMPLE, fill=NAMES)
    assert flow.faults == ()
    assert [(node.module, node.where) for node in flow.nodes()] == [
        ("record_call", "flow"),
        ("user", "flow.children._"),
        ("record_call", "flow.children._.children._"),
        ("voicemail", "flow.children._.children._.children"),
    ]
    assert codes(flow) == [("bare-children", "error", "flow.children._.children._.children")]
    diagnostic = flow.diagnostics[0]
    assert "read as its `_` child" in diagnostic.message and "hung up" in diagnostic.message
    assert '{"_": {"module"' in diagnostic.hint


@pytest.mark.parametrize("more", [{"strict": True}, {"profile": KAZOO_5}])
def test_the_seed_sample_is_literal_when_strict_or_kazoo(more: dict[str, Any]) -> None:
    """Executed literally the stop node has no `_`: the caller is hung up, and the diagnostic says so (B§0)."""
    flow = load(SEED_SAMPLE, fill=NAMES, **more)
    assert [node.module for node in flow.nodes()] == ["record_call", "user", "record_call"]
    assert [dict(node.children) for node in flow.nodes()][-1] == {}
    assert codes(flow) == [("bare-children", "error", "flow.children._.children._.children")]
    assert "executed literally" in flow.diagnostics[0].message


def test_real_branches_beside_a_bare_node_win() -> None:
    """A `children` object with a real `_` is no bare node: Kazoo finds that `_`, and so do we."""
    children = {"module": "voicemail", "data": {}, "_": {"module": "user", "data": {}}}
    flow = load({"module": "user", "data": {}, "children": children})
    assert [node.where for node in flow.nodes()] == ["flow", "flow.children._"]
    assert "executed literally" in flow.diagnostics[0].message and "hung up" not in flow.diagnostics[0].message


def test_a_branch_may_be_called_module() -> None:
    """A branch key `module` that leads to a node is a branch."""
    flow = load({"module": "user", "data": {}, "children": {"module": {"module": "voicemail"}}})
    assert [node.where for node in flow.nodes()] == ["flow", "flow.children.module"]
    assert flow.diagnostics == ()


def test_names_in_braces_are_filled() -> None:
    """Every string value of data is filled, at any depth; settings see the result."""
    node = {"module": "user", "data": {"id": "{USER_ID}", "custom": {"list": ["x{USER_ID}", 1]}}}
    root = load(node, fill={"USER_ID": ALICE}).root
    assert root is not None
    assert root.settings == IdSettings(id=ALICE)
    assert root.data["custom"] == {"list": [f"x{ALICE}", 1]}


def test_unfilled_names_are_literal_with_a_warning() -> None:
    """No code expands braces (B§6.3): one warning a name and node, and the text as written."""
    flow = load({"module": "user", "data": {"id": "{USER_ID}{USER_ID}{lower}"}})
    assert ("unfilled-placeholder", "warning", "flow.data") in codes(flow)
    assert sum(each.code == "unfilled-placeholder" for each in flow.diagnostics) == 1
    assert flow.root is not None and flow.root.settings.id == "{USER_ID}{USER_ID}{lower}"


def test_a_document_and_a_bare_node_have_the_same_paths() -> None:
    """`{"flow": …}` gives name, numbers and patterns beside; a bare node starts at `flow` all the same."""
    node = {"module": "user", "data": {"id": ALICE}}
    document = {"_id": "x1", "_rev": "2-f", "pvt_type": "callflow", "name": "N", "numbers": ["1"], "patterns": ["^2$"]}
    flow = load({**document, "flow": node})
    assert (flow.id, flow.name, flow.numbers, flow.patterns) == ("x1", "N", ("1",), ("^2$",))
    assert flow.root is not None and flow.root.where == "flow"
    assert flow.diagnostics == () and flow.faults == ()
    assert load(node, name="given").name == "given"
    bare = load(node, at="flow.data.flow").root
    assert bare is not None and bare.where == "flow.data.flow"


def test_empty_objects() -> None:
    """`{}` as the flow is a flow that ends at once; as a child it is present and empty (B§2.2)."""
    assert load({"flow": {}}).root is None
    assert load({"flow": {}}).faults == ()
    root = load({"module": "user", "data": {}, "children": {"NO_ANSWER": {}}}).root
    assert root is not None and root.children == {"NO_ANSWER": None}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("x", 'flow: "x" is no callflow; write {"flow": {"module": …}}'),
        ({}, "flow: neither 'flow' nor 'module' is here; write"),
        ({"data": {"flow": {}}}, "flow: neither 'flow' nor 'module' is here; take what is under 'data'"),
        ({"flow": []}, "flow: a list is not a node; write"),
        ({"flow": {"data": {}}}, "flow: the node has no 'module'; name the module"),
        ({"flow": {"module": 3}}, "flow.module: 3 is not a string"),
        ({"flow": {"module": "m" * 65}}, "flow.module: 65 characters are out of bounds; write 1 to 64 characters"),
        ({"flow": {"module": ""}}, "flow.module: 0 characters are out of bounds"),
        ({"flow": {"module": "user", "data": []}}, "flow.data: a list is not an object; write"),
        ({"flow": {"module": "user", "children": []}}, 'flow.children: a list is not an object; write {"_": …}'),
        ({"flow": {"module": "user", "children": {"_": None}}}, "flow.children._: null is not a node"),
        ({"flow": {"module": "user", "children": {1: {}}}}, "flow.children: the branch key 1 is not a string; put it"),
        ({"flow": {}, "numbers": [2001]}, "numbers[0]: 2001 is not a string; put it in quotes"),
        ({"flow": {}, "pattern": []}, "pattern: unknown setting \"pattern\" of a callflow; did you mean 'patterns'?"),
        ({"flow": {}, "metaflow": {"numbers": {"9": {}}}}, "metaflow.numbers.9.module: null is no module"),
        ({"module": "user", "data": {"tiemout": 1}}, 'flow.data.tiemout: unknown setting "tiemout" of user; did you'),
    ],
)
def test_a_broken_shape_is_a_fault_with_its_path(document: object, message: str) -> None:
    """Each mistake in a document's shape is one line with its JSON path (design §9)."""
    got = faults(document)
    assert len(got) == 1
    assert got[0].startswith(message)


def test_faults_are_collected_over_the_whole_tree() -> None:
    """One loading shows the author everything that is wrong, in document order."""
    document = {
        "module": "record_call",
        "data": {"action": "start", "time_limit": 4, "formt": "mp3"},
        "children": {"_": {"module": "record_call", "data": {"action": "start", "url": "http"}}, "x": 5},
    }
    assert [fault.where for fault in load(document).faults] == [
        "flow.data.formt",
        "flow.data.time_limit",
        "flow.children._.data.url",
        "flow.children.x",
    ]


def test_a_known_module_without_action_is_a_fault() -> None:
    """What Kazoo has and we do not simulate yet is never ignored (design §12)."""
    message = "flow: module 'menu' is not simulated yet; run with --skip-unsimulated to go on to its `_` child"
    assert faults({"module": "menu", "data": {}}) == [message]


def test_skip_unsimulated_makes_it_a_warning() -> None:
    """Asked to, the flow goes on to `_`: the node has no action."""
    flow = load({"module": "menu", "data": {}, "children": {"_": {"module": "user"}}}, skip_unsimulated=True)
    assert flow.faults == ()
    assert codes(flow) == [("skipped-unsimulated", "warning", "flow")]
    assert [(node.module, node.action is None) for node in flow.nodes()] == [("menu", True), ("user", False)]
    bound: dict[str, Any] = {"flow": {}, "metaflow": {"numbers": {"9": {"module": "transfer"}}}}
    assert codes(load(bound, skip_unsimulated=True)) == [("skipped-unsimulated", "warning", "metaflow.numbers.9")]


def test_a_module_that_nobody_knows_goes_on() -> None:
    """An unknown module continues to `_` (B§2.2), with a warning and the nearest name."""
    flow = load({"module": "recrod_call", "data": {"x": 1}})
    assert codes(flow) == [("unknown-module", "warning", "flow")]
    assert flow.diagnostics[0].hint == "did you mean 'record_call'?"
    assert flow.root is not None and flow.root.action is None and flow.root.settings is None


def test_a_skipped_node_is_not_checked() -> None:
    """`skip_module` is tested first, for unknown modules too: neither settings nor action (B§2.2)."""
    flow = load({"module": "nobody", "data": {"skip_module": True}})
    assert flow.root is not None
    assert (flow.root.skip, flow.root.action, flow.root.settings) == (True, None, None)
    assert flow.diagnostics == () and flow.faults == ()


def test_record_call_without_action_starts_with_a_warning() -> None:
    """No action is a start, and said (design §12)."""
    assert codes(load({"module": "record_call", "data": {}})) == [("no-action", "warning", "flow.data")]


def test_id_lengths_are_infos() -> None:
    """An id that is no Kazoo id is worth an info, no more."""
    assert codes(load({"module": "user", "data": {"id": "alice"}})) == [("id-length", "info", "flow.data.id")]


def test_kazoo_keeps_what_is_out_of_bounds() -> None:
    """The kazoo profiles use a time_limit of 4 as it stands (B§3.4), with a warning."""
    flow = load({"module": "record_call", "data": {"action": "start", "time_limit": 4}}, profile=KAZOO_5)
    assert codes(flow) == [("out-of-bounds", "warning", "flow.data.time_limit")]
    assert flow.root is not None and flow.root.settings.time_limit == 4


def test_nodes_are_in_document_order() -> None:
    """A node comes before its children, and children in the order that they are written."""
    leaf = {"module": "user", "data": {}}
    flow = load({"module": "user", "data": {}, "children": {"b": {**leaf, "children": {"_": leaf}}, "a": leaf}})
    assert [node.where for node in flow.nodes()] == [
        "flow",
        "flow.children.b",
        "flow.children.b.children._",
        "flow.children.a",
    ]


def test_loading_leaves_the_document_alone() -> None:
    """Filling and repairing work on copies."""
    before = json.dumps(SEED_SAMPLE)
    load(SEED_SAMPLE, fill=NAMES)
    assert json.dumps(SEED_SAMPLE) == before
