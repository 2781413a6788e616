"""collect_dtmf: how digits are taken and kept; collecting itself, against a plain model (B§7.0, B§7.8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.actions.collecting import collect
from callflow.core.effects import ANY_DIGIT, CONTINUE, Answer, Next
from callflow.core.events import HangsUp, Presses
from callflow.core.sounds import Sound
from callflow.core.trace import AUDIO, EVENT, LEG

NOTE = {"module": "noop"}
SONG = Sound("media", "song", 7_000)


def node(children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A collect_dtmf node."""
    return {"module": "collect_dtmf", "data": data, "children": {"_": NOTE} if children is None else children}


def pressed(text: str, from_ms: int = 1_000, step_ms: int = 500) -> list[tuple[int, Presses]]:
    """Pressing digits one after another."""
    return [(from_ms + index * step_ms, Presses(digit)) for index, digit in enumerate(text)]


def kept(stage: Any) -> list[tuple[str, str]]:
    """The collections that were kept, in order."""
    return [(row.detail["collection"], row.detail["digits"]) for row in stage.find(EVENT, "digits kept")]


def test_one_digit_by_default(build: Any) -> None:
    """B§7.8: answers, takes max_digits (1), keeps it as `default` and goes on at once."""
    stage = build.play(node(), *pressed("7"))
    assert stage.times(LEG, "CHANNEL_ANSWER") == [0]
    assert (kept(stage), stage.path(), stage.ends()["A"][0]) == ([("default", "7")], ["collect_dtmf", "noop"], 1_000)


@pytest.mark.parametrize(
    ("data", "text", "digits", "at_ms"),
    [
        ({"max_digits": 3}, "1234", "123", 2_000),
        ({"max_digits": 9}, "12#", "12", 2_000),
        ({"max_digits": 9, "terminator": "*"}, "1#*", "1#", 2_000),
        ({"max_digits": 9, "terminators": ["4", "5"]}, "1#5", "1#", 2_000),
        ({"max_digits": 9, "terminators": []}, "1#", "1#", 3_500),
        ({"max_digits": 9}, "#", "", 1_000),
        ({"max_digits": 9}, "12", "12", 3_500),
        ({"max_digits": 9, "interdigit_timeout": 300}, "12", "1", 1_300),
        ({"max_digits": 9}, "", "", 5_000),
        ({"timeout": 900}, "1", "", 900),
    ],
)
def test_what_is_taken(build: Any, data: dict[str, Any], text: str, digits: str, at_ms: int) -> None:
    """B§7.8: up to max_digits, a terminator, or a pause; on timeout what is there is kept, be it nothing."""
    stage = build.play(node(collection_name="pin", **data), *pressed(text))
    assert (kept(stage), stage.path()[-1], stage.ends()["A"][0]) == ([("pin", digits)], "noop", at_ms)


@pytest.mark.parametrize(
    ("before", "data", "digits", "at_ms"),
    [
        ("12", {"max_digits": 2}, "12", 2_000),
        ("12345", {"max_digits": 2}, "12", 3_000),
        ("12#45", {"max_digits": 9}, "12", 3_000),
        ("12", {"max_digits": 3}, "127", 20_000),
        ("", {"max_digits": 1}, "7", 20_000),
    ],
)
def test_kept_digits_are_used_first(build: Any, before: str, data: dict[str, Any], digits: str, at_ms: int) -> None:
    """B§7.8: what was kept under the name comes first, cut at a terminator; only what lacks is asked for."""
    first = node({"_": node(timeout=60_000, **data)}, max_digits=5, terminator="*")
    stage = build.play(first, *pressed(f"{before}*"[:5]), (20_000, Presses("7")))
    assert kept(stage) == [("default", before), ("default", digits)]
    assert stage.ends()["A"][0] == at_ms


def test_times_out_of_bounds_are_no_time(build: Any) -> None:
    """Kazoo profiles take a negative pause with a warning: the digit that is there is all there will be."""
    stage = build.play(node(max_digits=9, interdigit_timeout=-5), *pressed("12"), profile="kazoo-5")
    assert (kept(stage), stage.ends()["A"][0]) == ([("default", "1")], 1_000)


def test_collections_are_told_apart(build: Any) -> None:
    """B§7.8: another name is another collection, and asks anew."""
    stage = build.play(node({"_": node(collection_name="other")}), *pressed("12"))
    assert kept(stage) == [("default", "1"), ("other", "2")]


def test_a_second_node_of_one_name_does_not_ask(build: Any) -> None:
    """B§7.8: the first node's result is the second one's input."""
    stage = build.play(node({"_": node()}), *pressed("12"))
    assert kept(stage) == [("default", "1"), ("default", "1")]


def test_nothing_is_kept_after_a_hang_up(build: Any) -> None:
    """B§7.8: a hang-up stores nothing, and the flow does not go on."""
    stage = build.play(node(max_digits=4), *pressed("12"), (2_000, HangsUp()))
    assert (kept(stage), stage.path(), stage.ends()["A"][0]) == ([], ["collect_dtmf"], 2_000)


def test_the_first_digit_stops_the_prompt(build: Any) -> None:
    """B§7.0, Collect digits: the prompt is cut by the first digit, whatever it is, and does not come back."""
    taken: list[str] = []

    async def script(call: Any, settings: Any) -> Next:
        """Collect, and keep what was taken."""
        await Answer()
        taken.append(await collect((SONG,), most=3, first_digit_ms=5_000))
        return CONTINUE

    stage = build.perform(script, *pressed("12", 1_000))
    assert (taken, stage.times(AUDIO, "plays"), stage.ends()["A"][0]) == (["12"], [0], 3_500)


def taken_by_the_rule(gaps: list[tuple[int, str]], most: int, first_ms: int, next_ms: int) -> tuple[str, int]:
    """What is taken and when it ends, worked out digit by digit: the prompt lasts 7,000 ms, `#` ends it."""
    digits, at_ms, deadline_ms = "", 0, SONG.length_ms + first_ms
    for gap_ms, digit in gaps:
        at_ms += gap_ms
        if at_ms > deadline_ms:  # a digit that was told before the wait began is served first (law 4)
            break
        if digit == "#":
            return digits, at_ms
        digits += digit
        if len(digits) == most:
            return digits, at_ms
        deadline_ms = at_ms + next_ms
    return digits, deadline_ms


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(1, 9_000), st.sampled_from(ANY_DIGIT)), max_size=8),
    st.integers(1, 6),
    st.integers(1, 8_000),
    st.integers(1, 8_000),
)
def test_collecting_is_the_rule(
    build: Any, gaps: list[tuple[int, str]], most: int, first_ms: int, next_ms: int
) -> None:
    """B§7.0, Collect digits: for any digits at any times the answer and its instant are the rule's."""
    ended: list[str] = []

    async def script(call: Any, settings: Any) -> Next:
        """Collect, and keep what was taken."""
        await Answer()
        ended.append(await collect((SONG,), most=most, first_digit_ms=first_ms, interdigit_ms=next_ms))
        return CONTINUE

    tells, at_ms = [], 0
    for gap_ms, digit in gaps:
        at_ms += gap_ms
        tells.append((at_ms, Presses(digit)))
    stage = build.perform(script, *tells)
    assert (ended[0], stage.ends()["A"][0]) == taken_by_the_rule(gaps, most, first_ms, next_ms)
