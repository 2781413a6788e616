"""From a track to samples, in blocks: constant memory at any length, no loop over frames (design §2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.sources import Source, samples
from callflow.media.track import Side, Span, Track, sample_at

BLOCK_MS = 4_000
"""Length of a block unless asked otherwise; the blocks' size changes no sample."""


@frozen
class _Piece:
    """A span in samples of the file: [begin, end), the first one being sample `offset` of its source."""

    source: Source
    side: Side
    begin: int
    end: int
    offset: int
    codec_rate: int | None


def blocks(track: Track, block_ms: int = BLOCK_MS) -> Iterator[NDArray[np.int16]]:
    """The track's samples in order: new C-contiguous int16 arrays of shape (n, channels), `track.frames` in all.

    Raises MediaError for a block shorter than a millisecond and for a user file that cannot be read.
    """
    if block_ms < 1:
        raise MediaError(f"blocks: a block of {block_ms} ms; 1 ms or more would do")
    size = max(1, sample_at(block_ms, track.sample_rate))
    pieces = (_piece(span, track.sample_rate) for span in track.spans)
    waiting = sorted((piece for piece in pieces if piece.end > piece.begin), key=lambda piece: -piece.begin)
    sounding: list[_Piece] = []
    for begin in range(0, track.frames, size):
        end = min(begin + size, track.frames)
        sounding = [piece for piece in sounding if piece.end > begin]
        while waiting and waiting[-1].begin < end:
            sounding.append(waiting.pop())
        yield _block(sounding, begin, end, track)


def _piece(span: Span, rate: int) -> _Piece:
    """The span in samples. Its source's start is cut like its ends: two spans that continue a source make no seam."""
    begin, end = sample_at(span.from_ms, rate), sample_at(span.to_ms, rate)
    offset = begin - sample_at(span.from_ms - span.offset_ms, rate)
    return _Piece(span.source, span.side, begin, end, offset, span.codec_rate)


def _block(sounding: Sequence[_Piece], begin: int, end: int, track: Track) -> NDArray[np.int16]:
    """Samples [begin, end) of the file."""
    out = np.zeros((end - begin, track.channels), dtype=np.int16)
    sides: tuple[Side, Side] = ("left", "right")
    heard = [[piece for piece in sounding if piece.side == side] for side in sides]
    if track.channels == 2:
        for column, pieces in enumerate(heard):
            if pieces:
                out[:, column] = _mixed(pieces, begin, end, track.sample_rate)
    elif heard[0] and heard[1]:
        both = [_mixed(pieces, begin, end, track.sample_rate).astype(np.int32) for pieces in heard]
        out[:, 0] = _saturated(both[0] + both[1])
    elif sounding:
        out[:, 0] = _mixed(sounding, begin, end, track.sample_rate)
    return out


def _mixed(pieces: Sequence[_Piece], begin: int, end: int, rate: int) -> NDArray[np.int16]:
    """The pieces of one side added in 32 bits and saturated once, so that their order cannot matter."""
    if len(pieces) == 1:
        alone = np.zeros(end - begin, dtype=np.int16)
        first, last = max(begin, pieces[0].begin), min(end, pieces[0].end)
        alone[first - begin : last - begin] = _sound(pieces[0], first, last, rate)
        return alone
    total = np.zeros(end - begin, dtype=np.int32)
    for piece in pieces:
        first, last = max(begin, piece.begin), min(end, piece.end)
        total[first - begin : last - begin] += _sound(piece, first, last, rate)
    return _saturated(total)


def _sound(piece: _Piece, first: int, last: int, rate: int) -> NDArray[np.int16]:
    """What the piece has for samples [first, last) of the file."""
    return samples(piece.source, piece.offset + first - piece.begin, last - first, rate, piece.codec_rate)


def _saturated(total: NDArray[np.int32]) -> NDArray[np.int16]:
    """Clipped to 16 bits."""
    return np.clip(total, -32_768, 32_767).astype(np.int16)
