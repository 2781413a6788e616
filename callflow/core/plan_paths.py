"""`field_list` of a storage plan's handler: the parts of a recording's path, as they are written (B§6.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from callflow.core.address import has_control_characters
from callflow.core.diagnostic import Diagnostic
from callflow.core.recording_document import DOCUMENT_FIELDS
from callflow.core.shown import shown
from callflow.core.storage_findings import Findings
from callflow.core.upload_urls import ARGUMENTS, PathPart, climbs

_DEEPEST: Final = 8
_HINT: Final = 'write {"arg": "id"}, {"field": "owner_id"}, {"const": "text"} or {"group": […]}'


def read_parts(findings: Findings, listed: Sequence[Any] | None, where: str) -> tuple[PathPart, ...] | None:
    """The parts of a path, None where one is faulty; a plain string is a constant."""
    before = len(findings.faults)
    parts = _parts(findings, listed or (), where, 0)
    return parts if len(findings.faults) == before else None


def _parts(findings: Findings, listed: Sequence[Any], where: str, depth: int) -> tuple[PathPart, ...]:
    return tuple(_part(findings, each, f"{where}[{index}]", depth) for index, each in enumerate(listed))


def _part(findings: Findings, value: Any, where: str, depth: int) -> PathPart:
    if isinstance(value, str):
        value = {"const": value}
    if not isinstance(value, Mapping) or len(value) != 1:
        return _fault(findings, where, f"{shown(value)} is no part of a path")
    ((kind, inside),) = value.items()
    if kind == "group" and isinstance(inside, list | tuple):
        if depth == _DEEPEST:
            return _fault(findings, where, f"a group inside {_DEEPEST} others")
        return PathPart("group", parts=_parts(findings, inside, f"{where}.group", depth + 1))
    if not isinstance(inside, str) or not inside:
        return _fault(findings, where, "this is no part of a path")
    if kind == "arg" and inside in ARGUMENTS:
        return PathPart("arg", inside)
    if kind == "const" and not has_control_characters(inside) and "#" not in inside and not climbs(inside):
        return PathPart("const", inside)
    if kind == "field":
        if inside not in DOCUMENT_FIELDS:
            message = f"a recording's document has no {shown(inside)} here: this part is left out of the path"
            findings.diagnostics.append(Diagnostic("unknown-field", "warning", where, message))
        return PathPart("field", inside)
    return _fault(
        findings, where, f"{shown(inside)} cannot be '{kind}' of a path" if isinstance(kind, str) else "no key"
    )


def _fault(findings: Findings, where: str, problem: str) -> PathPart:
    findings.fault(where, problem, _HINT)
    return PathPart("const")


def joined(base: str | None, folder: str | None) -> str:
    """`folder_base_path` and `folder_path` as one folder; one that begins with a slash stands by itself (B§6.7)."""
    if not base or not folder or folder.startswith("/"):
        return folder or base or ""
    return f"{base.rstrip('/')}/{folder}"
