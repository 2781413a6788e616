"""ring_group: who is rung, in which order, for how long, and what follows (B§7.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from callflow.core.account import Account
from callflow.core.account_groups import Group, GroupMember
from callflow.core.causes import HangupCause
from callflow.core.dates import GREGORIAN_OFFSET_S
from callflow.core.events import Answers, Caller, HangsUp, Rejects
from callflow.core.trace import FLOW, LEG, WARNING

NOTE = {"module": "noop"}
ALICE = {"endpoint_type": "user", "id": "alice"}
BOB = {"endpoint_type": "user", "id": "bob"}
LOBBY = {"endpoint_type": "device", "id": "lobby"}
CREW = {"endpoint_type": "group", "id": "crew"}


def ring(endpoints: Sequence[Any], children: Mapping[str, Any] | None = None, **data: Any) -> Any:
    """A ring_group node whose `_` is a noop unless its children are given."""
    members = {"endpoints": list(endpoints)} if endpoints else {}
    return {
        "module": "ring_group",
        "data": {**members, **data},
        "children": dict({"_": NOTE} if children is None else children),
    }


def with_group(build: Any, *members: tuple[str, str, int | None], **others: Group) -> Account:
    """The household with a group `crew`, and others."""
    crew = Group("crew", "crew", tuple(GroupMember(*member) for member in members))
    house: Account = build.household()
    return evolve(house, groups={"crew": crew, **others})


def rung(stage: Any) -> list[tuple[int, str]]:
    """When each phone began to ring, and which."""
    return [(row.at_ms, row.detail["device"]) for row in stage.find(LEG, "CHANNEL_CREATE")[1:]]


def ended(stage: Any) -> dict[str, tuple[int, str]]:
    """When each phone ended, and by which cause."""
    return {leg: end[:2] for leg, end in stage.ends().items() if leg != "A"}


def test_members_become_their_devices_each_once(build: Any) -> None:
    """B§7.3: users and groups are rung through their devices, in order; a device named twice rings once."""
    account = with_group(build, ("device", "lobby", None), ("user", "bob", None), ("group", "crew", None))
    stage = build.play(ring([ALICE, LOBBY, CREW, BOB]), account=account)
    assert rung(stage) == [(0, "alice-phone"), (0, "lobby"), (0, "bob-desk"), (0, "bob-cell")]


def test_a_group_instead_of_endpoints(build: Any) -> None:
    """B§7.3: group_id rings that group's members; endpoints of the node's own win."""
    account = with_group(build, ("user", "bob", None))
    assert rung(build.play(ring([], group_id="crew"), account=account)) == [(0, "bob-desk"), (0, "bob-cell")]
    assert rung(build.play(ring([LOBBY], group_id="crew"), account=account)) == [(0, "lobby")]


def test_groups_may_hold_each_other(build: Any) -> None:
    """Hostile documents: a circle of groups ends."""
    other = Group("other", "other", (GroupMember("group", "crew"), GroupMember("device", "lobby")))
    account = with_group(build, ("group", "other", None), other=other)
    assert rung(build.play(ring([CREW]), account=account)) == [(0, "lobby")]


@pytest.mark.parametrize(
    "changes",
    [{"is_enabled": False}, {"do_not_disturb": True}, {"owner_id": "carol"}],
    ids=["disabled", "do-not-disturb", "own"],
)
def test_who_is_left_out(build: Any, changes: Any) -> None:
    """B§7.0, B§7.3: disabled phones, those that refuse calls, and all of the caller's own."""
    account = build.with_device(build.with_device(build.household(), "lobby", **changes), "mine", owner_id="carol")
    stage = build.stage(ring([LOBBY, {**LOBBY, "id": "mine"}, ALICE]), account=account)
    stage.offer(caller=Caller("2009", device_id="mine")).run()
    assert rung(stage) == [(0, "alice-phone")]


@pytest.mark.parametrize(("ahead_s", "rings"), [(1, False), (0, True), (-1, True)])
def test_a_member_that_is_logged_out(build: Any, ahead_s: int, rings: bool) -> None:
    """B§7.3: a disable_until in the future leaves the member out."""
    until = 1_700_000_000 + GREGORIAN_OFFSET_S + ahead_s
    stage = build.play(ring([{**ALICE, "disable_until": until}, LOBBY]), start_s=1_700_000_000)
    assert ("alice-phone" in [name for _, name in rung(stage)]) is rings


@pytest.mark.parametrize("member", [{**ALICE, "id": "zoe"}, {**LOBBY, "id": "attic"}, CREW])
def test_a_member_that_is_not_there(build: Any, member: Any) -> None:
    """B§7.3: nobody is rung for it, and a warning says so."""
    stage = build.play(ring([member, LOBBY]))
    assert rung(stage) == [(0, "lobby")]
    (warning,) = stage.find(WARNING, "unknown-member")
    assert f"has no {member['endpoint_type']} '{member['id']}'" in warning.detail["message"]


