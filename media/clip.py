"""Sound files that users bring: opened, judged, decoded in blocks, resampled. Every file is taken for hostile.

What soundfile opens is decoded by it (WAV, FLAC, Ogg, MP3, AIFF and more), other known formats by ffmpeg
(`callflow.media.ffmpeg`). Nothing here keeps a whole clip in memory but ffmpeg's.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.ffmpeg import decoded_by_ffmpeg, is_for_ffmpeg
from callflow.media.wording import shown

LONGEST_CLIP_S = 24 * 3600
"""A clip that lasts longer is refused, at the latest while it is decoded."""

CLIP_RATES = range(1_000, 768_001)
"""Sample rates that a clip may have, in Hz."""

_BLOCK_VALUES = 1 << 18  # values (samples x channels) decoded at a time
_UNKNOWN_SIZES = (0, 0x7FFF_FFFF, 0x8000_0000)  # what a program writes that cannot go back to the header; above, too
_MPEG_SLACK = 2 * 1152  # an MP3 without an Info frame is announced with the coder's delay


@frozen
class Clip:
    """A clip while it is read: blocks of float32 of shape (n, channels), full scale 1.0."""

    rate: int
    channels: int
    blocks: Iterator[NDArray[np.float32]]


@contextmanager
def opened_clip(path: Path) -> Iterator[Clip]:
    """The clip, ready to be read once, in order. Raises MediaError, also while its blocks are read."""
    _check_file(path)
    sound = _soundfile(path)
    if sound is None:
        if not is_for_ffmpeg(path):
            raise MediaError(
                f"{shown(path)}: is not audio that can be decoded; WAV, MP3, FLAC, Ogg or AIFF would be, and with "
                "ffmpeg installed M4A, AAC, AMR, WMA and WebM"
            )
        rate, channels, values = decoded_by_ffmpeg(path)
        yield Clip(rate, channels, _checked(iter((values,)), path, rate))
        return
    with sound:
        if sound.samplerate not in CLIP_RATES or sound.channels < 1:
            raise MediaError(
                f"{shown(path)}: {sound.channels} channels at {sound.samplerate} Hz cannot be played; at least one "
                f"channel at {CLIP_RATES[0]} to {CLIP_RATES[-1]} Hz could"
            )
        yield Clip(sound.samplerate, sound.channels, _checked(_decoded(sound, path), path, sound.samplerate))


def _check_file(path: Path) -> None:
    """MediaError unless `path` is an ordinary file with something in it, and as long as its own header says."""
    try:
        if not path.is_file():
            raise MediaError(f"{shown(path)}: no such file; the path of a sound file would be right")
        if path.stat().st_size == 0:
            raise MediaError(f"{shown(path)}: the file is empty; a file with sound in it would be right")
        with path.open("rb") as file:
            missing = _missing_bytes(file, path.stat().st_size)
            has_end = _has_ogg_end(file, path.stat().st_size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no path"
        raise MediaError(f"{shown(path)}: cannot be read: {reason}; a readable sound file would be right") from error
    if missing > 0:
        raise _truncated(path, f"{missing} bytes")
    if not has_end:
        raise _truncated(path, "its last page")


def _missing_bytes(file: BinaryIO, size: int) -> int:
    """How many bytes of samples a WAV or AIFF file announces but lacks: libsndfile plays the rest without a word."""
    order = {b"RIFF": "<", b"FORM": ">"}.get(file.read(4))
    at = 12
    while order and at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        if name in (b"data", b"SSND"):
            return 0 if length in _UNKNOWN_SIZES or length > 0xFFFF_0000 else max(0, at + 8 + length - size)
        at += 8 + length + length % 2
    return 0


def _has_ogg_end(file: BinaryIO, size: int) -> bool:
    """Whether an Ogg file's last page is complete and marked as the last: libsndfile plays what there is (RFC 3533)."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return True
    file.seek(max(0, size - 65_307))  # a page is not larger
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return bool(segments and page[5] & 4) and len(page) == 27 + len(segments) + sum(segments)


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

    size = max(1, _BLOCK_VALUES // sound.channels)
    got = 0
    while True:
        try:
            values: NDArray[np.float32] = sound.read(size, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise _truncated(path, "sound that can be decoded") from error
        if not len(values):
            break
        got += len(values)
        yield values
    if got + (_MPEG_SLACK if sound.format == "MP3" else 0) < sound.frames:
        raise _truncated(path, f"{sound.frames - got} of {sound.frames} samples")


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


def _truncated(path: Path, lacking: str) -> MediaError:
    return MediaError(f"{shown(path)}: is truncated or damaged, it lacks {lacking}; a complete file would be right")


def to_int16(values: NDArray[np.float32]) -> NDArray[np.int16]:
    """Float samples (full scale 1.0) as int16, rounded and saturated; 16-bit files come out bit by bit as they were."""
    rounded: NDArray[np.float32] = np.rint(values * np.float32(32_768))
    return np.clip(rounded, -32_768, 32_767).astype(np.int16)


def clip_samples(path: Path, start: int, count: int, rate: int) -> NDArray[np.int16]:
    """`count` mono samples from `start` on of the clip at `rate`, zeros after its end; MediaError as `opened_clip`."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise MediaError(f"{shown(path)}: no such file; the path of a sound file would be right") from error
    whole = _whole(path.absolute(), found.st_size, found.st_mtime_ns, rate)
    part = whole[start : start + count]
    out = np.zeros(count, dtype=np.int16)
    out[: len(part)] = part
    return out


@lru_cache(maxsize=16)
def _whole(path: Path, size: int, mtime_ns: int, rate: int) -> NDArray[np.int16]:
    """The clip, mono at `rate`, in an unnamed temporary file: memory stays small, and a changed file is read anew."""
    import soxr

    with opened_clip(path) as clip, tempfile.TemporaryFile() as spool:
        resampler = soxr.ResampleStream(clip.rate, rate, 1, dtype="float32") if clip.rate != rate else None
        got = 0
        for values in clip.blocks:
            mono = values.mean(axis=1, dtype=np.float32)
            got += len(mono)
            spool.write(to_int16(mono if resampler is None else resampler.resample_chunk(mono)).tobytes())
        if resampler is not None:
            spool.write(to_int16(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)).tobytes())
        spool.truncate(2 * -(-got * rate // clip.rate))  # to the length that the clip has, rounded up
        spool.flush()
        whole: NDArray[np.int16] = np.memmap(spool, dtype=np.int16, mode="r")
        return whole
