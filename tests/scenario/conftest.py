"""Calls to judge, as fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callflow.core.trace import Row


@pytest.fixture
def call_placed(placing: Any) -> Callable[..., list[Row]]:
    """The function that places a call and returns its rows."""
    placed: Callable[..., list[Row]] = placing.place_call
    return placed


@pytest.fixture
def answered(placing: Any) -> list[Row]:
    """The main job's first call: alice answers at 4 s, both speak for 10 s, Bob hangs up at 40 s."""
    rows: list[Row] = placing.place_call(*placing.ANSWERED)
    return rows


@pytest.fixture
def not_answered(placing: Any) -> list[Row]:
    """The main job's second call: nobody answers for 20 s, Bob leaves a message of 4 s; stored at the second try."""
    rows: list[Row] = placing.place_call(*placing.NOT_ANSWERED, replies=("503", "201"))
    return rows
