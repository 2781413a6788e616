"""The ear: parties, prompts, digits and tones are told apart, in mixtures too (design §12, Sound)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from callflow.media.listen import Heard, dominant_voice, heard, is_silent, voices
from callflow.media.sources import DIGITS_HZ, Digit, Music, Noise, Prompt, Ringback, Source, Tone, Voice, samples

RATE = 8_000


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_every_party_is_recognised(number: int, rate: int) -> None:
    """A party is known by a quarter of a second of its voice, from anywhere in it."""
    for start_ms, length_ms in itertools.product(range(0, 8_000, 1_370), (250, 1_000)):
        sound = samples(Voice(number), start_ms * rate // 1000, length_ms * rate // 1000, rate)
        assert dominant_voice(sound, rate) == number


@pytest.mark.parametrize(("loud", "soft"), list(itertools.permutations((0, 1, 2, 4, 11), 2)))
def test_mixtures_name_both_the_louder_first(loud: int, soft: int) -> None:
    """In a mono recording both voices are heard, the louder first."""
    mixed = samples(Voice(loud), 0, 16_000, RATE) + samples(Voice(soft), 0, 16_000, RATE) // 3
    assert [found.number for found in voices(mixed, RATE)] == [loud, soft]
    assert dominant_voice(mixed, RATE) == loud


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (Voice(3), Heard("party", number=3)),
        (Prompt("vm-greeting"), Heard("system")),
        (Ringback(), Heard("ringback")),
        (Music(), Heard("music")),
        (Tone((440,)), Heard("tone", frequencies_hz=(440,))),
        (Tone((138,)), Heard("tone", frequencies_hz=(138,))),
        (Tone((350, 440)), Heard("tone", frequencies_hz=(350, 440))),
        (Noise(5_000, 1), Heard("other")),
        (Noise(100, 1), Heard("silence")),
    ],
    ids=repr,
)
def test_each_source_is_known(source: Source, wanted: Heard) -> None:
    """A second of each kind of source is heard as what it is; a bare tone at a party's pitch is no party."""
    sound = samples(source, 0, RATE, RATE)
    assert heard(sound, RATE) == wanted
    assert dominant_voice(sound, RATE) == wanted.number


@pytest.mark.parametrize("key", sorted(DIGITS_HZ))
def test_a_digit_is_known_by_100_ms(key: str) -> None:
    """A key press lasts 100 ms (design §12), and that is enough to know it."""
    assert heard(samples(Digit(key), 0, 800, RATE), RATE) == Heard("digit", digit=key)


def test_gliding_pitch_is_nobody() -> None:
    """Sound whose pitch glides through all the parties' pitches is none of them."""
    phase = np.cumsum(np.linspace(100, 300, RATE * 2)) / RATE
    wave = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 8)) * 4_000
    assert voices(np.asarray(wave).astype(np.int16), RATE) == ()


def test_silence_is_scored_by_the_frame() -> None:
    """One frame of mean |s| 200 is not silence (not < 200), one of 199 is; -32768 has its size (B§4)."""
    frames = np.zeros(1_600, dtype=np.int16)
    frames[480:640] = 199
    assert is_silent(frames)
    frames[480:640] = -200
    assert not is_silent(frames)
    assert not is_silent(np.full(7, -32_768, dtype=np.int16))
    assert is_silent(np.zeros(0, dtype=np.int16))
    assert heard(np.zeros(0, dtype=np.int16), RATE) == Heard("silence")


def test_too_short_a_stretch_names_nobody() -> None:
    """Under a quarter of a second no pitch is certain, so nobody is named."""
    assert dominant_voice(samples(Voice(0), 0, 1_000, RATE), RATE) is None
