"""A machine's table as a picture: a row an event, a column a state, in each cell where the event leads (law 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from callflow.core.table import LATE, Table
from callflow.report.svg import LETTER_WIDTH, LINE, PALE, picture, text_svg

_TOP: Final = 76
_ROW: Final = 26
_LEFT: Final = 16
_MOVES, _STAYS, _LATE, _NEVER = "#dbe8fb", "#e3f3ea", "#f3f5f8", "#ffffff"


def machine_svg(table: Table[Any, Any]) -> str:
    """The picture as the text of an SVG document, without a final line break.

    A filled cell names the next state; `late` is an event that comes too late, an empty cell one that cannot come.
    """
    states: list[Any] = [*table.states.__members__.values()]
    events: list[Any] = [*table.events.__members__.values()]
    named = _LEFT + LETTER_WIDTH * 9 // 8 * max(len(event.name) for event in events) + 28
    wide = LETTER_WIDTH * max(len(state.name) for state in states) + 22
    width, height = named + wide * len(states) + 16, _TOP + _ROW * len(events) + 40
    parts = [
        text_svg(_LEFT, 24, f"{table.name}: what each event does in each state", size=14, weight="bold"),
        *_heads(table, named, wide),
    ]
    for row, event in enumerate(events):
        y = _TOP + row * _ROW
        parts.append(text_svg(_LEFT, y + 17, event.name))
        for column, state in enumerate(states):
            parts += _cell(table, state, event, named + column * wide, y, wide)
    legend = "blue: moves to that state; green: stays; late: dropped and traced; empty: cannot come, and raises"
    parts.append(text_svg(_LEFT, height - 14, legend, fill=PALE, name="pale", size=11))
    return picture(max(width, 9 * len(legend) // 1.3), height, f"Table of the {table.name} machine", parts)


def _heads(table: Table[Any, Any], left: int, wide: int) -> Iterator[str]:
    """The states, with where the machine starts and may rest, and what their timers send."""
    for column, state in enumerate(table.states.__members__.values()):
        middle = left + column * wide + wide / 2
        notes = ["starts here"] if state is table.start else ["may rest here"] if state in table.ends else []
        notes += ["has a timer"] if state in table.timers else []
        yield text_svg(middle, _TOP - 24, state.name, anchor="middle", weight="bold")
        yield text_svg(middle, _TOP - 9, ", ".join(notes), anchor="middle", fill=PALE, name="pale", size=10)


def _cell(table: Table[Any, Any], state: Any, event: Any, x: int, y: int, wide: int) -> Iterator[str]:
    step, verdict = table.steps[state][event], table.rows[state][event]
    if step is not None:
        look, fill, words = ("stays", _STAYS, "stays") if verdict is state else ("moves", _MOVES, step[0].name)
    else:
        look, fill, words = ("late", _LATE, "late") if verdict is LATE else ("never", _NEVER, "")
    box = f"x='{x + 1}' y='{y + 1}' width='{wide - 2}' height='{_ROW - 2}' rx='3'"
    yield f"<rect class='cell-{look}' {box} fill='{fill}' stroke='{LINE}' stroke-width='0.5'/>"
    if words:
        name = "pale" if look == "late" else "ink"
        colour = {"fill": PALE} if look == "late" else {}
        yield text_svg(x + wide / 2, y + 17, words, anchor="middle", name=name, size=11, **colour)
