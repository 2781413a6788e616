"""What bounds a recording, however it was started: its time limit, and the sample rate of its file (B§3.2, B§3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from callflow.core.sounds import MP3_RATES_HZ, WAV_RATES_HZ

STEREO_RATE_HZ: Final = 16_000
MONO_RATE_HZ: Final = 8_000
"""The file's sample rate when nobody states one, by its channels (B§3.2)."""

OF_NOTHING_S: Final = 3600
"""The time limit that the switch takes when it is given 0 (B§3.4)."""


def fits_the_file(rate_hz: int, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of a sample rate that the file cannot hold: our limit, since the seed gives none.

    A recording without a format is an MP3 unless the account says otherwise, which nobody knows yet.
    """
    least_hz, most_hz = WAV_RATES_HZ
    if siblings.get("format") == "wav":
        fits, right = least_hz <= rate_hz <= most_hz, f"{least_hz} to {most_hz}"
    else:
        fits, right = rate_hz in MP3_RATES_HZ, ", ".join(map(str, MP3_RATES_HZ))
        right = f'one of {right}, or "format": "wav" with {least_hz} to {most_hz}'
    return None if fits else (f"files made here cannot have {rate_hz} samples a second (our limit)", f"write {right}")


def limit_of(asked_s: int | None, default_s: int | None, most_s: int, option: str) -> tuple[int, str]:
    """Return a recording's time limit in seconds and the rule that decided it: the maximum only lowers (B§3.4).

    `asked_s` is what its settings state, `default_s` what counts when they state nothing, None for the maximum
    `most_s`; `option` is how the rule names the settings: `record_call`, `call_recording`. Zero and less count as an
    hour, as the switch takes them unless it is told that recordings may be endless.
    """
    stated_s = asked_s if asked_s is not None else default_s
    if stated_s is not None and stated_s <= 0:
        return min(OF_NOTHING_S, most_s), f"{option}.time_limit={stated_s}, taken for {OF_NOTHING_S} (B§3.4)"
    if stated_s is None or stated_s > most_s:
        return most_s, f"media.max_recording_time_limit={most_s}"
    return stated_s, f"{option}.{'default_' if asked_s is None else ''}time_limit={stated_s}"
