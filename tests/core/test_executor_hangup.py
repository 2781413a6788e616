"""The caller leaves while an action waits: each wait wakes, tidies up, and no further node runs (B§2.4, B§8.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callflow.core.effects import (
    CONTINUE,
    Answer,
    Dial,
    Effect,
    Endpoint,
    HungUp,
    KeepTake,
    Next,
    Play,
    RecordTake,
    Sleep,
    StartRecording,
    StopRecording,
    WaitForHangup,
)
from callflow.core.events import Answers, HangsUp, Presses
from callflow.core.sounds import Sound
from callflow.core.trace import AUDIO, ERROR, FLOW, LEG

SONG = Sound("media", "song", 7_000)


def dial_lobby(build: Any) -> Dial:
    """Ring one phone for 20 s."""
    return Dial((Endpoint(build.household().devices["lobby"], 20_000),))


WAITS: dict[str, Callable[[Any], tuple[Effect[Any], ...]]] = {
    "sleep": lambda build: (Sleep(60_000),),
    "play": lambda build: (Play((SONG,)),),
    "wait for a digit": lambda build: (Play((), then_wait_ms=9_000),),
    "dial, ringing": lambda build: (dial_lobby(build),),
    "dial, talking": lambda build: (Answer(), dial_lobby(build)),
    "dial, not ringing yet": lambda build: (Dial((Endpoint(build.household().devices["lobby"], 20_000, 9_000),)),),
    "take": lambda build: (RecordTake("caller", build.options(), 0),),
    "wait for hang-up": lambda build: (WaitForHangup(),),
}


def watched(effects: tuple[Effect[Any], ...], log: list[str]) -> Any:
    """A script that writes down whether its waits were answered or ended in HungUp."""

    async def fake(call: Any, settings: Any) -> Next:
        """Wait."""
        try:
            for effect in effects:
                await effect
            log.append("answered")
        except HungUp:
            log.append("hung up")
            raise
        return CONTINUE

    return fake


@pytest.mark.parametrize("wait", WAITS)
def test_hang_up_in_a_wait(build: Any, wait: str) -> None:
    """B§2.4: the wait wakes at the hang-up, the next node does not run, and nothing of the call is left to happen."""
    log: list[str] = []
    fakes = {"wait": watched(WAITS[wait](build), log), "after": build.doing()}
    stage = build.stage({"module": "wait", "children": {"_": {"module": "after"}}}, fakes=fakes).offer()
    if wait == "dial, talking":
        stage.tell(1_000, Answers(), "B")
    stage.tell(3_000, HangsUp()).run()
    # A dial and a take have a result for a caller who left; so has waiting for the hang-up. The others throw.
    has_answer = wait.startswith(("dial", "take", "wait for hang"))
    assert log == ["answered" if has_answer else "hung up"]
    assert stage.path() == ["wait"]
    assert stage.ends()["A"][::2] == (3_000, "caller")
    assert stage.times(FLOW, "hard stop") == [3_000]
    assert (stage.engine.live_calls, stage.engine.next_ms, stage.engine.now_ms) == ((), None, 3_000)


@pytest.mark.parametrize("wait", ["play", "dial, ringing"])
def test_what_plays_ends_with_the_caller(build: Any, wait: str) -> None:
    """Law 5: a sound that was cut off has a row for its end, which says whose end it is."""
    stage = build.perform(build.doing(*WAITS[wait](build)), (3_000, HangsUp()))
    (starts,) = stage.find(AUDIO, "plays")
    assert [(row.at_ms, row.detail) for row in stage.find(AUDIO, "ends")] == [(3_000, {"of": starts.seq})]


@pytest.mark.parametrize("wait", WAITS)
def test_digits_do_not_wake_a_wait_that_wants_none(build: Any, wait: str) -> None:
    """B§7.0: digits go to who listens; a sleep, a dialling and a wait for the hang-up do not."""
    log: list[str] = []
    stage = build.stage({"module": "wait"}, fakes={"wait": watched(WAITS[wait](build), log)}).offer()
    stage.tell(500, Presses("5")).run(until_ms=600)
    assert bool(log) == (wait in ("play", "wait for a digit", "take"))
    assert len(stage.find("EVENT", "DTMF")) == 1


def test_hung_up_can_be_caught_to_tidy_up(build: Any) -> None:
    """B§2.4: a script may catch HungUp; an effect that needs the caller raises it again, one that needs none works."""
    log: list[str] = []

    async def tidy(call: Any, settings: Any) -> Next:
        """Take a message, wait, and keep it when the caller has left."""
        take = await RecordTake("voicemail", build.options(), 0)
        try:
            await Sleep(60_000)
        except HungUp:
            log.append("first")
        try:
            await Play((SONG,))
        except HungUp:
            log.append("again")
        await StopRecording()
        await KeepTake(take.recording, "box")
        return CONTINUE

    stage = build.perform(tidy, (4_000, Presses("1")), (9_000, HangsUp()))
    assert log == ["first", "again"]
    assert [row.detail["length_ms"] for row in stage.find("MAILBOX")] == [4_000]
    assert stage.find(ERROR) == []
    assert stage.engine.live_calls == ()


@pytest.mark.parametrize(
    "effect", [Answer(), Sleep(1), Play((SONG,)), WaitForHangup(), "start", "dial", "take"], ids=str
)
def test_effects_for_a_caller_who_left_raise(build: Any, effect: Any) -> None:
    """B§2.4: once the caller is gone, every effect that needs one throws HungUp, which no `except Exception` eats."""
    named: dict[Any, Effect[Any]] = {"start": StartRecording(build.options()), "dial": dial_lobby(build)}
    named["take"] = RecordTake("caller", build.options(), 0)
    log: list[str] = []

    async def stubborn(call: Any, settings: Any) -> Next:
        """Try once more."""
        await WaitForHangup()
        try:
            await named.get(effect, effect)
        except Exception:
            log.append("eaten")
        log.append("went on")
        return CONTINUE

    stage = build.perform(stubborn, (2_000, HangsUp()))
    assert log == []
    assert stage.find(FLOW, "hard stop") != []
    assert stage.find(LEG, "CHANNEL_DESTROY")[0].at_ms == 2_000


def test_a_crash_after_the_hang_up_is_still_told(build: Any) -> None:
    """B§2.2 and B§2.4: an action that raises when its caller has left makes an ERROR row, and the call ends."""

    async def clumsy(call: Any, settings: Any) -> Next:
        """Stumble over the hang-up."""
        try:
            await Sleep(5_000)
        except HungUp as gone:
            raise RuntimeError("stumbled") from gone
        return CONTINUE

    stage = build.perform(clumsy, (1_000, HangsUp()))
    assert "RuntimeError: stumbled" in stage.find(ERROR)[0].detail["message"]
    assert stage.engine.live_calls == ()
