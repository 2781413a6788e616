"""What a stop ends: the call's recordings are a stack (B§3.5, B§12 scenarios 4, 5 and 7)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import Answer, Dial, Effect, Endpoint, RecordTake, Sleep, StartRecording, StopRecording
from callflow.core.events import Answers, HangsUp, Presses
from callflow.core.trace import RECORDER, WARNING

PROFILES = ("docs", "kazoo-4", "kazoo-5")
STOP = StopRecording()


def ends(build: Any, profile: str, *effects: Effect[Any], tells: Any = ()) -> list[tuple[str, int | None]]:
    """Run the effects on an answered call; returns what ended each recording and when, in arming order."""
    stage = build.perform(build.doing(Answer(), *effects), *tells, profile=profile)
    return [(made.get("ended_by", made["to"]), made.get("RECORD_STOP")) for made in stage.recordings()]


def start(build: Any, **changes: Any) -> StartRecording:
    """Start a recording."""
    return StartRecording(build.options(**changes))


@pytest.mark.parametrize("profile", PROFILES)
def test_stop_ends_the_newest(build: Any, profile: str) -> None:
    """B§12 scenario 4: start, start, stop: the second stops, the first runs on."""
    found = ends(build, profile, start(build), start(build), Sleep(3_000), STOP, Sleep(3_000))
    assert found == [("hangup", 6_000), ("stop", 3_000)]


@pytest.mark.parametrize("profile", PROFILES)
def test_each_stop_ends_one_more(build: Any, profile: str) -> None:
    """B§3.5: last in, first out."""
    starts = [start(build), start(build), start(build)]
    stops = [Sleep(1_000), STOP, Sleep(1_000), STOP, Sleep(1_000), STOP, Sleep(1_000), STOP, Sleep(1_000)]
    assert ends(build, profile, *starts, *stops) == [("stop", 3_000), ("stop", 2_000), ("stop", 1_000)]


@pytest.mark.parametrize(
    ("profile", "older"), [("docs", ("stop", 10_000)), ("kazoo-4", ("hangup", 12_000)), ("kazoo-5", ("hangup", 12_000))]
)
def test_stop_of_one_that_has_ended(build: Any, profile: str, older: tuple[str, int]) -> None:
    """B§12 scenario 5: the code pops the ended one and ends nothing; the document's stop ends the newest live one."""
    effects = (start(build), start(build, time_limit_s=5), Sleep(10_000), STOP, Sleep(2_000))
    assert ends(build, profile, *effects) == [older, ("time_limit", 5_000)]


@pytest.mark.parametrize("profile", ["kazoo-4", "kazoo-5"])
def test_a_pop_of_an_ended_recording_is_late_and_says_why(build: Any, profile: str) -> None:
    """Laws 3 and 5: the stop that ended nothing is in the trace."""
    script = build.doing(Answer(), start(build, time_limit_s=5), Sleep(9_000), STOP, Sleep(1))
    stage = build.perform(script, profile=profile)
    assert [(row.name, row.detail["state"]) for row in stage.find("LATE")] == [("STOP_REQUESTED", "FINISHED")]


@pytest.mark.parametrize("profile", PROFILES)
def test_stop_with_nothing_to_stop(build: Any, profile: str) -> None:
    """B§3.5: a stop without a recording does nothing: no event, no error, and the flow goes on."""
    stage = build.perform(build.doing(Answer(), STOP, Sleep(1_000)), profile=profile)
    assert stage.ends()["A"][0] == 1_000
    assert [(row.name, row.detail) for row in stage.find(RECORDER)] == [("nothing to stop", None)]


def test_a_second_stop_finds_nothing(build: Any) -> None:
    """B§3.5, document's reading: what was stopped is off the stack."""
    stage = build.perform(build.doing(Answer(), start(build), Sleep(100), STOP, STOP, Sleep(100), STOP))
    assert [row.at_ms for row in stage.find(RECORDER, "nothing to stop")] == [100, 200]
    assert stage.recordings()[0]["length_ms"] == 100


@pytest.mark.parametrize(
    ("profile", "end"),
    [("docs", ("STOP_REQUESTED", 1_000)), ("kazoo-4", ("RECORD_STOP", 9_000)), ("kazoo-5", ("RECORD_STOP", 9_000))],
)
def test_stop_of_a_pending_start(build: Any, profile: str, end: tuple[str, int]) -> None:
    """B§12 scenario 7: the document's stop cancels an armed recording; the code's does not: it starts at the bridge."""
    lobby = Dial((Endpoint(build.household().devices["lobby"], 20_000),))
    script = build.doing(start(build, starts="on bridge"), Sleep(1_000), STOP, lobby)
    stage = build.perform(script, (4_000, Answers(), "B"), (9_000, HangsUp()), profile=profile)
    (made,) = stage.recordings()
    name, at_ms = end
    assert made[name] == at_ms
    assert made["to"] == ("NEVER_STARTED" if profile == "docs" else "FINISHED")
    forgot = [(row.at_ms, row.rule) for row in stage.find(RECORDER, "stop forgot")]
    assert forgot == ([] if profile == "docs" else [(1_000, "profile.stop_cancels_armed")])


