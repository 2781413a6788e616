"""noop: wait until the switch has worked off what it was asked before, and go on (B§7.9).

{"module": "noop", "data": {}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Next, Sleep
from callflow.core.registry import action


@frozen
class NoopSettings:
    """`noop` has no keys."""


@action("noop", NoopSettings)
async def noop(call: CallView, settings: NoopSettings) -> Next:
    """Let everything else of this instant happen first, and go on."""
    await Sleep(0)
    return CONTINUE
