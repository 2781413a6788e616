"""Files are read with care: every value's line known, every kind of broken file one clear line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import FlowError, ScenarioError
from callflow.scenario import Document, load_account, parse_document, read_document
from callflow.scenario.document import LARGEST_BYTES
from callflow.scenario.places import key_path

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab._[]"\\ \n', max_size=3), inner, max_size=4),
    max_leaves=20,
)


def read_yaml(text: str) -> Document:
    """A YAML text as a document named `s.yaml`."""
    return parse_document(text, file="s.yaml", format="yaml")


def read_json(text: str) -> Document:
    """A JSON text as a document named `s.json`."""
    return parse_document(text, file="s.json", format="json")


def paths(data: Any, path: str = "") -> list[str]:
    """All JSON paths of the data, in the order of the text."""
    if isinstance(data, dict):
        inner = [(key_path(path, key), each) for key, each in data.items()]
    elif isinstance(data, list):
        inner = [(f"{path}[{index}]", each) for index, each in enumerate(data)]
    else:
        inner = []
    return [deep for name, each in inner for deep in (name, *paths(each, name))]


@given(values)
def test_json_lines_are_those_of_the_text(data: Any) -> None:
    """With one value a line, the lines of all paths rise one by one (closing brackets aside)."""
    text = json.dumps(data, indent=1)
    document = read_json(text)
    assert document.data == data
    lines = text.split("\n")
    last = 0
    for path in paths(data):
        line = document.place(path).line
        assert line > last
        assert lines[line - 1].strip() not in ("}", "]", "},", "],")
        last = line


@given(values)
def test_json_is_read_alike_as_yaml(data: Any) -> None:
    """JSON is nearly YAML: where both readers take a text, they give the same data and lines."""
    text = json.dumps(data, indent=1)
    as_json, as_yaml = read_json(text), read_yaml(text)
    assert as_yaml.data == as_json.data
    assert [as_yaml.place(path).line for path in paths(data)] == [as_json.place(path).line for path in paths(data)]


def test_where_names_file_line_and_path() -> None:
    """`file:line: path`; what the file lacks is placed at the nearest thing around it."""
    document = read_json('{"flow": {"module": "user",\n "children": {\n  "_": {"data":\n {"time_limit": 4}}}}}')
    assert document.where("flow.children._.data.time_limit") == "s.json:4: flow.children._.data.time_limit"
    assert document.where("flow.children._.data.url") == "s.json:3: flow.children._.data.url"
    assert document.where('flow.children["+1 (415)"]') == 's.json:2: flow.children["+1 (415)"]'
    assert document.where("") == "s.json:1"


def test_yaml_damages_nothing() -> None:
    """libraries.md §8: leading zeros, signs, sexagesimals, `no` and dates stay what was written."""
    text = "[0123, +14155550100, 12:30:45, no, 2026-11-30, 0x1f, 1_000, 7, -7, 4.5, true, ~, '7']"
    assert read_yaml(text).data == [
        "0123", "+14155550100", "12:30:45", "no", "2026-11-30", "0x1f", "1_000", 7, -7, 4.5, True, None, "7",
    ]  # fmt: skip
    assert read_yaml("%YAML 1.1\n---\n[no, 0123]").data == ["no", "0123"]
    assert read_yaml("{1: a, 0123: b}").data == {"1": "a", "0123": "b"}


def test_yaml_anchors_may_be_named_again() -> None:
    """The later anchor counts, as YAML has it, and nobody is warned (warnings are errors here)."""
    assert read_yaml("[&a 1, *a, &a 2, *a]").data == [1, 1, 2, 2]


def test_yaml_merge_keys() -> None:
    """`<<` brings in what the mapping does not say itself; of several sources the first wins."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: {<<: *b, w: 0}\n"
    data = read_yaml(text).data
    assert data["c"] == {"x": 3, "y": 1, "z": 2}
    assert data["d"] == {"w": 0, "y": 2, "z": 2}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "s.yaml:3: a: the key stands twice"),
        ("1: x\n'1': y", "the key stands twice"),
        ("a:\n\t- b", "s.yaml:2:1: broken YAML: .*; indent with spaces, not tabs"),
        ("a: b: c", "s.yaml:1:5: .*must stand in quotes"),
        ("a: [1", "s.yaml:1:.*: broken YAML"),
        ("a: *x", "s.yaml:1:4: .*undefined alias.*quotes"),
        ("--- a\n--- b", "more than one document"),
        ("a: &x [*x]", "does an alias contain itself"),
        (BOMB, "more than 200000 values"),
        ("a: !!python/object:os.system x", "s.yaml:1: a: the tag"),
        ("? [a]\n: b", "a key must be a word"),
        ("a: .nan", "not a number one can use"),
        ("a: 1e999", "too large"),
        ('a: "\\ud800"', "half a character"),
        ("a: \x01", "broken YAML"),
        ("<<: 4", "<< must name a mapping"),
        ("a: !!int [1]", "the tag"),
        ("a: !!set x", "the tag"),
        ('a: "\\U00110000"', "an escape beyond the last character"),
        ('a: "\\UFFFFFFFF"', "an escape beyond the last character"),
        ("[" * 5000, "nested too deeply"),
        ("[" * 250 + "]" * 250, "nested"),
    ],
)
def test_broken_yaml_is_one_clear_line(text: str, message: str) -> None:
    """Issue 2, bad input: file, line and what would be right, whatever is wrong with the YAML."""
    with pytest.raises(ScenarioError, match=message) as caught:
        read_yaml(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b": {"c": [1,\n 2], "c": 3}}', r"s.json:3: b\.c: the key stands twice"),
        ('{"a": 1,}', "s.json:1:.*broken JSON"),
        ("", "s.json:1:1: broken JSON"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("9" * 5000, "too long"),
        ("[" * 100_000, "nested too deeply"),
        ('["\\ud800"]', "half a character"),
        ('{"\\ud800": 1}', "half a character"),
        ('["a\tb"]', "broken JSON: Invalid control character"),
    ],
)
def test_broken_json_is_one_clear_line(text: str, message: str) -> None:
    """Issue 2, bad input: broken JSON, and JSON that means two things."""
    with pytest.raises(ScenarioError, match=message) as caught:
        read_json(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.yaml", b"\x00\x01\x02", "binary file"),
        ("u.yaml", "a: 1".encode("utf-16"), "UTF-16"),
        ("l.yaml", b"a: 1\nb: \xfcber", "l.yaml:2: byte 0xfc is not UTF-8"),
        ("h.json", b" " * (LARGEST_BYTES + 1), "larger than 5 MB"),
        ("s.txt", b"a: 1", "ending .*name it .yaml"),
    ],
)
def test_unreadable_content(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Binary, wrongly encoded, huge and wrongly named files are told apart."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScenarioError, match=message):
        read_document(tmp_path / name)


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing file (with the nearest name), a folder, a pipe, impossible names."""
    (tmp_path / "acme.yaml").write_text("users: []")
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, message in [
        ("acne.yaml", 'no such file; did you mean "acme.yaml"'),
        ("no/acme.yaml", "folder does not exist"),
        ("", "this is a folder"),
        ("pipe.yaml", "not a regular file"),
        ("a\nb.yaml", "control character"),
        ("x" * 300 + ".yaml", "cannot be read"),
    ]:
        with pytest.raises(ScenarioError, match=message) as caught:
            read_document(tmp_path / name)
        assert str(caught.value).isprintable()


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    assert read_document(tmp_path / "a.json").data == {}


def test_callflows_raise_their_own_error(tmp_path: Path) -> None:
    """Design §9: a broken callflow is a FlowError."""
    (tmp_path / "flow.json").write_text("{")
    with pytest.raises(FlowError, match="flow.json:1:2: broken JSON"):
        read_document(tmp_path / "flow.json", FlowError)


def test_accounts(tmp_path: Path) -> None:
    """Design §12: an account key within two letters of a known one is an error, Kazoo's other keys pass."""
    (tmp_path / "a.yaml").write_text("realm: acme.example\nmusic_on_hold: {}\ndevices:\n  - {id: bob, number: 0123}\n")
    account = load_account(tmp_path / "a.yaml")
    assert account.data["devices"][0]["number"] == "0123"
    assert account.where("devices[0].number") == f"{tmp_path}/a.yaml:4: devices[0].number"
    (tmp_path / "b.yaml").write_text("realm: x\ndevicse: []\n")
    with pytest.raises(ScenarioError, match='b.yaml:2: devicse: unknown key "devicse"; did you mean "devices"'):
        load_account(tmp_path / "b.yaml")
    (tmp_path / "c.yaml").write_text("- a\n")
    with pytest.raises(ScenarioError, match="an account is a mapping"):
        load_account(tmp_path / "c.yaml")


def test_formats_are_json_and_yaml() -> None:
    """Another format is the programmer's mistake."""
    with pytest.raises(ValueError, match="toml"):
        parse_document("", file="x", format="toml")


@given(st.text(st.sampled_from("{}[]:,-?&*!|>%@`'\"#\t\n \\~<=.0a"), max_size=40), st.sampled_from(["json", "yaml"]))
def test_garbage_raises_nothing_else(text: str, format: str) -> None:
    """Whatever the text, it is read or refused in one printable line."""
    try:
        parse_document(text, file="s", format=format)
    except ScenarioError as fault:
        assert str(fault).isprintable()
