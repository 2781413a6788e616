"""The members of a ring group as the devices that are rung, each once, and their order by weight (B§7.3)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from callflow.actions.bridging import refusal
from callflow.core.account import Device
from callflow.core.account_groups import MEMBER_TYPES
from callflow.core.call import CallView
from callflow.core.settings import setting
from callflow.core.targets import owner_of

_WEIGHT = 20
"""The weight of a member that states none."""


@frozen
class MemberSettings:
    """One of a group's `endpoints`; times are in seconds."""

    endpoint_type: str = setting(help="What it is.", one_of=MEMBER_TYPES)
    id: str = setting(help="Its id.", shortest=1, longest=128)
    delay: int = setting(0, help="Seconds before it rings.")
    timeout: int = setting(20, help="Seconds to ring.")
    weight: int | None = setting(None, help="How likely it comes early in a random order.", at_least=1, at_most=100)
    disable_until: int | None = setting(None, help="Left out until then, in Gregorian seconds: logged out.")


@frozen(eq=False)
class Choice:
    """A device that can be rung, and how."""

    device: Device
    delay_s: int
    timeout_s: int
    weight: int


def expand(call: CallView, members: Sequence[MemberSettings]) -> tuple[list[Choice], list[str]]:
    """Return the devices to ring in the members' order, each once, and the members that the account does not have.

    Left out are the caller's own devices, disabled ones and those that refuse calls (B§7.0), and members that are
    logged out. Groups within groups are followed once each.
    """
    account, groups_seen = call.account, set[str]()
    choices: dict[str, Choice] = {}
    unknown: list[str] = []
    waiting = list(reversed(members))
    while waiting:
        member = waiting.pop()
        if member.disable_until is not None and member.disable_until > call.now_gregorian_s:
            continue
        devices: tuple[Device, ...] = ()
        if member.endpoint_type == "user" and member.id in account.users:
            devices = account.devices_of(member.id)
        elif member.endpoint_type == "device" and member.id in account.devices:
            devices = (account.devices[member.id],)
        elif member.endpoint_type == "group" and member.id in account.groups:
            if member.id not in groups_seen:
                groups_seen.add(member.id)
                inside = reversed(account.groups[member.id].members)
                waiting += [
                    evolve(member, endpoint_type=each.type, id=each.id, weight=each.weight or member.weight)
                    for each in inside
                ]
        else:
            unknown.append(f"{member.endpoint_type} {member.id[:64]!r}")
        for device in devices:
            if device.id not in choices and _may_ring(call, device):
                weight = max(member.weight or _WEIGHT, 1)
                choices[device.id] = Choice(device, max(member.delay, 0), member.timeout, weight)
    return list(choices.values()), unknown


def _may_ring(call: CallView, device: Device) -> bool:
    owner_id = owner_of(call.account, call.caller)
    is_own = bool(owner_id) and device.owner_id == owner_id
    return not is_own and not refusal(call.account, device, call.caller.device_id, can_call_self=False)


def in_random_order(call: CallView, choices: Sequence[Choice], round_number: int) -> list[Choice]:
    """Draw one after another, each as likely as its weight among those left; the seed decides, anew each round."""
    left = list(choices)
    order: list[Choice] = []
    while left:
        ticket = call.draw(1, sum(choice.weight for choice in left), "weighted_random", round_number, len(order))
        place = 0
        while ticket > left[place].weight:
            ticket -= left[place].weight
            place += 1
        order.append(left.pop(place))
    return order
