"""The pieces of which JSON Schemas (draft 2020-12) are put together.

Regular expressions are written in what Python and ECMA 262 share, as editors use the latter. A place of a scenario may
hold `{NAME}` instead, which a row of `examples:` fills: every piece takes that too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

FILLED: Final = r"\{[A-Z][A-Z0-9_]*\}"
"""A name that a row fills, anywhere in a text."""

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """What stands under `$defs` by this name."""
    return {"$ref": f"#/$defs/{name}"}


def or_filled(*schemas: Schema) -> Schema:
    """One of these, or a text with a name that a row fills."""
    return {"anyOf": [*schemas, ref("filled")]}


def pattern(expression: str) -> str:
    """The expression for a whole text, blanks around it aside, or a text with a name that a row fills."""
    return rf"^\s*({expression})\s*$|{FILLED}"


def words(expression: str, *examples: str, **more: Any) -> Schema:
    """A text that fits the expression, with examples for an editor to offer."""
    offered = {"examples": list(examples)} if examples else {}
    return {"type": "string", "pattern": pattern(expression), **offered, **more}


def one_of(known: Iterable[str | None]) -> Schema:
    """One of these words; None stands for null."""
    return or_filled({"enum": list(known)})


def whole(low: int, high: int) -> Schema:
    """A whole number from `low` to `high`."""
    return or_filled({"type": "integer", "minimum": low, "maximum": high})


def listed(item: Schema, least: int = 0) -> Schema:
    """A list of such items."""
    return or_filled({"type": "array", "items": item, "minItems": least})


def mapped(
    properties: Mapping[str, Schema], descriptions: Mapping[str, str], required: Collection[str] = (), **more: Any
) -> Schema:
    """A mapping with these keys and no others, each with its description.

    Raises KeyError for a key without a description: an editor would have nothing to say about it.
    """
    described = {key: {"description": descriptions[key], **each} for key, each in properties.items()}
    closed: Schema = {"type": "object", "properties": described, "additionalProperties": False, **more}
    return {**closed, "required": sorted(required)} if required else closed


def any_blanks(expression: str) -> str:
    """The expression with any number of blanks where it has one."""
    return expression.replace(" ?", "\0").replace(" ", r"\s+").replace("\0", r"\s*")
