"""`expect: {profiles: …}`: what holds under one profile only, and who is judged by it."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from attrs import evolve
from click.testing import CliRunner

from callflow.cli import verbs
from callflow.core.errors import ScenarioError
from callflow.scenario import Expectations, Scenario, load_scenario, parse_document, parse_scenario
from callflow.scenario.expectations import read_expectations
from callflow.scenario.nodes import node_tree
from callflow.scenario.preparing import Choices, prepare

LIMITED = {
    "recordings": [{"length": "5s", "ended_by": "time_limit"}],
    "exactly": {"RECORD_STOP": 1},
    "profiles": {"kazoo-4": {"recordings": [{"length": "4.8s", "origin": "callflow : flow"}], "exactly": None}},
}


def expect(text: str) -> Expectations:
    """What an `expect:` part says."""
    return read_expectations(node_tree(parse_document(text, file="s.yaml", format="yaml")))


def test_a_profile_replaces_whole_keys_and_keeps_the_others() -> None:
    """Issue 3, Must show: each scenario with its expected result per profile."""
    own = expect(
        "path: [user]\nrecordings: [{kind: call, length: 5s}, {kind: voicemail}]\nnever: [RECORD_MASK]\n"
        "profiles:\n  kazoo-4: {recordings: [{length: 60s}], outcome: error}\n  kazoo-5: {never: null, path: null}\n"
    )
    four, five = own.under("kazoo-4"), own.under("kazoo-5")
    assert own.under("docs") is own
    assert (four.path, four.never) == (own.path, own.never)
    assert four.recordings is not None and [each.kind for each in four.recordings] == [None]
    assert four.recordings[0].where == "s.yaml:5: profiles.kazoo-4.recordings[0]"
    assert four.outcome is not None and four.outcome.word == "error"
    assert (five.never, five.path, five.recordings) == ((), None, own.recordings)
    assert four == evolve(own, recordings=four.recordings, outcome=four.outcome, profiles={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "profiles: {kazoo4: {path: [user]}}",
            's.yaml:1: profiles.kazoo4: unknown profile "kazoo4"; did you mean "kaz',
        ),
        ("profiles: {docs: {pth: [user]}}", 'profiles.docs.pth: unknown key "pth"; did you mean "path"'),
        ("profiles: {docs: {}}", "profiles.docs: nothing is different here"),
        ("profiles: [docs]", "a list where a mapping is wanted; write it like {kazoo-4: "),
        ("profiles: {docs: [path]}", "a list where a mapping is wanted"),
        ("profiles: {docs: {path: null}}", "profiles.docs.path: there is no path to take back"),
        ("profiles: {docs: {profiles: {docs: {path: [user]}}}}", 'unknown key "profiles"'),
        ("profil: {docs: {path: [user]}}", 'did you mean "profiles"'),
        ("path: null", "path: nothing where a list is wanted"),
    ],
)
def test_wrong_profiles(text: str, message: str) -> None:
    """Design §6: every error has file, line and a suggestion."""
    with pytest.raises(ScenarioError) as caught:
        expect(text)
    assert message in str(caught.value)


def test_the_path_of_several_calls_is_refused_under_a_profile_too() -> None:
    """What only one call can have stands under that call."""
    call = "{caller: {number: '1', dials: '2'}, timeline: [at 0s: caller calls]}"
    text = f"scenario: x\ncallflow: f.json\ncalls: {{a: {call}}}\n"
    with pytest.raises(ScenarioError, match="profiles.docs.path: path of which call"):
        parse_scenario(text + "expect: {profiles: {docs: {path: [user]}}}\n", file="s.yaml")


@pytest.mark.parametrize(("profile", "outcome"), [("docs", "passed"), ("kazoo-4", "passed"), ("kazoo-5", "failed")])
def test_a_run_is_judged_by_its_own_profile(staging: ModuleType, tmp_path: Path, profile: str, outcome: str) -> None:
    """Design §7: `run --profile P`; B§3.4: the kazoo profiles end a limit on a whole second of their clock."""
    run = staging.played(
        tmp_path, "at 200ms: alice answers", "at 9s: caller hangs up",
        flow=staging.record(staging.ring(), time_limit=5, record_on_answer=True), expect=LIMITED,
        choices=Choices(profile=profile),
    )  # fmt: skip
    result = run.result()
    assert result.outcome == outcome
    if outcome == "failed":
        (failure,) = result.failures
        assert "expect.recordings[0]: expected" in failure.message and "length 0:04.800" in failure.message


def test_the_command_line_chooses_the_profile(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7: exit 1 when an expectation of the chosen profile is not met, 0 when all are."""
    flow = staging.record(staging.ring(), time_limit=5, record_on_answer=True)
    staging.scenario(tmp_path, "at 200ms: alice answers", "at 9s: caller hangs up", flow=flow, expect=LIMITED)
    given = ["run", str(tmp_path / "call.json"), "--json", "--out", str(tmp_path / "out"), "--profile"]
    results = {name: CliRunner().invoke(verbs, [*given, name]) for name in ("docs", "kazoo-4", "kazoo-5")}
    assert {name: result.exit_code for name, result in results.items()} == {"docs": 0, "kazoo-4": 0, "kazoo-5": 1}
    assert [json.loads(result.stdout)["profile"] for result in results.values()] == [*results]


