"""An account's document `storage`: plan, then handler, then connection (B§6.1 row 5, B§6.7).

Every profile reads it: the seed knows no storage plans, but an account file that has one says it in so many words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from attrs import define, frozen

from callflow.core.delivery import TargetKind
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.flow_heading import own_fields
from callflow.core.shown import child_path, shown
from callflow.core.spelling import nearest
from callflow.core.storage_documents import (
    AttachmentDocument,
    ConnectionDocument,
    DatabasePlan,
    PlanAttachments,
    StorageDocument,
    TypePlan,
)
from callflow.core.storage_findings import Findings
from callflow.core.storage_handlers import CLOUD_HANDLERS, HANDLERS, read_connection, read_handler
from callflow.core.storage_plan import StoragePlan

S = TypeVar("S", AttachmentDocument, ConnectionDocument)

LOCAL: Final = "local"
"""The connection that is the account's own database."""

_ATTACHMENTS, _CONNECTIONS = "storage.attachments", "storage.connections"
_ATTACHMENT_ID: Final = re.compile(r"[a-z0-9]{32}", re.ASCII)
_CONNECTION_ID: Final = re.compile(r"[a-z0-9,]{32}", re.ASCII)
_PLAN: Final = "storage.plan.modb"
_TYPE: Final = f"{_PLAN}.types.call_recording"


