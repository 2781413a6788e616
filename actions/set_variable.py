"""set_variable: set one of the two channel variables that a callflow may set (B§7.10).

{"module": "set_variable", "data": {"variable": "call_priority", "value": "5"}, "children": {}}
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Next
from callflow.core.keeping import SetVariable, Warn
from callflow.core.registry import action
from callflow.core.settings import setting

_CHANNEL_VARIABLES: Mapping[str, str] = {"call_priority": "Call-Priority", "group_id": "Group-ID"}
"""By the callflow's name for a variable, the channel's own."""


@frozen
class SetVariableSettings:
    """The keys of `set_variable`."""

    variable: str = setting("", help="Which variable: call_priority or group_id.")
    value: str = setting("", help="Its value.")
    channel: str = setting("a", help="Whether the caller's channel alone gets it, or both.", one_of=("a", "both"))


@action("set_variable", SetVariableSettings)
async def set_variable(call: CallView, settings: SetVariableSettings) -> Next:
    """Set the variable, and go on; any other variable is passed over with a warning."""
    name = _CHANNEL_VARIABLES.get(settings.variable)
    if name is None:
        what = f"{call.where}.data.variable: no callflow can set {settings.variable[:64]!r}: nothing is set"
        await Warn("unknown-variable", what, f"write {' or '.join(_CHANNEL_VARIABLES)}")
    else:
        await SetVariable(name, settings.value, settings.channel)
    return CONTINUE
