"""Codecs: the rate of their audio, and the clock that the silence test divides by (B§4.1)."""

from __future__ import annotations

import pytest

from callflow.core.codecs import CODEC_RATES_HZ, codec_clock_hz, codec_rate_hz


def test_rates_and_clocks() -> None:
    """B§4.1, the table: G722 alone has a clock that is not its rate; nothing stated is PCMU."""
    told = {codec: (codec_rate_hz(codec), codec_clock_hz(codec)) for codec in ("", *CODEC_RATES_HZ)}
    narrow, wide = (8_000, 8_000), (16_000, 16_000)
    assert told == {
        "": narrow, "PCMU": narrow, "PCMA": narrow, "G729": narrow, "G722": (16_000, 8_000), "L16": wide,
        "SPEEX": wide, "OPUS": (48_000, 48_000),
    }  # fmt: skip


def test_a_codec_that_nobody_knows_has_neither() -> None:
    """Scenarios and accounts are checked when they are read; behind that it is our fault."""
    for ask in (codec_rate_hz, codec_clock_hz):
        with pytest.raises(KeyError):
            ask("GSM")
