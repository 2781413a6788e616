"""The record application: takes of the caller's voice, and the quiet that ends them (B§4.6, B§5)."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from callflow.core.causes import EndedBy
from callflow.core.effects import (
    ANY_DIGIT,
    CONTINUE,
    Answer,
    DropTake,
    KeepTake,
    Next,
    RecordTake,
    Sleep,
    StartRecording,
    Take,
)
from callflow.core.events import Controls, FallsSilent, HangsUp, Presses, Speaks
from callflow.core.silence import Listening
from callflow.core.trace import DELIVERY, MAILBOX, RECORDER, WARNING

VOICE = {"voice": "caller"}


def taken(
    build: Any, *tells: Any, silence_ms: int = 0, digits: str = ANY_DIGIT, **more: Any
) -> tuple[Any, Take | None]:
    """Take one recording of the caller from 0 ms on; returns the stage and what the script was told."""
    told: list[Take] = []
    least_ms = more.pop("min_length_ms", 0)
    effect = RecordTake("voicemail", build.options(channels=1, **more), silence_ms, least_ms, digits)

    async def script(call: Any, settings: Any) -> Next:
        """Take, and keep what came of it."""
        await Answer()
        told.append(await effect)
        return CONTINUE

    return build.perform(script, *tells), told[0] if told else None


def test_a_digit_ends_a_take(build: Any) -> None:
    """B§4.6: a terminator ends it and is reported."""
    _, take = taken(build, (2_500, Presses("#")))
    assert take == Take(0, 2_500, EndedBy.DIGIT, "#")


def test_a_digit_that_is_no_terminator_is_recorded(build: Any) -> None:
    """B§5, v5: digits have no effect where none is wanted."""
    _, take = taken(build, (2_500, Presses("#")), (4_000, HangsUp()), digits="")
    assert take == Take(0, 4_000, EndedBy.HANGUP)


def test_only_the_first_digit_counts(build: Any) -> None:
    """Law 3: a second digit in the instant of the first finds the take being closed."""
    _, take = taken(build, (2_500, Presses("1")), (2_500, Presses("2")))
    assert take == Take(0, 2_500, EndedBy.DIGIT, "1")


def test_the_limit_ends_a_take_exactly(build: Any) -> None:
    """B§4.6: the longest message."""
    stage, take = taken(build, time_limit_s=3)
    assert take == Take(0, 3_000, EndedBy.TIME_LIMIT)
    assert stage.recordings()[0]["completion_cause"] is None  # the record application reports none


@pytest.mark.parametrize(
    ("tells", "end_ms", "ended_by"),
    [
        ([], 5_000, EndedBy.INITIAL_SILENCE),
        ([(1_000, Speaks(VOICE, 2_000))], 8_000, EndedBy.FINAL_SILENCE),
        ([(1_000, Speaks(VOICE, 2_000)), (7_990, Speaks(VOICE, 1_000))], 14_000, EndedBy.FINAL_SILENCE),
        ([(1_000, Speaks(VOICE, 2_000)), (7_999, Speaks(VOICE, 1_000))], 8_000, EndedBy.FINAL_SILENCE),
        ([(1_000, Speaks(VOICE, 60_000)), (2_000, FallsSilent())], 7_000, EndedBy.FINAL_SILENCE),
        ([(4_000, Speaks(VOICE, 2_000)), (5_000, Speaks(VOICE, 500))], 10_500, EndedBy.FINAL_SILENCE),
        ([(1_000, FallsSilent())], 5_000, EndedBy.INITIAL_SILENCE),
    ],
    ids=[
        "never speaks",
        "speaks once",
        "speaks just in time",
        "a millisecond is no word",
        "falls silent",
        "cut off by itself",
        "silent anyway",
    ],
)
def test_quiet_ends_a_take(build: Any, tells: Any, end_ms: int, ended_by: EndedBy) -> None:
    """B§4.6: five seconds of quiet, from the very start or since the caller last spoke; a loud frame refills it."""
    _, take = taken(build, *tells, silence_ms=5_000)
    assert take == Take(0, end_ms, ended_by)


def test_speech_from_before_the_take_holds_the_quiet_off(build: Any) -> None:
    """B§4.6: who already speaks when the take begins is heard from its first frame."""
    told: list[Take] = []

    async def script(call: Any, settings: Any) -> Next:
        """Wait a little before taking."""
        await Answer()
        await Sleep(1_000)
        told.append(await RecordTake("voicemail", build.options(), 5_000))
        return CONTINUE

    build.perform(script, (500, Speaks(VOICE, 3_000)))
    assert told == [Take(0, 2_500 + 5_000, EndedBy.FINAL_SILENCE)]


def test_hang_up_in_a_take_still_answers_the_script(build: Any) -> None:
    """B§7.6 step 11a: the script learns of the take although the caller is gone."""
    stage, take = taken(build, (1_800, HangsUp()))
    assert take == Take(0, 1_800, EndedBy.HANGUP)
    assert stage.events("RECORD_STOP", "CHANNEL_DESTROY") == ["RECORD_STOP(A)", "CHANNEL_DESTROY(A)"]


@pytest.mark.parametrize(("length_ms", "state"), [(499, "DISCARDED"), (500, "FINISHED")])
def test_a_short_take_is_discarded(build: Any, length_ms: int, state: str) -> None:
    """B§7.6 step 12: shorter than min_message_size is thrown away; the script is not told."""
    stage, take = taken(build, (length_ms, HangsUp()), min_length_ms=500)
    assert stage.recordings()[0]["to"] == state
    assert take is not None and take.length_ms == length_ms
    thrown = [row.rule for row in stage.find(RECORDER, "THROWN_AWAY")]
    assert thrown == (["min_message_size=500"] if state == "DISCARDED" else [])


@pytest.mark.parametrize("kind", ["voicemail", "caller"])
def test_what_becomes_of_a_take_by_itself(build: Any, kind: Literal["voicemail", "caller"]) -> None:
    """Design §12, Recordings: a caller's take is delivered as a recording; a message only when it is kept."""
    script = build.doing(Answer(), RecordTake(kind, build.options(url="http://h/r"), 0))
    stage = build.perform(script, (3_000, Presses("1")))
    assert [row.detail["target"] for row in stage.find(DELIVERY, "REQUESTED")] == (["url"] if kind == "caller" else [])


