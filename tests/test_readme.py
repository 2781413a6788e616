"""The README is true: its first lines, its scenario, its Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from callflow.cli import VERBS, verbs
from callflow.scenario import parse_scenario
from callflow.simulate import simulate

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first code block of that language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_both_commands_stand_in_the_first_twenty_lines() -> None:
    """Issue 2, item 2: the README shows both commands in its first 20 lines, with the output they give."""
    first = "\n".join(README.splitlines()[:20])
    assert "$ make run" in first
    assert "$ make test" in first


def test_the_output_shown_is_the_demo_s_own(tmp_path: Path) -> None:
    """Every line shown under `make run` is a line that the main job prints, ports and folders aside."""
    done = CliRunner().invoke(verbs, ["demo", "--out", str(tmp_path)])
    printed = [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:39751", line) for line in done.stdout.splitlines()]
    shown = block("console").partition("$ make test")[0].splitlines()[1:]
    assert len(shown) == 5
    for line in shown:
        start, _, end = line.partition("…/out/demo")
        assert any(each.startswith(start) and each.endswith(end) for each in printed), line


def test_the_scenario_shown_passes() -> None:
    """The scenario in the README is one that can be run."""
    file = ROOT / "examples" / "record_per_user" / "readme.yaml"
    (scenario,) = parse_scenario(block("yaml"), file=str(file))
    assert simulate(scenario).result().failures == ()


def test_the_python_shown_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python in the README runs from the root of the checkout."""
    monkeypatch.chdir(ROOT)
    exec(compile(block("python"), "README.md", "exec"), {})


def test_every_command_is_listed() -> None:
    """The table of commands is complete."""
    assert set(re.findall(r"^\| `callflow (\w+)", README, re.MULTILINE)) == set(VERBS)
