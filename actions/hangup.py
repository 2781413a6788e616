"""hangup: end the call, whatever was pushed (B§7.9).

{"module": "hangup", "data": {}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import HARD_STOP, HangUp, Next
from callflow.core.registry import action


@frozen
class HangupSettings:
    """`hangup` has no keys."""


@action("hangup", HangupSettings)
async def hangup(call: CallView, settings: HangupSettings) -> Next:
    """Hang the caller up; flows pushed by `callflow` are not resumed."""
    await HangUp()
    return HARD_STOP
