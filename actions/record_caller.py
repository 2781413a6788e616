"""record_caller: record what the caller says until a digit, the limit or the hang-up (the seed; B§5).

{"module": "record_caller", "data": {"format": "wav", "time_limit": 60}, "children": {}}
"""

from __future__ import annotations

from attrs import evolve, frozen

from callflow.actions.recording_settings import RecordingSettings, recording_options
from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Answer, Next, RecordTake
from callflow.core.keeping import Warn
from callflow.core.registry import action
from callflow.core.targets import is_stored
from callflow.core.waiting_for_stop import RecordAndWait

_GRACE_S = 2
"""How much longer than its time limit a recording may take before the flow no longer waits for its end (B§5)."""


@frozen(eq=False)
class RecordCallerSettings(RecordingSettings):
    """The keys of `record_caller`: those of a recording."""


@action("record_caller", RecordCallerSettings)
async def record_caller(call: CallView, settings: RecordCallerSettings) -> Next:
    """Record the caller and wait for the end; Kazoo 5 records both sides, and digits have no effect there.

    Kazoo 4 goes on at once, with a warning here, when nobody would store the file.
    """
    profile, origin = call.profile, settings.origin or "no origin"
    if not profile.record_caller_blocks:
        options = recording_options(call, settings, "record_caller", channels=2, origin=origin)
        await RecordAndWait(options, (options.time_limit_s + _GRACE_S) * 1000)
        return CONTINUE
    options = recording_options(call, settings, "record_caller", channels=1, origin=origin)
    if profile.record_caller_needs_storage:
        if not is_stored(call.account.system, options.url):
            what = "nobody would store the file: record_caller records nothing, and the flow goes on (B§5)"
            await Warn("record-caller-not-stored", what, "give it a url, or set store_recordings")
            return CONTINUE
        options = evolve(options, media_name=f"{call.call_id}.{options.format}")
    await Answer()
    await RecordTake("caller", options, profile.record_caller_silence_ms)
    return CONTINUE
