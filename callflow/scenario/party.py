"""Who is on which leg at the moment, read from the rows: what a step needs to know to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from callflow.core.trace import LEG, Row

_RINGING: Final = ("RINGING", "EARLY")
_ANSWERED: Final = ("ANSWERED", "BRIDGED", "HELD")


@define(eq=False)
class Party:
    """One leg as a step sees it: the party and device on it, its state's name, and how and when it ended.

    `is_calling` tells a leg on which the party itself called, the A-leg or a consultation, from one that was called.
    `has_rung` and `has_answered` say what it has been through.
    """

    leg: str
    names: tuple[str, ...]
    is_calling: bool = False
    state: str = "NEW"
    ended_ms: int = -1
    cause: str = ""
    has_rung: bool = False
    has_answered: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the leg has ended."""
        return self.state == "GONE"

    @property
    def is_ringing(self) -> bool:
        """Whether this is a callee's leg that rings."""
        return not self.is_calling and self.state in _RINGING

    @property
    def is_answered(self) -> bool:
        """Whether the leg is answered and still there."""
        return self.state in _ANSWERED

    @property
    def is_talking(self) -> bool:
        """Whether the leg is connected with another."""
        return self.state == "BRIDGED"

    @property
    def is_holding(self) -> bool:
        """Whether the party has the other side on hold."""
        return self.state == "HELD"

    @property
    def nearness(self) -> int:
        """How much this is the telephone at the party's ear; of a party's legs the one with the most is meant."""
        if self.is_gone or self.is_holding:
            return 0 if self.is_gone else 2
        if self.is_answered:
            return 5 if self.is_talking else 4
        return 3 if self.is_calling else 1

    def __str__(self) -> str:
        party, device = self.names
        return party if device in ("", party) else f"{party} ({device})"


@define(eq=False)
class CallParties:
    """The legs of one call, in the order in which they came."""

    legs: dict[str, Party] = field(factory=dict)

    def of(self, who: str) -> tuple[Party, ...]:
        """The legs of a party, named by `caller`, user or device; the oldest first."""
        return tuple(party for party in self.legs.values() if who in party.names)

    def ringing(self) -> tuple[Party, ...]:
        """The callees' legs that ring."""
        return tuple(each for each in self.legs.values() if each.is_ringing)

    def there(self) -> tuple[Party, ...]:
        """The legs that have not ended."""
        return tuple(each for each in self.legs.values() if not each.is_gone)


@define(eq=False)
class Parties:
    """The legs of every call of a run."""

    _calls: dict[str, CallParties] = field(factory=dict, init=False)

    def of(self, call_id: str) -> CallParties:
        """The legs of one call; none before it has arrived."""
        return self._calls.get(call_id, CallParties())

    def observe(self, row: Row) -> None:
        """Read the next row."""
        if row.kind != LEG:
            return
        detail: Mapping[str, Any] = row.detail or {}
        call = self._calls.setdefault(row.call_id, CallParties())
        if row.name == "CHANNEL_CREATE":
            is_calling = "dialled" in detail or row.leg == "A"
            call.legs[row.leg] = Party(row.leg, (detail["party"], detail["device"]), is_calling)
        party = call.legs[row.leg]
        party.state = detail["to"]
        party.has_rung |= party.is_ringing
        party.has_answered |= party.is_answered
        if row.name == "CHANNEL_DESTROY":
            party.ended_ms, party.cause = row.at_ms, detail["hangup_cause"]
