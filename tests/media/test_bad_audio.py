"""Files that are hostile or broken: a clear MediaError each, in the form of design §9, in bounded time and memory."""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.core.errors import MediaError
from callflow.media.clip import opened_clip, pcm_blocks
from callflow.media.listen import dominant_voice
from callflow.media.segment import clip_length_ms, open_audio
from callflow.media.sources import AudioFile, Voice, samples

RATE = 8_000
READERS: tuple[Callable[[Path], object], ...] = (
    open_audio,
    clip_length_ms,
    lambda path: samples(AudioFile(path), 0, 10, RATE),
)
"""Every way in which the product opens a user's file."""


def refused(path: Path, message: str) -> None:
    """All readers refuse the file, on one line, with the same message."""
    for read in READERS:
        with pytest.raises(MediaError, match=rf"\A.+: .*({message}).*; .+\Z"):
            read(path)


def wav_file(
    channels: int, rate: int, data: bytes, *, announced: int | None = None, bits: int = 16, form: int = 1
) -> bytes:
    """A WAV file by hand, with any numbers; `announced` is the size that its header gives to the data."""
    size = len(data) if announced is None else announced
    align = channels * bits // 8 & 0xFFFF
    body = struct.pack(
        "<4s4sIHHIIHH4sI", b"WAVE", b"fmt ", 16, form, channels, rate, 0, align, bits, b"data", size & 0xFFFF_FFFF
    )
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["wav", "rf64", "w64", "aiff", "au", "flac", "mp3", "ogg"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    """A file that ends before its end is an error, not a shorter clip."""
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, samples(Voice(0), 0, 80_000, RATE).astype(np.float32) / 32_768, RATE)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    for read in (open_audio, clip_length_ms):
        with pytest.raises(MediaError, match=r"a\.\w+: .+; .+$"):
            read(path)


NOT_AUDIO = {
    "empty.wav": (b"", "the file is empty"),
    "text.wav": (b"this is no sound at all " * 50, "is not audio"),
    "text.mp3": (b"this is no sound at all " * 50, "is not audio"),
    "page.bin": (b"<html>404</html>", "is not audio"),
    "song.raw": (b"\0\1" * 500, "is not audio"),
    "head.wav": (b"RIFF", "is not audio"),
}


@pytest.mark.parametrize("name", sorted(NOT_AUDIO))
def test_what_is_not_audio_is_refused(tmp_path: Path, name: str) -> None:
    """Empty files, text, pages and headerless samples are errors that say what they are."""
    data, message = NOT_AUDIO[name]
    (tmp_path / name).write_bytes(data)
    for read in (open_audio, clip_length_ms, lambda path: samples(AudioFile(path), 0, 1, RATE)):
        with pytest.raises(MediaError, match=f"{name}: {message}"):
            read(tmp_path / name)


ABSURD = {
    "no channel": (wav_file(0, RATE, bytes(64)), "0 channels at 8000 Hz cannot be played"),
    "65,535 channels": (wav_file(65_535, RATE, bytes(1 << 18)), "65535 channels at 8000 Hz cannot be played"),
    "rate 0": (wav_file(1, 0, bytes(64)), "1 channels at 0 Hz cannot be played"),
    "rate 1": (wav_file(1, 1, bytes(64)), "at 1 Hz cannot be played"),
    "4 GHz": (wav_file(1, 0xFFFF_FFFF, bytes(64)), "at 4294967295 Hz cannot be played"),
    "no sample": (wav_file(1, RATE, b""), "holds no sound"),
    "lies by a little": (wav_file(1, RATE, bytes(64), announced=66), "lacks 2 bytes"),
    "lies by gigabytes": (wav_file(1, RATE, bytes(64), announced=0xFFFE_FFFF), "lacks 4294901695 bytes"),
    "bits that nobody has": (wav_file(1, RATE, bytes(64), bits=7_777), "is not audio"),
    "a form that nobody knows": (wav_file(1, RATE, bytes(64), form=0x4242), "is not audio"),
}


@pytest.mark.parametrize("case", sorted(ABSURD))
def test_absurd_headers_are_refused(tmp_path: Path, case: str) -> None:
    """Channels, rates and sizes that cannot be are errors that name them: no division by zero and no terabyte."""
    data, message = ABSURD[case]
    (tmp_path / "a.wav").write_bytes(data)
    refused(tmp_path / "a.wav", message)


def test_empty_chunks_are_not_walked_for_minutes(tmp_path: Path) -> None:
    """A WAV header that hides in millions of empty chunks is judged in a bounded number of steps."""
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 1_000_000)
    refused(tmp_path / "a.wav", "is not audio")


@pytest.mark.parametrize("channels", [3, 8, 64])
def test_any_channel_count_is_mixed(tmp_path: Path, channels: int) -> None:
    """A clip of any sane number of channels is heard in mono, as their mean."""
    voice = samples(Voice(3), 0, RATE, RATE)
    soundfile.write(tmp_path / "a.wav", np.stack([voice] * channels, axis=1), RATE)
    assert np.array_equal(samples(AudioFile(tmp_path / "a.wav"), 0, RATE, RATE), voice)


