"""A call's ladder as a picture: SVG that stands alone, for tickets and for the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callflow.report.ladder import Ladder, Step
from callflow.report.svg import LETTER_WIDTH, LINE, PALE, PAPER, number, picture, safe, text_svg
from callflow.report.wording import clock

_COLOURS: Final = {
    "signal": "#1f4e9c",
    "talk": "#00704f",
    "note": "#5b6472",
    "recording": "#a8321c",
    "delivery": "#6a3d9a",
    "trouble": "#9a5b00",
}
"""Dark enough to be read on white as text."""

_TIME: Final = 84
_STEP: Final = 30
_TOP: Final = 64
_NARROWEST: Final = 150
_HEAD: Final = 26


def ladder_svg(ladder: Ladder, title: str) -> str:
    """The picture as the text of an SVG document, without a final line break; names can be no more than text."""
    gaps = list(_gaps(ladder))
    places = [_TIME + _NARROWEST // 2 + sum(gaps[:place]) for place in range(len(ladder.columns))]
    noted = [places[ladder.place_of(step.source)] + _width(step.text) for step in ladder.steps if _is_note(step)]
    width = max([places[-1] + _NARROWEST // 2, *(right + 40 for right in noted)]) if places else _TIME
    height = _TOP + _STEP * len(ladder.steps) + 24
    heading = f"{title}: call {ladder.title}" if ladder.title else title
    parts = [text_svg(12, 20, heading, size=14, weight="bold"), *_columns(ladder, places, height)]
    for place, step in enumerate(ladder.steps):
        parts.append(_step(ladder, step, places, _TOP + _STEP * (place + 1)))
    return picture(max(width, 24 + 8 * len(heading)), height, f"Ladder of {heading}", parts)


def _is_note(step: Step) -> bool:
    return step.source == step.target


def _width(text: str) -> int:
    return len(text) * LETTER_WIDTH


def _gaps(ladder: Ladder) -> Iterator[int]:
    """How far each column's right neighbour is away: as far as what is written between the two needs."""
    for place in range(len(ladder.columns) - 1):
        widest = _NARROWEST
        for step in ladder.steps:
            left, right = sorted((ladder.place_of(step.source), ladder.place_of(step.target)))
            if (left, right) == (place, place + 1):
                widest = max(widest, _width(step.text) + 40)
            elif left == right == place:
                widest = max(widest, _width(step.text) + 36)
        names = len(ladder.columns[place].name) + len(ladder.columns[place + 1].name)
        yield max(widest, names * LETTER_WIDTH // 2 + 48)


def _columns(ladder: Ladder, places: list[int], height: int) -> Iterator[str]:
    for x, column in zip(places, ladder.columns, strict=True):
        half = max(_width(column.name) // 2 + 12, 36)
        yield f"<path class='life' d='M{x} {_TOP}V{height - 12}' stroke='{LINE}' stroke-width='2' fill='none'/>"
        yield (
            f"<rect class='head' x='{x - half}' y='{_TOP - _HEAD}' width='{2 * half}' height='{_HEAD}' rx='5'"
            f" fill='#eef1f6' stroke='{LINE}'/>"
        )
        yield text_svg(x, _TOP - 9, column.name, anchor="middle", weight="bold")


def _step(ladder: Ladder, step: Step, places: list[int], y: int) -> str:
    source, target = places[ladder.place_of(step.source)], places[ladder.place_of(step.target)]
    colour = _COLOURS[step.kind]
    parts = [text_svg(_TIME - 14, y + 4, clock(step.at_ms), anchor="end", fill=PALE, name="pale", size=11)]
    if _is_note(step):
        shape = f"M{source - 5} {y}l5 -5l5 5l-5 5z"
        parts.append(f"<path class='fill-{step.kind}' d='{shape}' fill='{colour}'/>")
        parts.append(_words(source + 12, y + 4, step, "start"))
    else:
        parts.append(_arrow(source, target, y, step))
        parts.append(_words((source + target) / 2, y - 5, step))
    return f"<g class='step' data-row='{step.seq}'>{''.join(parts)}</g>"


def _arrow(source: int, target: int, y: int, step: Step) -> str:
    """A line with a head at its target; legs that talk have a double line with a dot at each end."""
    colour, kind = _COLOURS[step.kind], step.kind
    if kind == "talk":
        lines = f"M{source} {y - 1.5}H{target}M{source} {y + 1.5}H{target}"
        dots = "".join(f"<circle class='fill-talk' cx='{x}' cy='{y}' r='4' fill='{colour}'/>" for x in (source, target))
        return f"<path class='stroke-talk' d='{lines}' stroke='{colour}' fill='none'/>{dots}"
    way = 1 if target > source else -1
    head = f"M{target} {y}l{-9 * way} -5v10z"
    return (
        f"<path class='stroke-{kind}' d='M{source} {y}H{target - 8 * way}' stroke='{colour}' stroke-width='1.6'"
        f" fill='none'/><path class='fill-{kind}' d='{head}' fill='{colour}'/>"
    )


def _words(x: float, y: float, step: Step, anchor: str = "middle") -> str:
    """The step's text in its colour, on a rim of paper that parts it from lines behind it."""
    return (
        f"<text class='words fill-{step.kind}' x='{number(x)}' y='{number(y)}' text-anchor='{anchor}'"
        f" fill='{_COLOURS[step.kind]}' stroke='{PAPER}' stroke-width='4' paint-order='stroke'>{safe(step.text)}</text>"
    )
