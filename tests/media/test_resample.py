"""A party's codec: what it carries, at the recording's rate, in integers (law 6, design §12 Sound)."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.listen import dominant_voice
from callflow.media.render import blocks
from callflow.media.resample import resampled, resampled_loop
from callflow.media.sine import sine
from callflow.media.sources import (
    ComfortNoise,
    Digit,
    Music,
    Noise,
    Prompt,
    Ringback,
    Source,
    Tone,
    Voice,
    samples,
)
from callflow.media.track import Span, Track
from callflow.media.voice import VOICE_FRAME_MEAN, VOICE_PEAK

BUILT_IN: tuple[Source, ...] = (
    Voice(0),
    Prompt("vm-greeting"),
    Tone((440,), on_ms=333, off_ms=77),
    Ringback(),
    Music(),
    Digit("5"),
    Noise(3_000, seed=9),
    ComfortNoise(),
)
PAIRS = [(8_000, 16_000), (16_000, 8_000), (48_000, 8_000), (8_000, 48_000), (8_000, 11_025), (48_000, 44_100)]
RATES = st.sampled_from((8_000, 11_025, 16_000, 44_100, 48_000))


def wave(hz: int, rate: int) -> NDArray[np.int16]:
    """One second of a sine with a peak of 20,000."""
    return (sine(hz, 0, rate, rate) * 20_000 // 32_768).astype(np.int16)


def power(sound: NDArray[np.int16], hz: int) -> float:
    """Peak of the one frequency in a second of sound."""
    return float(np.abs(np.fft.rfft(sound.astype(float)))[hz] * 2 / len(sound))


@pytest.mark.parametrize(("codec", "rate"), PAIRS)
@pytest.mark.parametrize("hz", [100, 1_000, 3_000, 3_400])
def test_what_both_rates_carry_passes(codec: int, rate: int, hz: int) -> None:
    """Up to 3,400 Hz a sine comes through within 0.3 dB, in phase, with over 55 dB to everything else."""
    found, wanted = resampled_loop(wave(hz, codec), codec, rate).astype(float), wave(hz, rate).astype(float)
    gain = float(found @ wanted / (wanted @ wanted))
    assert 0.966 < gain < 1.035
    assert ((found - gain * wanted) ** 2).sum() < (wanted**2).sum() * 10**-5.5


@pytest.mark.parametrize(("codec", "rate"), [(16_000, 8_000), (48_000, 8_000), (48_000, 16_000), (44_100, 8_000)])
def test_what_the_lower_rate_lacks_is_stopped(codec: int, rate: int) -> None:
    """A tone above half the lower rate leaves no alias: under 1/300 of it, at any frequency."""
    for hz in (rate * 9 // 16, rate * 5 // 8, rate * 7 // 8):
        left = resampled_loop(wave(hz, codec), codec, rate).astype(float)
        assert np.sqrt((left**2).mean()) < 20_000 / np.sqrt(2) / 300


def test_a_narrow_codec_is_heard_in_a_wide_recording() -> None:
    """A 6 kHz tone is in the 16 kHz recording of a 16 kHz codec, and not in that of an 8 kHz codec."""
    tone = Tone((1_000, 6_000))
    wide, narrow = (samples(tone, 0, 16_000, 16_000, codec) for codec in (16_000, 8_000))
    assert power(wide, 6_000) > 3_000 and power(narrow, 6_000) < 10
    assert abs(power(wide, 1_000) - power(narrow, 1_000)) < 40
    assert np.array_equal(wide, samples(tone, 0, 16_000, 16_000))


@settings(max_examples=40)
@given(
    st.sampled_from(BUILT_IN),
    RATES,
    RATES,
    st.integers(0, 10**8),
    st.lists(st.integers(0, 9_000), min_size=1, max_size=4),
)
def test_any_cut_gives_the_same_samples(source: Source, rate: int, codec: int, start: int, counts: list[int]) -> None:
    """A sample depends on (source, index, rates) alone: however a stretch is cut, it is the same (design §12)."""
    whole = samples(source, start, sum(counts), rate, codec)
    parts, at = [], start
    for count in counts:
        parts.append(samples(source, at, count, rate, codec))
        at += count
    assert whole.dtype == np.int16
    assert np.array_equal(np.concatenate(parts), whole)


def test_loops_and_stretches_agree() -> None:
    """A loop that is resampled as a loop is what it would be as an endless source."""
    loop = samples(Voice(2), 0, 8 * 8_000, 8_000)
    made = resampled_loop(loop, 8_000, 16_000)
    again = resampled(lambda start, count: loop[np.arange(start, start + count) % len(loop)], 99, 500, 8_000, 16_000)
    assert np.array_equal(made[99:599], again)
    assert len(made) == 2 * len(loop) and not made.flags.writeable


# sha256 of the first two seconds, little-endian: a change here changes every recording of such a codec.
GOLDEN = {
    (0, 8_000, 16_000): "87f36b0089ab4698",
    (0, 48_000, 8_000): "9db6deec5ae78091",
    (1, 8_000, 11_025): "c9e61a507b3281d5",
    (2, 16_000, 8_000): "7ab258e8b83a5d75",
    (3, 8_000, 16_000): "bf82386e61598f6a",
    (4, 8_000, 44_100): "9da6990b84178dc7",
    (5, 8_000, 16_000): "ce5221c11064133c",
    (6, 8_000, 16_000): "c38428025d4d20eb",
    (7, 48_000, 8_000): "d720c306c2f8143f",
    (7, 8_000, 8_000): "8998ea5fe4debfdf",
}


@pytest.mark.parametrize(("index", "codec", "rate"), sorted(GOLDEN))
def test_carried_sources_never_change(index: int, codec: int, rate: int) -> None:
    """Also by way of a codec: the same bytes on every Python and platform, pinned by their hash (law 6)."""
    data = samples(BUILT_IN[index], 0, 2 * rate, rate, codec).astype("<i2").tobytes()
    assert hashlib.sha256(data).hexdigest()[:16] == GOLDEN[index, codec, rate]


@pytest.mark.parametrize(("codec", "rate"), PAIRS)
def test_a_carried_voice_never_gaps(codec: int, rate: int) -> None:
    """Every 20 ms of a voice scores as without a codec, and it is recognised; two voices stay in scale (design §12)."""
    for number in range(12):
        sound = samples(Voice(number), 0, 9 * rate, rate, codec)
        loud = np.abs(sound.astype(np.int32))
        totals = np.concatenate([[0], np.cumsum(loud, dtype=np.int64)])
        frame = rate // 50
        assert (totals[frame:] - totals[:-frame]).min() > VOICE_FRAME_MEAN * frame
        assert loud.max() < VOICE_PEAK * 1.15 < 32_767 // 2
        assert dominant_voice(sound[:rate], rate) == number


def test_a_track_mixes_codecs() -> None:
    """Each span has its own codec, and spans without one are made at the track's rate."""
    tone = Tone((500, 6_000))
    spans = (Span(tone, "left", 0, 1_000, codec_rate=8_000), Span(tone, "right", 0, 1_000, codec_rate=48_000))
    made = np.concatenate(list(blocks(Track(1_000, 2, 16_000, spans))))
    assert np.array_equal(made[:, 0], samples(tone, 0, 16_000, 16_000, 8_000))
    assert power(made[:, 0], 6_000) < 10 and power(made[:, 1], 6_000) > 3_000


def test_full_scale_does_not_wrap() -> None:
    """What overshoots full scale on its way is clipped, not wrapped to the other sign."""
    square = np.where(np.arange(8_000) % 80 < 40, 32_767, -32_768).astype(np.int16)
    made = resampled_loop(square, 8_000, 16_000)
    assert (made.max(), made.min()) == (32_767, -32_768)
    assert (made.reshape(-1, 160)[:, 20:60] > 30_000).all() and (made.reshape(-1, 160)[:, 100:140] < -30_000).all()


@pytest.mark.parametrize("codec", [0, -8_000, 7_999, 48_001])
def test_impossible_codecs_are_refused(codec: int) -> None:
    """A rate that no codec has is an error in the form of design §9, when a span is made and when it is heard."""
    for make in (lambda: Span(Voice(0), "left", 0, 1, codec_rate=codec), lambda: samples(Voice(0), 0, 1, 8_000, codec)):
        with pytest.raises(MediaError, match=r"^.+: .+; .+$"):
            make()
