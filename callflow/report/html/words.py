"""The words of a report: a sentence for every row with the row that led to it; why each recording began and ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from attrs import define, field, frozen

from callflow.core.trace import LEG, Row
from callflow.report.because import explain, way_to
from callflow.report.past import sentences, without_asking
from callflow.report.people import People
from callflow.report.wording import printable

_SCRIPT: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@frozen
class Link:
    """One row of a chain of causes: its sentence, and the rule that decided it, "" where none did."""

    seq: int
    sentence: str
    rule: str


@frozen
class Reasons:
    """Why a recording started, ended and was thrown away, as chains; each empty where it did not happen."""

    to_start: tuple[Link, ...]
    to_end: tuple[Link, ...]
    to_throw: tuple[Link, ...]
    ended_seq: int | None


@define(eq=False)
class Words:
    """Puts the rows of a run in words, once the run is over: who is on which leg is known from its end."""

    rows: Sequence[Row]
    people: dict[str, People] = field(factory=dict, init=False)
    _dialled: dict[str, str] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Learn who is on the legs of every call, and which number was called."""
        for row in self.rows:
            detail = row.detail or {}
            self.people.setdefault(row.call_id, People()).take(row, detail)
            if row.kind == LEG and "dialled" in detail:
                self._dialled.setdefault(row.call_id, str(detail["dialled"]))

    def sentence(self, row: Row) -> str:
        """What the row says, with its time: `At 4.000 s alice answered …`."""
        if not row.call_id:
            return f"{printable(row.kind.lower())} {printable(row.name)}"
        return next(sentences((row,), self.people[row.call_id], self._dialled.get(row.call_id, "")))

    def links(self, way: Sequence[Row]) -> tuple[Link, ...]:
        """A chain of causes, first cause first, without the questions of silence listeners."""
        return tuple(Link(row.seq, self.sentence(row), printable(row.rule)) for row in without_asking(way))

    def reasons(self, call_id: str, index: int) -> Reasons:
        """The reasons behind one recording. Raises KeyError when there is none of that index."""
        told = explain(self.rows, call_id, index)
        to_start = told.to_start if told.started is not None else ()
        ended = told.ended.seq if told.ended is not None else None
        return Reasons(self.links(to_start), self.links(told.to_end), self.links(told.to_throw), ended)

    def as_data(self) -> list[list[Any]]:
        """For each row: sentence, rule, the row before it in its chain (-1: none), leg and virtual time in ms."""
        return [
            [self.sentence(row), printable(row.rule), _before(self.rows, row), row.leg, row.at_ms] for row in self.rows
        ]


def _before(rows: Sequence[Row], row: Row) -> int:
    """The row that stands before this one in every chain, without the questions of silence listeners."""
    while row.because >= 0:
        cause = rows[row.because]
        is_next = bool(row.rule) or row.at_ms == cause.at_ms  # else something may stand between the two
        row = cause if is_next else way_to(rows, row)[-2]
        if without_asking((row,)):
            return row.seq
    return -1


def script_json(value: object) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element or a line of the script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(_SCRIPT.get(each, each) for each in text)
