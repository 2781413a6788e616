"""The system documents `media` and `callflow` in an account file, and the account's own say over the first (B§3.4).

`system_config` holds the system's; `configs` what the account itself has instead, setting by setting, as Kazoo keeps it
in the account's database. Both may wrap their settings in `default`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from attrs import define, evolve, field, fields_dict

from callflow.core.account_documents import CallflowConfigDocument, MediaConfigDocument
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.flow_heading import own_fields, without_unread
from callflow.core.settings import read_settings
from callflow.core.shown import shown

T = TypeVar("T")

_SYSTEM, _OWN = "system_config", "configs"


@define
class ConfigReader:
    """Reads both; `known` are the keys of Kazoo's documents. Faults go to `faults`, remarks to `diagnostics`."""

    known: Mapping[str, Collection[str]]
    bounds_are_errors: bool
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)

    def media(self, document: Mapping[Any, Any]) -> MediaConfigDocument:
        """The system's document `media` with what the account has instead."""
        system, _ = self._read(document, _SYSTEM, "media", MediaConfigDocument)
        own, raw = self._read(document, _OWN, "media", MediaConfigDocument)
        return evolve(system, **{key: getattr(own, key) for key in fields_dict(MediaConfigDocument) if key in raw})

    def callflow(self, document: Mapping[Any, Any]) -> CallflowConfigDocument:
        """The system's document `callflow`."""
        return self._read(document, _SYSTEM, "callflow", CallflowConfigDocument)[0]

    def _read(self, document: Mapping[Any, Any], kind: str, name: str, cls: type[T]) -> tuple[T, Mapping[Any, Any]]:
        """One document, and it as written."""
        parts, where = document.get(kind), f"{kind}.{name}"
        if parts is not None and not isinstance(parts, Mapping):
            self._fault(kind, f"{shown(parts)} is not an object", 'write {"media": {…}}')
        raw = (parts.get(name) if isinstance(parts, Mapping) else None) or {}
        if isinstance(raw, Mapping) and isinstance(raw.get("default"), Mapping):
            where, raw = f"{where}.default", raw["default"]
        if not isinstance(raw, Mapping):
            self._fault(where, f"{shown(raw)} is not an object", "write {…} with the settings inside")
            raw = {}
        also_known = self.known.get(f"{_SYSTEM}.{name}", ())
        own, strict = own_fields(raw), self.bounds_are_errors
        reading = without_unread(
            read_settings(cls, own, where, bounds_are_errors=strict, of=where, also_known=also_known)
        )
        self.faults += reading.faults
        self.diagnostics += reading.diagnostics
        return reading.settings or cls(), raw

    def _fault(self, where: str, problem: str, hint: str) -> None:
        fault = FlowError(where, problem, hint)
        if all(str(fault) != str(each) for each in self.faults):  # two documents of one kind are read, with one fault
            self.faults.append(fault)
