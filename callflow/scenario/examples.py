"""`examples:` makes one scenario many: every row of a table fills `{NAME}` in all its strings.

A string that is nothing but `{NAME}` becomes the value itself, so that numbers and lists can vary too. `account:` and
`with:` keep names that no column has: those belong to the callflow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.nodes import Node, any_mapping, items, text
from callflow.scenario.words import suggestion

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
"""A name between braces, as the core fills it into callflows."""

MOST_ROWS = 10_000
"""Rows of one table."""

_PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_CALLFLOW_NAMES = ("account", "with")
_EXAMPLE = "[{ANSWER: 4s, LENGTH: 36s}, {ANSWER: 10s, LENGTH: 30s}]"

Row = Mapping[str, Node]


def read_rows(node: Node) -> list[Row]:
    """The rows of the table: mappings of the same names, or lists under a first list of names."""
    nodes = items(node, _EXAMPLE)
    if nodes and isinstance(nodes[0].value, list):
        rows = _rows_under_header(nodes)
    else:
        rows = [any_mapping(each, _EXAMPLE) for each in nodes]
    if not rows:
        raise node.error("no row", f"write it like {_EXAMPLE}")
    if len(rows) > MOST_ROWS:
        raise node.error(f"{len(rows)} rows", f"at most {MOST_ROWS}")
    for name, cell in rows[0].items():
        if not NAME.fullmatch(name):
            raise cell.error(f"{shown(name)} cannot name a column", "use capital letters, digits and _")
    for each, row in zip(nodes[-len(rows) :], rows, strict=True):
        if set(row) != set(rows[0]):
            odd = ", ".join(sorted(set(row) ^ set(rows[0])))[:100]
            raise each.error(f"not the columns of the first row: {shown(odd)}", "every row names the same columns")
    return list(rows)


def _rows_under_header(nodes: list[Node]) -> list[dict[str, Node]]:
    header = [text(each, "a column's name") for each in items(nodes[0], "[ANSWER, LENGTH]")]
    if len(set(header)) != len(header):
        raise nodes[0].error("a column stands twice", "name each column once")
    rows = []
    for each in nodes[1:]:
        cells = items(each, "[4s, 36s]")
        if len(cells) != len(header):
            raise each.error(f"{len(cells)} values under {len(header)} columns", "give every column one value")
        rows.append(dict(zip(header, cells, strict=True)))
    return rows


def fill_row(scenario: Mapping[str, Node], row: Row) -> dict[str, Node]:
    """The scenario's parts with the row's values in them.

    Raises ScenarioError for a name that no column has, and for a column that nothing uses.
    """
    used: set[str] = set()
    filled = {key: _fill(node, row, used, strict=key not in _CALLFLOW_NAMES) for key, node in scenario.items()}
    for name, cell in row.items():
        if name not in used:
            raise cell.error(f"nothing uses {shown('{' + name + '}')}", "use it, or take the column out")
    return filled


def _fill(node: Node, row: Row, used: set[str], *, strict: bool) -> Node:
    if isinstance(node.value, list):
        return evolve(node, value=[_fill(each, row, used, strict=strict) for each in node.value])
    if isinstance(node.value, dict):
        entries: dict[str, Node] = {}
        for key, each in node.value.items():
            new_key = _fill_text(key, each, row, used, strict)
            if new_key in entries:
                raise each.error(f"the row makes the key {shown(new_key)} stand twice", "keep one of the two")
            entries[new_key] = _fill(each, row, used, strict=strict)
        return evolve(node, value=entries)
    if not isinstance(node.value, str) or "{" not in node.value:
        return node
    whole = _PLACEHOLDER.fullmatch(node.value)
    if whole and whole.group(1) in row:
        used.add(whole.group(1))
        return row[whole.group(1)]
    return evolve(node, value=_fill_text(node.value, node, row, used, strict), raw=None)


def _fill_text(words: str, node: Node, row: Row, used: set[str], strict: bool) -> str:
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in row:
            if strict:
                hint = suggestion(name, row) if row else "examples: fills names here, with: only those of the callflow"
                raise node.error(f"nothing fills {shown(found.group())}", hint)
            return found.group()
        used.add(name)
        return _cell_text(row[name])

    return _PLACEHOLDER.sub(value, words)


def _cell_text(cell: Node) -> str:
    if isinstance(cell.value, str):
        return cell.value
    if isinstance(cell.value, int) and not isinstance(cell.value, bool):
        return str(cell.value)
    raise cell.error("only a text or a whole number can stand inside a text", "quote the value")


def in_row(fault: ScenarioError, index: int) -> ScenarioError:
    """The error of a scenario that was filled from a row, with the row named."""
    return ScenarioError(f"{fault.where} (examples[{index}])", fault.problem, fault.hint)
