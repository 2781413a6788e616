"""Finding scenarios: by name, by ending, by what stands at their top; everything else is passed over (issue 5, 2)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from callflow.testing.finding import find_scenarios, is_scenario


def written(path: Path, text: str | bytes = "scenario: A\ncallflow: f.json\n") -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", "# a remark\ncallflow: f.json\nscenario: A\n", True),
        ("a.yml", '"scenario": A\n', True),
        ("a.yaml", b"\xef\xbb\xbfscenario: A\n", True),
        ("a.YAML", "scenario : A\n", True),
        ("a.yaml", "users:\n  scenario: inner\n", False),
        ("a.yaml", "scenarios: [a]\n", False),
        ("a.yaml", "# scenario: a remark\n", False),
        ("a.yaml", "", False),
        ("a.json", '{"callflow": "f", "scenario": "A"}', True),
        ("a.json", '{"scenario": "A", broken', True),
        ("a.json", '{"data": {"scenario": "A"}}', False),
        ("a.json", '{"format": 1, "scenario": "A", "calls": []}', False),
        ("a.json", '["scenario"]', False),
        ("a.json", '{"data": broken, "scenario": "A"}', False),
        ("a.json", "[" * 100_000 + '"scenario"', False),
        ("a.scenario.yaml", "anything", True),
        ("a.scenario.json", "", True),
        ("a.Scenario.YML", "", True),
    ],
)
def test_what_a_scenario_looks_like(tmp_path: Path, name: str, text: str | bytes, expected: bool) -> None:
    """The ending says so, or `scenario:` among the outermost keys; a result of `run --json` is none."""
    assert is_scenario(written(tmp_path / name, text)) is expected


def test_a_folder_is_searched_in_a_steady_order(tmp_path: Path) -> None:
    """By name, folders after the files that lie beside them; what is no scenario is said to be passed over."""
    for name in ("b.yaml", "a.yml", "z/1.json", "c/2.yaml", "c/1.scenario.yaml"):
        written(tmp_path / name, '{"scenario": 1}' if name.endswith("json") else "scenario: 1\n")
    account = written(tmp_path / "c" / "account.yaml", "users: []\n")
    written(tmp_path / "c" / "notes.txt", "scenario: 1\n")
    found = find_scenarios([tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == [
        "a.yml", "b.yaml", "c/1.scenario.yaml", "c/2.yaml", "z/1.json",
    ]  # fmt: skip
    assert found.skipped == (account,)


def test_a_file_that_is_named_is_taken_whatever_it_looks_like(tmp_path: Path) -> None:
    """Whoever names a file wants to hear what is wrong with it, also when there is none."""
    flow, missing = written(tmp_path / "flow.json", "{}"), tmp_path / "missing.yaml"
    assert find_scenarios([flow, missing, tmp_path]).files == (flow, missing)
    assert find_scenarios([flow]).skipped == ()


def test_each_file_comes_once(tmp_path: Path) -> None:
    """The first way that leads to it counts."""
    file = written(tmp_path / "sub" / "a.yaml")
    assert find_scenarios([file, tmp_path, tmp_path / "sub" / ".." / "sub"]).files == (file,)


def test_hidden_and_foreign_folders_are_not_entered(tmp_path: Path) -> None:
    """Version control, environments and packages of others are no suites; a link to the parent is no endless one."""
    for name in (".git/a.yaml", "node_modules/a.yaml", "__pycache__/a.yaml", "sub/.b.yaml"):
        written(tmp_path / name)
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert find_scenarios([tmp_path]).files == ()


def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Only regular files are looked into."""
    os.mkfifo(tmp_path / "pipe.yaml")
    assert find_scenarios([tmp_path]).files == ()
