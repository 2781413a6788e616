"""Why a recording started and ended when it did: the rows that led there, told from the scenario's step on (law 5).

Every row names the row that caused it; following these from a recorder's row leads back to the step of the scenario
that began it all. Each link becomes a sentence, with the rule that decided it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from callflow.core.recorder import RecorderState
from callflow.core.trace import RECORDER, WARNING, Row

_ENDS: Final = frozenset(
    each.name
    for each in (RecorderState.FINISHED, RecorderState.DISCARDED, RecorderState.NEVER_STARTED, RecorderState.LOST)
)

_ON_THE_WAY: Final = frozenset({RecorderState.STARTING.name, RecorderState.STOPPING.name})


@frozen
class Explanation:
    """One recording's rows and the ways to them: `armed`, `started` (None: never), `ended` and `thrown` move it.

    `to_start` leads to the row that started it, to the one that armed it where it never started, `to_end` to the row
    that closed it, `to_throw` to the one that threw a finished take away, if any did. `remarks` are the rows that say
    something else about it: pauses, masks, warnings, stops that did nothing.
    """

    armed: Row
    started: Row | None
    ended: Row | None
    thrown: Row | None
    to_start: tuple[Row, ...]
    to_end: tuple[Row, ...]
    to_throw: tuple[Row, ...]
    remarks: tuple[Row, ...]


def explain(rows: Sequence[Row], call_id: str, index: int) -> Explanation:
    """The explanation of a call's recording of that index; `rows` are the whole trace. Raises KeyError: no such one."""
    own = [row for row in rows if row.call_id == call_id and (row.detail or {}).get("recording") == index]
    moves = [row for row in own if row.kind == RECORDER and _to(row)]
    if not moves:
        raise KeyError(f"recording {index} of call {call_id}")
    armed = moves[0]
    started = next((row for row in moves if _to(row) == "RECORDING"), None)
    ended, thrown = [*(row for row in moves if _to(row) in _ENDS), None, None][:2]
    expected = (armed, started, ended, thrown, *(row for row in moves if _to(row) in _ON_THE_WAY))
    return Explanation(
        armed,
        started,
        ended,
        thrown,
        way_to(rows, started or armed),
        way_to(rows, ended) if ended is not None else (),
        way_to(rows, thrown) if thrown is not None else (),
        tuple(row for row in own if row.kind in (RECORDER, WARNING) and row not in expected),
    )


def _to(row: Row) -> str:
    """The state that the row moved its recorder to, "" when it moved nothing."""
    return str((row.detail or {}).get("to", ""))


def way_to(rows: Sequence[Row], row: Row) -> tuple[Row, ...]:
    """The rows that led to `row`, itself last: each is the cause of the next, or was the last thing before it.

    A timer's row names the row that set the timer; what the timer did first, a phone that stopped ringing, is then
    between the two although it is nobody's cause.
    """
    way = [row]
    while row.because >= 0:
        cause = rows[row.because]
        between = _between(rows, cause, row)
        if between is not None:
            way.append(between)
        way.append(cause)
        row = cause
    return tuple(way[::-1])


def _between(rows: Sequence[Row], cause: Row, row: Row) -> Row | None:
    """The last row of the same moment and cause that a rule decided, where time passed and the row has none itself."""
    if row.rule or row.at_ms == cause.at_ms:
        return None
    for seq in range(row.seq - 1, cause.seq, -1):
        other = rows[seq]
        if other.at_ms != row.at_ms:
            return None
        if other.because == cause.seq and other.rule and other.call_id == row.call_id:
            return other
    return None


def rules_of(explanation: Explanation) -> Iterator[str]:
    """Every rule that ordered it or is named on the ways, each once, in their order."""
    ways = (explanation.armed, *explanation.to_start, *explanation.to_end, *explanation.to_throw, *explanation.remarks)
    yield from dict.fromkeys(row.rule for row in ways if row.rule)
