"""record_caller: record what the caller says until a digit, the limit or the hang-up (the seed; B§5).

{"module": "record_caller", "data": {"format": "wav", "time_limit": 60}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.actions.recording_settings import RecordingSettings, recording_options
from callflow.core.call import CallView
from callflow.core.effects import ANY_DIGIT, CONTINUE, Answer, Next, RecordTake
from callflow.core.registry import action


@frozen(eq=False)
class RecordCallerSettings(RecordingSettings):
    """The keys of `record_caller`: those of a recording."""


@action("record_caller", RecordCallerSettings)
async def record_caller(call: CallView, settings: RecordCallerSettings) -> Next:
    """Record the caller and wait for the end; Kazoo 5 records both sides and ignores digits."""
    profile = call.profile
    one_side = profile.record_caller_blocks
    if one_side:
        await Answer()
    options = recording_options(
        call, settings, "record_caller", channels=1 if one_side else 2, origin=settings.origin or "no origin"
    )
    silence_ms = profile.record_caller_silence_ms
    await RecordTake("caller", options, silence_ms, ended_by_digits=ANY_DIGIT if one_side else "")
    return CONTINUE
