"""Who is on which leg at the moment, read from the rows: what a step needs to know to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from callflow.core.trace import LEG, Row


@define(eq=False)
class Party:
    """One leg as a step sees it: the party and device on it, its state's name, and how and when it ended."""

    leg: str
    names: tuple[str, ...]
    state: str = "NEW"
    ended_ms: int = -1
    cause: str = ""


@define(eq=False)
class CallParties:
    """The legs of one call, in the order in which they came."""

    legs: dict[str, Party] = field(factory=dict)

    def of(self, who: str) -> tuple[Party, ...]:
        """The legs of a party, named by `caller`, user or device; the oldest first."""
        return tuple(party for party in self.legs.values() if who in party.names)

    def ringing(self) -> tuple[Party, ...]:
        """The callees' legs that ring."""
        return tuple(each for each in self.legs.values() if each.leg != "A" and each.state in ("RINGING", "EARLY"))


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
            call.legs[row.leg] = Party(row.leg, (detail["party"], detail["device"]))
        party = call.legs[row.leg]
        party.state = detail["to"]
        if row.name == "CHANNEL_DESTROY":
            party.ended_ms, party.cause = row.at_ms, detail["hangup_cause"]
