"""Scenario files written for people are read again as they were meant, and are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.capture.writing import Draft, Line, scenario_text, word, write_whole
from callflow.core.errors import StorageError
from callflow.report.wording import printable
from callflow.scenario.document import parse_document
from callflow.scenario.language import parse_scenario


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=150))
def test_any_word_is_read_again(text: str) -> None:
    """What could be misread stands in quotes; what is unprintable is escaped."""
    assert parse_document(f"- {word(text)}", file="x", format="yaml").data == [printable(text)]


@pytest.mark.parametrize("text", ["yes", "null", "n", "1m", "a: b", "a #b", "- a", "*1", "  a"])
def test_words_that_yaml_would_misread_are_quoted(text: str) -> None:
    """A step like `presses #1` would lose its digits to a comment."""
    assert word(text).startswith('"')


@pytest.mark.parametrize("deed", ["caller presses *1#", "alice-desk answers", 'caller says "good morning: #1"'])
def test_a_scenario_is_read_as_it_was_written(deed: str) -> None:
    """Steps, remarks and the caller's hostile name arrive."""
    draft = Draft(
        name='He said "x"\n',
        callflow="/flows/a.json",
        account=Path("/accounts/b.yaml"),
        profile="docs",
        start="2026-11-30T10:00:00Z",
        seed=1,
        caller={"number": "+1", "name": "B\x1bob", "dials": "2001", "device": ""},
        steps=(Line("at 0s", "caller calls"), Line("when alice presses #1 after 2s", deed, "why\nnot")),
        values={"A": 'x"y'},
        expect=("recordings: []",),
        remarks=("a\nb",),
    )
    (scenario,) = parse_scenario(scenario_text(draft, Path("/out/x.yaml")), file="/out/x.yaml")
    (call,) = scenario.calls
    assert (scenario.name, call.caller.name) == ('He said "x"\\n', "B\\x1bob")
    assert (scenario.callflow, scenario.account) == ("../flows/a.json", "../accounts/b.yaml")
    assert str(call.timeline[1].when) == "when alice presses #1 after 2s"
    assert call.timeline[1].text.endswith(deed)
    assert scenario.values == {"A": 'x"y'}


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """Written beside it and renamed: what was there stays when it cannot be, and no draft is left."""
    write_whole(tmp_path / "a.yaml", "one")
    write_whole(tmp_path / "a.yaml", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
    assert (tmp_path / "a.yaml").read_text("utf-8") == "two"
    with pytest.raises(StorageError):
        write_whole(tmp_path / "none" / "a.yaml", "three")
