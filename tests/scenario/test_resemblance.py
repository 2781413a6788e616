"""`similar to FILE`: the same sound is found wherever it lies and however it was carried; another one is not."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.encode import write_mp3
from callflow.media.sources import AudioFile, Music, Noise, Ringback, Source, Tone, Voice, samples
from callflow.media.track import Span, Track
from callflow.scenario.resemblance import SIMILAR, Resemblance, resemblance

Samples = NDArray[np.int16]
RATE = 8_000


def talk(seed: int, length_ms: int = 4_000) -> Samples:
    """Something like speech: syllables of a length, pitch and pause of their own; another seed, another sentence."""
    random = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    while sum(map(len, parts)) < length_ms * RATE // 1000:
        time = np.arange(random.integers(600, 2_000)) / RATE
        pitch = random.uniform(90, 240) * (1 + random.uniform(-0.3, 0.3) * time)
        strengths = random.uniform(0, 1, 14) ** 2
        tones = (each * np.sin(2 * np.pi * (k + 1) * pitch * time) for k, each in enumerate(strengths))
        parts += [sum(tones, np.zeros(len(time))) * np.hanning(len(time)), np.zeros(random.integers(0, 900))]
    sound = np.concatenate(parts)[: length_ms * RATE // 1000]
    made: Samples = np.rint(sound / np.abs(sound).max() * 12_000).astype(np.int16)
    return made


def saved(path: Path, sound: Samples, rate: int = RATE) -> Path:
    """The sound as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(sound.astype("<i2").tobytes())
    return path


def compared(part: Samples, wanted: Samples, folder: Path, rate: int = RATE) -> Resemblance:
    """How much a part resembles a file of the wanted sound."""
    return resemblance([part], rate, saved(folder / "wanted.wav", wanted))


def made(source: Source, length_ms: int, start_ms: int = 0) -> Samples:
    """A built-in sound."""
    return samples(source, start_ms * RATE // 1000, length_ms * RATE // 1000, RATE)


def with_noise(sound: Samples, below_db: float) -> Samples:
    """The sound with white noise so far below it."""
    level = np.sqrt((sound.astype(float) ** 2).mean()) / 10 ** (below_db / 20)
    return (sound + np.random.default_rng(0).normal(0, level, len(sound))).astype(np.int16)


def through_mu_law(sound: Samples) -> Samples:
    """The sound as a telephone's codec leaves it."""
    small = np.round(np.sign(sound) * np.log1p(255 * np.abs(sound / 32_768)) / np.log(256) * 127) / 127
    carried: Samples = (np.sign(small) * (256 ** np.abs(small) - 1) / 255 * 32_767).astype(np.int16)
    return carried


@pytest.mark.parametrize("seed", range(4))
def test_the_same_sound_is_similar_however_it_was_carried(seed: int, tmp_path: Path) -> None:
    """Issue 5, item 1: a tenth as loud, through mu-law, with noise, at another rate, cut: the score stays high."""
    sound = talk(seed)
    carried = [sound, sound // 10, through_mu_law(sound), with_noise(sound, 20), sound[8_000:24_000]]
    assert min(compared(each, sound, tmp_path).score for each in carried) > 0.9
    twice = np.repeat(sound, 2)
    assert compared(twice, sound, tmp_path, rate=2 * RATE).is_similar


@pytest.mark.parametrize("seed", range(4))
def test_another_sound_is_not(seed: int, tmp_path: Path) -> None:
    """Another sentence, the same one backwards or faster, a short piece of another, noise, ringback: well below."""
    sound, other = talk(seed), talk(seed + 100)
    faster = np.interp(np.arange(0, len(sound) - 1, 1.1), np.arange(len(sound)), sound).astype(np.int16)
    foreign = [other, other[:6_000], sound[::-1], faster, made(Noise(900, 1), 5_000), made(Ringback(), 5_000)]
    assert max(compared(each, sound, tmp_path).score for each in foreign) < SIMILAR - 0.1


@pytest.mark.parametrize("late_ms", [0, 3, 240, 1_237])
def test_the_best_place_is_told(late_ms: int, tmp_path: Path) -> None:
    """The offset says where the file begins in the part, to a few ms; negative where the part begins later."""
    sound = talk(7)
    part = np.concatenate([np.zeros(late_ms * 8, np.int16), sound, np.zeros(4_000, np.int16)])
    assert compared(part, sound, tmp_path).offset_ms == pytest.approx(late_ms, abs=5)
    assert compared(sound, part, tmp_path).offset_ms == pytest.approx(-late_ms, abs=5)


def test_steady_sounds_are_known_by_their_spectrum(tmp_path: Path) -> None:
    """A tone does not move: the same one is similar whenever it began, another one is not; music is itself alone."""
    tone = made(Tone((440,)), 2_000)
    assert compared(made(Tone((440,)), 3_000, 700), tone, tmp_path).score > 0.95
    for other in (Tone((500,)), Tone((880,)), Noise(900, 1), Voice(0), Music()):
        assert not compared(made(other, 3_000), tone, tmp_path).is_similar
    music = made(Music(), 5_000, 1_000)
    found = compared(made(Music(), 8_000), music, tmp_path)
    assert found.score == pytest.approx(1.0) and found.offset_ms == 1_000
    assert not compared(tone, music, tmp_path).is_similar


def test_an_mp3_of_it_is_similar(tmp_path: Path) -> None:
    """A coder's waste lies below what counts."""
    sound = talk(3)
    path = tmp_path / "wanted.mp3"
    span = Span(AudioFile(saved(tmp_path / "talk.wav", sound)), "left", 0, 4_000)
    write_mp3(Track(4_000, 1, RATE, (span,)), path)
    assert resemblance([sound], RATE, path).score > 0.8


def test_silence_resembles_nothing(tmp_path: Path) -> None:
    """A silent part scores 0; a silent file is refused, as `silent` is the word for it."""
    assert compared(np.zeros(16_000, np.int16), talk(1), tmp_path) == Resemblance(0.0, 0)
    with pytest.raises(MediaError, match=r"wanted.wav: is silent; .* write silent"):
        compared(talk(1), np.zeros(16_000, np.int16), tmp_path)


@pytest.mark.parametrize(
    ("part", "wanted", "message"),
    [
        (talk(1), talk(1)[:1_000], "wanted.wav: shorter than 250 ms"),
        (talk(1)[:1_000], talk(1), "this part of the recording: shorter than 250 ms"),
        (np.ones(2_500_000, np.int16) * 900, talk(1), "this part of the recording: longer than 5 minutes; .*from:"),
    ],
)
def test_what_cannot_be_compared_is_refused(part: Samples, wanted: Samples, message: str, tmp_path: Path) -> None:
    """Too short says nothing, too long takes memory."""
    with pytest.raises(MediaError, match=message):
        compared(part, wanted, tmp_path)
