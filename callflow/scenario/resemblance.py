"""How much one sound resembles another: the measure behind `similar to FILE`.

Both sounds are brought to 8 kHz and seen as a picture: the level, in dB, of each 15.6 Hz between 125 and 3,400 Hz,
in windows of 64 ms. Levels below the loudest one by more than `_DEPTH_DB` count as silence, so that loudness, hiss and
a coder's waste weigh little. The shorter picture slides along the longer one, and the score of a place is the smaller
of two correlations: of how each frequency's level moves in time, and of the spectrum on average. A steady sound such
as a tone does not move: there the spectrum alone counts. 1 is the same sound, whatever its loudness.

Tried on sentences of synthetic speech: the same one at a tenth of its loudness and through mu-law 1.00, through an MP3
at 8 kHz 0.86, with noise 10 dB below it 0.78; the same words in another voice 0.62, half of the words the same 0.54,
another sentence of the same voice 0.10, any sound in the place of a short one up to 0.39. Steady tones less than 30 Hz
apart, and one of the tones of a chord, are alike to this measure: `tone HZ` tells those apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.clip import Clip, mono_clip, opened_clip, resampled_clip
from callflow.media.listen import is_silent

SIMILAR: Final = 0.7
"""The score from which on two sounds count as similar: between the trials above that were the same and the others."""

LONGEST_MS: Final = 5 * 60_000
"""The longest stretch of sound that is compared."""

SHORTEST_MS: Final = 250
"""The shortest."""

_RATE: Final = 8_000
_WINDOW: Final = 512
_HOP_MS, _STEP_MS = 20, 5
_BINS: Final = slice(8, 219)
_DEPTH_DB: Final = 45.0
_STEADY_DB: Final = 1.5
_LOOSE_MS: Final = 100

Floats = NDArray[np.float64]


@frozen
class Resemblance:
    """The best score, from -1 to 1, and where: the file begins `offset_ms` after the part, before it when negative."""

    score: float
    offset_ms: int

    @property
    def is_similar(self) -> bool:
        """Whether this is called similar."""
        return self.score >= SIMILAR


def resemblance(part: Iterable[NDArray[np.int16]], rate: int, path: Path) -> Resemblance:
    """How much the samples of one channel at `rate` Hz resemble a sound file, whose channels are averaged.

    Raises MediaError for a file that cannot be read or is silent, and for what is too short or too long to compare.
    """
    with opened_clip(path) as clip:
        wanted = _gathered(resampled_clip(mono_clip(clip), _RATE), path.name)
    if is_silent(_as_int16(wanted)):
        raise MediaError(f"{path.name}: is silent; to expect silence, write silent")
    scaled = (block.astype(np.float32)[:, None] / np.float32(32_768) for block in part)
    found = _gathered(resampled_clip(Clip(rate, 1, scaled), _RATE), "this part of the recording")
    if is_silent(_as_int16(found)):
        return Resemblance(0.0, 0)
    if len(found) < len(wanted):
        best = _slid(found, wanted)
        return Resemblance(best.score, -best.offset_ms)
    return _slid(wanted, found)


def _as_int16(values: Floats) -> NDArray[np.int16]:
    return np.clip(values * 32_768, -32_768, 32_767).astype(np.int16)


def _gathered(clip: Clip, what: str) -> Floats:
    """All samples of a mono clip at `_RATE`."""
    blocks, count = [], 0
    for values in clip.blocks:
        blocks.append(values[:, 0])
        count += len(values)
        if count > LONGEST_MS * _RATE // 1000:
            raise MediaError(f"{what}: longer than {LONGEST_MS // 60_000} minutes; compare a part: from: and to:")
    if count < SHORTEST_MS * _RATE // 1000:
        raise MediaError(f"{what}: shorter than {SHORTEST_MS} ms; too little to compare")
    return np.concatenate(blocks).astype(np.float64)


def _slid(short: Floats, long: Floats) -> Resemblance:
    """The best place of the shorter sound in the longer one; its ends may stick out a little."""
    loose_ms = min(_LOOSE_MS, len(short) * 1000 // _RATE // 10 // _HOP_MS * _HOP_MS)
    cut = loose_ms * _RATE // 1000
    short = short[cut : len(short) - cut]
    seen = _picture(short, _HOP_MS, _peak(short))
    best = Resemblance(-1.0, 0)
    peak = _peak(long)
    for late_ms in range(0, _HOP_MS, _STEP_MS):
        around = _picture(long[late_ms * _RATE // 1000 :], _HOP_MS, peak)
        if len(around) < len(seen):
            break
        scores = _scores(seen, around)
        place = int(scores.argmax())
        if scores[place] > best.score:
            best = Resemblance(float(scores[place]), place * _HOP_MS + late_ms - loose_ms)
    return best


def _powers(samples: Floats, hop_ms: int) -> Floats:
    """The power of each window (row) at each frequency (column)."""
    hop = hop_ms * _RATE // 1000
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::hop]
    spectrum = np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)[:, _BINS]
    powers: Floats = np.abs(spectrum) ** 2
    return powers


def _peak(samples: Floats) -> float:
    return float(_powers(samples, _HOP_MS).max())


def _picture(samples: Floats, hop_ms: int, peak: float) -> Floats:
    """The levels in dB, 0 for whatever lies `_DEPTH_DB` below the peak."""
    levels = 10 * np.log10(np.maximum(_powers(samples, hop_ms), 1e-12) / max(peak, 1e-12))
    picture: Floats = np.maximum(levels + _DEPTH_DB, 0.0)
    return picture


def _scores(seen: Floats, around: Floats) -> Floats:
    """The score of each place at which the first picture fits into the second."""
    size, places = len(seen), len(around) - len(seen) + 1
    mean = seen.mean(axis=0)
    moved = seen - mean
    sums = _windowed(around, size)
    spectrum = _correlation(mean, sums / size)
    own = float((moved**2).sum())
    if np.sqrt(own / moved.size) < _STEADY_DB:
        return spectrum
    length = 1 << (len(around) - 1).bit_length()
    transformed = np.fft.rfft(around, length, axis=0) * np.conj(np.fft.rfft(moved, length, axis=0))
    products = np.fft.irfft(transformed.sum(axis=1), length)[:places]
    energy = (_windowed(around**2, size) - sums**2 / size).sum(axis=1)
    course = products / np.sqrt(own * np.maximum(energy, 1e-9))
    scores: Floats = np.minimum(course, spectrum)
    return scores


def _windowed(picture: Floats, size: int) -> Floats:
    """The sum of `size` rows from each place on."""
    added = np.concatenate([np.zeros((1, picture.shape[1])), picture.cumsum(axis=0)])
    sums: Floats = added[size:] - added[:-size]
    return sums


def _correlation(mean: Floats, means: Floats) -> Floats:
    """How alike the average spectra are: 1 where the one is flat and so is the other."""
    own, others = mean - mean.mean(), means - means.mean(axis=1, keepdims=True)
    norms = np.sqrt((own**2).sum() * (others**2).sum(axis=1))
    flat = np.sqrt((own**2).mean()) < _STEADY_DB
    like: Floats = (others @ own) / np.maximum(norms, 1e-9)
    if flat:
        like = np.maximum(like, np.sqrt((others**2).mean(axis=1)) < _STEADY_DB)
    return like
