"""Which flows a call took, and its way through each of them, for drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from callflow.core.flow import Flow
from callflow.report.results import PathStep


@frozen(eq=False)
class Taken:
    """A flow that a call took; `path` has a place for every step of the call: the node's, or "" for another flow's."""

    flow: Flow
    path: tuple[str, ...]


def flows_taken(main: Flow, others: Iterable[Flow], path: Sequence[PathStep]) -> tuple[Taken, ...]:
    """The flow that a call began with, then those of `others` that it came to, in the order in which it did.

    Steps are matched by the flow's label and the node's JSON path, which a flow's own nodes carry.
    """
    flow_at: dict[tuple[str, str], Flow] = {}
    for flow in (main, *others):
        for node in flow.nodes():
            flow_at.setdefault((node.flow, node.where), flow)
    owners = [flow_at.get((step.flow, step.where)) for step in path]
    taken = dict.fromkeys((main, *(flow for flow in owners if flow is not None)))
    return tuple(
        Taken(flow, tuple(step.where if flow is owner else "" for step, owner in zip(path, owners, strict=True)))
        for flow in taken
    )
