"""The time axis of a report: straight where calls are, broken where nothing happens.

A call of 40 seconds whose file is sent again for 40 minutes must be readable. So a long stretch outside of every call
in which no row was written takes a small, fixed part of the axis; it is drawn as a break that says how long it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

from callflow.core.trace import CALL, LEG, Row

_LEAST_GAP_MS: Final = 2_000
_GAP_SHARE: Final = 8
"""A stretch without rows is broken if it is longer than one part in so many of all that is not."""

_BREAK: Final = 9.0
_MOST_BREAKS: Final = 45.0
_EDGE: Final = 0.5
_END: Final = 6.0
_STEPS_MS: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000)
_LONG_STEPS_MS: Final = (600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000)
_MOST_TICKS: Final = 10


@frozen
class Segment:
    """A stretch of run time and where it lies on the axis, in percent of its width; nothing happens in a break."""

    from_ms: int
    to_ms: int
    from_x: float
    to_x: float
    is_break: bool


@frozen
class Axis:
    """Run time to percent of the width, by segments that follow one another."""

    segments: tuple[Segment, ...]

    @property
    def end_ms(self) -> int:
        """The last moment on the axis."""
        return self.segments[-1].to_ms

    def x(self, at_ms: float) -> float:
        """Where a moment lies; what lies outside is at the axis's end."""
        place = max(bisect_right(self.segments, at_ms, key=lambda each: each.from_ms) - 1, 0)
        each = self.segments[place]
        share = (min(max(at_ms, each.from_ms), each.to_ms) - each.from_ms) / max(each.to_ms - each.from_ms, 1)
        return each.from_x + (each.to_x - each.from_x) * share

    @property
    def breaks(self) -> tuple[Segment, ...]:
        """The stretches in which nothing happens."""
        return tuple(each for each in self.segments if each.is_break)

    @property
    def ms_per_percent(self) -> float:
        """Run time in a percent of the width, wherever the axis is not broken."""
        straight = [each for each in self.segments if not each.is_break]
        width = sum(each.to_x - each.from_x for each in straight)
        return sum(each.to_ms - each.from_ms for each in straight) / max(width, 1e-9)

    def ticks(self, zoom: int) -> Iterator[int]:
        """Moments to write times at when the axis is drawn `zoom` times as wide as the window."""
        shown_ms = self.ms_per_percent * 100 / zoom
        step_ms = next((each for each in (*_STEPS_MS, *_LONG_STEPS_MS) if each * _MOST_TICKS >= shown_ms), 86_400_000)
        room = 60 / zoom / _MOST_TICKS
        for each in self.segments:
            if not each.is_break:
                first = -(-each.from_ms // step_ms) * step_ms
                moments = range(first, each.to_ms + 1, step_ms)
                yield from (at for at in moments if self.x(at) + room <= each.to_x or each is self.segments[-1])


def axis_of(rows: Sequence[Row]) -> Axis:
    """The axis of a run: from 0 to its last row."""
    calls = list(_calls(rows))
    end_ms = max((row.at_ms for row in rows), default=0)
    moments = sorted({0, max(end_ms, 1), *(row.at_ms for row in rows)})
    gaps = [(from_ms, to_ms) for from_ms, to_ms in pairwise(moments) if not _is_in_call(calls, from_ms, to_ms)]
    longest = [gap for gap in gaps if gap[1] - gap[0] > _LEAST_GAP_MS]
    straight_ms = moments[-1] - sum(to_ms - from_ms for from_ms, to_ms in longest)
    broken = {gap for gap in longest if gap[1] - gap[0] > straight_ms / _GAP_SHARE}
    straight_ms = moments[-1] - sum(to_ms - from_ms for from_ms, to_ms in broken)
    break_width = min(_BREAK, _MOST_BREAKS / max(len(broken), 1))
    width = 100 - _EDGE - _END - break_width * len(broken)
    return Axis(tuple(_segments(moments[-1], sorted(broken), width / max(straight_ms, 1), break_width)))


def _segments(end_ms: int, broken: Iterable[tuple[int, int]], scale: float, break_width: float) -> Iterator[Segment]:
    at_ms, x = 0, _EDGE
    for from_ms, to_ms in broken:
        right = x + (from_ms - at_ms) * scale
        yield Segment(at_ms, from_ms, x, right, is_break=False)
        yield Segment(from_ms, to_ms, right, right + break_width, is_break=True)
        at_ms, x = to_ms, right + break_width
    yield Segment(at_ms, end_ms, x, x + (end_ms - at_ms) * scale, is_break=False)


def _calls(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """From when to when each call lived; one that is not over lives to the end."""
    begun: dict[str, int] = {}
    for row in rows:
        if row.kind == LEG:
            begun.setdefault(row.call_id, row.at_ms)
        elif row.kind == CALL and row.call_id in begun:
            yield begun.pop(row.call_id), row.at_ms
    yield from ((from_ms, rows[-1].at_ms) for from_ms in begun.values())


def _is_in_call(calls: Iterable[tuple[int, int]], from_ms: int, to_ms: int) -> bool:
    return any(begin <= from_ms and to_ms <= end for begin, end in calls)
