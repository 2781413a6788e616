"""Who is on the legs of a call, by the names that people have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from callflow.core.trace import EVENT, LEG, NODE, Row
from callflow.report.wording import cut, printable

_LONGEST = 40


@define(eq=False)
class People:
    """The people of one call. Those in `with_phones` have several phones: each is named with the one that is meant.

    More of them are found as the call goes on; `have_talked` says whether legs were connected since the last node.
    `controlled` is the leg whose end is the call's: the caller's, or the one that was transferred last.
    """

    names: dict[str, str] = field(factory=dict)
    with_phones: frozenset[str] = frozenset()
    have_talked: bool = False
    controlled: str = "A"
    _calling: set[str] = field(factory=set, init=False)
    _parties: dict[str, tuple[str, str]] = field(factory=dict, init=False)
    _phones: dict[str, str] = field(factory=dict, init=False)

    def on(self, leg: str) -> str:
        """The name of the party on a leg; `alice (alice-mobile)` for one who has several phones."""
        name = self.names.get(leg)
        if name is None:
            return f"leg {leg}" if leg else "somebody"
        party, phone = self._parties.get(leg, ("", ""))
        return f"{name} ({_safe(phone)})" if phone and party in self.with_phones else name

    def are_calling(self, leg: str) -> bool:
        """Whether the party on this leg called from it: the caller, or somebody who consults; others were called."""
        return leg == "A" or leg in self._calling

    def take(self, row: Row, detail: Mapping[str, Any]) -> None:
        """Learn from a row who is on which leg, whether they were connected, and whose call it is now."""
        if row.kind == LEG and row.name == "CHANNEL_CREATE":
            self._greet(row.leg, detail)
        elif row.kind == LEG and row.name == "CHANNEL_BRIDGE":
            self.have_talked = True
        elif row.kind == EVENT and row.name == "CHANNEL_TRANSFEREE":
            self.controlled = row.leg
        elif row.kind == NODE:
            self.have_talked = False

    def _greet(self, leg: str, detail: Mapping[str, Any]) -> None:
        """Somebody is on a new leg: the caller's name, else number; a callee's party, and the phone."""
        if "dialled" in detail:
            self._calling.add(leg)
        if leg == "A":
            self.names[leg] = _safe(detail.get("name") or detail.get("number") or "the caller")
            return
        party, phone = detail["party"], detail.get("device") or ""
        if party == "caller" and "A" in self.names:  # a leg on which the caller consults somebody
            self.names[leg] = self.names["A"]
            return
        self.names[leg], self._parties[leg] = _safe(party), (party, phone)
        if self._phones.setdefault(party, phone) != phone:
            self.with_phones |= {party}


def _safe(name: object) -> str:
    return cut(printable(name), _LONGEST)
