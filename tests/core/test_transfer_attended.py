"""Attended transfers: the consultation, how it is completed, given up or left behind (B§8.2)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.causes import HangupCause
from callflow.core.events import Answers, HangsUp, Rejects, Resumes, Transfers

PROFILES = ["docs", "kazoo-4", "kazoo-5"]


def ring(device: str, **children: Any) -> dict[str, Any]:
    """A flow that rings one device."""
    return {"module": "device", "data": {"id": device}, "children": children}


def recorded(then: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A flow that starts a recording first."""
    return {"module": "record_call", "data": {"action": "start", **data}, "children": {"_": then}}


SONG = {"module": "play", "data": {"id": "song"}}
FLOWS = {
    "to-bob": ring("bob-desk"),
    "to-alice": ring("alice-phone"),
    "to-song": SONG,
}
NUMBERS = {"to-bob": "2002", "to-alice": "2003", "to-song": "2006"}
ANSWERED = (1_000, Answers(), "B")
ASK_BOB = Transfers("2002", is_attended=True)


def play(build: Any, *tells: Any, document: Any = None, **setting: Any) -> Any:
    """Run one recorded call for the lobby, which answers; the account's flows answer numbers."""
    account = build.household()
    for flow_id, number in NUMBERS.items():
        account = build.with_flow(account, flow_id, number)
    document = document or recorded(ring("lobby"))
    return build.play(document, ANSWERED, *tells, account=account, flows=FLOWS, **setting)


def ends(stage: Any) -> dict[str, tuple[int, str]]:
    """When each leg ended and with which cause."""
    return {leg: end[:2] for leg, end in stage.ends().items()}


CONSULTATION = (
    "CHANNEL_HOLD({0}) CHANNEL_CREATE(B2) CHANNEL_CREATE(B3) CHANNEL_PROGRESS(B3) CHANNEL_PROGRESS(B2)"
    " CHANNEL_ANSWER(B3) CHANNEL_ANSWER(B2) CHANNEL_BRIDGE(B2)"
)
COMPLETED = (
    " CHANNEL_REPLACED(B2) CHANNEL_TRANSFEROR({0}) CHANNEL_TRANSFEREE({1}) CHANNEL_UNBRIDGE(A) CHANNEL_UNBRIDGE(B2)"
    " CHANNEL_BRIDGE({1}) CHANNEL_DESTROY({0}) CHANNEL_DESTROY(B2)"
)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("told", ["first leg", "second leg"])
@pytest.mark.parametrize(("by", "other"), [("A", "B"), ("B", "A")])
def test_order_of_events(build: Any, by: str, other: str, told: str, profile: str) -> None:
    """B§8.2: hold, consultation, and its completion; on which of the two legs the party hangs up is all the same."""
    leg = by if told == "first leg" else "B2"
    tells = ((4_000, ASK_BOB, by), (5_000, Answers(), "B3"), (7_000, HangsUp(), leg), (9_000, HangsUp(), "B3"))
    stage = play(build, *tells, document=ring("lobby"), profile=profile)
    events = stage.events()
    after = f" CHANNEL_DESTROY(B3) CHANNEL_UNBRIDGE({other}) CHANNEL_EXECUTE_COMPLETE({other}) CHANNEL_DESTROY({other})"
    expected = f"{CONSULTATION}{COMPLETED}".format(by, other) + after
    assert events[events.index(f"CHANNEL_HOLD({by})") :] == expected.split()
    assert ends(stage) == {
        by: (7_000, "ATTENDED_TRANSFER"),
        "B2": (7_000, "ATTENDED_TRANSFER"),
        "B3": (9_000, "NORMAL_CLEARING"),
        other: (9_000, "NORMAL_CLEARING"),
    }
    assert stage.engine.live_calls == ()


@pytest.mark.parametrize(("by", "other", "ended"), [("A", "B", "hard stop"), ("B", "A", "transferred")])
def test_the_consultations_flow_goes_on_with_the_transferred_leg(build: Any, by: str, other: str, ended: str) -> None:
    """B§2.4, B§8.2: CHANNEL_REPLACED: its executor follows the leg; the first flow is over."""
    tells = ((4_000, ASK_BOB, by), (5_000, Answers(), "B3"), (7_000, HangsUp(), by), (9_000, HangsUp(), other))
    stage = play(build, *tells)
    [replaced] = stage.find("EVENT", "CHANNEL_REPLACED")
    assert (replaced.leg, replaced.detail) == ("B2", {"replaced_by": other})
    flows = [(row.at_ms, row.name, row.leg) for row in stage.find("FLOW")]
    assert flows == [(4_000, "routed", "B2"), (7_000, ended, "A"), (9_000, "hard stop", other)]
    assert ends(stage)["B3"] == (9_000, "NORMAL_CLEARING")


