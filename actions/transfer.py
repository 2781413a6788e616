"""transfer: send the call to another number (B§7.13).

{"module": "transfer", "data": {"target": "2002", "leg": "self", "transfer_type": "blind"}, "children": {}}
"""

from __future__ import annotations

from typing import Literal

from callflow.actions.transfer_settings import TransferSettings
from callflow.core.call import CallView
from callflow.core.effects import STOP, Next, Transfer
from callflow.core.registry import action


@action("transfer", TransferSettings)
async def transfer(call: CallView, settings: TransferSettings) -> Next:
    """Send the leg to the number's own flow; this one never goes on."""
    match = call.account.find_flow(call.dialled)
    captured = match.capture_group if match is not None else None
    if match is not None:
        named = (match.capture_groups[name] for name in settings.captures if name in match.capture_groups)
        captured = next(named, captured)
    leg: Literal["self", "bleg"] = "self" if match is not None and match.is_no_match else "bleg"
    if settings.leg is not None:
        leg = "self" if settings.leg == "self" else "bleg"
    number = settings.target or captured or call.dialled
    await Transfer(number, leg, settings.transfer_type == "attended")
    return STOP
