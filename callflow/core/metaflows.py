"""Metaflows: what digits during a call set off, read from documents of accounts, devices, users and callflows (B§10).

```json
{"binding_digit": "*", "digit_timeout": 800, "listen_on": "self",
 "numbers": {"9": {"module": "record_call", "data": {"action": "toggle"}}}, "patterns": {"^1([0-9]+)$": {…}}}
```
Whoever presses `*9` and then nothing for 800 ms has the recording started, or stopped. Nothing here runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.filling import Filling, TooMuchData
from callflow.core.metaflow_settings import METAFLOW_SETTINGS, METAFLOWS_WITHOUT_EFFECT, media_name_problem
from callflow.core.node_remarks import LONGEST_MODULE, node_remarks
from callflow.core.number_patterns import BadPattern, compile_pattern
from callflow.core.settings import Reading, read_settings, setting
from callflow.core.shown import child_path, shown
from callflow.core.spelling import nearest

MAX_DIGITS: Final = 32
"""Digits after the binding digit that are looked up; more than these match nothing, so that no pattern runs on them."""

MAX_DEPTH: Final = 50
"""Metaflow nodes below one another."""

MAX_NODES: Final = 2_000
"""Nodes of one document: a few lines of YAML aliases can stand for billions."""

DEFAULT_BINDING_DIGIT: Final = "*"
DEFAULT_DIGIT_TIMEOUT_MS: Final = 800
_DIGITS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#")
_NUMBER = re.compile(r"[0-9]+", re.ASCII)


@frozen(eq=False)
class MetaflowNode:
    """One node: `settings` is read from its data, `children` by key, of which `_` runs next; `where` its JSON path."""

    module: str
    settings: Any
    children: Mapping[str, MetaflowNode]
    where: str


@frozen(eq=False)
class Match:
    """What collected digits lead to; `captures` are a pattern's groups in order, "" for one that took no part."""

    node: MetaflowNode
    captures: tuple[str, ...] = ()


@frozen(eq=False)
class Bindings:
    """What one party's digits set off. What a document does not state is None here, and has a default below.

    `listen_on` is `self`, `peer` or `both`, seen from the party whose bindings these are; `patterns` are in order.
    """

    binding_digit: str | None = None
    digit_timeout_ms: int | None = None
    listen_on: str | None = None
    numbers: Mapping[str, MetaflowNode] = field(factory=dict)
    patterns: tuple[tuple[re.Pattern[str], MetaflowNode], ...] = ()

    @property
    def arms_with(self) -> str:
        """The digit before all others."""
        return self.binding_digit or DEFAULT_BINDING_DIGIT

    @property
    def timeout_ms(self) -> int:
        """How long nothing must be pressed until the digits are complete."""
        return DEFAULT_DIGIT_TIMEOUT_MS if self.digit_timeout_ms is None else self.digit_timeout_ms

    def hears(self, *, own: bool) -> bool:
        """Whether the party's own digits count, or, with `own` false, those of whoever it talks to."""
        if self.listen_on == "both":
            return True
        return (self.listen_on == "peer") is not own

    def find(self, collected: str) -> Match | None:
        """The node for these digits: exactly by number, else by the first pattern that is found in them (B§10)."""
        node = self.numbers.get(collected)
        if node is not None:
            return Match(node)
        if len(collected) <= MAX_DIGITS:
            for pattern, bound in self.patterns:
                found = pattern.search(collected)
                if found is not None:
                    return Match(bound, tuple(group or "" for group in found.groups()))
        return None

    def over(self, below: Bindings | None) -> Bindings:
        """These bindings, and those below where these say nothing: a number's or pattern's node is taken whole."""
        if below is None:
            return self
        own = {pattern.pattern for pattern, _ in self.patterns}
        return Bindings(
            self.binding_digit or below.binding_digit,
            below.digit_timeout_ms if self.digit_timeout_ms is None else self.digit_timeout_ms,
            self.listen_on or below.listen_on,
            {**below.numbers, **self.numbers},
            (*self.patterns, *(each for each in below.patterns if each[0].pattern not in own)),
        )


@frozen
class MetaflowsDocument:
    """The object under `metaflows`, or under a callflow's `metaflow`."""

    binding_digit: str | None = setting(None, help="The digit before all others; default: *.", one_of=_DIGITS)
    digit_timeout: int | None = setting(None, help="Milliseconds without a digit that end them: 800.", at_least=0)
    listen_on: str | None = setting(None, help="Whose digits count; default: self.", one_of=("both", "self", "peer"))
    numbers: Mapping[str, Any] | None = setting(None, help="Nodes by the digits that set them off.")
    patterns: Mapping[str, Any] | None = setting(None, help="Nodes by regular expressions on the digits.")


def read_metaflows(
    document: object,
    where: str,
    *,
    strict: bool,
    skip_unsimulated: bool = False,
    fill: Mapping[str, str] | None = None,
    places: Mapping[tuple[str, str], str] | None = None,
) -> Reading[Bindings]:
    """Read one `metaflows` object whose JSON path is `where`; never raises for what the document holds.

    `strict` makes what leaves the documented bounds a fault, as the profile `docs` does; otherwise it is a warning.
    Faults are ill-typed and misspelt settings, patterns that are none or take too long, and modules that Kazoo's
    metaflows have and nobody simulates, which `skip_unsimulated` turns into warnings: they do nothing. `fill` are the
    values of `{NAMES}` in data. `places` has the path of ("numbers" or "patterns", key) where it is not below `where`.
    """
    reader = _Reader(strict, skip_unsimulated, fill, places or {})
    bindings = reader.bindings(document, where)
    return Reading(None if reader.faults else bindings, tuple(reader.faults), tuple(reader.diagnostics))


