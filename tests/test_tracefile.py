"""The trace as a file: JSON lines in a fixed form (design §2 laws 5 and 6, §7, §9)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import DocumentError
from callflow.core.trace import AUDIO, INPUT, LEG, NODE, RECORDER, TRACE, Row
from callflow.tracefile import from_line, read_rows, to_line, write_rows

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


@given(ROWS)
def test_a_line_gives_its_row_back(made: Row) -> None:
    """Law 5: a trace that was written is read without loss, whatever names and texts it holds."""
    assert from_line(to_line(made)) == made


@given(ROWS)
def test_a_line_is_one_json_object_with_fixed_keys(made: Row) -> None:
    """Design §7: one JSON object a line, fixed key order."""
    line = to_line(made)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and b"\r" not in line
    assert list(json.loads(line)) == KEYS


def test_a_line_reads_as_written() -> None:
    """Design §7: the exact form of a line."""
    made = Row(3, 20_000, "c1", "A", NODE, "user", {"flow": "Büro", "deep": [1, None]}, 2, "law: x")
    assert to_line(made).decode() == (
        '{"seq":3,"at_ms":20000,"call_id":"c1","leg":"A","kind":"NODE","name":"user",'
        '"detail":{"flow":"Büro","deep":[1,null]},"because":2,"rule":"law: x"}\n'
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


@pytest.mark.parametrize("value", ["half a pair: \ud800", 2**70, [{"deep": "\udfff"}]])
def test_what_documents_may_hold_is_written_too(value: object) -> None:
    """Law 5: half a surrogate pair and huge integers come from documents, and are written without loss."""
    made = Row(1, 0, "c1", "A", NODE, "user", {"value": value}, 0, "")
    assert from_line(to_line(made)) == made


def test_a_deep_line_is_refused() -> None:
    """Design §9: hostile nesting is a ValueError, not an exhausted stack."""
    with pytest.raises(ValueError, match="nested too deeply"):
        from_line(b"[" * 200_000)


@given(st.lists(ROWS, max_size=5))
def test_rows_are_written_and_read(made: list[Row]) -> None:
    """Design §7: `--trace` writes one line for each row, in order."""
    file = io.BytesIO()
    write_rows(made, file)
    assert [from_line(line) for line in file.getvalue().splitlines(keepends=True)] == made


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    """Design §7: a trace file gives its rows back."""
    made = [Row(seq, 5, "c1", "A", NODE, "user", None, -1, "") for seq in range(3)]
    write_rows(made, tmp_path / "t.jsonl")
    assert list(read_rows(tmp_path / "t.jsonl")) == made


def test_a_broken_file_names_the_line(tmp_path: Path) -> None:
    """Design §9: whoever hands in a wrong file learns the file and the line."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(to_line(Row(0, 0, "", "", TRACE, "trace", {}, -1, "")) + b"{}\n")
    with pytest.raises(DocumentError, match=r"t\.jsonl:2: not a trace row"):
        list(read_rows(path))


def test_one_odd_row_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    """Law 6: rows written together have the bytes that they have alone, also beside one that is written otherwise."""
    plain = Row(1, 0, "c1", "A", NODE, "user", {"flow": "Büro"}, 0, "")
    odd = plain._replace(detail={"value": "\ud800"})
    write_rows([plain, odd, plain], tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").read_bytes() == to_line(plain) + to_line(odd) + to_line(plain)
