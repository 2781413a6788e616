"""A callflow drawn as a tree of text: branch keys, modules, the settings that matter, and the path that a call took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from callflow.core.flow import Flow, Node
from callflow.core.shown import shown

_MATTERS: Mapping[str, tuple[str, ...]] = {
    "record_call": (
        "action",
        "format",
        "time_limit",
        "record_on_answer",
        "record_on_bridge",
        "silence_detection",
        "url",
    ),
    "record_caller": ("format", "time_limit", "url"),
    "user": ("id", "timeout", "strategy"),
    "device": ("id", "timeout", "dial_strategy"),
    "voicemail": ("id", "action"),
    "ring_group": ("strategy", "timeout", "repeats"),
    "sleep": ("duration", "unit"),
}
_MOST_OTHERS = 3
_MOST_MEMBERS = 4
_EMPTY = "(empty: the flow ends here)"
_EMPTY_CHOICE = "(empty: as if the choice were not there)"
_BARE_VALUES = frozenset({"action", "id", "format", "url", "text"})
_REACHED, _NOT_REACHED = "●", "○"
_LAST, _BETWEEN, _BLANK, _LINE = "└─ ", "├─ ", "   ", "│  "


def tree_text(flow: Flow, path_taken: Sequence[str] = ()) -> str:
    """Draw `flow`, one line a node, without a final line break.

    `path_taken` lists the `where` of the nodes that a call ran, in order: each such node gets ● and its place in that
    order, counted from 1, every other ○; an empty `where` is a turn that another flow had. Remarks of level warning and
    error stand behind the node that they are about.
    """
    if flow.root is None:
        return "(empty: the call ends at once)"
    turns: dict[str, list[int]] = {}
    for turn, where in enumerate(path_taken, 1):
        if where:
            turns.setdefault(where, []).append(turn)
    numbers = {where: ",".join(map(str, each)) for where, each in turns.items()}
    width = max(map(len, numbers.values()), default=0)
    remarks = _remarks(flow)
    lines = []
    for line in tree_lines(flow.root):
        gutter = ""
        if path_taken:
            number = numbers.get(line.node.where, "") if line.node else ""
            mark = (_REACHED if number else _NOT_REACHED) if line.node else " "
            gutter = f"{number:>{width}} {mark} "
        codes = remarks.get(line.node.where, ()) if line.node else ()
        lines.append((gutter + line.text + "".join(f"  ! {code}" for code in codes)).rstrip())
    return "\n".join(lines)


@frozen
class TreeLine:
    """One line of a tree: the node that it is about, None for an empty child, and what is drawn."""

    node: Node | None
    text: str


def tree_lines(root: Node) -> Iterator[TreeLine]:
    """The lines of a tree without any mark, in document order."""
    waiting: list[tuple[Node | None, str, str, str, str]] = [(root, "", "", "", "")]
    while waiting:
        node, lead, joint, below, empty = waiting.pop()
        yield TreeLine(node, lead + joint + (_describe(node) if node is not None else empty))
        children = list(node.children.items()) if node is not None else []
        drawn = []
        empty = _EMPTY_CHOICE if node is not None and node.module == "menu" else _EMPTY
        for index, (key, child) in enumerate(children):
            is_last = index == len(children) - 1
            joint = (_LAST if is_last else _BETWEEN) + f"{_plain(key)}: "
            drawn.append((child, below, joint, below + (_BLANK if is_last else _LINE), empty))
        waiting.extend(reversed(drawn))


def _describe(node: Node) -> str:
    state = ""
    if node.skip:
        state = " (skipped)"
    elif node.action is None:
        state = " (not simulated)"
    settings = [*_members(node), *(_setting(key, value) for key, value in _settings(node))]
    return "  ".join((f"{_plain(node.module)}{state}", *settings))


def _members(node: Node) -> Iterator[str]:
    """Name whom a ring_group rings, as far as it says so itself."""
    endpoints = node.data.get("endpoints") if node.module == "ring_group" else None
    if isinstance(endpoints, list):
        ids = [each.get("id") for each in endpoints if isinstance(each, Mapping)]
        names = [_plain(each) for each in ids if isinstance(each, str)]
        more = f" and {len(names) - _MOST_MEMBERS} more" if len(names) > _MOST_MEMBERS else ""
        yield ", ".join(names[:_MOST_MEMBERS]) + more


def _settings(node: Node) -> list[tuple[str, object]]:
    """Return the settings to show: the module's own choice, else the first plain ones that are written."""
    wanted = _MATTERS.get(node.module)
    if wanted is not None:
        return [(key, node.data[key]) for key in wanted if node.data.get(key) is not None]
    others: list[tuple[str, object]] = [
        (key, value)
        for key, value in node.data.items()
        if isinstance(value, str | int | float) and key != "skip_module"
    ]
    return others[:_MOST_OTHERS]


def _setting(key: str, value: object) -> str:
    text = shown(value, f".{key}")
    if isinstance(value, str) and len(text) > 2 and " " not in text and "\\" not in text:
        text = text.strip('"')
    if key in _BARE_VALUES:
        return text
    return f"{_plain(key)}={text}"


def _plain(name: str) -> str:
    """Keep a name on its line and off the terminal's controls."""
    return name if name.isprintable() and name.strip() == name and name else shown(name)


def _remarks(flow: Flow) -> Mapping[str, Sequence[str]]:
    """Give each remark to the deepest node that its path lies in."""
    places = {node.where for node in flow.nodes()}
    found: dict[str, list[str]] = {}
    for diagnostic in flow.diagnostics:
        where = diagnostic.where.rpartition(": ")[2]  # without the file and line that loading puts in front
        while where and where not in places:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        if diagnostic.severity != "info" and diagnostic.code not in found.setdefault(where, []):
            found[where].append(diagnostic.code)
    return found
