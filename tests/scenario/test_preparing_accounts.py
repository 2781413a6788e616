"""Preparing with an account: which callflow answers, its preflow and time zone, and faults at their place."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.core.errors import DocumentError
from callflow.scenario.preparing import Choices, Prepared, prepare

ON_NET = {"device": "alice-phone", "dials": "2001"}


def flow_of(module: str, **parts: Any) -> dict[str, Any]:
    """A callflow document of one node."""
    return {"flow": {"module": module, "data": {}}, **parts}


def account_of(*callflows: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """An account with alice and her phone."""
    people = {"users": [{"id": "alice"}], "devices": [{"id": "alice-phone", "owner_id": "alice"}]}
    return {"id": "acme", **people, "callflows": list(callflows), **parts}


@pytest.fixture(params=["file", "inline"])
def prepared(request: pytest.FixtureRequest, staging: ModuleType, tmp_path: Path) -> Any:
    """Prepare a scenario with an account, once from a file of its own and once from inside the scenario."""

    def make(account: dict[str, Any], *lines: str, choices: Choices | None = None, **parts: Any) -> Prepared:
        given: object = account
        if request.param == "file":
            given = staging.write(tmp_path, "acme.json", account).name
        return prepare(staging.scenario(tmp_path, *lines, account=given, **parts), choices or Choices())

    make.place = f"{tmp_path}/acme.json:" if request.param == "file" else f"{tmp_path}/call.json:"  # type: ignore[attr-defined]
    make.prefix = "" if request.param == "file" else "account."  # type: ignore[attr-defined]
    return make


def refused(make: Any, account: dict[str, Any], **parts: Any) -> tuple[str, list[str]]:
    """The error and the notes of an account that must be refused: a line each."""
    with pytest.raises(DocumentError) as caught:
        make(account, **parts)
    notes = list(getattr(caught.value, "__notes__", ()))
    assert all(each.isprintable() for each in (str(caught.value), *notes))
    return str(caught.value), notes


def answering(made: Prepared) -> str:
    """The module that the first call comes to first."""
    assert made.tree.root is not None
    return made.tree.root.module


ROUTES = account_of(
    flow_of("answer", id="exact", numbers=["2001"]),
    flow_of("hangup", id="pattern", patterns=["^2([0-9]+)$"]),
    flow_of("noop", id="rest", numbers=["no_match"]),
)


@pytest.mark.parametrize(
    ("number", "caller", "module"),
    [("2001", None, "answer"), ("2002", None, "hangup"), ("3003", ON_NET, "noop"), ("2002", ON_NET, "hangup")],
)
def test_a_number_finds_its_callflow(prepared: Any, number: str, caller: Any, module: str) -> None:
    """B§1.2: exactly, then by pattern, then `no_match`, which calls from the account's own devices may use."""
    parts = {"caller": caller} if caller else {}
    assert answering(prepared(ROUTES, callflow=number, **parts)) == module


def test_calls_from_outside_never_reach_no_match(prepared: Any, tmp_path: Path) -> None:
    """B§1.2: carriers may not use `no_match`; the error says what would be right."""
    message, _ = refused(prepared, ROUTES, callflow="3003")
    assert message.startswith(f"{tmp_path}/call.json:")
    assert message.endswith(
        'callflow: only the account\'s no_match callflow answers "3003", and not for calls from outside; '
        "let the caller call from a device of the account: caller: {device: …}"
    )


def test_each_of_several_calls_finds_its_own_callflow(prepared: Any, staging: ModuleType) -> None:
    """B§1.2: who may use `no_match` is decided call by call."""
    flows = account_of(flow_of("noop", id="rest", numbers=["no_match"]), flow_of("answer", id="all", patterns=["^30"]))
    call = {"timeline": [staging.step("at 0s: caller calls")]}
    calls = {"in": {**call, "caller": ON_NET}, "out": {**call, "caller": {"number": "1", "dials": "3003"}}}
    made = prepared(flows, callflow="3003", caller=None, timeline=None, calls=calls)
    assert [each.flow.root.module for each in made.calls] == ["answer", "answer"]
    assert (
        "not for calls from outside"
        in refused(prepared, flows, callflow="4004", caller=None, timeline=None, calls=calls)[0]
    )


