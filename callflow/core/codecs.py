"""Codecs that a party's telephone may use, and the rate at which each carries sound (B§4, design §12 Sound)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFAULT_CODEC: Final = "PCMU"
"""What a telephone uses that states nothing."""

CODEC_RATES_HZ: Final[Mapping[str, int]] = {
    "PCMU": 8_000,
    "PCMA": 8_000,
    "G729": 8_000,
    "G722": 16_000,
    "L16": 16_000,
    "SPEEX": 16_000,
    "OPUS": 48_000,
}
"""Samples a second of each codec's audio."""

_CLOCKS_HZ: Final[Mapping[str, int]] = {"G722": 8_000}
"""The clock of each codec whose clock is not its rate: what G722 says on the wire is history (B§4.1)."""


def codec_rate_hz(codec: str) -> int:
    """The rate of a codec's audio; "" is the default codec. Raises KeyError for one that is not in the table."""
    return CODEC_RATES_HZ[codec or DEFAULT_CODEC]


def codec_clock_hz(codec: str) -> int:
    """The clock of a codec, which the call recorder's silence test divides by (B§4.1). Raises KeyError as above."""
    return _CLOCKS_HZ.get(codec) or codec_rate_hz(codec)
