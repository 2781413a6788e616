"""What a set of runs has driven: nodes and branches of callflows, and moves of the recorder (law 3).

A fold over the rows of runs and the flows behind them. A flow is a tree, so a branch is taken exactly when its child
runs; children that are `{}` are as good as absent and do not count, nor does what no call can reach. The result is
plain data: `as_data` goes through a pipe or a file, `from_data` reads it, `merge` adds what another process has seen.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from attrs import define, field, frozen

from callflow.core.flow import Flow, Node
from callflow.core.recorder import RECORDER_TABLE
from callflow.core.trace import LEG, NODE, RECORDER, Row
from callflow.report.coverage_keys import is_fallback, may_go_to
from callflow.report.tree import tree_lines
from callflow.scenario.preparing import Prepared

COVERAGE_FORMAT: Final = 1
"""The number of the data's form."""

MOVES: Final = tuple((state.name, event.name, to.name) for state, event, to in RECORDER_TABLE.moves)
"""The moves of a recorder: state, event, next state."""

_INLINE: Final = ".data.flow"
_PREFLOW: Final = "preflow"


@frozen
class Spot:
    """A node of a callflow: its JSON path, its module, the branch that leads to it ("" to the root).

    `is_reachable` is False below a branch that no call can take, `is_fallback` where the branch is the `_` of a module
    that asks for others.
    """

    where: str
    module: str
    key: str = ""
    is_reachable: bool = True
    is_fallback: bool = False


@define(eq=False)
class FlowCoverage:
    """One callflow: its nodes in document order, how often each ran, and its tree as drawn, a line a node.

    `file` is where it stands, `name` what it is called. A drawn line without a place is an empty child. `fallen` has,
    by a fall-back's place and a hangup cause, how often that cause, for which there was no branch, led there.
    """

    file: str
    name: str
    spots: tuple[Spot, ...]
    drawn: tuple[tuple[str, str], ...]
    times: Counter[str] = field(factory=Counter)
    fallen: Counter[tuple[str, str]] = field(factory=Counter)

    @property
    def reachable(self) -> tuple[Spot, ...]:
        """The nodes that a call can come to."""
        return tuple(spot for spot in self.spots if spot.is_reachable)

    @property
    def driven(self) -> tuple[Spot, ...]:
        """Those of them that ran."""
        return tuple(spot for spot in self.reachable if self.times[spot.where])

    @property
    def percent(self) -> float:
        """How much of what can be reached ran; 100 for a flow without nodes."""
        return percent_of(len(self.driven), len(self.reachable))

    def count(self, where: str, cause: str = "") -> None:
        """Count a node that ran; `cause` is that of the leg that ended between the node before and this one, if any."""
        self.times[where] += 1
        if cause and where in self._fallbacks:
            self.fallen[where, cause] += 1

    @cached_property
    def _fallbacks(self) -> frozenset[str]:
        return frozenset(spot.where for spot in self.spots if spot.is_fallback)


_Key = tuple[str, str, tuple[str, ...]]


