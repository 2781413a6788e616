"""A document as a tree of nodes that each know their own file, line and path, and the readers that check them.

Readers take a node and give plain data; what is wrong becomes a ScenarioError at the node's place. Grammar functions,
which see text only, raise without a place; `at(node)` adds it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.document import Document
from callflow.scenario.durations import Tolerance, parse_duration, parse_tolerance
from callflow.scenario.places import item_path, key_path
from callflow.scenario.words import NONE_WORD, suggestion

_DEEPEST = 200
_DAMAGED = re.compile(r"[-+]?[0-9][0-9_:.]*(?:[eE][-+]?[0-9]+)?|0[xob][0-9A-Fa-f_]+")
_LONGEST_TEXT = 200


@frozen
class Node:
    """One value of a document. `value` is a scalar, a dict of nodes or a list of nodes.

    `raw` is the source text when the value was written without quotes in YAML.
    """

    value: Any
    file: str
    line: int
    path: str
    raw: str | None = None

    @property
    def where(self) -> str:
        """`file:line: path`."""
        return f"{self.file}:{self.line}: {self.path}" if self.path else f"{self.file}:{self.line}"

    def error(self, problem: str, hint: str = "") -> ScenarioError:
        """An error at this place."""
        return ScenarioError(self.where, problem, hint)


def node_tree(document: Document) -> Node:
    """The whole document as nodes. Raises ScenarioError when it is nested too deeply."""
    return _node(document, document.data, "", 0)


def _node(document: Document, data: Any, path: str, depth: int) -> Node:
    if depth > _DEEPEST:
        raise ScenarioError(document.path, f"nested deeper than {_DEEPEST} levels", "a scenario needs a handful")
    place = document.place(path)
    value = data
    if isinstance(data, dict):
        value = {key: _node(document, each, key_path(path, key), depth + 1) for key, each in data.items()}
    elif isinstance(data, list):
        value = [_node(document, each, item_path(path, index), depth + 1) for index, each in enumerate(data)]
    return Node(value, document.path, place.line, path, place.raw)


def plain(node: Node) -> Any:
    """The node's data without places."""
    if isinstance(node.value, dict):
        return {key: plain(each) for key, each in node.value.items()}
    if isinstance(node.value, list):
        return [plain(each) for each in node.value]
    return node.value


def brief(node: Node) -> str:
    """The node as one short line, for reports: `{format: mp3, length: 20s ±40ms}`."""
    text = _brief(node)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _brief(node: Node) -> str:
    if isinstance(node.value, dict):
        return "{" + ", ".join(f"{key}: {_brief(each)}" for key, each in node.value.items()) + "}"
    if isinstance(node.value, list):
        return "[" + ", ".join(_brief(each) for each in node.value) + "]"
    if isinstance(node.value, str) and node.value.isprintable() and not ("//" in node.value and "@" in node.value):
        return node.value
    return shown(node.value)  # leaves out the password of an address


@contextmanager
def at(node: Node) -> Iterator[None]:
    """Give errors that know no place yet the place of this node."""
    try:
        yield
    except ScenarioError as fault:
        if fault.where:
            raise
        raise node.error(fault.problem, fault.hint) from None


def mapping(node: Node, known: Collection[str], example: str) -> dict[str, Node]:
    """A mapping whose keys are all known; an unknown one is named with the nearest known one."""
    entries = any_mapping(node, example)
    for key, entry in entries.items():
        if key not in known:
            raise entry.error(f"unknown key {shown(key)}", suggestion(key, known))
    return entries


def any_mapping(node: Node, example: str) -> dict[str, Node]:
    """A mapping with keys of the author's choice."""
    if not isinstance(node.value, dict):
        raise node.error(f"{_kind(node)} where a mapping is wanted", f"write it like {example}")
    return node.value


def items(node: Node, example: str) -> list[Node]:
    """A list."""
    if not isinstance(node.value, list):
        raise node.error(f"{_kind(node)} where a list is wanted", f"write it like {example}")
    return node.value


def text(node: Node, example: str = "a text") -> str:
    """A text that is not blank and fits on one line."""
    if not isinstance(node.value, str):
        hint = f'quote it: "{node.raw or node.value}"' if isinstance(node.value, int | float) else f"write {example}"
        raise node.error(f"{_kind(node)} where a text is wanted", hint)
    if not node.value.strip():
        raise node.error("empty", f"write {example}")
    if not node.value.isprintable():
        raise node.error(f"{shown(node.value)} holds a line break or a control character", "write one plain line")
    return node.value


def number_text(node: Node, example: str) -> str:
    """A telephone number or the like. It must be a quoted text: YAML damages numbers (leading zero, +, 12:30)."""
    unquoted = node.raw if isinstance(node.value, str) else node.raw or str(node.value)
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        raise node.error("a number without quotes loses zeros and signs", f'quote the number: "{unquoted}"')
    if unquoted is not None and _DAMAGED.fullmatch(unquoted):
        raise node.error("a number without quotes loses zeros and signs", f'quote the number: "{unquoted}"')
    value = text(node, example)
    if re.search(r"\s", value):
        raise node.error(f"{shown(value)} has blanks in it", f"write {example}")
    return value


def integer(node: Node, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        raise node.error(f"{_kind(node)} where a whole number is wanted", f"write a number from {low} to {high}")
    if not low <= node.value <= high:
        raise node.error(f"{shown(node.value)} is out of range", f"write a number from {low} to {high}")
    return node.value


def choice(node: Node, words: Collection[str]) -> str:
    """One of the words."""
    value = text(node, f"one of {', '.join(words)}")
    if value not in words:
        raise node.error(f"unknown word {shown(value)}", suggestion(value, words))
    return value


def choice_or_none(node: Node, words: Collection[str]) -> str:
    """One of the words, or `none` (also written as null), which stands for null in the result."""
    return NONE_WORD if node.value is None else choice(node, [*words, NONE_WORD])


def duration(node: Node) -> int:
    """A length of time in milliseconds; a number without unit is refused."""
    with at(node):
        return parse_duration(_time_text(node))


def tolerance(node: Node) -> Tolerance:
    """A length of time with or without ±."""
    with at(node):
        return parse_tolerance(_time_text(node))


def _time_text(node: Node) -> str:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.raw or str(node.value)
    return text(node, "a length of time: 20s")


def _kind(node: Node) -> str:
    if node.value is None:
        return "nothing"
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if isinstance(node.value, bool):
        return f"the truth value {node.raw or str(node.value).lower()}"
    return f"the number {shown(node.value)}" if isinstance(node.value, int | float) else f"the text {shown(node.value)}"
