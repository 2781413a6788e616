"""Finding the actions: the files of `callflow.actions`, and those that other packages announce as entry points."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Final

import callflow.actions
from callflow.core.errors import RegistrationError
from callflow.core.registry import Registry

GROUP: Final = "callflow.actions"
"""The entry-point group under which another package names its module of actions."""


@functools.cache
def standard_registry() -> Registry:
    """Every action there is. Raises RegistrationError when one breaks the contract or two own a name."""
    names = (each.name for each in pkgutil.iter_modules(callflow.actions.__path__))
    own = [importlib.import_module(f"{callflow.actions.__name__}.{name}") for name in names]
    return Registry.collect([*own, *announced_modules(entry_points(group=GROUP))])


def announced_modules(entries: Iterable[EntryPoint]) -> tuple[ModuleType, ...]:
    """The modules that other packages announce. Raises RegistrationError for one that is not there, or is no module."""
    found = []
    for entry in entries:
        where = f"entry point {entry.name} = {entry.value}"
        try:
            module = entry.load()
        except (ImportError, AttributeError, SyntaxError) as error:
            what = f"cannot be imported: {type(error).__name__}: {error}"
            raise RegistrationError(f"{where}: {what}; name a module that holds actions") from error
        if not isinstance(module, ModuleType):
            raise RegistrationError(f"{where}: this is no module; name the module that holds the actions")
        found.append(module)
    return tuple(found)
