"""Sources: law 6 of design §2 and the levels and pitches that design §12 promises."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.music import MUSIC_PEAK
from callflow.media.sine import sine_table
from callflow.media.sources import (
    DIGIT_LEVEL,
    DIGITS_HZ,
    RINGBACK_LEVEL,
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
from callflow.media.voice import PARTY_PITCHES_HZ, SYSTEM_PITCH_HZ, VOICE_FRAME_MEAN, VOICE_PEAK

BUILT_IN: tuple[Source, ...] = (
    Voice(0),
    Voice(7),
    Prompt("vm-greeting"),
    Tone((440,)),
    Tone((350, 440), level=5_000, on_ms=333, off_ms=77),
    Ringback(),
    Music(),
    Digit("5"),
    Noise(3_000, seed=9),
    ComfortNoise(),
)
RATES = st.sampled_from((1_000, 8_000, 11_025, 16_000, 44_100))


def sizes(source: Source, seconds: int, rate: int) -> NDArray[np.int32]:
    """|sample| of the first seconds of a source, in 32 bits, where -32768 has a size too."""
    return np.abs(samples(source, 0, seconds * rate, rate).astype(np.int32))


def test_sine_table_is_the_sine() -> None:
    """The integer table differs from the real sine by less than one step of 16 bits (module sine)."""
    real = np.sin(2 * np.pi * np.arange(65_536) / 65_536) * 32_767
    assert float(np.abs(sine_table() - real).max()) < 0.51


@settings(max_examples=60)
@given(
    st.sampled_from(BUILT_IN), RATES, st.integers(0, 10**9), st.lists(st.integers(0, 20_000), min_size=1, max_size=5)
)
def test_any_cut_gives_the_same_samples(source: Source, rate: int, start: int, counts: list[int]) -> None:
    """A sample depends on (source, index, rate) alone: however a stretch is cut, it is the same (design §12)."""
    whole = samples(source, start, sum(counts), rate)
    parts, at = [], start
    for count in counts:
        parts.append(samples(source, at, count, rate))
        at += count
    assert whole.dtype == np.int16
    assert np.array_equal(np.concatenate(parts), whole)


# sha256 of the first ten seconds, little-endian: a change here changes every golden recording.
GOLDEN = {
    (0, 8_000): "e9d7451826da48cb",
    (0, 11_025): "dedb3e8422b69987",
    (1, 8_000): "3a500151fe29c9ab",
    (2, 8_000): "904268ad1d98535e",
    (3, 8_000): "d21afdec6adb04a6",
    (4, 8_000): "157d52e570bcc2bd",
    (4, 11_025): "8b3236a831da1ea7",
    (5, 8_000): "b885dad4adf3cdf1",
    (6, 8_000): "2124a89d3003f422",
    (6, 11_025): "d292f9fa241c9386",
    (7, 8_000): "b1896814a16c29e7",
    (8, 8_000): "29d0de896f27ce91",
}


@pytest.mark.parametrize(("index", "rate"), sorted(GOLDEN))
def test_built_in_sources_never_change(index: int, rate: int) -> None:
    """The same bytes on every Python and platform: pinned by their hash (law 6)."""
    data = samples(BUILT_IN[index], 0, 10 * rate, rate).astype("<i2").tobytes()
    assert hashlib.sha256(data).hexdigest()[:16] == GOLDEN[index, rate]


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 48_000])
@pytest.mark.parametrize("source", [*map(Voice, range(12)), Prompt("a"), Prompt("vm-record_message")], ids=repr)
def test_voice_never_gaps_and_never_clips(source: Source, rate: int) -> None:
    """Every 20 ms of a voice, at any alignment, scores above 200 even halved; two voices stay in scale (design §12)."""
    loud = sizes(source, 9, rate)
    frame = rate // 50
    totals = np.concatenate([[0], np.cumsum(loud, dtype=np.int64)])
    assert (totals[frame:] - totals[:-frame]).min() > VOICE_FRAME_MEAN * frame
    assert VOICE_FRAME_MEAN > 2 * 400 * 1.5
    assert loud.max() <= VOICE_PEAK < 32_767 // 2


def test_voices_are_distinct() -> None:
    """Parties 0..11 and the system have pitches of their own, 10 Hz apart or more, all within one octave."""
    pitches = sorted([Voice(n).pitch_hz for n in range(12)] + [Prompt("x").pitch_hz])
    assert all(high - low >= 10 for low, high in zip(pitches, pitches[1:], strict=False))
    assert pitches[-1] < 2 * pitches[0]
    assert SYSTEM_PITCH_HZ not in PARTY_PITCHES_HZ
    assert not np.array_equal(samples(Voice(0), 0, 8_000, 8_000), samples(Voice(12), 0, 8_000, 8_000))


def test_prompts_say_what_their_names_say() -> None:
    """What a prompt says follows from its name: another name, other sound; the same name, the same sound."""
    one, two, again = (samples(Prompt(name), 0, 8_000, 8_000) for name in ("vm-one", "vm-two", "vm-one"))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)


def test_ringback_has_the_us_cadence() -> None:
    """Ringback is 440 + 480 Hz, 2 s on and 4 s off, from its first sample (design §12)."""
    sound = samples(Ringback(), 0, 14 * 8_000, 8_000)
    assert not sound[16_000:48_000].any() and not sound[64_000:96_000].any()
    assert np.array_equal(sound[:16_000], sound[48_000:64_000]) and sound[96_000:].any()
    power = np.abs(np.fft.rfft(sound[:8_000]))
    assert set(np.argsort(power)[-2:].tolist()) == {440, 480}
    assert RINGBACK_LEVEL * 0.9 < np.abs(sound).max() <= RINGBACK_LEVEL


@pytest.mark.parametrize("key", sorted(DIGITS_HZ))
def test_digit_is_its_row_and_its_column(key: str) -> None:
    """Each of the sixteen keys is the pair of its row and its column (ITU-T Q.23)."""
    column = next(n for n, keys in enumerate(("147*", "2580", "369#", "ABCD")) if key in keys)
    row = next(n for n, keys in enumerate(("123A", "456B", "789C", "*0#D")) if key in keys)
    sound = samples(Digit(key), 0, 8_000, 8_000)
    wanted = {(697, 770, 852, 941)[row], (1209, 1336, 1477, 1633)[column]}
    assert set(np.argsort(np.abs(np.fft.rfft(sound)))[-2:].tolist()) == wanted
    assert np.abs(sound).max() <= DIGIT_LEVEL


def test_cadence_cuts_do_not_drift() -> None:
    """A cadence of 333 on, 77 off at 11,025 Hz is right hours later: on exactly where t mod 410 ms < 333 ms."""
    tone, rate, start = Tone((1_000,), on_ms=333, off_ms=77), 11_025, 11_025 * 7_200
    index = np.arange(start, start + 20_000, dtype=np.int64)
    off = index * 1_000 % (410 * rate) >= 333 * rate
    found = samples(tone, start, 20_000, rate)
    assert not found[off].any()
    assert np.array_equal(found[~off], samples(Tone((1_000,)), start, 20_000, rate)[~off])


def test_tone_above_half_the_rate_is_not_heard() -> None:
    """A codec does not carry what lies at or above half its rate: no alias, silence."""
    assert not samples(Tone((4_000,)), 0, 8_000, 8_000).any()
    assert samples(Tone((3_999, 500)), 0, 8_000, 8_000).any()


def test_noise_is_spread_evenly_and_seeded() -> None:
    """Noise stays within its level, has half of it as mean |sample|, and differs by seed."""
    loud = sizes(Noise(1_000, seed=4), 4, 8_000)
    assert loud.max() == 1_000
    assert abs(float(loud.mean()) - 500) < 10
    assert abs(float(samples(Noise(1_000, seed=4), 0, 32_000, 8_000).mean())) < 15
    assert not np.array_equal(samples(Noise(9, 1), 0, 100, 8_000), samples(Noise(9, 2), 0, 100, 8_000))


def test_comfort_noise_is_silence_to_a_switch() -> None:
    """Comfort noise is never nothing for long, stays within its level and far under a threshold of 200 (B§4.5)."""
    loud = sizes(ComfortNoise(), 4, 8_000)
    frames = loud.reshape(-1, 160).mean(axis=1)
    assert loud.max() <= 200 and 30 < frames.min() and frames.max() < 70
    assert sizes(ComfortNoise(level=4_000), 1, 8_000).mean() > 800
    assert not np.array_equal(samples(ComfortNoise(), 0, 99, 8_000), samples(ComfortNoise(seed=1), 0, 99, 8_000))


def test_comfort_noise_is_dull() -> None:
    """Comfort noise has less of the high frequencies than of the low ones; white noise has as much."""
    for source, least in ((ComfortNoise(4_000), 10), (Noise(4_000), 0.8)):
        power = np.abs(np.fft.rfft(samples(source, 0, 64_000, 8_000).astype(float))) ** 2
        assert least < power[:8_000].sum() / power[-8_000:].sum() < 100 * least


def test_music_never_stops() -> None:
    """Hold music stays within its level and every 20 ms of it would pass for sound, not silence."""
    loud = sizes(Music(), 5, 8_000)
    assert loud.max() <= MUSIC_PEAK
    assert loud.reshape(-1, 160).mean(axis=1).min() > 400


@pytest.mark.parametrize(
    "make",
    [
        lambda: Voice(-1),
        lambda: Digit("X"),
        lambda: Digit("12"),
        lambda: Tone(()),
        lambda: Tone((0,)),
        lambda: Tone((440,), level=40_000),
        lambda: Tone((440,), on_ms=-1),
        lambda: Noise(1, seed=-1),
        lambda: Noise(True),
        lambda: ComfortNoise(40_000),
        lambda: samples(Voice(0), -1, 10, 8_000),
        lambda: samples(Voice(0), 0, -1, 8_000),
        lambda: samples(Voice(0), 0, 10, 10**9),
    ],
)
def test_impossible_values_are_refused(make: object) -> None:
    """What is no source, position or rate is a MediaError in the form of design §9, not a crash later."""
    assert callable(make)
    with pytest.raises(MediaError, match=r"^.+: .+; .+$"):
        make()


def test_importing_the_room_stays_light() -> None:
    """Sources, tracks and writers import numpy, but no soundfile, soxr or pydub before a file needs them."""
    code = (
        "import sys, callflow.media.encode, callflow.media.segment, callflow.media.listen;"
        "sys.exit(' '.join({'soundfile', 'soxr', 'pydub'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