@define(eq=False)
class Coverage:
    """What was driven by the runs that were taken: `runs` counts them, `moves` the recorder's by state and event."""

    runs: int = 0
    moves: Counter[tuple[str, str]] = field(factory=Counter)
    _flows: dict[_Key, FlowCoverage] = field(factory=dict)

    @property
    def flows(self) -> tuple[FlowCoverage, ...]:
        """The callflows, by file and name."""
        return tuple(self._flows[key] for key in sorted(self._flows))

    @property
    def percent(self) -> float:
        """How many of the reachable nodes of all callflows ran; without any callflow 100."""
        return percent_of(sum(len(flow.driven) for flow in self.flows), sum(len(flow.reachable) for flow in self.flows))

    @property
    def recorder_percent(self) -> float:
        """How many of the recorder's moves were made."""
        return percent_of(sum(1 for state, event, _ in MOVES if self.moves[state, event]), len(MOVES))

    def take(self, prepared: Prepared, rows: Iterable[Row]) -> None:
        """Add one run: what it prepared, whose flows are counted be they reached or not, and its rows."""
        self.runs += 1
        named: dict[tuple[str, str], list[FlowCoverage]] = {}
        for file, root, flow in _flows_of(prepared):
            spots = tuple(_spots(root))
            found = self._flow(file, flow.label, spots)
            if not found.drawn:
                found.drawn = _drawn(root)
            for spot in spots:
                named.setdefault((flow.label, spot.where), []).append(found)
        causes: dict[str, str] = {}
        for row in rows:
            detail = row.detail or {}
            if row.kind == NODE:
                cause = causes.pop(row.call_id, "")
                for each in named.get((detail["flow"], detail["where"]), ()):
                    each.count(detail["where"], cause)
            elif row.kind == RECORDER and "from" in detail:
                self.moves[detail["from"], row.name] += 1
            elif row.kind == LEG and row.name == "CHANNEL_DESTROY":
                causes[row.call_id] = detail["hangup_cause"]

    def merge(self, other: Coverage) -> None:
        """Add what another has seen; the order of merging changes nothing."""
        self.runs += other.runs
        self.moves.update(other.moves)
        for flow in other.flows:
            mine = self._flow(flow.file, flow.name, flow.spots)
            mine.drawn = min(mine.drawn or flow.drawn, flow.drawn)
            mine.times.update(flow.times)
            mine.fallen.update(flow.fallen)

    def _flow(self, file: str, name: str, spots: tuple[Spot, ...]) -> FlowCoverage:
        """The callflow of that file and name; one that a profile or its values give other nodes is another."""
        key = (file, name, tuple(spot.where for spot in spots))
        return self._flows.setdefault(key, FlowCoverage(file, name, spots, ()))

    def as_data(self) -> dict[str, Any]:
        """Plain dicts, lists, texts and numbers, what `callflow coverage --json` prints."""
        return {
            "format": COVERAGE_FORMAT,
            "runs": self.runs,
            "percent": self.percent,
            "callflows": [_flow_data(flow) for flow in self.flows],
            "recorder": {
                "percent": self.recorder_percent,
                "moves": [
                    {"state": state, "event": event, "to": to, "times": self.moves[state, event]}
                    for state, event, to in MOVES
                ],
            },
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Coverage:
        """Read what `as_data` made. Raises ValueError for data of another format."""
        if data["format"] != COVERAGE_FORMAT:
            raise ValueError(f"coverage of format {data['format']}; this program reads format {COVERAGE_FORMAT}")
        moves = {(each["state"], each["event"]): each["times"] for each in data["recorder"]["moves"]}
        coverage = cls(data["runs"], Counter({move: times for move, times in moves.items() if times}))
        for each in data["callflows"]:
            spots = tuple(
                Spot(node["where"], node["module"], node["key"], node["reachable"], node["fallback"])
                for node in each["nodes"]
            )
            flow = coverage._flow(each["file"], each["name"], spots)
            flow.drawn = tuple((where, text) for where, text in each["tree"])
            for node in each["nodes"]:
                flow.times.update({node["where"]: node["times"]} if node["times"] else {})
                flow.fallen.update({(node["where"], cause): times for cause, times in node["fallen"].items()})
        return coverage


def percent_of(some: int, whole: int) -> float:
    """How much some is of the whole, in percent with one decimal; never 100 while something is missing."""
    if some >= whole:
        return 100.0
    return min(99.9, round(100 * some / whole, 1))


def _flows_of(prepared: Prepared) -> Iterator[tuple[str, Node | None, Flow]]:
    """Every flow that the calls could come to, with its file and its root; a preflow is a flow of its own."""
    scenario = prepared.scenario
    folder = os.path.dirname(scenario.file)
    own = os.path.normpath(os.path.join(folder, scenario.callflow))
    account = scenario.file
    if isinstance(scenario.account, str):
        account = os.path.normpath(os.path.join(folder, scenario.account))
    inside: set[str] = set()
    if not scenario.is_number:
        for flow in dict.fromkeys(call.flow for call in prepared.calls):
            root = flow.root
            if root is not None and root.where == root.flow == _PREFLOW:
                root = root.children["_"]
            inside.update(spot.where for spot in _spots(root))
            yield own, root, flow
    for name, flow in prepared.setting.flows.items():
        holder = name.removesuffix(_INLINE) if name.endswith(_INLINE) else ""
        if holder in inside:
            inside.update(spot.where for spot in _spots(flow.root))
        yield own if holder in inside else account, flow.root, flow


def _spots(root: Node | None) -> Iterator[Spot]:
    """The nodes in document order."""
    waiting = [(root, Spot("", ""))]
    while waiting:
        node, branch = waiting.pop()
        if node is None:
            continue
        yield Spot(node.where, node.module, branch.key, branch.is_reachable, branch.is_fallback)
        for key, child in reversed(list(node.children.items())):
            can_go = branch.is_reachable and may_go_to(node, key)
            waiting.append((child, Spot("", "", key, can_go, is_fallback(node, key))))


def _drawn(root: Node | None) -> tuple[tuple[str, str], ...]:
    if root is None:
        return (("", "(empty: the call ends at once)"),)
    return tuple((line.node.where if line.node is not None else "", line.text) for line in tree_lines(root))


def _flow_data(flow: FlowCoverage) -> dict[str, Any]:
    nodes = [
        {
            "where": spot.where,
            "module": spot.module,
            "key": spot.key,
            "times": flow.times[spot.where],
            "reachable": spot.is_reachable,
            "fallback": spot.is_fallback,
            "fallen": {cause: times for (where, cause), times in sorted(flow.fallen.items()) if where == spot.where},
        }
        for spot in flow.spots
    ]
    tree = [list(line) for line in flow.drawn]
    return {"file": flow.file, "name": flow.name, "percent": flow.percent, "nodes": nodes, "tree": tree}
