"""What a step comes to: events for one leg, and how long it takes. A step that is not possible says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from callflow.core.causes import HangupCause
from callflow.core.events import (
    Answers,
    Controls,
    FallsSilent,
    HangsUp,
    Holds,
    Presses,
    Rejects,
    Resumes,
    Speaks,
    Told,
    Transfers,
)
from callflow.core.sounds import spoken_ms
from callflow.report.wording import clock
from callflow.scenario import verbs
from callflow.scenario.party import CallParties, Party
from callflow.scenario.steps import Step

DIGIT_EVERY_MS: Final = 200
"""A digit's tone and the gap after it (design §12, Sound)."""


class NotPossible(Exception):
    """The step cannot be done now; the text says what is the case instead."""


@frozen
class Deed:
    """Events for a leg, each so many ms after the step; `length_ms` is the step's length; `remark` a warning or ""."""

    leg: str
    told: tuple[tuple[int, Told], ...] = ()
    length_ms: int = 0
    remark: str = ""


def deed_of(step: Step, parties: CallParties, now_ms: int, sound_ms: Mapping[str, int]) -> Deed:
    """What the step's party does; `sound_ms` has the lengths of sounds by their verbs' words. Raises NotPossible."""
    verb = step.verb
    if isinstance(verb, verbs.Answers | verbs.Rejects | verbs.IsBusy):
        return Deed(_ringing(step.who, parties).leg, ((0, _PICKS[type(verb)]()),))
    if isinstance(verb, verbs.DoesNotAnswer):
        return _declared(step.who, parties, now_ms)
    party = _there(step.who, parties)
    if isinstance(verb, verbs.Holds | verbs.Resumes | verbs.Transfers):
        return _rearranges(verb, step.who, party, parties)
    if isinstance(verb, verbs.HangsUp):
        return Deed(party.leg, ((0, HangsUp()),))
    if isinstance(verb, verbs.IsSilent):
        return Deed(party.leg, ((0, FallsSilent()),))
    if isinstance(verb, verbs.Presses):
        told = tuple((index * DIGIT_EVERY_MS, Presses(digit)) for index, digit in enumerate(verb.digits))
        return Deed(party.leg, told, len(told) * DIGIT_EVERY_MS)
    sound, length_ms = _sound(verb, party, sound_ms)
    return Deed(party.leg, ((0, Speaks(sound, length_ms)),), length_ms)


_PICKS: Final[Mapping[type, Callable[[], Told]]] = {
    verbs.Answers: Answers,
    verbs.Rejects: Rejects,
    verbs.IsBusy: lambda: Rejects(HangupCause.USER_BUSY),
}


def control_of(verb: verbs.ControlsRecording, leg: str | None) -> Deed:
    """What a request to the API does on the call's controlled leg. Raises NotPossible when there is none any more."""
    if leg is None:
        raise NotPossible("the call has ended, and the API knows it no more")
    return Deed(leg, ((0, Controls(verb.action)),))


def _rearranges(
    verb: verbs.Holds | verbs.Resumes | verbs.Transfers, who: str, party: Party, parties: CallParties
) -> Deed:
    """Who is connected with whom changes: for that a party must be connected, or have somebody on hold."""
    held = next((leg for leg in parties.of(who) if leg.is_holding), None)
    if isinstance(verb, verbs.Resumes):
        if held is None:
            raise NotPossible(f"{who} has nobody on hold")
        return Deed(held.leg, ((0, Resumes()),))
    if isinstance(verb, verbs.Transfers) and held is not None:
        if party is not held:
            raise NotPossible(f"{who} consults already: hang up to complete that transfer, or resume to give it up")
    elif not party.is_talking:
        has_held = "has the other side on hold already" if held is not None else "is not connected with anybody"
        raise NotPossible(f"{who} {has_held}")
    if isinstance(verb, verbs.Holds):
        return Deed(party.leg, ((0, Holds()),))
    return Deed(party.leg, ((0, Transfers(verb.number, verb.with_consultation)),))


def _sound(verb: Any, party: Party, sound_ms: Mapping[str, int]) -> tuple[Mapping[str, object], int]:
    """What is heard, as the trace shows it, and for how long."""
    if isinstance(verb, verbs.Speaks):
        return {"voice": party.names[0]}, verb.length_ms
    if isinstance(verb, verbs.Says):
        if verb.language:
            return {"spoken": f"{verb.language}: {verb.text}"}, sound_ms[str(verb)]
        return {"says": verb.text}, spoken_ms(verb.text)
    if isinstance(verb, verbs.SendsTone):
        return {"tone_hz": verb.hz}, verb.length_ms
    if isinstance(verb, verbs.SendsNoise):
        return {"noise": verb.level}, verb.length_ms
    assert isinstance(verb, verbs.Plays), f"{verb!r} is refused when the scenario is read"
    return {"file": verb.file}, sound_ms[str(verb)]


def _ringing(who: str, parties: CallParties) -> Party:
    """The first ringing device of a party."""
    legs = parties.of(who)
    found = next((party for party in legs if party.is_ringing), None)
    if found is not None:
        return found
    if any(party.is_answered for party in legs):
        raise NotPossible(f"{who} is already on the call")
    others = ", ".join(sorted({str(party) for party in parties.ringing()}))
    now = f"what rings now: {others}" if others else "nothing rings now"
    if legs and legs[-1].is_gone and legs[-1].has_rung:
        last = legs[-1]
        raise NotPossible(f"{who}'s phone rings no more since {clock(last.ended_ms)} ({last.cause}); {now}")
    raise NotPossible(f"no phone of {who} rings; {now}")


def _there(who: str, parties: CallParties) -> Party:
    """The leg of a party that is on the call: the one at its ear, of several such the newest."""
    legs = parties.of(who)
    nearest = max(reversed(legs), key=lambda party: party.nearness, default=None)
    if nearest is not None and not nearest.is_gone:
        return nearest
    if legs:
        last = max(legs, key=lambda party: party.ended_ms)
        raise NotPossible(f"{who} has been gone since {clock(last.ended_ms)} ({last.cause})")
    raise NotPossible(f"{who} is not on the call")


def _declared(who: str, parties: CallParties, now_ms: int) -> Deed:
    """`does not answer` shortens nothing; it warns when the ringing ends at another time (design §12)."""
    rung = [party for party in parties.of(who) if party.has_rung]
    if not rung:
        raise NotPossible(f"{who}'s phone has not rung")
    ringing = next((party for party in rung if party.is_ringing), None)
    if ringing is not None:
        still = f"{who}'s phone goes on ringing after {clock(now_ms)}"
        return Deed(ringing.leg, remark=f"{still}: the flow's ring timeout ends it, not this step")
    last = max(rung, key=lambda party: party.ended_ms if party.is_gone else now_ms + 1)
    if last.has_answered:
        raise NotPossible(f"{who} has answered")
    remark = ""
    if last.ended_ms != now_ms:
        remark = f"{who}'s phone had stopped ringing at {clock(last.ended_ms)} ({last.cause}), not at {clock(now_ms)}"
    return Deed(last.leg, remark=remark)
