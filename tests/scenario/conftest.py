"""Calls to judge, as fixtures."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from callflow.core.trace import Row

_FILE = Path(__file__).resolve().parent.parent / "placing.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("callflow_test_placing", _FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_PLACING = _loaded()


@pytest.fixture
def call_placed() -> Callable[..., list[Row]]:
    """The function that places a call and returns its rows."""
    placed: Callable[..., list[Row]] = _PLACING.place_call
    return placed


@pytest.fixture
def answered(call_placed: Callable[..., list[Row]]) -> list[Row]:
    """The main job's first call: alice answers at 4 s, both speak for 10 s, Bob hangs up at 40 s."""
    return call_placed(*_PLACING.ANSWERED)


@pytest.fixture
def not_answered(call_placed: Callable[..., list[Row]]) -> list[Row]:
    """The main job's second call: nobody answers for 20 s, Bob leaves a message of 4 s; stored at the second try."""
    return call_placed(*_PLACING.NOT_ANSWERED, replies=("503", "201"))