@pytest.mark.parametrize("profile", ["docs", "kazoo-5"])
def test_a_stop_names_the_rule_that_chose(build: Any, profile: str) -> None:
    """Law 5: the row of a stop says by which rule it ended that recording."""
    stage = build.perform(build.doing(Answer(), start(build), Sleep(100), STOP, Sleep(100)), profile=profile)
    rules = {"docs": "law: stop ends the newest live recording", "kazoo-5": "profile.stop_pops_ended"}
    assert stage.find(RECORDER, "STOP_REQUESTED")[0].rule == rules[profile]


def test_a_take_is_never_on_the_stack(build: Any) -> None:
    """Design §12, Recordings: a stop never ends a voicemail or caller's take; it ends the call recording below it."""
    take = RecordTake("voicemail", build.options(), 0)
    script = build.doing(Answer(), start(build), take, STOP, Sleep(1_000))
    stage = build.perform(script, (4_000, Presses("1")))
    call, taken = stage.recordings()
    assert (call["ended_by"], call["length_ms"]) == ("stop", 4_000)
    assert (taken["ended_by"], taken["length_ms"]) == ("digit", 4_000)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_take_during_a_call_recording_is_warned_of(build: Any, recorded: bool) -> None:
    """The seed: call recording and voicemail do not play well together; one row says which two meet."""
    before = (start(build),) if recorded else ()
    script = build.doing(Answer(), *before, RecordTake("voicemail", build.options(), 0))
    stage = build.perform(script, (4_000, HangsUp()))
    expected = [{"code": "recording-during-take", "recording": 0, "take": 1}]
    assert [row.detail for row in stage.find(WARNING)] == (expected if recorded else [])
    assert {made["length_ms"] for made in stage.recordings()} == {4_000}


@pytest.mark.parametrize("profile", PROFILES)
def test_start_and_stop_in_one_instant_leave_the_older_alone(build: Any, profile: str) -> None:
    """B§3.5: a stop in the instant of the newest start ends that one, which is empty; the older one runs on."""
    effects = (start(build), Sleep(1_000), start(build), STOP, Sleep(1_000))
    assert ends(build, profile, *effects)[0] == ("hangup", 2_000)
    assert ends(build, profile, *effects)[1][0] == "stop"


@pytest.mark.parametrize(("profile", "ended_by", "at_ms"), [("kazoo-4", "hangup", 12_000), ("kazoo-5", "stop", 11_000)])
def test_stop_with_an_empty_list(build: Any, profile: str, ended_by: str, at_ms: int) -> None:
    """B§3.5, C8: a stop without a name: Kazoo 5 picks the newest that is active on the leg, Kazoo 4 finds nothing."""
    lobby = Dial((Endpoint(build.household().devices["lobby"], 20_000),))
    script = build.doing(start(build, starts="on bridge"), STOP, lobby, Sleep(2_000), STOP, Sleep(1_000))
    stage = build.perform(script, (4_000, Answers(), "B"), (9_000, HangsUp(), "B"), profile=profile)
    (made,) = stage.recordings()
    assert (made["ended_by"], made["RECORD_STOP"]) == (ended_by, at_ms)
    if profile == "kazoo-5":
        assert stage.find(RECORDER, "STOP_REQUESTED")[0].rule == "profile.empty_stop_ends_newest"
    else:
        assert stage.times(RECORDER, "nothing to stop") == [11_000]


@pytest.mark.parametrize("profile", PROFILES)
def test_stop_of_one_that_waits_for_an_answer(build: Any, profile: str) -> None:
    """B§3.5: as for the bridge: cancelled in the document's reading; forgotten in the code, and recorded."""
    script = build.doing(start(build, starts="on answer"), Sleep(1_000), STOP, Answer(), Sleep(2_000))
    (made,) = build.perform(script, profile=profile).recordings()
    assert made["to"] == ("NEVER_STARTED" if profile == "docs" else "FINISHED")
    assert made.get("RECORD_START") == (None if profile == "docs" else 1_000)


@pytest.mark.parametrize("profile", PROFILES)
def test_one_that_failed_to_start_is_popped_like_any_other(build: Any, profile: str) -> None:
    """B§3.5, B§3.8: the call's list does not know that the file was never opened; `docs` ends the newest live one."""
    script = build.doing(Answer(), start(build), Sleep(1_000), start(build), Sleep(1_000), STOP, Sleep(1_000))
    stage = build.stage({"module": "s"}, fakes={"s": script}, profile=profile)
    stage.engine.break_switch("open", after_ms=500)
    older, lost = stage.offer().run().recordings()
    assert lost["to"] == "LOST"
    assert (older["ended_by"], older["RECORD_STOP"]) == (("stop", 2_000) if profile == "docs" else ("hangup", 3_000))
