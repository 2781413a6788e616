"""Metaflow documents: what is read, refused and remarked, and what collected digits lead to (B§10)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.metaflow_settings import METAFLOWS_WITHOUT_EFFECT, MetaflowHangup, MetaflowRecordCall
from callflow.core.metaflows import MAX_DEPTH, MAX_DIGITS, MAX_NODES, Bindings, read_metaflows

TOGGLE = {"module": "record_call", "data": {"action": "toggle"}}
STOP = {"module": "record_call", "data": {"action": "stop"}}
HANGUP = {"module": "hangup"}


def read(document: Any, *, strict: bool = True, **more: Any) -> Any:
    """Read one document as if it stood under `metaflows`."""
    return read_metaflows(document, "metaflows", strict=strict, **more)


def bound(document: Any, **more: Any) -> Bindings:
    """The bindings of a document without faults."""
    reading = read(document, **more)
    assert not reading.faults, reading.faults
    found: Bindings = reading.settings
    return found


def fault(document: Any, **more: Any) -> str:
    """The only fault of a document, which then has no bindings."""
    reading = read(document, **more)
    assert reading.settings is None
    (only,) = reading.faults
    return str(only)


def test_defaults() -> None:
    """B§10: binding digit *, 800 ms, the party's own digits; an empty document binds nothing."""
    found = bound({})
    assert (found.arms_with, found.timeout_ms, found.hears(own=True), found.hears(own=False)) == ("*", 800, True, False)
    assert found.find("9") is None


def test_stated_settings() -> None:
    """B§10: all of them can be stated, a timeout of 0 among them."""
    found = bound({"binding_digit": "#", "digit_timeout": 0, "listen_on": "peer"})
    assert (found.arms_with, found.timeout_ms, found.hears(own=True), found.hears(own=False)) == ("#", 0, False, True)


def test_both_hears_both() -> None:
    """B§10: `listen_on` both."""
    found = bound({"listen_on": "both"})
    assert found.hears(own=True) and found.hears(own=False)


def test_number_before_pattern() -> None:
    """B§10: the digits are looked up exactly in numbers, and only then in the patterns."""
    found = bound({"numbers": {"9": TOGGLE}, "patterns": {"^9": STOP}})
    nine, more = found.find("9"), found.find("91")
    assert nine is not None and nine.node.settings.action == "toggle"
    assert more is not None and more.node.settings.action == "stop"


def test_first_pattern_that_matches() -> None:
    """B§10: the first matching regular expression in the document's order, found anywhere in the digits."""
    found = bound({"patterns": {"7": STOP, "^(1)([0-9]*)(x)?": TOGGLE, "1": HANGUP}})
    match = found.find("128")
    assert match is not None and match.node.module == "record_call"
    assert match.captures == ("1", "28", "")
    seven = found.find("17")
    assert seven is not None and (seven.node.settings.action, seven.captures) == ("stop", ())
    assert found.find("") is None


def test_too_many_digits_match_nothing() -> None:
    """No pattern runs on more than 32 digits: whoever writes one is a stranger."""
    found = bound({"patterns": {"^[0-9]+$": TOGGLE}})
    assert found.find("1" * MAX_DIGITS) is not None
    assert found.find("1" * (MAX_DIGITS + 1)) is None


@pytest.mark.parametrize("pattern", ["^(1+)+$", "(.*)*(.*)*9", "([0-9]+)+([0-9]+)+x", "1{1,9}" * 30])
def test_patterns_that_take_too_long(pattern: str) -> None:
    """A pattern that a backtracking engine could spend hours on is refused in every profile."""
    problem = "metaflows.patterns"
    for strict in (True, False):
        told = fault({"patterns": {pattern: TOGGLE}}, strict=strict)
        assert told.startswith(problem) and "too many ways to match" in told


@pytest.mark.parametrize("pattern", ["(", "", "1" * 201, "[0-9"])
def test_patterns_that_are_none(pattern: str) -> None:
    """A pattern that cannot be compiled is a fault in every profile, at its own path."""
    assert "metaflows.patterns" in fault({"patterns": {pattern: TOGGLE}}, strict=False)


