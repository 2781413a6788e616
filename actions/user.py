"""user: ring all devices of a user (B§7.1).

{"module": "user", "data": {"id": "{USER_ID}", "timeout": 20}, "children": {"_": {"module": "voicemail", "data": {}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from attrs import frozen

from callflow.actions.bridging import after_dialling, refusal, rung
from callflow.core.account import Account
from callflow.core.call import CallView
from callflow.core.effects import Continue, Dial, Next
from callflow.core.registry import action
from callflow.core.settings import setting


@frozen(eq=False)
class UserSettings:
    """The keys of `user`; times are in seconds."""

    id: str | None = setting(None, help="The user's id; default: the owner of the calling device.")
    timeout: int = setting(20, help="Seconds to ring; 0 is read as 20.", at_least=0)
    strategy: str = setting(
        "simultaneous", help="Ring all devices together or one after another.", one_of=("simultaneous", "single")
    )
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
    dial = _dial(call.account, settings, call.caller.device_id)
    if isinstance(dial, str):
        return Continue(dial)
    return after_dialling(await dial)


@lru_cache(maxsize=256)  # the same for every call of a node from one device; account and settings compare by identity
def _dial(account: Account, settings: UserSettings, caller_device_id: str) -> Dial | str:
    """What to ring, or Kazoo's word for why nothing can be rung (B§7.0)."""
    caller_device = account.devices.get(caller_device_id)
    caller_is = caller_device.owner_id if caller_device is not None else None
    user_id = settings.id or caller_is or ""
    if user_id and user_id == caller_is and not settings.can_call_self:
        return "OWNER_CALLED_SELF"
    refused, endpoints = "NO_ENDPOINTS", []
    for device in account.devices_of(user_id):
        why = refusal(account, device, caller_device_id, settings.can_call_self)
        if why:
            refused = why
        else:
            endpoints.append(rung(device, settings.timeout, settings.delay))
    if not endpoints:
        return refused
    strategy: Literal["single", "simultaneous"] = "single" if settings.strategy == "single" else "simultaneous"
    return Dial(tuple(endpoints), strategy, settings.fail_on_single_reject)
