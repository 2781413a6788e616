"""The record application's silence, which counts frames from a silence's first one on (B§4.6)."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from callflow.media.runs import Detection, Fired, Listening, listen


def counted(silent: list[bool], frames: int) -> int | None:
    """B§4.6 frame by frame: the counter runs from the very start, a loud frame refills it; the frame at which it is 0.

    Written from the text alone.
    """
    left = frames
    for number, is_silent in enumerate(silent):
        left = left - 1 if is_silent else frames
        if left == 0:
            return number
    return None


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 8), st.lists(st.integers(0, 60), max_size=4))
@example([True, True, True], 3, [1, 2])
@example([False, True, True, True], 3, [2])
def test_counting_agrees_with_a_counter(silent: list[bool], frames: int, cuts: list[int]) -> None:
    """B§4.6: the same frame, however the frames are cut into blocks."""
    detection = Detection(200, 20 * frames, 20 * frames, counts_first_frame=True)
    edges = sorted({0, len(silent), *(cut for cut in cuts if cut <= len(silent))})
    state: Fired | Listening = Listening(0)
    for begin, end in zip(edges, edges[1:], strict=False):
        if isinstance(state, Listening):
            state = listen(np.array(silent[begin:end], dtype=bool), detection, state, 20 * begin)
    fired = counted(silent, frames)
    assert (state.at_ms if isinstance(state, Fired) else None) == (None if fired is None else 20 * (fired + 1))
