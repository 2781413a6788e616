"""Tables that sources repeat: every built-in sound but noise is a loop of whole seconds, so that reading it is a copy.

A loop of whole seconds made of waves with whole-numbered frequencies has no seam.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def as_loop(table: NDArray[np.int64]) -> NDArray[np.int16]:
    """The table as read-only int16; its maker guarantees that the values fit."""
    loop = table.astype(np.int16)
    loop.setflags(write=False)
    return loop


def read_loop(loop: NDArray[np.int16], start: int, count: int) -> NDArray[np.int16]:
    """`count` samples from sample `start` on of `loop` repeated for ever, as a new array."""
    out = np.empty(count, dtype=np.int16)
    done, at = 0, start % len(loop)
    while done < count:
        part = loop[at : at + count - done]
        out[done : done + len(part)] = part
        done, at = done + len(part), 0
    return out
