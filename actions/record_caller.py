"""record_caller: record what the caller says until a digit, the limit or the hang-up (the seed; B§5).

{"module": "record_caller", "data": {"format": "wav", "time_limit": 60}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.recording_settings import RecordingSettings, recording_options
from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Answer, Next, RecordTake
from callflow.core.registry import action
from callflow.core.waiting_for_stop import RecordAndWait

_GRACE_S = 2
"""How much longer than its time limit a recording may take before the flow no longer waits for its end (B§5)."""


@frozen(eq=False)
class RecordCallerSettings(RecordingSettings):
    """The keys of `record_caller`: those of a recording."""


@action("record_caller", RecordCallerSettings)
async def record_caller(call: CallView, settings: RecordCallerSettings) -> Next:
    """Record the caller and wait for the end; Kazoo 5 records both sides, and digits have no effect there."""
    profile, origin = call.profile, settings.origin or "no origin"
    if not profile.record_caller_blocks:
        options = recording_options(call, settings, "record_caller", channels=2, origin=origin)
        await RecordAndWait(options, (options.time_limit_s + _GRACE_S) * 1000)
        return CONTINUE
    await Answer()
    options = recording_options(call, settings, "record_caller", channels=1, origin=origin)
    await RecordTake("caller", options, profile.record_caller_silence_ms)
    return CONTINUE
