"""device: ring one device (B§7.2).

{"module": "device", "data": {"id": "0123456789abcdef0123456789abcdef", "timeout": 20}, "children": {}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from callflow.actions.bridging import after_dialling, refusal, rung
from callflow.core.call import CallView
from callflow.core.effects import CONTINUE, Dial, Next
from callflow.core.registry import action
from callflow.core.settings import setting


@frozen
class DeviceSettings:
    """The keys of `device`; times are in seconds."""

    id: str | None = setting(None, help="The device's id.")
    timeout: int = setting(0, help="Seconds to ring; 0 is read as 20.", at_least=0)
    dial_strategy: str = setting(
        "simultaneous", help="No difference with one device.", one_of=("simultaneous", "single")
    )
    delay: int = setting(0, help="Seconds before the device rings.", at_least=0)
    can_call_self: bool = setting(False, help="Whether the device may ring itself.")
    can_text_self: bool = setting(False, help="The same for messages; calls do not read it.")
    fail_on_single_reject: bool = setting(False, help="No difference with one device.")
    custom_sip_headers: Mapping[str, Any] | None = setting(None, help="SIP headers for the phone; not audible.")
    static_invite: str | None = setting(None, help="The request user for the phone; not audible.")
    suppress_clid: bool = setting(False, help="Hide the caller's number from the phone.")


@action("device", DeviceSettings)
async def device(call: CallView, settings: DeviceSettings) -> Next:
    """Ring one device; whatever keeps it from ringing goes on to `_`."""
    found = call.account.devices.get(settings.id or "")
    if found is None or refusal(call.account, found, call.caller.device_id, settings.can_call_self):
        return CONTINUE
    return after_dialling(await Dial((rung(found, settings.timeout, settings.delay),)))
