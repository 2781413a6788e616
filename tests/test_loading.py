"""Loading callflow files: every fault and remark at file and line, one line each, whatever the document holds."""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.core.errors import FlowError, RegistrationError
from callflow.core.profile import KAZOO_4
from callflow.discovery import announced_modules, standard_registry
from callflow.loading import (
    Reading,
    check_callflow,
    load_callflow,
    load_inline_flows,
    place_callflow,
    place_inline_flows,
)


def faults(path: Path, reading: Reading | None = None) -> list[str]:
    """The error of a callflow and its notes; a line each."""
    with pytest.raises(FlowError) as caught:
        load_callflow(path, reading or Reading())
    found = [str(caught.value), *getattr(caught.value, "__notes__", ())]
    assert all(each.isprintable() for each in found)
    return found


@pytest.mark.parametrize("is_whole", [False, True], ids=["a bare node", "a whole document"])
def test_several_faults_come_at_once(staging: ModuleType, tmp_path: Path, is_whole: bool) -> None:
    """Design §9: the first fault is raised, the others are its notes, all at file, line and JSON path."""
    node = {"module": "record_call", "data": {"formt": "mp3", "time_limit": 10801}, "children": {"_": {"module": 7}}}
    path = staging.write(tmp_path, "flow.json", {"flow": node} if is_whole else node)
    lines = path.read_text().splitlines()
    words = {"data.formt": '"formt"', "data.time_limit": '"time_limit"', "children._.module": '"module": 7'}
    found = faults(path)
    assert len(found) == len(words)
    for inside, text in words.items():
        line = next(number for number, each in enumerate(lines, 1) if text in each)
        assert any(each.startswith(f"{path}:{line}: flow.{inside}: ") for each in found)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"time_limit": 4}, "data.time_limit"),
        ({"time_limit": 10_801}, "data.time_limit"),
        ({"time_limit": "soon"}, "data.time_limit"),
        ({"url": "http"}, "data.url"),
        ({"url": "file:///etc/passwd"}, "data.url"),
        ({"acton": "start"}, "data.acton"),
    ],
)
def test_what_issue_2_calls_bad_input(staging: ModuleType, tmp_path: Path, data: Any, problem: str) -> None:
    """Issue 2, Bad input: a misspelt key, a wrong type, time_limit 4 and 10801, a url of 4 characters; file://."""
    path = staging.write(tmp_path, "flow.json", staging.record(**data))
    (message,) = faults(path)
    assert f": flow.{problem}: " in message and "; " in message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("flow.json", '{"module": "answer",\n}', ":2:"),
        ("flow.yaml", "module: answer\n data: [", ":2"),
        ("flow.json", "[]", "a list is no callflow"),
        ("flow.yaml", "", "null is no callflow"),
        ("flow.json", '{"data": {"flow": {}}}', "take what is under 'data'"),
        ("flow.json", '{"module": "conference"}', "--skip-unsimulated"),
        ("flow.txt", "{}", "name it .yaml, .yml or .json"),
    ],
)
def test_documents_that_are_none(tmp_path: Path, name: str, content: str, words: str) -> None:
    """Issue 2, Bad input: broken JSON and YAML, and documents that are something else."""
    (tmp_path / name).write_text(content)
    assert words in faults(tmp_path / name)[0]


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """Issue 2, Bad input: a missing file, with the file that was meant."""
    (tmp_path / "flow.json").write_text("{}")
    assert faults(tmp_path / "flwo.json")[0].endswith('there is no such file; did you mean "flow.json"?')


def test_a_yaml_callflow_is_the_same_flow(tmp_path: Path) -> None:
    """Design §6: files may be YAML or JSON; remarks have the YAML's lines."""
    path = tmp_path / "sample.yaml"
    path.write_text("module: answer\nchildren:\n  module: hangup\n  data: {}\n")
    flow, _ = load_callflow(path, Reading())
    assert flow.name == "sample" and [each.module for each in flow.nodes()] == ["answer", "hangup"]
    (remark,) = [each for each in flow.diagnostics if each.code == "bare-children"]
    assert remark.where == f"{path}:2: flow.children"


def test_strict_and_kazoo_take_children_literally(staging: ModuleType, tmp_path: Path) -> None:
    """Design §5: `--strict` and the kazoo profiles execute bare children literally."""
    path = staging.write(tmp_path, "flow.json", {"module": "answer", "children": {"module": "hangup", "data": {}}})
    for reading in (Reading(strict=True), Reading(profile=KAZOO_4)):
        assert [each.module for each in load_callflow(path, reading)[0].nodes()] == ["answer"]


