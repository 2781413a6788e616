"""Frame scores: how loud each 20 ms of a recording is to the switch's silence detection, exactly (B§4.1).

Integers throughout (law 6 of design §2), and no Python code per frame. A sum is exact in 32 bits, and -32768 has its
absolute value too, as an unsigned number.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError

FRAME_MS = 20
"""What one packet of the leg's codec holds, and the silence test looks at (B§4.1)."""

_CHUNK_VALUES = 1 << 20  # scored at a time: their absolute values, 2 MB, stay in the processor's cache
_MOST_VALUES = 0xFFFF  # values in a frame: the sum of so many has room in int32


@frozen(eq=False)
class FrameScores:
    """The score of each whole frame: `sums[k] / share`, a real number (B§4.1).

    `sums` is int32 of shape (frames,): the absolute values of a frame's samples, added, every channel counted.
    `share` is "N div divisor": the values in a frame, divided by how often 8,000 Hz go into the codec's clock.
    """

    sums: NDArray[np.int32]
    share: int

    def silent(self, threshold: int) -> NDArray[np.bool_]:
        """Whether each frame's score is below `threshold`, of shape (frames,). At 0 none is: detection is off (B§4.2).

        The `record` application cuts scores to whole numbers, which changes nothing here (B§4.6).
        """
        limit = min(max(threshold, 0) * self.share, np.iinfo(np.int32).max)
        return self.sums < limit

    def peaks(self, columns: int) -> NDArray[np.int32]:
        """The largest score in each of at most `columns` equal stretches, cut to whole numbers: a curve to draw."""
        frames = len(self.sums)
        count = min(columns, frames)
        starts = np.arange(count, dtype=np.int64) * frames // max(count, 1)
        found: NDArray[np.int32] = np.maximum.reduceat(self.sums, starts) if count else self.sums
        return found // np.int32(self.share)


def frame_scores(samples: NDArray[np.int16], rate_hz: int, clock_hz: int | None = None) -> FrameScores:
    """The scores of samples of shape (n,) or (n, channels) at `rate_hz`; what is left after the last whole frame is not
    judged.

    `clock_hz` is the codec's clock where it is not the sample rate: 8,000 for G722 at 16,000 Hz (B§4.1). Samples of a
    mono recording are both sides, already added. Raises MediaError for what cannot be cut into frames.
    """
    if samples.dtype != np.int16 or samples.ndim not in (1, 2):
        raise MediaError(f"samples: {samples.dtype} of shape {samples.shape} have no score; int16 (n, channels) would")
    channels = samples.shape[1] if samples.ndim == 2 else 1
    return block_scores((samples,), rate_hz, channels, clock_hz)


def block_scores(
    blocks: Iterable[NDArray[np.int16]], rate_hz: int, channels: int, clock_hz: int | None = None
) -> FrameScores:
    """As `frame_scores`, of int16 samples that come in blocks of any length: 4 bytes a frame are kept, no sample."""
    size = frame_size(rate_hz, channels)
    share = size // max((rate_hz if clock_hz is None else clock_hz) // 8_000, 1)
    if not share:
        raise MediaError(f"clock of {clock_hz} Hz: too fast for a codec of {rate_hz} Hz; {rate_hz} Hz would be right")
    buffer = np.empty((max(_CHUNK_VALUES // size, 1), size), dtype=np.int16)
    rest = np.empty(0, dtype=np.int16)
    sums = [np.empty(0, dtype=np.int32)]
    for block in blocks:
        values = block.reshape(-1)
        if len(rest):
            values = np.concatenate([rest, values])
        whole = len(values) - len(values) % size
        sums.append(_sums(values[:whole].reshape(-1, size), buffer))
        rest = values[whole:].copy()
    parts = [part for part in sums if len(part)]
    return FrameScores(parts[0] if len(parts) == 1 else np.concatenate(sums), share)


def frame_size(rate_hz: int, channels: int) -> int:
    """Values in a frame, every channel counted (N of B§4.1). Raises MediaError where 20 ms are no whole samples."""
    samples, left = divmod(rate_hz * FRAME_MS, 1000)
    if left or not 0 < samples * channels <= _MOST_VALUES:
        raise MediaError(
            f"{channels} channels at {rate_hz} Hz: cannot be cut into frames of {FRAME_MS} ms; one or two channels at "
            "8000, 16000 or 48000 Hz could"
        )
    return samples * channels


def _sums(frames: NDArray[np.int16], buffer: NDArray[np.int16]) -> NDArray[np.int32]:
    """The sum of |sample| in each row of `frames`; `buffer` has a chunk's shape and is written over."""
    sums = np.empty(len(frames), dtype=np.int32)
    for start in range(0, len(frames), len(buffer)):
        part = frames[start : start + len(buffer)]
        sizes = np.abs(part, out=buffer[: len(part)]).view(np.uint16)
        # einsum adds rows twice as fast as add.reduce, which calls its inner loop once a row and buffer
        np.einsum("ij->i", sizes, dtype=np.uint32, out=sums[start : start + len(part)].view(np.uint32))
    return sums
