"""Machines in a narrow terminal: nothing of a table is lost when it becomes a list."""

from __future__ import annotations

import re
from typing import Any

import pytest

from callflow.core.delivery import DELIVERY
from callflow.core.digits import DIGIT_TABLE
from callflow.core.leg import LEG_TABLE
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.table import IMPOSSIBLE, LATE, Table
from callflow.report.machine import machine_text

TABLES = [RECORDER_TABLE, DELIVERY, LEG_TABLE, DIGIT_TABLE]


def verdicts(text: str) -> set[tuple[str, str, str]]:
    """Read a list back: state, event, and what it comes to."""
    read, state, word = set(), "", ""
    for line in text.splitlines()[:-1]:
        if not line.startswith(" "):
            state = line.split()[0]
        elif "→" in line:
            event, to = line.split("→")
            read.add((state, event.strip(), to.strip()))
        else:
            word = line.strip().partition(":")[0] if ":" in line else word
            read |= {(state, event, word) for event in re.findall(r"[A-Z_]{2,}", line)}
    return read


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_a_list_decides_every_pair(table: Table[Any, Any]) -> None:
    """Law 3: every pair of state and event is in the list, with the verdict of the table, in lines of its width."""
    text = machine_text(table, 60)
    words = {LATE: "late", IMPOSSIBLE: "impossible"}
    assert verdicts(text) == {
        (state.name, event.name, words.get(to) or to.name)
        for state in table.states
        for event, to in table.rows[state].items()
    }
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_a_table_that_fits_is_a_grid(table: Table[Any, Any]) -> None:
    """Wide terminals and pages keep the grid; a list says where the machine starts, rests, and has a timer."""
    assert machine_text(table, 500) == table.as_text()
    text = machine_text(table, 60)
    assert text.count("starts here") == 1 and text.count("may rest here") == len(table.ends)
    assert text.count("its timer sends") == len(table.timers)
