"""Who is who: everybody that a scenario names must be a user or a device of its account (design §6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from callflow.core.account import Account
from callflow.core.errors import ScenarioError
from callflow.core.events import Caller
from callflow.core.shown import shown
from callflow.report.wording import cut, printable
from callflow.scenario.expect import Expectations
from callflow.scenario.language import Scenario
from callflow.scenario.occurrences import EventPattern, EventWord
from callflow.scenario.people import CallScript
from callflow.scenario.sounds import Voice
from callflow.scenario.steps import API, CALLER, STORAGE, SWITCH, When
from callflow.scenario.words import suggestion

_LEG: Final = re.compile(r"A|B[0-9]*")
_LONGEST_HINT: Final = 200
OUTSIDE: Final = "outside"
"""The party off-net that a flow reaches by way of a carrier."""

_DELIVERIES: Final = (EventWord.DELIVERY_STARTS, EventWord.DELIVERY_FAILS, EventWord.DELIVERY_SUCCEEDS)


def meant(word: str, known: tuple[str, ...]) -> str:
    """The hint for a name that nobody has; an account may have thousands, and their names come from strangers."""
    return cut(printable(suggestion(word, known)), _LONGEST_HINT)


def check_cast(scenario: Scenario, account: Account) -> None:
    """Raise ScenarioError for a party, in a step or an expectation, that does not exist."""
    parties = (CALLER, OUTSIDE, *account.users, *account.devices)
    for where, who in _named(scenario):
        if who not in parties:
            raise ScenarioError(where, f"unknown party {shown(who)}", meant(who, parties))


def check_waits(scenario: Scenario) -> None:
    """Raise ScenarioError for a step that waits for a delivery, which a run with uploads afterwards never sees."""
    for step in (step for call in scenario.calls for step in call.timeline):
        if isinstance(step.when, When) and step.when.event.what in _DELIVERIES:
            problem = f"{shown(str(step.when))} cannot happen: with --upload, deliveries are made after the run"
            raise ScenarioError(step.where, problem, "leave --upload out, or take the step out")


def caller_of(scenario: Scenario, script: CallScript, account: Account) -> Caller:
    """Who calls; a caller on-net calls from a device of the account. Raises ScenarioError for an unknown device."""
    caller = script.caller
    if caller.device is not None and caller.device not in account.devices:
        hint = meant(caller.device, tuple(account.devices))
        where = f"{place_of(scenario, script)}caller.device"
        raise ScenarioError(where, f"unknown device {shown(caller.device)}", hint)
    return Caller(caller.number or caller.device or "", caller.name, caller.device or "", caller.codec)


def place_of(scenario: Scenario, script: CallScript) -> str:
    """`file:line: ` of a call's part of the scenario, to be followed by a key of it."""
    top = scenario.where.get("calls" if script.name else "caller", scenario.file)
    if script.name:
        return f"{top}.{script.name}."
    return f"{top.rpartition(': ')[0] or top}: "


def _named(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for call in scenario.calls:
        for step in call.timeline:
            if step.who not in (STORAGE, API, SWITCH):
                yield step.where, step.who
            if isinstance(step.when, When):
                yield from _in_event(step.where, step.when.event)
    for expect in (scenario.expect, *(call.expect for call in scenario.calls)):
        yield from _expected(expect)


def _in_event(where: str, event: EventPattern) -> Iterator[tuple[str, str]]:
    if event.who:
        yield where, event.who


def _on_leg(where: str, leg: str | None) -> Iterator[tuple[str, str]]:
    if leg and not _LEG.fullmatch(leg):
        yield where, leg


def _expected(expect: Expectations) -> Iterator[tuple[str, str]]:
    """A party that is not there would make a `never` hold whatever happens; what other profiles expect counts too."""
    for other in expect.profiles.values():
        yield from _expected(other)
    for count in expect.exactly:
        yield from _in_event(count.where, count.event)
    for event in (*expect.events, *expect.events_unordered, *expect.never):
        yield from _in_event(event.where, event.event)
        yield from _on_leg(event.where, event.leg)
    for recording in expect.recordings or ():
        yield from _on_leg(recording.where, recording.leg)
    for check in expect.audio:
        if isinstance(check.sound, Voice):
            yield check.where, check.sound.party
