"""A million calls fit: when a call has ended nothing of it stays, without waiting for a cycle collector (law 8)."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from callflow.core.call import Call, FlowRun, Leg
from callflow.core.effects import (
    Answer,
    Dial,
    Effect,
    Endpoint,
    HungUp,
    Play,
    RecordTake,
    Respond,
    Sleep,
    StartRecording,
)
from callflow.core.events import Answers, HangsUp, Presses, Told
from callflow.core.recording import Recording
from callflow.core.sounds import BEEP

PER_CALL = (Call, Leg, FlowRun, Recording)


@pytest.fixture(autouse=True)
def no_cycle_collector() -> Iterator[None]:
    """What dies in these tests dies by itself."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def per_call_objects() -> list[Any]:
    """Every per-call object that is alive anywhere."""
    return [each for each in gc.get_objects() if type(each) in PER_CALL]


def lobby(build: Any, **changes: Any) -> Dial:
    """Ring the lobby's phone, and Bob's desk."""
    devices = build.household().devices
    return Dial((Endpoint(devices["lobby"], 20_000), Endpoint(devices["bob-desk"], 20_000, 3_000)), **changes)


def start(build: Any, **changes: Any) -> StartRecording:
    """Start a recording of at most three hours."""
    return StartRecording(build.options(time_limit_s=10_800, **changes))


LIVES: dict[str, tuple[Callable[[Any], tuple[Effect[Any], ...]], list[tuple[int, Told] | tuple[int, Told, str]]]] = {
    "the flow ends": (lambda build: (Answer(),), []),
    "refused": (lambda build: (Respond(486),), []),
    "hung up in a sleep": (lambda build: (Sleep(3_600_000),), [(1_000, HangsUp())]),
    "hung up in a prompt": (lambda build: (Answer(), Play((BEEP,), times=0)), [(1_000, HangsUp())]),
    "recorded": (lambda build: (Answer(), start(build), Sleep(5_000)), []),
    "recorded, hung up": (lambda build: (Answer(), start(build), Sleep(3_600_000)), [(1_000, HangsUp())]),
    "armed, never started": (lambda build: (start(build, starts="on bridge"), Sleep(5_000)), []),
    "nobody answers": (lambda build: (start(build), lobby(build)), []),
    "abandoned": (lambda build: (start(build), lobby(build)), [(4_000, HangsUp())]),
    "callee hangs up": (lambda build: (start(build), lobby(build)), [(4_000, Answers(), "B"), (9_000, HangsUp(), "B")]),
    "caller hangs up": (lambda build: (start(build), lobby(build)), [(4_000, Answers(), "B2"), (9_000, HangsUp())]),
    "take by a digit": (
        lambda build: (Answer(), RecordTake("caller", build.options(), 5_000)),
        [(4_000, Presses("1"))],
    ),
    "take by a hang-up": (lambda build: (Answer(), RecordTake("caller", build.options(), 5_000)), [(4_000, HangsUp())]),
    "take by silence": (lambda build: (Answer(), RecordTake("voicemail", build.options(), 5_000)), []),
}


@pytest.mark.parametrize("life", LIVES)
def test_nothing_of_an_ended_call_stays(build: Any, life: str) -> None:
    """Law 8: call, legs, flow run and recordings die with the call, although the engine and its timers live on."""
    effects, tells = LIVES[life]
    stage = build.stage({"module": "s"}, fakes={"s": build.doing(*effects(build))}).offer()
    for tell in tells:
        stage.tell(*tell)
    stage.run(until_ms=0)
    assert bool(per_call_objects()) == bool(stage.engine.live_calls)
    stage.run(until_ms=60_000)
    assert stage.engine.live_calls == ()
    assert per_call_objects() == []
    assert stage.engine.next_ms is None


def test_a_real_voicemail_leaves_nothing(build: Any) -> None:
    """Law 8: nor do the shipped scripts, which catch HungUp to keep the message."""
    flow = {
        "module": "record_call",
        "data": {"time_limit": 10_800},
        "children": {"_": {"module": "voicemail", "data": {"id": "box"}}},
    }
    stage = build.play(flow, (12_000, Presses("5")), (14_000, HangsUp()))
    assert (stage.engine.live_calls, per_call_objects()) == ((), [])


def test_a_script_that_crashes_leaves_nothing(build: Any) -> None:
    """Law 8: an exception's traceback does not keep the call."""

    async def broken(call: Any, settings: Any) -> None:
        """Fail, half-way."""
        await Answer()
        try:
            await Sleep(10_000)
        except HungUp as gone:
            raise RuntimeError("stumbled") from gone

    stage = build.perform(broken, (1_000, HangsUp()))
    assert len(stage.find("ERROR")) == 1
    assert per_call_objects() == []


def test_an_engine_that_ran_many_calls_is_as_large_as_before(build: Any) -> None:
    """Law 8: with the rows given away, calls in their hundreds leave no object behind, deliveries included."""
    recording = StartRecording(build.options(url="http://h/r", time_limit_s=5))
    script = build.doing(Answer(), recording, Sleep(2_000))
    stage = build.stage({"module": "s"}, fakes={"s": script})

    def calls(first: int) -> int:
        for number in range(first, first + 300):
            stage.offer(f"c{number}", at_ms=number)
        stage.run(until_ms=stage.engine.now_ms + 10_000)
        stage.rows.clear()
        return len(gc.get_objects())

    calls(0)
    before = calls(300)
    assert abs(calls(600) - before) < 30