def test_the_second_leg_is_the_same_party_and_telephone(build: Any) -> None:
    """B§8.2: whoever consults calls from the same telephone, and says whom."""
    stage = play(build, (4_000, ASK_BOB, "B"), (9_000, HangsUp()))
    [created] = stage.find("LEG", "CHANNEL_CREATE", "B2")
    assert created.detail == {"to": "NEW", "party": "lobby", "device": "lobby", "dialled": "2002", "flow": "to-bob"}


def test_the_consulting_telephone_does_not_ring_itself(build: Any) -> None:
    """B§7.0: the flow's caller is whoever consults: its own telephone is passed over."""
    account = build.with_flow(build.household(), "me", "2007")
    tells = (ANSWERED, (4_000, Transfers("2007", True), "B"), (9_000, HangsUp()))
    stage = build.play(ring("lobby"), *tells, account=account, flows={"me": ring("lobby")})
    assert ends(stage)["B2"] == (4_000, "NORMAL_CLEARING")
    assert stage.find("LEG", "CHANNEL_CREATE", "B3") == []


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("by", ["A", "B"])
def test_given_up(build: Any, by: str, answered: bool) -> None:
    """B§8.2, C38: whoever resumes hangs up on the one that was asked, and talks to the first party again."""
    answer = ((5_000, Answers(), "B3"),) if answered else ()
    tells = ((4_000, ASK_BOB, by), *answer, (7_000, Resumes(), by), (9_000, HangsUp(), "A"))
    stage = play(build, *tells)
    cause = "NORMAL_CLEARING" if answered else "ORIGINATOR_CANCEL"
    assert ends(stage) == {
        "B2": (7_000, cause),
        "B3": (7_000, cause),
        "A": (9_000, "NORMAL_CLEARING"),
        "B": (9_000, "NORMAL_CLEARING"),
    }
    assert stage.times("LEG", "CHANNEL_UNHOLD", by) == [7_000]
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == (9_000, "hangup")


@pytest.mark.parametrize(("by", "other"), [("A", "B"), ("B", "A")])
@pytest.mark.parametrize("number", ["2002", "2006"])
def test_completed_before_anybody_answered_it_is_blind(build: Any, by: str, other: str, number: str) -> None:
    """B§8.2: while it rings, or plays something, there is nobody to join: the other side is sent to the number."""
    tells = ((4_000, Transfers(number, True), by), (5_000, HangsUp(), by), (40_000, HangsUp(), other))
    stage = play(build, *tells)
    assert ends(stage)[by] == (5_000, "BLIND_TRANSFER")
    assert ends(stage)["B2"] == (5_000, "ORIGINATOR_CANCEL" if number == "2002" else "NORMAL_CLEARING")
    [transferor] = stage.find("EVENT", "CHANNEL_TRANSFEROR")
    assert "nobody has answered" in transferor.rule
    routed = [(row.at_ms, row.leg, row.detail["number"]) for row in stage.find("FLOW", "routed")]
    assert routed == [(4_000, "B2", number), (5_000, other, number)]


@pytest.mark.parametrize("by", ["A", "B"])
@pytest.mark.parametrize(
    ("asked", "after_ms"),
    [
        ((5_000, Rejects(HangupCause.USER_BUSY), "B3"), 5_000),
        ((5_000, Answers(), "B3"), 6_000),
        ((5_000, Rejects(), "B3"), 5_000),
    ],
)
def test_a_consultation_that_comes_to_nothing_leaves_the_hold(build: Any, by: str, asked: Any, after_ms: int) -> None:
    """B§8.2: refused or hung up by the one that was asked: the second leg goes, the first one holds on."""
    tells = ((4_000, ASK_BOB, by), asked, (6_000, HangsUp(), "B3"), (8_000, Resumes(), by), (9_000, HangsUp(), by))
    stage = play(build, *tells)
    assert ends(stage)["B2"] == (after_ms, "NORMAL_CLEARING")
    assert stage.times("LEG", "CHANNEL_UNHOLD", by) == [8_000]
    assert ends(stage)[by] == (9_000, "NORMAL_CLEARING")
    assert stage.events("CHANNEL_TRANSFEROR", "CHANNEL_REPLACED") == []


