"""User files and spoken text as sources: any stretch at any time, from a spool file on disk instead of memory."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.clip import Clip, mono_clip, opened_clip, pcm_blocks, resampled_clip
from callflow.media.espeak import spoken
from callflow.media.header import file_state
from callflow.media.wording import shown


def clip_samples(path: Path, start: int, count: int, rate: int, codec_rate: int) -> NDArray[np.int16]:
    """`count` mono samples from `start` on of the clip at `rate`, zeros after its end; MediaError as `opened_clip`.

    The clip passes through `codec_rate` first, which takes away what that codec does not carry.
    """
    found = file_state(path)
    return _stretch(_whole(path.absolute(), found.st_size, found.st_mtime_ns, rate, codec_rate), start, count)


def speech_samples(
    text: str, number: int, language: str, start: int, count: int, rate: int, codec_rate: int
) -> NDArray[np.int16]:
    """As `clip_samples`, of a text that party `number` says; MediaError as `callflow.media.espeak.spoken`."""
    return _stretch(_whole_speech(text, number, language, rate, codec_rate), start, count)


def _stretch(whole: NDArray[np.int16], start: int, count: int) -> NDArray[np.int16]:
    part = whole[start : start + count]
    out = np.zeros(count, dtype=np.int16)
    out[: len(part)] = part
    return out


@lru_cache(maxsize=16)
def _whole(path: Path, size: int, mtime_ns: int, rate: int, codec_rate: int) -> NDArray[np.int16]:
    """The clip, mono at `rate`; a file that has changed since is read anew."""
    with opened_clip(path) as clip:
        return _spooled(clip, rate, codec_rate, shown(path))


@lru_cache(maxsize=16)
def _whole_speech(text: str, number: int, language: str, rate: int, codec_rate: int) -> NDArray[np.int16]:
    made_rate, values = spoken(text, number, language)
    block = values.astype(np.float32)[:, None] / np.float32(32_768)
    return _spooled(Clip(made_rate, 1, iter((block,))), rate, codec_rate, f"text {text[:40]!r}")


def _spooled(clip: Clip, rate: int, codec_rate: int, where: str) -> NDArray[np.int16]:
    """All of the clip's samples, mono at `rate`, by way of `codec_rate`, in an unnamed temporary file."""
    try:
        with tempfile.TemporaryFile() as spool:
            for values in pcm_blocks(resampled_clip(mono_clip(clip), codec_rate), rate):
                spool.write(values.data)
            spool.flush()
            whole: NDArray[np.int16] = np.memmap(spool, dtype=np.int16, mode="r")
            return whole
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise MediaError(f"{where}: cannot be unpacked: {reason}; a shorter one or a larger disk would do") from error
