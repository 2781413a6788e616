"""When a recording starts, how long it runs, and what is kept of it (B§3.3, B§3.4, B§3.6, B§3.8, B§3.9)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import Answer, Dial, Endpoint, Sleep, StartRecording, StopRecording
from callflow.core.events import Answers, HangsUp
from callflow.core.trace import DELIVERY, LEG, RECORDER

PROFILES = ("docs", "kazoo-4", "kazoo-5")


def lobby(build: Any) -> Dial:
    """Ring one phone for 20 s."""
    return Dial((Endpoint(build.household().devices["lobby"], 20_000),))


def record(build: Any, *before: Any, then: tuple[Any, ...] = (Sleep(10_000),), tells: Any = (), **changes: Any) -> Any:
    """Do `before`, start one recording, and do `then`; `profile` is the run's, other changes the recording's."""
    setting = {"profile": changes.pop("profile", "docs")}
    script = build.doing(*before, StartRecording(build.options(**changes)), *then)
    return build.perform(script, *tells, **setting)


def test_a_recording_on_an_unanswered_leg_forces_early_media(build: Any) -> None:
    """B§3.3: recording needs media: the caller is pre-answered, and the file runs from the node on."""
    stage = record(build, Sleep(300))
    assert stage.events()[:3] == ["CHANNEL_CREATE(A)", "CHANNEL_PROGRESS_MEDIA(A)", "RECORD_START(A)"]
    assert stage.find(LEG, "CHANNEL_PROGRESS_MEDIA")[0].rule == "law: recording needs media (B§3.3)"
    (made,) = stage.recordings()
    assert (made["ARMED"], made["RECORD_START"], made["RECORD_STOP"]) == (300, 300, 10_300)
    assert (made["length_ms"], made["ended_by"], made["completion_cause"]) == (10_000, "hangup", "success-silence")


def test_a_recording_on_an_answered_leg_changes_nothing_on_it(build: Any) -> None:
    """B§3.3: a leg with media needs no early media."""
    assert record(build, Answer()).find(LEG, "CHANNEL_PROGRESS_MEDIA") == []


def test_what_a_recording_is_named(build: Any) -> None:
    """B§3.2: the document id is the month and 32 hex digits, the name 32 hex digits and the format, unless stated."""
    (made,) = record(build).recordings()
    assert made["id"].startswith("197001-") and len(made["id"]) == 7 + 32
    assert len(made["name"]) == 32 + len(".mp3") and made["name"].endswith(".mp3")
    int(made["id"][7:] + made["name"][:32], 16)
    (named,) = record(build, media_id="doc", media_name="file", origin="by hand", format="wav").recordings()
    assert [named[key] for key in ("id", "name", "origin", "format")] == ["doc", "file", "by hand", "wav"]


RINGS = ((4_000, Answers(), "B"), (9_000, HangsUp(), "B"))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("starts", "docs_ms", "kazoo_ms"),
    [("at once", 0, 0), ("on answer", 4_000, 4_000), ("on bridge", 4_000, 4_200)],
)
def test_start_before_the_answer(build: Any, profile: str, starts: str, docs_ms: int, kazoo_ms: int) -> None:
    """B§3.6, first row: at the node, right after this leg's answer, or once it is bridged."""
    stage = record(build, then=(lobby(build),), tells=RINGS, starts=starts, profile=profile)
    (made,) = stage.recordings()
    assert made["RECORD_START"] == (docs_ms if profile == "docs" else kazoo_ms)
    assert made["TRIGGERED"] == made["RECORD_START"]
    assert (made["RECORD_STOP"], made["to"]) == (9_000, "FINISHED")
    if starts != "at once":
        assert stage.find(RECORDER, "TRIGGERED")[0].rule == f"record_{starts.replace(' ', '_')}"
        assert stage.find(LEG, "CHANNEL_PROGRESS_MEDIA") == []