@define
class _Reader:
    strict: bool
    skips: bool
    values: Mapping[str, str] | None
    places: Mapping[tuple[str, str], str]
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)
    nodes_left: int = MAX_NODES

    def bindings(self, document: object, where: str) -> Bindings:
        read = self._read(MetaflowsDocument, document, where, "metaflows") or MetaflowsDocument()
        numbers: dict[str, MetaflowNode] = {}
        patterns: list[tuple[re.Pattern[str], MetaflowNode]] = []
        for key, raw, path in self._keys(read.numbers, "numbers", where):
            if not _NUMBER.fullmatch(key):
                self._bound(path, f"{shown(key)} is not a number of digits 0 to 9", "use `patterns` for * and #")
            node = self._node(raw, path, MAX_DEPTH)
            if node is not None:
                numbers[key] = node
        for key, raw, path in self._keys(read.patterns, "patterns", where):
            node = self._node(raw, path, MAX_DEPTH)
            try:
                pattern = compile_pattern(key)
            except BadPattern as error:
                self._fault(path, str(error), error.hint)
                continue
            if node is not None:
                patterns.append((pattern, node))
        return Bindings(read.binding_digit, read.digit_timeout, read.listen_on, numbers, tuple(patterns))

    def _keys(self, raw: Mapping[Any, Any] | None, kind: str, where: str) -> list[tuple[str, object, str]]:
        """Each (key, node as written, JSON path) of `numbers` or `patterns`."""
        found = []
        for key, node in (raw or {}).items():
            if isinstance(key, str):
                path = self.places.get((kind, key), child_path(where, kind))
                found.append((key, node, child_path(path, key)))
            else:
                self._fault(child_path(where, kind), f"the key {shown(key)} is not a string", "put it in quotes")
        return found

    def _node(self, raw: object, where: str, depth: int) -> MetaflowNode | None:
        self.nodes_left -= 1
        if self.nodes_left < 0 or not depth:
            if self.nodes_left >= -1:
                limit = f"nested deeper than {MAX_DEPTH} nodes" if not depth else f"more than {MAX_NODES} nodes"
                self._fault(where, limit, "leave most of them out")
            return None
        if not isinstance(raw, Mapping):
            self._fault(where, f"{shown(raw)} is not a node", 'write {"module": …, "data": {…}}')
            return None
        module, data, children = raw.get("module"), raw.get("data"), raw.get("children")
        if not isinstance(module, str) or not 0 < len(module) <= LONGEST_MODULE:
            hint = f"name the module that runs here, in 1 to {LONGEST_MODULE} characters"
            self._fault(child_path(where, "module"), f"{shown(module)} is no module", hint)
            return None
        read = self._settings(module, {} if data is None else data, child_path(where, "data"))
        below: dict[str, MetaflowNode] = {}
        if children is not None and not isinstance(children, Mapping):
            self._fault(child_path(where, "children"), f"{shown(children)} is not an object", 'write {"_": …}')
            children = None
        for key, child in (children or {}).items():
            path = child_path(child_path(where, "children"), str(key))
            node = self._node(child, path, depth - 1)
            if node is not None:
                below[str(key)] = node
        return MetaflowNode(module, read, below, where)

    def _settings(self, module: str, data: object, where: str) -> object:
        """The settings of a simulated module, None for any other: such a one is refused, or skipped with a warning."""
        filling = Filling(self.values or {})
        try:
            data = filling.fill(data)
        except TooMuchData as error:
            self._fault(where, str(error), "leave most of it out")
            return None
        if self.values is not None:
            self.diagnostics += filling.remarks(where)
        cls = METAFLOW_SETTINGS.get(module)
        if cls is None:
            return self._unsimulated(module, where.removesuffix(".data"))
        read = self._read(cls, data, where, f"the metaflow {module}")
        if module == "record_call" and isinstance(data, Mapping):
            faults, remarks = node_remarks(module, {"action": "toggle", **data}, where)
            self.faults += faults
            self.diagnostics += remarks
            problem = media_name_problem(data.get("media_name"))
            if problem is not None:
                self._bound(child_path(where, "media_name"), *problem)
        return read

    def _unsimulated(self, module: str, where: str) -> object:
        if module not in METAFLOWS_WITHOUT_EFFECT:
            meant = nearest(module, {*METAFLOWS_WITHOUT_EFFECT, *METAFLOW_SETTINGS})
            message = f"no metaflow has the module {shown(module)}: its digits do nothing"
            hint = f"did you mean '{meant}'?" if meant else ""
            self.diagnostics.append(Diagnostic("unknown-module", "warning", where, message, hint))
        elif self.skips:
            message = f"the metaflow '{module}' is not simulated yet: its digits do nothing"
            self.diagnostics.append(Diagnostic("skipped-unsimulated", "warning", where, message))
        else:
            hint = "run with --skip-unsimulated to have its digits do nothing"
            self._fault(where, f"the metaflow '{module}' is not simulated yet", hint)
        return None

    def _read(self, cls: type[Any], data: object, where: str, of: str) -> Any:
        reading = read_settings(cls, data, where, bounds_are_errors=self.strict, of=of)
        self.faults += reading.faults
        self.diagnostics += reading.diagnostics
        return reading.settings

    def _bound(self, where: str, problem: str, hint: str) -> None:
        """A breach of the documented bounds: a fault or a warning, as the profile says."""
        if self.strict:
            self._fault(where, problem, hint)
        else:
            message = f"{problem}, and is used all the same"
            self.diagnostics.append(Diagnostic("out-of-bounds", "warning", where, message, hint))

    def _fault(self, where: str, problem: str, hint: str) -> None:
        self.faults.append(FlowError(where, problem, hint))
