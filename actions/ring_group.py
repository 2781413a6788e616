"""ring_group: ring several users and devices, together or in turn, perhaps more than once (B§7.3).

{"module": "ring_group",
"data": {"endpoints": [{"endpoint_type": "user", "id": "{USER_ID}", "timeout": 15}], "timeout": 15, "repeats": 2},
"children": {"_": {"module": "voicemail", "data": {"id": "{VMBOX_ID}"}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import frozen

from callflow.actions.bridging import after_dialling, rung
from callflow.actions.group_members import MemberSettings, expand, in_random_order
from callflow.actions.play import sound_of
from callflow.core.call import CallView
from callflow.core.causes import HangupCause
from callflow.core.effects import CONTINUE, HARD_STOP, STOP, Continue, Dial, HangUp, Next, Talk
from callflow.core.keeping import Warn
from callflow.core.registry import action
from callflow.core.settings import setting

_TIMEOUT_S = 20


@frozen(eq=False)
class RingGroupSettings:
    """The keys of `ring_group`; times are in seconds."""

    endpoints: tuple[MemberSettings, ...] = setting((), help="Who is rung.", shortest=1)
    group_id: str | None = setting(
        None, help="A group of the account that is rung when no endpoints are given.", shortest=1, longest=128
    )
    group_name: str | None = setting(None, help="The group's name; nobody reads it.")
    strategy: str = setting(
        "simultaneous",
        help="Ring all together, one after another, or one after another in a random order by weight.",
        one_of=("simultaneous", "single", "weighted_random"),
    )
    timeout: int = setting(_TIMEOUT_S, help="Seconds for each round as a whole.")
    repeats: int = setting(1, help="How many rounds.", at_least=1)
    ringback: str | None = setting(None, help="Media that the caller hears while phones ring; default: ringback.")
    ringtones: Mapping[str, Any] | None = setting(None, help="How the phones ring; not audible on the line.")
    ignore_forward: bool = setting(True, help="Whether call forwarding is left out; it is not simulated yet.")
    ignore_early_media: bool | None = setting(None, help="Whether phones' early media is dropped; they have none here.")
    fail_on_single_reject: bool = setting(False, help="Whether one rejecting phone ends the round.")
    hard_stop_after_successful_group: bool = setting(
        True, help="Whether the caller is hung up after the talk, whatever flow was to be resumed."
    )
    sca: Mapping[str, Any] | None = setting(None, help="Shared call appearance; lamps on phones, not audible.")


@action("ring_group", RingGroupSettings)
async def ring_group(call: CallView, settings: RingGroupSettings) -> Next:
    """Ring the group in rounds; a talk ends the call, a failure takes its branch, else the next round or `_`."""
    members = settings.endpoints
    if not members and settings.group_id:
        members = (MemberSettings(endpoint_type="group", id=settings.group_id),)
    choices, unknown = expand(call, members)
    for member in unknown:
        what = f"{call.where}: the account has no {member}: nobody is rung for it"
        await Warn("unknown-member", what, "write it in the account")
    if not choices:
        return Continue("NO_ENDPOINTS")
    ringback = sound_of(call, settings.ringback) if settings.ringback else None
    strategy: Literal["simultaneous", "single"] = "simultaneous"
    if settings.strategy in ("single", "weighted_random"):
        strategy = "single"
    for round_number in range(max(settings.repeats, 1)):
        order = choices
        if settings.strategy == "weighted_random":
            order = in_random_order(call, choices, round_number)
        elif strategy == "simultaneous":
            order = sorted(choices, key=lambda choice: choice.delay_s)
        talk = await Dial(
            tuple(rung(each.device, each.timeout_s, each.delay_s) for each in order),
            strategy,
            settings.fail_on_single_reject,
            (settings.timeout if settings.timeout > 0 else _TIMEOUT_S) * 1000,
            ringback,
        )
        if _is_decided(call, talk):
            return await _after(settings, talk)
    return CONTINUE


def _is_decided(call: CallView, talk: Talk) -> bool:
    """Whether a round was the last: somebody talked, the caller is gone, or there is a branch for what went wrong."""
    if talk.is_answered or talk.is_caller_gone or talk.cause is HangupCause.ORIGINATOR_CANCEL:
        return True
    if talk.cause is HangupCause.NORMAL_CLEARING:
        return False
    return call.has_branch(talk.cause.name) or call.has_branch(talk.cause.code)


async def _after(settings: RingGroupSettings, talk: Talk) -> Next:
    """Where the last round leads; after a talk the caller is hung up, or the stack resumed if the node says so."""
    if not talk.is_answered or talk.is_caller_gone:
        return after_dialling(talk)
    if not settings.hard_stop_after_successful_group:
        return STOP
    await HangUp()
    return HARD_STOP
