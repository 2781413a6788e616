"""What `resources` and `offnet` share: their keys, and ringing somebody outside (B§7.16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from callflow.actions.play import sound_of
from callflow.core.call import CallView
from callflow.core.causes import HangupCause
from callflow.core.default_response import default_status
from callflow.core.effects import HARD_STOP, STOP, Continue, Dial, Endpoint, Next, Respond, Stop
from callflow.core.endpoints import OUTSIDE
from callflow.core.settings import setting

_RING_S = 60
"""Seconds that a carrier rings when the node states none: the switch's own limit of an attempt (our choice)."""


@frozen(eq=False)
class DiallingOutSettings:
    """The keys of both modules. Whoever has the number is the party `outside`; carriers are not told apart."""

    to_did: str | None = setting(None, help="The number to call; default: the one dialled.")
    timeout: int | None = setting(None, help="Seconds to ring; default: 60.")
    use_local_resources: bool = setting(True, help="Whether the account's own carriers are used; not audible.")
    hunt_account_id: str | None = setting(None, help="Whose carriers are used; not audible.")
    caller_id_type: str = setting("external", help="Which caller id is shown; not audible.")
    ringback: str | None = setting(None, help="Media that the caller hears while it rings; default: ringback.")
    ignore_early_media: bool = setting(False, help="Whether the far end's early media is dropped; it has none here.")
    dynamic_flags: tuple[str, ...] = setting((), help="Flags that choose carriers; not audible.")
    outbound_flags: tuple[str, ...] = setting((), help="Flags that choose carriers; not audible.")
    bypass_e164: bool = setting(False, help="Whether the number is sent as it is; not audible.")
    do_not_normalize: bool = setting(False, help="Whether the number is sent as it is; not audible.")
    emit_account_id: bool = setting(False, help="Whether the account is named to the carrier; not audible.")
    format_from_uri: bool = setting(False, help="Whether the caller's address is rewritten; not audible.")
    from_uri_realm: str | None = setting(None, help="The realm in the caller's address; not audible.")
    custom_sip_headers: Mapping[str, Any] | None = setting(None, help="SIP headers for the carrier; not audible.")
    resource_type: str | None = setting(None, help="The kind of carriers; not audible.")
    addresses: Mapping[str, Any] | None = setting(None, help="The address for emergency calls; not audible.")


async def dial_out(call: CallView, settings: DiallingOutSettings) -> Next:
    """Ring the outside: a talk ends the flow, a failure takes its branch and never `_` (B§7.16; B§12 scenario 14)."""
    timeout_s = settings.timeout if settings.timeout is not None and settings.timeout > 0 else _RING_S
    ringback = sound_of(call, settings.ringback) if settings.ringback else None
    talk = await Dial((Endpoint(OUTSIDE, timeout_s * 1000),), ringback=ringback)
    if talk.is_caller_gone:
        return HARD_STOP
    if talk.is_answered:
        return STOP
    for key in (talk.cause.name, talk.cause.code):
        if call.has_branch(key):
            return Continue(key)
    return await _give_up(call, talk.cause)


async def _give_up(call: CallView, cause: HangupCause) -> Next:
    """Refuse a caller for whom nothing is left to do; otherwise end with the cause, or leave the leg to itself."""
    status = default_status(cause)
    if status is not None and not call.has_branch("_") and not call.is_answered:
        await Respond(status, cause=cause)
        return HARD_STOP
    return HARD_STOP if call.profile.resources_fail_hard_stops else Stop(cause)
