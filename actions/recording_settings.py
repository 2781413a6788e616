"""What `record_call` and `record_caller` share: the recording keys of the seed's table (B§3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from attrs import frozen

from callflow.core.account import SystemMedia
from callflow.core.call import CallView
from callflow.core.effects import RecordingOptions
from callflow.core.settings import setting
from callflow.core.sounds import MP3_RATES_HZ, WAV_RATES_HZ

STEREO_RATE_HZ = 16_000
MONO_RATE_HZ = 8_000


def _fits_the_file(rate_hz: int, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
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


@frozen(eq=False)
class RecordingSettings:
    """Keys of both modules; lengths are in seconds unless the key's unit is milliseconds."""

    format: str | None = setting(None, help="File format; default: the system's extension, mp3.", one_of=("mp3", "wav"))
    media_id: str | None = setting(None, help="Document id of the recording; default: generated.")
    media_name: str | None = setting(None, help="Name of the recording; default: generated.")
    method: str = setting("put", help="HTTP verb for sending the file to url.", one_of=("put", "post"))
    origin: str | None = setting(None, help="How the recording was started; read-only.")
    record_min_sec: int | None = setting(None, help="Seconds; a shorter recording is deleted.")
    record_on_answer: bool = setting(False, help="Start when the call is answered.")
    record_on_bridge: bool = setting(False, help="Start when the call is bridged.")
    record_sample_rate: int | None = setting(
        None, help="Sample rate in Hz that the format has; default 16000 in stereo, 8000 in mono.", check=_fits_the_file
    )
    should_follow_transfer: bool = setting(True, help="Go on recording after a transfer.")
    silence_detection: bool = setting(False, help="End the recording when nobody speaks for a time.")
    silence_final_timeout: int = setting(5, help="Milliseconds of silence after speech.")
    silence_initial_timeout: int = setting(0, help="Milliseconds of silence before any speech.")
    silence_threshold: int = setting(200, help="Frame score below which a frame is silent.")
    time_limit: int | None = setting(None, help="Longest recording in seconds.", at_least=5, at_most=10800)
    url: str | None = setting(None, help="Base URL that the file is sent to.", shortest=5)


def recording_options(
    call: CallView, settings: RecordingSettings, module: str, *, channels: int, origin: str
) -> RecordingOptions:
    """Resolve the settings against the profile's defaults and the system's limits (B§3.2, B§3.4)."""
    return _resolved(settings, call.account.system, call.profile.default_time_limit_s, module, channels, origin)


@lru_cache(maxsize=256)  # a node's options are the same for every call; settings and system compare by identity
def _resolved(
    settings: RecordingSettings, system: SystemMedia, default_s: int | None, module: str, channels: int, origin: str
) -> RecordingOptions:
    most_s = system.max_recording_time_limit
    asked_s = settings.time_limit if settings.time_limit is not None else default_s
    if asked_s is not None and asked_s <= most_s:
        stated = "time_limit" if settings.time_limit is not None else "default_time_limit"
        limit_s, rule = asked_s, f"{module}.{stated}={asked_s}"
    else:
        limit_s, rule = most_s, f"media.max_recording_time_limit={most_s}"
    starts: Literal["at once", "on answer", "on bridge"] = "at once"
    if settings.record_on_answer:  # with both flags set, the answer wins (B§3.6, C5)
        starts = "on answer"
    elif settings.record_on_bridge:
        starts = "on bridge"
    rate_hz = settings.record_sample_rate
    if rate_hz is None:
        rate_hz = STEREO_RATE_HZ if channels == 2 else MONO_RATE_HZ
    return RecordingOptions(
        format=settings.format or system.extension,
        channels=channels,
        sample_rate_hz=rate_hz,
        time_limit_s=limit_s,
        time_limit_rule=rule,
        min_length_s=settings.record_min_sec if settings.record_min_sec is not None else system.record_min_sec,
        media_name=settings.media_name or "",
        media_id=settings.media_id or "",
        origin=origin,
        url=settings.url or "",
        method=settings.method,
        starts=starts,
        follows_transfer=settings.should_follow_transfer,
    )
