"""Whole scenario files: the design's own example, all parts, and what a tester reads when one is wrong."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callflow.core.errors import ScenarioError
from callflow.scenario import (
    After,
    At,
    Caller,
    EventPattern,
    EventWord,
    HangsUp,
    HttpStatus,
    Scenario,
    Speaks,
    When,
    load_scenario,
    parse_scenario,
)

EXAMPLE = """\
scenario: Nobody answers, the recording stops before voicemail
callflow: record_per_user.json
account: acme.yaml
with: {ACCOUNT_ID: acme, USER_ID: alice, LIMIT: 360}
profile: docs
start: 2026-11-30T23:59:50.9+01:00
timezone: Europe/Berlin
seed: 7
tags: [smoke, voicemail]
call_id: abc@example
caller: {number: "+14155550100", name: Bob, dials: "2001"}
storage:
  answers: [503, 503, 201]
timeline:
  - at 0s: caller calls
  - at 20s: alice does not answer
  - when voicemail records: caller speaks for 4s
  - after 0s: caller hangs up
expect:
  path: [record_call, user, record_call, voicemail]
  recordings:
    - {format: mp3, length: 20s ±40ms, ended_by: stop, stored: "http://my.server/*.mp3", attempts: 3}
  events: [RECORD_START, RECORD_STOP]
"""

SMALL = """\
scenario: small
callflow: f.json
caller: {number: "1", dials: "2001"}
timeline:
  - at 0s: caller calls
