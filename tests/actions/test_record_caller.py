"""record_caller: one side and blocking, or both sides and not, by profile (the seed, opening; B§5)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.events import Controls, HangsUp, Presses, Speaks, SwitchFault
from callflow.core.trace import DELIVERY, WARNING

PROFILES = ("docs", "kazoo-4", "kazoo-5")

NODE: dict[str, Any] = {
    "module": "record_caller",
    "data": {"time_limit": 30, "url": "http://h/r"},
    "children": {"_": {"module": "noop"}},
}
SPEAKS = (0, Speaks({"voice": "caller"}, 60_000))


def taken(build: Any, profile: str, *tells: Any, **data: Any) -> tuple[Any, dict[str, Any]]:
    """Run one record_caller node; returns the stage and its recording."""
    stage = build.play({**NODE, "data": {**NODE["data"], **data}}, *tells, profile=profile)
    (made,) = stage.recordings()
    return stage, made


@pytest.mark.parametrize(
    ("profile", "answers", "channels", "rate"),
    [("docs", 1, 1, 8_000), ("kazoo-4", 1, 1, 8_000), ("kazoo-5", 0, 2, 16_000)],
)
def test_sides(build: Any, profile: str, answers: int, channels: int, rate: int) -> None:
    """B§5: answers and records the read side; Kazoo 5 pre-answers and records both."""
    stage, made = taken(build, profile, SPEAKS, (4_000, HangsUp()))
    assert len(stage.find("LEG", "CHANNEL_ANSWER")) == answers
    assert (made["kind"], made["channels"], made["sample_rate"], made["origin"]) == (
        "caller",
        channels,
        rate,
        "no origin",
    )


@pytest.mark.parametrize(
    ("profile", "length_ms", "ended_by"),
    [("docs", 4_000, "digit"), ("kazoo-4", 4_000, "digit"), ("kazoo-5", 30_000, "time_limit")],
)
def test_digits(build: Any, profile: str, length_ms: int, ended_by: str) -> None:
    """B§5: any digit ends it; in Kazoo 5 digits have no effect. The flow waits for the end, and then goes on."""
    stage, made = taken(build, profile, SPEAKS, (4_000, Presses("7")))
    assert (made["length_ms"], made["ended_by"]) == (length_ms, ended_by)
    assert (stage.path(), stage.times("NODE")) == (["record_caller", "noop"], [0, length_ms])


@pytest.mark.parametrize(
    ("profile", "length_ms", "ended_by"),
    [("docs", 30_000, "time_limit"), ("kazoo-4", 5_000, "initial_silence"), ("kazoo-5", 30_000, "time_limit")],
)
def test_silence(build: Any, profile: str, length_ms: int, ended_by: str) -> None:
    """B§5: five seconds of silence end it in Kazoo 4 only."""
    assert [taken(build, profile)[1][key] for key in ("length_ms", "ended_by")] == [length_ms, ended_by]


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_hang_up(build: Any, profile: str) -> None:
    """B§5: a hang-up ends the recording and the flow; the file is delivered."""
    stage, made = taken(build, profile, SPEAKS, (4_000, HangsUp()))
    assert (made["to"], made["length_ms"], made["ended_by"]) == ("FINISHED", 4_000, "hangup")
    assert stage.path() == ["record_caller"]
    assert stage.find(DELIVERY, "REQUESTED")[0].detail["target"] == "url"
    assert stage.engine.live_calls == ()


@pytest.mark.parametrize(("profile", "length_ms"), [("docs", 30_000), ("kazoo-4", 30_300), ("kazoo-5", 29_300)])
def test_the_limit_by_each_clock(build: Any, profile: str, length_ms: int) -> None:
    """B§3.4, B§4.6: exact, up to a second late by the record application, up to one early as a call recording."""
    nap = {"module": "sleep", "data": {"duration": 700, "unit": "ms"}, "children": {"_": NODE}}
    stage = build.play(nap, SPEAKS, (1_000, Speaks({"voice": "caller"}, 60_000)), profile=profile)
    assert stage.recordings()[0]["length_ms"] == length_ms


STARTED = {"module": "record_call", "data": {"time_limit": 5}, "children": {"_": NODE}}


def test_kazoo_5_goes_on_at_any_record_stop(build: Any) -> None:
    """B§5: it waits for the RECORD_STOP of any recording of the leg, and its own runs on until the hang-up."""
    stage = build.play(STARTED, profile="kazoo-5")
    call, caller = stage.recordings()
    assert (call["RECORD_STOP"], call["ended_by"]) == (5_000, "time_limit")
    assert stage.times("NODE") == [0, 0, 5_000]
    assert (caller["kind"], caller["RECORD_STOP"], caller["ended_by"]) == ("caller", 5_000, "hangup")


@pytest.mark.parametrize(
    ("profile", "length_ms", "ended_by"), [("docs", 5_000, "stop"), ("kazoo-4", 31_000, "time_limit")]
)
def test_a_take_of_the_caller_and_another_recordings_end(
    build: Any, profile: str, length_ms: int, ended_by: str
) -> None:
    """B§3.11, C2: any RECORD_STOP of the leg ends it; Kazoo 4 looks at the name."""
    made = build.play(STARTED, SPEAKS, profile=profile).recordings()[1]
    assert (made["length_ms"], made["ended_by"]) == (length_ms, ended_by)


def test_kazoo_5_is_on_the_stack(build: Any) -> None:
    """B§5: it is started as record_call is: a stop elsewhere ends it, here that of the API."""
    stage, made = taken(build, "kazoo-5", (4_000, Controls("stop")))
    assert (made["length_ms"], made["ended_by"], stage.times("NODE")) == (4_000, "stop", [0, 4_000])


@pytest.mark.parametrize("fault", ["open", "confirm"])
def test_kazoo_5_waits_two_seconds_longer_than_its_limit(build: Any, fault: SwitchFault) -> None:
    """B§5: without a RECORD_STOP the flow goes on after time_limit + 2 s."""
    stage = build.stage({**NODE, "data": {"time_limit": 30}}, profile="kazoo-5")
    stage.engine.break_switch(fault)
    stage.offer().run()
    assert stage.recordings()[0]["to"] == "LOST"
    assert stage.times("NODE") == [0, 32_000]


def test_kazoo_5_waits_while_its_recording_does(build: Any) -> None:
    """B§5, B§3.6: it has record_call's keys: one that never starts is waited for until the flow gives up."""
    stage, made = taken(build, "kazoo-5", record_on_bridge=True)
    assert (made["to"], stage.times("NODE")) == ("NEVER_STARTED", [0, 32_000])


