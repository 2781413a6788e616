"""Where two traces part, and the switch behind it: found by trial, each with those before it set alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.profile import DOCS, KAZOO_5, Profile, describe
from callflow.core.trace import EVENT, LEG, TRACE, Row
from callflow.report.parting import differing, first_parting, reasons
from callflow.report.plain_row import row_lines, row_text

HEADER = Row(0, 0, "", "", TRACE, "trace", {"profile": "docs"}, -1, "")


def rows(*names: str, **detail: Any) -> list[Row]:
    """A trace of events of these names, a second apart."""
    made = (Row(n, n * 1000, "c", "A", EVENT, name, detail or None, n - 1, "") for n, name in enumerate(names, 1))
    return [HEADER, *made]


@given(
    shared=st.lists(st.sampled_from("abc"), max_size=6), left=st.text("xy", max_size=3), right=st.text("z", max_size=3)
)
def test_the_first_difference_is_found(shared: list[str], left: str, right: str) -> None:
    """As many rows are the same as the runs share; a run that is over has no row there."""
    found = first_parting(rows(*shared, *left), rows(*shared, *right))
    if not left and not right:
        assert found is None
    else:
        assert found is not None and found.place == len(shared) + 1
        assert (found.left is None, found.right is None) == (not left, not right)


def test_headers_causes_and_rules_are_no_difference() -> None:
    """Only what happened counts: time, call, leg, kind, name and detail."""
    one = rows("a", "b")
    other = [HEADER._replace(detail={"profile": "kazoo-5"}), *(row._replace(rule="r", because=-1) for row in one[1:])]
    assert first_parting(one, other) is None
    for change in ({"at_ms": 1}, {"call_id": "d"}, {"leg": "B"}, {"kind": LEG}, {"name": "z"}, {"detail": {"k": 1}}):
        found = first_parting(one, [*one[:2], one[2]._replace(**change)])
        assert found is not None and found.place == 2


def test_details_that_are_the_same_are_left_out_where_nothing_else_differs() -> None:
    """`shown` keeps what differs; rows of another name are shown whole."""
    one, other = rows("a", url="x", method="PUT"), rows("a", url="y", method="PUT")
    found = first_parting(one, other)
    assert found is not None
    left, right = found.shown()
    assert left is not None and right is not None
    assert (left.detail, right.detail) == ({"url": "x"}, {"url": "y"})
    found = first_parting(one, rows("b", url="y", method="PUT"))
    assert found is not None and found.shown() == (found.left, found.right)


def test_every_switch_that_differs_is_named_once() -> None:
    """The switches of two profiles, in the order of the class, with what they say of themselves."""
    assert differing(DOCS, DOCS) == ()
    found = differing(DOCS, KAZOO_5)
    names = [each.name for each in describe(DOCS)]
    assert [each.name for each in found] == sorted((each.name for each in found), key=names.index)
    assert all(each.left != each.right and each.help and each.source for each in found)


SWITCHES = [each.name for each in differing(DOCS, KAZOO_5)]


@given(order=st.permutations(SWITCHES), count=st.integers(0, 6))
def test_each_parting_is_put_down_to_its_own_switch(order: list[str], count: int) -> None:
    """A run in which some switches decide one row each: each is found, in the order of the rows."""
    deciding = order[:count]

    def replay(profile: Profile) -> Iterable[Row]:
        return rows(*(f"{name}={getattr(profile, name)}" for name in deciding))

    found = list(reasons(DOCS, KAZOO_5, list(replay(KAZOO_5)), replay))
    assert [each.switch.name for each in found if each.switch is not None] == deciding
    assert [each.parting.place for each in found] == list(range(1, count + 1))


def test_what_no_switch_alone_explains_ends_the_search() -> None:
    """Two switches that act only together: the parting is told without a reason, and nothing is made up."""
    one, other = SWITCHES[:2]

    def replay(profile: Profile) -> Iterable[Row]:
        both = all(getattr(profile, name) == getattr(KAZOO_5, name) for name in (one, other))
        return rows("together" if both else "apart")

    [found] = reasons(DOCS, KAZOO_5, list(replay(KAZOO_5)), replay)
    assert found.switch is None and found.parting.place == 1


def test_replay_is_given_profiles_between_the_two() -> None:
    """Each trial changes one switch; no profile is changed in place."""
    seen: list[Profile] = []

    def replay(profile: Profile) -> Iterable[Row]:
        seen.append(profile)
        return rows(str(profile.bridge_setup_ms))

    before = evolve(DOCS)
    [found] = reasons(DOCS, KAZOO_5, rows("200"), replay)
    assert found.switch is not None and found.switch.name == "bridge_setup_ms"
    assert before == DOCS == seen[0]
    assert all(len(differing(DOCS, each)) == 1 for each in seen[1:])


@pytest.mark.parametrize("width", [60, 100])
def test_a_row_on_a_line(width: int) -> None:
    """One line is cut at the width, several hold everything; what strangers wrote stays on its line."""
    [_, row] = rows("a\x1b[2J", url="http://h/" + "x" * 200)
    assert len(row_text(row, width)) == width and row_text(row, width).isprintable()
    lines = row_lines(row, width)
    assert all(len(line) <= width and line.isprintable() for line in lines)
    assert "".join("".join(lines).split()).count("x") - "".join(lines).count("\\x") == 200