def test_no_endpoints(build: Any) -> None:
    """B§7.3: nobody to ring asks for NO_ENDPOINTS, and goes on to `_`."""
    nobody = {"endpoint_type": "user", "id": "dave"}
    assert build.play(ring([nobody], {"NO_ENDPOINTS": {"module": "answer"}, "_": NOTE})).path()[1:] == ["answer"]
    stage = build.play(ring([nobody]))
    assert (stage.path(), stage.ends()["A"][0]) == (["ring_group", "noop"], 0)


def test_the_first_answer_wins(build: Any) -> None:
    """B§8.2, ring group: all ring, the others end with LOSE_RACE before the caller is answered."""
    stage = build.play(ring([ALICE, BOB]), (3_000, Answers(), "B2"), (9_000, HangsUp(), "B2"))
    assert ended(stage) == {"B": (3_000, "LOSE_RACE"), "B3": (3_000, "LOSE_RACE"), "B2": (9_000, "NORMAL_CLEARING")}
    names = stage.events("CHANNEL_DESTROY", "CHANNEL_ANSWER")
    assert names[:4] == ["CHANNEL_ANSWER(B2)", "CHANNEL_DESTROY(B)", "CHANNEL_DESTROY(B3)", "CHANNEL_ANSWER(A)"]


def test_delays_and_timeouts_of_members(build: Any) -> None:
    """B§7.3: an endpoint with delay d rings from d for its timeout; legs are made in the order of the delays."""
    late = {**ALICE, "delay": 5, "timeout": 4}
    stage = build.play(ring([late, {**LOBBY, "timeout": 8}]))
    assert rung(stage) == [(0, "lobby"), (5_000, "alice-phone")]
    assert ended(stage) == {"B": (8_000, "NO_ANSWER"), "B2": (9_000, "NO_ANSWER")}


def test_the_timeout_of_the_whole_round(build: Any) -> None:
    """B§7.3: `timeout` ends the round for all, also for who would ring longer or has not begun to."""
    stage = build.play(ring([{**ALICE, "timeout": 60}, {**LOBBY, "delay": 12}], timeout=10))
    assert rung(stage) == [(0, "alice-phone")]
    assert ended(stage) == {"B": (10_000, "NO_ANSWER")}
    assert stage.find(LEG, "CHANNEL_DESTROY", "B")[0].rule == "ring timeout of all=10000 ms"
    assert (stage.path(), stage.ends()["A"][0]) == (["ring_group", "noop"], 10_000)


def test_a_talk_outlasts_the_time_of_the_round(build: Any) -> None:
    """B§7.3, B§7.0: `timeout` is for the ringing; after an answer the talk lasts as long as it likes."""
    stage = build.play(ring([ALICE], timeout=10), (9_000, Answers(), "B"), (60_000, HangsUp(), "B"))
    assert ended(stage) == {"B": (60_000, "NORMAL_CLEARING")}
    assert stage.engine.next_ms is None


def test_one_after_another(build: Any) -> None:
    """B§7.3, single: each rings alone for its own timeout, within the time of the round."""
    phones = [{**LOBBY, "timeout": 5}, {**ALICE, "timeout": 7}, {**BOB, "timeout": 9}]
    stage = build.play(ring(phones, strategy="single", timeout=24))
    assert rung(stage) == [(0, "lobby"), (5_000, "alice-phone"), (12_000, "bob-desk"), (21_000, "bob-cell")]
    assert stage.ends()["A"][0] == 24_000


def test_rounds(build: Any) -> None:
    """B§7.3: repeats rings all again when nobody answered; then the call goes on to `_`."""
    stage = build.play(ring([LOBBY], repeats=3, timeout=10))
    assert rung(stage) == [(0, "lobby"), (10_000, "lobby"), (20_000, "lobby")]
    assert (stage.path(), stage.ends()["A"][0]) == (["ring_group", "noop"], 30_000)


def test_a_branch_for_the_failure_ends_the_rounds(build: Any) -> None:
    """B§7.3: the first failure that has a child goes there; one whose child is empty does not."""
    busy = {"USER_BUSY": NOTE, "NO_ANSWER": {}}
    stage = build.play(ring([LOBBY], busy, repeats=5, timeout=10), (13_000, Rejects(HangupCause.USER_BUSY), "B2"))
    assert [at_ms for at_ms, _ in rung(stage)] == [0, 10_000]
    assert (stage.path(), stage.ends()["A"][0]) == (["ring_group", "noop"], 13_000)


