"""Verdicts on the result: a met expectation is silent, an unmet one says where it stands and what came nearest."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from callflow.core.diagnostic import Diagnostic
from callflow.core.events import HangsUp
from callflow.core.trace import Row
from callflow.report.results import Failure
from callflow.report.summary import summarise
from callflow.scenario import Scenario, parse_scenario
from callflow.scenario.verdict import verdict

Rows = list[Row]
TOP = """\
scenario: a sample
callflow: sample.json
caller: {number: "+14155550100", name: Bob, dials: "2001"}
timeline:
  - at 0s: caller calls
expect:
"""
REMARKS = [Diagnostic("bare-children", "error", "flow", "m"), Diagnostic("id-length", "info", "flow", "m")]


def scenario_of(expect: str) -> Scenario:
    """A scenario of one call with this `expect:` part."""
    [scenario] = parse_scenario(TOP + textwrap.indent(textwrap.dedent(expect), "  "), file="x/sample.yaml")
    return scenario


def failures_of(expect: str, rows: Rows) -> tuple[Failure, ...]:
    """The verdict on rows."""
    return verdict(scenario_of(expect), rows, summarise(rows, diagnostics=REMARKS))


def test_the_example_of_the_design_is_met(not_answered: Rows) -> None:
    """Design §6: the expectations of the sample scenario, on the call that it describes."""
    expect = """\
        path: [record_call, user, record_call, voicemail]
        recordings:
          - {format: mp3, length: 20s ±40ms, ended_by: stop, stored: "http*/r/call_recording_*.mp3", attempts: 2}
          - {kind: voicemail, length: 4s ±40ms, ended_by: hangup}
        events: [RECORD_START, RECORD_STOP]
        never: [{event: RECORD_START, leg: B}]
        audio:
          - {recording: 0, left: silent, from: 2s, to: 4s}
        """
    assert failures_of(expect, not_answered) == ()


MET = [
    "recordings: [{state: finished, started: 0s, ended: 20s, armed: 0s, leg: A}, {leg: caller, started: 26.5s ±1ms}]",
    "recordings: [{kind: call, origin: 'callflow : sample', channels: 2, sample_rate: 16000}, {format: mp3}]",
    "recordings: [{delivery: stored, attempts: 2}, {stored: account_database, completion_cause: none}]",
    "deliveries: [{target: url, method: PUT, state: stored, url: '*recording_??.mp3'}, {target: account_database}]",
    "deliveries: [{recording: 0, attempts: 2, results: [503, 201]}]",
    "deliveries: [{recording: 1, state: stored}]",
    "hangup_cause: NORMAL_CLEARING",
    "hangup_by: caller",
    "outcome: passed",
    "diagnostics: [bare-children]",
]


@pytest.mark.parametrize("expect", MET)
def test_what_is_as_expected_passes(expect: str, not_answered: Rows) -> None:
    """Each field of the result can be asked for, by the names of design §7."""
    assert failures_of(expect, not_answered) == ()


UNMET = [
    ("path: [record_call, voicemail]", "[record_call, user, record_call, voicemail]", "differs from node 2 on"),
    ("path: [record_call, user]", "[record_call, user, record_call, voicemail]", "differs from node 3 on"),
    ("hangup_cause: USER_BUSY", "NORMAL_CLEARING", "nearest: NORMAL_CLEARING"),
    ("hangup_by: alice", "caller", "nearest: caller"),
    ("outcome: error", "passed", "nearest: passed"),
    ("diagnostics: []", "bare-children", "there was bare-children"),
    ("diagnostics: [bare-childern]", "bare-children, id-length", 'did you mean "bare-children"?'),
    ("recordings: []", "2 recordings", "no recordings expected, 2 recordings made"),
    ("recordings: [{kind: call}]", "2 recordings", "1 recording expected, 2 recordings made"),
    ("deliveries: []", "2 deliveries", "no deliveries expected, 2 deliveries made"),
    ("deliveries: [{state: failed}, {state: stored}]", "state stored", "state stored instead of failed"),
    (
        "deliveries: [{recording: 5, state: stored}]",
        "2 deliveries in all",
        "there is no such delivery: 2 deliveries in all",
    ),
    ("deliveries: [{recording: 0, results: [503, 503, 201]}]", "results 503, 201", "instead of 503, 503, 201"),
    ("deliveries: [{recording: 0, url: 'https://*'}]", "url http://***@my.server/r/call_recording_c1.mp3", "url http"),
]


@pytest.mark.parametrize(("expect", "nearest", "words"), UNMET)
def test_what_is_not_as_expected_says_what_came_nearest(
    expect: str, nearest: str, words: str, not_answered: Rows
) -> None:
    """Design §6: an expectation that is not met says what came nearest, with file and line."""
    [failure] = failures_of(expect, not_answered)
    assert failure.nearest == nearest
    assert words in failure.message
    assert failure.message.startswith(f"x/sample.yaml:7: expect.{expect.partition(':')[0]}")


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("length: 19s ±40ms", "length 0:20.000 instead of 19s ±40ms"),
        ("started: 1s", "started 0:00.000 instead of 1s"),
        ("ended_by: hangup", "ended_by stop instead of hangup"),
        ("leg: alice", "leg A instead of alice"),
        ("stored: 'ftp://*'", "stored http://***@my.server/r/call_recording_c1.mp3 (stored) instead of ftp://*"),
        ("delivery: none", "delivery stored instead of none"),
        ("completion_cause: none", "completion_cause success-maxtime instead of none"),
        ("kind: voicemail, channels: 1", "kind call instead of voicemail, channels 2 instead of 1"),
    ],
)
def test_a_recording_that_differs_names_every_field_that_does(first: str, words: str, not_answered: Rows) -> None:
    """One failure for one expected recording, with all that is wrong about it, at its own line."""
    [failure] = failures_of(f"recordings:\n  - {{{first}}}\n  - {{kind: voicemail}}\n", not_answered)
    assert words in failure.message
    assert failure.message.startswith("x/sample.yaml:8: expect.recordings[0]: expected")


def test_a_recording_that_is_not_there_is_missed(answered: Rows) -> None:
    """A list of two recordings and a call with one: the second is missed by its number."""
    [failure] = failures_of("recordings: [{kind: call}, {kind: voicemail}]", answered)
    assert "there is no recording 1: 1 recording in all" in failure.message


def test_no_diagnostics_are_no_warnings_and_no_errors(answered: Rows) -> None:
    """An empty list expects none; remarks of level info, such as a short id, are no fault of a run."""
    assert verdict(scenario_of("diagnostics: []"), answered, summarise(answered, diagnostics=REMARKS[1:])) == ()


def test_what_a_profile_expects_is_missed_at_its_own_line(not_answered: Rows) -> None:
    """A list that replaces another under a profile is named by its own place."""
    [failure] = failures_of(
        "recordings: [{}, {}]\nprofiles:\n  docs:\n    recordings: []\n".replace("{}", "{channels: 2}"), not_answered
    )
    assert failure.message.startswith("x/sample.yaml:10: expect.profiles.docs.recordings: ")


def test_a_recording_that_was_not_delivered_is_not_stored(call_placed: Callable[..., Rows]) -> None:
    """`stored` asks for the state stored: never_started has no delivery at all."""
    flow = {"module": "record_call", "data": {"action": "start", "record_on_answer": True}}
    rows = call_placed((1_000, "A", HangsUp()), flow=flow)
    assert failures_of("recordings: [{state: never_started, ended_by: none, delivery: none, attempts: 0}]", rows) == ()
    [failure] = failures_of("recordings: [{stored: '*', started: 0s}]", rows)
    assert "not delivered (never_started)" in failure.message and "started none instead of 0s" in failure.message


def test_steps_that_never_happened_come_first(answered: Rows) -> None:
    """Design §12: a step that never happens is a failure; the driver reports it, the verdict lists it."""
    step = Failure("when alice hangs up", "", "x/sample.yaml:6: it never happened")
    failures = verdict(scenario_of("hangup_by: alice"), answered, summarise(answered), never_happened=[step])
    assert failures[0] == step and len(failures) == 2


def test_a_scenario_without_expectations_has_no_failures(answered: Rows) -> None:
    """Nothing expected, nothing missed."""
    [scenario] = parse_scenario(TOP.replace("expect:\n", ""), file="sample.yaml")
    assert verdict(scenario, answered, summarise(answered)) == ()


def test_a_call_that_never_arrived_meets_nothing() -> None:
    """A run in which no call arrived fails what it was to show, and does not crash."""
    expect = "path: [user]\nhangup_cause: NORMAL_CLEARING\nrecordings: [{kind: call}]\nevents: [RECORD_START]\n"
    nearest = [failure.nearest for failure in failures_of(expect, [])]
    assert nearest == ["[]", "none", "no recordings in all", ""]


TWO_CALLS = """\
scenario: two calls
callflow: sample.json
calls:
  first:
    caller: {number: "1", dials: "2001"}
    timeline: [{at 0s: caller calls}]
    expect: {recordings: [{length: 40s}], hangup_cause: NORMAL_CLEARING, never: [voicemail greets]}
  second:
    caller: {number: "2", dials: "2001"}
    timeline: [{at 0s: caller calls}]
    expect: {recordings: [{length: 20s}, {kind: voicemail}], path: [record_call, user, record_call, voicemail]}
expect:
  events: [second.voicemail greets, first.CHANNEL_DESTROY]
  exactly: {first.RECORD_START: 1, RECORD_START: 3}
  recordings: [{kind: call}, {kind: call}, {kind: voicemail}]
"""


def test_each_call_has_expectations_of_its_own(answered: Rows, not_answered: Rows) -> None:
    """Design §12: several calls on one clock; `first.` names whose event is meant, a call's own part sees that call."""
    [scenario] = parse_scenario(TWO_CALLS, file="x/two.yaml")
    rows = sorted(
        [*answered, *(row._replace(call_id="c2", seq=row.seq + 1_000) for row in not_answered)],
        key=lambda row: (row.at_ms, row.seq),
    )
    rows = [row._replace(seq=seq) for seq, row in enumerate(rows)]
    result = summarise(rows)
    assert verdict(scenario, rows, result, call_ids={"first": "c1", "second": "c2"}) == ()
    swapped = verdict(scenario, rows, result, call_ids={"first": "c2", "second": "c1"})
    assert any(failure.message.startswith("x/two.yaml:7: calls.first.expect") for failure in swapped)