@frozen
class AccountStorage:
    """The plan of call recordings, None where they stay in the account's own database; all faults, all diagnostics."""

    plan: StoragePlan | None = None
    faults: tuple[FlowError, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_account_storage(
    document: Mapping[Any, Any], *, bounds_are_errors: bool, skip_unsimulated: bool = False
) -> AccountStorage:
    """Read what an account says under `storage`; never raises for what it holds.

    A misspelt key, a wrong type, an unknown handler, an id that nothing has, and what is not simulated are faults.
    With `skip_unsimulated` a handler that needs a cloud's login is a warning, and recordings are stored nowhere.
    """
    raw = document.get("storage")
    if raw is None:
        return AccountStorage()
    findings = Findings(bounds_are_errors, skip_unsimulated)
    own = own_fields(raw) if isinstance(raw, Mapping) else raw
    storage = findings.settings(StorageDocument, own, "storage", "storage")
    plan = _Reader(findings, storage).plan() if storage is not None else None
    return AccountStorage(plan, tuple(findings.faults), tuple(findings.diagnostics))


@define
class _Reader:
    findings: Findings
    storage: StorageDocument

    def plan(self) -> StoragePlan | None:
        """What the plan comes to. Every entry is looked at, also one that the plan does not name."""
        attachments = self._entries(AttachmentDocument, self.storage.attachments, _ATTACHMENTS, _ATTACHMENT_ID)
        connections = self._entries(ConnectionDocument, self.storage.connections, _CONNECTIONS, _CONNECTION_ID)
        modb = (self.storage.plan.modb if self.storage.plan is not None else None) or DatabasePlan()
        # What holds is the type's own word, and the database's where the type says nothing (B§6.7).
        own = (modb.types.call_recording if modb.types is not None else None) or TypePlan()
        handler, attached_at = self._handler(own.attachments, modb.attachments)
        connection, connected_at = own.connection, f"{_TYPE}.connection"
        if connection is None:
            connection, connected_at = modb.connection or LOCAL, f"{_PLAN}.connection"
        folder = next((each for each in map(_folder, (own.attachments, modb.attachments)) if each is not None), None)
        plans: dict[str, StoragePlan | None] = {}
        for name, entry in attachments.items():
            is_chosen = name == handler
            plans[name] = self._attached(name, entry, folder if is_chosen else None, attached_at if is_chosen else "")
        couches = {
            name: read_connection(self.findings, each.settings, _settings_of(_CONNECTIONS, name), connected_at)
            for name, each in connections.items()
        }
        couch = self._named(connection, couches, connected_at, _CONNECTIONS) if connection != LOCAL else None
        if handler is None:
            return couch
        if couch is not None:
            message = "the file goes to the plan's handler; its document, which goes to this connection, is not sent"
            self.findings.diagnostics.append(Diagnostic("plan-document-not-sent", "info", connected_at, message))
        return self._named(handler, plans, attached_at, _ATTACHMENTS)

    def _handler(self, above: PlanAttachments | None, below: PlanAttachments | None) -> tuple[str | None, str]:
        """The id of the handler and the JSON path that says it, None where there is none; a copy is not simulated."""
        for layer, path in ((above, _TYPE), (below, _PLAN)):
            if layer is not None and layer.stub:
                problem = "a file that is kept in the database as well is not simulated yet"
                outcome = "it goes to the handler alone"
                self.findings.is_skipped(f"{path}.attachments.stub", problem, outcome, "leave stub out")
        for layer, path in ((above, _TYPE), (below, _PLAN)):
            if layer is not None and layer.handler is not None:
                return layer.handler, f"{path}.attachments.handler"
        return None, ""

    def _attached(self, name: str, entry: AttachmentDocument, folder: str | None, chosen_at: str) -> StoragePlan | None:
        """The plan of one of the attachments; `chosen_at` is the JSON path that names it, "" where none does."""
        kind, rule = entry.handler, f"{chosen_at}: {entry.handler}"
        if kind in CLOUD_HANDLERS:
            problem = f"the handler {kind} needs the login of a cloud, which the simulator cannot have"
            hint = f"use one of the handlers {', '.join(sorted(HANDLERS))}"
            outcome = "recordings are stored nowhere"
            is_skipped = chosen_at and self.findings.is_skipped(chosen_at, problem, outcome, hint)
            return StoragePlan(TargetKind.NONE, f"{rule} is not simulated") if is_skipped else None
        if kind not in HANDLERS:
            meant = nearest(kind, (*HANDLERS, *CLOUD_HANDLERS))
            hint = f"did you mean '{meant}'?" if meant else f"write {', '.join(sorted(HANDLERS))}"
            where = f"{child_path(_ATTACHMENTS, name)}.handler"
            self.findings.fault(where, f"nobody knows a handler {shown(kind)}", hint)
            return None
        raw = entry.settings if folder is None else {**entry.settings, "folder_path": folder}
        return read_handler(self.findings, kind, raw, _settings_of(_ATTACHMENTS, name), rule)

    def _entries(
        self, cls: type[S], listed: Mapping[str, Any] | None, where: str, shape: re.Pattern[str]
    ) -> Mapping[str, S]:
        """The documents of attachments or connections by id; `local` is the account's own, whatever it says."""
        found: dict[str, S] = {}
        for key, each in (listed or {}).items():
            at = child_path(where, str(key))
            if cls is ConnectionDocument and key == LOCAL:
                continue
            if not isinstance(key, str) or not shape.fullmatch(key):
                hint = "write one like 0123456789abcdef0123456789abcdef"
                self.findings.breach(at, "an id has 32 characters of a-z and 0-9", hint)
            entry = self.findings.settings(cls, each, at, at.partition(".")[2].partition("s")[0])
            if entry is not None:
                found[str(key)] = entry
        return found

    def _named(
        self, name: str, plans: Mapping[str, StoragePlan | None], where: str, listed_at: str
    ) -> StoragePlan | None:
        """The plan of an id that the plan names; what is there and faulty has been said."""
        is_said = any(fault.where.startswith(child_path(listed_at, name)) for fault in self.findings.faults)
        if name not in plans and not is_said:
            meant = nearest(name, plans)
            hint = f"did you mean '{meant}'?" if meant else f"write it under {listed_at}"
            self.findings.fault(where, f"{listed_at} has no {shown(name)}", hint)
        return plans.get(name)


def _folder(layer: PlanAttachments | None) -> str | None:
    return layer.params.folder_path if layer is not None and layer.params is not None else None


def _settings_of(listed_at: str, name: str) -> str:
    return f"{child_path(listed_at, name)}.settings"
