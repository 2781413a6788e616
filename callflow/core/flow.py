"""A callflow document as a tree of immutable nodes, each knowing its JSON path (B§1.1, B§2.2; design §12 "Documents").

`load_flow` checks the shapes and every module's settings once, before any call; it collects all faults and never
raises for what the document holds. Nothing here executes a flow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import Factory, define, field, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.filling import Filling, TooMuchData
from callflow.core.flow_heading import FlowHeading, read_heading, what_it_may_be
from callflow.core.metaflows import Bindings, read_metaflows
from callflow.core.node_remarks import LONGEST_MODULE, bare_children, node_remarks
from callflow.core.profile import Profile
from callflow.core.registry import Action, Registry
from callflow.core.schema import ModuleSchema
from callflow.core.settings import Reading, T, read_settings
from callflow.core.shown import child_path, shown
from callflow.core.spelling import nearest

MAX_DEPTH = 1_000
"""A flow nested deeper than this many nodes is refused."""

MAX_NODES = 20_000
"""A flow of more nodes than this is refused: a few lines of YAML aliases can stand for billions."""

_NODE_KEYS = frozenset({"module", "data", "children"})


@frozen(eq=False, slots=True)
class Node:
    """One node of a flow, compared by identity; read-only.

    `settings` is an instance of `action.settings_class`, and None when the node is skipped, has no action or is
    faulty. `action` is None when nothing runs here and the flow goes on to `_` (B§2.2). `children` maps branch keys
    to nodes, None for a child that is there but `{}`. `where` is the JSON path (`flow`, `flow.children._`, …), `skip`
    whether `data.skip_module` is true, `data` the node's data as written, names filled in, `flow` its flow's label.
    `shown` is what the trace says of it, made once for all calls.
    """

    module: str
    settings: Any
    action: Action | None
    children: Mapping[str, Node | None]
    where: str
    skip: bool
    data: Mapping[str, Any]
    flow: str = ""
    shown: Mapping[str, str] = field(init=False, default=Factory(lambda it: {"flow": it.flow, "where": it.where}, True))


@frozen(eq=False)
class Flow:
    """A loaded callflow. `root` is None for `{}` (the call ends at once) and when the root itself is faulty.

    A flow with `faults` must not be run. `label`, its nodes' `flow`, is what people know it by, and is never empty.
    `metaflow` is what the caller's digits set off during its calls.
    """

    id: str
    name: str
    numbers: tuple[str, ...]
    patterns: tuple[str, ...]
    root: Node | None
    diagnostics: tuple[Diagnostic, ...] = ()
    faults: tuple[FlowError, ...] = ()
    label: str = ""
    is_feature_code: bool = False
    metaflow: Bindings | None = None

    def nodes(self) -> Iterator[Node]:
        """Yield every node once, in document order: a node before its children, children in their own order."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node is not None:
                yield node
                waiting.extend(reversed(list(node.children.values())))


def load_flow(
    document: object,
    *,
    registry: Registry,
    profile: Profile,
    known: Mapping[str, ModuleSchema],
    fill: Mapping[str, str] | None = None,
    strict: bool = False,
    skip_unsimulated: bool = False,
    name: str = "",
    at: str = "flow",
    label: str = "",
) -> Flow:
    """Load a callflow document (`{"flow": …}`) or a bare node (`{"module": …}`), whose path starts with `at` too.

    `known` are the modules that Kazoo has; `fill` the values of `{NAMES}` in data; `strict` executes a malformed
    `children` literally whatever the profile; `skip_unsimulated` turns the fault of a module that Kazoo has and
    `registry` has not into a warning; `name` is used when the document gives none. `label` is by default the flow's
    name, else its id, its first number or `at`.
    """
    repairs = profile.repairs_bare_children and not strict
    loader = _Loader(registry, profile, known, fill or {}, repairs, skip_unsimulated, label or name or at)
    heading, metaflow = FlowHeading(), None
    root: Node | None = None
    if not isinstance(document, Mapping):
        loader.fault(at, f"{shown(document)} is no callflow", 'write {"flow": {"module": …}}')
    elif "flow" in document:
        heading = loader.heading(document)
        loader.flow = label or heading.name or name or heading.id or next(iter(heading.numbers), at)
        metaflow = loader.metaflow(document.get("metaflow"), f"{at.removesuffix('flow')}metaflow")
        root = loader.tree(document["flow"], at)
    elif "module" in document:
        root = loader.tree(document, at)
    else:
        loader.fault(at, "neither 'flow' nor 'module' is here", what_it_may_be(document))
    return Flow(
        id=heading.id,
        name=heading.name or name,
        numbers=heading.numbers,
        patterns=heading.patterns,
        root=root,
        diagnostics=tuple(loader.diagnostics),
        faults=tuple(loader.faults),
        label=loader.flow,
        is_feature_code=bool(heading.featurecode),
        metaflow=metaflow,
    )


@frozen
class _Pending:
    """A node that the walk has still to visit, and the branch of its parent that it will fill."""

    raw: object
    where: str
    depth: int
    siblings: dict[str, Node | None]
    key: str


