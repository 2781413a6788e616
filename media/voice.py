"""Speech-like sound: a steady pitch, vowels that glide into one another, syllables of uneven length, never a gap.

The pitch tells parties apart, to the ear and to `callflow.media.listen`. All pitches lie within one octave, so that no
harmonic of one voice falls where another has its fundamental. The fundamental is the strongest harmonic of each vowel.
Integer arithmetic only (law 6 of design §2); the envelope never falls under half, so that every 20 ms frame of a
voice scores far above the silence threshold of 200, also where stereo halves the score (design §12, Sound; B§4).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callflow.media.loops import as_loop
from callflow.media.sine import TURN, phases, sine_table

PARTY_PITCHES_HZ = (138, 208, 168, 238, 148, 218, 178, 248, 158, 228, 188, 198)
"""Fundamental of party 0, 1, ...: 10 Hz apart or more, and neighbours in number far apart to the ear."""

SYSTEM_PITCH_HZ = 128
"""Fundamental of the voice that speaks prompts; no party has it."""

VOICE_PEAK = 14_000
"""No sample of a voice is larger; two voices added stay below full scale (32,767)."""

VOICE_FRAME_MEAN = 1_500
"""Mean |sample| that every 20 ms of a voice exceeds, at any alignment: 3.75 times what half of it needs to pass 200."""

LOOP_S = 8
"""Seconds after which a voice repeats itself."""

HARMONICS = 12
"""Harmonics of a voice, fewer where the sample rate does not carry them."""

# Strength of harmonics 1..12 of each vowel, the fundamental being 256.
_VOWELS = (
    (256, 150, 170, 190, 120, 60, 40, 40, 30, 20, 15, 10),
    (256, 90, 40, 20, 15, 10, 20, 40, 70, 60, 50, 30),
    (256, 180, 90, 30, 12, 8, 6, 4, 3, 2, 2, 1),
    (256, 140, 150, 80, 40, 30, 40, 60, 50, 30, 20, 15),
)
_LOWEST = 128  # the envelope, of 256, between syllables
_LOUDEST = (180, 256)  # the envelope, of 256, at a syllable's height


@lru_cache(maxsize=32)
def _vowel(number: int, harmonics: int) -> NDArray[np.int64]:
    """One period of a vowel in `TURN` steps, peak 32,767 in size; phases are spread to keep the crest low."""
    steps = np.arange(TURN, dtype=np.int64)
    wave = np.zeros(TURN, dtype=np.int64)
    for k in range(1, harmonics + 1):
        turned = k * (k - 1) * TURN // (2 * HARMONICS)
        wave += sine_table()[(steps * k - turned) % TURN] * _VOWELS[number][k - 1]
    wave = wave * 32_767 // int(np.abs(wave).max())
    wave.setflags(write=False)
    return wave


def _syllables(seed: int) -> list[tuple[int, int, int, int]]:
    """(from_ms, to_ms, vowel, height of 256) of each syllable of a loop, without gaps, by `seed` alone."""
    state = (seed * 2_654_435_761 + 12_345) & 0xFFFF_FFFF
    made: list[tuple[int, int, int, int]] = []
    at_ms = 0
    while at_ms < LOOP_S * 1000:
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFF_FFFF
        to_ms = at_ms + 140 + (state >> 8) % 161
        if to_ms > LOOP_S * 1000 - 140:
            to_ms = LOOP_S * 1000
        low, high = _LOUDEST
        made.append((at_ms, to_ms, (state >> 17) % len(_VOWELS), low + (state >> 20) % (high - low + 1)))
        at_ms = to_ms
    return made


@lru_cache(maxsize=16)
def speech(pitch_hz: int, seed: int, rate: int) -> NDArray[np.int16]:
    """A loop of `LOOP_S` seconds of speech-like sound at `rate`: the pitch says who, the seed what; read-only int16."""
    harmonics = max(1, min(HARMONICS, (rate - 1) // (2 * pitch_hz)))
    spoken = _syllables(seed)
    loop = np.empty(LOOP_S * rate, dtype=np.int64)
    for place, (from_ms, to_ms, vowel, height) in enumerate(spoken):
        begin, end = from_ms * rate // 1000, to_ms * rate // 1000
        count = end - begin
        at = np.arange(count, dtype=np.int64)
        phase = phases(pitch_hz, begin, count, rate)
        following = spoken[(place + 1) % len(spoken)][2]
        wave = (_vowel(vowel, harmonics)[phase] * (count - at) + _vowel(following, harmonics)[phase] * at) // count
        rise = max(1, count // 4)
        swing = np.minimum(at * 256 // rise, (count - at) * 256 // (count - rise))
        envelope = _LOWEST + (height - _LOWEST) * swing // 256
        loop[begin:end] = wave * envelope // 256 * VOICE_PEAK // 32_768
    return as_loop(loop)
