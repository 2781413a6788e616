"""Finding the actions: the files of `callflow.actions`, and those that other packages announce as entry points."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from importlib.metadata import entry_points

import callflow.actions
from callflow.core.registry import Registry


@functools.cache
def standard_registry() -> Registry:
    """Every action there is. Raises RegistrationError when one breaks the contract or two own a name."""
    own = [importlib.import_module(f"{callflow.actions.__name__}.{m.name}") for m in pkgutil.iter_modules(callflow.actions.__path__)]
    others = [entry.load() for entry in entry_points(group="callflow.actions")]
    return Registry.collect([*own, *others])
