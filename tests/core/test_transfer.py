"""Blind transfers: the order of events, and who goes on under which flow (B§8.2)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import CONTINUE, STOP, Dial, Endpoint, Next, Sleep
from callflow.core.errors import ActionError
from callflow.core.events import Answers, HangsUp, Presses, Transfers

PROFILES = ["docs", "kazoo-4", "kazoo-5"]


def ring(device: str, **children: Any) -> dict[str, Any]:
    """A flow that rings one device."""
    return {"module": "device", "data": {"id": device}, "children": children}


def recorded(then: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A flow that starts a recording first."""
    return {"module": "record_call", "data": {"action": "start", **data}, "children": {"_": then}}


FLOWS = {
    "to-bob": ring("bob-desk"),
    "to-alice": ring("alice-phone"),
    "rest": ring("bob-cell"),
}
NUMBERS = {"to-bob": "2002", "to-alice": "2003", "rest": "no_match"}
ANSWERED = (1_000, Answers(), "B")


def play(build: Any, document: Any, *tells: Any, numbers: Any = NUMBERS, **setting: Any) -> Any:
    """Run one call in an account whose flows answer numbers."""
    account = build.household()
    for flow_id, number in numbers.items():
        account = build.with_flow(account, flow_id, number)
    return build.play(document, *tells, account=account, flows={**FLOWS, **setting.pop("flows", {})}, **setting)


