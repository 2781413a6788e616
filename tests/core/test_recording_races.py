"""What meets in one instant: starts, stops, hang-ups and second reports of one end (law 3; C10, C33)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import CONTINUE, Answer, Next, Sleep, StartRecording, StopRecording
from callflow.core.events import Controls, HangsUp, Told
from callflow.core.exchange import NOT_MOVED
from callflow.core.recorder import RecorderEvent
from callflow.core.recording import move_recording
from callflow.core.trace import DELIVERY, LATE_EVENT, RECORDER

PROFILES = ("docs", "kazoo-4", "kazoo-5")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("event", [RecorderEvent.RECORD_STOP, RecorderEvent.RECORD_STOP_UNWANTED])
def test_a_second_record_stop_is_late(build: Any, profile: str, event: RecorderEvent) -> None:
    """C10: a recording that is reported closed twice is stored once."""

    async def closed_twice(run: Any, settings: Any) -> Next:
        """Record, stop, and let the switch say so again."""
        await Answer()
        await StartRecording(build.options(url="http://h/r"))
        (recording,) = run.call.stack
        await Sleep(1_000)
        await StopRecording()
        await Sleep(1_000)
        assert move_recording(run._exchange, recording, event, -1) == NOT_MOVED
        await Sleep(1_000)
        return CONTINUE

    stage = build.perform(closed_twice, profile=profile)
    assert [(row.name, row.at_ms) for row in stage.find(LATE_EVENT)] == [(event.name, 2_000)]
    assert len(stage.find(RECORDER, "RECORD_STOP")) == len(stage.find(DELIVERY, "REQUESTED")) == 1
    assert stage.recordings()[0]["to"] == "FINISHED"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("told", [HangsUp(), Controls("stop")], ids=["hang-up", "stop"])
def test_an_end_in_the_instant_of_the_start(build: Any, profile: str, told: Told) -> None:
    """C33: right after the switch has opened the file: no frame has come; append mode keeps the empty file (B§3.8)."""
    stage = build.stage(
        {"module": "s"},
        fakes={"s": build.doing(Answer(), StartRecording(build.options()), Sleep(99))},
        profile=profile,
    ).offer()

    def on_row(row: Any) -> None:
        if row.name == "TRIGGERED":
            stage.tell(0, told)

    stage.run(on_row=on_row)
    (made,) = stage.recordings()
    assert (made["RECORD_START"], made["length_ms"], made["completion_cause"]) == (0, 0, "empty-file")
    assert made["to"] == ("DISCARDED" if profile == "docs" else "FINISHED")
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_stop_that_overtakes_the_start(build: Any, profile: str) -> None:
    """Law 3: the stop comes before the file is open: nothing was recorded, in no profile, and the start comes late."""
    script = build.doing(Answer(), StartRecording(build.options()), StopRecording(), Sleep(1_000))
    stage = build.perform(script, profile=profile)
    (made,) = stage.recordings()
    assert (made["to"], made["ended_by"], made["completion_cause"]) == ("DISCARDED", "stop", "empty-file")
    assert [row.name for row in stage.find(LATE_EVENT)] == ["RECORD_START"]
    assert stage.find(DELIVERY) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("hang_up_ms", range(8))
def test_a_hang_up_around_start_and_limit(build: Any, profile: str, hang_up_ms: int) -> None:
    """C33: at each millisecond of a short life the call ends clean, and its file is closed before its leg (B§8.2)."""
    script = build.doing(
        Sleep(2),
        StartRecording(build.options(starts="on answer")),
        Sleep(2),
        Answer(),
        Sleep(1),
        StopRecording(),
        Sleep(9),
    )
    stage = build.perform(script, (hang_up_ms, HangsUp()), profile=profile)
    made = stage.recordings()
    assert len(made) == (hang_up_ms > 2)
    for each in made:
        assert each["to"] in ("NEVER_STARTED", "DISCARDED", "FINISHED")
        assert each.get("LEG_GONE", each.get("RECORD_STOP", each.get("RECORD_STOP_UNWANTED"))) <= hang_up_ms
    assert stage.events()[-1] == "CHANNEL_DESTROY(A)"
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)


def test_limit_and_hang_up_in_one_instant(build: Any) -> None:
    """B§3.8: the first cause wins, and the second is noted as late."""
    script = build.doing(Answer(), StartRecording(build.options(time_limit_s=5)), Sleep(9_000))
    told_before = build.perform(script, (5_000, HangsUp()))
    assert told_before.recordings()[0]["ended_by"] == "hangup"
    stage = build.stage({"module": "s"}, fakes={"s": script}).offer()

    def on_row(row: Any) -> None:
        if row.name == "LIMIT_REACHED":
            stage.tell(0, HangsUp())

    stage.run(on_row=on_row)
    assert stage.recordings()[0]["ended_by"] == "time_limit"
    assert stage.events("RECORD_STOP", "CHANNEL_DESTROY") == ["RECORD_STOP(A)", "CHANNEL_DESTROY(A)"]
