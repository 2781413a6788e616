"""Formats that soundfile lacks, decoded by ffmpeg through pydub where ffmpeg exists; and pydub's quiet import.

ffmpeg guesses formats from content, and some (playlists, concat scripts) make it open other files and addresses. So it
is only ever started with the container that the file's suffix names, out of a list of harmless ones.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.wording import shown

if TYPE_CHECKING:
    from pydub import AudioSegment

# suffix -> (ffmpeg's demuxer, its decoder where ffprobe is not there to ask)
_CONTAINERS = {
    ".m4a": ("mp4", "aac"),
    ".mp4": ("mp4", "aac"),
    ".3gp": ("mp4", "amrnb"),
    ".aac": ("aac", "aac"),
    ".amr": ("amr", "amrnb"),
    ".wma": ("asf", "wmav2"),
    ".webm": ("matroska", "libopus"),
    ".mka": ("matroska", "libopus"),
}


def is_for_ffmpeg(path: Path) -> bool:
    """Whether the file's suffix names a format that is left to ffmpeg."""
    return path.suffix.lower() in _CONTAINERS


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


def decoded_by_ffmpeg(path: Path) -> tuple[int, int, NDArray[np.float32]]:
    """(rate, channels, samples of shape (n, channels), full scale 1.0) of a file for which `is_for_ffmpeg` holds.

    Raises MediaError where ffmpeg is missing, naming what to install, and where it cannot decode the file.
    """
    converter = _converter()
    if converter is None:
        raise MediaError(
            f"{shown(path)}: only ffmpeg decodes {path.suffix.lower()}, and there is none; with ffmpeg installed it "
            "would play, and a WAV file always does"
        )
    demuxer, decoder = _CONTAINERS[path.suffix.lower()]
    segments = pydub_segment()
    from pydub.exceptions import CouldntDecodeError

    segments.converter = converter
    codec = None if shutil.which("ffprobe") else decoder
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = segments.from_file(os.path.abspath(path), format=demuxer, codec=codec)
    except (CouldntDecodeError, OSError, IndexError, KeyError, ValueError) as error:
        raise MediaError(
            f"{shown(path)}: ffmpeg cannot decode it as {demuxer}; a complete sound file would be right"
        ) from error
    whole = made.set_sample_width(2)
    values = np.frombuffer(whole.raw_data, dtype="<i2").reshape(-1, whole.channels)
    return whole.frame_rate, whole.channels, values.astype(np.float32) / np.float32(32_768)