@define
class _Loader:
    registry: Registry
    profile: Profile
    known: Mapping[str, ModuleSchema]
    values: Mapping[str, str]
    repairs: bool
    skip_unsimulated: bool
    flow: str
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)

    def fault(self, where: str, problem: str, hint: str) -> None:
        self.faults.append(FlowError(where, problem, hint))

    def taken(self, reading: Reading[T]) -> T | None:
        self.faults += reading.faults
        self.diagnostics += reading.diagnostics
        return reading.settings

    def heading(self, document: Mapping[Any, Any]) -> FlowHeading:
        return self.taken(read_heading(document, "", bounds_are_errors=self.profile.bounds_are_errors)) or FlowHeading()

    def metaflow(self, raw: object, where: str) -> Bindings | None:
        strict, skips = self.profile.bounds_are_errors, self.skip_unsimulated
        if raw is None:
            return None
        return self.taken(read_metaflows(raw, where, strict=strict, skip_unsimulated=skips, fill=self.values))

    def tree(self, raw: object, at: str) -> Node | None:
        """Build all nodes without recursion, parents before children, so that a hostile depth costs no stack."""
        top: dict[str, Node | None] = {}
        waiting = [_Pending(raw, at, 1, top, "root")]
        count = 0
        while waiting:
            next_one = waiting.pop()
            count += 1
            if count > MAX_NODES:
                self.fault(at, f"more than {MAX_NODES} nodes", "split the flow into several")
                break
            if next_one.depth > MAX_DEPTH:
                self.fault(at, f"nested deeper than {MAX_DEPTH} nodes", "split the flow into several")
                break
            waiting.extend(reversed(self._visit(next_one)))
        return top.get("root")

    def _visit(self, pending: _Pending) -> list[_Pending]:
        """Put one node into its parent and return its children."""
        raw, where = pending.raw, pending.where
        pending.siblings[pending.key] = None
        if not isinstance(raw, Mapping):
            self.fault(where, f"{shown(raw)} is not a node", 'write {"module": …, "data": {…}, "children": {…}}')
            return []
        if not raw:
            return []
        module, data, children = self._module(raw, where), self._data(raw, where), self._children(raw, where)
        branches: dict[str, Node | None] = {}
        if module is not None and data is not None:
            skip = data.get("skip_module") is True
            action = None if skip else self._action(module, where)
            settings = None if skip else self._settings(module, action, data, f"{where}.data")
            pending.siblings[pending.key] = Node(module, settings, action, branches, where, skip, data, self.flow)
        return [_Pending(child, path, pending.depth + 1, branches, key) for key, path, child in children]

    def _module(self, raw: Mapping[Any, Any], where: str) -> str | None:
        module = raw.get("module")
        if module is None:
            self.fault(where, "the node has no 'module'", "name the module that runs here")
        elif not isinstance(module, str):
            self.fault(f"{where}.module", f"{shown(module)} is not a string", "name the module that runs here")
        elif not 0 < len(module) <= LONGEST_MODULE:
            problem = f"{len(module)} characters are out of bounds"
            self.fault(f"{where}.module", problem, f"write 1 to {LONGEST_MODULE} characters")
        else:
            return module
        return None

    def _data(self, raw: Mapping[Any, Any], where: str) -> Mapping[str, Any] | None:
        path = f"{where}.data"
        data = raw.get("data")
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            self.fault(path, f"{shown(data)} is not an object", "write {…} with the module's settings inside")
            return None
        filling = Filling(self.values)
        try:
            filled: Mapping[str, Any] = filling.fill(dict(data))
        except TooMuchData as error:
            self.fault(path, str(error), "move what is inside to a document of its own")
            return None
        self.diagnostics += filling.remarks(path)
        return filled

    def _children(self, raw: Mapping[Any, Any], where: str) -> list[tuple[str, str, object]]:
        """Return (branch key, path, child) for each child."""
        path = f"{where}.children"
        children = raw.get("children")
        if children is None:
            return []
        if not isinstance(children, Mapping):
            self.fault(path, f"{shown(children)} is not an object", 'write {"_": …}')
            return []
        if "module" in children and not isinstance(children["module"], Mapping):
            branches = {key: child for key, child in children.items() if key not in _NODE_KEYS}
            repaired = self.repairs and not branches
            remark = bare_children(path, children["module"], is_repaired=repaired, has_default="_" in branches)
            self.diagnostics.append(remark)
            if repaired:
                return [("_", path, children)]
            children = branches
        found = []
        for key, child in children.items():
            if isinstance(key, str):
                found.append((key, child_path(path, key), child))
            else:
                self.fault(path, f"the branch key {shown(key)} is not a string", "put it in quotes")
        return found

    def _action(self, module: str, where: str) -> Action | None:
        action = self.registry.find(module)
        if action is not None:
            return action
        if module not in self.known:
            meant = nearest(module, {*self.known, *self.registry.names})
            message = f"nobody knows a module {shown(module)}: the call goes on to its `_` child"
            hint = f"did you mean '{meant}'?" if meant else ""
            self.diagnostics.append(Diagnostic("unknown-module", "warning", where, message, hint))
        elif self.skip_unsimulated:
            message = f"module '{module}' is not simulated yet: the call goes on to its `_` child"
            self.diagnostics.append(Diagnostic("skipped-unsimulated", "warning", where, message))
        else:
            hint = "run with --skip-unsimulated to go on to its `_` child"
            self.fault(where, f"module '{module}' is not simulated yet", hint)
        return None

    def _settings(self, module: str, action: Action | None, data: Mapping[str, Any], where: str) -> object:
        faults, diagnostics = node_remarks(module, data, where)
        self.faults += faults
        self.diagnostics += diagnostics
        if action is None:
            return None
        reading = read_settings(
            action.settings_class,
            data,
            where,
            bounds_are_errors=self.profile.bounds_are_errors,
            of=module,
            also_known=self.known[module].keys if module in self.known else (),
        )
        return self.taken(reading)
