"""Loading callflows and accounts from files, with every fault at its file and line (design §9)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from attrs import evolve, frozen

from callflow.core.account import Account, read_account
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import DocumentError, FlowError, ScenarioError
from callflow.core.flow import Flow, load_flow
from callflow.core.profile import DOCS, Profile
from callflow.discovery import standard_registry
from callflow.scenario.document import Document, load_account, read_document
from callflow.schemas import document_keys, module_schemas

F = TypeVar("F", bound=DocumentError)


@frozen
class Reading:
    """How documents are read: profile, `strict` and `skip_unsimulated` as on the command line, values for `{NAMES}`."""

    profile: Profile = DOCS
    fill: Mapping[str, str] = {}
    strict: bool = False
    skip_unsimulated: bool = False


def load_callflow(path: Path, reading: Reading) -> tuple[Flow, Document]:
    """Load a callflow file. Raises FlowError, at file and line, with all further faults as its notes."""
    document = read_document(path, FlowError)
    flow = _flow(document.data, reading, path.stem)
    raise_first([_at(document, fault, _inside(document, fault.where)) for fault in flow.faults])
    return locate(flow, document), document


def check_callflow(path: Path, reading: Reading) -> tuple[Flow, Document]:
    """Load a callflow file for inspection: its faults stay in the flow, at file and line. Raises FlowError when broken."""
    document = read_document(path, FlowError)
    flow = _flow(document.data, reading, path.stem)
    faults = tuple(_at(document, fault, _inside(document, fault.where)) for fault in flow.faults)
    return evolve(locate(flow, document), faults=faults), document


def locate(flow: Flow, document: Document) -> Flow:
    """The flow with file and line in front of every diagnostic's JSON path."""
    return evolve(flow, diagnostics=tuple(located(each, document) for each in flow.diagnostics))


def located(diagnostic: Diagnostic, document: Document) -> Diagnostic:
    """A diagnostic of a callflow file, its place with file and line."""
    line = document.place(_inside(document, diagnostic.where)).line
    return evolve(diagnostic, where=f"{document.path}:{line}: {diagnostic.where}")


def load_account_flows(account: Account, reading: Reading, name: str) -> Mapping[str, Flow]:
    """Load every callflow of an account by id. Raises FlowError; `name` is the account file's."""
    flows = {}
    for listed in account.flows:
        flow = _flow(listed.document, reading, listed.name)
        where = f"{name}: callflow '{listed.id}'"
        raise_first([FlowError(f"{where}: {fault.where}", fault.problem, fault.hint) for fault in flow.faults])
        flows[listed.id] = evolve(
            flow, diagnostics=tuple(evolve(each, where=f"{where}: {each.where}") for each in flow.diagnostics)
        )
    return flows


def load_inline_flows(flow: Flow, reading: Reading) -> Mapping[str, Flow]:
    """Load the flows written inside `callflow` nodes, and those inside them, by the JSON path where they stand."""
    found: dict[str, Flow] = {}
    waiting = [flow]
    while waiting:
        for node in waiting.pop().nodes():
            if node.module == "callflow" and isinstance(node.data.get("flow"), Mapping):
                at = f"{node.where}.data.flow"
                inline = _flow(node.data["flow"], reading, flow.name, at)
                raise_first(list(inline.faults))
                found[at] = inline
                waiting.append(inline)
    return found


def load_account_file(path: Path | str | Mapping[str, object], file: str) -> tuple[Account, tuple[Diagnostic, ...]]:
    """Read an account from its file, or as written inside `file`. Raises ScenarioError at file and line."""
    if isinstance(path, Mapping):
        document, prefix = None, f"{file}: account"
        data: object = path
    else:
        document, prefix = load_account(Path(path)), ""
        data = document.data
    try:
        account, diagnostics = read_account(data, known=document_keys())
    except ScenarioError as fault:
        where = document.where(fault.where) if document is not None else f"{prefix}.{fault.where}"
        raise _renamed(ScenarioError(where, fault.problem, fault.hint), fault) from None
    if document is not None:
        diagnostics = tuple(evolve(each, where=document.where(each.where)) for each in diagnostics)
    return account, diagnostics


def _renamed(fault: ScenarioError, original: ScenarioError) -> ScenarioError:
    for note in getattr(original, "__notes__", ()):
        fault.add_note(note)
    return fault


def raise_first(faults: list[F]) -> None:
    """Raise the first fault, the others as its notes; nothing when there is none."""
    if faults:
        first, *others = faults
        for other in others:
            first.add_note(str(other))
        raise first


def _flow(data: object, reading: Reading, name: str, at: str = "flow") -> Flow:
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
    )


def _inside(document: Document, where: str) -> str:
    """The path inside the file: a bare node has no `flow` around it."""
    if isinstance(document.data, Mapping) and "flow" not in document.data:
        return where.removeprefix("flow").removeprefix(".")
    return where


def _at(document: Document, fault: FlowError, path: str) -> FlowError:
    return FlowError(f"{document.path}:{document.place(path).line}: {fault.where}", fault.problem, fault.hint)


