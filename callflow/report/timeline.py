"""The timeline: when, on which leg, what happened in plain words, and why; for live runs, row by row."""

from __future__ import annotations

import textwrap
from collections import OrderedDict
from collections.abc import Collection, Mapping
from itertools import zip_longest
from typing import Any, Final

from attrs import define, evolve, field, frozen

from callflow.core.trace import AUDIO, CALL, DELIVERY, INPUT, LEG, NODE, RECORDER, REQUEST, TRACE, Row
from callflow.report.happenings import Style, audio_format, happening, input_words
from callflow.report.people import People
from callflow.report.wording import clock, cut, printable

_TIME_WIDTH: Final = 9
_LEG_WIDTH: Final = 4
_GAP: Final = "  "
_NARROWEST: Final = 40
_LONGEST_NAME: Final = 12

_REMEMBERED: Final = 10_000
"""Rows of a call that later ones may name as their cause; for older ones the node stands in."""

_OF_THE_ACCOUNT: Final = ("call_recording.", "record_call=")

_FRESH_MS: Final = 1_000
"""What happened longer ago explains nothing to a reader; the node that runs does."""


@frozen
class TimelineLine:
    """One line: `what` happened and `why` ("" when the line before says it), both safe to print, `leg` as in the trace.

    `call` is the call's name; without names, the second call and the ones after it have their number, counted from 1.
    `at_ms` is the run's virtual time.
    """

    at_ms: int
    leg: str
    what: str
    why: str
    style: Style
    call: str = ""


@frozen
class _Cause:
    """What a row says as the reason of others, and since when; a node's reason `lasts`. `step` is an INPUT row."""

    text: str
    at_ms: int
    lasts: bool = False
    step: Row | None = None


@define(eq=False)
class _Call:
    """What later lines of a call refer to: its name, who is on its legs, what its rows explain, the node that runs."""

    name: str
    people: People
    causes: OrderedDict[int, _Cause] = field(factory=OrderedDict)
    formats: dict[int, str] = field(factory=dict)
    ordered_by: dict[int, str] = field(factory=dict)
    """By recording, the setting of the account that recorded it, where no node did."""
    nodes_run: int = 0
    node: str = ""


@define(eq=False)
class Timeline:
    """The lines of a run, each as soon as its row is read.

    `names` has the calls' names by call id; `with_phones` the parties that have several phones, so that each can be
    named with its phone from its first ring on.
    """

    names: Mapping[str, str] = field(factory=dict)
    with_phones: Collection[str] = ()
    _calls: dict[str, _Call] = field(factory=dict, init=False)

    @property
    def leg_width(self) -> int:
        """The width of the column that has the leg, and the call's name before it."""
        longest = max(map(len, self.names.values()), default=0)
        return _LEG_WIDTH + min(longest, _LONGEST_NAME)

    def take(self, row: Row) -> TimelineLine | None:
        """The line of the next row, None when nobody wants to read it."""
        if row.kind == TRACE:
            return None
        call = self._calls.get(row.call_id)
        if call is None:
            call = self._calls[row.call_id] = self._new_call(row.call_id)
        detail: Mapping[str, Any] = row.detail or {}
        call.people.take(row, detail)
        if row.kind == RECORDER and row.name == "ARMED":
            described = audio_format(detail["format"], detail["channels"], detail["sample_rate"])
            call.formats[detail["recording"]] = printable(described)
            if detail["starts"] == "at once" and row.rule.startswith(_OF_THE_ACCOUNT):
                call.ordered_by[detail["recording"]] = printable(row.rule)
        cause = call.causes.get(row.because)
        told = happening(row, call.people, cause.step if cause is not None else None)
        if row.kind == CALL:
            _forget(call)
        if told is None:
            _remember(call, row, cause, "")
            return None
        what, style = told
        because = ""
        if row.kind == RECORDER and row.name == "RECORD_START":
            what += f" ({call.formats[detail['recording']]})"
            because = call.ordered_by.get(detail["recording"], "")
        elif row.kind == NODE:
            call.nodes_run += 1
            what = f"node {call.nodes_run}: {what}"
        if cause is not None and _is_own_end(row, cause):
            cause = call.causes[row.because] = evolve(cause, text=what.partition(":")[0])
        why = because or _hung_up_by(call, row, detail) or _why(call, row, cause)
        _remember(call, row, cause, what)
        return TimelineLine(row.at_ms, row.leg, what, "" if what.startswith(why) else why, style, call.name)

    def _new_call(self, call_id: str) -> _Call:
        number = sum(map(bool, self._calls)) + 1  # what holds for every call is no call of its own
        name = self.names.get(call_id) or (str(number) if call_id and number > 1 else "")
        return _Call(cut(printable(name), _LONGEST_NAME), People(with_phones=frozenset(self.with_phones)))


