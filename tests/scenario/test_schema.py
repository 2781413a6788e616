"""The JSON Schema of scenarios takes what the reader takes, and refuses what is wrong about a file's structure."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from callflow.core.errors import ScenarioError
from callflow.scenario import parse_document, parse_scenario, read_document
from callflow.scenario.audio_expectations import AUDIO_KEYS
from callflow.scenario.document import ACCOUNT_KEYS
from callflow.scenario.expectations import DELIVERY_KEYS, EXPECT_KEYS, PARTS, RECORDING_KEYS
from callflow.scenario.language import KEYS
from callflow.scenario.people import CALL_KEYS, CALLER_KEYS
from callflow.scenario.storage_part import STORAGE_KEYS, WEBHOOK_KEYS
from callflow.scenario.verb_grammar import PHRASES, parse_verb
from callflow.schemas.scenario import scenario_schema
from callflow.schemas.shapes import FILLED

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    path
    for folder in ("tests/scenarios", "examples")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if re.search(r"^scenario:", path.read_text("utf-8"), re.MULTILINE)
]
SMALL = """\
scenario: small
callflow: f.json
caller: {number: "1", dials: "2001"}
timeline:
  - at 0s: caller calls
"""


@cache
def validator() -> Draft202012Validator:
    """The schema, ready to be used."""
    return Draft202012Validator(scenario_schema())


def is_valid(text: str) -> bool:
    """Whether a scenario's text is as the schema wants it."""
    return bool(validator().is_valid(parse_document(text, file="s.yaml", format="yaml").data))


def keys_at(*path: str) -> set[str]:
    """The keys that a mapping of the schema may have; a step is a key, `[]` an item of a list, `$name` a definition."""
    node: Any = scenario_schema()
    top = node
    for step in path:
        if step.startswith("$"):
            node = top["$defs"][step[1:]]
        else:
            node = node["items"] if step == "[]" else node["properties"][step]
        while "$ref" in node or "anyOf" in node and "properties" not in node and "items" not in node:
            node = top["$defs"][node["$ref"].rsplit("/")[-1]] if "$ref" in node else node["anyOf"][0]
    return set(node["properties"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_scenario_here_validates(path: Path) -> None:
    """Every scenario file of the tests and the examples is as the schema wants it."""
    errors = [f"{each.json_path}: {each.message}" for each in validator().iter_errors(read_document(path).data)]
    assert errors == []


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ((), KEYS),
        (("$caller",), CALLER_KEYS),
        (("$call",), CALL_KEYS),
        (("storage",), STORAGE_KEYS),
        (("storage", "webhook"), WEBHOOK_KEYS),
        (("$expect",), EXPECT_KEYS),
        (("$expect", "recordings", "[]"), RECORDING_KEYS),
        (("$expect", "deliveries", "[]"), DELIVERY_KEYS),
        (("$expect", "audio", "[]"), AUDIO_KEYS),
        (("$expect", "profiles", "kazoo-4"), PARTS),
        (("$account",), ACCOUNT_KEYS),
    ],
)
def test_the_schema_has_the_readers_keys(path: tuple[str, ...], keys: tuple[str, ...]) -> None:
    """Each key that the reader takes is in the schema, and no other: the two cannot drift apart."""
    assert keys_at(*path) == set(keys)


def test_every_verb_is_in_the_schema_with_an_example_and_what_it_does() -> None:
    """An editor completes steps from these: each phrase of the grammar once, each example one that is read."""
    verbs = [each for each in scenario_schema()["$defs"]["deed"]["anyOf"] if "$ref" not in each]
    examples = [each["examples"][0] for each in verbs]
    said = [words.partition(" ")[2] for words in examples]
    for words in said:
        parse_verb(words)
    assert {phrase for phrase in PHRASES if any(words.startswith(phrase) for words in said)} == set(PHRASES)
    assert len(verbs) == len(PHRASES)
    assert all(len(each["description"]) > 4 and "design" not in each["description"] for each in verbs)
    for index, words in enumerate(examples):
        assert [place for place, each in enumerate(verbs) if re.search(each["pattern"], words)] == [index]


@pytest.mark.parametrize(
    "damage",
    [
        ("scenario: small", "scenaro: small"),
        ("scenario: small", "scenario: [small]"),
        ("callflow: f.json\n", ""),
        ("caller:", "callers:"),
        ("dials:", "dails:"),
        ("- at 0s: caller calls", "- at 0: caller calls"),
        ("- at 0s: caller calls", "- on 0s: caller calls"),
        ("- at 0s: caller calls", "- at 0s: caller sings"),
        ("- at 0s: caller calls", "- at 0s: alice fails with 503"),
        ("- at 0s: caller calls", "- at 0s: storage hangs up"),
        ("- at 0s: caller calls", "- when alice snores: caller calls"),
        ("- at 0s: caller calls", "- {at 0s: caller calls, at 1s: caller hangs up}"),
        ("- at 0s: caller calls", "at 0s: caller calls"),
        ("timeline:", "seed: -1\ntimeline:"),
        ("timeline:", "seed: x\ntimeline:"),
        ("timeline:", "profile: kazoo-6\ntimeline:"),
        ("timeline:", "tags: smoke\ntimeline:"),
        ("timeline:", "tags: [smoke test]\ntimeline:"),
        ("timeline:", "with: {user: alice}\ntimeline:"),
        ("timeline:", "storage: {answers: [sometimes]}\ntimeline:"),
        ("timeline:", "storage: {account_database: [503]}\ntimeline:"),
        ("timeline:", "storage: {webhook: {answers: [200]}}\ntimeline:"),
        ("timeline:", "expect: {recording: []}\ntimeline:"),
        ("timeline:", "expect: {recordings: [{length: 4}]}\ntimeline:"),
        ("timeline:", "expect: {recordings: [{ended_by: hang_up}]}\ntimeline:"),
        ("timeline:", "expect: {recordings: [{channels: 3}]}\ntimeline:"),
        ("timeline:", "expect: {recordings: [{}]}\ntimeline:"),
        ("timeline:", "expect: {events: []}\ntimeline:"),
        ("timeline:", "expect: {events: [RECORD_STRAT]}\ntimeline:"),
        ("timeline:", "expect: {never: [{leg: B}]}\ntimeline:"),
        ("timeline:", "expect: {exactly: {RECORD_START: twice}}\ntimeline:"),
        ("timeline:", "expect: {hangup_cause: NORMAL}\ntimeline:"),
        ("timeline:", "expect: {audio: [{recording: 0}]}\ntimeline:"),
        ("timeline:", "expect: {audio: [{left: silent, mono: silent}]}\ntimeline:"),
        ("timeline:", "expect: {audio: [{left: loud}]}\ntimeline:"),
        ("timeline:", "expect: {profiles: {kazoo-6: {path: []}}}\ntimeline:"),
        ("timeline:", "examples: []\ntimeline:"),
    ],
    ids=lambda damage: damage[1].partition("\n")[0] or "gone",
)
def test_a_damaged_structure_is_refused_by_both(damage: tuple[str, str]) -> None:
    """What the reader refuses for its structure does not validate either."""
    text = SMALL.replace(*damage)
    assert text != SMALL and not is_valid(text)
    with pytest.raises(ScenarioError):
        parse_scenario(text)


