"""Linting an account file: its documents, its storage plan, and every callflow in it (B§6.7, B§9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from callflow.accounts import LoadedAccount, load_account_file
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import DocumentError
from callflow.lint.named import check_names
from callflow.loading import Reading, place_inline_flows

_ACCOUNTS_OWN: Final = frozenset({"users", "devices", "vmboxes", "callflows", "call_recording", "storage", "configs"})
_ACCOUNTS_OWN_SYSTEM: Final = "system_config"


def is_account(document: object) -> bool:
    """Whether a file's content is an account's and no callflow's: by the lists that only an account has."""
    if not isinstance(document, Mapping) or "flow" in document or "module" in document or "scenario" in document:
        return False
    return _ACCOUNTS_OWN_SYSTEM in document or not _ACCOUNTS_OWN.isdisjoint(document)


def lint_account(path: Path, reading: Reading) -> tuple[tuple[DocumentError, ...], tuple[Diagnostic, ...]]:
    """The faults of an account file, or else the remarks on it and on each of its callflows, all placed.

    The first fault is as it was raised, the others are one line each.
    """
    try:
        loaded = load_account_file(path, reading)
        return (), (_what_it_is(path, loaded), *loaded.diagnostics, *_flow_remarks(loaded, reading))
    except DocumentError as first:
        notes: list[Any] = getattr(first, "__notes__", [])
        return (first, *(type(first)(str(path), str(note)) for note in notes)), ()


def _what_it_is(path: Path, loaded: LoadedAccount) -> Diagnostic:
    account, plan = loaded.account, loaded.account.system.plan
    place = plan.rule if plan is not None else "none"
    message = f"this is an account; users: {len(account.users)}, callflows: {len(loaded.flows)}, storage plan: {place}"
    return Diagnostic("account", "info", str(path), message)


def _flow_remarks(loaded: LoadedAccount, reading: Reading) -> Iterator[Diagnostic]:
    for each in loaded.flows.values():
        for placed in (each, *place_inline_flows(each, reading).values()):
            yield from placed.remarks(loaded.account.system)
            for remark in check_names(placed.flow, loaded.account):
                yield evolve(remark, where=placed.place(remark.where))
