"""The ladder of a call: who signalled what to whom, in order, as data for text, mermaid and SVG.

The caller's leg stands left, then the switch, the legs that it called, and storage where something was sent. What is
heard is not in it: a ladder of signals stays short. Every step names the row that it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from attrs import define, field, frozen

from callflow.core.trace import (
    DELIVERY,
    ERROR,
    EVENT,
    INPUT,
    LATE_EVENT,
    LEG,
    NODE,
    RECORDER,
    REQUEST,
    WARNING,
    Row,
    channel_event,
)
from callflow.report.happenings import ENDINGS
from callflow.report.people import People
from callflow.report.remarks import remark_of
from callflow.report.sent import is_about_webhook
from callflow.report.wording import clock, cut, printable

SWITCH: Final = "switch"
STORAGE: Final = "storage"

StepKind = Literal["signal", "note", "talk", "recording", "delivery", "trouble"]
"""`signal` and `delivery` go from one column to another; `talk` joins two; the others stand on one."""

Detail = Mapping[str, Any]

_LONGEST: Final = 90
_RECORDER: Final[Mapping[str, str]] = {
    "RECORD_START": "starts",
    "RECORD_MASK": "is masked",
    "RECORD_UNMASK": "is unmasked",
    "RECORD_PAUSE": "pauses",
    "RECORD_RESUME": "resumes",
    "MOVED": "follows the call",
    "THROWN_AWAY": "is thrown away",
}


@frozen
class Column:
    """Somebody who sends or gets signals: `key` is a leg, SWITCH or STORAGE, `name` what people call it."""

    key: str
    name: str


@frozen
class Step:
    """One line of a ladder at `at_ms`: from one column's key to another's; both are the same for what stands on one."""

    at_ms: int
    seq: int
    source: str
    target: str
    text: str
    kind: StepKind


@frozen
class Ladder:
    """One call: its columns from left to right, and its steps in the order of the trace."""

    call_id: str
    title: str
    columns: tuple[Column, ...]
    steps: tuple[Step, ...]

    def place_of(self, key: str) -> int:
        """The place of a column, from 0."""
        return next(place for place, column in enumerate(self.columns) if column.key == key)


def ladders(rows: Iterable[Row], names: Mapping[str, str] | None = None) -> tuple[Ladder, ...]:
    """The ladder of each call of a trace, in the order in which they began; `names` has the calls' names by call id."""
    calls: dict[str, _Call] = {}
    for row in rows:
        if row.call_id:
            calls.setdefault(row.call_id, _Call(row.call_id)).take(row)
    return tuple(call.ladder((names or {}).get(call.call_id, "")) for call in calls.values())


