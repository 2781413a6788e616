"""The timeline of a call: when, who, what (design §6), and the rules that hold between its steps."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.document import rebase
from callflow.scenario.durations import format_duration, parse_duration
from callflow.scenario.nodes import Node, at, items
from callflow.scenario.occurrences import NOT_PARTIES, PARTY, EventPattern, parse_event
from callflow.scenario.verb_grammar import parse_verb
from callflow.scenario.verbs import BreaksSwitch, Calls, ControlsRecording, Plays, StorageFails, StorageWorks, Verb
from callflow.scenario.words import suggestion

STORAGE = "storage"
"""Whose targets fail, and work again."""
CALLER = "caller"
"""The one who places the call; every other name is a user or a device."""
API = "api"
"""Who controls recordings from outside the flow."""
SWITCH = "switch"
"""Who has faults."""

NOT_PEOPLE: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    STORAGE: ((StorageFails, StorageWorks), "fails with CODE or works again"),
    API: ((ControlsRecording,), "starts, stops, masks, unmasks, pauses, resumes or toggles recording"),
    SWITCH: ((BreaksSwitch,), "cannot open files, cannot write files, does not confirm stops or has no media"),
}
"""Who is no person: the verbs that each has, and how it is said."""


@frozen
class At:
    """`at T`: milliseconds from the call's start."""

    at_ms: int

    def __str__(self) -> str:
        return f"at {format_duration(self.at_ms)}"


@frozen
class After:
    """`after T`: milliseconds from the end of the previous step, of the call's start when there is none."""

    after_ms: int

    def __str__(self) -> str:
        return f"after {format_duration(self.after_ms)}"


@frozen
class When:
    """`when EVENT` or `when EVENT after T`: the first such event after the previous step, once (design §12)."""

    event: EventPattern
    after_ms: int = 0

    def __str__(self) -> str:
        wait = f" after {format_duration(self.after_ms)}" if self.after_ms else ""
        return f"when {self.event}{wait}"


Moment = At | After | When
"""When a step happens."""


@frozen
class Step:
    """One line of a timeline. `text` is the line as written, `where` its `file:line: path`.

    `file` is the fixture that it comes from, a path from the scenario's folder, "" for the scenario's own steps.
    """

    line: int
    text: str
    when: Moment
    who: str
    verb: Verb
    where: str = ""
    file: str = ""

    @property
    def shown(self) -> Mapping[str, object]:
        """What the trace says of the step: its words, its line, and the file of that line where it is a fixture."""
        own = {"line": self.line, "text": self.text}
        return own | {"file": self.file} if self.file else own


_WAIT_AFTER_EVENT = re.compile(r"(.+) after (\S+)")
_EXAMPLE = "- at 4s: alice answers"


def parse_moment(words: str, calls: Collection[str] = ()) -> Moment:
    """The moment of `at 4s`, `after 0s`, `when alice answers after 2s`; raises ScenarioError (without a place)."""
    first, _, rest = " ".join(words.split()).partition(" ")
    if first not in ("at", "after", "when"):
        hint = suggestion(first, ("at", "after", "when")) if first.isalpha() else "begin with at, after or when"
        raise ScenarioError("", f"{shown(words)} does not say when", hint)
    if not rest:
        raise ScenarioError("", f"something is missing after {shown(first)}", f"write {_EXAMPLE}")
    if first == "at":
        return At(parse_duration(rest))
    if first == "after":
        return After(parse_duration(rest))
    delayed = _WAIT_AFTER_EVENT.fullmatch(rest)
    if delayed:
        return When(parse_event(delayed.group(1), calls), parse_duration(delayed.group(2)))
    return When(parse_event(rest, calls))


