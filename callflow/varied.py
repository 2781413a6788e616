"""A scenario made ready with some of its settings changed: what each run of a sweep is (design §7).

What can be changed: `data.KEY`, a setting of the first record_call node that starts; a setting of any node by its JSON
path as in diagnostics, `flow.children._.data.timeout`; a value of the account, `account.system_config.media.…`; a name
that fills the callflow, `with.NAME`; `profile` and `seed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from callflow.core.account import implied_account
from callflow.core.errors import FlowError, ScenarioError
from callflow.core.flow import Flow, Node
from callflow.core.profile import PROFILES
from callflow.core.setting_fields import setting_fields
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.loading import Reading, read_flow
from callflow.report.wording import cut, printable
from callflow.scenario.document import read_document
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices, Prepared, prepare
from callflow.schemas import module_schemas
from callflow.variations import Case, as_written, changed, label, steps_of

_PLACEHOLDER: Final = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_RECORDER: Final = "record_call"
_LONGEST_LIST: Final = 300
_IN_DOCUMENTS: Final = ("data", "flow", "callflows")
_WHAT: Final = "data.KEY, flow.….data.KEY, account.KEY, with.NAME, profile or seed"
_NAMES_PEOPLE: Final = ("id", "endpoints")


def prepare_varied(scenario: Scenario, choices: Choices, wanted: Sequence[Case]) -> Iterator[Prepared]:
    """The scenario, ready to run, for each case in turn. Raises FlowError and ScenarioError, `--vary …` the place.

    What is read from files is read again only where a case needs it: most differ in a node's settings alone.
    """
    ready: dict[str, Prepared] = {}
    for case in wanted:
        outer = [(path, value) for path, value in case if not _is_in_flow(path)]
        key = json.dumps(outer)
        if key not in ready:
            ready[key] = prepare(*_chosen(scenario, choices, outer))
        prepared = ready[key]
        for path, value in case:
            if _is_in_flow(path):
                prepared = _with_setting(prepared, path, value)
        yield prepared


def _is_in_flow(path: str) -> bool:
    return re.split(r"[.\[]", path, maxsplit=1)[0] in _IN_DOCUMENTS


def _chosen(scenario: Scenario, choices: Choices, outer: Sequence[tuple[str, Any]]) -> tuple[Scenario, Choices]:
    """The scenario and the choices with everything changed that lies outside the callflow's nodes."""
    for path, value in outer:
        where = _where(path, value)
        first, _, rest = path.partition(".")
        if path == "profile":
            if value not in PROFILES:
                raise ScenarioError(where, "unknown profile", f"one of {', '.join(PROFILES)}")
            choices = evolve(choices, profile=value)
        elif path == "seed":
            if not isinstance(value, int) or isinstance(value, bool):
                raise ScenarioError(where, "a seed is a whole number", "write it like seed=1..5")
            choices = evolve(choices, seed=value)
        elif first == "with" and rest:
            _check_name(scenario, rest, where)
            choices = evolve(choices, values={**choices.values, rest: as_written(value)})
        elif first == "account" and rest:
            scenario = evolve(scenario, account=_changed_account(scenario, rest, value, where))
        else:
            raise ScenarioError(where, "this is nothing that can be varied", f"write {_WHAT}")
    return scenario, choices


def _check_name(scenario: Scenario, name: str, where: str) -> None:
    """Refuse a name that nothing in the documents has: it would change nothing."""
    folder = Path(scenario.file).parent
    texts = [] if scenario.is_number else [read_document(folder / scenario.callflow, FlowError).text]
    if scenario.account is not None:
        texts.append(json.dumps(_account_data(scenario)))
    names = sorted({found for text in texts for found in _PLACEHOLDER.findall(text)})
    if name not in names:
        there = f"there are {', '.join(names)}" if names else "there is no {NAME} in it at all"
        raise ScenarioError(where, f"nothing in the callflow is called {shown('{' + name + '}')}", _short(there))


def _account_data(scenario: Scenario) -> Any:
    if isinstance(scenario.account, str):
        return read_document(Path(scenario.file).parent / scenario.account).data
    return scenario.account


def _changed_account(scenario: Scenario, path: str, value: Any, where: str) -> Any:
    """The account as plain data, with one value changed."""
    if scenario.account is None:
        raise ScenarioError(where, "the scenario has no account", "vary a setting of the callflow: data.KEY")
    data = _account_data(scenario)
    steps = steps_of(path)
    if steps is None or not isinstance(data, dict):
        raise ScenarioError(where, "this is no path into the account", "write account.system_config.media.KEY")
    if steps[0] not in data and steps[0] != "system_config":
        hint = _short(f"it has {', '.join(map(str, data))}")
        raise ScenarioError(where, f"the account has no {shown(steps[0])}", hint)
    try:
        return changed(data, steps, value)
    except LookupError as missing:
        problem = f"the account has no {printable(missing.args[0])} there"
        raise ScenarioError(where, problem, "take the path from the account's file") from None


