"""Callflows as mermaid flowcharts: one box a node, and nothing of a document but labels."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callflow.core.flow import Flow, load_flow
from callflow.core.profile import DOCS
from callflow.core.registry import Registry
from callflow.report.mermaid import mermaid_text

LABEL = r"(?:[^\W#\"]|[ _.,:/=()+*?'●○…-]|#\d+;|<br/>)*"
BOX = rf'n\d+(?:\["{LABEL}"\]|\(\["{LABEL}"\]\))'
LINE = re.compile(rf'    {BOX}|    n\d+ -->\|"{LABEL}"\| {BOX}')


def load(document: object) -> Flow:
    """Load with no action at all: every module is unknown, and drawn."""
    return load_flow(document, registry=Registry.collect([ModuleType("empty")]), profile=DOCS, known={})


def node(module: str, children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A node."""
    return {"module": module, "data": data, "children": children or {}}


def test_branches_are_arrows_with_their_keys() -> None:
    """Every node has one box, numbered level by level; an empty child is where the flow ends."""
    tree = node("a", {"1": node("b", {"_": node("c")}), "timeout": {}, "_": node("d")})
    assert mermaid_text(load(tree)).splitlines() == [
        "flowchart TD",
        '    n0["a (not simulated)"]',
        '    n0 -->|"1"| n1["b (not simulated)"]',
        '    n0 -->|"timeout"| n2(["the flow ends here"])',
        '    n0 -->|"_"| n3["d (not simulated)"]',
        '    n1 -->|"_"| n4["c (not simulated)"]',
    ]


def test_an_empty_flow_is_one_round_box() -> None:
    """`{}` ends the call at once."""
    assert mermaid_text(load({"flow": {}})) == 'flowchart TD\n    n0(["(empty: the call ends at once)"])'


def test_marks_of_the_language_become_entities() -> None:
    """Quotes, HTML, directives and entities of a document are shown literally; credentials are not shown."""
    tree = node('x"]; click n0', {'%%{init: {"a": 1}}%%': node("user", id="<b>#35;`"), "|": {}}, a="http://u:p@h")
    text = mermaid_text(load(tree))
    assert "%%" not in text and "<b>" not in text and "u:p" not in text
    assert "#37;#37;#123;init: #123;" in text
    assert "#60;b#62;#35;35#59;#96;" in text
    assert all(LINE.fullmatch(line) for line in text.splitlines()[1:])


NAMES = st.text(min_size=1, max_size=20)
KEYS = st.text(max_size=10)
TREES = st.recursive(
    st.builds(node, NAMES),
    lambda inner: st.builds(node, NAMES, st.dictionaries(KEYS, inner, max_size=3), id=KEYS),
    max_leaves=8,
)


@given(TREES)
def test_no_document_leaves_its_labels(tree: dict[str, Any]) -> None:
    """Whatever names, keys and settings hold, each line is one box or one arrow."""
    flow = load(tree)
    lines = mermaid_text(flow).splitlines()
    assert lines[0] == "flowchart TD"
    assert len(lines) - 1 == max(1, sum(1 for _ in flow.nodes()))
    assert all(LINE.fullmatch(line) for line in lines[1:])


def test_deep_flows_are_drawn_without_recursion() -> None:
    """A thousand nodes deep is a thousand boxes."""
    tree = node("a")
    for _ in range(999):
        tree = node("a", {"_": tree})
    assert len(mermaid_text(load(tree)).splitlines()) == 1001
