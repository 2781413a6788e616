"""How long a recording plays, by its head: right for what encoders write, never a fault for what they do not."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from callflow.storage.audio_length import length_ms_of

RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]


def length_of(folder: Path, name: str, content: bytes) -> int | None:
    """The length of a file with this content."""
    path = folder / "sound"
    path.write_bytes(content)
    with path.open("rb") as file:
        return length_ms_of(file, name)


def encoded(kind: str, rate_hz: int, channels: int, length_ms: int) -> bytes:
    """A tone, encoded by libsndfile."""
    count = rate_hz * length_ms // 1_000
    tone = np.sin(np.arange(count) * 0.1).astype(np.float32)
    target = io.BytesIO()
    soundfile.write(target, np.stack([tone] * channels, axis=1), rate_hz, format=kind)
    return target.getvalue()


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_has_the_length_of_its_sound(tmp_path: Path, rate_hz: int, channels: int) -> None:
    """All three versions of MPEG, mono and stereo: exact, since the encoder notes what it added."""
    assert length_of(tmp_path, "a.MP3", encoded("MP3", rate_hz, channels, 2_000)) == 2_000


def test_a_tag_in_front_is_no_sound(tmp_path: Path) -> None:
    """ID3v2, whatever is in it: pictures are longer than what we read of the sound."""
    tag = b"ID3\x04\x00\x00" + bytes([0, 1, 0, 2]) + b"\xff\xfb\x90\x00" + bytes(16_382)
    assert length_of(tmp_path, "a.mp3", tag + encoded("MP3", 16_000, 1, 2_000)) == 2_000


def test_without_notes_the_bit_rate_tells(tmp_path: Path) -> None:
    """A hundred frames of 26.12 ms at 128 kbit/s, 44.1 kHz; where the first two differ, nothing does."""
    frame, other = b"\xff\xfb\x90\x00" + bytes(413), b"\xff\xfb\xa0\x00" + bytes(518)
    assert length_of(tmp_path, "a.mp3", frame * 100) == 2_606
    assert length_of(tmp_path, "a.mp3", frame + other * 99) is None


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (16_000, 2)])
def test_a_wav_has_the_length_of_its_bytes(tmp_path: Path, rate_hz: int, channels: int) -> None:
    """What a header announces and what came differ where a write broke off (C29) or was streamed."""
    content = encoded("WAV", rate_hz, channels, 1_500)
    assert length_of(tmp_path, "a.wav", content) == 1_500
    assert length_of(tmp_path, "a.wav", content[: 44 + rate_hz * channels]) == 500
    assert length_of(tmp_path, "a.wav", content[:44]) == 0
    streamed = content[:40] + struct.pack("<I", 0xFFFFFFFF) + content[44:]
    assert length_of(tmp_path, "a.wav", streamed) == 1_500
    assert length_of(tmp_path, "a.wav", content[:40] + bytes(4) + content[44:]) == 1_500


def test_chunks_before_the_sound_are_passed_over(tmp_path: Path) -> None:
    """Odd ones have a byte of padding."""
    content = encoded("WAV", 8_000, 1, 1_000)
    chunk = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    assert length_of(tmp_path, "a.wav", content[:12] + chunk + content[12:]) == 1_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.wav", b""),
        ("a.wav", b"RIFF\0\0\0\0WAVE"),
        ("a.wav", b"RIFF\0\0\0\0AVI "),
        ("a.wav", b"RIFF\0\0\0\0WAVEdata\x10\0\0\0" + bytes(16)),
        ("a.wav", b"RIFF\0\0\0\0WAVE" + b"LIST\0\0\0\0" * 100),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\x10\0\0\0" + bytes(16)),
        ("a.mp3", b""),
        ("a.mp3", b"\xff"),
        ("a.mp3", b"ID3 \x00\xff" * 50_000),
        ("a.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f"),
        ("a.mp3", b"\xff\xfb\xf0\x00" * 100),
        ("a.mp3", b"\xff\xfb\x90\x00" + b"x" * 5_000),
        ("a.txt", b"RIFF"),
    ],
)
def test_what_is_broken_has_no_length(tmp_path: Path, name: str, content: bytes) -> None:
    """A broken file breaks no page."""
    assert length_of(tmp_path, name, content) is None


PIECES = [
    b"RIFF\0\0\0\0WAVE",
    b"fmt \x10\0\0\0",
    b"data",
    b"\xff\xfb\x90\x00",
    b"\xff\xf3",
    b"Xing",
    b"LAME",
    b"ID3\x04\0\0",
]


@given(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=40), max_size=12).map(b"".join),
    st.sampled_from(["a.mp3", "a.wav"]),
)
def test_no_bytes_are_a_fault(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    """Uploads are hostile."""
    told = length_of(tmp_path_factory.getbasetemp(), name, content)
    assert told is None or told >= 0