@pytest.mark.parametrize(("by", "other"), [("A", "B"), ("B", "A")])
def test_who_hangs_up_with_nobody_left_to_ask_hangs_up(build: Any, by: str, other: str) -> None:
    """B§8.2: after the consultation the held leg's end is the end of the talk, and no transfer."""
    tells = ((4_000, ASK_BOB, by), (5_000, Rejects(), "B3"), (8_000, HangsUp(), by))
    stage = play(build, *tells)
    assert ends(stage)[other] == ends(stage)[by] == (8_000, "NORMAL_CLEARING")
    assert stage.events("CHANNEL_TRANSFEROR") == []


@pytest.mark.parametrize(("by", "other"), [("A", "B"), ("B", "A")])
def test_who_waits_may_leave_and_the_consultation_goes_on(build: Any, by: str, other: str) -> None:
    """B§8.2: the first talk ends with its legs; the consultation is a call of its own, and its end the call's."""
    tells = ((4_000, ASK_BOB, by), (5_000, Answers(), "B3"), (7_000, HangsUp(), other), (9_000, HangsUp(), "B2"))
    stage = play(build, *tells)
    assert ends(stage) == {
        "A": (7_000, "NORMAL_CLEARING"),
        "B": (7_000, "NORMAL_CLEARING"),
        "B2": (9_000, "NORMAL_CLEARING"),
        "B3": (9_000, "NORMAL_CLEARING"),
    }
    [recording] = stage.recordings()
    assert recording["length_ms"] == 7_000
    assert stage.times("CALL", "ended") == [9_000]


