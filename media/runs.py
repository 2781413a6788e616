"""What follows from which frames are silent: the silent runs, and when a silence timer fires (B§4.3).

The switch looks at one frame after the other. Here whole stretches of silence are looked at, with the same answer. The
clock is audio time, and a frame is judged at its end (design §12, Sound).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.media.scores import FRAME_MS

Cause = Literal["success-silence", "no-input-timeout"]
"""Completion causes of a recording that silence ends: after speech, and without any (B§4.3)."""


@frozen
class Detection:
    """Settings of silence detection, by default those of the seed document. A timeout of 0 never fires.

    `threshold` is a raw score, below which a frame is silent; `initial_ms` is the longest silence before any speech,
    `final_ms` the longest one after some. A silence is counted from the end of its first frame (B§4.3), with
    `counts_first_frame` from that frame's beginning, as the `record` application counts frames (B§4.6).
    """

    threshold: int = 200
    initial_ms: int = 0
    final_ms: int = 5
    counts_first_frame: bool = False


@frozen
class Listening:
    """The listener between two frames: nothing has fired yet.

    `silent_since_ms` is None while there is speech, at the start it is the start. The timer that runs is the final one
    if `has_speech`, else the initial one: the two change at the same frame (B§4.3).
    """

    silent_since_ms: int | None = 0
    has_speech: bool = False


@frozen
class Fired:
    """The recording ends at `at_ms`, the end of the frame that fires, after silence since `silent_since_ms`."""

    at_ms: int
    cause: Cause
    silent_since_ms: int


def listen(
    silent: NDArray[np.bool_], detection: Detection, state: Listening | None = None, from_ms: int = 0
) -> Fired | Listening:
    """Judge frames, one after another from `from_ms` on: what fires in them, or the state to go on with.

    Any way to cut a stretch of frames into calls gives the same answer. Frames may be left out: time passes without
    them (a pause, B§4.3), and `from_ms` says where they go on. `state` None is the start of a recording at `from_ms`.
    """
    if state is None:
        state = Listening(from_ms)
    if not len(silent):
        return state
    runs = _runs(silent)
    since_ms, has_speech = state.silent_since_ms, state.has_speech
    if since_ms is not None:
        led = int(runs[0, 1]) if silent[0] else 0
        runs = runs[1:] if led else runs
        timeout_ms = detection.final_ms if has_speech else detection.initial_ms
        frame = max(_frames(since_ms + timeout_ms - from_ms), 1)
        if 0 < timeout_ms and frame <= led:
            cause: Cause = "success-silence" if has_speech else "no-input-timeout"
            return Fired(from_ms + frame * FRAME_MS, cause, since_ms)
        if led == len(silent):
            return state
    # From here on there was speech, and each run's first frame has started its timer, at its end or beginning.
    frames, uncounted = _frames(detection.final_ms), 0 if detection.counts_first_frame else 1
    too_long = np.flatnonzero(runs[:, 1] - runs[:, 0] >= frames + uncounted) if frames > 0 else runs[:0, 0]
    if len(too_long):
        since_ms = from_ms + (int(runs[too_long[0], 0]) + uncounted) * FRAME_MS
        return Fired(since_ms + frames * FRAME_MS, "success-silence", since_ms)
    return Listening(from_ms + (int(runs[-1, 0]) + uncounted) * FRAME_MS if silent[-1] else None, has_speech=True)


def silent_runs(silent: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Every run of silent frames: (from_ms, to_ms) in rows, of shape (runs, 2); the first frame begins at 0 ms."""
    return _runs(silent) * FRAME_MS


def _runs(silent: NDArray[np.bool_]) -> NDArray[np.int64]:
    """First frame and frame behind the last, in rows."""
    edges = np.flatnonzero(silent[1:] != silent[:-1]) + 1
    ends = [np.array([0])] if len(silent) and silent[0] else []
    ends.append(edges)
    if len(silent) and silent[-1]:
        ends.append(np.array([len(silent)]))
    return np.concatenate(ends).astype(np.int64, copy=False).reshape(-1, 2)


def _frames(duration_ms: int) -> int:
    """Frames that take at least so long."""
    return -(-duration_ms // FRAME_MS)
