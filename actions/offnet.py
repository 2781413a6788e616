"""offnet: call a number outside, through the system's carriers (B§7.16).

{"module": "offnet", "data": {"to_did": "+14155550123"}, "children": {}}
"""

from __future__ import annotations

from callflow.actions.dialling_out import DiallingOutSettings, dial_out
from callflow.core.call import CallView
from callflow.core.effects import Next
from callflow.core.registry import action


@action("offnet", DiallingOutSettings)
async def offnet(call: CallView, settings: DiallingOutSettings) -> Next:
    """Ring somebody outside; the same as `resources`, whatever `use_local_resources` says."""
    return await dial_out(call, settings)
