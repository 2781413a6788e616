"""The JSON Schema of account files: Kazoo's own document shapes, of which any key may be there (design §6)."""

from __future__ import annotations

from typing import Final

from callflow.scenario.document import ACCOUNT_KEYS
from callflow.schemas import descriptions, document_keys
from callflow.schemas.shapes import DIALECT, Schema

_LISTS: Final = ("users", "devices", "vmboxes", "menus", "media", "temporal_rules", "callflows")
_TEXTS: Final = ("id", "name", "realm", "timezone")
_WORTH_TELLING: Final = {"devices": ("codec",)}
"""Keys of documents that are the simulator's own."""


def account_schema() -> Schema:
    """The schema of an account, also of one inside a scenario. Raises KeyError for a key that nobody has described."""
    properties = {key: {"description": descriptions.ACCOUNT[key], **_part(key)} for key in ACCOUNT_KEYS}
    return {"type": "object", "properties": properties}


def account_file_schema() -> Schema:
    """The schema of an account file."""
    return {"$schema": DIALECT, "title": "An account of callflow", **account_schema()}


def _part(key: str) -> Schema:
    if key in _TEXTS:
        return {"type": "string"}
    if key not in _LISTS:
        return {"type": "object"}
    known = sorted({*document_keys()[key], *_WORTH_TELLING.get(key, ())})
    return {"type": "array", "items": {"type": "object", "properties": {name: {} for name in known}}}
