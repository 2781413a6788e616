"""Whole clips in the type that users know: pydub's AudioSegment (design §12, Sound)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from callflow.core.errors import MediaError
from callflow.media.clip import opened_clip, to_int16
from callflow.media.ffmpeg import pydub_segment
from callflow.media.wording import shown

if TYPE_CHECKING:
    from pydub import AudioSegment

MOST_BYTES = 1 << 30
"""An AudioSegment lies in memory as a whole: clips with more 16-bit samples than fit here are refused."""


def open_audio(path: str | Path) -> AudioSegment:
    """The clip as 16-bit AudioSegment with the file's own rate and channels, exact to the sample.

    Raises MediaError for a file that is missing, empty, truncated, not audio, without a channel or a sample, over
    `MOST_BYTES`, or of a format that needs an ffmpeg which is not there.
    """
    data = bytearray()
    with opened_clip(Path(path)) as clip:
        for values in clip.blocks:
            data += to_int16(values).astype("<i2", copy=False).tobytes()
            if len(data) > MOST_BYTES:
                where = shown(Path(path))
                raise MediaError(f"{where}: over {MOST_BYTES} bytes of samples; a shorter clip would be right")
        rate, channels = clip.rate, clip.channels
    return pydub_segment()(data=bytes(data), sample_width=2, frame_rate=rate, channels=channels)


def clip_length_ms(path: str | Path) -> int:
    """How long the clip plays, in ms rounded up; counted by decoding it. Raises MediaError as `open_audio` does."""
    with opened_clip(Path(path)) as clip:
        frames = sum(len(values) for values in clip.blocks)
        return -(-frames * 1000 // clip.rate)