def test_a_branch_by_code(build: Any) -> None:
    """B§7.0: after the cause's name its code is tried."""
    stage = build.play(ring([LOBBY], {"sip:603": NOTE}, repeats=2), (1_000, Rejects(), "B"))
    assert (stage.path(), stage.ends()["A"][0]) == (["ring_group", "noop"], 1_000)


@pytest.mark.parametrize(("given", "at_ms"), [(True, 2_000), (False, 20_000)])
def test_one_reject_may_end_the_round(build: Any, given: bool, at_ms: int) -> None:
    """B§7.3: fail_on_single_reject."""
    stage = build.play(ring([LOBBY, ALICE], fail_on_single_reject=given), (2_000, Rejects(), "B"))
    assert stage.ends()["A"][0] == at_ms


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, ["callflow", "ring_group"]),
        ({"hard_stop_after_successful_group": True}, ["callflow", "ring_group"]),
        ({"hard_stop_after_successful_group": False}, ["callflow", "ring_group", "noop"]),
    ],
)
def test_the_stack_after_a_talk(build: Any, data: dict[str, Any], path: list[str]) -> None:
    """B§12 scenario 13: answered in a branch, the stack is not resumed by default (a user's is)."""
    outer = {"module": "callflow", "data": {"id": "inner"}, "children": {"_": NOTE}}
    tells = [(1_000, Answers(), "B"), (5_000, HangsUp(), "B")]
    stage = build.play(outer, *tells, flows={"inner": ring([ALICE], {}, **data)})
    assert stage.path() == path
    assert stage.ends()["A"][:2] == (5_000, "NORMAL_CLEARING")
    if len(path) == 2:
        assert stage.ends()["A"][2] == "alice"  # who ended the talk ended the call
        assert [row.name for row in stage.find(FLOW)] == ["hard stop"]


@pytest.mark.parametrize("at_ms", [500, 2_000])
def test_the_caller_leaves(build: Any, at_ms: int) -> None:
    """B§7.3: the caller who hangs up, ringing or talking, ends the flow."""
    stage = build.play(ring([ALICE], repeats=3), (1_000, Answers(), "B"), (at_ms, HangsUp()))
    assert (stage.path(), stage.ends()["A"][0]) == (["ring_group"], at_ms)
    assert len(rung(stage)) == 1


def test_an_own_ringback_is_heard_again_and_again(build: Any) -> None:
    """B§7.3: ringback media is early media to the caller, from its start after each end, until the answer."""
    stage = build.play(ring([ALICE], ringback="song"), (16_000, Answers(), "B"), (20_000, HangsUp()))
    assert stage.times("AUDIO", "plays") == [0, 7_000, 14_000]
    assert stage.times("AUDIO", "ends") == [16_000]
    assert stage.events("CHANNEL_PROGRESS_MEDIA") == ["CHANNEL_PROGRESS_MEDIA(A)"]
    assert build.play(ring([ALICE], ringback="no-such-media")).sounds() == []


ONE_EACH = [{**LOBBY, "weight": 1}, {**ALICE, "weight": 10}, {"endpoint_type": "device", "id": "bob-cell"}]


def first_rung(build: Any, seed: int) -> list[str]:
    """The order in which a random group rings in two rounds."""
    document = ring(ONE_EACH, strategy="weighted_random", repeats=2, timeout=60)
    return [name for _, name in rung(build.play(document, seed=seed))]


def test_a_random_order_is_the_seeds(build: Any) -> None:
    """B§7.3, law 6: one seed, one order; every member is rung once in each round, and rounds are drawn anew."""
    orders = {tuple(first_rung(build, seed)) for seed in range(20)}
    assert first_rung(build, 3) == first_rung(build, 3)
    assert all(sorted(order[:3]) == sorted(order[3:]) == ["alice-phone", "bob-cell", "lobby"] for order in orders)
    assert len(orders) > 5
    assert any(order[:3] != order[3:] for order in orders)


def test_a_random_order_follows_the_weights(build: Any) -> None:
    """B§7.3: who comes first is drawn by weight, 20 when none is given."""
    firsts = Counter(first_rung(build, seed)[0] for seed in range(310))
    # Expected of 310 draws: 10, 100, 200; five standard deviations would be 16, 41 and 42.
    assert abs(firsts["lobby"] - 10) < 16
    assert abs(firsts["alice-phone"] - 100) < 42
    assert abs(firsts["bob-cell"] - 200) < 42


def test_a_groups_own_weights(build: Any) -> None:
    """B§7.4: a member's weight in the group's document comes before the group's."""
    account = with_group(build, ("device", "lobby", 1), ("device", "alice-phone", None))
    document = ring([{**CREW, "weight": 100}], strategy="weighted_random", timeout=60)
    firsts = Counter(rung(build.play(document, account=account, seed=seed))[0][1] for seed in range(60))
    assert firsts["alice-phone"] > 50
