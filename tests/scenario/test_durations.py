"""Lengths of time: exact milliseconds, no number without a unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import ScenarioError
from callflow.scenario import Tolerance, format_duration, parse_duration, parse_tolerance


@pytest.mark.parametrize(
    ("text", "length_ms"),
    [("20s", 20_000), ("1500ms", 1500), ("2m", 120_000), ("1h", 3_600_000), ("4.5s", 4500), ("0s", 0), ("0.1s", 100),
     ("1.0000s", 1000), (" 3 s ", 3000)],
)  # fmt: skip
def test_durations_are_exact(text: str, length_ms: int) -> None:
    """Design §2, law 6: integer milliseconds; 0.1 s is 100 ms and not what a float makes of it."""
    assert parse_duration(text) == length_ms


@given(st.integers(0, 10**9))
def test_durations_round_trip(length_ms: int) -> None:
    """What is written from milliseconds is read as the same milliseconds."""
    assert parse_duration(format_duration(length_ms)) == length_ms


@pytest.mark.parametrize(
    ("text", "hint"),
    [("20", "write 20s"), ("4.5", "write 4.5s"), ("", "number and a unit"), ("-4s", "number and a unit"),
     ("four seconds", "number and a unit"), ("1.0005s", "whole milliseconds"), ("٤s", "number and a unit"),
     ("1e3s", "number and a unit"), ("9999999999s", "number and a unit")],
)  # fmt: skip
def test_other_lengths_are_refused(text: str, hint: str) -> None:
    """A number without unit, a sign, words, parts of a millisecond: each is an error that says what is right."""
    with pytest.raises(ScenarioError, match=hint):
        parse_duration(text)


@given(st.integers(0, 10**8), st.integers(0, 10**5), st.sampled_from(["±", " ± ", "+-", " +-", " +/- "]))
def test_tolerances_round_trip(value_ms: int, within_ms: int, sign: str) -> None:
    """`20s ±40ms` and its spellings for keyboards without ± mean the same."""
    text = f"{format_duration(value_ms)}{sign}{format_duration(within_ms)}"
    assert parse_tolerance(text) == parse_tolerance(str(parse_tolerance(text))) == Tolerance(value_ms, within_ms)


def test_a_tolerance_includes_its_ends() -> None:
    """±40 ms takes 40 ms and not 41."""
    length = parse_tolerance("20s ±40ms")
    assert [length.accepts(ms) for ms in (19_959, 19_960, 20_040, 20_041)] == [False, True, True, False]
    assert not parse_tolerance("20s").accepts(20_001)
    with pytest.raises(ScenarioError, match="more than one ±"):
        parse_tolerance("1s ± 2ms ± 3ms")


@given(st.text())
def test_garbage_raises_nothing_else(text: str) -> None:
    """Any text is a length of time or a ScenarioError of one line."""
    for parse in (parse_duration, parse_tolerance):
        try:
            parse(text)
        except ScenarioError as fault:
            assert str(fault).isprintable()
