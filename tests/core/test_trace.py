"""The trace's rows, their JSON lines, and what Kazoo would publish of them (design §2 law 5; B§3.11, B§8.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.trace import (
    AUDIO,
    EVENT,
    FORMAT,
    INPUT,
    LEG,
    NODE,
    RECORDER,
    TRACE,
    Row,
    channel_event,
    from_line,
    to_line,
)

KEYS = ["seq", "at_ms", "call_id", "leg", "kind", "name", "detail", "because", "rule"]
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.builds(
    Row,
    seq=st.integers(0),
    at_ms=st.integers(0),
    call_id=st.text(),
    leg=st.sampled_from(["", "A", "B", "B2"]),
    kind=st.sampled_from([TRACE, INPUT, LEG, RECORDER, NODE, AUDIO]),
    name=st.text(),
    detail=st.none() | st.dictionaries(st.text(), VALUE, max_size=4),
    because=st.integers(-1),
    rule=st.text(),
)


def row(kind: str, name: str, leg: str = "A", detail: Any = None) -> Row:
    """A row of which only these matter."""
    return Row(1, 0, "c1", leg, kind, name, detail, 0, "")


@given(ROWS)
def test_a_line_gives_its_row_back(made: Row) -> None:
    """Law 5: a trace that was written is read without loss, whatever names and texts it holds."""
    assert from_line(to_line(made)) == made


@given(ROWS)
def test_a_line_is_one_json_object_with_fixed_keys(made: Row) -> None:
    """Design §7: one JSON object a line, ASCII, fixed key order."""
    line = to_line(made)
    assert line.isascii() and "\n" not in line and "\r" not in line
    assert list(json.loads(line)) == KEYS


def test_a_line_reads_as_written() -> None:
    """Design §7: the exact form of a line."""
    made = Row(3, 20_000, "c1", "A", NODE, "user", {"flow": "Büro", "deep": [1, None]}, 2, "law: x")
    assert to_line(made) == (
        '{"seq":3,"at_ms":20000,"call_id":"c1","leg":"A","kind":"NODE","name":"user",'
        '"detail":{"flow":"B\\u00fcro","deep":[1,null]},"because":2,"rule":"law: x"}'
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        '{"seq":1}',
        '{"at_ms":0,"seq":1,"call_id":"","leg":"","kind":"","name":"","detail":null,"because":-1,"rule":""}',
        '{"seq":1,"at_ms":0,"call_id":"","leg":"","kind":"","name":"","detail":null,"because":-1,"rule":"","more":1}',
    ],
)
def test_what_is_no_row_is_refused(line: str) -> None:
    """Design §9: a line that `to_line` did not write is a ValueError."""
    with pytest.raises(ValueError):
        from_line(line)


def test_a_refusal_says_what_a_row_is() -> None:
    """Design §9: the message shows the line, at most eighty characters of it, and the keys that would be right."""
    with pytest.raises(ValueError, match=r"not a trace row: .*; a row has the keys seq, at_ms, call_id") as refused:
        from_line(json.dumps({"x": "y" * 500}))
    assert len(str(refused.value)) < 260


def test_row_zero_is_the_header(build: Any) -> None:
    """Law 6: row 0 carries the form's number, the start, the seed and the profile, and what the driver adds."""
    stage = build.stage(
        {"module": "none"},
        fakes={"none": build.doing()},
        start_s=1_700_000_000,
        seed=7,
        profile="kazoo-5",
        header={"scenario": "s"},
    ).run()
    assert stage.rows == [
        Row(
            0, 0, "", "", TRACE, "trace",
            {"format": FORMAT, "start_s": 1_700_000_000, "seed": 7, "profile": "kazoo-5", "scenario": "s"}, -1, "",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "published"),
    [
        (row(LEG, "CHANNEL_CREATE"), "CHANNEL_CREATE"),
        (row(LEG, "CHANNEL_ANSWER", "B"), "CHANNEL_ANSWER"),
        (row(LEG, "CHANNEL_BRIDGE"), "CHANNEL_BRIDGE"),
        (row(LEG, "CHANNEL_BRIDGE", "B"), ""),
        (row(LEG, "CHANNEL_UNBRIDGE", "A"), "CHANNEL_UNBRIDGE"),
        (row(LEG, "CHANNEL_UNBRIDGE", "B2"), ""),
        (row(RECORDER, "RECORD_START"), "RECORD_START"),
        (row(RECORDER, "RECORD_STOP"), "RECORD_STOP"),
        (row(RECORDER, "RECORD_STOP_UNWANTED"), "RECORD_STOP"),
        (row(RECORDER, "TRIGGERED"), ""),
        (row(RECORDER, "LEG_GONE"), ""),
        (row(EVENT, "DTMF"), "DTMF"),
        (row(EVENT, "CHANNEL_EXECUTE_COMPLETE"), "CHANNEL_EXECUTE_COMPLETE"),
        (row(NODE, "user"), ""),
        (row(INPUT, "answers"), ""),
        (row(AUDIO, "plays"), ""),
    ],
)
def test_what_kazoo_would_publish(made: Row, published: str) -> None:
    """B§8.1 and B§3.11: which rows are call events; a bridge and its end are announced once, on the A-leg."""
    assert channel_event(made) == published
