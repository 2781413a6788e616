"""The ladder of a call: who signals what to whom, as text, mermaid and SVG (issue 5, items 4 and 5)."""

from __future__ import annotations

import re
from itertools import pairwise
from types import ModuleType
from xml.etree import ElementTree

import pytest

from callflow.report.ladder import STORAGE, SWITCH, Ladder, ladders
from callflow.report.ladder_svg import ladder_svg
from callflow.report.ladder_text import ladder_mermaid, ladder_text

HOSTILE = 'Bob"]; <script>alert(1)</script>\n%%{init}%% \x1b[2J&\u2028'


@pytest.fixture
def answered(placing: ModuleType) -> Ladder:
    """The main job, answered."""
    [ladder] = ladders(placing.place_call(*placing.ANSWERED))
    return ladder


def test_the_columns_are_caller_switch_callee_and_storage(answered: Ladder) -> None:
    """The caller stands left, then the switch, who was called, and storage."""
    assert [each.name for each in answered.columns] == ["Bob (A)", "switch", "alice (B)", "storage"]


def test_the_main_job_is_told_in_order(answered: Ladder) -> None:
    """Every signal of the call with its ends, in the order of the trace."""
    told = [(each.source, each.target, each.text) for each in answered.steps]
    assert told == [
        ("A", SWITCH, "calls 2001"),
        (SWITCH, SWITCH, "node 1: record_call"),
        (SWITCH, "A", "early media"),
        (SWITCH, SWITCH, "node 2: user"),
        (SWITCH, "B", "rings"),
        (SWITCH, SWITCH, "recording 0 starts"),
        ("B", SWITCH, "answers"),
        (SWITCH, "A", "is answered"),
        ("A", "B", "connected"),
        (SWITCH, SWITCH, "recording 0 stops after 0:40.000: the recorded leg ended"),
        (SWITCH, STORAGE, "PUT recording 0"),
        ("A", SWITCH, "hangs up: NORMAL_CLEARING"),
        (SWITCH, "B", "is released: NORMAL_CLEARING"),
        (STORAGE, SWITCH, "201"),
    ]
    assert all(one.at_ms <= other.at_ms and one.seq < other.seq for one, other in pairwise(answered.steps))


def test_every_try_of_a_delivery_is_a_signal(placing: ModuleType) -> None:
    """A target that fails and then takes the file: two requests, two answers (B§6.6)."""
    [ladder] = ladders(placing.place_call(*placing.ANSWERED, replies=("503", "201")))
    sent = [each.text for each in ladder.steps if STORAGE in (each.source, each.target)]
    assert sent == ["PUT recording 0", "503", "PUT recording 0, try 2", "201"]


def test_a_call_that_nobody_answers_ends_in_voicemail(placing: ModuleType) -> None:
    """The phone that stops ringing is released by the switch; the message goes to storage as well."""
    [ladder] = ladders(placing.place_call(*placing.NOT_ANSWERED))
    told = [(each.source, each.target, each.text) for each in ladder.steps]
    assert (SWITCH, "B", "is released: NO_ANSWER") in told
    assert (SWITCH, STORAGE, "store recording 1") in told


def test_text_has_a_line_a_step_within_its_width(answered: Ladder) -> None:
    """A line a step, its time first; what has no room between the columns stands behind them, whole."""
    lines = ladder_text(answered, 100).splitlines()
    assert len(lines) == 1 + len(answered.steps)
    assert lines[1] == " 0:00.000            ├───── calls 2001 ────▶                     │                     │"
    narrow = ladder_text(answered, 40)
    assert all(step.text in narrow for step in answered.steps)
    assert lines[9] == " 0:04.000            ╞════════════════ connected ════════════════╡                     │"


def test_mermaid_is_a_sequence_diagram(answered: Ladder) -> None:
    """Participants, arrows and notes, in the language of mermaid."""
    lines = ladder_mermaid(answered).splitlines()
    assert lines[:2] == ["sequenceDiagram", "    participant p0 as Bob (A)"]
    assert "    p0->>p1: 0#58;00.000 calls 2001" in lines
    assert "    Note over p0,p2: 0#58;04.000 connected" in lines


def test_the_picture_parses_and_says_all(answered: Ladder) -> None:
    """Well-formed SVG with every column and step as text, nothing outside of its frame."""
    root = ElementTree.fromstring(ladder_svg(answered, "a call"))
    texts = [each for each in root.iter("{http://www.w3.org/2000/svg}text")]
    said = {each.text for each in texts}
    assert {each.text for each in answered.steps} | {each.name for each in answered.columns} <= said
    assert all(0 < float(each.get("x", "-1")) < float(root.get("width", "0")) for each in texts)
    assert all(0 < float(each.get("y", "-1")) < float(root.get("height", "0")) for each in texts)


def test_hostile_names_are_text_everywhere(placing: ModuleType) -> None:
    """A caller's name can be no line, no mark of mermaid or XML, no control of a terminal."""
    [ladder] = ladders(placing.place_call(*placing.ANSWERED, name=HOSTILE))
    assert all(line.isprintable() for line in ladder_text(ladder).splitlines())
    mermaid = ladder_mermaid(ladder)
    assert not set('<%&"];') & set(re.sub(r"#\d+;", "", mermaid))
    assert all(line.isprintable() for line in mermaid.splitlines())
    svg = ladder_svg(ladder, HOSTILE)
    root = ElementTree.fromstring(svg)
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert "\u2028" not in svg and "\x1b" not in svg


def test_several_calls_have_a_ladder_each(placing: ModuleType) -> None:
    """Calls keep their order and their names."""
    first = placing.place_call(*placing.ANSWERED)
    rows = [*first, *(row._replace(call_id="other") for row in first if row.call_id)]
    one, other = ladders(rows, {"other": "second"})
    assert (one.title, other.title) == ("", "second")
    assert [each.text for each in one.steps] == [each.text for each in other.steps]
    assert ladder_text(other).startswith("call second:\n")
