"""A moment of a run, in the words of `when` or in a word for whatever does it: `hang-up`, `time limit`, `silence` …"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from callflow.core.errors import ScenarioError
from callflow.core.trace import EVENT, INPUT, LEG, Row
from callflow.report.results import RunResult
from callflow.report.wording import cut, printable
from callflow.scenario.near_misses import nearest_event
from callflow.scenario.occurrences import parse_event
from callflow.scenario.preparing import Prepared
from callflow.scenario.witness import Witness

_ENDINGS: Final = {
    "time limit": ("time_limit",),
    "silence": ("final_silence", "initial_silence"),
    "stop": ("stop",),
}
_ROWS: Final = {
    "hang-up": (INPUT, "hangs up"),
    "answer": (LEG, "CHANNEL_ANSWER"),
    "digits": (EVENT, "DTMF"),
}

WORDS: Final = (*_ROWS, *_ENDINGS)
"""Moments that need no name of a party: the first hang-up, answer or digit of anybody; what ends a recording."""


def moment_of(text: str, prepared: Prepared, rows: Sequence[Row], result: RunResult) -> int:
    """When it first happens, in ms of the run. Raises ScenarioError when it is no moment, or never happens."""
    words = " ".join(text.split())
    where = f"--around {cut(printable(text), 60)}"
    if words in _ENDINGS:
        ends = (each for each in result.recordings if each.ended_by in _ENDINGS[words])
        times = [each.ended_ms for each in ends if each.ended_ms is not None]
        nearest = ", ".join(dict.fromkeys(each.ended_by for each in result.recordings if each.ended_by))
        if not times:
            hint = f"what ends recordings: {nearest}" if nearest else "no recording has ended at all"
            raise ScenarioError(where, "this ends no recording in the run as written", hint)
        return min(times)
    if words in _ROWS:
        kind, name = _ROWS[words]
        found = next((row.at_ms for row in rows if row.kind == kind and row.name == name), None)
        if found is None:
            raise ScenarioError(where, "this does not happen in the run as written", "name another moment")
        return found
    return _event_ms(words, where, prepared, rows)


def _event_ms(words: str, where: str, prepared: Prepared, rows: Sequence[Row]) -> int:
    ids = {call.script.name: call.id for call in prepared.calls}
    try:
        wanted = parse_event(words, tuple(name for name in ids if name))
    except ScenarioError as fault:
        raise ScenarioError(where, fault.problem, f"{fault.hint}; or one of {', '.join(WORDS)}") from None
    call_id = ids.get(wanted.call) if wanted.call else None
    witness = Witness()
    for row in rows:
        witness.observe(row)
        if call_id in (None, row.call_id) and witness.is_event(wanted):
            return row.at_ms
    sight = nearest_event(wanted, rows, call_id, {})
    hint = f"nearest: {sight}" if sight is not None else "take an event that `callflow run` shows"
    raise ScenarioError(where, "this does not happen in the run as written", hint)
