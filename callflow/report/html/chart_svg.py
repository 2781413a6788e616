"""The chart as SVG: places are percents of its width, so that a page zooms by making it wider, and text keeps its size.

Two pictures, one beside the other: the names of the lanes, and the lanes, which scroll.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callflow.report.html.axis import Axis
from callflow.report.html.chart import Chart
from callflow.report.html.lane import Curve, Group, Lane, Mark
from callflow.report.svg import number, safe
from callflow.report.wording import clock

LABELS_WIDTH: Final = 168
ZOOMS: Final = (1, 2, 4, 8, 16, 32, 64)
"""How many times as wide as its window a chart can be drawn."""

_AXIS: Final = 30
_HEADING: Final = 30
_HEIGHTS: Final = {
    "steps": 34,
    "flow": 34,
    "leg": 54,
    "recorder": 34,
    "score": 66,
    "wave": 50,
    "alarm": 34,
    "delivery": 50,
}
_TWO_ROWS: Final = (_HEIGHTS["leg"], _HEIGHTS["delivery"])
"""Lanes whose bars have other marks below them."""

_BESIDE: Final = 13
"""Pixels between points of the same moment."""

_LEAST_SHOWN_MS: Final = 500


def zooms_of(axis: Axis) -> tuple[int, ...]:
    """The zooms that make sense: at the closest one a window shows half a second or more."""
    return tuple(each for each in ZOOMS if axis.ms_per_percent * 100 / each >= _LEAST_SHOWN_MS) or (1,)


def height_of(chart: Chart) -> int:
    """The height of both pictures in pixels."""
    lanes = [lane for group in chart.groups for lane in group.lanes]
    return (
        _AXIS + sum(_HEIGHTS[lane.kind] for lane in lanes) + _HEADING * sum(bool(each.title) for each in chart.groups)
    )


def labels_svg(chart: Chart) -> str:
    """The names of the lanes; for those who see, as the lanes themselves have names."""
    size = f"width='{LABELS_WIDTH}' height='{height_of(chart)}'"
    parts = [f"<svg class='names' xmlns='http://www.w3.org/2000/svg' {size} aria-hidden='true'>"]
    for y, height, each in _places(chart):
        if isinstance(each, Group):
            parts.append(f"<text class='heading' x='10' y='{y + 20}'>{safe(each.title)}</text>")
            continue
        middle = y + height / 2
        parts.append(f"<path class='rule' d='M0 {y}H{LABELS_WIDTH}'/>")
        parts.append(f"<text class='name' x='10' y='{number(middle - 2)}'>{safe(each.label)}</text>")
        parts.append(f"<text class='note' x='10' y='{number(middle + 12)}'>{safe(each.note)}</text>")
    return "".join([*parts, "</svg>"])


def lanes_svg(chart: Chart, axis: Axis) -> str:
    """The lanes with everything on them; each mark is a button that knows its row; the first is in the tab order."""
    height = height_of(chart)
    parts = [
        f"<svg id='lanes' xmlns='http://www.w3.org/2000/svg' width='100%' height='{height}' role='group'"
        " aria-label='Everything that happened, on one time axis. Arrow keys move between marks, Enter explains one.'"
        " data-zoom='1'>",
        *_grid(axis, height),
    ]
    for y, lane_height, each in _places(chart):
        if isinstance(each, Lane):
            parts += _lane(each, axis, y, lane_height)
    cursor = f"<line id='cursor' x1='0' x2='0' y1='{_AXIS - 8}' y2='{height}' visibility='hidden'/>"
    picture = "".join([*parts, cursor, "</svg>"])
    return picture.replace("tabindex='-1'", "tabindex='0'", 1)


def _places(chart: Chart) -> Iterator[tuple[int, int, Group | Lane]]:
    """Every heading and lane with its upper edge and height in pixels."""
    y = _AXIS
    for group in chart.groups:
        if group.title:
            yield y, _HEADING, group
            y += _HEADING
        for lane in group.lanes:
            yield y, _HEIGHTS[lane.kind], lane
            y += _HEIGHTS[lane.kind]


def _percent(x: float) -> str:
    return f"{x:.4f}".rstrip("0").rstrip(".") + "%"


def _grid(axis: Axis, height: int) -> Iterator[str]:
    """Times and lines for every zoom, of which a style sheet shows one; breaks with how long they are."""
    for zoom in zooms_of(axis):
        yield f"<g class='ticks ticks-{zoom}' aria-hidden='true'>"
        for at_ms in axis.ticks(zoom):
            x = _percent(axis.x(at_ms))
            yield f"<line class='grid' x1='{x}' x2='{x}' y1='{_AXIS - 6}' y2='{height}'/>"
            yield f"<text class='tick' x='{x}' y='{_AXIS - 12}'>{_short(at_ms)}</text>"
        yield "</g>"
    for each in axis.breaks:
        box = f"x='{_percent(each.from_x)}' width='{_percent(each.to_x - each.from_x)}' y='0' height='{height}'"
        words = f"nothing happens for {clock(each.to_ms - each.from_ms)}"
        yield f"<svg class='break' {box} aria-hidden='true'><title>{words}</title>"
        yield "<rect width='100%' height='100%'/>"
        yield f"<text x='50%' y='{_AXIS - 12}'>+{_short(each.to_ms - each.from_ms)}</text></svg>"


def _short(at_ms: int) -> str:
    """A time without decimals that say nothing."""
    whole = clock(at_ms)
    return whole.removesuffix(".000") if whole.endswith(".000") else whole.rstrip("0")


def _lane(lane: Lane, axis: Axis, y: int, height: int) -> Iterator[str]:
    named = safe(f"{lane.label}, {lane.note}")
    of = f" data-recording='{lane.recording}'" if lane.recording is not None else ""
    yield f"<g class='lane lane-{lane.kind}'{of} role='group' aria-label='{named}'>"
    yield f"<line class='rule' x1='0' x2='100%' y1='{y}' y2='{y}'/>"
    if lane.recording is not None:
        yield f"<rect class='ground' x='0' y='{y}' width='100%' height='{height}'/>"
    for curve in lane.curves:
        yield _curve(curve, axis, y, height)
    points = [mark for mark in lane.marks if mark.shape in ("point", "flag")]
    for mark in lane.marks:
        if mark.shape not in ("point", "flag"):
            covered = sum(each.from_ms == mark.from_ms and each.look == "node" for each in points)
            yield _bar(mark, axis, y, height, 7 + covered * _BESIDE)
    for place, mark in enumerate(points):
        dx = _BESIDE * sum(each.from_ms == mark.from_ms for each in points[:place])
        next_ms = points[place + 1].from_ms if place + 1 < len(points) else None
        yield _point(mark, axis, y, height, dx, next_ms)
    yield "</g>"


def _open(mark: Mark) -> str:
    says = safe(mark.says)
    return (
        f"<g class='item {mark.shape} look-{mark.look}' data-row='{mark.seq}' data-at='{mark.from_ms}' role='button'"
        f" tabindex='-1' aria-label='{says}'><title>{says}</title>"
    )


def _bar(mark: Mark, axis: Axis, y: int, height: int, indent: int) -> str:
    x, right = axis.x(mark.from_ms), axis.x(mark.to_ms)
    if mark.shape == "bar":
        top, tall = (y + 6, 18) if height in _TWO_ROWS else (y + 7, min(height - 14, 20))
    else:
        top, tall = (y + 28, 10) if mark.shape == "said" else (y + 40, 10)
    box = f"x='{_percent(x)}' width='{_percent(max(right - x, 0.02))}' y='{top}' height='{tall}'"
    words = (
        f"<text class='label' x='{indent}' y='{number(tall / 2 + 4)}'>{safe(mark.words)}</text>" if mark.words else ""
    )
    return f"{_open(mark)}<svg {box}><rect width='100%' height='100%' rx='3'/>{words}</svg></g>"


def _point(mark: Mark, axis: Axis, y: int, height: int, dx: int, next_ms: int | None) -> str:
    x = axis.x(mark.from_ms)
    is_below = height in _TWO_ROWS and (mark.shape == "flag" or mark.look in ("digit", "request"))
    middle = y + (36 if is_below else 15 if height in _TWO_ROWS else height / 2)
    at = f"x='{_percent(x)}' y='{number(middle)}' width='1' height='1' overflow='visible'"
    radius = 8 if mark.look in ("digit", "node") else 5.5
    first = mark.words.partition(" ")[0]
    inner = f"<text class='in' x='{dx}' y='4'>{safe(first)}</text>" if radius == 8 else ""
    shape = f"<svg {at}><circle cx='{dx}' r='{radius}'/>{inner}</svg>"
    right = axis.x(next_ms) if next_ms is not None else 100.0
    words = ""
    if mark.shape == "flag" and right > x and mark.words:
        box = f"x='{_percent(x)}' width='{_percent(right - x)}' y='{number(middle - 12)}' height='24'"
        words = f"<svg {box}><text class='label' x='{dx + 10}' y='16'>{safe(mark.words)}</text></svg>"
    return f"{_open(mark)}{shape}{words}</g>"


def _curve(curve: Curve, axis: Axis, y: int, height: int) -> str:
    """The curve in a box of its own, which is stretched to its time."""
    x, right = axis.x(curve.from_ms), axis.x(curve.to_ms)
    box = f"x='{_percent(x)}' width='{_percent(max(right - x, 0.02))}' y='{y + 3}' height='{height - 6}'"
    line = ""
    if curve.line is not None:
        line = f"<path class='threshold' d='M0 {number(curve.line)}H1000' vector-effect='non-scaling-stroke'/>"
    return (
        f"<svg class='{curve.look}' {box} viewBox='0 0 1000 100' preserveAspectRatio='none' aria-hidden='true'>"
        f"<path class='curve' d='{curve.path}'/>{line}</svg>"
    )