@pytest.mark.parametrize(
    "more",
    [
        "examples: [{T: 4s, N: 2}]\nexpect: {recordings: [{length: '{T} ±40ms', attempts: '{N}'}]}",
        "examples: [[T, W], [4s, [smoke]]]\ntags: '{W}'\nexpect: {events: [{event: DTMF, at: '{T}'}]}",
        "expect: {profiles: {docs: {events: null}}, events: [alice  presses  12], diagnostics: []}",
        "expect: {recordings: [{completion_cause: null, month: 202612, length: 20 s +-40ms}], path: []}",
        "expect: {audio: [{left: similar to  a.wav, right: tone 440 Hz, to: 1s}, {mono: level 2..9}]}",
        "storage: {answers: [503, '302 then 201', slow 2s then refused, 503 retry after 30s]}",
        "expect: {deliveries: [{results: [503, 'document: 409', timeout]}]}",
        "account: {users: [{id: alice}], unheard_of: 1}\nwith: {LIMIT: 360}",
    ],
)
def test_what_the_reader_takes_validates(more: str) -> None:
    """Rows that fill places, blanks, words for null: no false alarm in an editor."""
    assert parse_scenario(SMALL + more + "\n")
    assert is_valid(SMALL + more)


def test_a_fixture_may_leave_the_rest_to_others() -> None:
    """A file with `use:` need not have every part itself."""
    assert is_valid("scenario: x\nuse: people.yaml\n") and not is_valid("scenario: x\n")


junk: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 700), st.text(max_size=9), st.just([]), st.just({}),
    st.sampled_from(["4s", " 4 s ", "503", "none", "A", "{A}", "{T}", "silent", "alice answers", "speech  ", "1"]),
)  # fmt: skip


@given(st.data())
def test_whatever_the_reader_takes_validates(data: st.DataObject) -> None:
    """A scenario with any value in any place: the schema never refuses what the reader takes."""
    tree: dict[str, Any] = {
        "scenario": "x", "callflow": "f.json", "account": "a.yaml", "with": {"A": "b"}, "profile": "docs",
        "start": "2026-11-30T23:59:50Z", "timezone": "UTC", "seed": 1, "tags": ["a"],
        "storage": {"answers": [503], "webhook": {"url": "http://h/", "answers": [200]}}, "call_id": "c",
        "caller": {"number": "1", "dials": "2", "name": "n", "codec": "OPUS"},
        "timeline": [{"at 0s": "caller calls"}, {"when alice answers": "storage fails with 503"}],
        "expect": {"recordings": [{"length": "1s", "channels": 2, "leg": "A", "ended_by": "stop", "month": "202612"}],
                   "events": ["DTMF", {"event": "DTMF", "at": "1s"}], "exactly": {"DTMF": 1}, "path": ["user"],
                   "audio": [{"left": "silent", "from": "1s", "to": "2s"}], "deliveries": [{"results": [503]}],
                   "profiles": {"docs": {"outcome": "error"}}},
    }  # fmt: skip
    spots: list[tuple[Any, Any]] = []

    def collect(node: Any) -> None:
        for key, each in node.items() if isinstance(node, dict) else enumerate(node):
            spots.append((node, key))
            if isinstance(each, dict | list):
                collect(each)

    collect(tree)
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(range(len(spots))).map(spots.__getitem__))
        holder[key] = data.draw(junk)
    try:
        parse_scenario(json.dumps(tree), file="s.json", format="json")
    except ScenarioError:
        return
    assert [each.message for each in validator().iter_errors(tree)] == []


def test_expressions_are_those_of_editors_too() -> None:
    """ECMA 262 knows no (?P<name>), no \\A and no \\Z, and takes no escape of a plain character."""
    found: list[str] = []

    def collect(node: Any) -> None:
        for key, each in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            if key == "pattern":
                found.append(each)
            elif key == "patternProperties":
                found.extend(each)
            collect(each)

    collect(scenario_schema())
    assert len(found) > 30
    for expression in found:
        re.compile(expression)
        assert not re.search(r"\(\?(?![:!=])|\\[^sSdwW.+?*|(){}\[\]\\/^$]", expression), expression
    assert re.search(FILLED, "at {T}")
