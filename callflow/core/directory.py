"""An account as the core sees it: who can be called, and which flow answers a number; immutable (B§1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from callflow.core.account_groups import Group
from callflow.core.account_menus import Menu
from callflow.core.endpoints import Device, Mailbox, MediaFile, SystemMedia, User
from callflow.core.metaflows import Bindings
from callflow.core.number_patterns import MAX_NUMBER, compile_pattern
from callflow.core.recording_plan import AccountRecordings

NO_MATCH = "no_match"
"""The number that marks the flow for numbers that no other flow answers."""

_DIALABLE = re.compile(r"\+?[0-9]+", re.ASCII)


@frozen
class FlowDocument:
    """A callflow of the account: how it is found, and the whole document for `load_flow`."""

    id: str
    name: str
    numbers: tuple[str, ...]
    patterns: tuple[str, ...]
    document: Mapping[str, Any] = field(eq=False)


@frozen
class FlowMatch:
    """The flow that answers a number, and what its pattern captured.

    `capture_group` is None when the number matched exactly, by `no_match`, or the capture was empty.
    """

    flow: FlowDocument
    number: str
    capture_group: str | None = None
    capture_groups: Mapping[str, str] = field(factory=dict)
    is_no_match: bool = False


@frozen(eq=False)
class Account:
    """One account, read-only; mappings are by document id, in document order. The `temporal_rules` are raw.

    `recordings` is what it records by itself, None when nothing of it could start or announce a recording (B§9).
    `metaflows` is what the digits of each device set off, of those that set off anything (B§10).

    Two flows with one number: the first answers. Raises BadPattern when a flow's pattern was not checked before.
    """

    id: str
    name: str = ""
    timezone: str | None = None
    users: Mapping[str, User] = field(factory=dict)
    devices: Mapping[str, Device] = field(factory=dict)
    mailboxes: Mapping[str, Mailbox] = field(factory=dict)
    media: Mapping[str, MediaFile] = field(factory=dict)
    flows: tuple[FlowDocument, ...] = ()
    system: SystemMedia = field(factory=SystemMedia)
    preflow_id: str | None = None
    recordings: AccountRecordings | None = None
    metaflows: Mapping[str, Bindings] = field(factory=dict)
    menus: Mapping[str, Menu] = field(factory=dict)
    groups: Mapping[str, Group] = field(factory=dict)
    temporal_rules: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    _owned: Mapping[str, tuple[Device, ...]] = field(init=False, repr=False)
    _by_number: Mapping[str, FlowDocument] = field(init=False, repr=False)
    _patterns: tuple[tuple[re.Pattern[str], FlowDocument], ...] = field(init=False, repr=False)

    @_owned.default
    def _index_owners(self) -> Mapping[str, tuple[Device, ...]]:
        owned: dict[str, tuple[Device, ...]] = {}
        for device in self.devices.values():
            if device.owner_id is not None:
                owned[device.owner_id] = (*owned.get(device.owner_id, ()), device)
        return owned

    @_by_number.default
    def _index_numbers(self) -> Mapping[str, FlowDocument]:
        index: dict[str, FlowDocument] = {}
        for flow in self.flows:
            for number in flow.numbers:
                index.setdefault(number, flow)
        return index

    @_patterns.default
    def _compile_patterns(self) -> tuple[tuple[re.Pattern[str], FlowDocument], ...]:
        return tuple((compile_pattern(pattern), flow) for flow in self.flows for pattern in flow.patterns)

    def devices_of(self, user_id: str) -> tuple[Device, ...]:
        """Return the devices that a user owns, in document order; empty for an unknown user."""
        return self._owned.get(user_id, ())

    def find_flow(self, number: str, *, may_use_no_match: bool = True) -> FlowMatch | None:
        """Return the flow that answers `number`: exactly, by the longest capture of a pattern, or the `no_match` flow.

        The last is for dialable numbers only, and for calls that may use it: the account's own devices may, carriers
        may not (B§1.2).
        """
        exact = self._by_number.get(number)
        if exact is not None and number != NO_MATCH:
            return FlowMatch(exact, number)
        found = self._by_pattern(number) if len(number) <= MAX_NUMBER else None
        if found is not None:
            return found
        last = self._by_number.get(NO_MATCH)
        if last is not None and may_use_no_match and _DIALABLE.fullmatch(number):
            return FlowMatch(last, number, is_no_match=True)
        return None

    def _by_pattern(self, number: str) -> FlowMatch | None:
        best: FlowMatch | None = None
        longest = -1
        for pattern, flow in self._patterns:
            match = pattern.search(number)
            if match is None:
                continue
            captures = [group or "" for group in match.groups()] or [match[0]]
            capture = max(captures, key=len)
            if len(capture) > longest:
                longest = len(capture)
                named = {name: value for name, value in match.groupdict().items() if value}
                best = FlowMatch(flow, number, capture or None, named)
        return best