def test_children_are_read() -> None:
    """B§10: a node has children, of which `_` runs next; each knows its JSON path."""
    found = bound({"numbers": {"9": {**STOP, "children": {"_": {**HANGUP, "children": {"x": TOGGLE}}}}}})
    match = found.find("9")
    assert match is not None
    after = match.node.children["_"]
    assert isinstance(after.settings, MetaflowHangup)
    assert after.children["x"].where == "metaflows.numbers.9.children._.children.x"


def test_keys_of_record_call() -> None:
    """B§10: the keys of the metaflow record_call; nothing is started, and no action is stated, by default."""
    found = bound({"numbers": {"9": {"module": "record_call"}}}).find("9")
    assert found is not None and isinstance(found.node.settings, MetaflowRecordCall)
    settings = found.node.settings
    assert (settings.action, settings.method, settings.time_limit) == (None, "put", None)
    assert (settings.record_on_answer, settings.record_on_bridge) == (False, False)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "metaflows: a list is not an object"),
        ({"binding_digt": "*"}, "metaflows.binding_digt: unknown setting"),
        ({"binding_digit": 9}, "metaflows.binding_digit: 9 is not a string; put it in quotes"),
        ({"numbers": []}, "metaflows.numbers: a list is not an object"),
        ({"numbers": {9: TOGGLE}}, "metaflows.numbers: the key 9 is not a string; put it in quotes"),
        ({"numbers": {"9": []}}, "metaflows.numbers.9: a list is not a node"),
        ({"numbers": {"9": {}}}, "metaflows.numbers.9.module: null is no module"),
        ({"numbers": {"9": {"module": "x" * 65}}}, "metaflows.numbers.9.module"),
        ({"numbers": {"9": {**STOP, "children": []}}}, "metaflows.numbers.9.children: a list is not an object"),
        ({"numbers": {"9": {**STOP, "data": 7}}}, "metaflows.numbers.9.data: 7 is not an object"),
        ({"numbers": {"9": {**STOP, "data": {"time_limit": "soon"}}}}, "metaflows.numbers.9.data.time_limit"),
        ({"numbers": {"9": {**STOP, "data": {"url": "file:///etc/x"}}}}, "must not choose a file of this machine"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_faults_of_every_profile(document: Any, told: str, strict: bool) -> None:
    """Design §9: wrong types, misspelt keys and what is no node are faults with their JSON path."""
    assert told in fault(document, strict=strict)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"binding_digit": "A"}, "metaflows.binding_digit"),
        ({"digit_timeout": -1}, "metaflows.digit_timeout"),
        ({"listen_on": "a"}, "metaflows.listen_on"),
        ({"numbers": {"*9": TOGGLE}}, "metaflows.numbers.*9"),
        ({"numbers": {"9": {**STOP, "data": {"action": "begin"}}}}, "metaflows.numbers.9.data.action"),
        ({"numbers": {"9": {**STOP, "data": {"url": "http:"}}}}, "metaflows.numbers.9.data.url"),
        ({"numbers": {"9": {**STOP, "data": {"media_name": "a b.mp3"}}}}, "metaflows.numbers.9.data.media_name"),
    ],
)
def test_bounds(document: Any, where: str) -> None:
    """Design §12, Documents: what leaves the schema's bounds is an error in `docs`, a warning in the kazoo profiles."""
    assert fault(document).startswith(f"{where}: ")
    loose = read(document, strict=False)
    assert loose.settings is not None
    assert [(each.code, each.where) for each in loose.diagnostics if each.severity == "warning"] == [
        ("out-of-bounds", where)
    ]


@pytest.mark.parametrize("module", sorted(METAFLOWS_WITHOUT_EFFECT))
def test_modules_that_are_not_simulated(module: str) -> None:
    """Issue 3: a metaflow that Kazoo has and nobody simulates is refused, or by choice skipped with a warning."""
    document = {"numbers": {"5": {"module": module, "data": {"target": "2001"}}}}
    assert f"the metaflow '{module}' is not simulated yet" in fault(document)
    skipped = read(document, skip_unsimulated=True)
    assert [(each.code, each.where) for each in skipped.diagnostics] == [("skipped-unsimulated", "metaflows.numbers.5")]
    assert skipped.settings.find("5").node.settings is None


