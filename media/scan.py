"""Where silence would end a recording of a sound file: its scores, its silent runs, what fires (B§4.1, B§4.3)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.media.clip import opened_clip, pcm_blocks
from callflow.media.runs import Detection, Fired, listen, silent_runs
from callflow.media.scores import FRAME_MS, FrameScores, block_scores

CODEC_RATES = (8_000, 12_000, 16_000, 24_000, 32_000, 48_000)
"""Sample rates of codecs, in Hz."""


@frozen(eq=False)
class Scan:
    """What the silence detection of a switch finds in a file.

    `rate_hz` is what the frames were judged at, `file_rate_hz` what the file has. `silent` is int64 of shape (runs, 2),
    the silent runs of the whole file as (from_ms, to_ms). `speech_started_ms` is where its first loud frame begins, be
    it before or after the end; None without one. `fired` is None when no timer fires before the file ends.
    """

    rate_hz: int
    file_rate_hz: int
    channels: int
    scores: FrameScores
    silent: NDArray[np.int64]
    speech_started_ms: int | None
    fired: Fired | None

    @property
    def length_ms(self) -> int:
        """How long all judged frames last; up to 20 ms at the file's end are not judged."""
        return len(self.scores.sums) * FRAME_MS


def scan_file(path: Path, detection: Detection, rate_hz: int | None = None) -> Scan:
    """Scan a sound file of any format that `opened_clip` knows, in memory that grows by 4 bytes a frame.

    It is resampled to `rate_hz` if that is given, and to the next rate of a codec if its own cannot be cut into frames.
    A file with two channels is judged as a stereo recording. Raises MediaError as `opened_clip` does, and for a rate or
    a number of channels that cannot be cut into frames.
    """
    with opened_clip(path) as clip:
        file_rate, channels = clip.rate, clip.channels
        rate = rate_hz or _rate(file_rate)
        scores = block_scores(pcm_blocks(clip, rate), rate, channels)
    silent = scores.silent(detection.threshold)
    loud = np.argmin(silent) if len(silent) else 0
    has_speech = len(silent) > 0 and not silent[loud]
    fired = listen(silent, detection)
    return Scan(
        rate_hz=rate,
        file_rate_hz=file_rate,
        channels=channels,
        scores=scores,
        silent=silent_runs(silent),
        speech_started_ms=int(loud) * FRAME_MS if has_speech else None,
        fired=fired if isinstance(fired, Fired) else None,
    )


def _rate(file_rate_hz: int) -> int:
    """The file's own rate, or the next of a codec where 20 ms are no whole number of samples."""
    if file_rate_hz * FRAME_MS % 1000 == 0:
        return file_rate_hz
    return min((rate for rate in CODEC_RATES if rate >= file_rate_hz), default=CODEC_RATES[-1])
