"""`field_list` of a storage plan's handler: the parts of a recording's path, as they are written (B§6.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from callflow.core.address import has_control_characters
from callflow.core.errors import FlowError
from callflow.core.shown import shown
from callflow.core.upload_urls import ARGUMENTS, PathPart, climbs

_DEEPEST: Final = 8
_HINT: Final = 'write {"arg": "id"}, {"field": "owner_id"}, {"const": "text"} or {"group": […]}'


def read_parts(listed: Sequence[Any] | None, where: str, faults: list[FlowError]) -> tuple[PathPart, ...] | None:
    """The parts of a path, None where one is faulty; a plain string is a constant. Faults go to `faults`."""
    before = len(faults)
    parts = tuple(_part(each, f"{where}[{index}]", faults, 1) for index, each in enumerate(listed or ()))
    return parts if len(faults) == before else None


def _part(value: Any, where: str, faults: list[FlowError], depth: int) -> PathPart:
    if isinstance(value, str):
        value = {"const": value}
    if not isinstance(value, Mapping) or len(value) != 1:
        return _fault(faults, where, f"{shown(value)} is no part of a path")
    ((kind, inside),) = value.items()
    if kind == "group" and isinstance(inside, list | tuple):
        if depth == _DEEPEST:
            return _fault(faults, where, f"a group inside {_DEEPEST} others")
        return PathPart("group", parts=tuple(_part(each, f"{where}.group", faults, depth + 1) for each in inside))
    if not isinstance(inside, str) or not inside:
        return _fault(faults, where, "this is no part of a path")
    if kind == "arg" and inside in ARGUMENTS:
        return PathPart("arg", inside)
    if kind == "const" and not has_control_characters(inside) and "#" not in inside and not climbs(inside):
        return PathPart("const", inside)
    if kind == "field":
        return PathPart("field", inside)
    return _fault(faults, where, f"{shown(inside)} cannot be '{kind}' of a path" if isinstance(kind, str) else "no key")


def _fault(faults: list[FlowError], where: str, problem: str) -> PathPart:
    faults.append(FlowError(where, problem, _HINT))
    return PathPart("const")


def joined(base: str | None, folder: str | None) -> str:
    """`folder_base_path` and `folder_path` as one folder; one that begins with a slash stands by itself (B§6.7)."""
    if not base or not folder or folder.startswith("/"):
        return folder or base or ""
    return f"{base.rstrip('/')}/{folder}"
