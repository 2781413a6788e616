"""Scenario files (design §6): from YAML or JSON to frozen data, everything parsed and checked, nothing ignored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import field, frozen

from callflow.core.errors import ScenarioError
from callflow.core.profile import PROFILES
from callflow.core.shown import shown
from callflow.scenario.document import Document, parse_document, read_document
from callflow.scenario.examples import fill_row, in_row, read_rows
from callflow.scenario.expect import Expectations
from callflow.scenario.expectations import read_expectations
from callflow.scenario.fixtures import with_fixtures
from callflow.scenario.header import (
    NUMBER,
    read_account,
    read_callflow,
    read_start,
    read_tags,
    read_timezone,
    read_values,
)
from callflow.scenario.nodes import Node, choice, integer, node_tree, text
from callflow.scenario.people import CallScript, read_calls
from callflow.scenario.storage_part import StorageScript, read_storage
from callflow.scenario.words import suggestion

KEYS = (
    "scenario", "callflow", "account", "with", "profile", "start", "timezone", "seed", "tags", "use", "storage",
    "caller", "timeline", "calls", "call_id", "expect", "examples",
)  # fmt: skip
"""Everything that may stand at the top of a scenario."""

LARGEST_SEED = 2**63 - 1
"""The largest `seed:`."""


@frozen
class Scenario:
    """One scenario to run: a file, or one row of its `examples:`.

    `callflow` is a path relative to the folder of `file`, or a number to look up in the account (`is_number`).
    `account` is such a path, the account itself (plain data), or None. `values` fills the callflow's placeholders.
    `start` is in UTC, whole seconds; None is the real now. `row` counts the rows of `examples:` from 0.
    `expect` holds for the whole scenario; each of several calls may have its own beside it.
    """

    file: str
    name: str
    callflow: str
    account: str | Mapping[str, Any] | None
    values: Mapping[str, str]
    profile: str | None
    start: datetime | None
    timezone: str | None
    seed: int
    tags: tuple[str, ...]
    storage: StorageScript
    calls: tuple[CallScript, ...]
    expect: Expectations
    row: int = 0
    use: tuple[str, ...] = ()
    where: Mapping[str, str] = field(factory=dict, repr=False)
    """Place (`file:line: path`) of each top-level part that the file has: for errors found later."""

    @property
    def is_number(self) -> bool:
        """Whether `callflow` is a number of the account and not a path."""
        return NUMBER.fullmatch(self.callflow) is not None


def load_scenario(path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a file: one, or one for each row of `examples:`. Raises ScenarioError."""
    return _scenarios(read_document(path))


def parse_scenario(text: str, *, file: str = "<text>", format: str = "yaml") -> tuple[Scenario, ...]:
    """The same from a text; `file` stands in errors, and paths in the text are relative to its folder."""
    return _scenarios(parse_document(text, file=file, format=format))


def _scenarios(document: Document) -> tuple[Scenario, ...]:
    top = node_tree(document)
    parts, use = with_fixtures(top)
    for key, node in parts.items():
        if key not in KEYS:
            raise node.error(f"unknown key {shown(key)}", _what_it_may_be(parts) or suggestion(key, KEYS))
    table = parts.pop("examples", None)
    if table is None:
        return (_scenario(top, fill_row(parts, {}), use, 0),)
    scenarios = []
    for index, row in enumerate(read_rows(table)):
        try:
            scenarios.append(_scenario(top, fill_row(parts, row), use, index))
        except ScenarioError as fault:
            raise in_row(fault, index) from None
    return tuple(scenarios)


def _what_it_may_be(parts: Mapping[str, Node]) -> str:
    """What to do with a document that is no scenario but looks like another, "" for any other."""
    if "callflow" in parts or "timeline" in parts:
        return ""
    if "module" in parts or "flow" in parts:
        return "this looks like a callflow: `callflow lint` reads those"
    is_account = any(key in parts for key in ("users", "devices", "callflows"))
    return "this looks like an account: a scenario names it under account:" if is_account else ""


def _scenario(top: Node, parts: dict[str, Node], use: tuple[str, ...], row: int) -> Scenario:
    for key in ("scenario", "callflow"):
        if key not in parts:
            raise top.error(f"{key} is missing", f"write {key}: {'its name' if key == 'scenario' else 'a path'}")
    account = read_account(parts["account"], top.file) if "account" in parts else None
    callflow = read_callflow(parts["callflow"], top.file)
    if NUMBER.fullmatch(callflow) and account is None:
        raise parts["callflow"].error("a number without an account", "add account:, whose callflows have the number")
    calls = read_calls(parts, top)
    names = tuple(call.name for call in calls if call.name)
    return Scenario(
        file=top.file,
        name=text(parts["scenario"], "a name"),
        callflow=callflow,
        account=account,
        values=read_values(parts["with"]) if "with" in parts else {},
        profile=choice(parts["profile"], PROFILES.keys()) if "profile" in parts else None,
        start=read_start(parts["start"]) if "start" in parts else None,
        timezone=read_timezone(parts["timezone"]) if "timezone" in parts else None,
        seed=integer(parts["seed"], 0, LARGEST_SEED) if "seed" in parts else 1,
        tags=read_tags(parts["tags"]) if "tags" in parts else (),
        storage=read_storage(parts.get("storage")),
        calls=calls,
        expect=read_expectations(parts.get("expect"), names, for_all_calls=bool(names), file=top.file),
        row=row,
        use=use,
        where={key: node.where for key, node in parts.items()},
    )
