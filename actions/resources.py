"""resources: call a number outside, through the account's carriers (B§7.16).

{"module": "resources", "data": {"timeout": 30}, "children": {"USER_BUSY": {"module": "play", "data": {"id": "busy"}}}}
"""

from __future__ import annotations

from callflow.actions.dialling_out import DiallingOutSettings, dial_out
from callflow.core.call import CallView
from callflow.core.effects import Next
from callflow.core.registry import action


@action("resources", DiallingOutSettings)
async def resources(call: CallView, settings: DiallingOutSettings) -> Next:
    """Ring somebody outside; an answered call ends the flow, a failure goes to its own branch only."""
    return await dial_out(call, settings)
