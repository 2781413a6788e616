"""user and device: who is rung, what is refused, and where the flow goes afterwards (B§7.0, B§7.1, B§7.2)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.causes import HangupCause
from callflow.core.events import Answers, Caller, HangsUp, Rejects
from callflow.core.trace import FLOW, LEG, NODE

HERE = {"module": "sleep", "data": {"duration": 60}}


def ring(module: str, children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A user or device node; by default its `_` is a node to arrive at."""
    return {"module": module, "data": data, "children": {"_": HERE} if children is None else children}


def went(stage: Any) -> str:
    """The branch key by which the flow left its first node, or "" when it ended there."""
    entered = stage.find(NODE)
    return entered[1].detail["where"].rpartition("children.")[2] if len(entered) > 1 else ""


def changed_user(account: Any, name: str, **changes: Any) -> Any:
    """The account with one user changed."""
    return evolve(account, users={**account.users, name: evolve(account.users[name], **changes)})


@pytest.mark.parametrize("data", [{"module": "user", "id": "alice"}, {"module": "device", "id": "alice-phone"}])
def test_twenty_seconds_are_the_default(build: Any, data: dict[str, Any]) -> None:
    """B§7.1, B§7.2: the ring timeout is 20 s; the device's 0 is read as 20."""
    stage = build.play(ring(**data, children={}))
    assert stage.ends()["B"] == (20_000, "NO_ANSWER", "")


@pytest.mark.parametrize("data", [{"module": "user", "id": "alice"}, {"module": "device", "id": "alice-phone"}])
def test_timeout_and_delay(build: Any, data: dict[str, Any]) -> None:
    """B§7.1: `delay` seconds before the phone rings, then `timeout` seconds of ringing."""
    stage = build.play(ring(**data, children={}, timeout=7, delay=3))
    assert stage.times(LEG, "CHANNEL_PROGRESS", "B") == [3_000]
    assert stage.ends()["B"][0] == 10_000


def test_user_rings_all_its_devices(build: Any) -> None:
    """B§7.1: simultaneous by default; the callee's party is the owner."""
    stage = build.play(ring("user", {}, id="bob"))
    created = stage.find(LEG, "CHANNEL_CREATE")[1:]
    assert [(row.at_ms, row.detail["device"], row.detail["party"]) for row in created] == [
        (0, "bob-desk", "bob"), (0, "bob-cell", "bob"),
    ]  # fmt: skip


def test_user_rings_in_turn(build: Any) -> None:
    """B§7.1, strategy single: each in turn for its own timeout."""
    stage = build.play(ring("user", {}, id="bob", strategy="single", timeout=5))
    assert stage.times(LEG, "CHANNEL_CREATE")[1:] == [0, 5_000]


@pytest.mark.parametrize(("fails", "end_ms"), [(True, 2_000), (False, 20_000)])
def test_one_reject(build: Any, fails: bool, end_ms: int) -> None:
    """B§7.1, fail_on_single_reject: one reject does not end a fork unless it is set."""
    stage = build.play(ring("user", {}, id="bob", fail_on_single_reject=fails), (2_000, Rejects(), "B"))
    assert stage.ends()["B2"][0] == end_ms


@pytest.mark.parametrize("module", ["user", "device"])
@pytest.mark.parametrize(("leg", "row"), [("B", "ended"), ("A", "hard stop")])
def test_a_talk_runs_no_children(build: Any, module: str, leg: str, row: str) -> None:
    """B§7.0, B§12 scenario 1: answered, callee hangs up: stop; caller hangs up: hard stop; no child runs either way."""
    node = ring(module, id="alice" if module == "user" else "alice-phone")
    stage = build.play(node, (4_000, Answers(), "B"), (9_000, HangsUp(), leg))
    assert (went(stage), [each.name for each in stage.find(FLOW)]) == ("", [row])
    assert stage.ends()["A"] == (9_000, "NORMAL_CLEARING", "alice" if leg == "B" else "caller")


