"""The JSON Schemas of what comes out: the object of `run --json` and a row of a trace, from the classes behind them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from callflow.core.diagnostic import Diagnostic
from callflow.core.trace import FORMAT, Row
from callflow.report.results import (
    RESULT_FORMAT,
    Attempt,
    CallResult,
    DeliveryResult,
    Failure,
    PathStep,
    RecordingResult,
    RunResult,
    WebhookResult,
)
from callflow.schemas.shapes import DIALECT, Schema

_CLASSES: Final[Mapping[type[Any], str]] = {
    Attempt: "attempt",
    WebhookResult: "webhook",
    DeliveryResult: "delivery",
    RecordingResult: "recording",
    PathStep: "step",
    CallResult: "call",
    Failure: "failure",
    Diagnostic: "diagnostic",
}
_NAMES: Final[Mapping[str, str]] = {"caller": "from", "dialled": "to"}
"""Fields that Python needs another name for than the object has."""

_WHERE_THERE_IS_ONE: Final = ("overwritten_by", "webhook")
"""Keys that are left out where there is nothing to say."""

_NOT_SHOWN: Final = ("refusal",)
"""Fields that are for the reports' words and no keys."""

_PLAIN: Final[Mapping[object, str]] = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def result_schema() -> Schema:
    """The schema of the object of design §7."""
    definitions = {name: _object(kind) for kind, name in _CLASSES.items()}
    whole = _object(RunResult)
    whole["properties"] = {"format": {"const": RESULT_FORMAT}, **whole["properties"]}
    whole["required"] = ["format", *whole["required"]]
    return {"$schema": DIALECT, "title": "A result of callflow", **whole, "$defs": definitions}


def trace_schema() -> Schema:
    """The schema of one line of a trace; the header, row 0, has the trace's format in its detail."""
    hints = get_type_hints(Row)
    properties = {name: _typed(hints[name]) for name in Row._fields}
    row: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    header = {
        "if": {"properties": {"kind": {"const": "TRACE"}}},
        "then": {"properties": {"detail": {"properties": {"format": {"const": FORMAT}}, "required": ["format"]}}},
    }
    return {"$schema": DIALECT, "title": "A row of a trace of callflow", **row, "additionalProperties": False, **header}


def _object(kind: type[Any]) -> Schema:
    hints = get_type_hints(kind)
    names = {each.name: _NAMES.get(each.name, each.name) for each in attrs.fields(kind) if each.name not in _NOT_SHOWN}
    properties = {shown: _typed(hints[name]) for name, shown in names.items()}
    required = [shown for name, shown in names.items() if name not in _WHERE_THERE_IS_ONE]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _typed(hint: Any) -> Schema:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(inside)}
    if origin is tuple:
        return {"type": "array", "items": _typed(inside[0])}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_typed(each) for each in inside]}
    if hint in _CLASSES:
        return {"$ref": f"#/$defs/{_CLASSES[hint]}"}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    return {"type": "object"}  # a row's detail, which each kind of row has of its own
