"""The three tables of the core, cell by cell, against what the rules say (design §4; B§3, B§6, B§8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callflow.core.delivery import DELIVERY
from callflow.core.leg import LEG_TABLE
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.table import LATE, Table, Verdict

TABLES: dict[str, Table[Any, Any]] = {"leg": LEG_TABLE, "recorder": RECORDER_TABLE, "delivery": DELIVERY}

# One row a state; a cell is the next state, `.` late, `!` impossible. Written by hand, not printed by the product.
EXPECTED = {
    # A leg rings, has media, is answered, bridged, held, gone; the switch never bridges what it has not answered.
    "leg": """
                  PROGRESS PROGRESS_MEDIA ANSWER   BRIDGE  UNBRIDGE HOLD UNHOLD  DESTROY
        NEW       RINGING  EARLY          ANSWERED !       !        !    !       GONE
        RINGING   .        EARLY          ANSWERED !       !        !    !       GONE
        EARLY     .        .              ANSWERED !       !        !    !       GONE
        ANSWERED  .        .              .        BRIDGED .        .    .       GONE
        BRIDGED   .        .              .        !       ANSWERED HELD .       GONE
        HELD      .        .              .        !       ANSWERED .    BRIDGED GONE
        GONE      .        .              .        !       .        .    .       .
    """,
    # MUFFLED: PAUSED_AND_MASKED; NEVER: NEVER_STARTED; DROP: DISCARDED; TRIG: triggered; STA: RECORD_START; TAKEN:
    # NAME_TAKEN; NOFILE: START_FAILED; ASKED: STOP_REQUESTED; LIMIT, QUIET, DIGIT, WRITE: only a running one sends
    # them; LEG: LEG_GONE; KEPT, GONE: RECORD_STOP with the file kept or removed; MUTE: STOP_UNCONFIRMED; AGAIN:
    # THROWN_AWAY. Limit, stop, digit and the leg's end find a paused one too, silence and a failed write do not.
    "recorder": """
            TRIG STA TAKEN NOFILE MASK    UNMASK PAUSE   RESUME ASKED LIMIT QUIET DIGIT WRITE LEG  KEPT GONE MUTE AGAIN
  ARMED     STARTING !  NEVER !      .       .      .       .      NEVER !     !     !     !     NEVER !   !    !    !
  STARTING  .  RECORDING !    LOST   .       .      .       .      STOP  !     !     !     !     STOP FIN  DROP !    !
  RECORDING .    .      !     !      MASKED  .      PAUSED  .      STOP  STOP  STOP  STOP  STOP  STOP FIN  DROP !    !
  PAUSED    .    .      !     !      MUFFLED .      .    RECORDING STOP  STOP  .     STOP  .     STOP FIN  DROP !    !
  MASKED    .    .      !     !      .    RECORDING MUFFLED .      STOP  STOP  STOP  STOP  STOP  STOP FIN  DROP !    !
  MUFFLED   .    .      !     !      .       PAUSED .       MASKED STOP  STOP  .     STOP  .     STOP FIN  DROP !    !
  STOP      .    .      !     LOST   .       .      .       .      .     .     .     .     .     .    FIN  DROP LOST !
  FIN       .    .      !     .      .       .      .       .      .     .     .     .     .     .    .    .    .   DROP
  DROP      .    .      !     .      .       .      .       .      .     .     .     .     .     .    .    .    .    .
  NEVER     .    !      !     !      .       .      .       .      .     !     !     !     !     .    !    !    !    !
  LOST      .    .      !     !      .       .      .       .      .     .     .     .     .     .    .    .    !    !
    """,
    # A second finish of one file is late everywhere: it must not store it twice (C10). DOC: METADATA, WAITDOC:
    # WAITING_METADATA; NOTYET: METADATA_TRY_FAILED, NEVER: METADATA_FAILED.
    "delivery": """
                      SAVED   NOTYET  NEVER  UNWANTED   ACCEPTED FAILED        LAST_FAILED DUE     AGAIN
        DOC           SENDING WAITDOC FAILED NOT_STORED !        !             !           !       .
        WAITDOC       !       !       !      !          !        !             !           DOC     .
        SENDING       !       !       !      !          STORED   WAITING_RETRY FAILED      !       .
        WAITING_RETRY !       !       !      !          .        .             .           SENDING .
        STORED        !       !       !      !          .        .             .           !       .
        FAILED        !       !       !      !          .        .             .           !       .
        NOT_STORED    !       !       !      !          !        !             !           !       .
    """,
}

SHORT = {
    "NEVER": "NEVER_STARTED",
    "DROP": "DISCARDED",
    "STOP": "STOPPING",
    "FIN": "FINISHED",
    "MUFFLED": "PAUSED_AND_MASKED",
    "DOC": "METADATA",
    "WAITDOC": "WAITING_METADATA",
}

EVENTS = {
    "leg": "CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HOLD"
    " CHANNEL_UNHOLD CHANNEL_DESTROY",
    "recorder": "TRIGGERED RECORD_START NAME_TAKEN START_FAILED RECORD_MASK RECORD_UNMASK RECORD_PAUSE RECORD_RESUME"
    " STOP_REQUESTED LIMIT_REACHED SILENCE_DETECTED DIGIT_PRESSED WRITE_FAILED LEG_GONE"
    " RECORD_STOP RECORD_STOP_UNWANTED STOP_UNCONFIRMED THROWN_AWAY",
    "delivery": "METADATA_SAVED METADATA_TRY_FAILED METADATA_FAILED UNWANTED ACCEPTED TRY_FAILED LAST_TRY_FAILED"
    " RETRY_DUE FINISHED_AGAIN",
}


def cells() -> Iterator[tuple[str, str, str, str]]:
    """Yield (table, state, event, cell) of the expectation."""
    for table, text in EXPECTED.items():
        _, *rows = text.strip().splitlines()
        for row in rows:
            state, *verdicts = row.split()
            for event, verdict in zip(EVENTS[table].split(), verdicts, strict=True):
                yield table, SHORT.get(state, state), event, SHORT.get(verdict, verdict)


@pytest.mark.parametrize(("table", "state", "event", "cell"), list(cells()))
def test_cell(table: str, state: str, event: str, cell: str) -> None:
    """Law 3 and design §4: this event in this state does what the rules say."""
    made = TABLES[table]
    found = made.rows[made.states[state]][made.events[event]]
    shown = {".": LATE.name, "!": "IMPOSSIBLE"}.get(cell, cell)
    assert found.name == shown
    assert isinstance(found, Verdict) == (cell in ".!")


@pytest.mark.parametrize("table", TABLES)
def test_no_state_and_no_event_is_left_out(table: str) -> None:
    """Law 3: the expectation above covers the whole table."""
    made = TABLES[table]
    named = {(state, event) for name, state, event, _ in cells() if name == table}
    assert named == {(state.name, event.name) for state in made.states for event in made.events}


@pytest.mark.parametrize(
    ("table", "start", "ends", "timers"),
    [
        ("leg", "NEW", {"GONE"}, {}),
        (
            "recorder",
            "ARMED",
            {"FINISHED", "DISCARDED", "NEVER_STARTED", "LOST"},
            dict.fromkeys(("RECORDING", "PAUSED", "MASKED", "PAUSED_AND_MASKED"), "LIMIT_REACHED"),
        ),
        (
            "delivery",
            "METADATA",
            {"STORED", "FAILED", "NOT_STORED"},
            dict.fromkeys(("WAITING_METADATA", "WAITING_RETRY"), "RETRY_DUE"),
        ),
    ],
)
def test_where_it_starts_and_may_rest(table: str, start: str, ends: set[str], timers: dict[str, str]) -> None:
    """Design §4: the states in which each machine begins and may end, and the timer that it has."""
    made = TABLES[table]
    assert made.start.name == start
    assert {state.name for state in made.ends} == ends
    assert {state.name: event.name for state, event in made.timers.items()} == timers


@pytest.mark.parametrize("table", TABLES)
def test_printed_table_is_the_table(table: str) -> None:
    """Law 3: reading the printed grid back gives what the core looks up."""
    made = TABLES[table]
    header, *lines = made.as_text().splitlines()
    assert header.split() == EVENTS[table].split()
    for line in lines[: len(made.rows)]:
        state, *verdicts = line.split()
        looked_up = made.rows[made.states[state.rstrip("*")]]
        shown = {"LATE": ".", "IMPOSSIBLE": "!"}
        assert verdicts == [shown.get(looked_up[event].name, looked_up[event].name) for event in made.events]


@pytest.mark.parametrize("table", TABLES)
def test_drawn_moves_are_the_moves(table: str) -> None:
    """Law 3: the diagram draws every move that is looked up, and nothing else."""
    made = TABLES[table]
    drawn = {line.strip() for line in made.as_mermaid().splitlines() if ": " in line}
    looked_up = {
        f"{state.name} --> {to.name}: {event.name}"
        for state, row in made.rows.items()
        for event, to in row.items()
        if not isinstance(to, Verdict)
    }
    assert drawn == looked_up
