"""The heat map of a sweep: as text at any width, as a picture that is well-formed whatever is in it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.causes import EndedBy
from callflow.report.heatmap import LETTERS, NONE, SHADES, Cell, Grid, cell_of, map_text, table_text
from callflow.report.heatmap_svg import map_svg
from callflow.report.results import RecordingResult
from callflow.report.wording import printable

SVG = "{http://www.w3.org/2000/svg}"


def grid(rows: int, columns: int, *, step_ms: int = 1000, end: str = "stop") -> Grid:
    """A grid whose lengths grow cell by cell."""
    cells = tuple(
        tuple(Cell((row * columns + column) * step_ms, end) for column in range(columns)) for row in range(rows)
    )
    labels = ("",) if rows == 1 else tuple(f"r{row}" for row in range(rows))
    return Grid("length", "" if rows == 1 else "down", labels, "across", tuple(f"c{n}" for n in range(columns)), cells)


def test_every_end_has_a_letter_of_its_own() -> None:
    """A letter that meant two things would mean nothing."""
    assert {each.value for each in EndedBy} <= LETTERS.keys()
    assert len(set(LETTERS.values())) == len(LETTERS)


@pytest.mark.parametrize(
    ("state", "ended_by", "end"),
    [
        ("finished", "hangup", "hangup"),
        ("discarded", "hangup", "discarded"),
        ("never_started", None, "never_started"),
        ("lost", "stop", "lost"),
    ],
)
def test_a_cell_says_what_became_of_the_recording(state: str, ended_by: str | None, end: str) -> None:
    """What ended it, or, where it did not finish, what became of it; none at all is none."""
    recording = RecordingResult(
        "i", "call", "n", "o", "A", "wav", 2, 8000, 0, length_ms=5, ended_by=ended_by, completion_cause="x", state=state
    )
    assert cell_of(recording) == Cell(5, end, "x", state)
    assert cell_of(None) == Cell(0, NONE)


@given(rows=st.integers(1, 6), columns=st.integers(1, 30), width=st.integers(80, 160))
def test_the_map_keeps_to_its_width(rows: int, columns: int, width: int) -> None:
    """Roomy where there is room, else narrow; every cell has its shade and its letter."""
    text = map_text(grid(rows, columns), width)
    head, *lines = text.splitlines()
    drawn = lines[1 : rows + 1]
    assert all(len(line) <= max(width, 5 * columns + 3) for line in drawn)
    assert sum(line.count("S") for line in drawn) == rows * columns
    if rows * columns >= len(SHADES):
        assert all(shade * 2 in text for shade in SHADES)


def test_the_shortest_is_pale_and_the_longest_dark() -> None:
    """Shades stand for lengths beside each other; alike is all dark; what is not there has none and does not count."""
    there = grid(2, 2)
    assert [there.share(cell) for cell in there.every_cell] == [0.0, 1 / 3, 2 / 3, 1.0]
    alike = grid(1, 3, step_ms=0)
    assert {alike.share(cell) for cell in alike.every_cell} == {1.0}
    assert "all 0.000 s long" in map_text(alike, 80)
    part = Grid("length", "", ("",), "x", ("1", "2"), ((Cell(5_000, "stop"), Cell(0, NONE)),))
    assert part.range_ms == (5_000, 5_000)
    assert part.ends == ("stop", NONE)


def test_the_table_has_a_line_for_every_run() -> None:
    """Both values in front, the length to the right; a bar with one setting only."""
    lines = table_text(grid(2, 2)).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["r0", "c0", "0.000", "s", "stop", "–"],
        ["r0", "c1", "1.000", "s", "stop", "–"],
        ["r1", "c0", "2.000", "s", "stop", "–"],
        ["r1", "c1", "3.000", "s", "stop", "–"],
    ]
    assert table_text(grid(1, 3)).splitlines()[-1].endswith("█" * 20)


@given(
    rows=st.integers(1, 4),
    columns=st.integers(1, 40),
    end=st.sampled_from([*LETTERS, "something new"]),
    title=st.text(max_size=30).map(printable),
)
def test_the_picture_is_well_formed(rows: int, columns: int, end: str, title: str) -> None:
    """SVG that a parser reads, whatever the names are; a tooltip for every cell; nothing lies outside."""
    root = ElementTree.fromstring(map_svg(grid(rows, columns, end=end), title))
    assert root.findtext(f"{SVG}title") == title
    assert len(root.findall(f"{SVG}g/{SVG}title")) == rows * columns
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for box in root.iter(f"{SVG}rect"):
        assert float(box.get("x", "0")) + float(box.get("width", "0")) <= width
        assert float(box.get("y", "0")) + float(box.get("height", "0")) <= height
    assert not [each for each in root.iter() if each.tag.removeprefix(SVG) not in ("svg", "g", "title", "rect", "text")]
