"""record_call: start or stop recording the call, both sides (the seed, "Record Call"; B§3).

{"module": "record_call",
"data": {"action": "start", "format": "mp3", "time_limit": 1200, "url": "http://your.server.com/recordings"},
"children": {"_": {"module": "user", "data": {"id": "{USER_ID}"}}}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.recording_settings import RecordingSettings, recording_options
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
        origin = f"callflow : {settings.label or call.flow_name}"
        await StartRecording(recording_options(call, settings, "record_call", channels=2, origin=origin))
    return CONTINUE
