"""The lengths that one recording has over the values of one or two settings, and what ended it: as text.

A cell's shade says how long the recording is beside the others, its letter what ended it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from callflow.report.results import RecordingResult
from callflow.report.wording import cut

SHADES: Final = "░▒▓█"
NONE: Final = "no recording"

LETTERS: Final = {
    "stop": "S",
    "time_limit": "L",
    "final_silence": "F",
    "initial_silence": "I",
    "digit": "D",
    "hangup": "H",
    "transfer": "T",
    "media_failure": "M",
    "discarded": "x",
    "never_started": "n",
    "lost": "!",
    NONE: "-",
}
"""By what ended a recording, or became of one that did not finish, the letter that stands for it."""

_GAP: Final = "  "
_BAR: Final = 20


@frozen
class Cell:
    """What one run had: `end` is a key of LETTERS, `length_ms` 0 where nothing was recorded, `cause` may be ""."""

    length_ms: int
    end: str
    cause: str = ""
    state: str = ""

    @property
    def letter(self) -> str:
        """The letter of its end."""
        return LETTERS.get(self.end, "?")


def cell_of(recording: RecordingResult | None) -> Cell:
    """The cell of a recording; None where the run has none of that number."""
    if recording is None:
        return Cell(0, NONE)
    end = recording.ended_by if recording.state == "finished" and recording.ended_by else recording.state
    return Cell(recording.length_ms, end, recording.completion_cause or "", recording.state)


@frozen
class Grid:
    """Cells by row and column. With one setting there is one row, and `rows` is ("",).

    `row_name` and `column_name` say what is varied; names and labels are safe to print.
    """

    what: str
    row_name: str
    rows: tuple[str, ...]
    column_name: str
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]

    @property
    def every_cell(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.cells for cell in row)

    @property
    def range_ms(self) -> tuple[int, int]:
        """The shortest and the longest length, of the recordings that are there."""
        lengths = [cell.length_ms for cell in self.every_cell if cell.end != NONE] or [0]
        return min(lengths), max(lengths)

    @property
    def ends(self) -> tuple[str, ...]:
        """What ended the recordings, each once, in the order of LETTERS."""
        there = {cell.end for cell in self.every_cell}
        return (*(end for end in LETTERS if end in there), *sorted(there - LETTERS.keys()))

    def share(self, cell: Cell) -> float:
        """Where the cell's length lies between the shortest (0.0) and the longest (1.0); 1.0 when all are alike."""
        least, most = self.range_ms
        return (cell.length_ms - least) / (most - least) if most > least else 1.0


def seconds(length_ms: int) -> str:
    """`40.000 s`."""
    return f"{length_ms // 1000}.{length_ms % 1000:03} s"


def table_text(grid: Grid) -> str:
    """One line a run: the values, the length, what ended it, the completion cause; without a final line break.

    With one setting a bar shows the length beside the longest.
    """
    is_single = grid.rows == ("",)
    names = [grid.column_name] if is_single else [grid.row_name, grid.column_name]
    lines = [[*names, "length", "ended by", "completion cause", ""]]
    most = max(1, grid.range_ms[1])
    for row, cells in zip(grid.rows, grid.cells, strict=True):
        for column, cell in zip(grid.columns, cells, strict=True):
            values = [column] if is_single else [row, column]
            bar = "█" * round(_BAR * cell.length_ms / most) if is_single else ""
            length = seconds(cell.length_ms) if cell.end != NONE else "–"
            lines.append([*values, length, cell.end.replace("_", " "), cell.cause or "–", bar])
    return "\n".join(_aligned(lines))


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = len(lines[0]) - 4  # the length, to the right as numbers are
    for line in lines:
        fields = (
            f"{each:>{width}}" if place == right else f"{each:<{width}}"
            for place, (each, width) in enumerate(zip(line, widths, strict=True))
        )
        yield _GAP.join(fields).rstrip()


def map_text(grid: Grid, width: int) -> str:
    """The heat map: a shade, the length where there is room, and a letter for each cell, and what they mean.

    At most `width` characters wide unless the shades alone are wider. Without a final line break.
    """
    head = max(map(len, grid.rows))
    texts = [[_cell_text(grid, cell, roomy=True) for cell in row] for row in grid.cells]
    column_width = max(len(each) for each in (*grid.columns, *(text for row in texts for text in row)))
    if head + (column_width + len(_GAP)) * len(grid.columns) > width:
        texts = [[_cell_text(grid, cell, roomy=False) for cell in row] for row in grid.cells]
        room = max(3, (width - head) // len(grid.columns) - 1)
        column_width = min(room, max(3, *map(len, grid.columns)))
        gap = " "
    else:
        gap = _GAP
    down = f"down {grid.row_name}, " if head else ""
    lines = [
        f"{grid.what}: {down}across {grid.column_name}",
        " " * head + gap + gap.join(f"{cut(each, column_width):<{column_width}}" for each in grid.columns),
    ]
    for name, row in zip(grid.rows, texts, strict=True):
        lines.append(f"{name:<{head}}{gap}" + gap.join(f"{each:<{column_width}}" for each in row))
    return "\n".join([*(line.rstrip() for line in lines), "", *_legend(grid)])


def _cell_text(grid: Grid, cell: Cell, *, roomy: bool) -> str:
    if cell.end == NONE:
        return cell.letter
    shade = SHADES[min(len(SHADES) - 1, int(grid.share(cell) * len(SHADES)))]
    return f"{shade * 2} {seconds(cell.length_ms)} {cell.letter}" if roomy else f"{shade * 2}{cell.letter}"


def _legend(grid: Grid) -> Iterator[str]:
    least, most = grid.range_ms
    scale = f"{SHADES[0] * 2} {seconds(least)}  …  {SHADES[-1] * 2} {seconds(most)}"
    yield scale if most > least else f"all {seconds(most)} long"
    yield _GAP.join(f"{LETTERS.get(end, '?')} {end.replace('_', ' ')}" for end in grid.ends)