def _is_own_end(row: Row, cause: _Cause) -> bool:
    """Whether the row says in better words what the step behind it did: `rejects` may mean `is busy`."""
    step = cause.step
    is_end = row.kind == LEG and row.name == "CHANNEL_DESTROY"
    return is_end and step is not None and step.name == "rejects" and step.leg == row.leg


def _hung_up_by(call: _Call, row: Row, detail: Mapping[str, Any]) -> str:
    """Who ended the call, where the hang-up itself does not say it."""
    if row.kind != LEG or row.name != "CHANNEL_DESTROY" or row.leg != call.people.controlled:
        return ""
    by = detail["by"]
    return "" if by in ("", "caller") else f"hung up by {'the flow' if by == 'flow' else printable(by)}"


def _why(call: _Call, row: Row, cause: _Cause | None) -> str:
    """The rule that decided the row, else what its nearest cause says; where that was long ago, the node that runs.

    A file is stored because it was sent: there is nothing to say.
    """
    if row.rule:
        return printable(row.rule)
    if row.kind == DELIVERY or row.because < 0:
        return ""
    if cause is None:
        return call.node
    if row.kind == AUDIO and row.name == "speaks" and cause.step is not None:
        return ""  # the line itself is the step
    is_fresh = cause.lasts or row.kind == REQUEST or row.at_ms - cause.at_ms <= _FRESH_MS
    return _text(call, cause) if is_fresh else call.node


def _text(call: _Call, cause: _Cause) -> str:
    """What the cause says; a step is put in words late, as the row after it may be the one that says who did it."""
    return input_words(cause.step, call.people) if cause.step is not None and not cause.text else cause.text


def _remember(call: _Call, row: Row, cause: _Cause | None, what: str) -> None:
    """Keep what the row explains: what was told of it, else its rule, else what its own cause explains."""
    if row.kind == CALL:
        return
    if row.kind == INPUT:
        cause = _Cause("", row.at_ms, step=row)
    elif what and row.kind != AUDIO:  # that one sound follows another explains nothing
        cause = _Cause(what.partition(" after ")[0], row.at_ms, row.kind == NODE)
    elif row.rule:
        cause = _Cause(printable(row.rule), row.at_ms)
    elif cause is not None and cause.step is not None:
        # The step is the cause of what it did itself, and of nothing further.
        cause = evolve(cause, text=_text(call, cause), step=None)
    if row.kind == NODE:
        call.node = what
    if cause is not None:
        call.causes[row.seq] = cause
        if len(call.causes) > _REMEMBERED:
            call.causes.popitem(last=False)


def _forget(call: _Call) -> None:
    """The call has ended: what comes later, its deliveries, refers to nothing in it."""
    call.causes.clear()
    call.node = ""


def line_text(line: TimelineLine, width: int = 100, leg_width: int = _LEG_WIDTH) -> str:
    """The line in columns, time, leg, what and why, at most `width` characters wide; long texts go on below."""
    leg = f"{line.call}:{line.leg}" if line.call else line.leg
    room = max(_NARROWEST, width - _TIME_WIDTH - leg_width - 3 * len(_GAP))
    what_width = room * 3 // 5
    what = _wrapped(line.what, what_width) or [""]
    why = _wrapped(line.why, room - what_width)
    texts = []
    for place, (left, right) in enumerate(zip_longest(what, why, fillvalue="")):
        start = f"{clock(line.at_ms):>{_TIME_WIDTH}}{_GAP}{leg:<{leg_width}}" if place == 0 else ""
        texts.append(f"{start:<{_TIME_WIDTH + len(_GAP) + leg_width}}{_GAP}{left:<{what_width}}{_GAP}{right}".rstrip())
    return "\n".join(texts)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)