"""


def one(text: str, file: str = "s.yaml") -> Scenario:
    """The only scenario of a YAML text."""
    [scenario] = parse_scenario(text, file=file)
    return scenario


def test_the_example_of_the_design() -> None:
    """Design §6, part by part."""
    scenario = one(EXAMPLE)
    assert scenario.name == "Nobody answers, the recording stops before voicemail"
    assert (scenario.callflow, scenario.account, scenario.profile) == ("record_per_user.json", "acme.yaml", "docs")
    assert not scenario.is_number
    assert scenario.values == {"ACCOUNT_ID": "acme", "USER_ID": "alice", "LIMIT": "360"}
    assert scenario.start == datetime(2026, 11, 30, 22, 59, 50, tzinfo=UTC)
    assert (scenario.timezone, scenario.seed, scenario.tags) == ("Europe/Berlin", 7, ("smoke", "voicemail"))
    assert scenario.storage.answers == (HttpStatus(503), HttpStatus(503), HttpStatus(201))
    [call] = scenario.calls
    assert call.name == ""
    assert call.caller == Caller("+14155550100", "Bob", "2001", call_id="abc@example")
    assert [step.when for step in call.timeline] == [
        At(0), At(20_000), When(EventPattern("", "", EventWord.VOICEMAIL_RECORDS)), After(0),
    ]  # fmt: skip
    assert call.timeline[2].verb == Speaks(4000)
    assert (call.timeline[3].line, call.timeline[3].text) == (18, "after 0s: caller hangs up")
    assert call.timeline[3].where == "s.yaml:18: timeline[3]"
    assert scenario.expect.recordings is not None and scenario.expect.recordings[0].line == 22
    assert scenario.where["account"] == "s.yaml:3: account"


def test_scenarios_travel_between_processes() -> None:
    """Whole scenarios are the unit of parallelism (design §12, Engine)."""
    scenario = one(EXAMPLE)
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_what_may_be_left_out() -> None:
    """The rest has defaults: seed 1, no account, the real now, a target that takes everything."""
    scenario = one(SMALL)
    assert (scenario.seed, scenario.account, scenario.start, scenario.profile) == (1, None, None, None)
    assert scenario.storage.answers == () and scenario.expect.recordings is None and scenario.row == 0


def test_json_says_the_same(tmp_path: Path) -> None:
    """A scenario in JSON is the same data, with its own lines."""
    data = {
        "scenario": "small",
        "callflow": "f.json",
        "caller": {"number": "1", "dials": "2001"},
        "timeline": [{"at 0s": "caller calls"}, {"at 4s": "alice answers"}],
    }
    (tmp_path / "s.json").write_text(json.dumps(data, indent=1))
    [scenario] = load_scenario(tmp_path / "s.json")
    assert [step.line for step in scenario.calls[0].timeline] == [9, 12]
    data["timeline"] = [{"at 0s": "caller cals"}]
    with pytest.raises(ScenarioError, match=r's.json:1: timeline\[0\]: unknown verb "cals"; did you mean "calls"'):
        parse_scenario(json.dumps(data), file="s.json", format="json")


def test_several_calls() -> None:
    """Design §12: a mapping name → {caller, timeline}; events name another call in front."""
    scenario = one(
        "scenario: two\ncallflow: '2001'\naccount: {users: [], callflows: []}\n"
        "calls:\n"
        "  first: {caller: {number: '1', dials: '2001'}, timeline: [at 0s: caller calls], expect: {path: [user]}}\n"
        "  second:\n    call_id: two\n    caller: {device: bob-phone, dials: '2001'}\n"
        "    timeline:\n      - when first.recording starts: caller calls\n      - after 1s: caller hangs up\n"
        "expect: {exactly: {second.RECORD_START: 1}}\n"
    )
    first, second = scenario.calls
    assert scenario.is_number and scenario.account == {"users": [], "callflows": []}
    assert (first.name, second.name, second.caller.device, second.caller.call_id) == (
        "first",
        "second",
        "bob-phone",
        "two",
    )
    assert second.timeline[0].when == When(EventPattern("first", "", EventWord.RECORDING_STARTS))
    assert second.timeline[1].verb == HangsUp()
    assert first.expect.path is not None and first.expect.path.words == ("user",)
    assert scenario.expect.exactly[0].event.call == "second"


def change(text: str, old: str, new: str) -> str:
    """The text with one part, which it must have, replaced."""
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: 7", "sed: 7", 's.yaml:8: sed: unknown key "sed"; did you mean "seed"'),
        ("seed: 7", "seed: -1", "s.yaml:8: seed: .*out of range"),
        ("seed: 7", "seed: yes", "whole number"),
        ("scenario: N", "# N", "s.yaml:2: scenario is missing"),
        ("callflow: record_per_user.json", "", "callflow is missing"),
        ("callflow: record_per_user.json", "callflow: /etc/passwd", "not a path from here"),
        ("callflow: record_per_user.json", "callflow: file:///x.json", "not a path from here"),
        ("callflow: record_per_user.json", "callflow: 2001", 'quote the number: "2001"'),
        ("account: acme.yaml", "account: {usres: []}", 's.yaml:3: account.usres: .*did you mean "users"'),
        ("account: acme.yaml", "account: [a]", "a list where a text is wanted"),
        ("profile: docs", "profile: doks", 's.yaml:5: profile: unknown word "doks"; did you mean "docs"'),
        ("+01:00", "", "names no zone; add Z"),
        ("2026-11-30T", "2026-31-30T", "not a date and time; write it like 2026-11-30T23:59:50Z"),
        ("2026-11-30T23:59:50.9+01:00", "0001-01-01T00:00:00+14:00", "not a date and time"),
        ("Europe/Berlin", "Europe/Berln", 'unknown time zone .*did you mean "Europe/Berlin"'),
        ("Europe/Berlin", "../../etc/passwd", "unknown time zone"),
        ("tags: [smoke, voicemail]", "tags: [smoke voicemail]", "more than one word"),
        ("tags: [smoke, voicemail]", "tags: smoke", "where a list is wanted"),
        ("tags: [smoke, voicemail]", "tags: [smoke, smoke]", 'the tag "smoke" stands twice'),
        ("tags: [smoke, voicemail]", "tags: [not]", '"not" cannot be a tag'),
        ("tags: [smoke, voicemail]", "tags: [(pci)]", "cannot be a tag; use letters"),
        ('"2001"', "0123", 's.yaml:11: caller.dials: .*quote the number: "0123"'),
        ('"2001"', "2001", 'quote the number: "2001"'),
        ('"+14155550100"', "+14155550100", r'quote the number: "\+14155550100"'),
        ('"2001"', "12:30:45", 'quote the number: "12:30:45"'),
        ('"2001"', "1e3", 'quote the number: "1e3"'),
        ('"2001"', '"20 01"', "has blanks in it"),
        (', dials: "2001"', "", "dials is missing"),
        ('number: "+14155550100", ', "", "number is missing"),
        ("name: Bob", "nam: Bob", 'caller.nam: unknown key "nam"; did you mean "name"'),
        ("name: Bob", "codec: G711", 's.yaml:11: caller.codec: unknown word "G711"; did you mean "G722"'),
        ("name: Bob", "call_id: x", "call_id stands twice"),
        ("name: Bob", "device: storage", "cannot name a device"),
        ("LIMIT: 360", "limit: 360", "cannot name a placeholder"),
        ("LIMIT: 360", "LIMIT: 4.5", 'quote it: "4.5"'),
        ("caller: {", "calr: {", 'unknown key "calr"; did you mean "caller"'),
        ("  - at 0s: caller calls\n", "", r"timeline: nobody places the call"),
        ("at 20s: alice does not answer", "at 20s: caller calls", "calls a second time"),
        ("at 0s: caller calls", "at 0s: alice answers", "nobody places the call"),
        ("at 0s: caller calls", "at 0s: alice answers\n  - at 0s: caller calls", "a step before the call"),
        ("after 0s", "at 19s", r"s.yaml:18: timeline\[3\]: at 19s stands behind a step at 20s"),
        ("at 20s: alice does", "at 20: alice does", r's.yaml:16: timeline\[1\]: "20" has no unit; write 20s'),
        ("at 0s: caller calls", "at 0s: api starts recording\n  - at 0s: caller calls", "a step before the call"),
        ("when voicemail records", "when recording is maskd", 'did you mean "recording is masked"'),
        ("  - at 20s: alice does not answer", "  - at 20s", "this is not a step"),
        ("  - at 20s: alice does not answer", "  - at 20s: [x]", "not followed by who does what"),
        ("  - at 20s: alice does not answer", "  - {at 2s: alice answers, at 3s: bob answers}", "several steps in one"),
        ("alice does not answer", "alice says hello: you", "must stand in quotes"),
        ("503, 503", "503, {x: 1}", "a mapping where a text is wanted"),
        ("alice does not answer", "alice plays {FILE}.wav", 'nothing fills "{FILE}"'),
        ("call_id: abc@example", "calls: {a: {}}", "caller beside calls; put it under calls.NAME.caller"),
    ],
)
def test_wrong_scenarios(old: str, new: str, message: str) -> None:
    """Issue 2, bad input: one line with file, line, path, what is wrong, what would be right."""
    with pytest.raises(ScenarioError, match=message) as caught:
        one(change(EXAMPLE, old, new))
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("s.yaml:")


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ("{}", "no call"),
        ("{storage: {}}", "cannot name a call"),
        ("{a.b: {}}", "cannot name a call"),
        ("{a: {timeline: []}}", "calls.a: caller is missing"),
        ("{a: {caller: {number: '1', dials: '2'}}}", "calls.a: timeline is missing"),
        ("{a: {calle: {}}}", 'did you mean "caller"'),
        ("[a]", "a list where a mapping is wanted"),
    ],
)
def test_wrong_calls(calls: str, message: str) -> None:
    """Several calls: each needs a name, a caller and a timeline."""
    with pytest.raises(ScenarioError, match=message):
        one(f"scenario: x\ncallflow: f.json\ncalls: {calls}\n")


def test_a_number_needs_an_account() -> None:
    """Design §6: a number is looked up among account.callflows."""
    with pytest.raises(ScenarioError, match="s.yaml:2: callflow: a number without an account"):
        one(change(SMALL, "f.json", "'2001'"))


@pytest.mark.parametrize("deed", ["storage fails with 503", "switch cannot open files"])
def test_what_holds_for_every_call_may_begin_before_it(deed: str) -> None:
    """Only people, and requests about a call, wait for the call."""
    scenario = one(change(SMALL, "  - at 0s", f"  - at 0s: {deed}\n  - at 0s"))
    assert scenario.calls[0].timeline[0].who == deed.split()[0]


def test_the_caller_may_have_a_codec() -> None:
    """Issue 3, item 11; design §12, Sound: parties may have a codec."""
    assert one(SMALL).calls[0].caller.codec == ""
    assert one(change(SMALL, "dials: ", "codec: G722, dials: ")).calls[0].caller.codec == "G722"


def test_nothing_at_all() -> None:
    """An empty file, a list, a word."""
    for text in ("", "[]", "x"):
        with pytest.raises(ScenarioError, match="where a mapping is wanted"):
            one(text)


def test_an_account_is_told_from_a_scenario() -> None:
    """`callflow run office.yaml` says what the file is for; a scenario with a misspelt key is still a scenario."""
    with pytest.raises(ScenarioError, match="this looks like an account: a scenario names it under account:"):
        parse_scenario("id: acme\nusers: [{id: alice}]\n")
    with pytest.raises(ScenarioError, match='unknown key "users"; did you mean "use"'):
        parse_scenario(SMALL + "users: []\n")
