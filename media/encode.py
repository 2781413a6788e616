"""Files from tracks, streamed: WAV by the standard library, MP3 by soundfile's LAME (design §12, Sound).

A file is written under another name in its folder and renamed when complete: nobody ever sees half a recording.
"""

from __future__ import annotations

import os
import secrets
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from attrs import frozen

from callflow.core.errors import MediaError
from callflow.media.render import blocks
from callflow.media.track import Track
from callflow.media.wording import shown

FORMATS = ("wav", "mp3")
"""What `write_audio` writes."""

MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""The nine sample rates of MPEG 1, 2 and 2.5, layer 3."""

# libsndfile spreads 0..1 over the bit rates of the MPEG version: 0.5 is 32 kbit/s at 8 to 12 kHz, 80 at 16 to 24 kHz
# and 160 above. All leave room for the Info frame, which carries the exact length; from 0.7 on some rates lose it.
_MP3_COMPRESSION = 0.5
_WAV_LIMIT = 0xFFFF_FFFF - 36  # bytes of samples that a RIFF header can count


@frozen
class Written:
    """A finished file: its path, its size in `bytes`, and what is in it (`frames` = samples per channel)."""

    path: Path
    bytes: int
    sample_rate: int
    channels: int
    frames: int


def write_audio(track: Track, path: Path, format: str) -> Written:
    """Writes the track as `wav` or `mp3`; MediaError for another format, and as the two writers below."""
    if format == "wav":
        return write_wav(track, path)
    if format == "mp3":
        return write_mp3(track, path)
    raise MediaError(f"{shown(path)}: {format!r} is no format that can be written; {' or '.join(FORMATS)} would be")


def write_wav(track: Track, path: Path) -> Written:
    """Writes 16-bit PCM, exact to the sample; equal tracks of built-in sources give equal bytes everywhere.

    Raises MediaError when the folder cannot be written to, the samples exceed WAV's 4 GiB, or a source cannot be read.
    """
    if track.frames * track.channels * 2 > _WAV_LIMIT:
        raise MediaError(f"{shown(path)}: a WAV file ends at 4 GiB; a shorter track, fewer Hz or mp3 would fit")
    with _complete(path) as unfinished, unfinished.open("wb") as file, wave.open(file, "wb") as out:
        out.setparams((track.channels, 2, track.sample_rate, track.frames, "NONE", "not compressed"))
        for block in blocks(track):
            out.writeframesraw(block.data)
    return _written(track, path)


def write_mp3(track: Track, path: Path) -> Written:
    """Writes MP3 at a constant bit rate of 32 kbit/s or more; it decodes to exactly `track.frames` samples.

    Without a sample the file is empty: MP3 is nothing but its frames. Always fed float32: libsndfile 1.2.2 turns int16
    stereo into noise (libsndfile#1106). Raises MediaError for a rate that MPEG lacks, and as `write_wav`.
    """
    if track.sample_rate not in MP3_RATES:
        nine = ", ".join(str(rate) for rate in MP3_RATES)
        raise MediaError(f"{shown(path)}: MP3 has no sample rate of {track.sample_rate} Hz; one of {nine} would do")
    if not track.frames:
        with _complete(path):  # LAME would write no file at all
            pass
        return _written(track, path)
    import soundfile

    with _complete(path) as unfinished:
        try:
            with soundfile.SoundFile(
                os.fspath(unfinished),
                "w",
                track.sample_rate,
                track.channels,
                format="MP3",
                subtype="MPEG_LAYER_III",
                bitrate_mode="CONSTANT",
                compression_level=_MP3_COMPRESSION,
            ) as out:
                for block in blocks(track):
                    out.write(block.astype(np.float32) / np.float32(32_768))
        except soundfile.SoundFileError as error:
            raise MediaError(
                f"{shown(path)}: the MP3 encoder failed: {error}; a writable disk would be right"
            ) from error
    return _written(track, path)


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """A new file in the folder of `path`, which gets that name when the body succeeds and vanishes if not."""
    unfinished = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        unfinished.open("xb").close()
        try:
            yield unfinished
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise MediaError(
            f"{shown(path)}: cannot be written: {reason}; a folder that can be written to would do"
        ) from error


def _written(track: Track, path: Path) -> Written:
    return Written(path, path.stat().st_size, track.sample_rate, track.channels, track.frames)
