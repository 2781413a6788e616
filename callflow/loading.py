"""Loading callflows from files, with every fault and remark at its file and line (design §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from attrs import evolve, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.endpoints import SystemMedia
from callflow.core.errors import DocumentError, FlowError
from callflow.core.flow import Flow, Node, load_flow
from callflow.core.profile import DOCS, Profile
from callflow.discovery import standard_registry
from callflow.lint import lint_flow
from callflow.scenario.document import Document, read_document
from callflow.schemas import module_schemas

F = TypeVar("F", bound=DocumentError)

INLINE: Final = "data.flow"
"""Where a `callflow` node holds a flow of its own, seen from the node."""


@frozen
class Reading:
    """How documents are read: profile, `strict` and `skip_unsimulated` as on the command line, values for `{NAMES}`."""

    profile: Profile = DOCS
    fill: Mapping[str, str] = {}
    strict: bool = False
    skip_unsimulated: bool = False


@frozen(eq=False)
class PlacedFlow:
    """A loaded flow whose diagnostics have their places; `place` puts file and line in front of a JSON path of it."""

    flow: Flow
    place: Callable[[str], str]

    def remarks(self, system: SystemMedia | None = None) -> tuple[Diagnostic, ...]:
        """What loading remarked and what the linter finds, all with file and line; `system` as in `lint_flow`."""
        known = set(self.flow.diagnostics)
        found = lint_flow(self.flow, system=system)
        return tuple(each if each in known else evolve(each, where=self.place(each.where)) for each in found)


def load_callflow(path: Path, reading: Reading) -> tuple[Flow, Document]:
    """Load a callflow file. Raises FlowError, at file and line, with all further faults as its notes."""
    flow, document = check_callflow(path, reading)
    raise_first(flow.faults)
    return flow, document


def place_callflow(path: Path, reading: Reading) -> PlacedFlow:
    """Load a callflow file to be run. Raises FlowError as `load_callflow` does."""
    flow, document = load_callflow(path, reading)
    return PlacedFlow(flow, lambda where: _placed(document, where))


def check_callflow(path: Path, reading: Reading) -> tuple[Flow, Document]:
    """Load a callflow file for inspection: its faults stay in the flow, at file and line.

    Raises FlowError for a file that cannot be read at all.
    """
    document = read_document(path, FlowError)
    flow = read_flow(document.data, reading, path.stem)
    return _with_places(flow, lambda where: _placed(document, where)), document


def located(diagnostic: Diagnostic, document: Document) -> Diagnostic:
    """A diagnostic of a callflow file, its place with file and line."""
    return evolve(diagnostic, where=_placed(document, diagnostic.where))


def load_inline_flows(flow: Flow, reading: Reading) -> Mapping[str, Flow]:
    """Load the flows written inside `callflow` nodes, and those inside them, by the JSON path where they stand.

    Raises FlowError with the JSON path of the first fault, the others as its notes.
    """
    found = _inline(flow, reading)
    raise_first([fault for each in found.values() for fault in each.faults])
    return found


def place_inline_flows(placed: PlacedFlow, reading: Reading) -> Mapping[str, PlacedFlow]:
    """The same with file and line, in the fault as in every diagnostic."""
    flows = {at: _with_places(each, placed.place) for at, each in _inline(placed.flow, reading).items()}
    raise_first([fault for each in flows.values() for fault in each.faults])
    return {at: PlacedFlow(each, placed.place) for at, each in flows.items()}


def raise_first(faults: Sequence[F]) -> None:
    """Raise the first fault, the others as its notes; nothing when there is none."""
    if faults:
        first, *others = faults
        for other in others:
            first.add_note(str(other))
        raise first


def read_flow(data: object, reading: Reading, name: str, at: str = "flow", label: str = "") -> Flow:
    """A flow from plain data, faults and diagnostics at JSON paths that begin with `at`; `name` when it has none.

    `label` as in `load_flow`.
    """
    return load_flow(
        data,
        registry=standard_registry(),
        profile=reading.profile,
        known=module_schemas(),
        fill=reading.fill,
        strict=reading.strict,
        skip_unsimulated=reading.skip_unsimulated,
        name=name,
        at=at,
        label=label,
    )


def holds_flows(flow: Flow) -> bool:
    """Whether a `callflow` node of the flow holds a flow of its own."""
    return any(_is_holder(node) for node in flow.nodes())


def _is_holder(node: Node) -> bool:
    return node.module == "callflow" and isinstance(node.data.get("flow"), Mapping)


def _inline(flow: Flow, reading: Reading) -> dict[str, Flow]:
    # A node's data has its names filled in already: what is left unfilled was remarked there, and a value is no name.
    filled = evolve(reading, fill={})
    found: dict[str, Flow] = {}
    waiting = [flow]
    while waiting:
        for node in waiting.pop().nodes():
            if _is_holder(node):
                at = f"{node.where}.{INLINE}"
                inline = read_flow(node.data["flow"], filled, flow.name, at, f"{flow.label} {at}")
                rest = tuple(each for each in inline.diagnostics if each.code != "unfilled-placeholder")
                found[at] = evolve(inline, diagnostics=rest)
                waiting.append(inline)
    return found


def _with_places(flow: Flow, place: Callable[[str], str]) -> Flow:
    faults = tuple(FlowError(place(each.where), each.problem, each.hint) for each in flow.faults)
    return evolve(
        flow, faults=faults, diagnostics=tuple(evolve(each, where=place(each.where)) for each in flow.diagnostics)
    )


def _placed(document: Document, where: str) -> str:
    """`file:line: flow.children._`: a bare node has no `flow` around it in its file, but its path says so."""
    inside = where
    if isinstance(document.data, Mapping) and "flow" not in document.data:
        inside = where.removeprefix("flow").removeprefix(".")
    start = f"{document.path}:{document.place(inside).line}"
    return f"{start}: {where}" if where else start
