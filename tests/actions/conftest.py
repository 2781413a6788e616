"""What the actions' tests share with the core's: the module `building`, as a fixture."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_FILE = Path(__file__).resolve().parents[1] / "core" / "building.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("callflow_test_building", _FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_BUILDING = _loaded()


@pytest.fixture(scope="session")
def build() -> ModuleType:
    """Accounts, flows, fake actions and watched runs."""
    return _BUILDING
