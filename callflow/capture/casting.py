"""Who was on the legs of a logged call, in the words of the account that it is to be placed in again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

from callflow.capture.calls import LoggedCall, LoggedLeg
from callflow.core.account import Account
from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.cast import OUTSIDE
from callflow.scenario.steps import CALLER

_MOST_SHOWN: Final = 8


@frozen
class Cast:
    """The party on each leg by its id, and the caller's own device when the call comes from inside, else ""."""

    parties: Mapping[str, str]
    device: str


def cast_of(call: LoggedCall, account: Account, told: Mapping[str, str]) -> Cast:
    """Who is who. `told` has the parties by what a leg says of them: a number, a name or an id.

    Raises ScenarioError for a leg that could be anybody, and for a party in `told` that there is not.
    """
    known = (*account.users, *account.devices, OUTSIDE)
    for word, party in told.items():
        if party not in known:
            raise ScenarioError(f"--who {word}={party}", f"unknown party {shown(party)}", _some(known))
    a_leg, *others = call.legs
    alone = _only_one(account)
    parties = {a_leg.id: CALLER} | {leg.id: _party(leg, known, told, alone) for leg in others}
    device = next((name for name in a_leg.names if name in account.devices), "")
    return Cast(parties, device)


def _only_one(account: Account) -> str:
    """Who every called leg must be, as there is nobody else; "" where there is."""
    owners = {device.owner_id or device.id for device in account.devices.values()} | {*account.users}
    return next(iter(owners)) if len(owners) == 1 else ""


def _party(leg: LoggedLeg, known: Collection[str], told: Mapping[str, str], alone: str) -> str:
    for name in (leg.id, *leg.names):
        if name in told:
            return told[name]
    for name in leg.names:
        if name in known:
            return name
    if alone:
        return alone
    word = next(iter(reversed(leg.names)), leg.id)
    problem = f"who is on leg {shown(leg.id)}? it says {', '.join(map(shown, leg.names)) or 'nothing'}"
    raise ScenarioError("capture", problem, f"add --who {shown(word)}=PARTY, a party of the account: {_some(known)}")


def _some(known: Collection[str]) -> str:
    listed = ", ".join(map(shown, list(known)[:_MOST_SHOWN]))
    return f"one of: {listed}{', …' if len(known) > _MOST_SHOWN else ''}"
