"""The keys of the metaflow modules that are simulated, and the names of those that are not (B§10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from callflow.core.recording_limits import fits_the_file
from callflow.core.settings import setting
from callflow.core.shown import shown

_MEDIA_NAME = re.compile(r"[a-zA-Z0-9_]+")


@frozen(eq=False)
class MetaflowRecordCall:
    """The keys of the metaflow `record_call`; it shares most with the callflow module, whose bounds it has not."""

    action: str | None = setting(
        None,
        help="What to do with the recording; default: toggle.",
        one_of=("mask", "unmask", "pause", "resume", "start", "stop", "toggle"),
    )
    format: str | None = setting(None, help="File format; default: the system's extension, mp3.", one_of=("mp3", "wav"))
    label: str | None = setting(None, help="Label in the recording's origin; no effect here.")
    media_name: str | None = setting(None, help="Name of the recording; default: generated.")
    method: str = setting("put", help="HTTP verb for sending the file to url.", one_of=("put", "post"))
    origin: str | None = setting(None, help="How the recording was started; default: no origin.")
    record_min_sec: int | None = setting(None, help="Seconds; a shorter recording is deleted.")
    record_on_answer: bool = setting(False, help="Start when the call is answered.")
    record_on_bridge: bool = setting(False, help="Start when the call is bridged.")
    record_sample_rate: int | None = setting(None, help="Sample rate in Hz; default: 16000.", check=fits_the_file)
    time_limit: int | None = setting(None, help="Longest recording in seconds; default: the system's maximum.")
    url: str | None = setting(None, help="Base URL that the file is sent to.", shortest=7)


@frozen(eq=False)
class MetaflowHangup:
    """The metaflow `hangup` has no keys."""


METAFLOW_SETTINGS: Final[Mapping[str, type[Any]]] = {"record_call": MetaflowRecordCall, "hangup": MetaflowHangup}
"""The settings class of each simulated module."""

METAFLOWS_WITHOUT_EFFECT: Final = frozenset(
    "audio_level break callflow hold hold_control intercept move pivot play relate resume say sound_touch transfer"
    " tts".split()
)
"""Modules that Kazoo's metaflows have and nobody simulates yet."""


def media_name_problem(name: object) -> tuple[str, str] | None:
    """What is wrong with a recording's name by Kazoo's schema, and what would be right, or None."""
    if isinstance(name, str) and not _MEDIA_NAME.fullmatch(name):
        return f"{shown(name)} has characters that a recording's name cannot have", "use letters, digits and _"
    return None
