"""What `user` and `device` share: which devices can be rung, and where the flow goes after the dialling (B§7.0)."""

from __future__ import annotations

from callflow.core.account import Account, Device
from callflow.core.causes import HangupCause
from callflow.core.effects import HARD_STOP, STOP, Attempt, Endpoint, Next, Talk

_DEFAULT_TIMEOUT_S = 20


def rung(device: Device, timeout_s: int, delay_s: int) -> Endpoint:
    """The device with its ring time and delay, both in seconds; no time to ring is read as 20 s (B§7.1, B§7.2)."""
    ring_s = timeout_s if timeout_s > 0 else _DEFAULT_TIMEOUT_S
    return Endpoint(device, ring_s * 1000, max(delay_s, 0) * 1000)


def refusal(account: Account, device: Device, caller_device_id: str, can_call_self: bool) -> str:
    """Why a device is not rung, in Kazoo's word for it, or "" when it is; the tests are in Kazoo's order (B§7.0)."""
    owner = account.users.get(device.owner_id or "")
    if device.id == caller_device_id and not can_call_self:
        return "ENDPOINT_CALLED_SELF"
    if not device.is_enabled or (owner is not None and not owner.is_enabled):
        return "ENDPOINT_DISABLED"
    if device.do_not_disturb or (owner is not None and owner.do_not_disturb):
        return "DO_NOT_DISTURB"
    return ""


def after_dialling(talk: Talk) -> Next:
    """A talk ends the flow, the caller's own end ends it for good; anything else chooses a branch or `_` (B§7.0)."""
    if talk.is_caller_gone:
        return HARD_STOP
    if talk.is_answered or talk.cause is HangupCause.ORIGINATOR_CANCEL:
        return STOP
    if talk.cause is HangupCause.NORMAL_CLEARING:
        return Attempt(())
    return Attempt((talk.cause.name, talk.cause.code))
