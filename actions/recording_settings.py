"""What `record_call` and `record_caller` share: the recording keys of the seed's table (B§3.2)."""

from __future__ import annotations

from typing import Final, Literal

from attrs import frozen

from callflow.core.account import SystemMedia
from callflow.core.call import CallView
from callflow.core.effects import RecordingOptions
from callflow.core.recording_limits import MONO_RATE_HZ, STEREO_RATE_HZ, fits_the_file, limit_of
from callflow.core.settings import setting
from callflow.core.silence import Listening

_THRESHOLD_OF_TIMEOUTS: Final = 200
"""The frame score that the switch takes when it is given a timeout and no threshold (B§4.2)."""


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
        None, help="Sample rate in Hz that the format has; default 16000 in stereo, 8000 in mono.", check=fits_the_file
    )
    should_follow_transfer: bool = setting(True, help="Go on recording after a transfer.")
    should_store_recording: bool | None = setting(
        None, help="Whether the file goes to the account's database, or nowhere, whatever else is said; Kazoo 5 only."
    )
    silence_detection: bool = setting(False, help="End the recording when nobody speaks for a time.")
    silence_final_timeout: int = setting(5, help="Milliseconds of silence after speech.")
    silence_initial_timeout: int = setting(0, help="Milliseconds of silence before any speech.")
    silence_threshold: int = setting(200, help="Frame score below which a frame is silent.")
    storage_retry_times: int | None = setting(
        None, help="How often a failed delivery is tried again; default: the system's, 5.", at_least=0
    )
    time_limit: int | None = setting(None, help="Longest recording in seconds.", at_least=5, at_most=10800)
    url: str | None = setting(None, help="Base URL that the file is sent to.", shortest=5)


def recording_options(
    call: CallView, settings: RecordingSettings, module: str, *, channels: int, origin: str
) -> RecordingOptions:
    """What a recording of this call is to be, by `resolve`."""
    default_limit_s = call.profile.default_time_limit_s
    return resolve(settings, call.account.system, default_limit_s, module, channels=channels, origin=origin)


def resolve(
    settings: RecordingSettings,
    system: SystemMedia,
    default_limit_s: int | None,
    module: str,
    *,
    channels: int,
    origin: str,
) -> RecordingOptions:
    """Resolve the settings against the profile's default limit and the system's say (B§3.2, B§3.4)."""
    limit_s, rule = limit_of(settings.time_limit, default_limit_s, system.max_recording_time_limit, module)
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
        listening=_listening(settings) if settings.silence_detection else None,
        is_stored=settings.should_store_recording,
        storage_retries=settings.storage_retry_times,
    )


def _listening(settings: RecordingSettings) -> Listening | None:
    """What the switch makes of the silence keys: it ignores what is negative, and a threshold of 0 is off (B§4.2)."""
    initial_ms, final_ms = settings.silence_initial_timeout, settings.silence_final_timeout
    threshold = settings.silence_threshold
    if threshold < 0:
        threshold = _THRESHOLD_OF_TIMEOUTS if initial_ms >= 0 or final_ms >= 0 else 0
    return Listening("tap", threshold, max(0, initial_ms), max(0, final_ms)) if threshold else None
