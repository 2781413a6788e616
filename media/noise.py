"""Noise in integers: a hash of (seed, index) for each sample, so that any stretch can be made by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def white_noise(level: int, seed: int, start: int, count: int) -> NDArray[np.int16]:
    """Samples `start`.. of noise spread evenly over -level..level."""
    return _spread(level, seed, start, count).astype(np.int16)


def comfort_noise(level: int, seed: int, start: int, count: int) -> NDArray[np.int16]:
    """Samples `start`.. of duller noise: the mean of four neighbours, so that quiet samples are the most common."""
    sums = np.convolve(_spread(level, seed, start, count + 3), np.ones(4, dtype=np.int64), "valid")
    return (sums[:count] >> 2).astype(np.int16)


def _spread(level: int, seed: int, start: int, count: int) -> NDArray[np.int64]:
    """64-bit multiply-and-shift mixing, which wraps alike on every machine: -level..level for each index."""
    mixed = np.arange(start, start + count, dtype=np.uint64)
    mixed += np.uint64(seed * 0x9E37_79B9_7F4A_7C15 % 2**64)
    for shift, factor in ((30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    best = (mixed >> np.uint64(40)).astype(np.int64)  # 24 bits
    return (best * (2 * level + 1) >> 24) - level
