"""Sound files that users bring: opened, judged, decoded in blocks, resampled. Every file is taken for hostile.

What soundfile opens is decoded by it (WAV, FLAC, Ogg, MP3, AIFF and more), other known formats by ffmpeg
(`callflow.media.ffmpeg`). What a file is decides its content, not its name: an MP3 named .wav plays. To read any clip
in order and in constant memory:

    with opened_clip(path) as clip:                    # clip.rate, clip.channels
        for values in pcm_blocks(clip, rate=8_000):    # int16 of shape (n, clip.channels); rate None: the clip's own
            ...

Resampling is soxr's: outside the promise of equal bytes everywhere (law 6 of design §2), as user files are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.ffmpeg import decoded_by_ffmpeg, is_for_ffmpeg
from callflow.media.header import check_channels, check_file, truncated
from callflow.media.wording import shown

LONGEST_CLIP_S = 24 * 3600
"""A clip that lasts longer is refused, at the latest while it is decoded."""

BLOCK_VALUES = 1 << 17
"""Values (samples x channels) that are decoded at a time."""

_MPEG_SLACK = 2 * 1152  # an MP3 without an Info frame is announced with the coder's delay


@frozen
class Clip:
    """A clip while it is read: `rate` in Hz, blocks of float32 of shape (n, channels), full scale 1.0."""

    rate: int
    channels: int
    blocks: Iterator[NDArray[np.float32]]


@contextmanager
def opened_clip(path: Path) -> Iterator[Clip]:
    """The clip, ready to be read once, in order. Raises MediaError, also while its blocks are read."""
    check_file(path)
    sound = _soundfile(path)
    if sound is None:
        if not is_for_ffmpeg(path):
            raise MediaError(
                f"{shown(path)}: is not audio that can be decoded; WAV, MP3, FLAC, Ogg or AIFF would be, and with "
                "ffmpeg installed M4A, AAC, AMR, WMA and WebM"
            )
        with decoded_by_ffmpeg(path) as (rate, channels, blocks):
            check_channels(path, channels, rate)
            yield Clip(rate, channels, _checked(blocks, path, rate))
        return
    with sound:
        check_channels(path, sound.channels, sound.samplerate)
        yield Clip(sound.samplerate, sound.channels, _checked(_decoded(sound, path), path, sound.samplerate))


def _soundfile(path: Path) -> Any:
    """The file opened by soundfile (which has no types), or None when it is nothing that soundfile knows."""
    import soundfile

    if path.suffix.lower() == ".raw":  # would need a rate and channels, which nobody states
        return None
    try:
        return soundfile.SoundFile(os.fspath(path))
    except soundfile.SoundFileError:
        return None


def _decoded(sound: Any, path: Path) -> Iterator[NDArray[np.float32]]:
    """Blocks until the end; MediaError where the decoder fails or finds less than the file announced."""
    import soundfile

    size = max(1, BLOCK_VALUES // sound.channels)
    got = 0
    while True:
        try:
            values: NDArray[np.float32] = sound.read(size, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise truncated(path, "sound that can be decoded") from error
        if not len(values):
            break
        got += len(values)
        yield values
    if got + (_MPEG_SLACK if sound.format == "MP3" else 0) < sound.frames:
        raise truncated(path, f"{sound.frames - got} of {sound.frames} samples")


def _checked(blocks: Iterator[NDArray[np.float32]], path: Path, rate: int) -> Iterator[NDArray[np.float32]]:
    """The blocks; MediaError when there is no sample, and when they exceed `LONGEST_CLIP_S`."""
    got = 0
    for values in blocks:
        got += len(values)
        if got > LONGEST_CLIP_S * rate:
            raise MediaError(f"{shown(path)}: lasts over {LONGEST_CLIP_S} s; a shorter clip would be right")
        yield np.nan_to_num(values, copy=False, posinf=1.0, neginf=-1.0)
    if not got:
        raise MediaError(f"{shown(path)}: holds no sound; at least one sample would be right")


def to_int16(values: NDArray[np.float32]) -> NDArray[np.int16]:
    """Float samples (full scale 1.0) as int16, rounded and saturated; 16-bit files come out bit by bit as they were."""
    rounded: NDArray[np.float32] = np.rint(values * np.float32(32_768))
    return np.clip(rounded, -32_768, 32_767).astype(np.int16)


def pcm_blocks(clip: Clip, rate: int | None = None) -> Iterator[NDArray[np.int16]]:
    """The clip's samples as int16 of shape (n, channels), in order, resampled to `rate` Hz when one is given.

    Each channel has exactly ceil(samples * rate / clip.rate) samples. Raises MediaError as `opened_clip` does.
    """
    return map(to_int16, (clip if rate is None else resampled_clip(clip, rate)).blocks)


def mono_clip(clip: Clip) -> Clip:
    """The clip with its channels averaged into one."""
    return Clip(clip.rate, 1, (values.mean(axis=1, dtype=np.float32, keepdims=True) for values in clip.blocks))


def resampled_clip(clip: Clip, rate: int) -> Clip:
    """The clip at `rate` Hz, ceil(samples * rate / clip.rate) of them in each channel."""
    return clip if rate == clip.rate else Clip(rate, clip.channels, _resampled(clip, rate))


def _resampled(clip: Clip, rate: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    resampler = soxr.ResampleStream(clip.rate, rate, clip.channels, dtype="float32")
    taken = given = 0
    for values in clip.blocks:
        taken += len(values)
        made = resampler.resample_chunk(values)
        given += len(made)
        yield made
    rest = resampler.resample_chunk(np.zeros((0, clip.channels), dtype=np.float32), last=True)
    missing = -(-taken * rate // clip.rate) - given
    silence = np.zeros((max(0, missing - len(rest)), clip.channels), dtype=np.float32)
    yield from (rest[: max(0, missing)], silence)
