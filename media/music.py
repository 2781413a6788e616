"""Hold music: a little arpeggio, four seconds long, that repeats. Its notes lie above every voice's fundamental."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callflow.media.loops import as_loop
from callflow.media.sine import sine

NOTES_HZ = (262, 330, 392, 523, 392, 330, 262, 330, 294, 349, 440, 587, 440, 349, 294, 349)
"""The melody: C major, then D minor, a note each `NOTE_MS`."""

NOTE_MS = 250
"""Length of a note."""

MUSIC_PEAK = 9_000
"""No sample of the music is larger."""

_LEAST = 96  # the envelope, of 256, at a note's end


@lru_cache(maxsize=4)
def arpeggio(rate: int) -> NDArray[np.int16]:
    """The loop at `rate`: a plucked note each `NOTE_MS`, with its octave; never silent; read-only int16."""
    loop = np.empty(len(NOTES_HZ) * NOTE_MS * rate // 1000, dtype=np.int64)
    for place, note_hz in enumerate(NOTES_HZ):
        begin, end = place * NOTE_MS * rate // 1000, (place + 1) * NOTE_MS * rate // 1000
        count = end - begin
        at = np.arange(count, dtype=np.int64)
        attack = max(1, count // 50)
        swing = np.minimum(at * 256 // attack, (count - at) * 256 // (count - attack))
        envelope = _LEAST + (256 - _LEAST) * swing // 256
        wave = sine(note_hz, begin, count, rate) * 3 + sine(2 * note_hz, begin, count, rate)
        loop[begin:end] = wave // 4 * envelope // 256 * MUSIC_PEAK // 32_768
    return as_loop(loop)
