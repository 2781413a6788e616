"""Hostile callflows: depth, size and shape cost no stack and no hours, and nothing but a fault comes of them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callflow.core.filling import MAX_DEPTH as MAX_DATA_DEPTH
from callflow.core.flow import MAX_DEPTH, MAX_NODES, Flow, load_flow
from callflow.core.profile import DOCS
from callflow.core.registry import Registry
from callflow.core.schema import ModuleSchema

KNOWN = {"menu": ModuleSchema("menu", "Plays a greeting.")}


def load(document: object, *, strict: bool = False, skip_unsimulated: bool = False) -> Flow:
    """Load without any action: Kazoo knows menu, and nobody knows user."""
    registry = Registry.collect([ModuleType("empty")])
    return load_flow(
        document, registry=registry, profile=DOCS, known=KNOWN, strict=strict, skip_unsimulated=skip_unsimulated
    )


def faults(document: object) -> list[str]:
    """The faults of loading, as text."""
    return [str(fault) for fault in load(document).faults]


def chain(length: int) -> dict[str, Any]:
    """A flow of `length` nodes, each the `_` of the one before."""
    node: dict[str, Any] = {"module": "user", "data": {}}
    for _ in range(length - 1):
        node = {"module": "user", "data": {}, "children": {"_": node}}
    return node


def test_deep_flows_end_in_a_fault() -> None:
    """A hundred thousand levels cost no stack: the flow is refused at a written depth."""
    assert len(list(load(chain(MAX_DEPTH)).nodes())) == MAX_DEPTH
    assert faults(chain(100_000)) == [f"flow: nested deeper than {MAX_DEPTH} nodes; split the flow into several"]


def test_aliases_that_multiply_end_in_a_fault() -> None:
    """A few lines of YAML aliases may stand for billions of nodes or values: both are counted."""
    node: dict[str, Any] = {"module": "user", "data": {}}
    value: list[Any] = ["x"]
    for _ in range(40):
        node = {"module": "user", "data": {}, "children": {"a": node, "b": node}}
        value = [value, value]
    assert faults(node) == [f"flow: more than {MAX_NODES} nodes; split the flow into several"]
    assert "more than 100000 values" in faults({"module": "user", "data": {"x": value}})[0]


def test_deep_data_ends_in_a_fault() -> None:
    """Data nested without end, or holding itself, is refused."""
    value: list[Any] = []
    value.append(value)
    expected = f"flow.data: nested deeper than {MAX_DATA_DEPTH} levels"
    assert faults({"module": "user", "data": {"x": value}})[0].startswith(expected)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["user", "menu", "{X}"])
KEYS = st.sampled_from("module data children flow _ id url action numbers".split()) | st.text(max_size=4)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


@given(DOCUMENTS, st.booleans(), st.booleans())
def test_loading_never_raises(document: object, strict: bool, skip: bool) -> None:
    """Whatever a document holds, loading ends with a flow, its faults each on one line, its paths all different."""
    flow = load(document, strict=strict, skip_unsimulated=skip)
    assert all("\n" not in str(fault) for fault in flow.faults)
    wheres = [node.where for node in flow.nodes()]
    assert len(wheres) == len(set(wheres))
