"""What bounds every recording: its time limit and its file's sample rate (B§3.2, B§3.4)."""

from __future__ import annotations

import pytest

from callflow.core.recording_limits import fits_the_file, limit_of


@pytest.mark.parametrize(
    ("asked_s", "default_s", "most_s", "limit"),
    [
        (None, None, 10_800, (10_800, "media.max_recording_time_limit=10800")),
        (None, 3600, 10_800, (3600, "m.default_time_limit=3600")),
        (None, 3600, 60, (60, "media.max_recording_time_limit=60")),
        (60, 3600, 60, (60, "m.time_limit=60")),
        (61, 3600, 60, (60, "media.max_recording_time_limit=60")),
        (0, None, 10_800, (3600, "m.time_limit=0, taken for 3600 (B§3.4)")),
        (-5, 3600, 60, (60, "m.time_limit=-5, taken for 3600 (B§3.4)")),
    ],
)
def test_the_maximum_only_lowers(asked_s: int | None, default_s: int | None, most_s: int, limit: object) -> None:
    """B§3.4: the stated limit, else the default, else the maximum, and never more than that."""
    assert limit_of(asked_s, default_s, most_s, "m") == limit


@pytest.mark.parametrize(
    ("rate_hz", "format", "fits"),
    [(8000, None, True), (9000, None, False), (9000, "wav", True), (9000, "mp3", False), (999, "wav", False)],
)
def test_a_file_has_the_rates_of_its_format(rate_hz: int, format: str | None, fits: bool) -> None:
    """Our limit: MPEG has nine rates, WAV files have 1,000 to 192,000 samples a second."""
    assert (fits_the_file(rate_hz, {"format": format}) is None) == fits
