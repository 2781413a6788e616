"""Formats that soundfile lacks, decoded by ffmpeg where it exists; and pydub's quiet import.

ffmpeg guesses formats from content, and some (playlists, concat scripts) make it open other files and addresses. So it
is only ever started with the container that the file's suffix names, out of a list of harmless ones, and may open files
alone. What it decodes is read block by block: pydub would hold a clip of hours in memory several times over.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import struct
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.wording import shown

if TYPE_CHECKING:
    from pydub import AudioSegment

_DEMUXERS = {
    ".m4a": "mp4",
    ".mp4": "mp4",
    ".3gp": "mp4",
    ".aac": "aac",
    ".amr": "amr",
    ".wma": "asf",
    ".webm": "matroska",
    ".mka": "matroska",
}
_ARGUMENTS = "-map 0:a:0 -vn -sn -dn -c:a pcm_s16le -bitexact -f wav pipe:1".split()
_BLOCK_BYTES = 1 << 18
_MOST_HEADER_BYTES = 1 << 16


def is_for_ffmpeg(path: Path) -> bool:
    """Whether the file's suffix names a format that is left to ffmpeg."""
    return path.suffix.lower() in _DEMUXERS


def pydub_segment() -> type[AudioSegment]:
    """The class AudioSegment. Importing pydub warns (escapes, audioop, no ffmpeg found): not this user's affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment as Segment
    made: type[AudioSegment] = Segment
    return made


def _converter() -> str | None:
    """The ffmpeg on the PATH, else the one that the package imageio-ffmpeg brings, else None."""
    found = shutil.which("ffmpeg")
    if found is None and importlib.util.find_spec("imageio_ffmpeg") is not None:
        found = str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    return found


@contextmanager
def decoded_by_ffmpeg(path: Path) -> Iterator[tuple[int, int, Iterator[NDArray[np.float32]]]]:
    """(rate, channels, blocks of shape (n, channels), full scale 1.0) of a file for which `is_for_ffmpeg` holds.

    Raises MediaError where ffmpeg is missing, naming what to install, and, also while the blocks are read, where it
    cannot decode the file. The process ends with the context.
    """
    converter = _converter()
    if converter is None:
        raise MediaError(
            f"{shown(path)}: only ffmpeg decodes {path.suffix.lower()}, and there is none; with ffmpeg installed it "
            "would play, and a WAV file always does"
        )
    command = [converter, "-nostdin", "-v", "quiet", "-protocol_whitelist", "file"]
    command += ["-f", _DEMUXERS[path.suffix.lower()], "-i", os.path.abspath(path), *_ARGUMENTS]
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise MediaError(f"{shown(path)}: ffmpeg cannot be started; an ffmpeg that runs would decode it") from error
    output = process.stdout
    assert output is not None
    try:
        rate, channels = _read_header(output, path)
        yield rate, channels, _blocks(process, output, channels, path)
    finally:
        process.kill()
        output.close()
        process.wait()


def _undecodable(path: Path) -> MediaError:
    demuxer = _DEMUXERS[path.suffix.lower()]
    return MediaError(f"{shown(path)}: ffmpeg cannot decode it as {demuxer}; a complete sound file would be right")


def _read_header(output: IO[bytes], path: Path) -> tuple[int, int]:
    """Rate and channels of the WAV file that ffmpeg writes into a pipe, whose sizes it cannot know."""
    if output.read(4) != b"RIFF" or output.read(8)[4:] != b"WAVE":
        raise _undecodable(path)
    rate = channels = 0
    for _ in range(16):
        head = output.read(8)
        name, length = struct.unpack("<4sI", head) if len(head) == 8 else (b"", 0)
        if name == b"data" and rate > 0 and channels > 0:
            return rate, channels
        if not name or name == b"data" or length > _MOST_HEADER_BYTES:
            break
        body = output.read(length + length % 2)
        if name == b"fmt " and length >= 16:
            channels, rate = struct.unpack("<2xHI", body[:8])
    raise _undecodable(path)


def _blocks(
    process: subprocess.Popen[bytes], output: IO[bytes], channels: int, path: Path
) -> Iterator[NDArray[np.float32]]:
    """16-bit samples until ffmpeg is done; MediaError when it says that it failed."""
    size = max(1, _BLOCK_BYTES // (2 * channels)) * 2 * channels
    while data := output.read(size):
        values = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], dtype="<i2")
        yield values.reshape(-1, channels).astype(np.float32) / np.float32(32_768)
    if process.wait() != 0:
        raise _undecodable(path)