TO_BOB = Transfers("2002")
ORDERS: dict[str, tuple[list[Any], str]] = {
    "by the callee": (
        [(4_000, TO_BOB, "B"), (5_000, Answers(), "B2"), (9_000, HangsUp(), "B2")],
        "CHANNEL_TRANSFEROR(B) CHANNEL_TRANSFEREE(A) CHANNEL_UNBRIDGE(A) CHANNEL_DESTROY(B)"
        " CHANNEL_CREATE(B2) CHANNEL_PROGRESS(B2) CHANNEL_ANSWER(B2) CHANNEL_BRIDGE(A) CHANNEL_DESTROY(B2)"
        " CHANNEL_UNBRIDGE(A) CHANNEL_EXECUTE_COMPLETE(A) RECORD_STOP(A) CHANNEL_DESTROY(A)",
    ),
    "by the caller": (
        [(4_000, TO_BOB, "A"), (5_000, Answers(), "B2"), (9_000, HangsUp(), "B2")],
        "CHANNEL_TRANSFEROR(A) CHANNEL_TRANSFEREE(B) CHANNEL_UNBRIDGE(A) CHANNEL_DESTROY(A)"
        " CHANNEL_CREATE(B2) CHANNEL_PROGRESS(B2) CHANNEL_ANSWER(B2) CHANNEL_BRIDGE(B) CHANNEL_DESTROY(B2)"
        " CHANNEL_UNBRIDGE(B) CHANNEL_EXECUTE_COMPLETE(B) RECORD_STOP(B) CHANNEL_DESTROY(B)",
    ),
    "by the caller, and the transferred one leaves": (
        [(4_000, TO_BOB, "A"), (5_000, Answers(), "B2"), (9_000, HangsUp(), "B")],
        "CHANNEL_TRANSFEROR(A) CHANNEL_TRANSFEREE(B) CHANNEL_UNBRIDGE(A) CHANNEL_DESTROY(A)"
        " CHANNEL_CREATE(B2) CHANNEL_PROGRESS(B2) CHANNEL_ANSWER(B2) CHANNEL_BRIDGE(B)"
        " CHANNEL_UNBRIDGE(B) RECORD_STOP(B) CHANNEL_DESTROY(B) CHANNEL_DESTROY(B2)",
    ),
    "by the callee, and nobody answers": (
        [(4_000, TO_BOB, "B")],
        "CHANNEL_TRANSFEROR(B) CHANNEL_TRANSFEREE(A) CHANNEL_UNBRIDGE(A) CHANNEL_DESTROY(B)"
        " CHANNEL_CREATE(B2) CHANNEL_PROGRESS(B2) CHANNEL_DESTROY(B2) CHANNEL_EXECUTE_COMPLETE(A)"
        " RECORD_STOP(A) CHANNEL_DESTROY(A)",
    ),
    "to a number that nobody has": (
        [(4_000, Transfers("nobody"), "B")],
        "CHANNEL_TRANSFEROR(B) CHANNEL_TRANSFEREE(A) CHANNEL_UNBRIDGE(A) CHANNEL_DESTROY(B)"
        " RECORD_STOP(A) CHANNEL_DESTROY(A)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", ORDERS)
def test_order_of_events(build: Any, case: str, profile: str) -> None:
    """B§8.2: the events of a blind transfer; a bridge is announced on the leg that was there first."""
    tells, expected = ORDERS[case]
    stage = play(build, recorded(ring("lobby")), ANSWERED, *tells, profile=profile)
    events = stage.events()
    assert events[-len(expected.split()) :] == expected.split()
    assert stage.engine.live_calls == ()


@pytest.mark.parametrize(("by", "ended"), [("B", "transferred"), ("A", "hard stop")])
def test_one_flow_ends_and_another_one_runs(build: Any, by: str, ended: str) -> None:
    """B§2.4, B§8.2: TRANSFEREE ends the flow silently, TRANSFEROR stops it hard; the number's flow goes on."""
    stage = play(build, ring("lobby", _=ring("alice-phone")), ANSWERED, (4_000, TO_BOB, by), (6_000, HangsUp(), "B2"))
    assert [(row.name, row.at_ms) for row in stage.find("FLOW")][:2] == [(ended, 4_000), ("routed", 4_000)]
    assert stage.find("FLOW", "routed")[0].detail == {"number": "2002", "flow": "to-bob"}
    assert [(row.name, row.leg, row.detail["flow"]) for row in stage.find("NODE")] == [
        ("device", "A", "main"), ("device", "A" if by == "B" else "B", "to-bob"),
    ]  # fmt: skip
    assert stage.ends()[by][:2] == (4_000, "BLIND_TRANSFER")
    assert {row.call_id for row in stage.rows if row.call_id} == {"c1"}


def test_who_transfers_is_who_ended_the_leg(build: Any) -> None:
    """B§8.3: BLIND_TRANSFER has no status of its own: 480, and the party's name in the result."""
    stage = play(build, ring("lobby"), ANSWERED, (4_000, TO_BOB, "B"), (6_000, HangsUp()))
    [gone] = stage.find("LEG", "CHANNEL_DESTROY", "B")
    assert (gone.detail["hangup_cause"], gone.detail["hangup_code"], gone.detail["by"]) == (
        "BLIND_TRANSFER", "sip:480", "lobby",
    )  # fmt: skip


def test_the_new_flow_has_a_stack_of_its_own(build: Any) -> None:
    """B§8.2: what the old flow pushed is not resumed when the new one stops."""
    document = {
        "module": "callflow",
        "data": {"flow": ring("lobby")},
        "children": {"_": ring("alice-phone")},
    }
    stage = play(
        build, document, ANSWERED, (4_000, TO_BOB, "B"), (5_000, Answers(), "B2"), (9_000, HangsUp(), "B2"),
        flows={"flow.data.flow": ring("lobby")},
    )  # fmt: skip
    assert stage.path() == ["callflow", "device", "device"]
    assert stage.find("FLOW", "resumed") == []
    assert stage.ends()["A"] == (9_000, "NORMAL_CLEARING", "bob")


def test_the_new_flow_is_told_its_own_number_and_caller(build: Any) -> None:
    """B§8.2: a new route request: the number that was asked for, from the telephone that was sent there."""
    told: list[tuple[str, str, str, str]] = []

    async def look(call: Any, settings: Any) -> Next:
        """Look at what the flow is told."""
        told.append((call.dialled, call.flow_name, call.caller.number, call.caller.device_id))
        return CONTINUE

    lobby = build.doing(Dial((Endpoint(build.household().devices["lobby"], 20_000),)), then=STOP)
    fakes = {"look": look, "ring": lobby}
    for by in ("A", "B"):
        account = build.with_flow(build.household(), "looking", "2005")
        build.play(
            build.chain("look", "ring"), ANSWERED, (4_000, Transfers("2005"), by),
            fakes=fakes, account=account, flows={"looking": {"module": "look"}},
        )  # fmt: skip
    assert told == [
        ("2001", "main", "+14155550100", ""), ("2005", "looking", "", "lobby"),
        ("2001", "main", "+14155550100", ""), ("2005", "looking", "+14155550100", ""),
    ]  # fmt: skip


def test_a_number_without_a_flow_goes_to_no_match(build: Any) -> None:
    """B§1.2: what a telephone of the account asks for may be answered by no_match; only numbers are."""
    stage = play(build, ring("lobby"), ANSWERED, (4_000, Transfers("0049301234"), "B"), (6_000, HangsUp()))
    assert stage.find("FLOW", "routed")[0].detail == {"number": "0049301234", "flow": "rest"}
    assert stage.find("LEG", "CHANNEL_CREATE", "B2")[0].detail["device"] == "bob-cell"


@pytest.mark.parametrize("number", ["nobody", "2999"])
def test_a_number_that_leads_nowhere_hangs_up(build: Any, number: str) -> None:
    """B§8.3: NO_ROUTE_DESTINATION, with a warning that says what is missing."""
    stage = play(build, ring("lobby"), ANSWERED, (4_000, Transfers(number), "B"), numbers={"to-bob": "2002"})
    assert stage.ends()["A"] == (4_000, "NO_ROUTE_DESTINATION", "flow")
    [warning] = stage.find("WARNING", "no-route")
    assert number in warning.detail["message"]


@pytest.mark.parametrize("by", ["A", "B"])
def test_transfers_in_a_row(build: Any, by: str) -> None:
    """C38: whoever was asked may transfer as well; the call goes on until the last one hangs up."""
    other = {"A": "B", "B": "A"}[by]
    tells = (
        ANSWERED, (2_000, TO_BOB, by), (3_000, Answers(), "B2"), (4_000, Transfers("2003"), "B2"),
        (5_000, Answers(), "B3"), (6_000, TO_BOB, other), (7_000, Answers(), "B4"), (9_000, HangsUp(), "B4"),
    )  # fmt: skip
    stage = play(build, recorded(ring("lobby")), *tells)
    assert stage.path() == ["record_call", "device", "device", "device", "device"]
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == (9_000, "hangup")
    assert stage.ends()["B3"] == (9_000, "NORMAL_CLEARING", "bob")


def test_a_digit_for_the_new_flow_is_heard_by_it(build: Any) -> None:
    """B§8.2: the transferred leg is the one that the new flow listens to, also when it was called before."""
    account = build.with_flow(build.household(), "song", "2007")
    stage = build.play(
        ring("lobby"), ANSWERED, (4_000, Transfers("2007"), "A"), (5_000, Presses("1"), "B"),
        account=account, flows={"song": {"module": "play", "data": {"id": "song"}}},
    )  # fmt: skip
    assert stage.sounds() == ["song"]
    assert stage.ends()["B"][0] == 5_000


@pytest.mark.parametrize("raises", [True, False])
def test_a_script_that_will_not_end_is_the_actions_fault(build: Any, raises: bool) -> None:
    """Design §9: one that awaits while it is closed is an error row, and the transfer goes on; pytest has it raised."""
    lobby = Dial((Endpoint(build.household().devices["lobby"], 20_000),))

    async def stubborn(call: Any, settings: Any) -> Next:
        """Hold on to the call."""
        try:
            await lobby
        finally:
            await Sleep(1_000)
        return STOP

    def run() -> Any:
        return build.perform(
            stubborn, ANSWERED, (4_000, TO_BOB, "B"), (6_000, HangsUp()), raises=raises,
            fakes={"ring": build.doing(lobby)}, flows={"to-bob": {"module": "ring"}},
            account=build.with_flow(build.household(), "to-bob", "2002"),
        )  # fmt: skip

    if raises:
        with pytest.raises(ActionError, match="script"):
            run()
    else:
        stage = run()
        [error] = stage.find("ERROR")
        assert "GeneratorExit" in error.detail["message"]
        assert stage.path() == ["script", "ring"]
