"""Built-in sources brought from a codec's rate to a recording's, in integers: the same bytes everywhere (law 6).

A windowed sinc in Q20 with `PHASES` positions between two samples, made from the integer sine table. Going down, it
stops what the lower rate does not carry; going up, it adds nothing above the codec's half rate. User files go through
soxr instead (`callflow.media.clip`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callflow.media.loops import as_loop, read_loop
from callflow.media.sine import TURN, sine_table

PHASES = 960
"""Positions between two samples: exact for every ratio of 8, 12, 16, 24, 32 and 48 kHz, 1/1920 sample off at most."""

REACH = 16
"""Zero crossings of the kernel to either side, counted at the lower rate."""

_CUTOFF = (15, 16)  # of half the lower rate: where the kernel's slope has its middle
_PI = (314_159_265, 100_000_000)
_BITS = 20
_ONE = 1 << _BITS
_BLOCK = 1 << 15

Fetch = Callable[[int, int], NDArray[np.int16]]
"""(start, count) -> that many samples of a source at its own rate; `start` may lie before its first sample."""


@lru_cache(maxsize=4)
def _kernel(from_rate: int, to_rate: int) -> NDArray[np.int64]:
    """Weights of shape (taps, PHASES), Q20; those of a phase add up to exactly one."""
    lower = min(from_rate, to_rate)
    half = -(-REACH * from_rate // lower)
    steps = np.arange(1 - half, half + 1, dtype=np.int64)[:, None] * PHASES - np.arange(PHASES, dtype=np.int64)
    away = np.abs(steps)
    rise, run = _CUTOFF[0] * lower, _CUTOFF[1] * from_rate * PHASES  # half turns of the sinc's sine per step
    wave = sine_table()[away * rise * (TURN // 2) // run % TURN]
    window = (sine_table()[(TURN // 4 + away * (TURN // 2) // (half * PHASES)) % TURN] + 32_768) >> 1
    centre = (32_767 * _ONE * _PI[0] // _PI[1]) * rise // run
    weights = np.where(steps == 0, centre, wave * _ONE // np.maximum(away, 1)) * window >> 15
    scaled: NDArray[np.int64] = weights * _ONE // weights.sum(axis=0)
    scaled[half - 1] += _ONE - scaled.sum(axis=0)  # what the divisions lost, to the tap at or before the centre
    scaled.setflags(write=False)
    return scaled


def resampled(fetch: Fetch, start: int, count: int, from_rate: int, to_rate: int) -> NDArray[np.int16]:
    """Samples `start`.. at `to_rate` Hz of a source that `fetch` gives at `from_rate` Hz; any cut gives the same."""
    out = np.empty(count, dtype=np.int16)
    for done in range(0, count, _BLOCK):
        part = out[done : done + _BLOCK]
        part[:] = _block(fetch, start + done, len(part), from_rate, to_rate)
    return out


def _block(fetch: Fetch, start: int, count: int, from_rate: int, to_rate: int) -> NDArray[np.int16]:
    kernel = _kernel(from_rate, to_rate)
    place = np.arange(start, start + count, dtype=np.int64) * from_rate
    index, phase = place // to_rate, place % to_rate * PHASES // to_rate
    first = int(index[0]) + 1 - len(kernel) // 2
    heard = fetch(first, int(index[-1]) - int(index[0]) + len(kernel)).astype(np.int64)
    index -= index[0]
    total = np.full(count, _ONE // 2, dtype=np.int64)
    for tap, weights in enumerate(kernel):
        total += heard[index + tap] * weights[phase]
    made: NDArray[np.int16] = np.clip(total >> _BITS, -32_768, 32_767).astype(np.int16)
    return made


def resampled_loop(loop: NDArray[np.int16], from_rate: int, to_rate: int) -> NDArray[np.int16]:
    """A loop of whole seconds at `from_rate` as the seamless loop that it is at `to_rate`; read-only."""
    count = len(loop) * to_rate // from_rate
    made = resampled(lambda start, size: read_loop(loop, start, size), 0, count, from_rate, to_rate)
    return as_loop(made.astype(np.int64))