def test_an_unknown_number_is_refused_with_the_nearest(prepared: Any) -> None:
    """Design §6: a number that no callflow answers."""
    flows = account_of(flow_of("answer", numbers=["2001"]))
    message, _ = refused(prepared, flows, callflow="2010")
    assert message.endswith('no callflow of the account answers "2010"; did you mean "2001"?')


def test_callflows_without_an_id_stay_apart(prepared: Any) -> None:
    """Design §6: numbers find their own callflow, also where nobody gave the callflows ids."""
    flows = account_of(flow_of("answer", numbers=["1"]), flow_of("hangup", numbers=["2"]))
    assert [answering(prepared(flows, callflow=number)) for number in "12"] == ["answer", "hangup"]


def test_callflows_may_be_listed_by_id(prepared: Any) -> None:
    """Design §6: Kazoo's own shapes; documents come as a list or as an object from id to document."""
    listed = account_of(
        callflows={"a b": flow_of("answer", numbers=["1"]), "two": flow_of("hangup", id="own", numbers=["2"])}
    )
    made = prepared(listed, callflow="2")
    assert (answering(made), set(made.setting.flows)) == ("hangup", {"a b", "own"})
    broken = account_of(callflows={"a b": {"flow": {"module": "user", "data": {"timeout": "x"}}}})
    message, _ = refused(prepared, broken, callflow="2")
    assert f'{prepared.prefix}callflows["a b"].flow.data.timeout: ' in message


def test_paths_of_nodes_begin_with_flow(prepared: Any) -> None:
    """Design §7: `where` in the result is a path from the flow on, `flow.children._`, whatever file holds the flow."""
    flows = account_of(
        {"id": "x", "numbers": ["1"], "flow": {"module": "answer", "children": {"_": {"module": "noop"}}}}
    )
    assert [each.where for each in prepared(flows, callflow="1").tree.nodes()] == ["flow", "flow.children._"]


def test_inline_flows_of_two_callflows_stay_apart(prepared: Any) -> None:
    """B§7.10: a flow written in a node is that node's own, whatever stands at the same place of another callflow."""
    flows = account_of(
        {"id": "x", "numbers": ["1"], "flow": {"module": "callflow", "data": {"flow": {"module": "answer"}}}},
        {"id": "y", "numbers": ["2"], "flow": {"module": "callflow", "data": {"flow": {"module": "hangup"}}}},
    )
    made = prepared(flows, callflow="2")
    assert made.tree.root is not None
    inline = made.setting.flows[f"{made.tree.root.where}.data.flow"]
    assert inline.root is not None and inline.root.module == "hangup"


def test_the_preflow_runs_first(prepared: Any, staging: ModuleType) -> None:
    """B§1.2: the flow is wrapped: a `callflow` node with the preflow's id, whose `_` child is the real flow."""
    flows = account_of(
        flow_of("noop", id="pre"), flow_of("answer", id="main", numbers=["1"]), preflow={"always": "pre"}
    )
    root = prepared(flows, callflow="1").tree.root
    assert (root.module, root.data, root.children["_"].module) == ("callflow", {"id": "pre"}, "answer")
    message, _ = refused(prepared, {**flows, "preflow": {"always": "prex"}}, callflow="1")
    assert message.startswith(prepared.place)
    assert message.endswith(f'{prepared.prefix}preflow.always: no callflow has the id "prex"; did you mean "pre"?')


def test_faults_of_an_account_have_their_place(prepared: Any) -> None:
    """Design §9: file, line and JSON path for the first fault and for every note, whether in a file or inline."""
    message, notes = refused(prepared, account_of(users=[{"id": "alice", "enabeld": True}], devices=[{"id": 3}]))
    assert message.startswith(prepared.place) and f": {prepared.prefix}users[0].enabeld: " in message
    assert notes and all(
        each.startswith(prepared.place) and f": {prepared.prefix}devices[0].id: " in each for each in notes
    )


