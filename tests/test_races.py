"""The race explorer: which orders there are, that each is run whole, what the outcomes are."""

from __future__ import annotations

import json
from math import comb, factorial
from pathlib import Path

import pytest

from callflow.core.errors import ScenarioError
from callflow.race_outcomes import RaceOutcome, outcomes_data, outcomes_of
from callflow.races import Race, find_race, told_order, without_missed
from callflow.scenario import load_scenario
from callflow.scenario.preparing import Choices, Prepared, prepare
from callflow.simulate import simulate
from callflow.written import scenario_text

FLOW = {
    "module": "record_call",
    "data": {"action": "start", "time_limit": 10, "record_min_sec": 10, "url": "http://my.server/"},
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "alice"},
            "children": {"_": {"module": "voicemail", "data": {"id": "b"}}},
        }
    },
}
HEAD = """\
scenario: A race
callflow: flow.json
caller: {number: "+14155550100", dials: "2001"}
timeline:
  - at 0s: caller calls
"""
LIMIT = "  - at 4s: alice answers\n  - at 10s: caller hangs up\n  - at 10100ms: alice hangs up\n"


def prepared(tmp_path: Path, steps: str, head: str = HEAD) -> Prepared:
    """The scenario with these steps behind the call's start, ready to run."""
    (tmp_path / "flow.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (tmp_path / "race.yaml").write_text(head + steps, encoding="utf-8")
    return prepare(load_scenario(tmp_path / "race.yaml")[0], Choices())


def explored(race: Race, most: int = 1_000) -> tuple[RaceOutcome, ...]:
    """The outcomes of at most so many orders."""
    return outcomes_of(race, race.play(most))


def test_a_limit_against_two_hang_ups(tmp_path: Path) -> None:
    """Issue, item 9: a millisecond decides whether a recording that must have 10 s is kept, and who ended the call."""
    found = explored(find_race(prepared(tmp_path, LIMIT), "time limit", 500))
    assert [(each.facts["hang-up"], each.facts["recording 0 state"]) for each in found] == [
        ("NORMAL_CLEARING by caller", "finished"),
        ("NORMAL_CLEARING by caller", "discarded"),
        ("NORMAL_CLEARING by alice", "finished"),
        ("NORMAL_CLEARING by alice", "discarded"),
    ]
    assert found[0].is_as_written
    assert found[1].differs["recording 0 ended by"] == "time_limit"
    assert told_order(found[2].example.order) == "0:10.000 alice hangs up → 0:10.000 caller hangs up"


def test_the_orders_are_all_there_and_counted(tmp_path: Path) -> None:
    """Issue, item 9: n steps and k instants make n! ways to act times the ways to spread them; each comes once."""
    race = find_race(prepared(tmp_path, LIMIT), "time limit", 500)
    assert race.instants == (9_999, 10_000, 10_001)
    orders = [tuple((mover.index, at_ms) for mover, at_ms in order.acts) for order in race.orders()]
    assert len(orders) == len(set(orders)) == race.count == factorial(2) * comb(4, 2)
    assert all([at_ms for _, at_ms in order] == sorted(at_ms for _, at_ms in order) for order in orders)


def test_an_answer_against_the_end_of_ringing(tmp_path: Path) -> None:
    """Issue, item 9: the engine's own timers are raced against: ringing ends by itself, and the mailbox takes over."""
    race = find_race(prepared(tmp_path, "  - at 19900ms: alice answers\n  - at 40s: caller hangs up\n"), "answer", 500)
    assert race.timers == ()
    later = find_race(
        prepared(tmp_path, "  - at 20100ms: alice answers\n  - at 40s: caller hangs up\n"), "CHANNEL_DESTROY", 500
    )
    assert later.timers == (20_000,)
    paths = {each.facts["path"] for each in explored(later)}
    assert paths == {"record_call → user → voicemail", "record_call → user"}


def test_orders_are_bounded_and_the_nearest_come_first(tmp_path: Path) -> None:
    """Issue, item 9: --max-orders takes those nearest to what is written."""
    race = find_race(prepared(tmp_path, LIMIT), "time limit", 500)
    runs = list(race.play(4))
    assert len(runs) == 5
    assert runs[0].order.acts == ()
    assert all(run.order.distance[0] == 0 for run in runs)


def test_what_stands_behind_the_moment_keeps_its_time(tmp_path: Path) -> None:
    """Issue, item 9: only the order changes: a step that counts from the one before it happens when it did."""
    steps = "  - at 4s: alice answers\n  - after 100ms: caller speaks for 1s\n  - after 2s: caller hangs up\n"
    race = find_race(prepared(tmp_path, steps), "alice answers", 200)
    ends = {call.ended_ms for run in race.play(100) for call in run.result.calls}
    assert ends == {7_100}


def test_lengths_that_are_close_are_one_outcome(tmp_path: Path) -> None:
    """Issue, item 9: a recording that is a millisecond longer is no other outcome; the band is told."""
    race = find_race(
        prepared(tmp_path, "  - at 4s: alice answers\n  - at 8s: caller hangs up\n"), "caller hangs up", 500
    )
    (only,) = explored(race)
    assert only.facts["recording 0 length"] == "0:07.999…0:08.001"


def test_the_example_as_a_scenario_does_what_it_says(tmp_path: Path) -> None:
    """Issue, item 9: an order that is saved loads, and passes."""
    for number, each in enumerate(explored(find_race(prepared(tmp_path, LIMIT), "hang-up", 500))):
        text = scenario_text(without_missed(each.example), each.example.result, tmp_path, ("why",))
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        (again,) = load_scenario(path)
        assert simulate(again).result().outcome == "passed", text


def test_two_calls_race_with_each_other(tmp_path: Path) -> None:
    """Issue, item 9: steps of several calls are put into every order, and each call's outcome is named."""
    steps = "[at 0s: caller calls, at 3s: alice answers, at 5s: caller hangs up]"
    call = f'{{caller: {{number: "1", dials: "2"}}, timeline: {steps}}}'
    head = f"scenario: Two\ncallflow: flow.json\ncalls:\n  one: {call}\n  two: {call}\n"
    race = find_race(prepared(tmp_path, "", head), "one.caller hangs up", 500)
    assert [mover.call for mover in race.movers] == [0, 1]
    assert "two: hang-up" in explored(race)[0].facts


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        ("silence", "ends no recording"),
        ("digits", "does not happen"),
        ("alice resumes", "does not happen"),
        ("nonsense", "unknown event"),
    ],
)
def test_a_moment_that_never_comes_is_wrong_input(tmp_path: Path, moment: str, problem: str) -> None:
    """A moment that the run does not have is refused, with what came nearest."""
    with pytest.raises(ScenarioError, match=problem) as fault:
        find_race(prepared(tmp_path, LIMIT), moment, 500)
    assert fault.value.where == f"--around {moment}"


