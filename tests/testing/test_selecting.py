"""Selecting scenarios by `-k` and by tags (issue 5, 2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import ScenarioError
from callflow.scenario import load_scenario
from callflow.testing.selecting import Selection, read_condition

WORDS = ("busy", "voicemail", "slow")


@pytest.mark.parametrize(
    ("expression", "told", "expected"),
    [
        ("busy", "alice is busy", True),
        ("BUSY", "alice is busy", True),
        ("busy or voicemail", "voicemail", True),
        ("busy and voicemail", "voicemail", False),
        ("not busy", "voicemail", True),
        ("not not busy", "busy", True),
        ("busy or voicemail and slow", "busy", True),
        ("(busy or voicemail) and slow", "busy", False),
        ("not (busy or slow)", "voicemail", True),
        ("not busy and not slow", "slow", False),
        ('"is busy" and alice', "alice is busy", True),
        ("'busy or not'", "busy or not", True),
        ("b12/01", "tests/b12/01_call.yaml", True),
        ("android", "an android", True),
    ],
)
def test_what_an_expression_means(expression: str, told: str, expected: bool) -> None:
    """Words are parts of texts; `or` binds least, then `and`, then `not`."""
    assert read_condition(expression).is_met(told) is expected


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "no word"),
        ("busy slow", '"slow" comes unexpectedly; put `and` or `or` between words'),
        ("busy and", "a word is missing at the end"),
        ("or busy", 'a word is missing before "or"'),
        ("(busy", "a bracket is not closed"),
        ("busy)", '")" comes unexpectedly'),
        ("'busy", "a quotation mark is not closed"),
        ("(" * 200 + "a" + ")" * 200, "more than 50 levels"),
    ],
)
def test_what_is_no_expression_is_refused(expression: str, problem: str) -> None:
    """The message says what is wrong and shows one that is right."""
    with pytest.raises(ScenarioError) as caught:
        read_condition(expression)
    assert str(caught.value).startswith(f"-k: {problem}")
    assert caught.value.hint


def expressions() -> st.SearchStrategy[str]:
    """Expressions that Python reads as we do."""
    return st.recursive(
        st.sampled_from(WORDS),
        lambda inner: st.one_of(
            inner.map(lambda one: f"not {one}"),
            inner.map(lambda one: f"({one})"),
            st.tuples(inner, st.sampled_from(("and", "or")), inner).map(" ".join),
        ),
        max_leaves=8,
    )


@given(expressions(), st.sets(st.sampled_from(WORDS)))
def test_logic_is_python_s(expression: str, there: set[str]) -> None:
    """Precedence and brackets are those that everybody knows."""
    values = {word: word in there for word in WORDS}
    assert read_condition(expression).is_met(" ".join(sorted(there))) is eval(expression, {"__builtins__": {}}, values)


@given(st.text(alphabet="ab ()'\"\tandornt", max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    """A condition, or a ScenarioError."""
    try:
        read_condition(text).is_met("a")
    except ScenarioError as fault:
        assert fault.where == "-k"


def test_tags_and_words_look_at_the_scenario(tmp_path: Path, write_scenario: object) -> None:
    """File, name and tags are looked at; of several tags one is enough, and the words must be met too."""
    assert callable(write_scenario)
    (scenario,) = load_scenario(write_scenario("calls/first.yaml", title="Alice is Late", more="tags: [smoke, pci]"))
    assert Selection(read_condition("calls/first and late and pci")).has(scenario)
    assert Selection(tags=frozenset({"slow", "pci"})).has(scenario)
    assert not Selection(tags=frozenset({"slow"})).has(scenario)
    assert not Selection(read_condition("bob"), frozenset({"pci"})).has(scenario)
    assert not Selection(tags=frozenset({"smo"})).has(scenario)