def test_each_of_several_calls_has_its_own(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: several calls, each with its own expectations beside the whole."""
    caller = {"number": "1", "dials": "2001"}
    own = {"path": ["user"], "profiles": {"kazoo-4": {"path": ["menu"]}}}
    timeline = [{"at 0s": "caller calls"}, {"at 1s": "caller hangs up"}]
    calls = {"first": {"caller": caller, "timeline": timeline, "expect": own}}
    outcomes = [
        staging.played(
            tmp_path, flow=staging.RING_ONLY, caller=None, timeline=None, calls=calls, choices=Choices(profile=name)
        ).result().outcome
        for name in ("docs", "kazoo-4")
    ]  # fmt: skip
    assert outcomes == ["passed", "failed"]


def test_parties_that_another_profile_expects_must_exist(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 2, Bad input: a party that is not there would make a `never` hold for nothing."""
    expected = {"profiles": {"kazoo-4": {"never": ["alise answers"]}}}
    with pytest.raises(ScenarioError, match='unknown party "alise"; did you mean "alice"'):
        prepare(staging.scenario(tmp_path, expect=expected), Choices())


def test_rows_of_examples_fill_what_profiles_expect() -> None:
    """Design §6: one scenario makes many, in what each profile expects as well."""
    scenarios = parse_scenario(
        "scenario: x\ncallflow: f.json\ncaller: {number: '1', dials: '2'}\ntimeline: [at 0s: caller calls]\n"
        "expect: {profiles: {kazoo-4: {hangup_by: '{WHO}'}}}\nexamples: [{WHO: flow}, {WHO: caller}]\n"
    )
    assert [_hung_up_by(each) for each in scenarios] == ["flow", "caller"]


def test_a_fixture_may_say_what_a_profile_expects(tmp_path: Path) -> None:
    """`use:` merges mappings key by key: the file's own profile stands beside that of the fixture, and wins over it."""
    (tmp_path / "f.yaml").write_text(
        "caller: {number: '1', dials: '2'}\ntimeline: [at 0s: caller calls]\n"
        "expect: {hangup_by: caller, profiles: {kazoo-4: {hangup_by: flow}, kazoo-5: {hangup_by: flow}}}\n"
    )
    (tmp_path / "s.yaml").write_text(
        "scenario: x\ncallflow: f.json\nuse: f.yaml\nexpect: {profiles: {kazoo-5: {hangup_by: alice}}}\n"
    )
    [scenario] = load_scenario(tmp_path / "s.yaml")
    assert [_hung_up_by(scenario, name) for name in ("docs", "kazoo-4", "kazoo-5")] == ["caller", "flow", "alice"]


def _hung_up_by(scenario: Scenario, profile: str = "kazoo-4") -> str:
    expected = scenario.expect.under(profile).hangup_by
    assert expected is not None
    return expected.word