@pytest.mark.parametrize(("leg", "path"), [("B", ["callflow", "user", "sleep"]), ("A", ["callflow", "user"])])
def test_a_talk_in_a_branch_resumes_the_stack(build: Any, leg: str, path: list[str]) -> None:
    """B§7.0, B§12 scenario 13: after a talk in another flow the pushed node runs, unless the caller is gone."""
    node = {"module": "callflow", "data": {"id": "inner"}, "children": {"_": HERE}}
    flows = {"inner": ring("user", {}, id="alice")}
    stage = build.play(node, (4_000, Answers(), "B"), (9_000, HangsUp(), leg), (12_000, HangsUp()), flows=flows)
    assert stage.path() == path


@pytest.mark.parametrize(
    ("cause", "children", "branch"),
    [
        (HangupCause.USER_BUSY, {"USER_BUSY": HERE, "_": HERE}, "USER_BUSY"),
        (HangupCause.USER_BUSY, {"sip:486": HERE, "_": HERE}, "['sip:486']"),
        (HangupCause.USER_BUSY, {"USER_BUSY": HERE, "sip:486": HERE}, "USER_BUSY"),
        (HangupCause.USER_BUSY, {"USER_BUSY": {}, "sip:486": HERE}, "['sip:486']"),
        (HangupCause.USER_BUSY, {"NO_ANSWER": HERE, "_": HERE}, "_"),
        (HangupCause.CALL_REJECTED, {"sip:603": HERE, "_": HERE}, "['sip:603']"),
        (HangupCause.NO_USER_RESPONSE, {"NO_ANSWER": HERE, "NO_USER_RESPONSE": HERE}, "NO_USER_RESPONSE"),
        (HangupCause.USER_BUSY, {"NO_ANSWER": HERE}, ""),
    ],
)
def test_branch_of_a_refusal(build: Any, cause: HangupCause, children: dict[str, Any], branch: str) -> None:
    """B§7.0: the cause's child, then the code's, then `_`; an empty child counts as none."""
    stage = build.play(ring("device", children, id="lobby"), (2_000, Rejects(cause), "B"), (3_000, HangsUp()))
    assert went(stage).strip("[]'\"") == branch.strip("[]'\"")


@pytest.mark.parametrize(
    ("children", "branch"), [({"NO_ANSWER": HERE, "_": {}}, "NO_ANSWER"), ({"NO_ANSWER": {}, "_": HERE}, "_")]
)
def test_branch_of_no_answer(build: Any, children: dict[str, Any], branch: str) -> None:
    """B§7.0 and B§12 scenario 18: NO_ANSWER has a branch of its own, which is passed over when empty."""
    assert went(build.play(ring("user", children, id="alice"), (30_000, HangsUp()))) == branch


@pytest.mark.parametrize("module", ["user", "device"])
@pytest.mark.parametrize("code", ["sip:487", "ORIGINATOR_CANCEL"])
def test_a_cancelled_call_stops(build: Any, module: str, code: str) -> None:
    """B§7.0: sip:487 or ORIGINATOR_CANCEL is a stop whatever children there are."""
    node = ring(module, {code: HERE, "_": HERE}, id="alice" if module == "user" else "alice-phone")
    assert went(build.play(node, (2_000, Rejects(HangupCause.ORIGINATOR_CANCEL), "B"))) == ""


def test_abandoned_in_ringing(build: Any) -> None:
    """B§7.1: the caller abandons while ringing: hard stop."""
    stage = build.play(ring("user", id="alice"), (2_000, HangsUp()))
    assert (went(stage), [row.name for row in stage.find(FLOW)]) == ("", ["hard stop"])


BOB_PHONES = ("bob-desk", "bob-cell")


def build_error(build: Any, error: str) -> tuple[Any, Caller, str]:
    """An account, a caller and a user that make the endpoint error."""
    account, caller = build.household(), Caller("1")
    if error == "NO_ENDPOINTS":
        return account, caller, "dave"
    if error == "OWNER_CALLED_SELF":
        return account, Caller("1", device_id="bob-desk"), "bob"
    changes = {"ENDPOINT_DISABLED": {"is_enabled": False}, "DO_NOT_DISTURB": {"do_not_disturb": True}}[error]
    for phone in BOB_PHONES:
        account = build.with_device(account, phone, **changes)
    return account, caller, "bob"


