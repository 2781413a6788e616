"""What users bring: every format that wheels open, resampling, and files that are hostile or broken."""

from __future__ import annotations

import os
import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.core.errors import MediaError
from callflow.media import clip
from callflow.media.encode import write_mp3, write_wav
from callflow.media.listen import dominant_voice
from callflow.media.segment import clip_length_ms, open_audio
from callflow.media.sources import AudioFile, Voice, samples
from callflow.media.track import Span, Track

RATE = 8_000


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Two seconds of party 4 as mono WAV at 8 kHz."""
    track = Track(2_000, 1, RATE, (Span(Voice(4), "left", 0, 2_000),))
    return write_wav(track, tmp_path / "speech.wav").path


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "au", "caf", "w64"])
def test_lossless_files_come_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    """A 16-bit mono file at the rate asked for is heard bit by bit, and silence follows its end."""
    wanted = samples(Voice(1), 0, 12_345, RATE)
    soundfile.write(tmp_path / f"a.{suffix}", wanted, RATE, subtype="PCM_16")
    source = AudioFile(tmp_path / f"a.{suffix}")
    assert np.array_equal(samples(source, 0, 12_345, RATE), wanted)
    assert np.array_equal(samples(source, 12_000, 1_000, RATE), np.r_[wanted[12_000:], np.zeros(655, np.int16)])
    assert not samples(source, 10**9, 5, RATE).any()


@pytest.mark.parametrize("suffix", ["wav", "mp3", "ogg", "flac"])
@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_files_are_resampled_and_mixed(tmp_path: Path, suffix: str, rate: int) -> None:
    """A stereo file at another rate is heard in mono at the codec's rate: whose voice it was can still be told."""
    voice = samples(Voice(6), 0, 2 * rate, rate)
    soundfile.write(tmp_path / f"a.{suffix}", np.stack([voice, voice], axis=1).astype(np.float32) / 32_768, rate)
    found = samples(AudioFile(tmp_path / f"a.{suffix}"), 0, 17_000, RATE)
    assert dominant_voice(found[:16_000], RATE) == 6
    wanted = samples(Voice(6), 0, 16_000, RATE).astype(float)
    assert np.corrcoef(found[:16_000], wanted)[0, 1] > 0.97
    assert not found[16_001:].any()


def test_any_cut_of_a_file_gives_the_same_samples(tmp_path: Path) -> None:
    """A file is resampled as a whole: where a block begins changes no sample."""
    soundfile.write(tmp_path / "a.wav", samples(Voice(2), 0, 30_000, 44_100), 44_100)
    source = AudioFile(tmp_path / "a.wav")
    parts = [samples(source, at, 700, RATE) for at in range(0, 7_000, 700)]
    assert np.array_equal(np.concatenate(parts), samples(source, 0, 7_000, RATE))


def test_changed_file_is_read_again(speech: Path) -> None:
    """A file that is replaced between two runs in one process is heard as it is now."""
    before = samples(AudioFile(speech), 0, 8_000, RATE)
    soundfile.write(speech, samples(Voice(9), 0, 9_000, RATE), RATE)
    assert not np.array_equal(before, samples(AudioFile(speech), 0, 8_000, RATE))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_recordings_open_as_segments(tmp_path: Path, format: str, channels: int) -> None:
    """The API hands out pydub segments: 16 bit, the file's rate and channels, its exact length (design §12)."""
    spans = (Span(Voice(0), "left", 0, 1_234), Span(Voice(1), "right", 0, 1_234))
    track = Track(1_234, 1 if channels == 1 else 2, RATE, spans)
    written = (write_wav if format == "wav" else write_mp3)(track, tmp_path / f"a.{format}")
    segment = open_audio(written.path)
    assert (segment.channels, segment.frame_rate, segment.sample_width) == (channels, RATE, 2)
    assert (len(segment), int(segment.frame_count())) == (1_234, track.frames)
    assert clip_length_ms(str(written.path)) == 1_234
    left = np.array(segment.get_array_of_samples(), dtype=np.int16)[::channels]
    assert dominant_voice(left, RATE) in ((0,) if channels == 2 else (0, 1))


def test_length_is_rounded_up(tmp_path: Path) -> None:
    """A clip of 8,001 samples at 8 kHz lasts 1,001 ms for a schedule: nothing of it is cut off."""
    soundfile.write(tmp_path / "a.wav", np.ones(8_001, dtype=np.int16), RATE)
    assert clip_length_ms(tmp_path / "a.wav") == 1_001


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "mp3", "ogg"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    """A file that ends before its end is an error, not a shorter clip."""
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, samples(Voice(0), 0, 80_000, RATE).astype(np.float32) / 32_768, RATE)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    for read in (open_audio, clip_length_ms):
        with pytest.raises(MediaError, match=r"a\.\w+: .+; .+$"):
            read(path)


