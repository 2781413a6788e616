"""user: ring all devices of a user (B§7.1).

    {"module": "user", "data": {"id": "{USER_ID}", "timeout": 20}, "children": {"_": {"module": "voicemail", "data": {}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from callflow.actions.bridging import DEFAULT_TIMEOUT_S, after_dialling, refusal
from callflow.core.call import CallView
from callflow.core.effects import Continue, Dial, Endpoint, Next
from callflow.core.registry import action
from callflow.core.settings import setting


@frozen
class UserSettings:
    """The keys of `user`; times are in seconds."""

    id: str | None = setting(None, help="The user's id; default: the owner of the calling device.")
    timeout: int = setting(DEFAULT_TIMEOUT_S, help="Seconds to ring.", at_least=0)
    strategy: str = setting("simultaneous", help="Ring all devices together or one after another.", one_of=("simultaneous", "single"))
    delay: int = setting(0, help="Seconds before the devices ring.", at_least=0)
    can_call_self: bool = setting(False, help="Whether the user's own call may ring the user.")
    can_text_self: bool = setting(False, help="The same for messages; calls do not read it.")
    fail_on_single_reject: bool = setting(False, help="Whether one rejecting device ends the ringing of all.")
    custom_sip_headers: Mapping[str, Any] | None = setting(None, help="SIP headers for the phones; not audible.")
    static_invite: str | None = setting(None, help="The request user for the phones; not audible.")
    suppress_clid: bool = setting(False, help="Hide the caller's number from the phones.")


@action("user", UserSettings)
async def user(call: CallView, settings: UserSettings) -> Next:
    """Ring the user's devices; an answered call ends the flow, anything else goes on to a branch or `_`."""
    account = call.account
    caller_device = account.devices.get(call.caller.device_id)
    caller_is = caller_device.owner_id if caller_device is not None else None
    user_id = settings.id or caller_is or ""
    if user_id and user_id == caller_is and not settings.can_call_self:
        return Continue("OWNER_CALLED_SELF")
    refused, endpoints = "NO_ENDPOINTS", []
    for device in account.devices_of(user_id):
        why = refusal(call, device, settings.can_call_self)
        if why:
            refused = why
        else:
            endpoints.append(Endpoint(device, settings.timeout * 1000, settings.delay * 1000))
    if not endpoints:
        return Continue(refused)
    strategy = "single" if settings.strategy == "single" else "simultaneous"
    return after_dialling(await Dial(tuple(endpoints), strategy, settings.fail_on_single_reject))
