"""Dialling: forks, turns, delays, refusals and the race for the answer (B§7.0, B§7.1)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from callflow.core.causes import HangupCause
from callflow.core.effects import STOP, Dial, Endpoint, Next, Talk
from callflow.core.events import Answers, HangsUp, Rejects
from callflow.core.trace import AUDIO, LATE_EVENT, LEG


def ring(build: Any, *phones: tuple[str, int, int], **changes: Any) -> Dial:
    """A dialling of devices, each with its timeout and delay in ms."""
    devices = build.household().devices
    return Dial(tuple(Endpoint(devices[name], timeout, delay) for name, timeout, delay in phones), **changes)


def dialled(build: Any, effect: Dial, *tells: Any, **setting: Any) -> tuple[Any, Talk | None]:
    """Run one dialling; returns the stage and how the talk ended, None when the script was never told."""
    told: list[Talk] = []

    async def script(call: Any, settings: Any) -> Next:
        """Dial, and keep what came of it."""
        told.append(await effect)
        return STOP

    stage = build.perform(script, *tells, **setting)
    return stage, told[0] if told else None


DESK, CELL, LOBBY = ("bob-desk", 20_000, 0), ("bob-cell", 20_000, 0), ("lobby", 20_000, 0)


def test_a_fork_rings_all_and_the_losers_lose_the_race(build: Any) -> None:
    """B§7.1: all devices ring together; the first answer wins and the others end with LOSE_RACE."""
    stage, talk = dialled(build, ring(build, DESK, CELL, LOBBY), (3_000, Answers(), "B2"), (9_000, HangsUp(), "B2"))
    assert stage.times(LEG, "CHANNEL_PROGRESS") == [0, 0, 0, 0]  # three phones and the caller
    assert stage.ends() == {
        "B": (3_000, "LOSE_RACE", ""),
        "B3": (3_000, "LOSE_RACE", ""),
        "B2": (9_000, "NORMAL_CLEARING", "bob"),
        "A": (9_000, "NORMAL_CLEARING", "bob"),
    }
    assert talk == Talk(True, HangupCause.NORMAL_CLEARING)


def test_two_answers_at_one_instant(build: Any) -> None:
    """Law 4 and B§7.1: who answers first within an instant wins; the other's answer is late."""
    stage, _ = dialled(
        build, ring(build, DESK, CELL), (3_000, Answers(), "B"), (3_000, Answers(), "B2"), (5_000, HangsUp())
    )
    assert stage.ends()["B2"] == (3_000, "LOSE_RACE", "")
    assert [(row.leg, row.name) for row in stage.find(LATE_EVENT)] == [("B2", "answers")]


def test_single_strategy_rings_in_turn(build: Any) -> None:
    """B§7.1: each device rings alone for its own timeout, then the next."""
    phones = (("bob-desk", 5_000, 0), ("bob-cell", 7_000, 0), ("lobby", 9_000, 0))
    stage, talk = dialled(build, ring(build, *phones, strategy="single"))
    assert stage.times(LEG, "CHANNEL_CREATE") == [0, 0, 5_000, 12_000]
    assert {leg: at_ms for leg, (at_ms, _, _) in stage.ends().items()} == {
        "B": 5_000,
        "B2": 12_000,
        "B3": 21_000,
        "A": 21_000,
    }
    assert talk == Talk(False, HangupCause.NO_ANSWER)


def test_single_strategy_passes_over_what_cannot_ring(build: Any) -> None:
    """B§7.1: a rejected or unregistered device hands on to the next at once."""
    account = build.with_device(build.household(), "bob-cell", is_registered=False)
    phones = tuple(Endpoint(account.devices[name], 20_000) for name in ("bob-desk", "bob-cell", "lobby"))
    stage, talk = dialled(
        build, Dial(phones, "single"), (2_000, Rejects(), "B"), (4_000, Answers(), "B3"), (6_000, HangsUp(), "B3")
    )
    assert stage.ends()["B2"] == (2_000, "USER_NOT_REGISTERED", "")
    assert stage.times(LEG, "CHANNEL_CREATE", "B3") == [2_000]
    assert talk == Talk(True, HangupCause.NORMAL_CLEARING)


def test_a_delayed_device_rings_from_its_delay_for_its_timeout(build: Any) -> None:
    """B§7.3: an endpoint with delay d rings from d for its timeout."""
    stage, talk = dialled(build, ring(build, ("bob-desk", 5_000, 0), ("bob-cell", 5_000, 8_000)))
    assert stage.times(LEG, "CHANNEL_CREATE", "B2") == [8_000]
    assert (stage.ends()["B"][0], stage.ends()["B2"][0]) == (5_000, 13_000)
    assert talk == Talk(False, HangupCause.NO_ANSWER)