def parse_deed(words: str, calls: Collection[str] = ()) -> tuple[str, Verb]:
    """Who does what: `caller hangs up`; raises ScenarioError (without a place)."""
    parts = words.strip().split(None, 1)
    who = parts[0] if parts else ""
    if not PARTY.fullmatch(who):
        raise ScenarioError("", f"{shown(who)} is not the name of a party", f"write {_EXAMPLE}")
    if len(parts) < 2:
        raise ScenarioError("", f"{shown(who)} does nothing", f"write {_EXAMPLE}")
    if who.partition(".")[0] in calls and "." in who:
        raise ScenarioError("", f"{shown(who)} acts in another call", f"move the step to calls.{who.partition('.')[0]}")
    if who in NOT_PARTIES and who not in NOT_PEOPLE:
        hint = f"name the caller, a user, a device, {', '.join(NOT_PEOPLE)}"
        raise ScenarioError("", f"{shown(who)} is nobody who could act", hint)
    verb = _parse_own_verb(who, parts[1])
    for other, (kinds, words) in NOT_PEOPLE.items():
        if isinstance(verb, kinds) != (who == other):
            hint = f"write {other} {words if who == other else parts[1]}"
            raise ScenarioError("", f"{shown(who)} cannot do this: {shown(parts[1])}", hint)
    if isinstance(verb, Calls) and who != CALLER:
        raise ScenarioError("", f"{shown(who)} cannot place the call", "write caller calls")
    return who, verb


def _parse_own_verb(who: str, words: str) -> Verb:
    """The verb; of who is no person, an unknown one that resembles nothing gets the few that there are as a hint."""
    try:
        return parse_verb(words)
    except ScenarioError as error:
        if who not in NOT_PEOPLE or not error.hint.startswith("one of:"):
            raise
        raise ScenarioError("", error.problem, f"write {who} {NOT_PEOPLE[who][1]}") from None


def read_timeline(node: Node, calls: Collection[str] = (), *, file: str) -> tuple[Step, ...]:
    """The steps of one call, with the rules between them checked.

    `calls` are the names of the scenario's calls; `file` is the scenario's own, to whose folder sound files relate.
    """
    nodes = items(node, f"a list of steps: {_EXAMPLE}")
    steps = tuple(_step(each, calls, file) for each in nodes)
    _check_call(node, nodes, steps)
    _check_order(nodes, steps)
    return steps


def _step(node: Node, calls: Collection[str], file: str) -> Step:
    if not isinstance(node.value, dict) or len(node.value) != 1:
        several = isinstance(node.value, dict) and len(node.value) > 1
        raise node.error("several steps in one" if several else "this is not a step", f"a step is one line: {_EXAMPLE}")
    [(moment, deed)] = node.value.items()
    if not isinstance(deed.value, str) or not deed.value.isprintable():
        raise node.error(f"{shown(moment)} is not followed by who does what", f"write {_EXAMPLE}")
    with at(node):
        when = parse_moment(moment, calls)
        who, verb = parse_deed(deed.value, calls)
    if isinstance(verb, Plays):
        verb = Plays(rebase(verb.file, node.file, file))
    fixture = rebase(Path(node.file).name, node.file, file) if node.file != file else ""
    return Step(node.line, f"{moment}: {deed.value}", when, who, verb, node.where, fixture)


def _check_call(timeline: Node, nodes: Sequence[Node], steps: Sequence[Step]) -> None:
    """The call is placed once, and before it only what holds for every call may be said."""
    placed = [index for index, step in enumerate(steps) if isinstance(step.verb, Calls)]
    if not placed:
        raise timeline.error("nobody places the call", "begin with - at 0s: caller calls")
    if len(placed) > 1:
        raise nodes[placed[1]].error("the caller calls a second time", "write several calls under calls:")
    for index in range(placed[0]):
        if steps[index].who not in (STORAGE, SWITCH):
            raise nodes[index].error("a step before the call", "put it after the step with caller calls")


def _check_order(nodes: Sequence[Node], steps: Sequence[Step]) -> None:
    """Steps stand in the order of time, as far as the file alone can tell."""
    latest = At(0)
    for node, step in zip(nodes, steps, strict=True):
        if isinstance(step.when, At):
            if step.when.at_ms < latest.at_ms:
                raise node.error(f"{step.when} stands behind a step {latest}", "put the steps in the order of time")
            latest = step.when
