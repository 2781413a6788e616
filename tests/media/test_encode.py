"""Files: exact lengths, sides that stay where they are, nothing half written (design §12, Sound)."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import miniaudio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.encode import MP3_RATES, write_audio, write_mp3, write_wav
from callflow.media.listen import dominant_voice, is_silent
from callflow.media.render import blocks
from callflow.media.sources import AudioFile, Music, Noise, Ringback, Tone, Voice
from callflow.media.track import Span, Track


def two_party(length_ms: int, channels: int, rate: int) -> Track:
    """Party 0 left and party 1 right, the whole time."""
    assert channels in (1, 2)
    spans = (Span(Voice(0), "left", 0, length_ms), Span(Voice(1), "right", 0, length_ms))
    return Track(length_ms, 1 if channels == 1 else 2, rate, spans)


def decoded(path: Path) -> tuple[NDArray[np.int16], int]:
    """Samples (n, channels) and rate of an MP3, by a decoder that is not the encoder's."""
    sound = miniaudio.mp3_read_file_s16(str(path))
    return np.array(sound.samples, dtype=np.int16).reshape(-1, sound.nchannels), sound.sample_rate


@pytest.mark.parametrize("channels", [1, 2])
def test_wav_is_exact(tmp_path: Path, channels: int) -> None:
    """A WAV file holds every rendered sample, 16 bit, at the rate asked for."""
    track = two_party(4_321, channels, 11_025)
    written = write_wav(track, tmp_path / "a.wav")
    with wave.open(str(written.path)) as found:
        assert found.getparams()[:4] == (channels, 2, 11_025, 4_321 * 11_025 // 1000)
        data = found.readframes(10**9)
    assert data == np.concatenate(list(blocks(track))).astype("<i2").tobytes()
    assert written.bytes == 44 + len(data) == written.path.stat().st_size
    assert (written.frames, written.channels, written.sample_rate) == (track.frames, channels, 11_025)


def test_wav_bytes_repeat(tmp_path: Path) -> None:
    """Two runs give byte-identical WAV files (law 6)."""
    track = Track(2_000, 2, 8_000, (Span(Music(), "left", 0, 2_000), Span(Ringback(), "right", 5, 1_500)))
    first, second = (write_audio(track, tmp_path / name, "wav").path.read_bytes() for name in ("a.wav", "b.wav"))
    assert first == second


def test_empty_track_is_a_file(tmp_path: Path) -> None:
    """A track of no length is a WAV file without frames, and an MP3 file without anything."""
    with wave.open(str(write_wav(Track(0, 1, 8_000), tmp_path / "a.wav").path)) as found:
        assert found.getnframes() == 0
    written = write_mp3(Track(0, 1, 8_000), tmp_path / "a.mp3")
    assert (written.bytes, written.frames, written.path.read_bytes()) == (0, 0, b"")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.mp3", "a.wav"]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", MP3_RATES)
def test_mp3_is_exact_at_every_rate(tmp_path: Path, rate: int, channels: int) -> None:
    """At all nine rates, mono and stereo, the decoded MP3 has exactly the track's samples (Info frame)."""
    track = two_party(3_217, channels, rate)
    written = write_mp3(track, tmp_path / "a.mp3")
    found, found_rate = decoded(written.path)
    assert (found.shape, found_rate) == ((track.frames, channels), rate)
    assert written.bytes == written.path.stat().st_size
    assert written.bytes * 8 / 3.217 >= 24_000