def test_an_answer_keeps_delayed_devices_from_ringing(build: Any) -> None:
    """B§7.1: who is still to ring when somebody answers never does."""
    stage, _ = dialled(
        build, ring(build, DESK, ("bob-cell", 20_000, 8_000)), (3_000, Answers(), "B"), (60_000, HangsUp())
    )
    assert [row.leg for row in stage.find(LEG, "CHANNEL_CREATE")] == ["A", "B"]


def test_ring_timeout(build: Any) -> None:
    """B§8.3: the switch's own ring timeout is NO_ANSWER, and the row says which timeout it was."""
    stage, talk = dialled(build, ring(build, ("lobby", 12_345, 0)))
    (gone,) = stage.find(LEG, "CHANNEL_DESTROY", "B")
    assert (gone.at_ms, gone.rule) == (12_345, "ring timeout=12345 ms")
    assert gone.detail["hangup_code"] == "sip:480"
    assert talk == Talk(False, HangupCause.NO_ANSWER)


@pytest.mark.parametrize("cause", [HangupCause.CALL_REJECTED, HangupCause.USER_BUSY, HangupCause.NO_USER_RESPONSE])
def test_a_refusal_of_the_only_phone_ends_the_dialling(build: Any, cause: HangupCause) -> None:
    """B§7.0: the phone's own cause is what the script learns, at once."""
    stage, talk = dialled(build, ring(build, LOBBY), (2_000, Rejects(cause), "B"))
    assert stage.ends()["B"] == (2_000, cause.name, "lobby")
    assert talk == Talk(False, cause)


def test_hanging_up_a_ringing_phone_is_a_reject(build: Any) -> None:
    """B§7.0: a callee who hangs up before answering has declined."""
    _, talk = dialled(build, ring(build, LOBBY), (2_000, HangsUp(), "B"))
    assert talk == Talk(False, HangupCause.CALL_REJECTED)


@pytest.mark.parametrize(
    ("ends_all", "cause", "still_rings"),
    [
        (False, HangupCause.CALL_REJECTED, True),
        (True, HangupCause.CALL_REJECTED, False),
        (True, HangupCause.USER_BUSY, True),
    ],
)
def test_one_reject_in_a_fork(build: Any, ends_all: bool, cause: HangupCause, still_rings: bool) -> None:
    """B§7.1, fail_on_single_reject: one reject ends the fork only when that is set, and being busy is no reject."""
    effect = ring(build, DESK, CELL, ("lobby", 20_000, 9_000), is_ended_by_one_reject=ends_all)
    stage, talk = dialled(build, effect, (2_000, Rejects(cause), "B"))
    assert (stage.ends()["B2"][0] > 2_000) == still_rings
    assert ("B3" in stage.ends()) == still_rings
    assert talk == Talk(False, HangupCause.NO_ANSWER if still_rings else HangupCause.CALL_REJECTED)
    assert stage.engine.next_ms is None


def test_an_unregistered_device_fails_at_once(build: Any) -> None:
    """B§7.0: nobody to send the call to; no ringing, no ringback, and the others of the fork ring on."""
    account = build.with_device(build.household(), "lobby", is_registered=False)
    lobby = Endpoint(account.devices["lobby"], 20_000)
    alone, talk = dialled(build, Dial((lobby,)))
    assert talk == Talk(False, HangupCause.USER_NOT_REGISTERED)
    assert (alone.times(LEG, "CHANNEL_PROGRESS"), alone.find(AUDIO)) == ([], [])
    assert alone.ends()["A"][0] == 0
    fork = evolve(ring(build, DESK), endpoints=(lobby, *ring(build, DESK).endpoints))
    _, talk = dialled(build, fork, (5_000, Answers(), "B2"), (6_000, HangsUp()))
    assert talk is not None and talk.is_answered


def test_dialling_nobody_is_no_answer(build: Any) -> None:
    """B§7.0: a dialling without endpoints comes back, and does not hang."""
    stage, talk = dialled(build, Dial(()))
    assert (talk, stage.ends()["A"][0]) == (Talk(False, HangupCause.NO_ANSWER), 0)


@pytest.mark.parametrize(
    ("at_ms", "talk"),
    [
        (2_000, Talk(False, HangupCause.ORIGINATOR_CANCEL, is_caller_gone=True)),
        (6_000, Talk(True, HangupCause.NORMAL_CLEARING, is_caller_gone=True)),
    ],
    ids=["ringing", "talking"],
)
def test_the_script_learns_that_the_caller_left(build: Any, at_ms: int, talk: Talk) -> None:
    """B§7.1: a caller who leaves in the ringing or in the talk is told apart from a callee who does."""
    _, told = dialled(build, ring(build, LOBBY), (4_000, Answers(), "B"), (at_ms, HangsUp()))
    assert told == talk


