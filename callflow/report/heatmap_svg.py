"""The heat map of a sweep as a picture: SVG, made of nothing but rectangles and text.

A cell's blue says how long the recording is, the stripe below it and its word or letter what ended it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from attrs import frozen

from callflow.report.heatmap import LETTERS, NONE, Cell, Grid, seconds

_COLOURS: Final = {
    "hangup": "#999999",
    "stop": "#e69f00",
    "time_limit": "#c0392b",
    "final_silence": "#009e73",
    "initial_silence": "#f0e442",
    "digit": "#56b4e9",
    "transfer": "#cc79a7",
    "media_failure": "#000000",
    "discarded": "#7a5c3a",
    "never_started": "#c9b8a8",
    "lost": "#7b1fa2",
    NONE: "#f0f0f0",
}
"""Colours that people who confuse red and green tell apart as well (Okabe and Ito), for each end."""

_OTHER: Final = "#444444"
_PALE: Final = (237, 244, 252)
_DEEP: Final = (8, 61, 127)
_DARK_FROM: Final = 0.55
"""The share of the longest length from which text on a cell is white."""

_FONT: Final = "font-family='DejaVu Sans, Verdana, Helvetica, Arial, sans-serif'"
_LETTER_WIDTH: Final = 7
_BETWEEN: Final = 3
_MOST_ROOMY: Final = 14
"""Columns up to which a cell has room for words."""


@frozen
class _Layout:
    """Sizes in pixels: of a cell, and of what stands left of and above the cells."""

    cell_width: int
    cell_height: int
    left: int
    top: int
    is_roomy: bool


def map_svg(grid: Grid, title: str) -> str:
    """The picture as the text of an SVG file. Nothing in names or labels can be more than text."""
    layout = _layout(grid)
    cells_width, cells_height = layout.cell_width * len(grid.columns), layout.cell_height * len(grid.rows)
    legend = max(280, sum(40 + _LETTER_WIDTH * (len(end) + 3) for end in grid.ends))
    texts = max(len(title), len(grid.what), len(grid.column_name) + 4) * _LETTER_WIDTH * 8 // 7
    width = max(layout.left + max(cells_width, legend), texts + 16) + 24
    height = layout.top + cells_height + 92
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'"
        f" role='img' {_FONT} font-size='12'>",
        f"<title>{_safe(title)}</title>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        _text(16, 26, title, size=15, weight="bold"),
        _text(16, 46, grid.what, fill="#555555"),
        *_axes(grid, layout),
        *_cells(grid, layout),
        *_legend(grid, layout, layout.top + cells_height + 24),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _layout(grid: Grid) -> _Layout:
    is_roomy = len(grid.columns) <= _MOST_ROOMY
    longest = max(map(len, grid.rows))
    left = 24 + (max(_LETTER_WIDTH * longest, (_LETTER_WIDTH + 1) * (len(grid.row_name) + 2)) + 8 if longest else 0)
    words = max(len(_end_words(cell.end)) for cell in grid.every_cell)
    labels = max(map(len, grid.columns)) * _LETTER_WIDTH + 10
    cell_width = max(84, labels, words * 6 + 14) if is_roomy else max(26, min(labels, 40))
    return _Layout(cell_width, 46 if is_roomy else 26, left, 104, is_roomy)


def _axes(grid: Grid, layout: _Layout) -> Iterator[str]:
    """The names of what is varied, and its values; where columns are narrow, only as many as have room."""
    yield _text(layout.left, layout.top - 28, f"{grid.column_name} →", weight="bold")
    if grid.rows != ("",):
        yield _text(16, layout.top - 8, f"{grid.row_name} ↓", weight="bold")
    label_width = max(map(len, grid.columns)) * _LETTER_WIDTH + 6
    every = -(-label_width // layout.cell_width)
    for place, label in enumerate(grid.columns):
        if place % every == 0:
            x = layout.left + place * layout.cell_width + layout.cell_width // 2
            yield _text(x, layout.top - 8, label, anchor="middle")
    for place, label in enumerate(grid.rows):
        y = layout.top + place * layout.cell_height + layout.cell_height // 2 + 4
        if label:
            yield _text(layout.left - 8, y, label, anchor="end")


def _cells(grid: Grid, layout: _Layout) -> Iterator[str]:
    for row, (row_label, cells) in enumerate(zip(grid.rows, grid.cells, strict=True)):
        for column, (column_label, cell) in enumerate(zip(grid.columns, cells, strict=True)):
            x, y = layout.left + column * layout.cell_width, layout.top + row * layout.cell_height
            named = f"{grid.row_name}={row_label}, " if row_label else ""
            about = f"{named}{grid.column_name}={column_label}: {_in_words(cell)}"
            yield f"<g><title>{_safe(about)}</title>"
            yield from _cell(cell, grid.share(cell), x, y, layout)
            yield "</g>"


def _cell(cell: Cell, share: float, x: int, y: int, layout: _Layout) -> Iterator[str]:
    width, height, stripe = layout.cell_width - _BETWEEN, layout.cell_height - _BETWEEN, 6 if layout.is_roomy else 5
    is_there = cell.end != NONE
    fill = _blue(share) if is_there else _COLOURS[NONE]
    ink = "#ffffff" if is_there and share >= _DARK_FROM else "#222222"
    yield _box(x, y, width, height, fill)
    if is_there:
        yield _box(x, y + height - stripe, width, stripe, _COLOURS.get(cell.end, _OTHER))
    middle = x + width // 2
    if not layout.is_roomy:
        yield _text(middle, y + 15, LETTERS.get(cell.end, "?"), anchor="middle", fill=ink, size=11)
    elif not is_there:
        yield _text(middle, y + height // 2 + 4, NONE, anchor="middle", fill=ink, size=10)
    else:
        yield _text(middle, y + 18, seconds(cell.length_ms), anchor="middle", fill=ink)
        yield _text(middle, y + 33, _end_words(cell.end), anchor="middle", fill=ink, size=10)


def _legend(grid: Grid, layout: _Layout, y: int) -> Iterator[str]:
    """The scale of lengths, and below it the colours of the ends."""
    least, most = grid.range_ms
    x = layout.left
    yield _text(x, y + 11, seconds(least))
    x += _LETTER_WIDTH * len(seconds(least)) + 8
    if most > least:
        for step in range(10):
            yield _box(x + step * 12, y, 12, 14, _blue(step / 9))
        yield _text(x + 128, y + 11, seconds(most))
    else:
        yield _box(x, y, 14, 14, _blue(1.0))
    x, y = layout.left, y + 28
    for end in grid.ends:
        words = _end_words(end) if layout.is_roomy else f"{LETTERS.get(end, '?')}  {_end_words(end)}"
        yield _box(x, y, 14, 14, _COLOURS.get(end, _OTHER))
        yield _text(x + 20, y + 11, words)
        x += 40 + _LETTER_WIDTH * len(words)


def _in_words(cell: Cell) -> str:
    if cell.end == NONE:
        return NONE
    cause = f", {cell.cause}" if cell.cause else ""
    return f"{seconds(cell.length_ms)}, {_end_words(cell.end)}{cause}"


def _end_words(end: str) -> str:
    return end.replace("_", " ")


def _blue(share: float) -> str:
    """A colour between pale and deep blue."""
    return "#" + "".join(f"{round(pale + (deep - pale) * share):02x}" for pale, deep in zip(_PALE, _DEEP, strict=True))


def _box(x: int, y: int, width: int, height: int, fill: str) -> str:
    return f"<rect x='{x}' y='{y}' width='{width}' height='{height}' fill='{fill}'/>"


def _text(
    x: int, y: int, text: str, *, anchor: str = "start", fill: str = "#222222", size: int = 12, weight: str = "normal"
) -> str:
    style = f"text-anchor='{anchor}' fill='{fill}' font-size='{size}' font-weight='{weight}'"
    return f"<text x='{x}' y='{y}' {style}>{_safe(text)}</text>"


def _safe(text: str) -> str:
    return escape(text, {"'": "&#39;", '"': "&#34;"})
