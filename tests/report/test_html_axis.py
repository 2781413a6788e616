"""The report's time axis: straight where calls are, broken where nothing happens (docs/report.md)."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.trace import CALL, DELIVERY, LEG, Row
from callflow.report.html.axis import axis_of
from callflow.report.html.chart_svg import zooms_of


def row(seq: int, at_ms: int, kind: str) -> Row:
    """A row of the only call."""
    return Row(seq, at_ms, "c", "A", kind, "x", None, -1, "")


def run(call_ms: int, later_ms: list[int]) -> list[Row]:
    """A call of that length, and rows of deliveries later on."""
    rows = [row(0, 0, LEG), row(1, call_ms, CALL)]
    return rows + [row(2 + place, at_ms, DELIVERY) for place, at_ms in enumerate(sorted(later_ms))]


def test_a_call_alone_is_a_straight_line(placing: ModuleType) -> None:
    """Equal times are equally long, from edge to edge."""
    axis = axis_of(placing.place_call(*placing.ANSWERED))
    assert axis.breaks == ()
    assert axis.x(20_000) - axis.x(10_000) == pytest.approx(axis.x(40_000) - axis.x(30_000))
    assert 0 < axis.x(0) < 2 and 90 < axis.x(40_000) < 97


def test_retries_do_not_squeeze_the_call() -> None:
    """A call of 40 s with 40 minutes of retries keeps most of the axis; each wait is a break."""
    axis = axis_of(run(40_000, [160_000, 460_000, 1_200_000, 2_400_000]))
    assert [(each.from_ms, each.to_ms) for each in axis.breaks] == [
        (40_000, 160_000),
        (160_000, 460_000),
        (460_000, 1_200_000),
        (1_200_000, 2_400_000),
    ]
    assert axis.x(40_000) > 50


def test_a_long_silence_inside_of_a_call_is_not_left_out() -> None:
    """What is left out is never a part of a call: its sound lies there."""
    assert axis_of(run(3_600_000, [3_600_010])).breaks == ()


@given(st.integers(1, 10**7), st.lists(st.integers(0, 10**9), max_size=40))
def test_time_only_goes_on(call_ms: int, later: list[int]) -> None:
    """Later is never further left; all of it lies within the width; no break is inside of a call; ticks are sorted."""
    rows = run(call_ms, [call_ms + each for each in later])
    axis = axis_of(rows)
    places = [axis.x(each.at_ms) for each in rows]
    assert all(one <= other for one, other in pairwise(places))
    assert 0 <= places[0] and places[-1] <= 100
    assert all(each.from_ms >= call_ms for each in axis.breaks)
    assert all(one.to_ms == other.from_ms and one.to_x == other.from_x for one, other in pairwise(axis.segments))
    for zoom in zooms_of(axis):
        ticks = list(axis.ticks(zoom))
        assert ticks == sorted(set(ticks)) and len(ticks) <= 12 * zoom + len(axis.segments)
