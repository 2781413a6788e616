"""From the rows of a call to lanes: its steps, its nodes, its legs, its alarms; one fold, fed row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import define, evolve, field

from callflow.core.trace import (
    AUDIO,
    CALL,
    CONSENT,
    ERROR,
    EVENT,
    FLOW,
    INPUT,
    LATE_EVENT,
    LEG,
    NODE,
    PAYMENT,
    WARNING,
    Row,
)
from callflow.report.html.lane import Lane, Mark
from callflow.report.people import People
from callflow.report.wording import cut, printable

Detail = Mapping[str, Any]
Says = Callable[[Row], str]
"""A row in words."""

_ALARMS: Final = (CONSENT, PAYMENT, WARNING, ERROR, LATE_EVENT)
_ENDED: Final = ("ended", "hard stop", "too many branches")


@define(eq=False)
class Spells:
    """Bars of one thing that is always in one state: a new state ends the bar before it."""

    bars: list[Mark] = field(factory=list)
    _open: Mark | None = field(default=None, init=False)

    def change(self, at_ms: int, mark: Mark | None) -> None:
        """From now on it is as `mark` says, or is no more; what lasted no time is no bar."""
        if self._open is not None and at_ms > self._open.from_ms:
            self.bars.append(evolve(self._open, to_ms=at_ms))
        self._open = mark


@define(eq=False)
class _Leg:
    """One leg's marks; `sounds` has by seq those that may still be cut short."""

    states: Spells = field(factory=Spells)
    sounds: dict[int, Mark] = field(factory=dict)
    points: list[Mark] = field(factory=list)
    nodes: Spells = field(factory=Spells)
    instants: list[Mark] = field(factory=list)
    node: Mark | None = None

    def change_node(self, at_ms: int, mark: Mark | None) -> None:
        """Another node runs, or none; one that took no time is a point."""
        if self.node is not None and self.node.from_ms == at_ms:
            self.instants.append(evolve(self.node, shape="point"))
        self.nodes.change(at_ms, mark)
        self.node = mark

    def cut_sounds(self, at_ms: int) -> None:
        """Nothing sounds on this leg any more."""
        for seq, mark in self.sounds.items():
            self.sounds[seq] = evolve(mark, to_ms=min(mark.to_ms, at_ms))


@define(eq=False)
class CallLanes:
    """The lanes of one call in the making; `end_ms` is the end of the axis, `people` know who is on which leg."""

    end_ms: int
    people: People
    says: Says
    _legs: dict[str, _Leg] = field(factory=dict, init=False)
    _steps: list[Mark] = field(factory=list, init=False)
    _alarms: list[Mark] = field(factory=list, init=False)
    _nodes_run: int = field(default=0, init=False)

    def take(self, row: Row) -> None:
        """Read the next row of the call."""
        detail: Detail = row.detail or {}
        if row.kind == INPUT:
            words = printable(detail.get("text", "") or row.name).partition(": ")[2] or printable(row.name)
            self._steps.append(self._mark(row, "flag", "step", words))
        elif row.kind == LEG:
            self._leg_moved(row, detail)
        elif row.kind == AUDIO:
            self._sound_changed(row, detail)
        elif row.kind == EVENT and row.name == "DTMF":
            self._leg(row).points.append(self._mark(row, "point", "digit", detail["digit"]))
        elif row.kind in (NODE, FLOW):
            self._node_changed(row)
        elif row.kind == CALL:
            for leg in self._legs.values():
                leg.change_node(row.at_ms, None)
        elif row.kind in _ALARMS:
            self._alarm(row, detail)

    def before(self) -> Iterator[Lane]:
        """Steps, nodes and legs: the lanes above those of recordings."""
        yield Lane("steps", "scenario", "what people do", tuple(self._steps))
        for leg_id, leg in self._legs.items():
            leg.change_node(self.end_ms, None)
            leg.states.change(self.end_ms, None)
            marks = (*leg.nodes.bars, *leg.instants)
            if marks:
                at = "" if leg_id == "A" else f", {leg_id}"
                yield Lane("flow", f"callflow{at}", "the node that runs", tuple(sorted(marks, key=_from_ms)))
        for leg_id, leg in self._legs.items():
            marks = (*leg.states.bars, *leg.sounds.values(), *leg.points)
            yield Lane("leg", f"leg {leg_id}", cut(self.people.on(leg_id), 22), tuple(sorted(marks, key=_from_ms)))

    def after(self) -> Iterator[Lane]:
        """What should not have been: recorded before consent, digits in the clear, warnings."""
        if self._alarms:
            yield Lane("alarm", "to look at", "consent, payment, warnings", tuple(sorted(self._alarms, key=_from_ms)))

    def _mark(self, row: Row, shape: Any, look: str, words: str, to_ms: int | None = None) -> Mark:
        return Mark(shape, row.at_ms, row.at_ms if to_ms is None else to_ms, look, words, self.says(row), row.seq)

    def _leg(self, row: Row) -> _Leg:
        return self._legs.setdefault(row.leg, _Leg())

    def _leg_moved(self, row: Row, detail: Detail) -> None:
        leg, to = self._leg(row), detail.get("to")
        if to == "GONE":
            leg.states.change(row.at_ms, None)
            leg.cut_sounds(row.at_ms)
            leg.points.append(self._mark(row, "point", "gone", ""))
        elif to:
            leg.states.change(row.at_ms, self._mark(row, "bar", to.lower(), to.lower()))

    def _sound_changed(self, row: Row, detail: Detail) -> None:
        if row.name == "ends":
            for leg in self._legs.values():
                mark = leg.sounds.get(detail["of"])
                if mark is not None:
                    leg.sounds[detail["of"]] = evolve(mark, to_ms=min(mark.to_ms, row.at_ms))
            return
        [(kind, _)] = detail["sound"].items()
        if kind in ("silence", "digit"):
            return
        to_ms = self.end_ms if detail["for_ms"] is None else row.at_ms + detail["for_ms"]
        shape = "said" if row.name == "speaks" else "heard"
        self._leg(row).sounds[row.seq] = self._mark(row, shape, shape, "", to_ms)

    def _node_changed(self, row: Row) -> None:
        if row.kind == NODE:
            self._nodes_run += 1
            mark = self._mark(row, "bar", "node", f"{self._nodes_run} {printable(row.name)}")
            self._leg(row).change_node(row.at_ms, mark)
        elif row.name in _ENDED:
            self._leg(row).change_node(row.at_ms, None)

    def _alarm(self, row: Row, detail: Detail) -> None:
        if row.kind == CONSENT:
            mark = self._mark(row, "bar", "untold", "recorded before the announcement", detail["to_ms"])
            self._alarms.append(evolve(mark, from_ms=detail["from_ms"]))
        else:
            self._alarms.append(self._mark(row, "point", "error" if row.kind == ERROR else "warning", ""))


def _from_ms(mark: Mark) -> tuple[int, int]:
    return mark.from_ms, mark.seq
