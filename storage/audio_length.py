"""How long a recording plays, from its first bytes and its size: for lists, where decoding would cost too much.

WAV by its header, MP3 by the frame that encoders put in front (Xing or Info, with LAME's trims), else by its bit
rate, where the first two frames have the same. The file is hostile: whatever does not fit has no length.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, Final

from attrs import frozen

from callflow.storage.audio_types import content_type_of

_WAV_CHUNKS_MAX: Final = 64
_MP3_HEAD_BYTES: Final = 8 << 10
_MPEG1_KBPS: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_HZ: Final = (44_100, 48_000, 32_000)
_VERSION: Final = {3: 1, 2: 2, 0: 4}
"""The two version bits -> by how much the sample rates of MPEG-1 are divided."""
_SIDE_BYTES: Final = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}
"""(MPEG-1, mono) -> how much lies between a frame's header and the place of a Xing frame's word."""


@frozen
class _Frame:
    """What a frame's header says; `side_bytes` is how far in a Xing frame has its word."""

    hertz: int
    kbps: int
    samples: int
    bytes: int
    side_bytes: int


def length_ms_of(file: BinaryIO, name: str) -> int | None:
    """The length of the open `file` called `name`, rounded down to a ms; None where it cannot be told cheaply."""
    read = {"audio/x-wav": _wav_ms, "audio/mpeg": _mp3_ms}.get(content_type_of(name))
    try:
        return read(file, os.fstat(file.fileno()).st_size) if read is not None else None
    except (OSError, struct.error):
        return None


def _wav_ms(file: BinaryIO, size: int) -> int | None:
    """By the bytes that are there: a header may announce more than came (C29), or nothing while it is streamed."""
    kind, _, form = struct.unpack("<4sI4s", os.pread(file.fileno(), 12, 0))
    if kind != b"RIFF" or form != b"WAVE":
        return None
    at, bytes_per_s = 12, 0
    for _ in range(_WAV_CHUNKS_MAX):
        kind, count = struct.unpack("<4sI", os.pread(file.fileno(), 8, at))
        at += 8
        if kind == b"data":
            there = max(size - at, 0)
            return min(count or there, there) * 1_000 // bytes_per_s if bytes_per_s else None
        if kind == b"fmt ":
            (bytes_per_s,) = struct.unpack("<8xI", os.pread(file.fileno(), 12, at))
        at += count + count % 2
    return None


def _mp3_ms(file: BinaryIO, size: int) -> int | None:
    start = _after_tag(os.pread(file.fileno(), 10, 0))
    head = os.pread(file.fileno(), _MP3_HEAD_BYTES, start)
    at = head.find(b"\xff")
    while at >= 0:
        first = _frame_at(head, at)
        following = _frame_at(head, at + first.bytes) if first is not None else None
        if first is not None and (following is not None or at + first.bytes >= len(head)):
            samples = _told_samples(head[at + first.side_bytes :], first.samples)
            if samples is not None:
                return samples * 1_000 // first.hertz
            is_constant = following is None or following.kbps == first.kbps
            return (size - start - at) * 8 // first.kbps if is_constant else None
        at = head.find(b"\xff", at + 1)
    return None


def _after_tag(head: bytes) -> int:
    """Where the audio begins: behind an ID3v2 tag, whose size has seven bits a byte."""
    if len(head) < 10 or not head.startswith(b"ID3"):
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _frame_at(head: bytes, at: int) -> _Frame | None:
    """The MPEG layer III frame at `at`; None where there is none."""
    start = head[at : at + 4]
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE6 != 0xE2:
        return None
    version, rate, speed, is_mono = start[1] >> 3 & 3, start[2] >> 2 & 3, start[2] >> 4, start[3] >> 6 == 3
    if version not in _VERSION or rate == 3 or speed in (0, 15):
        return None
    is_first = version == 3
    hertz, kbps = _MPEG1_HZ[rate] // _VERSION[version], (_MPEG1_KBPS if is_first else _MPEG2_KBPS)[speed]
    samples = 1_152 if is_first else 576
    count = samples * kbps * 125 // hertz + (start[2] >> 1 & 1)
    return _Frame(hertz, kbps, samples, count, 4 + _SIDE_BYTES[is_first, is_mono])


def _told_samples(told: bytes, per_frame: int) -> int | None:
    """What a Xing or Info frame says: frames, less the delay and padding that the encoder notes."""
    if told[:4] not in (b"Xing", b"Info") or len(told) < 12:
        return None
    flags, frames = int.from_bytes(told[4:8]), int.from_bytes(told[8:12])
    if not flags & 1:
        return None
    encoder = told[12 + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1) :][:24]
    trim = 0
    if encoder[:4] in (b"LAME", b"Lavc", b"Lavf") and len(encoder) == 24:
        both = int.from_bytes(encoder[21:24])
        trim = (both >> 12) + (both & 0xFFF)
    return max(frames * per_frame - trim, 0)
