"""What can sound on a leg, as data, and the samples of each: a sample depends on (source, index, rates) alone.

Built-in sources are integer arithmetic (law 6 of design §2), made at the rate of the codec that carries them and
brought from there to the rate asked for (`callflow.media.resample`); user files and spoken text are resampled by soxr,
and lie outside that promise. Levels are peak values of signed 16-bit samples.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from attrs import Attribute, field, frozen
from numpy.typing import NDArray

from callflow.core.errors import MediaError
from callflow.media.espeak import LANGUAGE, LONGEST_TEXT, spoken
from callflow.media.loops import as_loop, read_loop
from callflow.media.music import arpeggio
from callflow.media.noise import comfort_noise, white_noise
from callflow.media.resample import resampled, resampled_loop
from callflow.media.sine import sine
from callflow.media.spool import clip_samples, speech_samples
from callflow.media.voice import PARTY_PITCHES_HZ, SYSTEM_PITCH_HZ, speech

RATES = range(1_000, 192_001)
"""Sample rates that can be asked for, in Hz."""

CODEC_RATES = range(8_000, 48_001)
"""Sample rates that a party's codec may have, in Hz."""

TONE_LEVEL = 8_000
"""Peak of a tone that states none."""

DIGIT_LEVEL = 8_000
"""Peak of a digit's pair of tones."""

RINGBACK_LEVEL = 6_000
"""Peak of the ringback tone."""

COMFORT_LEVEL = 200
"""Peak of comfort noise that states none: its mean |sample| is about 46, silence to a threshold of 200 (B§4.5)."""

FULL_SCALE = 32_767
"""The largest sample."""

