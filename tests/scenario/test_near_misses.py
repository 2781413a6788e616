"""What came nearest to a step or an event that never happened, said in its own words."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from callflow.core.trace import Row
from callflow.scenario import parse_event
from callflow.scenario.near_misses import nearest_event


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("alice-phone answers", "alice-phone answers on leg B at 0:04.000"),
        ("bob answers", "alice answers on leg B at 0:04.000"),
        ("alice hangs up", "caller hangs up on leg A at 0:40.000"),
        ("recording pauses", "recording stops on leg A at 0:40.000"),
        ("CHANNEL_UNHOLD", "CHANNEL_UNBRIDGE on leg A at 0:40.000"),
        ("RECORD_MASK", "RECORD_STOP on leg A at 0:40.000"),
        ("vm-person plays", "None"),
        ("voicemail greets", "None"),
    ],
)
def test_the_most_similar_event_is_named(wanted: str, nearest: str, answered: list[Row]) -> None:
    """Parties are told from parties, channel events from channel events; what is like nothing has no nearest."""
    assert str(nearest_event(parse_event(wanted), answered, "c1", {"c1": 0})) == nearest


def test_prompts_and_digits_are_compared_with_their_own(not_answered: list[Row]) -> None:
    """A misspelt prompt is answered with the one that played."""
    found = nearest_event(parse_event("vm-record_mesage plays"), not_answered, None, {})
    assert found is not None and found.words == "vm-record_message plays"
    assert nearest_event(parse_event("caller presses 1"), not_answered, None, {}) is None


def test_another_calls_events_do_not_count(answered: list[Row]) -> None:
    """An event of one call is never the nearest one in another."""
    assert nearest_event(parse_event("alice answers"), answered, "c2", {}) is None


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("when alice presses 1: caller presses 1",
         "waited for alice presses 1; nearest: alice presses 2 on leg B at 0:04"),
        ("when alice rings: caller presses 1",
         "waited for alice rings, which happened before its turn came: alice rings on leg B at 0:00.000"),
        ("when voicemail greets: caller presses 1", "and it still waited for voicemail greets"),
    ],
)  # fmt: skip
def test_a_step_that_never_happened_says_why(step: str, words: str, staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: a step that never happens is a failure; a beginner learns that its event had passed already."""
    steps = ("at 4s: alice answers", "at 4s: alice presses 2", step, "after 1s: caller hangs up")
    first, second = staging.played(tmp_path, *steps, flow=staging.RING_ONLY).result().failures
    assert words in first.message and first.message.startswith(f"{tmp_path}/call.json:")
    assert second.message.endswith("and it still waited for the steps before it")


def test_a_fixtures_step_is_told_with_its_file(staging: ModuleType, tmp_path: Path) -> None:
    """The trace names the file of a line that is not the scenario's own, and so does the story of a recording."""
    from callflow.report.past import sentences
    from callflow.report.people import People

    lines = [{"at 0s": "caller calls"}, {"at 4s": "alice answers"}, {"at 9s": "caller hangs up"}]
    staging.write(tmp_path, "people.json", {"timeline": lines})
    run = staging.played(tmp_path, timeline=None, use="people.json", flow=staging.RECORDED)
    answer = next(row for row in run.rows if row.kind == "INPUT" and row.name == "answers")
    assert answer.detail is not None and answer.detail["file"] == "people.json"
    told = " ".join(sentences([answer], People(), "2001"))
    assert f'(people.json line {answer.detail["line"]}: "at 4s: alice answers")' in told