@pytest.mark.parametrize("store", [True, False])
def test_a_kept_message_is_stored_in_the_account_database(build: Any, store: bool) -> None:
    """Design §12, Recordings: whatever store_recordings says; the mailbox counts it."""

    async def script(call: Any, settings: Any) -> Next:
        """Take two messages and keep both."""
        await Answer()
        for _ in range(2):
            take = await RecordTake("voicemail", build.options(), 0)
            await KeepTake(take.recording, "box")
        counts.append(call.message_count("box"))
        return CONTINUE

    counts: list[int] = []
    account = build.with_box(build.household(store_recordings=store), message_count=3)
    stage = build.perform(script, (1_000, Presses("1")), (2_500, Presses("1")), account=account)
    assert counts == [5]
    kept = [(row.at_ms, row.detail["length_ms"], row.detail["recording"]) for row in stage.find(MAILBOX)]
    assert kept == [(1_000, 1_000, 0), (2_500, 1_500, 1)]
    assert {row.detail["target"] for row in stage.find(DELIVERY, "REQUESTED")} == {"account_database"}


def test_a_dropped_take_is_discarded_and_kept_nowhere(build: Any) -> None:
    """B§7.6 step 11b: recorded again, the old take is dropped; keeping a discarded one does nothing."""

    async def script(call: Any, settings: Any) -> Next:
        """Drop the take, then try to keep it."""
        await Answer()
        take = await RecordTake("voicemail", build.options(), 0)
        await DropTake(take.recording)
        await KeepTake(take.recording, "box")
        return CONTINUE

    stage = build.perform(script, (3_000, Presses("3")))
    assert stage.recordings()[0]["to"] == "DISCARDED"
    assert (stage.find(MAILBOX), stage.find(DELIVERY)) == ([], [])


