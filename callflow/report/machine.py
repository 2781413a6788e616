"""A machine's table for the terminal: the grid where it fits, else a list, state by state (law 3)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from callflow.core.table import IMPOSSIBLE, LATE, Table

_INDENT = "  "


def machine_text(table: Table[Any, Any], width: int) -> str:
    """The whole table, in lines of at most `width` characters wherever no single word is longer."""
    grid = str(table.as_text())
    if max(map(len, grid.splitlines())) <= width:
        return grid
    legend = "late: the event is dropped and traced; impossible: it raises"
    return "\n".join([*(line for state in table.states for line in _state_lines(table, state, width)), legend])


def _state_lines(table: Table[Any, Any], state: Any, width: int) -> Iterator[str]:
    """One state: what it is, each event that moves it, and those that come too late or never come."""
    row = table.rows[state]
    remarks = ["starts here"] if state is table.start else []
    remarks += ["may rest here"] if state in table.ends else []
    remarks += [f"its timer sends {table.timers[state].name}"] if state in table.timers else []
    yield state.name + (f" ({', '.join(remarks)})" if remarks else "")
    moves = {event.name: row[event].name for event in table.events if row[event] not in (LATE, IMPOSSIBLE)}
    widest = max(map(len, moves), default=0)
    for event, to in moves.items():
        yield f"{_INDENT}{event:<{widest}} → {to}"
    for word, verdict in (("late", LATE), ("impossible", IMPOSSIBLE)):
        names = ", ".join(event.name for event in table.events if row[event] is verdict)
        if names:
            yield from textwrap.wrap(
                f"{word}: {names}", width, initial_indent=_INDENT, subsequent_indent=2 * _INDENT, break_long_words=False
            )