def test_wav_of_unknown_length_is_played(speech: Path) -> None:
    """A WAV file from a program that streams (size 0xFFFFFFFF in its header) is whole, whatever it announces."""
    data = bytearray(speech.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    speech.write_bytes(data)
    assert clip_length_ms(speech) == 2_000


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


def wav_header(channels: int, rate: int, data: bytes) -> bytes:
    """A 16-bit WAV file by hand, with any numbers."""
    body = struct.pack(
        "<4s4sIHHIIHH4sI", b"WAVE", b"fmt ", 16, 1, channels, rate, 0, 2 * channels, 16, b"data", len(data)
    )
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


@pytest.mark.parametrize(
    ("channels", "rate", "data"),
    [(0, RATE, b"\0" * 64), (1, 0, b"\0" * 64), (1, 1, b"\0" * 64), (1, 2**31, b"\0" * 64), (1, RATE, b"")],
)
def test_absurd_headers_are_refused(tmp_path: Path, channels: int, rate: int, data: bytes) -> None:
    """No channel, no sample, a rate of 0, 1 or 2^31 Hz: errors, not a division by zero and no terabyte."""
    (tmp_path / "a.wav").write_bytes(wav_header(channels, rate, data))
    with pytest.raises(MediaError):
        open_audio(tmp_path / "a.wav")
    with pytest.raises(MediaError):
        samples(AudioFile(tmp_path / "a.wav"), 0, 10, RATE)


def test_endless_clips_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip beyond the limit of time or memory is refused while it is decoded."""
    soundfile.write(tmp_path / "a.flac", np.zeros(80_000, dtype=np.int16), RATE)
    monkeypatch.setattr("callflow.media.segment.MOST_BYTES", 1_000)
    with pytest.raises(MediaError, match="over 1000 bytes"):
        open_audio(tmp_path / "a.flac")
    monkeypatch.setattr(clip, "LONGEST_CLIP_S", 2)
    with pytest.raises(MediaError, match="lasts over 2 s"):
        clip_length_ms(tmp_path / "a.flac")


def test_float_files_with_infinities_are_tamed(tmp_path: Path) -> None:
    """Not-a-number and infinite samples become silence and full scale, without a warning."""
    values = np.array([np.nan, np.inf, -np.inf, 0.5] * 10, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", values, RATE, subtype="FLOAT")
    assert samples(AudioFile(tmp_path / "a.wav"), 0, 4, RATE).tolist() == [0, 32_767, -32_768, 16_384]


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    """A path without a file, a folder and an impossible name are errors with the path, on one line."""
    for path in (tmp_path / "gone.wav", tmp_path, tmp_path / "a\0b.wav"):
        with pytest.raises(MediaError, match=r"\A.+: .+; .+\Z"):
            open_audio(path)
    with pytest.raises(MediaError, match=r"new\\nline\\x1b\.wav: no such file"):
        open_audio(tmp_path / "new\nline\x1b.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipes_are_refused(tmp_path: Path) -> None:
    """A named pipe would block for ever; it is no file."""
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="no such file"):
        open_audio(tmp_path / "a.wav")


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


FAKE_FFMPEG = """#!{python}
import json, sys
json.dump(sys.argv[1:], open({log!r}, "w"))
sys.stdout.buffer.write(open({wav!r}, "rb").read())
sys.exit({status})
"""


def install_ffmpeg(folder: Path, wav: Path, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> Path:
    """A program named ffmpeg, alone on the PATH, that writes `wav` and logs its arguments to the file returned."""
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    log = folder / "arguments.json"
    program.write_text(FAKE_FFMPEG.format(python=sys.executable, log=str(log), wav=str(wav), status=status))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return log


def test_ffmpeg_formats_need_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ffmpeg, an M4A file is an error that says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " * 9)
    with pytest.raises(MediaError, match=r"only ffmpeg decodes \.m4a, and there is none; with ffmpeg installed"):
        open_audio(tmp_path / "a.m4a")


def test_ffmpeg_gets_one_container_and_a_full_path(
    tmp_path: Path, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ffmpeg never guesses the container (a playlist would open other files) and never takes a name for an option."""
    log = install_ffmpeg(tmp_path, speech, monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("-i.m4a").write_bytes(b"#EXTM3U\nfile:///etc/passwd\n")
    assert len(open_audio("-i.m4a")) == 2_000
    assert np.array_equal(samples(AudioFile(Path("-i.m4a")), 0, 16_000, RATE), samples(Voice(4), 0, 16_000, RATE))
    arguments = log.read_text()
    assert f'"-f", "mp4", "-acodec", "aac", "-i", "{tmp_path}/-i.m4a"' in arguments


def test_ffmpeg_failure_is_a_media_error(tmp_path: Path, speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ffmpeg cannot decode is the file's fault: a MediaError, not pydub's exception."""
    install_ffmpeg(tmp_path, speech, monkeypatch, status=1)
    (tmp_path / "a.webm").write_bytes(b"no film")
    with pytest.raises(MediaError, match="ffmpeg cannot decode it as matroska"):
        open_audio(tmp_path / "a.webm")


def test_wave_written_by_others_opens(tmp_path: Path) -> None:
    """An 8-bit stereo file of the standard library opens as 16-bit segment with both channels."""
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((2, 1, 16_000, 0, "NONE", ""))
        out.writeframes(bytes([128, 255]) * 1_600)
    segment = open_audio(tmp_path / "a.wav")
    assert (segment.channels, segment.frame_rate, len(segment)) == (2, 16_000, 100)
    assert segment.split_to_mono()[0].rms == 0 and segment.split_to_mono()[1].rms > 30_000
