"""The memory of what failed: it survives damage, keeps what did not run, begins only with a failure (issue 5, 2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.testing.last_failed import WHOLE, is_wanted, remember, remembered
from callflow.testing.outcome import CaseResult, Outcome


def case(file: Path, outcome: Outcome, row: int | None = None, chosen: str = "", is_whole: bool = False) -> CaseResult:
    """A case's result."""
    return CaseResult(str(file), row, chosen, outcome, is_whole)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scenario's file: what is gone is not remembered."""
    path = tmp_path / "a.yaml"
    path.touch()
    return path


def test_failures_are_remembered_until_they_pass(tmp_path: Path, file: Path) -> None:
    """Row and profile are kept apart; what did not run this time stays."""
    memory = tmp_path / "memory"
    remember([case(file, "failed", 1), case(file, "failed", 2, "kazoo-4"), case(file, "passed", 3)], memory)
    assert remembered(memory) == {str(file): {(1, ""), (2, "kazoo-4")}}
    remember([case(file, "passed", 1)], memory)
    assert remembered(memory) == {str(file): {(2, "kazoo-4")}}
    remember([case(file, "passed", 2, "kazoo-4")], memory)
    assert remembered(memory) == {}


def test_a_file_that_could_not_be_read_is_wanted_as_a_whole(tmp_path: Path, file: Path) -> None:
    """Its rows are unknown; once one of them has run, it is a file like others."""
    remember([case(file, "broken", is_whole=True)], tmp_path)
    (keys,) = remembered(tmp_path).values()
    assert keys == {WHOLE}
    assert is_wanted(keys, 7, "docs")
    assert not is_wanted(frozenset({(1, "")}), 7, "")
    remember([case(file, "passed", 0, "docs"), case(file, "error", 1, "docs")], tmp_path)
    assert remembered(tmp_path) == {str(file): {(1, "docs")}}


def test_nothing_is_written_where_nothing_failed(tmp_path: Path, file: Path) -> None:
    """A green run leaves no traces; the first failure does, in a folder that git leaves alone."""
    memory = tmp_path / ".callflow"
    remember([case(file, "passed"), case(file, "listed")], memory)
    assert not memory.exists()
    remember([case(file, "failed")], memory)
    assert (memory / ".gitignore").read_text() == "*\n"
    assert sorted(path.name for path in memory.iterdir()) == [".gitignore", "failed.json"]


def test_files_that_are_gone_are_forgotten(tmp_path: Path, file: Path) -> None:
    """The memory does not grow for ever."""
    remember([case(file, "failed")], tmp_path)
    file.unlink()
    remember([], tmp_path)
    assert remembered(tmp_path) == {}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 2, "failed": {}}', '{"format": 1, "failed": []}', "[" * 100_000,
     '{"format": 1, "failed": {"a": [[1], [true, ""], ["1", ""], [1, 2], 3, null], "b": 4}}'],
)  # fmt: skip
def test_a_damaged_memory_is_none(tmp_path: Path, file: Path, text: str) -> None:
    """Nothing of it is taken, nothing is raised, and the next failure mends it."""
    (tmp_path / "failed.json").write_text(text)
    assert remembered(tmp_path) == {}
    remember([case(file, "failed")], tmp_path)
    assert remembered(tmp_path) == {str(file): {(None, "")}}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_whatever_stands_there_is_keys_or_nothing(tmp_path_factory: pytest.TempPathFactory, listed: object) -> None:
    """Any JSON in the place of a file's cases."""
    folder = tmp_path_factory.mktemp("memory")
    (folder / "failed.json").write_text(json.dumps({"format": 1, "failed": {"a": listed}}))
    for keys in remembered(folder).values():
        assert all(isinstance(chosen, str) and (row is None or type(row) is int) for row, chosen in keys)