@pytest.mark.parametrize(("profile", "length_ms"), [("docs", 31_000), ("kazoo-4", 31_300), ("kazoo-5", 31_300)])
def test_the_limit_of_a_take_by_whole_seconds(build: Any, profile: str, length_ms: int) -> None:
    """B§4.6: the record application ends in (limit, limit + 1] s of the clock; `docs` is exact."""
    script = build.doing(Answer(), Sleep(700), RecordTake("voicemail", build.options(channels=1, time_limit_s=31), 0))
    assert build.perform(script, profile=profile).recordings()[0]["length_ms"] == length_ms


STOPS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "its limit": ({"time_limit_s": 6}, ()),
    "a stop": ({}, ((6_000, Controls("stop")),)),
    "its silence": ({"listening": Listening("tap", 200, 6_000, 0)}, ()),
}


@pytest.mark.parametrize("end", STOPS)
@pytest.mark.parametrize(
    ("profile", "ended_by", "take_ms"),
    [("docs", "stop", 4_000), ("kazoo-4", "digit", 7_000), ("kazoo-5", "stop", 4_000)],
)
def test_the_end_of_a_call_recording_ends_a_take(
    build: Any, end: str, profile: str, ended_by: str, take_ms: int
) -> None:
    """The seed's note, B§3.11, C2: any RECORD_STOP of the leg ends the wait for a message; Kazoo 4 checks the name."""
    changes, tells = STOPS[end]
    take = RecordTake("voicemail", build.options(channels=1), 0)
    script = build.doing(Answer(), StartRecording(build.options(**changes)), Sleep(2_000), take, Sleep(1_000))
    stage = build.perform(script, *tells, (9_000, Presses("1")), profile=profile)
    call, message = stage.recordings()
    assert call["RECORD_STOP"] == 6_000
    assert (message["ended_by"], message["length_ms"]) == (ended_by, take_ms)
    asked = stage.find(RECORDER, "STOP_REQUESTED")
    assert [row.rule for row in asked if row.detail["recording"] == 1] == (
        ["profile.takes_accept_any_stop"] if ended_by == "stop" else []
    )


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_a_hang_up_ends_both(build: Any, profile: str) -> None:
    """B§3.11: the call's recording and the message end with the leg, each in its own right."""
    take = RecordTake("voicemail", build.options(channels=1), 0)
    script = build.doing(Answer(), StartRecording(build.options()), Sleep(2_000), take)
    made = build.perform(script, (6_000, HangsUp()), profile=profile).recordings()
    assert [(each["ended_by"], each["length_ms"]) for each in made] == [("hangup", 6_000), ("hangup", 4_000)]


@pytest.mark.parametrize(("starts", "warned"), [("at once", True), ("on answer", True), ("on bridge", False)])
def test_only_a_recording_that_runs_is_in_the_way(build: Any, starts: Any, warned: bool) -> None:
    """The seed's note: one that still waits for a bridge does not meet the message."""
    take = RecordTake("voicemail", build.options(channels=1), 0)
    script = build.doing(StartRecording(build.options(starts=starts)), Answer(), Sleep(500), take)
    stage = build.perform(script, (4_000, HangsUp()))
    assert [row.name for row in stage.find(WARNING)] == (["recording-during-take"] if warned else [])


@pytest.mark.parametrize("profile", ["kazoo-4", "kazoo-5"])
def test_a_limit_below_zero_ends_a_take_at_its_first_frame(build: Any, profile: str) -> None:
    """B§4.6, B§0: what a document outside the bounds says is used as written, and never lies in the past."""
    script = build.doing(Answer(), RecordTake("voicemail", build.options(channels=1, time_limit_s=-5), 0))
    (made,) = build.perform(script, profile=profile).recordings()
    assert (made["length_ms"], made["ended_by"]) == (0, "time_limit")
