"""A table of a machine is proved before it runs: planted faults are found (design §2 laws 2, 3 and 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from callflow.core.delivery import DELIVERY
from callflow.core.leg import LEG_TABLE
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.table import IMPOSSIBLE, LATE, Table, TableFault, Word


class Lamp(Word):
    """States of a lamp."""

    OFF = "off"
    ON = "on"
    BROKEN = "broken"


class Push(Word):
    """What happens to a lamp."""

    SWITCHED = "switched"
    BURNT_OUT = "burnt out"


SOUND: dict[str, Any] = {
    "name": "lamp",
    "states": Lamp,
    "events": Push,
    "start": Lamp.OFF,
    "ends": frozenset({Lamp.BROKEN}),
    "moves": (
        (Lamp.OFF, Push.SWITCHED, Lamp.ON),
        (Lamp.ON, Push.SWITCHED, Lamp.OFF),
        (Lamp.ON, Push.BURNT_OUT, Lamp.BROKEN),
    ),
    "late": {Lamp.BROKEN: (Push.SWITCHED,)},
    "impossible": {Lamp.OFF: (Push.BURNT_OUT,), Lamp.BROKEN: (Push.BURNT_OUT,)},
    "timers": {Lamp.ON: Push.BURNT_OUT},
}

STAYS_ON = (*SOUND["moves"][:1], (Lamp.ON, Push.SWITCHED, Lamp.ON), (Lamp.ON, Push.BURNT_OUT, Lamp.ON))

FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "double": (
        {"late": {Lamp.BROKEN: (Push.SWITCHED,), Lamp.ON: (Push.SWITCHED,)}},
        ["(ON, SWITCHED) is decided twice"],
    ),
    "double verdict": (
        {"impossible": {**SOUND["impossible"], Lamp.BROKEN: (Push.BURNT_OUT, Push.SWITCHED)}},
        ["(BROKEN, SWITCHED) is decided twice"],
    ),
    "double move": (
        {"moves": (*SOUND["moves"], (Lamp.ON, Push.BURNT_OUT, Lamp.OFF))},
        ["(ON, BURNT_OUT) is decided twice"],
    ),
    "missing pair": ({"late": {}}, ["(BROKEN, SWITCHED) is not decided"]),
    "unreachable state": ({"moves": STAYS_ON}, ["BROKEN cannot be reached from OFF"]),
    "dead end": (
        {"moves": STAYS_ON},
        ["OFF is a dead end: no way to an end state", "ON is a dead end: no way to an end state"],
    ),
    "timer that moves nothing": (
        {"timers": {Lamp.ON: Push.BURNT_OUT, Lamp.OFF: Push.BURNT_OUT}},
        ["the timer of OFF sends BURNT_OUT, which does not move it"],
    ),
    "timer that nobody arms": (
        {"timers": {Lamp.ON: Push.SWITCHED}},
        ["(OFF, SWITCHED) waits for a timer that OFF does not arm"],
    ),
}


def test_a_sound_table_has_no_faults() -> None:
    """Law 3: a complete and sound table passes, and every pair can be looked up."""
    table = Table(**SOUND)
    assert table.check() == ()
    assert table.rows[Lamp.OFF] == {Push.SWITCHED: Lamp.ON, Push.BURNT_OUT: IMPOSSIBLE}
    assert table.rows[Lamp.ON] == {Push.SWITCHED: Lamp.OFF, Push.BURNT_OUT: Lamp.BROKEN}
    assert table.rows[Lamp.BROKEN] == {Push.SWITCHED: LATE, Push.BURNT_OUT: IMPOSSIBLE}


@pytest.mark.parametrize("planted", FAULTS)
def test_a_planted_fault_is_found(planted: str) -> None:
    """Law 3: a double, a missing pair, an unreachable state, a dead end, an orphan timer: refused, in words."""
    changes, expected = FAULTS[planted]
    with pytest.raises(TableFault) as refused:
        Table(**{**SOUND, **changes})
    assert str(refused.value).startswith("table lamp: ")
    for fault in expected:
        assert fault in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    """Law 3: whoever writes a table sees every fault of it, not the first."""
    with pytest.raises(TableFault) as refused:
        Table(**{**SOUND, "moves": SOUND["moves"][:1], "timers": {}})
    assert str(refused.value).count(";") == 4  # two pairs undecided, BROKEN unreachable, OFF and ON dead ends


def test_words_are_told_apart_by_identity() -> None:
    """Law 2: words of two tables never meet in a look-up, and each hashes as itself."""
    assert len({Lamp.ON, Lamp.OFF, Push.SWITCHED, LATE, IMPOSSIBLE}) == 5
    assert hash(Lamp.ON) == object.__hash__(Lamp.ON)


def test_text_shows_every_pair() -> None:
    """Law 3: the printed table has a row a state and a column an event, with its verdicts, timers and a legend."""
    assert Table(**SOUND).as_text().splitlines() == [
        "         SWITCHED  BURNT_OUT",
        "OFF      ON        !",
        "ON       OFF       BROKEN",
        "BROKEN*  .         !",
        "timer of ON: BURNT_OUT",
        "starts in OFF; * may rest here; . late (dropped, traced); ! impossible (raises)",
    ]


def test_mermaid_shows_the_moves() -> None:
    """Law 3: the diagram has the start, every move and every end."""
    assert Table(**SOUND).as_mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> OFF",
        "    OFF --> ON: SWITCHED",
        "    ON --> OFF: SWITCHED",
        "    ON --> BROKEN: BURNT_OUT",
        "    BROKEN --> [*]",
    ]


def test_print_and_diagram_follow_the_object() -> None:
    """Law 3: what is printed, drawn and looked up is one object: a changed move shows in all three."""
    moves = (*SOUND["moves"][:2], (Lamp.ON, Push.BURNT_OUT, Lamp.OFF), (Lamp.OFF, Push.BURNT_OUT, Lamp.BROKEN))
    table = evolve(Table(**{**SOUND, "timers": {}}), moves=moves, impossible={Lamp.BROKEN: (Push.BURNT_OUT,)})
    assert table.rows[Lamp.OFF][Push.BURNT_OUT] is Lamp.BROKEN
    assert "OFF      ON        BROKEN" in table.as_text().splitlines()
    assert "    OFF --> BROKEN: BURNT_OUT" in table.as_mermaid().splitlines()


@pytest.mark.parametrize("table", [LEG_TABLE, RECORDER_TABLE, DELIVERY], ids=lambda table: str(table.name))
def test_tables_are_data(table: Table[Any, Any]) -> None:
    """Law 7: a table holds words only; a guard would be something that can be called."""
    words = [word for move in table.moves for word in move]
    words += [word for listed in (table.late, table.impossible) for state in listed for word in (state, *listed[state])]
    assert all(isinstance(word, Word) and not isinstance(word, Callable) for word in words)  # type: ignore[arg-type]
    assert table.check() == ()
