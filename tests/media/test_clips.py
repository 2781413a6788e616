"""What users bring: every format that wheels open, read whole and in blocks, and resampled."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.media.clip import opened_clip, pcm_blocks
from callflow.media.encode import write_mp3, write_wav
from callflow.media.listen import dominant_voice
from callflow.media.segment import clip_length_ms, open_audio
from callflow.media.sources import AudioFile, Tone, Voice, samples
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


def test_wav_of_unknown_length_is_played(speech: Path) -> None:
    """A WAV file from a program that streams (size 0xFFFFFFFF in its header) is whole, whatever it announces."""
    data = bytearray(speech.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    speech.write_bytes(data)
    assert clip_length_ms(speech) == 2_000


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60_000), st.integers(1, 4), *[st.sampled_from((8_000, 11_025, 16_000, 44_100, 48_000))] * 2)
def test_blocks_have_the_exact_length(tmp_path: Path, frames: int, channels: int, rate: int, wanted: int) -> None:
    """Read in blocks, a clip has ceil(samples * rate / own rate) samples a channel, its sides where they were."""
    side = samples(Voice(1), 0, frames, rate)
    soundfile.write(tmp_path / "a.wav", np.stack([side, *[np.zeros_like(side)] * (channels - 1)], axis=1), rate)
    with opened_clip(tmp_path / "a.wav") as opened:
        made = np.concatenate(list(pcm_blocks(opened, wanted)))
    assert made.shape == (-(-frames * wanted // rate), channels) and made.dtype == np.int16
    assert not made[:, 1:].any()
    if rate == wanted:
        assert np.array_equal(made[:, 0], side)


def test_a_codec_narrows_a_file(tmp_path: Path) -> None:
    """What a party's codec does not carry of a file is not in the recording, whatever rate the recording has."""
    tones = samples(Tone((1_000,)), 0, 48_000, 48_000) // 2 + samples(Tone((6_000,)), 0, 48_000, 48_000) // 2
    soundfile.write(tmp_path / "a.wav", tones, 48_000)
    source = AudioFile(tmp_path / "a.wav")
    wide, narrow = (samples(source, 0, 16_000, 16_000, codec) for codec in (16_000, 8_000))
    power = [np.abs(np.fft.rfft(sound.astype(float)))[[1_000, 6_000]] for sound in (wide, narrow)]
    assert power[0][1] > 0.9 * power[0][0] and power[1][1] < 0.001 * power[1][0]


def test_float_files_with_infinities_are_tamed(tmp_path: Path) -> None:
    """Not-a-number and infinite samples become silence and full scale, without a warning."""
    values = np.array([np.nan, np.inf, -np.inf, 0.5] * 10, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", values, RATE, subtype="FLOAT")
    assert samples(AudioFile(tmp_path / "a.wav"), 0, 4, RATE).tolist() == [0, 32_767, -32_768, 16_384]


def test_wave_written_by_others_opens(tmp_path: Path) -> None:
    """An 8-bit stereo file of the standard library opens as 16-bit segment with both channels."""
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((2, 1, 16_000, 0, "NONE", ""))
        out.writeframes(bytes([128, 255]) * 1_600)
    segment = open_audio(tmp_path / "a.wav")
    assert (segment.channels, segment.frame_rate, len(segment)) == (2, 16_000, 100)
    assert segment.split_to_mono()[0].rms == 0 and segment.split_to_mono()[1].rms > 30_000