@pytest.mark.parametrize("tag", [b"", b"ID3\x03\0\0\0\0\x01\0" + bytes(128)], ids=["bare", "ID3"])
@pytest.mark.parametrize(("form", "name"), [("MP3", "a.wav"), ("MP3", "a.m4a"), ("WAV", "a.mp3")])
def test_content_decides_not_the_name(tmp_path: Path, form: str, name: str, tag: bytes) -> None:
    """An MP3 named .wav simply plays, tagged or not, and so does a WAV named .mp3."""
    voice = samples(Voice(5), 0, 2 * RATE, RATE).astype(np.float32) / 32_768
    soundfile.write(tmp_path / "made", voice, RATE, format=form)
    (tmp_path / name).write_bytes((tag if form == "MP3" else b"") + (tmp_path / "made").read_bytes())
    assert clip_length_ms(tmp_path / name) == 2_000
    assert dominant_voice(samples(AudioFile(tmp_path / name), 0, RATE, RATE), RATE) == 5


def test_three_hours_take_no_memory(tmp_path: Path) -> None:
    """3 h of audio are measured, read in blocks at another rate and used as a source in under 8 MB."""
    seconds = 3 * 3_600
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.write(wav_file(1, 1_000, b"", announced=2_000 * seconds))
        file.truncate(44 + 2_000 * seconds)
    samples(AudioFile(path), 0, 10, 2_000)
    tracemalloc.start()
    try:
        assert clip_length_ms(path) == seconds * 1_000
        with opened_clip(path) as clip:
            assert sum(len(values) for values in pcm_blocks(clip, 2_000)) == seconds * 2_000
        assert not samples(AudioFile(path), seconds * 1_000 - 5, 10, 1_000).any()
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_segments_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An AudioSegment lies in memory as a whole, so a clip beyond its limit is refused while it is decoded."""
    soundfile.write(tmp_path / "a.flac", np.zeros(80_000, dtype=np.int16), RATE)
    monkeypatch.setattr("callflow.media.segment.MOST_BYTES", 1_000)
    with pytest.raises(MediaError, match="over 1000 bytes"):
        open_audio(tmp_path / "a.flac")


def test_endless_clips_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to more than a day is refused while it is decoded."""
    soundfile.write(tmp_path / "a.flac", np.zeros(80_000, dtype=np.int16), RATE)
    monkeypatch.setattr("callflow.media.clip.LONGEST_CLIP_S", 2)
    refused(tmp_path / "a.flac", "lasts over 2 s")


def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a clip cannot be unpacked for want of room, the error says so."""
    (tmp_path / "a.wav").write_bytes(wav_file(1, RATE, bytes(64)))

    def no_room() -> object:
        """No temporary file can be made."""
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("callflow.media.spool.tempfile.TemporaryFile", no_room)
    with pytest.raises(MediaError, match=r"a\.wav: cannot be unpacked: No space left on device; "):
        samples(AudioFile(tmp_path / "a.wav"), 0, 10, RATE)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    """A path without a file, a folder, a loop of links and an impossible name are errors with the path, on one line."""
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    refused(tmp_path / "gone.wav", "no such file")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "loop.wav", "cannot be read: Too many levels of symbolic links")
    refused(tmp_path / "a\0b.wav", "that is no path")
    with pytest.raises(MediaError, match=r"new\\nline\\x1b\.wav: no such file"):
        open_audio(tmp_path / "new\nline\x1b.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    """A named pipe would block for ever, a device never end; both are refused without being opened."""
    os.mkfifo(tmp_path / "a.wav")
    refused(tmp_path / "a.wav", "is a pipe, socket or device")
    refused(Path("/dev/zero"), "is a pipe, socket or device")


WORDS = st.sampled_from((0, 1, 2, 7, 8, 16, 24, 32, 255, 1_024, 0x7FFF, 0xFFFE, 0xFFFF)) | st.integers(0, 0xFFFF)
LONGS = st.sampled_from((0, 1, 8_000, 44_100, 768_000, 0x7FFF_FFFF, 0x8000_0000)) | st.integers(0, 0xFFFF_FFFF)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS, LONGS, WORDS, st.integers(0, 8) | WORDS, LONGS | st.none(), st.integers(0, 400))
def test_any_header_is_a_clip_or_an_error(
    tmp_path: Path, channels: int, rate: int, bits: int, form: int, announced: int | None, size: int
) -> None:
    """Whatever numbers a WAV header has, the file is a clip of what it holds or a MediaError, in little memory."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav_file(channels, rate, bytes(size), announced=announced, bits=bits, form=form))
    tracemalloc.start()
    try:
        assert 0 < clip_length_ms(path) <= size * 8
    except MediaError as error:
        assert str(error).startswith(str(path)) and "; " in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8_000_000


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.integers(0, 200), st.sampled_from(("wav", "aiff", "flac", "mp3", "ogg")))
def test_damaged_bytes_never_crash(tmp_path: Path, junk: bytes, at: int, suffix: str) -> None:
    """Whatever bytes a file has, it is a clip or a MediaError: no other exception, no warning."""
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, samples(Voice(0), 0, 2_000, RATE).astype(np.float32) / 32_768, RATE)
    data = path.read_bytes()
    path.write_bytes(data[:at] + junk + data[at + len(junk) :])
    try:
        assert clip_length_ms(path) > 0
    except MediaError as error:
        assert str(error).startswith(str(path))
