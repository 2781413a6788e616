"""Whatever a scenario file holds, it is read or refused in one line: no other error leaves the room."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callflow.core.errors import ScenarioError
from callflow.scenario import parse_scenario

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


junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_any_value_in_any_place(data: st.DataObject) -> None:
    """Whatever stands at a place of a scenario, it is read or refused in one printable line."""
    tree: dict[str, Any] = {
        "scenario": "x", "callflow": "f.json", "account": {"users": []}, "with": {"A": "b"}, "profile": "docs",
        "start": "2026-11-30T23:59:50Z", "timezone": "UTC", "seed": 1, "tags": ["a"], "storage": {"answers": [503]},
        "caller": {"number": "1", "dials": "2"}, "timeline": [{"at 0s": "caller calls"}],
        "expect": {"recordings": [{"length": "1s"}], "events": ["DTMF"], "audio": [{"left": "silent"}]},
    }  # fmt: skip
    spots: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        for key, each in node.items() if isinstance(node, dict) else enumerate(node):
            spots.append((node, key))
            if isinstance(each, dict | list):
                collect(each)

    collect(tree)
    holder, key = data.draw(st.sampled_from(range(len(spots))).map(spots.__getitem__))
    holder[key] = data.draw(junk)
    try:
        parse_scenario(json.dumps(tree), file="s.json", format="json")
    except ScenarioError as fault:
        assert str(fault).isprintable()


@given(st.data())
def test_damaged_files_raise_nothing_else(data: st.DataObject) -> None:
    """A scenario with characters put in or taken out is read or refused in one printable line."""
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        new = data.draw(st.text(st.sampled_from("{}[]:,-?&*!|>%'\"#\t\n \\~<0aé±"), max_size=3))
        text = text[:place] + new + text[place + data.draw(st.integers(0, 3)) :]
    try:
        parse_scenario(text, file="s.yaml")
    except ScenarioError as fault:
        assert str(fault).isprintable()
