"""What a sound file claims of itself, checked before a decoder believes it: every file is taken for hostile.

libsndfile plays what there is of a truncated file without a word, and calls a header without a channel no audio at
all. So the sizes that WAV, RF64, W64, AIFF, AU and Ogg files announce are compared with the file here, and what a WAV
header says of its channels and rate is judged here, where an error can say what is wrong.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from callflow.core.errors import MediaError
from callflow.media.wording import shown

CLIP_RATES = range(1_000, 768_001)
"""Sample rates that a clip may have, in Hz."""

MOST_CHANNELS = 1_024
"""Channels that a clip may have, which is what libsndfile decodes."""

_UNKNOWN_SIZES = (0, 0x7FFF_FFFF, 0x8000_0000)  # what a program writes that cannot go back to the header; above, too
_UNKNOWN_FROM = 0xFFFF_0000
_MOST_CHUNKS = 10_000  # a file of empty chunks would otherwise be walked for minutes
_LARGEST_OGG_PAGE = 65_307
_FORMAT_CHUNK = b"fmt "


def check_file(path: Path) -> None:
    """MediaError unless `path` is an ordinary file with something in it, as long as it says, and of a sane format."""
    size = file_state(path).st_size
    if size == 0:
        raise MediaError(f"{shown(path)}: the file is empty; a file with sound in it would be right")
    try:
        with path.open("rb") as file:
            _check_claims(path, file, size)
    except OSError as error:
        raise _unreadable(path, error) from error


def file_state(path: Path) -> os.stat_result:
    """Size and times of an ordinary file; MediaError for everything else, without opening it."""
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise MediaError(f"{shown(path)}: no such file; the path of a sound file would be right") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, socket or device"
        raise MediaError(f"{shown(path)}: is {kind}; the path of a sound file would be right")
    return found


def _unreadable(path: Path, error: OSError | ValueError) -> MediaError:
    reason = getattr(error, "strerror", None) or "that is no path"
    return MediaError(f"{shown(path)}: cannot be read: {reason}; a readable sound file would be right")


def check_channels(path: Path, channels: int, rate: int) -> None:
    """MediaError unless a clip can have this many channels at this rate."""
    if not 1 <= channels <= MOST_CHANNELS or rate not in CLIP_RATES:
        raise MediaError(
            f"{shown(path)}: {channels} channels at {rate} Hz cannot be played; 1 to {MOST_CHANNELS} channels at "
            f"{CLIP_RATES[0]} to {CLIP_RATES[-1]} Hz could"
        )


def truncated(path: Path, lacking: str) -> MediaError:
    """The error of a file that lacks something at its end."""
    return MediaError(f"{shown(path)}: is truncated or damaged, it lacks {lacking}; a complete file would be right")


def _check_claims(path: Path, file: BinaryIO, size: int) -> None:
    """Judge the header's claims by the form that the first bytes name; other forms are left to their decoder."""
    head = file.read(32)
    announced = 0
    if head[:4] in (b"RIFF", b"FORM"):
        announced = _chunks_end(path, file, size)
    elif head[:4] == b"RF64" and head[12:16] == b"ds64" and len(head) == 32:
        announced = 8 + struct.unpack("<Q", head[20:28])[0]
    elif head[:4] == b"riff" and len(head) == 32:  # W64: a GUID, then the size of the whole
        announced = struct.unpack("<Q", head[16:24])[0]
    elif head[:4] == b".snd" and len(head) == 32:
        offset, length = struct.unpack(">II", head[4:12])
        announced = offset + length if length != 0xFFFF_FFFF else 0
    elif head[:4] == b"OggS" and not _has_ogg_end(file, size):
        raise truncated(path, "its last page")
    if announced > size:
        raise truncated(path, f"{announced - size} bytes")


def _chunks_end(path: Path, file: BinaryIO, size: int) -> int:
    """Where the samples of a WAV or AIFF file end by its own account, 0 where it does not know."""
    for at, name, length in _chunks(file, size):
        if name == _FORMAT_CHUNK and at + 24 <= size:
            channels, rate = struct.unpack("<2xHI", file.read(8))
            check_channels(path, channels, rate)
        elif name in (b"data", b"SSND"):
            return 0 if length in _UNKNOWN_SIZES or length > _UNKNOWN_FROM else at + 8 + length
    return 0


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, int]]:
    """(place, name, length) of each chunk of a WAV or AIFF file; the file is left behind the chunk's own header."""
    file.seek(0)
    order = "<" if file.read(4) == b"RIFF" else ">"
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > size:
            return
        file.seek(at)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        yield at, name, length
        at += 8 + length + length % 2


def _has_ogg_end(file: BinaryIO, size: int) -> bool:
    """Whether an Ogg file's last page is complete and marked as the last (RFC 3533)."""
    file.seek(max(0, size - _LARGEST_OGG_PAGE))
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return bool(segments and page[5] & 4) and len(page) == 27 + len(segments) + sum(segments)
