"""Two results fact by fact."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from callflow.core.events import HangsUp
from callflow.core.trace import Row
from callflow.report.results import CallResult, RunResult
from callflow.report.side_by_side import facts, facts_text
from callflow.report.summary import summarise

Placed = Callable[..., list[Row]]


def test_the_same_run_is_the_same_in_every_fact(answered: list[Row]) -> None:
    """No fact differs, none is marked; way, end and recording are all there."""
    result = summarise(answered)
    found = facts(result, result)
    assert all(fact.is_same for fact in found)
    assert [fact.what for fact in found] == [
        "path", "call ended", "recording 0: state", "recording 0: started", "recording 0: length",
        "recording 0: ended by", "recording 0: storage",
    ]  # fmt: skip
    assert "≠" not in facts_text(found, ("docs", "kazoo-5"), 100)


def test_what_only_one_run_has_is_nothing_in_the_other(answered: list[Row], not_answered: list[Row]) -> None:
    """A recording, a call of which the other run has none."""
    left, right = summarise(answered), summarise(not_answered)
    found = {fact.what: fact for fact in facts(left, right)}
    assert found["recording 1: length"].left == "" and found["recording 1: length"].right == "0:04.000"
    alone = facts(left, RunResult("s", "docs", "passed"))
    assert {fact.right for fact in alone} == {""}


def test_several_calls_are_named() -> None:
    """By the scenario's names, else by number."""
    calls = (CallResult("c1", "1", "2", 0), CallResult("c2", "1", "2", 0))
    result = RunResult("s", "docs", "passed", calls)
    assert [fact.what for fact in facts(result, result)] == ["call 1: path", "call 2: path"]
    named = facts(result, result, {"c1": "first", "c2": "second"})
    assert [fact.what for fact in named] == ["call first: path", "call second: path"]


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_columns_keep_to_the_width(call_placed: Placed, width: int) -> None:
    """Long addresses are folded, very long ones cut; no line is wider than asked; nothing unprintable is shown."""
    rows = call_placed((2_000, "A", HangsUp()), name="\x1b[2J")
    result = summarise(rows)
    [call] = result.calls
    [recording] = call.recordings
    assert recording.delivery is not None
    delivery = evolve(recording.delivery, url="http://h/" + "x" * 2_000 + "\x07")
    long = evolve(result, calls=(evolve(call, recordings=(evolve(recording, delivery=delivery),)),))
    lines = facts_text(facts(result, long), ("docs", "kazoo-5"), width).splitlines()
    assert all(len(line) <= width and line.isprintable() for line in lines)
    assert [line for line in lines if line.startswith("≠ recording 0: storage")]
