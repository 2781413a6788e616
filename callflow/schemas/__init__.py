"""What Kazoo 5 knows: the keys of every callflow module, and those of the documents that an account is made of.

The file `kazoo.json` holds types, defaults and bounds as facts of the interface (B§1.1, B§7, B§11), with the seed
document's silence keys added to record_call; what a module does is said in our own words.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

from callflow.core.schema import KeySchema, ModuleSchema

__all__ = ["KeySchema", "ModuleSchema", "document_keys", "module_schemas"]


@functools.cache
def module_schemas() -> Mapping[str, ModuleSchema]:
    """Return every callflow module that Kazoo has, by name; read once, read-only."""
    return MappingProxyType({name: _module(name, raw) for name, raw in _file()["modules"].items()})


@functools.cache
def document_keys() -> Mapping[str, frozenset[str]]:
    """Return the keys that each kind of document may have (`users`, `system_config.media`, …); read once, read-only."""
    return MappingProxyType({kind: frozenset(keys) for kind, keys in _file()["documents"].items()})


@functools.cache
def _file() -> dict[str, Any]:
    text = resources.files(__name__).joinpath("kazoo.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def _module(name: str, raw: Mapping[str, Any]) -> ModuleSchema:
    keys = {key: KeySchema(**{**facts, "one_of": tuple(facts.get("one_of", ()))}) for key, facts in raw["keys"].items()}
    return ModuleSchema(name, raw["does"], MappingProxyType(keys))
