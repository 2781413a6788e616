"""How values and places of a hostile document appear in a message: short, on one line, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from callflow.core.address import without_credentials

_LONGEST_SHOWN = 60
_LARGEST_SHOWN = 10**18
_PLAIN_KEY = re.compile(r"[\w:*#+-]{1,64}", re.ASCII)
_MARKS_OF_ADDRESSES = frozenset(":/?")
_SECRET_KEYS = frozenset({"pin", "password", "key", "secret", "token", "credentials"})


def shown(value: object, where: str = "") -> str:
    """Show a JSON value in a message: strings in quotes and cut at 60 characters, containers by their kind.

    Credentials in addresses are left out (`without_credentials`; a plain `name@place` has none), and nothing of a
    value whose path `where` ends in a secret's name is shown.
    """
    if where.rpartition(".")[2] in _SECRET_KEYS:
        return "the value"
    if isinstance(value, str):
        text = value if _MARKS_OF_ADDRESSES.isdisjoint(value) else without_credentials(value)
        cut = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
        return json.dumps(cut, ensure_ascii=not cut.isprintable())
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and abs(value) > _LARGEST_SHOWN:
        return "a number of more than 18 digits"
    return str(value) if isinstance(value, int | float) else f"a {type(value).__name__}"


def child_path(where: str, key: str) -> str:
    """Return the JSON path of `key` inside `where`: `flow.data.url`, or `flow.data["a b"]` for an unusual key."""
    if not where:
        return key
    return f"{where}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{where}[{shown(key)}]"
