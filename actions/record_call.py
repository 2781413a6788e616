"""record_call: start or stop recording the call, both sides (the seed, "Record Call"; B§3).

{"module": "record_call",
"data": {"action": "start", "format": "mp3", "time_limit": 1200, "url": "http://your.server.com/recordings"},
"children": {"_": {"module": "user", "data": {"id": "{USER_ID}"}}}}
"""

from __future__ import annotations

from functools import lru_cache

from attrs import frozen

from callflow.actions.recording_settings import RecordingSettings, resolve
from callflow.core.account import SystemMedia
from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Next, StartRecording, StopRecording
from callflow.core.registry import action
from callflow.core.settings import setting


@frozen(eq=False)
class RecordCallSettings(RecordingSettings):
    """The keys of `record_call`."""

    action: str = setting("start", help="Whether to start or stop the recording.", one_of=("start", "stop"))
    label: str | None = setting(None, help="Label in the recording's origin; default: the flow's name.")


@action("record_call", RecordCallSettings)
async def record_call(call: CallView, settings: RecordCallSettings) -> Next:
    """Start or stop recording the call; the flow goes on at once, without waiting for the recorder."""
    if settings.action == "stop":
        await StopRecording()
    else:
        await _start(settings, call.account.system, call.profile.default_time_limit_s, call.flow_name)
    return CONTINUE


@lru_cache(maxsize=256)  # a node's recording is the same for every call; settings and system compare by identity
def _start(
    settings: RecordCallSettings, system: SystemMedia, default_limit_s: int | None, flow_name: str
) -> StartRecording:
    origin = f"callflow : {settings.label or flow_name}"
    return StartRecording(resolve(settings, system, default_limit_s, "record_call", channels=2, origin=origin))