def test_modules_that_nobody_knows() -> None:
    """A module that no metaflow has is a warning with the nearest name, as in callflows."""
    (remark,) = read({"numbers": {"5": {"module": "hangupp"}}}).diagnostics
    assert (remark.code, remark.severity, remark.hint) == ("unknown-module", "warning", "did you mean 'hangup'?")


def test_names_are_filled() -> None:
    """Design §6: `{NAMES}` in a callflow's metaflow get the scenario's values; one without a value is remarked."""
    document = {"numbers": {"9": {**STOP, "data": {"url": "http://h/{ACCOUNT_ID}/{USER_ID}"}}}}
    reading = read(document, fill={"ACCOUNT_ID": "acme"})
    assert reading.settings.find("9").node.settings.url == "http://h/acme/{USER_ID}"
    assert [each.code for each in reading.diagnostics] == ["unfilled-placeholder"]


def test_a_deep_document() -> None:
    """Documents are hostile: 50 nodes below one another are read, more are refused, and not by a crash."""

    def nested(count: int) -> dict[str, Any]:
        node: dict[str, Any] = dict(STOP)
        for _ in range(count - 1):
            node = {**STOP, "children": {"_": node}}
        return {"numbers": {"9": node}}

    assert bound(nested(MAX_DEPTH)).find("9") is not None
    assert f"nested deeper than {MAX_DEPTH} nodes" in fault(nested(MAX_DEPTH + 1))


def test_a_wide_document() -> None:
    """Documents are hostile: what aliases blow up to billions of nodes ends after 2,000, with one fault."""
    node: dict[str, Any] = dict(STOP)
    for _ in range(40):
        node = {**STOP, "children": {"_": node, "x": node}}
    assert f"more than {MAX_NODES} nodes" in fault({"numbers": {"9": node}})


def test_over() -> None:
    """B§10: bindings over others: what is stated above wins, a number's node is taken whole, patterns come first."""
    above = bound({"digit_timeout": 100, "numbers": {"9": STOP}, "patterns": {"^1": STOP, "^2": STOP}})
    below = bound(
        {"binding_digit": "#", "digit_timeout": 5, "numbers": {"9": TOGGLE, "8": TOGGLE}, "patterns": {"^2": TOGGLE}}
    )
    whole = above.over(below)
    assert (whole.arms_with, whole.timeout_ms, whole.hears(own=True)) == ("#", 100, True)
    assert {key: node.settings.action for key, node in whole.numbers.items()} == {"9": "stop", "8": "toggle"}
    assert [pattern.pattern for pattern, _ in whole.patterns] == ["^1", "^2"]
    assert whole.patterns[1][1].settings.action == "stop"
    assert above.over(None) is above


KEYS = st.sampled_from("numbers patterns module data children 9 _ action binding_digit".split()) | st.text()
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["record_call", "hangup"])
JSON = st.recursive(LEAVES, lambda inside: st.lists(inside) | st.dictionaries(KEYS, inside))


@given(JSON, st.booleans())
def test_any_document_is_read(document: Any, strict: bool) -> None:
    """Whatever a document holds, reading it gives bindings or faults, and never raises."""
    reading = read({"numbers": {"9": document}, "patterns": document}, strict=strict, skip_unsimulated=True)
    assert (reading.settings is None) == bool(reading.faults)


@given(st.text("0123456789*#", max_size=40))
def test_what_is_found_was_bound(digits: str) -> None:
    """B§10: a number answers for itself alone, a pattern for what it is found in, up to 32 digits."""
    found = bound({"numbers": {"12": STOP, "1": STOP}, "patterns": {"^3(.)": TOGGLE}}).find(digits)
    if digits in ("1", "12"):
        assert found is not None and found.node.settings.action == "stop"
    else:
        is_found = len(digits) <= MAX_DIGITS and re.match("3.", digits) is not None
        assert (found is not None) == is_found
        assert found is None or found.captures == (digits[1],)