@pytest.mark.parametrize("profile", ["docs", "kazoo-4"])
def test_a_take_that_cannot_start_holds_nobody(build: Any, profile: str) -> None:
    """B§5, B§3.8: the record application fails at once, and the flow goes on."""
    stage = build.stage(NODE, profile=profile)
    stage.engine.break_switch("open")
    stage.offer().run()
    (made,) = stage.recordings()
    assert (made["to"], made["ended_by"], made["completion_cause"]) == ("LOST", "media_failure", None)
    assert stage.times("NODE") == [0, 0]


def test_format_and_origin(build: Any) -> None:
    """B§5, Keys: those of a recording."""
    _, made = taken(build, "docs", format="wav", origin="by hand", record_sample_rate=16_000)
    assert [made[key] for key in ("format", "origin", "sample_rate")] == ["wav", "by hand", 16_000]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("url", "store", "is_stored"),
    [("", False, False), ("s3://bucket/r", True, False), ("", True, True), ("http://h/r", False, True)],
)
def test_kazoo_4_records_nothing_for_nobody(build: Any, profile: str, url: str, store: bool, is_stored: bool) -> None:
    """B§5, B§6.1: asked before, where nobody would store it, Kazoo 4 goes on at once, and does not answer."""
    data = {"time_limit": 30, **({"url": url} if url else {})}
    stage = build.play({**NODE, "data": data}, SPEAKS, profile=profile, account=build.household(store_recordings=store))
    records = is_stored or profile != "kazoo-4"
    assert len(stage.recordings()) == records
    assert [row.name for row in stage.find(WARNING)].count("record-caller-not-stored") == (not records)
    assert stage.path() == ["record_caller", "noop"]
    if not records:
        assert stage.times("NODE") == [0, 0] and stage.find("LEG", "CHANNEL_ANSWER") == []


@pytest.mark.parametrize(("profile", "is_calls"), [("docs", False), ("kazoo-4", True), ("kazoo-5", False)])
def test_the_name_in_kazoo_4_is_the_calls(build: Any, profile: str, is_calls: bool) -> None:
    """B§5, Name: `<call id>.<ext>`, in the others as record_call's."""
    _, made = taken(build, profile, SPEAKS, (4_000, HangsUp()), format="wav")
    assert (made["name"] == "c1.wav") == is_calls and made["name"].endswith(".wav")
