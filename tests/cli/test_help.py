"""Every verb explains itself, and the example in its help is one that works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from callflow.cli import VERBS, verbs

ROOT = Path(__file__).resolve().parents[2]
WAITS_FOR_EVER = {"receive"}


def examples() -> list[tuple[str, str]]:
    """(verb, example) of every `Example:` line in the help of a verb."""
    found = []
    for verb in VERBS:
        text = CliRunner().invoke(verbs, [verb, "--help"]).output
        found += [(verb, line) for line in re.findall(r"Examples?: callflow (.+)", text)]
    return found


def test_every_verb_has_an_example() -> None:
    """A newcomer copies before reading."""
    assert {verb for verb, _ in examples()} == set(VERBS)


@pytest.mark.parametrize(("verb", "example"), [each for each in examples() if each[0] not in WAITS_FOR_EVER])
def test_the_example_works(verb: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What help shows runs as it stands, from the root of a checkout, and ends well."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    arguments = [text.replace("/tmp", str(tmp_path)) for text in shlex.split(example)]
    done = CliRunner().invoke(verbs, arguments)
    assert done.exit_code == 0, done.output
