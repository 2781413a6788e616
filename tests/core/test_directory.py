"""Which flow answers a number, and which patterns are accepted from strangers (B§1.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.account import Account, FlowDocument
from callflow.core.number_patterns import BadPattern, compile_pattern


def account_with(*flows: tuple[str, tuple[str, ...], tuple[str, ...]]) -> Account:
    """An account of flows given as (id, numbers, patterns)."""
    return Account(id="a", flows=tuple(FlowDocument(id, id, numbers, patterns, {}) for id, numbers, patterns in flows))


def answered_by(account: Account, number: str, **more: bool) -> str | None:
    """The id of the flow that answers a number."""
    match = account.find_flow(number, **more)
    return match.flow.id if match else None


def test_exact_numbers_come_first() -> None:
    """An exact number beats every pattern (B§1.2)."""
    account = account_with(("pattern", (), ("^2.*$",)), ("exact", ("2001",), ()))
    assert answered_by(account, "2001") == "exact"
    assert answered_by(account, "2002") == "pattern"
    assert answered_by(account, "3") is None


def test_the_longest_capture_wins() -> None:
    """Among patterns the strictly longest capture wins, the first on ties; its groups go with the call."""
    account = account_with(
        ("short", (), (r"^\*5([0-9])",)), ("long", (), (r"^\*(?<code>5)([0-9]+)$",)), ("tie", (), (r"^\*5([0-9]+)$",))
    )
    match = account.find_flow("*5123")
    assert match is not None
    assert (match.flow.id, match.capture_group, match.capture_groups) == ("long", "123", {"code": "5"})


def test_without_groups_the_whole_match_is_captured() -> None:
    """A pattern without groups captures what it matched; an empty capture is none."""
    match = account_with(("f", (), ("^20",))).find_flow("2001")
    assert match is not None and match.capture_group == "20"
    empty = account_with(("f", (), ("^20([0-9]*)$",))).find_flow("20")
    assert empty is not None and empty.capture_group is None


@pytest.mark.parametrize(
    ("number", "may", "flow"),
    [
        ("555", True, "rest"),
        ("+4930", True, "rest"),
        ("555", False, None),
        ("abc", True, None),
        ("no_match", True, None),
    ],
)
def test_no_match_is_for_dialable_numbers_of_own_devices(number: str, may: bool, flow: str | None) -> None:
    """The fall-through flow answers digits only, and only calls that may use it (B§1.2)."""
    account = account_with(("rest", ("no_match",), ()))
    assert answered_by(account, number, may_use_no_match=may) == flow
    match = account.find_flow(number, may_use_no_match=may)
    assert match is None or match.is_no_match


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "x" * 201, "", "[[:digit:]]", "(?P<a>x)(?P<a>y)"])
def test_broken_patterns_are_refused(pattern: str) -> None:
    """What does not compile, or is longer than 200 characters, says so and what would be right."""
    with pytest.raises(BadPattern) as caught:
        compile_pattern(pattern)
    assert caught.value.hint


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^([0-9]*)*x",
        r"^(\d|\d\d)+$",
        r"\d*" * 20 + "x",
        r"\d?" * 60 + "x",
        r"(\d?){24}x",
        "(.|..)" * 30,
        r"((\d{1,9}){1,9}){9}x",
    ],
)
def test_patterns_that_could_run_for_hours_are_refused(pattern: str) -> None:
    """A stranger's pattern must not stop the machine: what backtracks without end is refused."""
    with pytest.raises(BadPattern, match="too many ways"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "number", "capture"),
    [
        (r"^\+?1?([2-9][0-9]{9})$", "+14155550100", "4155550100"),
        (r"^\*97([0-9]*)$", "*97", ""),
        (r"^(?:00|\+)([1-9]\d{6,14})$", "+493012345", "493012345"),
        (r"^(911|112|110|999)$", "112", "112"),
        ("^(" + "|".join(map(str, range(10, 60))) + ")$", "59", "59"),
        (r"^((?:[0-9]{2})+)$", "1234", "1234"),
        (r"^\*([0-9]+)\*([0-9]+)$", "*1*23", "1"),
        (r"[)(+*]([0-9]+)", "*5", "5"),
    ],
)
def test_the_patterns_of_the_field_pass(pattern: str, number: str, capture: str) -> None:
    """What dial plans really say is accepted."""
    match = compile_pattern(pattern).search(number)
    assert match is not None and match[1] == capture


def test_long_numbers_try_no_pattern() -> None:
    """No number has more than 64 characters: a longer one meets no pattern."""
    account = account_with(("f", (), ("^1+$",)))
    assert answered_by(account, "1" * 64) == "f"
    assert answered_by(account, "1" * 65) is None


@given(st.text(alphabet="()[]{}*+?|\\d09a^$.,<>P:=!", max_size=30))
def test_an_accepted_pattern_is_quick(pattern: str) -> None:
    """Random patterns are refused or compiled; an accepted one answers on the longest number."""
    try:
        compiled = compile_pattern(pattern)
    except BadPattern as error:
        assert str(error) and error.hint
    else:
        number = "0" * 63 + "x"
        match = compiled.search(number)
        assert match is None or all(group in number for group in match.groups() if group)