@define(eq=False)
class _Call:
    """A ladder in the making; `inputs` has by seq the steps of the scenario, which say whose deed a row is."""

    call_id: str
    people: People = field(factory=People)
    legs: list[str] = field(factory=list)
    steps: list[Step] = field(factory=list)
    inputs: dict[int, Row] = field(factory=dict)
    methods: dict[int, str] = field(factory=dict)
    nodes_run: int = 0

    def take(self, row: Row) -> None:
        """Read the next row of this call."""
        detail: Detail = row.detail or {}
        self.people.take(row, detail)
        if row.leg and row.leg not in self.legs and row.kind == LEG:
            self.legs.append(row.leg)
        if row.kind == INPUT:
            self.inputs[row.seq] = row
        elif row.kind == LEG:
            self._leg(row, detail)
        elif row.kind == NODE:
            self.nodes_run += 1
            self._add(row, SWITCH, SWITCH, f"node {self.nodes_run}: {row.name}", "note")
        elif row.kind == EVENT:
            self._event(row, detail)
        elif row.kind == RECORDER:
            self._recorder(row, detail)
        elif row.kind in (REQUEST, DELIVERY):
            self._delivery(row, detail)
        elif row.kind in (WARNING, ERROR, LATE_EVENT):
            self._trouble(row)

    def ladder(self, name: str) -> Ladder:
        """The ladder so far."""
        has_storage = any(STORAGE in (step.source, step.target) for step in self.steps)
        legs = [Column(leg, f"{self.people.on(leg)} ({leg})") for leg in self.legs]
        columns = [*legs[:1], Column(SWITCH, SWITCH), *legs[1:], *([Column(STORAGE, STORAGE)] if has_storage else [])]
        return Ladder(self.call_id, printable(name), tuple(columns), tuple(self.steps))

    def _add(self, row: Row, source: str, target: str, text: str, kind: StepKind) -> None:
        self.steps.append(Step(row.at_ms, row.seq, source, target, cut(printable(text), _LONGEST), kind))

    def _leg(self, row: Row, detail: Detail) -> None:
        leg, is_calling = row.leg, self.people.are_calling(row.leg)
        match row.name:
            case "CHANNEL_CREATE" if is_calling:
                self._add(row, leg, SWITCH, f"calls {detail['dialled']}", "signal")
            case "CHANNEL_PROGRESS":
                self._add(row, SWITCH, leg, "is ringing" if is_calling else "rings", "signal")
            case "CHANNEL_PROGRESS_MEDIA":
                self._add(row, SWITCH, leg, "early media", "signal")
            case "CHANNEL_ANSWER":
                ends = (SWITCH, leg) if is_calling else (leg, SWITCH)
                self._add(row, *ends, "is answered" if is_calling else "answers", "signal")
            case "CHANNEL_BRIDGE" if channel_event(row):
                self._add(row, leg, detail["other_leg"], "connected", "talk")
            case "CHANNEL_UNBRIDGE" if channel_event(row) and not self._is_deed(row, "hangs up"):
                self._add(row, leg, detail["other_leg"], "parted", "talk")
            case "CHANNEL_HOLD" | "CHANNEL_UNHOLD":
                self._add(row, leg, SWITCH, "holds" if row.name == "CHANNEL_HOLD" else "resumes", "signal")
            case "CHANNEL_DESTROY":
                is_own = self._is_deed(row, "hangs up", "rejects") and self.inputs[row.because].leg == leg
                ends = (leg, SWITCH) if is_own else (SWITCH, leg)
                self._add(row, *ends, f"{'hangs up' if is_own else 'is released'}: {detail['hangup_cause']}", "signal")

    def _is_deed(self, row: Row, *names: str) -> bool:
        cause = self.inputs.get(row.because)
        return cause is not None and cause.name in names

    def _event(self, row: Row, detail: Detail) -> None:
        match row.name:
            case "DTMF":
                self._add(row, row.leg, SWITCH, f"digit {detail['digit']}", "signal")
            case "CHANNEL_TRANSFEROR":
                to = f" to {detail['number']}" if detail.get("number") else ""
                self._add(row, row.leg, SWITCH, f"transfers{to}", "signal")
            case "response":
                self._add(row, SWITCH, row.leg, f"{detail['status']} {detail['message']}".rstrip(), "signal")

    def _recorder(self, row: Row, detail: Detail) -> None:
        if "recording" not in detail:
            return
        does, end = _RECORDER.get(row.name, ""), ENDINGS.get(detail.get("ended_by") or "")
        match detail.get("to"):
            case "FINISHED":
                does = f"stops after {clock(detail['length_ms'])}: {end}"
            case "DISCARDED":
                does = "is discarded"
            case "NEVER_STARTED":
                does = "never started"
            case "LOST":
                does = "is lost"
            case "ARMED" if row.name == "ARMED" and detail["starts"] != "at once":
                does = f"waits, starts {detail['starts']}"
        if does:
            self._add(row, SWITCH, SWITCH, f"recording {detail['recording']} {does}", "recording")

    def _delivery(self, row: Row, detail: Detail) -> None:
        if "delivery" not in detail:
            return
        what = "webhook" if is_about_webhook(detail) else f"recording {detail['recording']}"
        if row.kind == DELIVERY and row.name == "REQUESTED":
            self.methods[detail["delivery"]] = detail["method"] or "store"
        elif row.kind == REQUEST:
            method = "document of" if row.name == "save document" else self.methods.get(detail["delivery"], "store")
            again = f", try {detail['attempt']}" if detail.get("attempt", 1) > 1 else ""
            self._add(row, SWITCH, STORAGE, f"{method} {what}{again}", "delivery")
        elif detail.get("result"):
            self._add(row, STORAGE, SWITCH, f"{detail['result']}", "delivery")
        elif detail.get("to") == "NOT_STORED":
            self._add(row, SWITCH, SWITCH, f"{what} is stored nowhere", "recording")

    def _trouble(self, row: Row) -> None:
        remark = remark_of(row)
        words = f"{remark.severity}: {remark.message}" if remark is not None else f"too late: {row.name}"
        self._add(row, SWITCH, SWITCH, words, "trouble")
