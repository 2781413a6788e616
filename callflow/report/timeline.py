"""The timeline: when, on which leg, what happened in plain words, and why; for live runs, row by row."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from attrs import define, field, frozen

from callflow.core.trace import AUDIO, CALL, DELIVERY, INPUT, LEG, NODE, RECORDER, TRACE, Row
from callflow.report.happenings import People, Style, audio_format, happening, input_words
from callflow.report.wording import clock, printable

_TIME_WIDTH: Final = 9
_LEG_WIDTH: Final = 4
_GAP: Final = "  "
_NARROWEST: Final = 40


@frozen
class TimelineLine:
    """One line: `what` happened and `why` ("" when the line before says it), both safe to print, `leg` as in the trace.

    `call` counts the calls of the run from 1; `at_ms` is the run's virtual time.
    """

    at_ms: int
    leg: str
    what: str
    why: str
    style: Style
    call: int = 1


def timeline(rows: Iterable[Row]) -> Iterator[TimelineLine]:
    """The lines of a run, each as soon as its row is read."""
    fold = Timeline()
    for row in rows:
        line = fold.take(row)
        if line is not None:
            yield line


@define(eq=False)
class _Call:
    """What later lines of a call refer to: who is on its legs, its rows, and the words that they got."""

    number: int
    people: People = field(factory=People)
    rows: dict[int, Row] = field(factory=dict)
    words: dict[int, str] = field(factory=dict)
    formats: dict[int, str] = field(factory=dict)
    nodes_run: int = 0


@define(eq=False)
class Timeline:
    """The fold behind `timeline`."""

    _calls: dict[str, _Call] = field(factory=dict, init=False)

    def take(self, row: Row) -> TimelineLine | None:
        """The line of the next row, None when nobody wants to read it."""
        if row.kind == TRACE:
            return None
        call = self._calls.get(row.call_id)
        if call is None:
            call = self._calls[row.call_id] = _Call(len(self._calls) + 1)
        detail: Mapping[str, Any] = row.detail or {}
        call.rows[row.seq] = row
        if row.kind == LEG and row.name == "CHANNEL_CREATE":
            call.people.greet(row, detail)
        elif row.kind == RECORDER and row.name == "ARMED":
            described = audio_format(detail["format"], detail["channels"], detail["sample_rate"])
            call.formats[detail["recording"]] = printable(described)
        told = happening(row, call.people, call.rows.get(row.because))
        if row.kind == CALL:
            _forget(call)
        if told is None:
            return None
        what, style = told
        if row.kind == RECORDER and detail.get("to") == "RECORDING":
            what += f" ({call.formats[detail['recording']]})"
        elif row.kind == NODE:
            call.nodes_run += 1
            what = f"node {call.nodes_run}: {what}"
        if row.kind != AUDIO:  # that one sound follows another explains nothing
            call.words[row.seq] = what.partition(" after ")[0]
        why = _hung_up_by(row, detail) or _why(call, row)
        return TimelineLine(row.at_ms, row.leg, what, "" if what.startswith(why) else why, style, call.number)


def _hung_up_by(row: Row, detail: Mapping[str, Any]) -> str:
    """Who ended the call, where the hang-up itself does not say it."""
    if row.kind != LEG or row.name != "CHANNEL_DESTROY" or row.leg != "A":
        return ""
    by = detail["by"]
    return "" if by in ("", "caller") else f"hung up by {'the flow' if by == 'flow' else printable(by)}"


def _why(call: _Call, row: Row) -> str:
    """The rule that decided the row, else the nearest cause that has one or that a reader has seen.

    A file is stored because it was sent: there is nothing to say.
    """
    if row.kind == DELIVERY and not row.rule:
        return ""
    while not row.rule:
        cause = call.rows.get(row.because)
        if cause is None:
            return ""
        if cause.kind == INPUT:
            return input_words(cause, call.people)
        if cause.seq in call.words:
            return call.words[cause.seq]
        row = cause
    return printable(row.rule)


def _forget(call: _Call) -> None:
    """The call has ended: what comes later, its deliveries, refers to nothing in it."""
    call.rows.clear()
    call.words.clear()


def line_text(line: TimelineLine, width: int = 100) -> str:
    """The line in columns, time, leg, what and why, at most `width` characters wide; long texts go on below."""
    leg = line.leg if line.call == 1 else f"{line.call}:{line.leg}"
    room = max(_NARROWEST, width - _TIME_WIDTH - _LEG_WIDTH - 3 * len(_GAP))
    what_width = room * 3 // 5
    what = _wrapped(line.what, what_width) or [""]
    why = _wrapped(line.why, room - what_width)
    texts = []
    for place, (left, right) in enumerate(zip_longest(what, why, fillvalue="")):
        start = f"{clock(line.at_ms):>{_TIME_WIDTH}}{_GAP}{leg:<{_LEG_WIDTH}}" if place == 0 else ""
        texts.append(f"{start:<{_TIME_WIDTH + len(_GAP) + _LEG_WIDTH}}{_GAP}{left:<{what_width}}{_GAP}{right}".rstrip())
    return "\n".join(texts)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)


def timeline_text(rows: Iterable[Row], width: int = 100) -> str:
    """The whole timeline as text, without a final line break."""
    return "\n".join(line_text(line, width) for line in timeline(rows))


def because_chain(rows: Sequence[Row], seq: int) -> tuple[Row, ...]:
    """The row `seq` of a trace, the row that caused it, and so on back to an INPUT row or to one without a cause.

    Raises ValueError when the trace has no such row.
    """
    by_seq = {row.seq: row for row in rows}
    if seq not in by_seq:
        raise ValueError(f"row {seq}: not in the trace; it has {len(rows)} rows")
    chain = [by_seq[seq]]
    while chain[-1].kind != INPUT and chain[-1].because in by_seq and chain[-1].because < chain[-1].seq:
        chain.append(by_seq[chain[-1].because])
    return tuple(chain)
