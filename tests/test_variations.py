"""What a sweep varies, as it is written: paths, values and ranges (design §7, `callflow sweep`)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import ScenarioError
from callflow.core.shown import child_path
from callflow.variations import MOST_CASES, Variation, cases, changed, label, read_variation, steps_of

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8)
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=5,100,500", (5, 100, 500)),
        ("a=1..7/3", (1, 4, 7)),
        ("a=1..8/3", (1, 4, 7)),
        ("a=-2..0", (-2, -1, 0)),
        ("a=0,10..12,x", (0, 10, 11, 12, "x")),
        ("a=true,false,null", (True, False, None)),
        ("a=1,1.0,1", (1, 1.0)),
        ('a="x,y",z', ("x,y", "z")),
        ("a=http://h/?q=1", ("http://h/?q=1",)),
        ("a=1..", ("1..",)),
        ("a=NaN", ("NaN",)),
        ("a= 5 , six ", (5, "six")),
    ],
)
def test_values(text: str, values: tuple[object, ...]) -> None:
    """JSON values, words and ranges with both ends; each value once, in its order."""
    read = read_variation(text)
    assert read.path == "a"
    assert read.values == values
    assert list(map(type, read.values)) == list(map(type, values))


@given(first=st.integers(-(10**6), 10**6), count=st.integers(1, MOST_CASES), step=st.integers(1, 10**4))
def test_a_range_is_python_s(first: int, count: int, step: int) -> None:
    """Both ends included: as many values as fit."""
    last = first + (count - 1) * step
    assert read_variation(f"x={first}..{last}/{step}").values == tuple(range(first, last + 1, step))


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Hostile input: a Variation or a ScenarioError on one line, nothing else."""
    try:
        read = read_variation(text)
    except ScenarioError as fault:
        assert str(fault).isprintable()
    else:
        assert read.values and all(each.isprintable() for each in read.labels)


@pytest.mark.parametrize("text", ["a=0..9999999999", "a=0..2500", "a=0..5/0"])
def test_no_range_eats_the_memory(text: str) -> None:
    """What has too many values, or none, is refused without making them."""
    with pytest.raises(ScenarioError):
        read_variation(text)


def test_deep_nesting_is_a_word() -> None:
    """What is too deep to be JSON is taken as text, and does not end the program."""
    deep = "[" * 100_000
    assert read_variation(f"a={deep}").values == (deep,)


def test_combinations_change_the_last_one_fastest() -> None:
    """Every combination, in the order of a table."""
    made = cases([Variation("a", (1, 2)), Variation("b", ("x", "y"))])
    assert made == ((("a", 1), ("b", "x")), (("a", 1), ("b", "y")), (("a", 2), ("b", "x")), (("a", 2), ("b", "y")))


@given(keys=st.lists(KEYS | st.integers(0, 99), min_size=1, max_size=5))
def test_paths_are_read_as_the_diagnostics_spell_them(keys: list[str | int]) -> None:
    """What `child_path` writes is read back: unusual keys in brackets, as strings."""
    keys = ["top", *(each for each in keys if isinstance(each, int) or not {*":/?"} & {*each})]  # no addresses
    path = ""
    for each in keys:
        path = f"{path}[{each}]" if isinstance(each, int) else child_path(path, each)
    assert steps_of(path) == keys


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[", "a[x]", "a b", 'a["b]', 'a["\\q"]', "a[0]b", ".a"])
def test_what_is_no_path(path: str) -> None:
    """A path is keys with dots, places and quoted keys in brackets, nothing else."""
    assert steps_of(path) is None


@given(data=st.dictionaries(KEYS, DATA, max_size=4), key=KEYS, value=DATA)
def test_a_change_changes_one_value(data: dict[str, Any], key: str, value: Any) -> None:
    """The copy has the value and everything else as before; what was given is untouched."""
    before = json.dumps(data)
    after = changed(data, [key], value)
    assert json.dumps(data) == before
    assert after.get(key) == value
    assert {name: each for name, each in after.items() if name != key} == {
        name: each for name, each in data.items() if name != key
    }


def test_changes_reach_into_objects_and_lists() -> None:
    """Missing objects on the way are made; places of a list must be there; null takes a key out."""
    data = {"a": [{"b": 1}, {"b": 2}], "c": {"d": 3}}
    assert changed(data, ["a", 1, "b"], 5) == {"a": [{"b": 1}, {"b": 5}], "c": {"d": 3}}
    assert changed(data, ["x", "y"], 5) == {**data, "x": {"y": 5}}
    assert changed(data, ["c", "d"], None) == {**data, "c": {}}
    wrong: list[list[str | int]] = [["a", 2], ["a", "b"], ["c", "d", "e"], ["c", 0]]
    for steps in wrong:
        with pytest.raises(LookupError):
            changed(data, steps, 5)


def test_labels_are_short_and_printable() -> None:
    """Values come from a command line: they stay on their line and in their column."""
    assert label("a\nb") == "a\\nb"
    assert label(True) == "true"
    assert len(label("x" * 1000)) == 24
