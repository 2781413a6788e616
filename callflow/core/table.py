"""State machines as data: every (state, event) pair is decided in writing (design §2.2, §2.3).

A `Table` is checked when it is made, printed by `as_text`, drawn by `as_mermaid` and looked up by the core: one object,
so that documentation and behaviour cannot part. There is no default row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, Generic, TypeVar

from attrs import field, frozen


class Word(Enum):
    """Base of the states and events of tables: an enum that hashes by identity.

    Enum's own `__hash__` is Python code; a table look-up with it takes about twice as long.
    """

    __hash__ = object.__hash__


class Verdict(Word):
    """What a table says of an event that moves nothing."""

    LATE = "late"
    """The event came after what it was about is over: it is dropped, and traced."""
    IMPOSSIBLE = "impossible"
    """The event cannot come in this state: whoever sent it has a bug, and `ImpossibleEvent` is raised."""


LATE: Final = Verdict.LATE
IMPOSSIBLE: Final = Verdict.IMPOSSIBLE

S = TypeVar("S", bound=Word)
E = TypeVar("E", bound=Word)


class TableFault(ValueError):
    """A table is not complete or not sound; the message lists every fault that `Table.check` found."""


@frozen(eq=False)
class Table(Generic[S, E]):
    """One machine: its states and events, and what each event does in each state.

    `moves` are (state, event, next state); `late` and `impossible` name, per state, the events of that verdict;
    `timers` maps a state to the event that its own timer sends (armed on entry, void on exit); `ends` are the states
    in which the machine may rest for ever. Making a table checks it: `TableFault` is raised for a faulty one.
    """

    name: str
    states: type[S]
    events: type[E]
    start: S
    ends: frozenset[S]
    moves: tuple[tuple[S, E, S], ...]
    late: Mapping[S, tuple[E, ...]] = field(factory=dict)
    impossible: Mapping[S, tuple[E, ...]] = field(factory=dict)
    timers: Mapping[S, E] = field(factory=dict)
    rows: Mapping[S, Mapping[E, S | Verdict]] = field(init=False, repr=False)
    steps: Mapping[S, Mapping[E, tuple[S, str, Mapping[str, str]] | None]] = field(init=False, repr=False)
    kind: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a table that does not pass `check`; build the look-up rows and what the trace shows of each move.

        `steps` holds (next state, the event's name, from and to), or None for a verdict, because a run writes a row
        for every move and an enum's `name` is slow; `kind` is the kind of those rows.
        """
        faults = self.check()
        if faults:
            raise TableFault(f"table {self.name}: " + "; ".join(faults))
        rows: dict[S, dict[E, S | Verdict]] = {state: {} for state in self.states}
        for state, event, verdict in self._cells():
            rows[state][event] = verdict
        steps = {state: {event: _step(state, event, to) for event, to in row.items()} for state, row in rows.items()}
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "kind", self.name.upper())

    def _cells(self) -> Iterable[tuple[S, E, S | Verdict]]:
        yield from self.moves
        for verdict, listed in ((LATE, self.late), (IMPOSSIBLE, self.impossible)):
            for state, events in listed.items():
                for event in events:
                    yield state, event, verdict

    def check(self) -> tuple[str, ...]:
        """Every fault of the table, in words: doubles, missing pairs, unreachable states, dead ends, orphan timers."""
        faults: list[str] = []
        seen: set[tuple[S, E]] = set()
        for state, event, _ in self._cells():
            if (state, event) in seen:
                faults.append(f"({state.name}, {event.name}) is decided twice")
            seen.add((state, event))
        for state in self.states:
            faults += [f"({state.name}, {e.name}) is not decided" for e in self.events if (state, e) not in seen]
        forward: dict[S, set[S]] = {state: set() for state in self.states}
        backward: dict[S, set[S]] = {state: set() for state in self.states}
        for state, _, to in self.moves:
            forward[state].add(to)
            backward[to].add(state)
        reached = _closure({self.start}, forward)
        faults += [
            f"{state.name} cannot be reached from {self.start.name}" for state in self.states if state not in reached
        ]
        ending = _closure(set(self.ends), backward)
        faults += [
            f"{state.name} is a dead end: no way to an end state" for state in self.states if state not in ending
        ]
        return tuple(faults + list(self._timer_faults()))

    def _timer_faults(self) -> Iterable[str]:
        moves = {(state, event) for state, event, _ in self.moves}
        for state, event in self.timers.items():
            if (state, event) not in moves:
                yield f"the timer of {state.name} sends {event.name}, which does not move it"
        armed = {
            event: [state for state, sent in self.timers.items() if sent is event] for event in self.timers.values()
        }
        for state, event, _ in self.moves:
            if event in armed and state not in armed[event]:
                yield f"({state.name}, {event.name}) waits for a timer that {state.name} does not arm"

    def as_text(self) -> str:
        """The table as a grid: a row a state, a column an event; `.` is late, `!` impossible, `*` an end state."""
        header = ["", *(event.name for event in self.events)]
        lines = [header]
        for state in self.states:
            cells = [_cell_text(self.rows[state][event]) for event in self.events]
            lines.append([state.name + ("*" if state in self.ends else ""), *cells])
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        grid = [
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        timers = [f"timer of {state.name}: {event.name}" for state, event in self.timers.items()]
        legend = f"starts in {self.start.name}; * may rest here; . late (dropped, traced); ! impossible (raises)"
        return "\n".join([*grid, *timers, legend])

    def as_mermaid(self) -> str:
        """The moves as a mermaid state diagram; late and impossible pairs are in `as_text` only."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start.name}"]
        lines += [f"    {state.name} --> {to.name}: {event.name}" for state, event, to in self.moves]
        lines += [f"    {state.name} --> [*]" for state in self.states if state in self.ends]
        return "\n".join(lines)


def _step(state: S, event: E, to: S | Verdict) -> tuple[S, str, Mapping[str, str]] | None:
    return None if isinstance(to, Verdict) else (to, event.name, {"from": state.name, "to": to.name})


def _cell_text(verdict: Word) -> str:
    if verdict is LATE:
        return "."
    return "!" if verdict is IMPOSSIBLE else verdict.name


def _closure(start: set[S], edges: Mapping[S, set[S]]) -> set[S]:
    found, waiting = set(start), list(start)
    while waiting:
        for following in edges[waiting.pop()] - found:
            found.add(following)
            waiting.append(following)
    return found