def test_ringback_lasts_from_the_first_ring_to_the_answer(build: Any) -> None:
    """Design §12, Sound: ringback is heard by the caller from the callee's first ring; a second phone adds none."""
    stage, _ = dialled(
        build,
        ring(build, ("bob-desk", 20_000, 1_000), ("bob-cell", 20_000, 3_000)),
        (5_000, Answers(), "B"),
        (6_000, HangsUp()),
    )
    (plays,) = stage.find(AUDIO, "plays")
    assert (plays.at_ms, plays.leg, plays.detail["sound"]) == (1_000, "A", {"ringback": ""})
    assert [(row.at_ms, row.detail) for row in stage.find(AUDIO, "ends")] == [(5_000, {"of": plays.seq})]


@pytest.mark.parametrize(("profile", "bridged_ms"), [("docs", 4_000), ("kazoo-4", 4_200), ("kazoo-5", 4_200)])
def test_bridge_set_up(build: Any, profile: str, bridged_ms: int) -> None:
    """Design §12, Time and steps: set-up takes no time; kazoo profiles add 200 ms at the bridge."""
    stage, _ = dialled(build, ring(build, LOBBY), (4_000, Answers(), "B"), (9_000, HangsUp()), profile=profile)
    assert stage.times(LEG, "CHANNEL_ANSWER") == [4_000, 4_000]
    assert stage.times(LEG, "CHANNEL_BRIDGE") == [bridged_ms, bridged_ms]


@pytest.mark.parametrize(("leg", "by"), [("A", "caller"), ("B", "lobby")])
def test_hang_up_within_the_bridge_set_up(build: Any, leg: str, by: str) -> None:
    """B§8.2: whoever leaves between answer and bridge ends the call; the bridge never comes."""
    stage, talk = dialled(
        build, ring(build, LOBBY), (4_000, Answers(), "B"), (4_100, HangsUp(), leg), profile="kazoo-5"
    )
    assert stage.find(LEG, "CHANNEL_BRIDGE") == stage.find(LEG, "CHANNEL_UNBRIDGE") == []
    assert stage.ends()["A"] == stage.ends()["B"] == (4_100, "NORMAL_CLEARING", by)
    assert talk is not None and talk.is_answered and talk.is_caller_gone == (leg == "A")
    assert stage.engine.next_ms is None


def test_legs_are_numbered_through_a_call(build: Any) -> None:
    """Design §4: B, B2, B3 … name the callees of one call, also over several diallings."""
    once = ring(build, ("lobby", 1_000, 0))
    stage = build.perform(build.doing(once, once, once))
    assert [row.leg for row in stage.find(LEG, "CHANNEL_CREATE")] == ["A", "B", "B2", "B3"]
    parties = [(row.detail["party"], row.detail["device"]) for row in stage.find(LEG, "CHANNEL_CREATE")]
    assert parties[:2] == [("caller", ""), ("lobby", "lobby")]


def test_single_strategy_waits_for_each_delay(build: Any) -> None:
    """B§7.1: a device's delay counts from its turn on when they ring in turn."""
    phones = ring(build, ("bob-desk", 5_000, 2_000), ("bob-cell", 4_000, 1_000), strategy="single")
    stage, talk = dialled(build, phones)
    assert stage.times(LEG, "CHANNEL_CREATE") == [0, 2_000, 8_000]
    assert (stage.ends()["B2"][0], talk) == (12_000, Talk(False, HangupCause.NO_ANSWER))


def test_leaving_within_a_delay_rings_nobody(build: Any) -> None:
    """B§7.1: the caller hangs up before the delayed turn has come: no phone rings, and nothing is left to happen."""
    stage, _ = dialled(build, ring(build, ("bob-desk", 5_000, 2_000), strategy="single"), (1_000, HangsUp()))
    assert (list(stage.ends()), stage.engine.next_ms) == (["A"], None)


def test_a_delayed_phone_that_is_not_there_passes_the_turn_on(build: Any) -> None:
    """B§7.0: a device that is not registered fails when its turn has come, and the next one rings at once."""
    phones = ring(build, ("bob-desk", 5_000, 2_000), ("bob-cell", 4_000, 0), strategy="single")
    desk, cell = phones.endpoints
    gone = evolve(desk, device=evolve(desk.device, is_registered=False))
    stage, _ = dialled(build, evolve(phones, endpoints=(gone, cell)))
    assert (stage.times(LEG, "CHANNEL_PROGRESS", "B2"), stage.ends()["B"][0]) == ([2_000], 2_000)
