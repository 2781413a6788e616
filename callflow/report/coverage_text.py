"""What was driven, for the terminal: each callflow's tree with its marks, the recorder's moves, a table of all."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from callflow.report.coverage import MOVES, Coverage, FlowCoverage
from callflow.report.wording import printable

DRIVEN, NOT_DRIVEN, NEVER = "●", "○", "×"
"""Marks of a node that ran, of one that did not, and of one that no call can reach."""

LEGEND: Final = f"{DRIVEN} ran, so often   {NOT_DRIVEN} did not   {NEVER} cannot be reached, and does not count"
"""What the marks mean, in a line."""


def coverage_text(coverage: Coverage, width: int = 100) -> str:
    """The whole report, without a final line break."""
    parts = [*map(flow_text, coverage.flows), recorder_text(coverage, width), coverage_table(coverage)]
    return "\n\n".join([*parts[:-2], *([LEGEND] if coverage.flows else []), *parts[-2:]])


def flow_text(flow: FlowCoverage) -> str:
    """One callflow: its heading, and a line a node with how often it ran."""
    spots = {spot.where: spot for spot in flow.spots}
    size = max((len(str(count)) for count in flow.times.values()), default=1)
    lines = [f"{_name(flow)}: {_counts(flow)}"]
    for where, text in flow.drawn:
        spot = spots.get(where)
        mark = count = " "
        if spot is not None:
            ran = flow.times[where]
            mark = DRIVEN if ran else NOT_DRIVEN if spot.is_reachable else NEVER
            count = str(ran) if ran else ""
            text += _fallback(flow, where) if spot.is_fallback else ""
        lines.append(f"{count:>{size}} {mark} {text}".rstrip())
    return "\n".join(lines)


def recorder_text(coverage: Coverage, width: int) -> str:
    """The recorder's moves, state by state: those made, with how often, and those that nothing has driven."""
    made = sum(1 for state, event, _ in MOVES if coverage.moves[state, event])
    lines = [f"recorder: {made} of {len(MOVES)} moves, {coverage.recorder_percent:g} %"]
    for state in dict.fromkeys(state for state, _, _ in MOVES):
        events = [event for of, event, _ in MOVES if of == state]
        driven = [f"{event}×{coverage.moves[state, event]}" for event in events if coverage.moves[state, event]]
        missing = [event for event in events if not coverage.moves[state, event]]
        lines += _wrapped(f"{DRIVEN} {state}: ", driven, width)
        lines += _wrapped(f"{NOT_DRIVEN} {state}: ", missing, width)
    return "\n".join(lines)


def _wrapped(start: str, words: Sequence[str], width: int) -> Iterator[str]:
    if words:
        yield from textwrap.wrap(start + ", ".join(words), width, initial_indent="  ", subsequent_indent="      ")


def coverage_table(coverage: Coverage) -> str:
    """A line a callflow, and the sum, without a final line break."""
    nodes = [f"{len(flow.driven)}/{len(flow.reachable)}" for flow in coverage.flows]
    branches = [f"{_branches(flow, flow.driven)}/{_branches(flow, flow.reachable)}" for flow in coverage.flows]
    all_driven = sum(len(flow.driven) for flow in coverage.flows)
    all_reachable = sum(len(flow.reachable) for flow in coverage.flows)
    lines = [("callflow", "nodes", "branches", "percent")]
    for flow, of_nodes, of_branches in zip(coverage.flows, nodes, branches, strict=True):
        lines.append((_name(flow), of_nodes, of_branches, f"{flow.percent:g} %"))
    runs = f"{coverage.runs} run{'s' * (coverage.runs != 1)}"
    lines.append((f"all, by {runs}", f"{all_driven}/{all_reachable}", "", f"{coverage.percent:g} %"))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(line[column].rjust(widths[column]) for column in (1, 2, 3))])
        for line in lines
    )


def _fallback(flow: FlowCoverage, where: str) -> str:
    causes = [f"{cause}×{times}" for (at, cause), times in sorted(flow.fallen.items()) if at == where]
    return f"  (fall-back{': ' if causes else ''}{', '.join(causes)})"


def _counts(flow: FlowCoverage) -> str:
    driven, reachable = flow.driven, flow.reachable
    branches = f"{_branches(flow, driven)} of {_branches(flow, reachable)} branches"
    never = len(flow.spots) - len(reachable)
    beyond = f", {never} cannot be reached" if never else ""
    return f"{len(driven)} of {len(reachable)} nodes, {branches}, {flow.percent:g} %{beyond}"


def _branches(flow: FlowCoverage, spots: Sequence[object]) -> int:
    """How many branches lead to these: the root, always the first to run, has none."""
    root = flow.spots[0] if flow.spots else None
    return len(spots) - (1 if root in spots else 0)


def _name(flow: FlowCoverage) -> str:
    return printable(f"{flow.file} {flow.name}")
