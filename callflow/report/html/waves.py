"""Curves of a recording's sound: what its file holds, left and right, and the score that silence detection sees.

Computed from the samples that are written to the file, block by block: a call of hours needs no more memory than one of
seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callflow.media.render import BLOCK_MS, blocks
from callflow.media.scores import FrameScores, block_scores
from callflow.media.track import Track

Envelope = NDArray[np.int16]
"""Shape (columns, channels, 2): the least and the largest sample of each column."""

MOST_COLUMNS: Final = 1_200
_LEAST_COLUMN_MS: Final = 10
_QUIET: Final = 4_096
_LEAST_TOP: Final = 2_000
_LOUDEST_SHARE: Final = 1.1


def sound_of(track: Track) -> tuple[Envelope, FrameScores | None]:
    """The envelope of a track, and its scores; None for scores where the rate cannot be cut into frames.

    Raises MediaError for a user's file that cannot be read.
    """
    columns = max(1, min(MOST_COLUMNS, track.length_ms // _LEAST_COLUMN_MS))
    envelope = np.zeros((columns, track.channels, 2), dtype=np.int16)

    def watched() -> Iterator[NDArray[np.int16]]:
        at = 0
        for block in blocks(track, BLOCK_MS):
            _widen(envelope, block, at, track.frames)
            at += len(block)
            yield block

    if track.sample_rate * 20 % 1000:
        for _ in watched():
            pass
        return envelope, None
    return envelope, block_scores(watched(), track.sample_rate, track.channels)


def _widen(envelope: Envelope, block: NDArray[np.int16], at: int, frames: int) -> None:
    """Take a block, whose first sample is number `at` of `frames`, into the columns that it lies in."""
    if not len(block):
        return
    count = len(envelope)
    first, last = at * count // frames, (at + len(block) - 1) * count // frames
    starts = np.maximum(-(-np.arange(first, last + 1, dtype=np.int64) * frames // count) - at, 0)
    starts = np.minimum(starts, len(block) - 1)
    lows, highs = np.minimum.reduceat(block, starts), np.maximum.reduceat(block, starts)
    envelope[first : last + 1, :, 0] = np.minimum(envelope[first : last + 1, :, 0], lows)
    envelope[first : last + 1, :, 1] = np.maximum(envelope[first : last + 1, :, 1], highs)


def loudest(envelope: Envelope) -> int:
    """The sample that waves reach the edge of their box with; quiet files are not drawn as if they were loud."""
    return max(int(envelope.max(initial=0)), -int(envelope.min(initial=0)), _QUIET)


def wave_path(lows: Sequence[int], highs: Sequence[int], full: int) -> str:
    """The SVG path of an envelope in a box 1000 wide and 100 high: along its upper edge and back along the lower.

    A sample of `full` reaches the edge of the box.
    """
    if not len(lows):
        return ""
    width = 1000 / len(lows)
    upper = [f"{50 - 48 * high / full:.1f}" for high in highs]
    lower = [f"{50.6 - 48 * low / full:.1f}" for low in lows]
    there = "".join(f"L{place * width:.1f} {y}" for place, y in enumerate(upper))
    back = "".join(f"L{place * width:.1f} {y}" for place, y in reversed(list(enumerate(lower))))
    return f"M0 {upper[0]}{there}L1000 {upper[-1]}V{lower[-1]}{back}Z"


def score_path(peaks: Sequence[int], threshold: int) -> tuple[str, float]:
    """The SVG path of scores in such a box, on a logarithmic scale, and the height of the threshold in it."""
    top = math.log10(1 + max((*peaks, threshold, _LEAST_TOP))) * _LOUDEST_SHARE

    def height(score: float) -> float:
        return 100 - 98 * math.log10(1 + score) / top

    width = 1000 / max(len(peaks), 1)
    steps = "".join(f"V{height(peak):.1f}H{(place + 1) * width:.1f}" for place, peak in enumerate(peaks))
    return f"M0 100{steps}V100Z", height(threshold)


def cut_columns(total_ms: int, columns: int, from_ms: int, to_ms: int) -> slice:
    """Which columns of a file that is `total_ms` long lie in [from_ms, to_ms) of it."""
    if total_ms <= 0:
        return slice(0, 0)
    return slice(from_ms * columns // total_ms, max(-(-to_ms * columns // total_ms), 0))
