"""Masking and pausing a recording, on its track: masked audio is zeros in the file, paused audio is absent (B§3.10).

Both work on whole milliseconds before any sample is made, so that a file's length stays the plain rule of
`Track.frames`: floor(milliseconds that were not paused * rate / 1000).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from attrs import evolve, frozen

from callflow.core.errors import MediaError
from callflow.media.track import Span, Track

Stretch = tuple[int, int]
"""From and to (not included), in milliseconds since the recording's first sample; pauses count as if recorded."""


@frozen
class _Kept:
    """A stretch that is left, and how far it moves towards the file's beginning."""

    from_ms: int
    to_ms: int
    earlier_ms: int


def cut_track(track: Track, *, masked: Iterable[Stretch] = (), paused: Iterable[Stretch] = ()) -> Track:
    """The track as the file has it, of a recording that was masked and paused in these stretches.

    `track` is what would be recorded without either. Stretches may overlap, touch, be empty, come in any order and go
    on after the end; where a recording is both, it is paused. A source goes on under both: after a pause it is heard
    where it is by then. Raises MediaError for a stretch that runs backwards or begins before the recording.
    """
    heard = list(_kept(masked, track.length_ms, moves=False))
    spans = tuple(part for span in track.spans for part in _cut(span, heard))
    kept = list(_kept(paused, track.length_ms, moves=True))
    length_ms = sum(each.to_ms - each.from_ms for each in kept)
    return evolve(track, length_ms=length_ms, spans=tuple(part for span in spans for part in _cut(span, kept)))


def _kept(removed: Iterable[Stretch], length_ms: int, *, moves: bool) -> Iterator[_Kept]:
    """What is left of [0, length_ms), in order."""
    at_ms = earlier_ms = 0
    for from_ms, to_ms in sorted(removed):
        if not 0 <= from_ms <= to_ms:
            raise MediaError(f"cut_track: {from_ms} to {to_ms} ms is no stretch of time; 0 <= from <= to would be")
        from_ms, to_ms = min(from_ms, length_ms), min(to_ms, length_ms)
        if from_ms == to_ms:
            continue
        if at_ms < from_ms:
            yield _Kept(at_ms, from_ms, earlier_ms)
        if moves:
            earlier_ms += max(0, to_ms - max(at_ms, from_ms))
        at_ms = max(at_ms, to_ms)
    if at_ms < length_ms:
        yield _Kept(at_ms, length_ms, earlier_ms)


def _cut(span: Span, kept: list[_Kept]) -> Iterator[Span]:
    """What is left of a span, each part where it now belongs; the source goes on under the cuts."""
    first = bisect_right(kept, span.from_ms, key=lambda each: each.to_ms)
    for each in map(kept.__getitem__, range(first, len(kept))):  # no slice: there may be many cuts and many spans
        from_ms, to_ms = max(span.from_ms, each.from_ms), min(span.to_ms, each.to_ms)
        if from_ms >= to_ms:
            return
        yield evolve(
            span,
            from_ms=from_ms - each.earlier_ms,
            to_ms=to_ms - each.earlier_ms,
            offset_ms=span.offset_ms + from_ms - span.from_ms,
        )