@pytest.mark.parametrize(("profile", "starts_ms"), [("docs", 500), ("kazoo-4", None), ("kazoo-5", None)])
def test_on_answer_when_answered_already(build: Any, profile: str, starts_ms: int | None) -> None:
    """B§3.6 and B§12 scenario 6: the document's reading starts at once, the code never does (C3)."""
    stage = record(build, Answer(), Sleep(500), starts="on answer", profile=profile)
    (made,) = stage.recordings()
    assert made.get("RECORD_START") == starts_ms
    assert made["to"] == ("FINISHED" if profile == "docs" else "NEVER_STARTED")
    if profile == "docs":
        assert stage.find(RECORDER, "TRIGGERED")[0].rule == "profile.starts_at_once_when_answered"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("starts", ["on answer", "on bridge"])
def test_what_never_comes_never_starts(build: Any, profile: str, starts: str) -> None:
    """C6: the answer or the bridge never comes: nothing is recorded, nothing delivered, and nothing is left waiting."""
    stage = record(build, then=(lobby(build),), starts=starts, profile=profile)
    (made,) = stage.recordings()
    assert (made["to"], made["LEG_GONE"]) == ("NEVER_STARTED", 20_000)
    assert stage.find(DELIVERY) == []
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)


@pytest.mark.parametrize("profile", PROFILES)
def test_on_bridge_on_an_answered_call_waits_for_the_bridge(build: Any, profile: str) -> None:
    """B§3.6, second row: answered but not bridged waits for the next bridge in every profile."""
    stage = record(build, Answer(), then=(lobby(build),), tells=RINGS, starts="on bridge", profile=profile)
    assert stage.recordings()[0]["RECORD_START"] == (4_000 if profile == "docs" else 4_200)


@pytest.mark.parametrize(
    ("profile", "limit_s", "started_ms", "length_ms"),
    [
        ("docs", 5, 0, 5_000),
        ("docs", 5, 1, 5_000),
        ("docs", 5, 999, 5_000),
        ("kazoo-5", 5, 0, 5_000),
        ("kazoo-5", 5, 1, 4_999),
        ("kazoo-4", 5, 999, 4_001),
        ("kazoo-4", 1, 2_500, 500),
    ],
)
def test_time_limit(build: Any, profile: str, limit_s: int, started_ms: int, length_ms: int) -> None:
    """B§3.4: exact from the real start; the switch's whole-second clock ends it up to a second early."""
    limit: dict[str, Any] = {"time_limit_s": limit_s, "time_limit_rule": "record_call.time_limit=x"}
    stage = record(build, Sleep(started_ms), profile=profile, **limit)
    (made,) = stage.recordings()
    assert (made["length_ms"], made["ended_by"], made["completion_cause"]) == (
        length_ms,
        "time_limit",
        "success-maxtime",
    )
    assert (limit_s - 1) * 1_000 < made["length_ms"] <= limit_s * 1_000
    assert stage.find(RECORDER, "LIMIT_REACHED")[0].rule == "record_call.time_limit=x"
    assert stage.ends()["A"][0] == started_ms + 10_000  # the call goes on


def test_limit_counts_from_the_start_not_from_the_node(build: Any) -> None:
    """B§3.4: the clock of the limit starts with the recorder, after the wait for the answer."""
    stage = record(
        build,
        then=(lobby(build),),
        tells=((4_000, Answers(), "B"), (30_000, HangsUp())),
        starts="on answer",
        time_limit_s=5,
    )
    assert stage.recordings()[0]["RECORD_STOP"] == 9_000


@pytest.mark.parametrize(
    ("profile", "least_s", "length_ms", "kept"),
    [
        ("docs", 3, 2_999, False),
        ("docs", 3, 3_000, True),
        ("docs", 0, 20, True),
        ("kazoo-4", 3, 2_999, True),
        ("kazoo-5", 3, 100, True),
    ],
)
def test_minimum_length(build: Any, profile: str, least_s: int, length_ms: int, kept: bool) -> None:
    """B§3.9 and C11: shorter than record_min_sec is deleted, equal is kept; the code keeps everything."""
    stage = record(build, then=(Sleep(length_ms), StopRecording()), min_length_s=least_s, profile=profile)
    (made,) = stage.recordings()
    assert (made["to"], made["length_ms"], made["ended_by"]) == ("FINISHED" if kept else "DISCARDED", length_ms, "stop")
    assert made["completion_cause"] == ("success-maxtime" if kept else "input-too-short")
    assert bool(stage.find(DELIVERY)) == kept
    assert stage.events("RECORD_STOP") == ["RECORD_STOP(A)"]
    if not kept:
        assert made["rules"][-1] == f"record_min_sec={least_s}"