def test_checking_keeps_the_faults(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7, lint: what a run refuses is listed, at file and line, and nothing is raised."""
    path = staging.write(tmp_path, "flow.json", staging.record(time_limit=4, url="http"))
    flow, _ = check_callflow(path, Reading())
    assert [str(each) for each in flow.faults] == faults(path) and len(flow.faults) == 2


def test_remarks_of_the_linter_have_their_line(staging: ModuleType, tmp_path: Path) -> None:
    """Design §6: every remark carries file and line, those of loading and those of the linter."""
    path = staging.write(tmp_path, "flow.json", {"flow": staging.record(staging.VOICEMAIL)})
    remarks = place_callflow(path, Reading()).remarks()
    assert remarks and all(each.where.startswith(f"{path}:") and ": flow" in each.where for each in remarks)
    assert len(set(remarks)) == len(remarks)


def test_inline_flows_are_found_at_any_depth(staging: ModuleType, tmp_path: Path) -> None:
    """B§7.10: flows inside `callflow` nodes, and those inside them, by the JSON path where they stand."""
    deep = {"module": "callflow", "data": {"flow": {"module": "callflow", "data": {"flow": {"module": "answer"}}}}}
    flow, _ = load_callflow(staging.write(tmp_path, "flow.json", deep), Reading())
    assert list(load_inline_flows(flow, Reading())) == ["flow.data.flow", "flow.data.flow.data.flow"]


def test_faults_of_inline_flows_come_at_once(staging: ModuleType, tmp_path: Path) -> None:
    """Design §9: of several faults in flows inside nodes the first is raised, the others are notes, all placed."""
    bad = {"module": "callflow", "data": {"flow": {"module": "sleep", "data": {"duratoin": 1}}}}
    whole = {**bad, "children": {"_": bad}}
    placed = place_callflow(staging.write(tmp_path, "flow.json", whole), Reading())
    with pytest.raises(FlowError) as caught:
        place_inline_flows(placed, Reading())
    found = [str(caught.value), *caught.value.__notes__]
    assert [each.partition(": ")[2].partition(": ")[0] for each in found] == [
        "flow.data.flow.data.duratoin",
        "flow.children._.data.flow.data.duratoin",
    ]
    assert all(each.startswith(f"{tmp_path}/flow.json:") for each in found)


WORDS = st.sampled_from(
    ["module", "data", "children", "flow", "_", "answer", "callflow", "record_call", "user", "id", "a\nb\x1b[0m"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=25,
)


@settings(max_examples=150)
@given(document=JSON)
def test_no_document_breaks_the_loader(document: object) -> None:
    """Design §9, law: any document is loaded or refused in printable lines that begin with the file's name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            place_inline_flows(place_callflow(path, Reading()), Reading())
        except FlowError as fault:
            for line in (str(fault), *getattr(fault, "__notes__", ())):
                assert line.isprintable() and line.startswith(str(path))


def test_every_action_is_found() -> None:
    """Design §3: an action is one file; all of issue 2 are there without being listed anywhere."""
    wanted = {"record_call", "record_caller", "user", "device", "voicemail", "callflow", "answer", "hangup"}
    assert wanted | {"play", "tts", "sleep", "response", "noop", "wait_for_hangup"} <= {*standard_registry().names}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("callflow_no_such_package", "cannot be imported: ModuleNotFoundError"),
        ("json:nothing_there", "cannot be imported: AttributeError"),
        ("json:dumps", "this is no module; name the module that holds the actions"),
    ],
)
def test_a_bad_entry_point_is_its_authors_fault(value: str, words: str) -> None:
    """Design §9: RegistrationError names the entry point of another package that cannot be used."""
    with pytest.raises(RegistrationError) as caught:
        announced_modules([EntryPoint("mine", value, "callflow.actions")])
    assert str(caught.value).startswith(f"entry point mine = {value}: ") and words in str(caught.value)


def test_an_entry_point_brings_its_module() -> None:
    """Design §3: other packages add actions."""
    (module,) = announced_modules([EntryPoint("mine", "callflow.actions.sleep", "callflow.actions")])
    assert module.__name__ == "callflow.actions.sleep"
