"""Groups of an account: Kazoo's document shape, and the record that `ring_group` reads (B§7.3, B§7.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from callflow.core.settings import setting
from callflow.core.shown import shown

MEMBER_TYPES = ("user", "device", "group")
"""What may be a member of a group."""


@frozen
class GroupMember:
    """One member: what it is, its id, and its weight, None for the group's own."""

    type: str
    id: str
    weight: int | None = None


@frozen
class Group:
    """A group of users, devices and other groups, in document order."""

    id: str
    name: str = ""
    members: tuple[GroupMember, ...] = ()


def _are_members(value: Any, siblings: Mapping[str, Any]) -> tuple[str, str] | None:
    """The fault of the first member that is no object with a known type and a positive weight."""
    right = 'write {"<id>": {"type": "user", "weight": 1}} with user, device or group'
    for name, member in value.items():
        if not isinstance(name, str) or not isinstance(member, Mapping) or member.get("type") not in MEMBER_TYPES:
            return f"the member {shown(name)} is {shown(member)}", right
        weight = member.get("weight")
        if weight is not None and (not isinstance(weight, int) or isinstance(weight, bool) or weight < 1):
            return f"the weight of {shown(name)} is {shown(weight)}", "write an integer of at least 1"
    return None


@frozen
class GroupDocument:
    """A document of `groups`."""

    id: str = setting(help="The document's id.", shortest=1)
    name: str | None = setting(None, help="The group's name.", shortest=1, longest=128)
    endpoints: Mapping[str, Any] = setting({}, help="Members by id, each with its type.", check=_are_members)

    def record(self) -> Group:
        """Return the group."""
        members = tuple(GroupMember(each["type"], name, each.get("weight")) for name, each in self.endpoints.items())
        return Group(self.id, self.name or self.id, members)
