"""A callflow with the way that a call took through it, as a picture: SVG that stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import evolve, frozen

from callflow.core.flow import Flow, Node
from callflow.report.svg import LETTER_WIDTH, LINE, PALE, number, picture, safe, text_svg
from callflow.report.tree import tree_text
from callflow.report.wording import cut, printable

_LEFT: Final = 20
_TOP: Final = 44
_INDENT: Final = 42
_BOX: Final = 40
_ROW: Final = 54
_LONGEST: Final = 96
_LONGEST_KEY: Final = 22
_TAKEN, _TAKEN_PAPER, _PAPER = "#1f4e9c", "#e8effb", "#f6f7f9"


@frozen
class _Place:
    """A box at `x`: its node (None: the flow ends there), the branch to it, and its parent's place, -1 at the top."""

    node: Node | None
    key: str
    parent: int
    x: int


def tree_svg(flow: Flow, title: str, path_taken: Sequence[str] = ()) -> str:
    """The picture as the text of an SVG document, without a final line break.

    `path_taken` lists the `where` of the nodes that a call ran, in order, as for `tree_text`: such nodes are filled and
    have their places in that order. Nothing in a document can be more than text.
    """
    places = list(_places(flow))
    turns: dict[str, list[str]] = {}
    for turn, where in enumerate(path_taken, 1):
        turns.setdefault(where, []).append(str(turn))
    boxes = [_words(flow, place) for place in places]
    rights = [place.x + _box_wide(*words) for place, words in zip(places, boxes, strict=True)]
    width = max([*rights, 9 * len(title)], default=0) + 70
    parts = [text_svg(_LEFT - 8, 22, title, size=14, weight="bold")]
    is_taken = [place.node is not None and place.node.where in turns for place in places]
    parts += (_branch(place, row, places, is_taken[row]) for row, place in enumerate(places) if place.parent >= 0)
    for row, (place, words) in enumerate(zip(places, boxes, strict=True)):
        numbers = turns.get(place.node.where, ()) if place.node is not None else ()
        parts += _box(place, row, words, ",".join(numbers))
    return picture(width, _TOP + _ROW * len(places) + 8, f"Callflow {title}", parts)


def _places(flow: Flow) -> Iterator[_Place]:
    """Every box from top to bottom: a node before its children."""
    waiting: list[_Place] = [_Place(flow.root, "", -1, _LEFT)]
    row = -1
    while waiting:
        place = waiting.pop()
        row += 1
        yield place
        children = place.node.children.items() if place.node is not None else ()
        for key, child in reversed(list(children)):
            branch = cut(printable(key), _LONGEST_KEY)
            waiting.append(_Place(child, branch, row, place.x + _INDENT + _key_wide(branch)))


def _words(flow: Flow, place: _Place) -> tuple[str, str]:
    """The module, and its settings: what `tree_text` says of the node."""
    if place.node is None:
        return "end", "the flow ends here"
    alone = evolve(flow, root=evolve(place.node, children={}), diagnostics=())
    module, *settings = tree_text(alone).split("  ")
    return module, cut("  ".join(settings), _LONGEST)


def _key_wide(key: str) -> int:
    return max(LETTER_WIDTH * len(key) + 10, 20)


def _y(row: int) -> int:
    return _TOP + row * _ROW


def _box_wide(module: str, settings: str) -> int:
    return max(LETTER_WIDTH * 9 * len(module) // 8, LETTER_WIDTH * len(settings) * 15 // 16) + 28


def _box(place: _Place, row: int, words: tuple[str, str], numbers: str) -> Iterator[str]:
    module, settings = words
    x, y, wide = place.x, _y(row), _box_wide(*words)
    look, fill, rim = ("taken", _TAKEN_PAPER, _TAKEN) if numbers else ("node", _PAPER, LINE)
    radius = 18 if place.node is None else 6
    thick = 2 if numbers else 1
    yield (
        f"<rect class='box-{look}' x='{x}' y='{y}' width='{wide}' height='{_BOX}' rx='{radius}' fill='{fill}'"
        f" stroke='{rim}' stroke-width='{thick}'/>"
    )
    yield text_svg(x + 12, y + (17 if settings else 25), module, weight="bold")
    if settings:
        yield text_svg(x + 12, y + 32, settings, fill=PALE, name="pale", size=11)
    if numbers:
        half = max(11, 4 * len(numbers) + 6)
        pill = f"x='{x + wide - half}' y='{y - 9}' width='{2 * half}' height='20' rx='10'"
        yield f"<rect class='fill-taken' {pill} fill='{_TAKEN}'/>"
        yield (
            f"<text class='on-taken' x='{x + wide}' y='{y + 5}' text-anchor='middle' fill='#ffffff' font-size='11'"
            f" font-weight='bold'>{safe(numbers)}</text>"
        )


def _branch(place: _Place, row: int, places: Sequence[_Place], is_taken: bool) -> str:
    """The line from the parent, with the branch's key on it."""
    x, y, wide = places[place.parent].x + 14, _y(row) + _BOX / 2, _key_wide(place.key)
    look, colour, thick = ("taken", _TAKEN, 2) if is_taken else ("node", "#8a93a3", 1.4)
    line = f"M{x} {_y(place.parent) + _BOX}V{number(y)}H{place.x}"
    pill = f"x='{place.x - wide - 10}' y='{number(y - 9)}' width='{wide}' height='18' rx='9'"
    key = text_svg(place.x - wide / 2 - 10, y + 4, place.key, anchor="middle", fill=PALE, name="pale", size=11)
    return (
        f"<path class='stroke-{look}' d='{line}' stroke='{colour}' stroke-width='{thick}' fill='none'/>"
        f"<rect class='key' {pill} fill='#ffffff' stroke='{LINE}'/>{key}"
    )