def _with_setting(prepared: Prepared, path: str, value: Any) -> Prepared:
    """The same with one setting of one node changed, in every flow that has the node."""
    node, key = _node_at(prepared, path, _where(path, value))
    new = _changed_node(prepared, node, key, path, value)
    flows: dict[int, Flow] = {}
    for each in _flows(prepared):
        flows[id(each)] = _with_node(each, node, new)
    setting = evolve(prepared.setting, flows={name: flows[id(each)] for name, each in prepared.setting.flows.items()})
    calls = tuple(evolve(call, flow=flows[id(call.flow)]) for call in prepared.calls)
    if prepared.scenario.account is None and key.startswith(_NAMES_PEOPLE):
        nodes = chain.from_iterable(each.nodes() for each in flows.values())
        setting = evolve(setting, account=implied_account(nodes, id=setting.account.id))
    return evolve(prepared, setting=setting, calls=calls)


def _flows(prepared: Prepared) -> tuple[Flow, ...]:
    """Every flow of the run, the first call's first."""
    every = (*(call.flow for call in prepared.calls), *prepared.setting.flows.values())
    return tuple({id(each): each for each in every}.values())


def _node_at(prepared: Prepared, path: str, where: str) -> tuple[Node, str]:
    """The node that a path is about, and the rest of the path behind `data.`."""
    first, *others = _flows(prepared)
    if path.startswith("data."):
        nodes = chain.from_iterable(each.nodes() for each in (first, *others))
        node = next((each for each in nodes if each.module == _RECORDER and each.data.get("action") != "stop"), None)
        if node is None:
            modules = ", ".join(dict.fromkeys(each.module for each in first.nodes()))
            hint = _short(f"its modules are {modules}: name a node, flow.children._.data.KEY")
            raise ScenarioError(where, f"the callflow has no {_RECORDER} node that starts", hint)
        return node, path.removeprefix("data.")
    found = _longest(chain.from_iterable(each.nodes() for each in (first, *others)), path)
    own = set(map(id, first.nodes()))
    found = [each for each in found if id(each) in own] or found
    if len(found) > 1:
        hint = "name it by its place in the account: account.callflows[0].flow.data.KEY"
        raise ScenarioError(where, "several callflows have this node", hint)
    if not found:
        places = ", ".join(f"{each.where}.data" for each in first.nodes())
        raise ScenarioError(where, "the callflow has no such node", _short(f"there are {places}"))
    return found[0], path.removeprefix(f"{found[0].where}.data.")


def _longest(nodes: Iterable[Node], path: str) -> list[Node]:
    """The nodes whose data the path leads into; of a node and one written inside its data, the latter."""
    found = {id(each): each for each in nodes if path.startswith(f"{each.where}.data.")}
    most = max((len(each.where) for each in found.values()), default=0)
    return [each for each in found.values() if len(each.where) == most]


def _changed_node(prepared: Prepared, node: Node, key: str, path: str, value: Any) -> Node:
    """The node read anew with the changed data, as when its document is loaded."""
    where, steps = _where(path, value), steps_of(key)
    if steps is None or not isinstance(steps[0], str):
        raise ScenarioError(where, f"{shown(key)} is no setting's name", "write it like data.time_limit")
    _check_known(node, steps[0], where)
    try:
        data = changed(dict(node.data), steps, value)
    except LookupError as missing:
        raise ScenarioError(where, f"the node has no {printable(missing.args[0])} there", "") from None
    reading = Reading(prepared.setting.profile, skip_unsimulated=True)  # its module was accepted when it was loaded
    read = read_flow({"module": node.module, "data": data}, reading, "", node.where, node.flow)
    if read.faults:
        fault = read.faults[0]
        raise FlowError(where, f"{fault.where}: {fault.problem}", fault.hint)
    assert read.root is not None, "a node without faults is there"
    return evolve(read.root, children=node.children)


def _check_known(node: Node, key: str, where: str) -> None:
    """Refuse a setting that the module does not have, with those that it has."""
    known = {"skip_module", *(module_schemas()[node.module].keys if node.module in module_schemas() else ())}
    if node.action is not None:
        known |= {each.name for each in setting_fields(node.action.settings_class)}
    if key not in known:
        meant = nearest(key, known)
        hint = f"did you mean '{meant}'?" if meant else _short(f"it has {', '.join(sorted(known))}")
        raise FlowError(where, f"{node.module} has no setting {shown(key)}", hint)


def _with_node(flow: Flow, old: Node, new: Node) -> Flow:
    """The flow with one node in place of another; the same flow when it does not have it."""
    parents: dict[int, tuple[Node, str]] = {}
    for parent in flow.nodes():
        for key, child in parent.children.items():
            if child is not None:
                parents[id(child)] = (parent, key)
    if flow.root is not old and id(old) not in parents:
        return flow
    while old is not flow.root:
        parent, key = parents[id(old)]
        old, new = parent, evolve(parent, children={**parent.children, key: new})
    return evolve(flow, root=new)


def _where(path: str, value: object) -> str:
    return f"--vary {printable(path)}={label(value)}"


def _short(text: str) -> str:
    return cut(printable(text), _LONGEST_LIST)