def test_faults_of_an_accounts_callflow_have_their_place(prepared: Any) -> None:
    """Design §9: the same inside one of its callflows, several at once."""
    flow = {"module": "record_call", "data": {"time_limit": 4}, "children": {"_": {"module": "usr", "data": 1}}}
    message, notes = refused(prepared, account_of({"id": "a", "flow": {"module": "answer"}}, {"id": "b", "flow": flow}))
    assert message.startswith(prepared.place)
    assert f": {prepared.prefix}callflows[1].flow.data.time_limit: " in message
    assert len(notes) == 1 and f": {prepared.prefix}callflows[1].flow.children._.data: " in notes[0]


def test_bounds_follow_the_profile(prepared: Any) -> None:
    """Design §12, Documents: in `docs` the bounds are errors, in kazoo profiles warnings, in the account as well."""
    account = account_of(name="x" * 200)
    assert f"{prepared.prefix}name: " in refused(prepared, account)[0]
    remarks = prepared(account, choices=Choices(profile="kazoo-4")).diagnostics
    assert any(each.where.endswith(f": {prepared.prefix}name") and each.severity == "warning" for each in remarks)


def test_remarks_on_every_flow_that_the_call_can_reach(prepared: Any, staging: ModuleType) -> None:
    """Design §5, §6: bare `children` are remarked, with file and line, also in the flows that the call branches to."""
    bare = {"module": "answer", "children": {"module": "hangup", "data": {}}}
    flows = account_of(
        {"id": "main", "numbers": ["1"], "flow": {"module": "callflow", "data": {"id": "next"}}},
        {"id": "next", "flow": {"module": "callflow", "data": {"flow": bare}}},
        {"id": "other", "flow": bare},
    )
    found = [each.where for each in prepared(flows, callflow="1").diagnostics if each.code == "bare-children"]
    assert len(found) == 1 and found[0].startswith(prepared.place)
    assert found[0].endswith(f": {prepared.prefix}callflows[1].flow.data.flow.children")


@pytest.mark.parametrize(
    ("scenario_zone", "account_zone", "offset_s"),
    [
        (None, None, 0),
        (None, "Europe/Berlin", 3_600),
        ("Asia/Kolkata", "Europe/Berlin", 19_800),
        ("UTC", "Asia/Tokyo", 0),
    ],
)
def test_the_time_zone(prepared: Any, scenario_zone: str | None, account_zone: str | None, offset_s: int) -> None:
    """Design §6: the scenario's time zone, else the account's, else UTC: months are local (B§6.5)."""
    parts = {"timezone": account_zone} if account_zone else {}
    assert prepared(account_of(**parts), timezone=scenario_zone).setting.utc_offset_s == offset_s


@pytest.mark.parametrize("zone", ["Europe/Berlni", "../../etc/passwd", "/etc/passwd", ""])
def test_an_unknown_time_zone_of_the_account(prepared: Any, zone: str) -> None:
    """Design §9: an account's time zone is a name, not a path; the error stands at the account."""
    message, _ = refused(prepared, account_of(timezone=zone))
    assert message.startswith(prepared.place) and f": {prepared.prefix}timezone: unknown time zone" in message


def test_whom_the_account_lacks_is_warned_of(prepared: Any) -> None:
    """B§7: a misspelt user, device or mailbox gets no call and no message; what is there, or not filled, is fine."""
    box = {"module": "voicemail", "data": {"id": "no-box"}}
    device = {"module": "device", "data": {"id": "alice-phnoe"}, "children": {"_": box}}
    flow = {"module": "user", "data": {"id": "alcie"}, "children": {"_": device}}
    fine = {"module": "user", "data": {"id": "{WHO}"}, "children": {"_": {"module": "user", "data": {"id": "alice"}}}}
    account = account_of({"id": "main", "numbers": ["2001"], "flow": flow}, {"id": "b", "numbers": ["2"], "flow": fine})
    made = prepared(account, callflow="2001")
    found = [(each.code, each.hint) for each in made.diagnostics if each.code.startswith("unknown-")]
    assert found == [
        ("unknown-user", 'did you mean "alice"?'),
        ("unknown-device", 'did you mean "alice-phone"?'),
        ("unknown-mailbox", "write the mailbox in the account"),
    ]
    [where] = [each.where for each in made.diagnostics if each.code == "unknown-user"]
    assert where.startswith(prepared.place) and where.endswith("callflows[0].flow.data.id")
    assert not [each for each in prepared(account, callflow="2").diagnostics if each.code.startswith("unknown-")]