@pytest.mark.parametrize(("length_ms", "kept"), [(0, False), (19, False), (20, True)])
def test_less_than_a_frame_is_an_empty_file(build: Any, length_ms: int, kept: bool) -> None:
    """B§3.8: no audio at all: the file is removed with cause empty-file, and not delivered."""
    stage = record(build, Answer(), then=(Sleep(length_ms), StopRecording(), Sleep(50)))
    (made,) = stage.recordings()
    assert made["completion_cause"] == ("success-maxtime" if kept else "empty-file")
    assert bool(stage.find(DELIVERY)) == kept


@pytest.mark.parametrize(
    "then", [(), (StopRecording(),), (StopRecording(), Sleep(100))], ids=["hang-up", "stop, hang-up", "stop"]
)
def test_start_and_end_in_one_instant(build: Any, then: tuple[Any, ...]) -> None:
    """Law 3 and C33: a recording that ends before the switch opened its file is empty, and its start comes late."""
    stage = record(build, Answer(), then=then)
    (made,) = stage.recordings()
    assert (made["to"], made["length_ms"], made["completion_cause"]) == ("DISCARDED", 0, "empty-file")
    assert "RECORD_START" not in made
    assert [row.name for row in stage.find("LATE") if row.name == "RECORD_START"] == ["RECORD_START"]
    assert (stage.engine.live_calls, stage.engine.next_ms) == ((), None)


@pytest.mark.parametrize("end", ["stop, then the flow ends", "limit, then the caller leaves", "caller leaves"])
def test_record_stop_comes_before_the_legs_end(build: Any, end: str) -> None:
    """B§8.2: at hang-up RECORD_STOP precedes CHANNEL_DESTROY, also when the recording was just being closed."""
    then = (Sleep(5_000), StopRecording()) if end.startswith("stop") else (Sleep(60_000),)
    limit_s = 5 if end.startswith("limit") else 3_600
    stage = record(build, Answer(), then=then, tells=((5_000, HangsUp()),), time_limit_s=limit_s)
    assert stage.events("RECORD_STOP", "CHANNEL_DESTROY") == ["RECORD_STOP(A)", "CHANNEL_DESTROY(A)"]
    (made,) = stage.recordings()
    assert (made["to"], made["length_ms"]) == ("FINISHED", 5_000)
    assert [row.name for row in stage.find(DELIVERY)][:1] == ["REQUESTED"]


def test_what_ends_first_in_an_instant_is_the_cause(build: Any) -> None:
    """B§3.8 and law 4: the first cause wins: here the stop, whose wait began before the limit's."""
    stage = record(build, Answer(), then=(Sleep(5_000), StopRecording(), Sleep(1_000)), time_limit_s=5)
    (made,) = stage.recordings()
    assert (made["ended_by"], made["length_ms"], made["completion_cause"]) == ("stop", 5_000, "success-maxtime")
    assert len(stage.find(RECORDER, "RECORD_STOP")) == 1


def test_two_recordings_of_one_call_run_side_by_side(build: Any) -> None:
    """B§3.5 and C9: a second start is a second recording with its own id, name and limit."""
    both = (StartRecording(build.options(time_limit_s=7)), Sleep(20_000))
    stage = record(build, Answer(), then=(Sleep(1_000), *both), time_limit_s=5)
    first, second = stage.recordings()
    assert (first["RECORD_STOP"], second["RECORD_STOP"]) == (5_000, 8_000)
    assert (first["recording"], second["recording"]) == (0, 1)
    assert first["id"] != second["id"] and first["name"] != second["name"]


def test_recording_goes_on_when_the_callee_leaves(build: Any) -> None:
    """B§3.7: a recording is a tap on the caller's leg; the callee's end does not end it."""
    stage = record(build, then=(lobby(build), Sleep(6_000)), tells=RINGS)
    assert stage.recordings()[0]["length_ms"] == 15_000
