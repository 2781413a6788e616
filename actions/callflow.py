"""callflow: run another callflow, and come back to `_` when it stops (B§7.10).

{"module": "callflow", "data": {"id": "fedcba9876543210fedcba9876543210"}, "children": {}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Branch, Next
from callflow.core.registry import action
from callflow.core.settings import setting


@frozen
class CallflowSettings:
    """The keys of `callflow`: an id or a flow written in place."""

    id: str | None = setting(None, help="The id of a callflow of the account.")
    flow: Mapping[str, Any] | None = setting(None, help="A flow written in place.")


@action("callflow", CallflowSettings)
async def callflow(call: CallView, settings: CallflowSettings) -> Next:
    """Branch to the other flow; one that is not found, or is not the only one named, is passed over."""
    if (settings.id is None) == (settings.flow is None):
        return CONTINUE
    flow = call.flow_by_id(settings.id if settings.id is not None else f"{call.where}.data.flow")
    return Branch(flow.root) if flow is not None else CONTINUE
