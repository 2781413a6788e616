"""Loading accounts, from a file or as written inside a scenario, with every fault at its file and line (design §9).

The nodes of a callflow have JSON paths from its own `flow` on, and errors those of the whole account. A callflow that
holds flows inside its nodes has the latter everywhere, `callflows[0].flow.children._`: such a flow is found by the
path where it stands, which another callflow of the account must not have too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from attrs import evolve, frozen

from callflow.core.account import Account, read_account
from callflow.core.diagnostic import Diagnostic
from callflow.core.directory import FlowDocument
from callflow.core.errors import FlowError, ScenarioError
from callflow.core.shown import child_path
from callflow.loading import PlacedFlow, Reading, holds_flows, raise_first, read_flow
from callflow.scenario.document import load_account
from callflow.schemas import document_keys


@frozen(eq=False)
class LoadedAccount:
    """An account with its callflows by id; `place` puts file and line in front of a JSON path of the account.

    A callflow without an id has its JSON path as id.
    """

    account: Account
    flows: Mapping[str, PlacedFlow]
    diagnostics: tuple[Diagnostic, ...]
    place: Callable[[str], str]


def load_account_file(path: Path, reading: Reading) -> LoadedAccount:
    """Load an account file. Raises ScenarioError and, for its callflows, FlowError, all further faults as notes."""
    document = load_account(path)
    return _load(document.data, reading, document.where)


def load_inline_account(data: Mapping[str, object], reading: Reading, where: str) -> LoadedAccount:
    """Load an account written inside a scenario, `where` (`file:line: account`). Raises as `load_account_file` does."""
    return _load(data, reading, lambda path: f"{where}.{path}" if path else where)


def _load(data: Mapping[str, object], reading: Reading, place: Callable[[str], str]) -> LoadedAccount:
    strict, skips = reading.profile.bounds_are_errors, reading.skip_unsimulated
    try:
        known = document_keys()
        account, diagnostics = read_account(data, known=known, bounds_are_errors=strict, skip_unsimulated=skips)
    except ScenarioError as fault:
        raise _placed(fault, place) from None
    paths = dict(_flow_paths(account, data.get("callflows")))
    account = evolve(account, flows=tuple(evolve(each, id=each.id or path) for path, each in paths.items()))
    labels = _labels(paths)
    flows = {
        each.id: _flow(each, path, labels[path], reading, place)
        for path, each in zip(paths, account.flows, strict=True)
    }
    raise_first([fault for each in flows.values() for fault in each.flow.faults])
    remarks = tuple(evolve(each, where=place(each.where)) for each in diagnostics)
    return LoadedAccount(account, flows, remarks, place)


def _flow_paths(account: Account, listed: object) -> Iterator[tuple[str, FlowDocument]]:
    """Each callflow of the account with its JSON path; one whose key is its id is a copy of what was listed."""
    pairs: list[tuple[str, object]] = []
    if isinstance(listed, Mapping):
        pairs = [(child_path("callflows", str(key)), each) for key, each in listed.items()]
    elif isinstance(listed, list | tuple):
        pairs = [(f"callflows[{index}]", each) for index, each in enumerate(listed)]
    for flow in account.flows:
        own = next((path for path, each in pairs if each is flow.document), None)
        yield own if own is not None else child_path("callflows", flow.id), flow


def _labels(paths: Mapping[str, FlowDocument]) -> Mapping[str, str]:
    """What people know each callflow by: its name, id or number, else its path; of several alike, with its id."""
    labels = {path: each.name or each.id or next(iter(each.numbers), path) for path, each in paths.items()}
    counts = Counter(labels.values())
    return {path: each if counts[each] == 1 else f"{each} ({paths[path].id or path})" for path, each in labels.items()}


def _flow(listed: FlowDocument, path: str, label: str, reading: Reading, place: Callable[[str], str]) -> PlacedFlow:
    at, inside = "flow", f"{path}."
    flow = read_flow(listed.document, reading, listed.name, at, label)
    if holds_flows(flow):
        at, inside = f"{path}.flow", ""
        flow = read_flow(listed.document, reading, listed.name, at, label)

    def in_account(where: str) -> str:
        return place(f"{inside}{where}")

    # The document's heading was read with the account, and its remarks were made there.
    read_here = (at, f"{at.removesuffix('flow')}metaflow")
    tree = (each for each in flow.diagnostics if any(_is_inside(each.where, path) for path in read_here))
    remarks = tuple(evolve(each, where=in_account(each.where)) for each in tree)
    faults = tuple(FlowError(in_account(each.where), each.problem, each.hint) for each in flow.faults)
    return PlacedFlow(evolve(flow, id=listed.id, faults=faults, diagnostics=remarks), in_account)


def _is_inside(where: str, path: str) -> bool:
    return where == path or where.startswith(f"{path}.")


def _placed(fault: ScenarioError, place: Callable[[str], str]) -> ScenarioError:
    """The fault of an account with its place, and its notes with theirs: each begins with a JSON path."""
    placed = ScenarioError(place(fault.where), fault.problem, fault.hint)
    for note in getattr(fault, "__notes__", ()):
        path, colon, rest = note.partition(": ")
        placed.add_note(f"{place(path)}: {rest}" if colon else f"{place('')}: {note}")
    return placed
