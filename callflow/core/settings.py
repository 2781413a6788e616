"""A module's settings: an attrs class is the schema, and reading a document through it collects every fault.

An action's author writes

    @frozen
    class SleepSettings:
        duration: int = setting(0, help="How long to wait, in `unit`s.", at_least=0)

and `read_settings` turns a node's `data` into one, or into the list of everything that is wrong with it, each with
its JSON path and with what would be right (design §9, §12 "Documents"; C13). Types: bool, int, float, str, Mapping,
another such class, `tuple[X, ...]` of these, and unions of them with None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Any, Generic, TypeVar, get_args, get_origin

from attrs import define, field, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import FlowError
from callflow.core.setting_fields import (
    Rules,
    SettingDoc,
    describe_settings,
    is_settings_class,
    range_words,
    setting,
    setting_fields,
    settings_problem,
    union_members,
    words_for,
)
from callflow.core.shown import child_path, shown
from callflow.core.spelling import nearest

__all__ = ["Reading", "SettingDoc", "describe_settings", "read_settings", "setting", "settings_problem"]

T = TypeVar("T")

_NUMERIC_STRING = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_LARGEST_INTEGER = 2**63 - 1
_WRONG: Any = object()


@frozen
class Reading(Generic[T]):
    """What came of reading: the settings (None exactly when there are faults), all faults, all diagnostics."""

    settings: T | None
    faults: tuple[FlowError, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_settings(
    cls: type[T],
    data: object,
    where: str,
    *,
    bounds_are_errors: bool,
    of: str = "",
    also_known: Collection[str] = (),
) -> Reading[T]:
    """Read `data`, any JSON value, as the settings class `cls`; never raises for what `data` holds.

    `where` is the JSON path of `data`; `of` names its owner in messages (the module); `also_known` are keys that are
    right although `cls` does not read them (info `unread-key`). A numeric string for an integer is coerced with the
    warning `numeric-string` (C13). A value out of bounds is a fault, or with `bounds_are_errors` false the warning
    `out-of-bounds` and kept. Null counts as absent. `skip_module` is right in every module (B§2.2).
    """
    reader = _Reader(bounds_are_errors)
    settings = reader.read_object(cls, data, where, of or cls.__name__, also_known)
    return Reading(None if reader.faults else settings, tuple(reader.faults), tuple(reader.diagnostics))


@define
class _Reader:
    """Collects while it descends, so that one run shows the author everything that is wrong."""

    bounds_are_errors: bool
    faults: list[FlowError] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)

    def read_object(self, cls: type[T], data: object, where: str, of: str, also_known: Collection[str] = ()) -> Any:
        if not isinstance(data, Mapping):
            return self._fault(where, f"{shown(data, where)} is not an object", "write {…} with the settings inside")
        known = setting_fields(cls)
        self._check_keys(data, where, of, {each.name for each in known}, also_known)
        values: dict[str, Any] = {}
        for each in known:
            value = data.get(each.name)
            if value is None:
                if each.required:
                    self._fault(where, f"{of} needs '{each.name}'", f"give it {words_for(each.kind)}")
                continue
            path = child_path(where, each.name)
            read = self._read(each.kind, value, path)
            if read is not _WRONG:
                values[each.name] = read
                self._check_bounds(each.rules, read, path)
                fault = each.rules.check(read, data) if each.rules.check is not None else None
                if fault is not None:
                    self._fault(path, *fault)
        missing = any(each.required and each.name not in values for each in known)
        return _WRONG if missing else cls(**values)

    def _check_keys(
        self, data: Mapping[Any, object], where: str, of: str, read: Collection[str], also_known: Collection[str]
    ) -> None:
        right = {*read, *also_known, "skip_module"}
        for key in data:
            if not isinstance(key, str):
                self._fault(where, f"the key {shown(key)} is not a string", "put it in quotes")
            elif key == "skip_module":
                if not isinstance(data[key], bool | None):
                    self._wrong_type(bool, data[key], child_path(where, key))
            elif key not in right:
                self._unknown_key(key, where, of, right)
            elif key not in read:
                message = f"'{key}' of {of} is known to Kazoo, and has no effect here"
                self.diagnostics.append(Diagnostic("unread-key", "info", child_path(where, key), message))

    def _unknown_key(self, key: str, where: str, of: str, right: Collection[str]) -> None:
        meant = nearest(key, right)
        if meant is not None:
            self._fault(child_path(where, key), f"unknown setting {shown(key)} of {of}", f"did you mean '{meant}'?")
            return
        message = f"{of} has no setting {shown(key)}: it has no effect"
        self.diagnostics.append(Diagnostic("unknown-key", "info", child_path(where, key), message))

    def _read(self, kind: Any, value: object, where: str) -> Any:
        members = union_members(kind)
        if len(members) > 1:
            for member in members:
                if _is_of(member, value):
                    return self._read(member, value, where)
            return self._wrong_type(kind, value, where)
        kind = members[0]
        if is_settings_class(kind):
            return self.read_object(kind, value, where, where.rpartition(".")[2])
        if get_origin(kind) is tuple and isinstance(value, list | tuple):
            items = [self._read(get_args(kind)[0], item, f"{where}[{index}]") for index, item in enumerate(value)]
            return _WRONG if any(item is _WRONG for item in items) else tuple(items)
        if kind in (int, float) and isinstance(value, str) and _NUMERIC_STRING.fullmatch(value):
            message = f"the string {shown(value)} is taken as the number {int(value)}"
            hint = "write it without quotes"
            self.diagnostics.append(Diagnostic("numeric-string", "warning", where, message, hint))
            return kind(value)
        if not _is_of(kind, value):
            return self._wrong_type(kind, value, where)
        return float(value) if kind is float else value  # type: ignore[arg-type]

    def _wrong_type(self, kind: Any, value: object, where: str) -> Any:
        words = words_for(kind)
        hint = f"write {words}"
        if str in union_members(kind) and isinstance(value, int | float) and not isinstance(value, bool):
            hint = "put it in quotes"
        return self._fault(where, f"{shown(value, where)} is not {words}", hint)

    def _check_bounds(self, rules: Rules, value: Any, where: str) -> None:
        if rules.one_of is not None and not _is_one_of(value, rules.one_of):
            choices = " or ".join(shown(choice) for choice in rules.one_of)
            self._out_of_bounds(where, f"{shown(value)} is not one of its values", f"write {choices}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not _is_within(value, rules.at_least, rules.at_most):
                right = range_words(rules.at_least, rules.at_most)
                self._out_of_bounds(where, f"{shown(value)} is out of bounds", f"write {right}")
        elif isinstance(value, str | tuple) and not _is_within(len(value), rules.shortest, rules.longest):
            unit = "characters" if isinstance(value, str) else "items"
            right = f"{range_words(rules.shortest, rules.longest)} {unit}"
            self._out_of_bounds(where, f"{len(value)} {unit} are out of bounds", f"write {right}")

    def _out_of_bounds(self, where: str, problem: str, hint: str) -> None:
        if self.bounds_are_errors:
            self._fault(where, problem, hint)
        else:
            message = f"{problem}, and is used all the same"
            self.diagnostics.append(Diagnostic("out-of-bounds", "warning", where, message, hint))

    def _fault(self, where: str, problem: str, hint: str) -> Any:
        self.faults.append(FlowError(where, problem, hint))
        return _WRONG


def _is_of(kind: Any, value: object) -> bool:
    """Whether a JSON value has a type; true and false are no integers, and not-a-number is no number."""
    if kind is int or kind is float:
        if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
            return False
        return math.isfinite(value) if isinstance(value, float) else abs(value) <= _LARGEST_INTEGER
    if kind is bool or kind is str:
        return isinstance(value, kind)
    if get_origin(kind) is tuple:
        return isinstance(value, list | tuple)
    return isinstance(value, Mapping)


def _is_one_of(value: object, choices: tuple[object, ...]) -> bool:
    return any(type(choice) is type(value) and choice == value for choice in choices)


def _is_within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
