"""wait_for_hangup: do nothing until the caller hangs up (B§7.9).

{"module": "wait_for_hangup", "data": {}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import STOP, Next, WaitForHangup
from callflow.core.registry import action


@frozen
class WaitForHangupSettings:
    """`wait_for_hangup` has no keys."""


@action("wait_for_hangup", WaitForHangupSettings)
async def wait_for_hangup(call: CallView, settings: WaitForHangupSettings) -> Next:
    """Wait for the hang-up, unanswered or not."""
    await WaitForHangup()
    return STOP