_ROWS_HZ = (697, 770, 852, 941)
_COLUMNS_HZ = (1209, 1336, 1477, 1633)
DIGITS_HZ: dict[str, tuple[int, int]] = {
    key: (_ROWS_HZ[place // 4], _COLUMNS_HZ[place % 4]) for place, key in enumerate("123A456B789C*0#D")
}
"""The row and the column tone of each of the sixteen keys (ITU-T Q.23)."""


def _within(least: int, most: int) -> Callable[[object, Attribute[int], int], None]:
    """An attrs validator: a whole number from `least` to `most`, else MediaError."""

    def check(instance: object, attribute: Attribute[int], value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            where = f"{type(instance).__name__}.{attribute.name}"
            raise MediaError(f"{where}: {value!r} does not fit; a whole number from {least} to {most} would")

    return check


@frozen
class Voice:
    """Party `number` (0, 1, ...) speaking without a gap; numbers 0..11 have pitches of their own, then they repeat."""

    number: int = field(validator=_within(0, 1_000_000))

    @property
    def pitch_hz(self) -> int:
        """The voice's fundamental."""
        return PARTY_PITCHES_HZ[self.number % len(PARTY_PITCHES_HZ)]


@frozen
class Prompt:
    """The system's voice; what it says follows from `name`. It repeats, and knows no end: its span has one."""

    name: str

    @property
    def pitch_hz(self) -> int:
        """The voice's fundamental, the same for every prompt."""
        return SYSTEM_PITCH_HZ


def _check_frequencies(instance: object, attribute: Attribute[tuple[int, ...]], value: tuple[int, ...]) -> None:
    """MediaError unless there are 1..16 whole frequencies of 1..96,000 Hz."""
    fits = isinstance(value, tuple) and 1 <= len(value) <= 16
    if not fits or not all(type(hz) is int and 1 <= hz <= 96_000 for hz in value):
        raise MediaError(f"Tone.frequencies_hz: {value!r} does not fit; a tuple of 1 to 16 whole Hz up to 96000 would")


@frozen
class Tone:
    """Sines of equal strength that add up to at most `level`, `on_ms` long after every `off_ms`; `off_ms` 0 = always.

    A frequency at or above half the sample rate is not heard. Raises MediaError for values that are no tone.
    """

    frequencies_hz: tuple[int, ...] = field(validator=_check_frequencies)
    level: int = field(default=TONE_LEVEL, validator=_within(0, FULL_SCALE))
    on_ms: int = field(default=0, validator=_within(0, 3_600_000))
    off_ms: int = field(default=0, validator=_within(0, 3_600_000))


@frozen
class Ringback:
    """What a caller hears while it rings: 440 + 480 Hz, 2 s on, 4 s off, the cadence of the US (design §12, Sound)."""


@frozen
class Music:
    """Hold music: an arpeggio of four seconds that repeats."""


def _check_key(instance: object, attribute: Attribute[str], value: str) -> None:
    """MediaError unless `value` is one of the sixteen keys."""
    if value not in DIGITS_HZ:
        raise MediaError(f"Digit.key: {value!r} is no key; one of {' '.join(sorted(DIGITS_HZ))} would be")


@frozen
class Digit:
    """The pair of tones of a key (0-9 * # A-D) for as long as its span lasts."""

    key: str = field(validator=_check_key)


@frozen
class Noise:
    """White noise, evenly spread over -level..level: its mean |sample| is half of `level`. Equal seeds, equal noise."""

    level: int = field(validator=_within(0, FULL_SCALE))
    seed: int = field(default=0, validator=_within(0, 2**63 - 1))


@frozen
class ComfortNoise:
    """What a silent line sounds like: soft, dull noise of at most `level`. Equal seeds, equal noise."""

    level: int = field(default=COMFORT_LEVEL, validator=_within(0, FULL_SCALE))
    seed: int = field(default=0, validator=_within(0, 2**63 - 1))


@frozen
class AudioFile:
    """A sound file that a user brings, mixed to mono and resampled to the rate asked for; silence after its end."""

    path: Path = field(converter=Path)


def _check_text(instance: object, attribute: Attribute[str], value: str) -> None:
    """MediaError unless the text can be spoken at once."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise MediaError(f"Spoken.text: {str(value)[:40]!r} cannot be spoken; 1 to {LONGEST_TEXT} characters could")


def _check_language(instance: object, attribute: Attribute[str], value: str) -> None:
    """MediaError unless this is how a language is written."""
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
        raise MediaError(f"Spoken.language: {str(value)[:40]!r} is no language; one like en, de or en-gb would be")


@frozen
class Spoken:
    """`text` in real words, as party `number` says them, by the engine of the extra `tts`; silence after its end."""

    text: str = field(validator=_check_text)
    number: int = field(default=0, validator=_within(0, 1_000_000))
    language: str = field(default="en", validator=_check_language)


Source = Voice | Prompt | Tone | Ringback | Music | Digit | Noise | ComfortNoise | AudioFile | Spoken
"""Everything that can sound."""

_RINGBACK = Tone((440, 480), level=RINGBACK_LEVEL, on_ms=2_000, off_ms=4_000)


def samples(source: Source, start: int, count: int, rate: int, codec_rate: int | None = None) -> NDArray[np.int16]:
    """Samples `start` to `start + count` (not included) of `source` at `rate` Hz: a new int16 array of `count`.

    The source is made at `codec_rate` (that of the codec which carries it; None: `rate` itself) and brought to `rate`:
    what the codec does not carry is not heard. Any way to cut a stretch into calls gives the same samples. Raises
    MediaError for a negative position, a rate out of `RATES` or `CODEC_RATES`, a file that cannot be read, and a text
    that cannot be spoken.
    """
    if start < 0 or count < 0 or rate not in RATES:
        raise MediaError(
            f"samples: start {start}, count {count}, rate {rate} do not fit; positions from 0 on and a rate from "
            f"{RATES[0]} to {RATES[-1]} Hz would"
        )
    if codec_rate is None:
        codec_rate = rate
    elif codec_rate not in CODEC_RATES:
        raise MediaError(f"codec rate {codec_rate}: does not fit; {CODEC_RATES[0]} to {CODEC_RATES[-1]} Hz would")
    match source:
        case Tone():
            return _tone(source, start, count, rate, codec_rate)
        case Ringback():
            return _tone(_RINGBACK, start, count, rate, codec_rate)
        case Noise() | ComfortNoise():
            return _noise(source, start, count, rate, codec_rate)
        case AudioFile():
            return clip_samples(source.path, start, count, rate, codec_rate)
        case Spoken():
            return speech_samples(source.text, source.number, source.language, start, count, rate, codec_rate)
    return read_loop(_loop(source, rate, codec_rate), start, count)


def spoken_length_ms(source: Spoken) -> int:
    """How long the text takes to say, in ms rounded up; MediaError where it cannot be spoken."""
    rate, values = spoken(source.text, source.number, source.language)
    return -(-len(values) * 1000 // rate)


_Looping = Voice | Prompt | Music | Digit | Tone


def _loop(source: _Looping, rate: int, codec_rate: int) -> NDArray[np.int16]:
    """Whole seconds of what repeats itself, made at the codec's rate, at `rate`."""
    return _native_loop(source, rate) if rate == codec_rate else _carried_loop(source, rate, codec_rate)


@lru_cache(maxsize=32)
def _carried_loop(source: _Looping, rate: int, codec_rate: int) -> NDArray[np.int16]:
    return resampled_loop(_native_loop(source, codec_rate), codec_rate, rate)


def _native_loop(source: _Looping, rate: int) -> NDArray[np.int16]:
    match source:
        case Voice():
            return speech(source.pitch_hz, source.number, rate)
        case Prompt():
            return speech(source.pitch_hz, zlib.crc32(source.name.encode()), rate)
        case Music():
            return arpeggio(rate)
        case Digit():
            return _tone_loop(DIGITS_HZ[source.key], DIGIT_LEVEL, rate)
        case Tone():
            return _tone_loop(source.frequencies_hz, source.level, rate)


@lru_cache(maxsize=32)
def _tone_loop(frequencies_hz: tuple[int, ...], level: int, rate: int) -> NDArray[np.int16]:
    """One second of the tones: whole frequencies make whole periods."""
    total = sum((sine(hz, 0, rate, rate) for hz in frequencies_hz), np.zeros(rate, dtype=np.int64))
    return as_loop(total * level // (FULL_SCALE * len(frequencies_hz)))


def _tone(tone: Tone, start: int, count: int, rate: int, codec_rate: int) -> NDArray[np.int16]:
    """The tone with its cadence, which is counted in samples x 1000 so that no rounding adds up."""
    out = read_loop(_loop(tone, rate, codec_rate), start, count)
    if tone.off_ms:
        index = np.arange(start, start + count, dtype=np.int64)
        out[index * 1000 % ((tone.on_ms + tone.off_ms) * rate) >= tone.on_ms * rate] = 0
    return out


def _noise(noise: Noise | ComfortNoise, start: int, count: int, rate: int, codec_rate: int) -> NDArray[np.int16]:
    """Noise has no loop: the stretch asked for is made, with its surroundings where it must be resampled."""
    make = white_noise if isinstance(noise, Noise) else comfort_noise

    def made(first: int, size: int) -> NDArray[np.int16]:
        """The noise at the codec's rate, nothing before its first sample."""
        before = min(size, max(0, -first))
        heard = make(noise.level, noise.seed, first + before, size - before)
        return np.concatenate([np.zeros(before, dtype=np.int16), heard])

    return made(start, count) if rate == codec_rate else resampled(made, start, count, codec_rate, rate)
