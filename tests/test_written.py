"""Scenarios that are written as text say the same when they are read again."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from callflow.scenario import load_scenario, parse_document
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import simulate
from callflow.written import flow_mapping, scalar, scenario_text

SCENARIO = """\
scenario: 'Everything: "at once" # no comment'
callflow: flow.json
account:
  users: [{id: alice, owner: "yes", "odd: key": [1, true, null, "0123"]}]
  devices: [{id: phone, owner_id: alice}]
with: {SERVER: "08"}
profile: kazoo-5
timezone: Europe/Berlin
start: 2026-11-30T10:00:00Z
seed: 7
tags: [smoke]
storage: {answers: [503, "slow 2s then 201"], webhook: {url: "http://hook.example/", answers: [503, 200]}}
calls:
  first:
    caller: {number: "+14155550100", name: "Bob: # 1", dials: "2001", codec: PCMA}
    timeline:
      - at 0s: caller calls
      - when alice rings after 2s: alice answers
      - after 1s: 'caller says "yes: it is #1"'
      - when RECORD_STOP: caller hangs up
  second:
    caller: {number: "1", dials: "*98#"}
    timeline: [at 1s: caller calls, when first.alice answers: "caller presses *1#", after 1s: caller hangs up]
"""
FLOW = {
    "module": "record_call",
    "data": {"action": "start", "time_limit": 10, "url": "http://{SERVER}.example/"},
    "children": {"_": {"module": "user", "data": {"id": "alice"}}},
}
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=30)


def test_written_and_read_again(tmp_path: Path) -> None:
    """Design §6: all parts of a scenario survive; paths are written from the new folder; what happened is expected."""
    (tmp_path / "flow.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (tmp_path / "one.yaml").write_text(SCENARIO, encoding="utf-8")
    folder = tmp_path / "deeper" / "still"
    folder.mkdir(parents=True)
    first = load_scenario(tmp_path / "one.yaml")[0]
    result = simulate(first).result()
    text = scenario_text(prepare(first, Choices()), result, folder, ("two\nlines",))
    (folder / "again.yaml").write_text(text, encoding="utf-8")
    (again,) = load_scenario(folder / "again.yaml")
    assert text.startswith("# two\\nlines\n")
    assert again.callflow == "../../flow.json"
    for name in ("name", "account", "values", "profile", "timezone", "start", "seed", "tags", "storage"):
        assert getattr(again, name) == getattr(first, name), name
    for old, new in zip(first.calls, again.calls, strict=True):
        assert new.caller == old.caller
        assert [(step.when, step.who, step.verb) for step in new.timeline] == [
            (step.when, step.who, step.verb) for step in old.timeline
        ]
        assert new.expect.recordings is not None
    assert simulate(again).result().outcome == result.outcome == "passed"


@given(ANYTHING)
def test_any_text_survives(text: str) -> None:
    """What strangers wrote is quoted so that YAML reads the same text, on one line."""
    written = scalar(text)
    assert written.isprintable()
    assert parse_document(f"key: {written}\n", file="x.yaml", format="yaml").data == {"key": text}


@given(
    st.dictionaries(ANYTHING.filter(bool), st.one_of(ANYTHING, st.integers(-(10**9), 10**9), st.booleans()), max_size=4)
)
def test_any_mapping_survives(values: dict[str, object]) -> None:
    """Keys are quoted like values, and numbers stay numbers."""
    assert parse_document(f"key: {flow_mapping(values)}\n", file="x.yaml", format="yaml").data == {"key": values}
