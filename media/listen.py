"""Who or what sounds in a stretch of one channel: the ear of audio expectations and of tests.

Not part of the deterministic core: floats and FFT are fine here. A spectrum with bins of 1 Hz is averaged over windows
of half a second; built-in sources are told apart by where their lines lie (modules voice, music and sources).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.media.music import NOTES_HZ
from callflow.media.sources import DIGITS_HZ
from callflow.media.voice import HARMONICS, PARTY_PITCHES_HZ, SYSTEM_PITCH_HZ

SILENCE_THRESHOLD = 200
"""Mean |sample| of a frame from which on it is no silence, the default of Kazoo's silence detection (B§4)."""

FRAME = 160
"""Samples in a run that `is_silent` scores: 20 ms at 8 kHz."""

SHORTEST_VOICE_MS = 250
"""In less than this, pitches 10 Hz apart cannot be told from one another and nobody is recognised."""

_LINE_HZ = 4  # half the width of a spectral line in half-second windows
_FAINT = 0.02  # a fundamental with less power than this part of the strongest one is taken for leakage


@frozen
class Heard:
    """What sounds: `party` comes with `number` (0..11), `digit` with `digit`, `tone` with its frequencies.

    `system` is a prompt's voice; `other` is sound that is none of ours, or a mixture without a voice.
    """

    kind: Literal["silence", "party", "system", "digit", "ringback", "music", "tone", "other"]
    number: int | None = None
    digit: str | None = None
    frequencies_hz: tuple[int, ...] = ()


def is_silent(samples: NDArray[np.int16], threshold: int = SILENCE_THRESHOLD) -> bool:
    """Whether every run of `FRAME` samples (the last may be shorter) has a mean |sample| under `threshold`."""
    if not len(samples):
        return True
    sizes = np.abs(samples.astype(np.int32))
    starts = np.arange(0, len(sizes), FRAME)
    counts = np.minimum(FRAME, len(sizes) - starts)
    return bool(np.all(np.add.reduceat(sizes, starts) < threshold * counts))


def voices(samples: NDArray[np.int16], rate: int) -> tuple[Heard, ...]:
    """The voices in one channel (shape (n,)), the loudest first: `party` and `system` alone; () when there is none."""
    if is_silent(samples) or len(samples) * 1000 < SHORTEST_VOICE_MS * rate:
        return ()
    return _voices(_spectrum(samples, rate))


def dominant_voice(samples: NDArray[np.int16], rate: int) -> int | None:
    """Number (0..11) of the party that speaks loudest in one channel; None when none does or the system is louder."""
    found = voices(samples, rate)
    return found[0].number if found else None


def heard(samples: NDArray[np.int16], rate: int) -> Heard:
    """What sounds in one channel (shape (n,)), the loudest voice first, then digits, tones and music.

    Hold music is recognised in stretches of a second or more, which hold several of its notes.
    """
    if is_silent(samples):
        return Heard("silence")
    power = _spectrum(samples, rate)
    if len(samples) * 1000 >= SHORTEST_VOICE_MS * rate and (found := _voices(power)):
        return found[0]
    return _tones(power, max(_LINE_HZ, 2 * rate // len(samples)))


def _spectrum(samples: NDArray[np.int16], rate: int) -> NDArray[np.float64]:
    """Mean power per Hz (bin k = k Hz) over half-second Hann windows that overlap by half."""
    size = min(len(samples), rate // 2)
    window = np.hanning(size + 2)[1:-1]
    power = np.zeros(rate // 2 + 1)
    for start in range(0, len(samples) - size + 1, max(1, size // 2)):
        power += np.abs(np.fft.rfft(samples[start : start + size] * window, rate)) ** 2
    return power


def _line(power: NDArray[np.float64], hz: int, width: int = _LINE_HZ) -> float:
    return float(power[max(0, hz - width) : hz + width + 1].sum())


def _voices(power: NDArray[np.float64]) -> tuple[Heard, ...]:
    """Voices by their fundamentals, if their harmonics explain most of what sounds."""
    whose = {hz: Heard("party", number) for number, hz in enumerate(PARTY_PITCHES_HZ)}
    whose[SYSTEM_PITCH_HZ] = Heard("system")
    fundamentals = {hz: _line(power, hz) for hz in whose}
    strongest = max(fundamentals.values())
    found = [hz for hz, line in fundamentals.items() if line > _FAINT * strongest and _is_peak(power, hz)]
    explained = np.zeros(len(power), dtype=bool)
    for hz in found:
        for k in range(1, HARMONICS + 1):
            explained[k * hz - _LINE_HZ : k * hz + _LINE_HZ + 1] = True
    whole, voiced = power.sum(), power[explained].sum()
    overtones = voiced - sum(fundamentals[hz] for hz in found)
    if not found or voiced < 0.6 * whole or strongest < 0.02 * whole or overtones < 0.05 * whole:
        return ()
    return tuple(whose[hz] for hz in sorted(found, key=lambda hz: -fundamentals[hz]))


def _is_peak(power: NDArray[np.float64], hz: int) -> bool:
    """Whether the power near `hz` lies at `hz`, not on a neighbour's flank."""
    return float(power[hz - 1 : hz + 2].max()) > 1.5 * float(max(power[hz - 5], power[hz + 5]))


def _tones(power: NDArray[np.float64], width: int) -> Heard:
    """Digits, ringback, tones and music by their few lines, each `width` Hz to either side at most."""
    left = power.copy()
    lines: list[int] = []
    while len(lines) < len(set(NOTES_HZ)) * 2 and left.sum() > 0.1 * power.sum():
        hz = int(left.argmax())
        lines.append(hz)
        left[max(0, hz - 2 * width) : hz + 2 * width + 1] = 0
    notes = set(NOTES_HZ) | {2 * hz for hz in NOTES_HZ}
    if left.sum() > 0.1 * power.sum():
        return Heard("other")
    for digit, pair in DIGITS_HZ.items():
        if _are(lines, pair, width):
            return Heard("digit", digit=digit)
    if _are(lines, (440, 480), width):
        return Heard("ringback")
    if len(lines) >= 3 and all(min(abs(hz - note) for note in notes) <= _LINE_HZ for hz in lines):
        return Heard("music")
    return Heard("tone", frequencies_hz=tuple(sorted(lines))) if len(lines) <= 4 else Heard("other")


def _are(lines: list[int], pair: tuple[int, int], width: int) -> bool:
    """Whether the lines found are the pair, and nothing else."""
    low, high = min(lines), max(lines)
    return len(lines) == 2 and abs(low - pair[0]) <= width // 2 and abs(high - pair[1]) <= width // 2
