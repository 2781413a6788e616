"""sleep: do nothing for a time; does not answer (B§7.9).

{"module": "sleep", "data": {"duration": 5, "unit": "s"}, "children": {}}
"""

from __future__ import annotations

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Next
from callflow.core.effects import Sleep as Wait
from callflow.core.registry import action
from callflow.core.settings import setting

_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_DAY_MS = 86_400_000


@frozen
class SleepSettings:
    """The keys of `sleep`."""

    duration: int = setting(0, help="How long, in `unit`.", at_least=0, at_most=86_400_000)
    unit: str = setting("s", help="Unit of the duration; an unknown one is read as seconds.", one_of=tuple(_UNIT_MS))


@action("sleep", SleepSettings)
async def sleep(call: CallView, settings: SleepSettings) -> Next:
    """Wait, at most a day, and go on."""
    await Wait(min(max(settings.duration, 0) * _UNIT_MS.get(settings.unit, 1000), _DAY_MS))
    return CONTINUE