def test_what_is_left_of_a_call_can_be_transferred_again(build: Any) -> None:
    """B§8.2: the consultation that goes on alone has a consultation, and a transfer, of its own."""
    tells = (
        (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"), (6_000, HangsUp(), "A"),
        (7_000, Transfers("2003", True), "B3"), (8_000, Answers(), "B5"), (9_000, HangsUp(), "B3"),
        (11_000, HangsUp(), "B5"),
    )  # fmt: skip
    stage = play(build, *tells)
    assert ends(stage)["B3"] == ends(stage)["B4"] == (9_000, "ATTENDED_TRANSFER")
    assert ends(stage)["B2"] == ends(stage)["B5"] == (11_000, "NORMAL_CLEARING")


def test_a_transfer_of_the_transferred(build: Any) -> None:
    """C38: the one that was asked may transfer on, the one that was transferred as well."""
    tells = (
        (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"), (6_000, HangsUp(), "B"),
        (7_000, Transfers("2003", True), "A"), (8_000, Answers(), "B5"), (9_000, HangsUp(), "A"),
        (11_000, HangsUp(), "B3"),
    )  # fmt: skip
    stage = play(build, *tells)
    assert ends(stage)["A"] == (9_000, "ATTENDED_TRANSFER")
    assert [(row.leg, row.detail["from_leg"]) for row in stage.find("RECORDER", "MOVED")] == [("B3", "A")]
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == (11_000, "hangup")


@pytest.mark.parametrize("by", ["A", "B"])
def test_one_consultation_at_a_time(build: Any, by: str) -> None:
    """B§8.2: a second one is refused with a warning, whoever asks; the first one is completed as if nothing were."""
    tells = (
        (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"), (6_000, Transfers("2003", True), by),
        (7_000, HangsUp(), "B"), (9_000, HangsUp(), "A"),
    )  # fmt: skip
    stage = play(build, *tells)
    [warning] = stage.find("WARNING", "one-consultation")
    assert (warning.at_ms, warning.leg) == (6_000, by)
    assert ends(stage)["B"] == (7_000, "ATTENDED_TRANSFER")


def test_the_one_that_is_asked_may_be_sent_on(build: Any) -> None:
    """B§8.2: from the second leg the party sends bob away blind: it holds on alone, and bob's leg is a call's own."""
    tells = (
        (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"), (6_000, Transfers("2003"), "B2"), (7_000, Answers(), "B4"),
        (8_000, HangsUp(), "B"), (11_000, HangsUp(), "B3"),
    )  # fmt: skip
    stage = play(build, *tells)
    assert ends(stage) == {
        "B2": (6_000, "BLIND_TRANSFER"),
        "B": (8_000, "NORMAL_CLEARING"),
        "A": (8_000, "NORMAL_CLEARING"),
        "B3": (11_000, "NORMAL_CLEARING"),
        "B4": (11_000, "NORMAL_CLEARING"),
    }


def test_the_one_that_is_asked_may_send_the_asker_on(build: Any) -> None:
    """B§8.2: then the second leg is under another flow, and completing joins whom that one reaches."""
    tells = (
        (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"), (6_000, Transfers("2003"), "B3"), (7_000, Answers(), "B4"),
        (8_000, HangsUp(), "B"), (11_000, HangsUp(), "B4"),
    )  # fmt: skip
    stage = play(build, *tells)
    assert ends(stage)["B"] == ends(stage)["B2"] == (8_000, "ATTENDED_TRANSFER")
    assert stage.find("LEG", "CHANNEL_BRIDGE", "B4")[-1].detail["other_leg"] == "A"
    assert ends(stage)["A"] == (11_000, "NORMAL_CLEARING")


def test_who_waits_may_send_the_asker_on(build: Any) -> None:
    """B§8.2: its first leg comes under another flow: hanging up after that ends the consultation, and no more."""
    tells = (
        (4_000, ASK_BOB, "B"), (5_000, Answers(), "B3"), (6_000, Transfers("2003"), "A"), (7_000, Answers(), "B4"),
        (8_000, HangsUp(), "B2"), (11_000, HangsUp(), "B4"),
    )  # fmt: skip
    stage = play(build, *tells)
    assert ends(stage) == {
        "A": (6_000, "BLIND_TRANSFER"),
        "B2": (8_000, "NORMAL_CLEARING"),
        "B3": (8_000, "NORMAL_CLEARING"),
        "B": (11_000, "NORMAL_CLEARING"),
        "B4": (11_000, "NORMAL_CLEARING"),
    }


def test_a_number_that_leads_nowhere_leaves_the_hold(build: Any) -> None:
    """B§8.3: the second leg ends with NO_ROUTE_DESTINATION, and the first talk can be taken back."""
    tells = ((4_000, Transfers("9999", True), "B"), (6_000, Resumes(), "B"), (9_000, HangsUp(), "B"))
    stage = play(build, *tells)
    assert ends(stage)["B2"] == (4_000, "NO_ROUTE_DESTINATION")
    assert ends(stage)["A"] == (9_000, "NORMAL_CLEARING")


@pytest.mark.parametrize("leg", ["A", "B2"])
def test_nobody_completes_a_transfer_by_the_end_of_the_scenario(build: Any, leg: str) -> None:
    """Design §12: `hangup_by: end of scenario` is no party's own doing: the leg just ends."""
    tells = ((4_000, ASK_BOB, "A"), (5_000, Answers(), "B3"), (7_000, HangsUp("end of scenario"), leg))
    stage = play(build, *tells, (9_000, HangsUp("end of scenario"), "A"), (9_000, HangsUp("end of scenario"), "B2"))
    assert stage.events("CHANNEL_TRANSFEROR") == []
    assert ends(stage)[leg] == (7_000, "NORMAL_CLEARING")
    assert stage.engine.live_calls == ()


def test_the_controlled_leg_is_the_one_that_goes_on(build: Any) -> None:
    """Design §12, Engine: whoever drives the engine asks it for the leg whose flow goes on."""
    account = build.with_flow(build.household(), "to-bob", "2002")
    stage = build.stage(ring("lobby"), account=account, flows=FLOWS).offer()
    tells = (ANSWERED, (4_000, ASK_BOB, "A"), (5_000, Answers(), "B3"), (7_000, HangsUp()), (9_000, HangsUp(), "B"))
    for tell in tells:
        stage.tell(*tell)
    seen = [stage.run(until_ms).engine.controlled_leg("c1") for until_ms in (3_000, 6_000, 8_000)]
    assert seen == ["A", "A", "B"]
