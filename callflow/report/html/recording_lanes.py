"""From rows to the lanes of recordings: each recorder's states, and what became of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import define, field

from callflow.core.trace import DELIVERY, MAILBOX, RECORDER, Row
from callflow.report.html.lane import Lane, Mark
from callflow.report.html.lanes import Spells
from callflow.report.sent import is_about_webhook

_OVER: Final = ("FINISHED", "DISCARDED", "NEVER_STARTED", "LOST")
_AT_ONCE: Final = ("STARTING", "STOPPING")
_GOOD_ENDS: Final = ("FINISHED",)
_RUNNING: Final = ("RECORDING", "MASKED")

Stretch = tuple[int, int, int]
"""From when to when a file grew, in run time, and where in the file that begins: milliseconds."""


@define(eq=False)
class _Recorder:
    """One recording's marks, and the stretches in which its file grew."""

    kind: str
    states: Spells = field(factory=Spells)
    points: list[Mark] = field(factory=list)
    stretches: list[Stretch] = field(factory=list)
    since_ms: int | None = None
    file_ms: int = 0

    def grows(self, holds: bool, at_ms: int) -> None:
        """From now on the file grows, or does not."""
        if holds and self.since_ms is None:
            self.since_ms = at_ms
        elif not holds and self.since_ms is not None:
            self.stretches.append((self.since_ms, at_ms, self.file_ms))
            self.file_ms += at_ms - self.since_ms
            self.since_ms = None


@define(eq=False)
class RecordingLanes:
    """The recorders and deliveries of one call in the making, by the index of their recording."""

    end_ms: int
    says: Callable[[Row], str]
    recorders: dict[int, _Recorder] = field(factory=dict)
    _deliveries: dict[tuple[int, bool], tuple[Spells, list[Mark]]] = field(factory=dict, init=False)

    def take(self, row: Row) -> None:
        """Read the next row of the call."""
        detail: Mapping[str, Any] = row.detail or {}
        if "recording" not in detail:
            return
        if row.kind == RECORDER:
            self._recorder_moved(row, detail)
        elif row.kind == DELIVERY:
            self._delivery_moved(row, detail)
        elif row.kind == MAILBOX:
            self.recorders[detail["recording"]].points.append(self._point(row, "good", ""))

    def recorder(self, index: int) -> Lane:
        """The lane of a recording."""
        each = self.recorders[index]
        each.states.change(self.end_ms, None)
        return Lane("recorder", f"recording {index}", each.kind, (*each.states.bars, *each.points))

    def deliveries(self) -> Iterator[Lane]:
        """A lane for each file that was sent, and for each webhook that was told."""
        for (index, of_webhook), (states, points) in sorted(self._deliveries.items()):
            states.change(self.end_ms, None)
            label = f"webhook {index}" if of_webhook else f"delivery {index}"
            marks = sorted((*states.bars, *points), key=lambda mark: (mark.from_ms, mark.seq))
            yield Lane("delivery", label, "tries and waits", tuple(marks))

    def _point(self, row: Row, look: str, words: str, shape: Any = "point") -> Mark:
        return Mark(shape, row.at_ms, row.at_ms, look, words, self.says(row), row.seq)

    def _bar(self, row: Row, look: str, words: str) -> Mark:
        return Mark("bar", row.at_ms, row.at_ms, look, words, self.says(row), row.seq)

    def _recorder_moved(self, row: Row, detail: Mapping[str, Any]) -> None:
        index, to = detail["recording"], detail.get("to", "")
        if row.name == "ARMED":
            each = self.recorders[index] = _Recorder(detail["kind"])
            older = self.recorders.get(detail.get("appends_to", -1))
            each.file_ms = older.file_ms if older is not None else 0
        each = self.recorders[index]
        if not to:
            each.points.append(self._point(row, "remark", ""))
            return
        if to in _OVER:
            each.states.change(row.at_ms, None)
            words = str(detail.get("ended_by") or to.lower()).replace("_", " ")
            each.points.append(self._point(row, "end" if to in _GOOD_ENDS else "lost", words, "flag"))
        elif to not in _AT_ONCE:
            look = to.lower().replace("_", "-")
            each.states.change(row.at_ms, self._bar(row, look, to.lower().replace("_", " ")))
        each.grows(to in _RUNNING, row.at_ms)

    def _delivery_moved(self, row: Row, detail: Mapping[str, Any]) -> None:
        states, points = self._deliveries.setdefault((detail["recording"], is_about_webhook(detail)), (Spells(), []))
        to, result = detail["to"], str(detail.get("result", ""))
        if row.name == "REQUESTED":
            points.append(self._point(row, "request", ""))
        if to in ("SENDING", "METADATA"):
            states.change(row.at_ms, self._bar(row, "sending", "sending" if to == "SENDING" else "document"))
        elif to in ("WAITING_RETRY", "WAITING_METADATA"):
            states.change(row.at_ms, self._bar(row, "waiting", "waits"))
        else:
            states.change(row.at_ms, None)
        if result or to == "NOT_STORED":
            look = {"STORED": "good", "FAILED": "bad", "NOT_STORED": "bad"}.get(to, "again")
            points.append(self._point(row, look, result or "not stored", "flag"))