@settings(max_examples=25)
@given(length_ms=st.integers(1, 6_000), rate=st.sampled_from(MP3_RATES), channels=st.sampled_from((1, 2)))
def test_mp3_is_exact_at_every_length(
    tmp_path_factory: pytest.TempPathFactory, length_ms: int, rate: int, channels: int
) -> None:
    """No length is rounded to MPEG frames, from 1 ms on, silence included."""
    track = Track(length_ms, 1 if channels == 1 else 2, rate, (Span(Voice(2), "left", 0, length_ms // 2),))
    found, _ = decoded(write_mp3(track, tmp_path_factory.mktemp("mp3") / "a.mp3").path)
    assert len(found) == track.frames


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_left_stays_left(tmp_path: Path, rate: int) -> None:
    """Stereo MP3 keeps the sides apart: the bug of libsndfile with int16 stereo would make noise of both."""
    track = Track(4_000, 2, rate, (Span(Voice(0), "left", 0, 2_000), Span(Voice(1), "right", 2_000, 4_000)))
    found, _ = decoded(write_mp3(track, tmp_path / "a.mp3").path)
    edge = rate // 10
    first, second = found[edge : 2 * rate - edge], found[2 * rate + edge : -edge]
    assert dominant_voice(first[:, 0], rate) == 0 and is_silent(first[:, 1])
    assert dominant_voice(second[:, 1], rate) == 1 and is_silent(second[:, 0])


def test_mp3_is_not_delayed(tmp_path: Path) -> None:
    """The decoded sound begins where the track's does: best match at a shift of zero, clean at 32 kbit/s."""
    track = Track(3_000, 2, 8_000, (Span(Voice(5), "left", 500, 2_500), Span(Tone((440,)), "right", 0, 3_000)))
    found, _ = decoded(write_mp3(track, tmp_path / "a.mp3").path)
    wanted = np.concatenate(list(blocks(track))).astype(float)
    spectrum = np.fft.rfft(found[:, 0].astype(float)) * np.conj(np.fft.rfft(wanted[:, 0]))
    assert int(np.argmax(np.fft.irfft(spectrum))) == 0
    for side in (0, 1):
        error = found[:, side] - wanted[:, side]
        assert 10 * np.log10((wanted[:, side] ** 2).sum() / (error**2).sum()) > 15


def test_mp3_refuses_other_rates(tmp_path: Path) -> None:
    """MP3 has nine sample rates; another one is an error that names them, and leaves no file."""
    with pytest.raises(MediaError, match="8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000"):
        write_mp3(two_party(100, 1, 9_000), tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    """A format that cannot be written is an error that names those that can."""
    with pytest.raises(MediaError, match="'ogg' is no format that can be written; wav or mp3 would be"):
        write_audio(two_party(100, 1, 8_000), tmp_path / "a.ogg", "ogg")


@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_failure_leaves_no_file(tmp_path: Path, format: str) -> None:
    """When a source fails midway, the old file stays as it was and no unfinished one is left."""
    target = tmp_path / f"a.{format}"
    target.write_bytes(b"old")
    track = Track(9_000, 1, 8_000, (Span(AudioFile(tmp_path / "gone.wav"), "left", 5_000, 9_000),))
    with pytest.raises(MediaError, match="gone.wav: no such file"):
        write_audio(track, target, format)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_missing_folder_is_named(tmp_path: Path, format: str) -> None:
    """A folder that is not there is an error with its path, not a traceback."""
    with pytest.raises(MediaError, match=r"nowhere.a\.\w+: cannot be written: No such file or directory; "):
        write_audio(two_party(100, 1, 8_000), tmp_path / "nowhere" / f"a.{format}", format)


def test_finished_file_has_ordinary_rights(tmp_path: Path) -> None:
    """The file gets the rights that any new file would get: no private temporary file shines through."""
    (tmp_path / "plain").touch()
    written = write_wav(two_party(100, 1, 8_000), tmp_path / "a.wav")
    assert os.stat(written.path).st_mode == os.stat(tmp_path / "plain").st_mode


def test_wav_over_4_gib_is_refused(tmp_path: Path) -> None:
    """What a WAV header cannot count is refused before the disk fills."""
    with pytest.raises(MediaError, match="4 GiB"):
        write_wav(Track(7 * 24 * 3_600_000, 2, 8_000), tmp_path / "a.wav")


def test_loud_noise_does_not_wrap(tmp_path: Path) -> None:
    """Full-scale sound stays at full scale through float32 and MP3: no wrap to the other sign."""
    track = Track(1_000, 1, 8_000, (Span(Tone((500,), level=32_767), "left", 0, 1_000), Span(Noise(9), "right", 0, 9)))
    found, _ = decoded(write_mp3(track, tmp_path / "a.mp3").path)
    wanted = np.concatenate(list(blocks(track))).astype(int)
    assert int(np.abs(found[800:-800].astype(int) - wanted[800:-800]).max()) < 6_000
