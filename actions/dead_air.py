"""dead_air: answer, and let the caller hear nothing until the hang-up (B§7.9).

{"module": "dead_air", "data": {}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import STOP, Answer, Next, WaitForHangup
from callflow.core.registry import action


@frozen
class DeadAirSettings:
    """`dead_air` has no keys."""


@action("dead_air", DeadAirSettings)
async def dead_air(call: CallView, settings: DeadAirSettings) -> Next:
    """Answer, and wait for the hang-up."""
    await Answer()
    await WaitForHangup()
    return STOP