ERRORS = ["NO_ENDPOINTS", "OWNER_CALLED_SELF", "ENDPOINT_DISABLED", "DO_NOT_DISTURB"]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("has_branch", [True, False])
def test_users_build_errors(build: Any, error: str, has_branch: bool) -> None:
    """B§7.1: a build error continues to its upper-case child, else `_`; nobody is rung."""
    account, caller, user = build_error(build, error)
    stage = build.stage(ring("user", {**({error: HERE} if has_branch else {}), "_": HERE}, id=user), account=account)
    stage.offer(caller=caller).tell(1_000, HangsUp()).run()
    assert went(stage) == (error if has_branch else "_")
    assert len(stage.find(LEG, "CHANNEL_CREATE")) == 1


@pytest.mark.parametrize("changes", [{"is_enabled": False}, {"do_not_disturb": True}])
def test_the_owners_state_counts_for_the_devices(build: Any, changes: dict[str, bool]) -> None:
    """B§7.0: a disabled user's or a do-not-disturb user's devices are not rung, by either module."""
    account = changed_user(build.household(), "alice", **changes)
    for node in (ring("user", id="alice"), ring("device", id="alice-phone")):
        stage = build.play(node, (1_000, HangsUp()), account=account)
        assert (went(stage), len(stage.find(LEG, "CHANNEL_CREATE"))) == ("_", 1)


def test_one_usable_device_is_enough(build: Any) -> None:
    """B§7.0: what cannot be rung is left out, and the rest rings."""
    account = build.with_device(build.household(), "bob-desk", do_not_disturb=True)
    stage = build.play(ring("user", {}, id="bob"), account=account)
    assert [row.detail["device"] for row in stage.find(LEG, "CHANNEL_CREATE")[1:]] == ["bob-cell"]


def test_a_caller_may_ring_himself_when_allowed(build: Any) -> None:
    """B§7.1, can_call_self: the user's own phones ring, and without an id the user is the caller's own."""
    stage = build.stage(ring("user", {}, can_call_self=True)).offer(caller=Caller("1", device_id="bob-desk")).run()
    assert [row.detail["device"] for row in stage.find(LEG, "CHANNEL_CREATE")[1:]] == list(BOB_PHONES)


@pytest.mark.parametrize(
    ("changes", "device"),
    [({"is_enabled": False}, "lobby"), ({"do_not_disturb": True}, "lobby"), ({}, "nobody's"), ({}, "calling")],
)
def test_devices_build_errors(build: Any, changes: dict[str, bool], device: str) -> None:
    """B§7.2: every build error of a device goes to `_` only, and an unknown device too."""
    account = build.with_device(build.household(), "lobby", **changes)
    node = ring(
        "device",
        {"ENDPOINT_DISABLED": {}, "DO_NOT_DISTURB": {}, "_": HERE},
        id="lobby" if device == "calling" else device,
    )
    caller = Caller("1", device_id="lobby" if device == "calling" else "")
    stage = build.stage(node, account=account).offer(caller=caller).tell(500, HangsUp()).run()
    assert (went(stage), len(stage.find(LEG, "CHANNEL_CREATE"))) == ("_", 1)


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_a_refusal_without_children_is_a_plain_hang_up(build: Any, profile: str) -> None:
    """B§7.0 and B§2.3: failed attempts continue to `_`, and only a `continue(K)` would leave a cause behind."""
    stage = build.play(ring("device", {}, id="lobby"), (2_000, Rejects(HangupCause.USER_BUSY), "B"), profile=profile)
    assert stage.ends()["A"] == (2_000, "NORMAL_CLEARING", "flow")


def test_a_build_error_without_children_is_a_plain_hang_up(build: Any) -> None:
    """B§2.3: a build error is a `continue(K)` and remembered, but it has no default response."""
    stage = build.play(ring("user", {}, id="dave"))
    assert stage.find(FLOW, "ended")[0].detail == {"fallen": "NO_ENDPOINTS"}
    assert stage.ends()["A"] == (0, "NORMAL_CLEARING", "flow")


@pytest.mark.parametrize(("module", "name"), [("user", "alice"), ("device", "alice-phone")])
def test_no_time_to_ring_is_twenty_seconds(build: Any, module: str, name: str) -> None:
    """B§7.1, B§7.2: the time to ring is 20 s when none is given; 0 is none, for a user as for a device."""
    for data in ({}, {"timeout": 0}):
        assert build.play(ring(module, {}, id=name, **data)).ends()["B"][:2] == (20_000, "NO_ANSWER")