def test_too_many_steps_are_refused(tmp_path: Path) -> None:
    """Orders grow with the factorial: more than six steps near a moment are refused, and what to do is said."""
    steps = "".join(f"  - at 4s: caller presses {digit}\n" for digit in range(7))
    with pytest.raises(ScenarioError, match="--within"):
        find_race(prepared(tmp_path, steps), "digits", 500)


def test_nothing_near_is_no_order(tmp_path: Path) -> None:
    """A moment with no step near it has one outcome, that of the scenario as written."""
    race = find_race(prepared(tmp_path, "  - at 4s: alice answers\n  - at 15s: caller hangs up\n"), "time limit", 100)
    assert race.count == 0
    (only,) = explored(race)
    assert (only.orders, only.is_as_written) == (0, True)


def test_plain_data(tmp_path: Path) -> None:
    """The object of --json goes through JSON, and counts every order once."""
    race = find_race(prepared(tmp_path, LIMIT), "time limit", 500)
    found = explored(race)
    data = json.loads(json.dumps(outcomes_data(race, found, "time limit", race.count)))
    assert sum(each["orders"] for each in data["outcomes"]) == data["orders"] == data["run"]
    assert data["outcomes"][1]["example"][0] == {"at_ms": 9_999, "line": 7, "step": "caller hangs up"}
