"""A callflow drawn as a mermaid flowchart, for pages that show such text as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import evolve

from callflow.core.flow import Flow, Node
from callflow.report.tree import tree_text
from callflow.report.wording import printable

_PLAIN: Final = frozenset(" _-.,:/=()+*?'●○…")


def mermaid_text(flow: Flow, path_taken: Sequence[str] = ()) -> str:
    """Draw `flow` as a flowchart, without a final line break: a box a node, an arrow a branch with its key.

    A box says what `tree_text` says of the node, with `path_taken` also whether and when it ran; a round box is where
    the flow ends. Nothing that a document holds can be more than a label.
    """
    return "\n".join(["flowchart TD", *_lines(flow, path_taken)])


def _lines(flow: Flow, path_taken: Sequence[str]) -> Iterator[str]:
    if flow.root is None:
        yield f'    n0(["{_label(tree_text(flow))}"])'
        return
    yield f'    n0["{_box(flow, flow.root, path_taken)}"]'
    waiting = [("n0", flow.root)]
    count = 1
    for name, node in waiting:  # grows while it is walked: level by level, as the picture is laid out
        for key, child in node.children.items():
            own, count = f"n{count}", count + 1
            arrow = f'    {name} -->|"{_label(key)}"| {own}'
            if child is None:
                yield f'{arrow}(["the flow ends here"])'
            else:
                yield f'{arrow}["{_box(flow, child, path_taken)}"]'
                waiting.append((own, child))


def _box(flow: Flow, node: Node, path_taken: Sequence[str]) -> str:
    """The node's line of the tree, its parts below each other."""
    alone = evolve(flow, root=evolve(node, children={}), diagnostics=())
    return "<br/>".join(_label(part) for part in tree_text(alone, path_taken).strip().split("  "))


def _label(text: str) -> str:
    """The text as mermaid shows it literally: quotes, marks of HTML and of directives become numbered entities."""
    return "".join(each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in printable(text))
