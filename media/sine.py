"""A sine table made of integer arithmetic alone, and waves read from it (law 6 of design §2: same bytes everywhere).

The table holds one turn in `TURN` steps, Q15 (-32767..32767). Its quarter is a Taylor series in Q30 fixed point on
int64: additions, multiplications, floor divisions and arithmetic shifts, all exact, so that no libm, compiler or
vector unit can change a bit, as it can with `math.sin`. The series' error, below 2^-20, is far under one Q15 step.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

TURN = 65_536
"""Steps of the table in one full turn; phase truncation then lies about 96 dB under the wave."""

_ONE = 1 << 30
_HALF_PI = 1_686_629_713  # pi / 2 in Q30, rounded


@lru_cache(maxsize=1)
def sine_table() -> NDArray[np.int64]:
    """One turn of a sine: `TURN` values in Q15, read-only."""
    steps = np.arange(TURN // 4 + 1, dtype=np.int64)
    angle = steps * _HALF_PI // (TURN // 4)
    square = angle * angle >> 30
    term = np.full_like(angle, _ONE)
    for divisor in (110, 72, 42, 20, 6):  # sin x = x (1 - x²/6 (1 - x²/20 (1 - ...))), innermost factor first
        term = _ONE - (square * term >> 30) // divisor
    quarter = ((angle * term >> 30) * 32_767 + _ONE // 2) >> 30
    half = np.concatenate([quarter, quarter[-2:0:-1]])
    table = np.concatenate([half, -half])
    table.setflags(write=False)
    return table


def phases(frequency_hz: int, start: int, count: int, rate: int) -> NDArray[np.int64]:
    """Positions in the table (0..TURN-1) of samples `start`.. at `rate` for a wave that began at sample 0."""
    index = np.arange(start, start + count, dtype=np.int64)
    return index * frequency_hz % rate * TURN // rate


def sine(frequency_hz: int, start: int, count: int, rate: int) -> NDArray[np.int64]:
    """Samples `start`.. of a sine of `frequency_hz` (a whole number) at `rate`, Q15.

    A frequency at or above half the rate gives zeros: a codec of that rate does not carry it.
    """
    if frequency_hz * 2 >= rate:
        return np.zeros(count, dtype=np.int64)
    return sine_table()[phases(frequency_hz, start, count, rate)]
