"""Hold: who presses it, who hears music, and what comes too late (B§8.1; design §12, Sound)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.events import Answers, HangsUp, Holds, Resumes, Speaks, Transfers
from callflow.report.hearing import soundtracks

RING = {"module": "device", "data": {"id": "lobby"}}
RECORDED = {"module": "record_call", "data": {"action": "start"}, "children": {"_": RING}}
ANSWERED = (1_000, Answers(), "B")
VOICE = Speaks({"voice": "somebody"}, 1_000)


@pytest.mark.parametrize("leg", ["A", "B"])
def test_hold_is_an_event_of_the_leg_that_pressed_it(build: Any, leg: str) -> None:
    """B§8.1: CHANNEL_HOLD and CHANNEL_UNHOLD on the holding leg; the bridge stays, and the talk goes on."""
    stage = build.play(RING, ANSWERED, (2_000, Holds(), leg), (5_000, Resumes(), leg), (9_000, HangsUp(), "B"))
    assert stage.times("LEG", "CHANNEL_HOLD", leg) == [2_000]
    assert stage.times("LEG", "CHANNEL_UNHOLD", leg) == [5_000]
    assert stage.events("CHANNEL_HOLD", "CHANNEL_UNHOLD", "CHANNEL_UNBRIDGE") == [
        f"CHANNEL_HOLD({leg})", f"CHANNEL_UNHOLD({leg})", "CHANNEL_UNBRIDGE(A)",
    ]  # fmt: skip
    assert stage.ends()["A"] == (9_000, "NORMAL_CLEARING", "lobby")


@pytest.mark.parametrize("holder", ["A", "B"])
@pytest.mark.parametrize("leaver", ["A", "B"])
def test_a_talk_on_hold_ends_like_any_other(build: Any, holder: str, leaver: str) -> None:
    """B§8.2: whoever hangs up, both legs end, and the recording with the A-leg."""
    stage = build.play(RECORDED, ANSWERED, (2_000, Holds(), holder), (6_000, HangsUp(), leaver))
    assert {leg: end[:2] for leg, end in stage.ends().items()} == {
        "A": (6_000, "NORMAL_CLEARING"), "B": (6_000, "NORMAL_CLEARING"),
    }  # fmt: skip
    [recording] = stage.recordings()
    assert (recording["length_ms"], recording["ended_by"]) == (6_000, "hangup")
    assert stage.engine.live_calls == ()


def test_who_holds_is_not_heard(build: Any) -> None:
    """Design §12, Sound: HELD is the leg that pressed hold; its speech is lost, with a warning."""
    tells = (ANSWERED, (2_000, Holds(), "B"), (3_000, VOICE, "B"), (4_000, VOICE, "A"))
    stage = build.play(RECORDED, *tells, (6_000, HangsUp()))
    [warning] = stage.find("WARNING")
    assert (warning.leg, warning.name, warning.detail["state"]) == ("B", "not-carried", "HELD")
    assert warning.rule == "law: who holds is not heard"
    assert [row.leg for row in stage.find("AUDIO", "speaks")] == ["A"]


def test_what_is_said_when_hold_is_pressed_is_cut_off(build: Any) -> None:
    """Design §12, Sound: the other side hears the voice up to the hold, music during it, and the rest after it."""
    speech = Speaks({"voice": "lobby"}, 6_000)
    tells = (ANSWERED, (2_000, speech, "B"), (3_000, Holds(), "B"), (5_000, Resumes(), "B"))
    stage = build.play(RECORDED, *tells, (9_000, HangsUp()))
    [track] = soundtracks(stage.rows).values()
    heard = [(type(span.source).__name__, span.from_ms, span.to_ms) for span in track.spans if span.side == "right"]
    assert heard[1:] == [("Voice", 2_000, 3_000), ("Music", 3_000, 5_000), ("Voice", 5_000, 8_000)]


def test_both_may_hold(build: Any) -> None:
    """Design §12, Sound: they hear one another again when both have come back."""
    tells = (ANSWERED, (2_000, Holds(), "A"), (3_000, Holds(), "B"), (4_000, Resumes(), "A"), (5_000, Resumes(), "B"))
    stage = build.play(RECORDED, *tells, (6_000, VOICE, "B"), (9_000, HangsUp()))
    [track] = soundtracks(stage.rows).values()
    heard = [(type(span.source).__name__, span.from_ms, span.to_ms) for span in track.spans if span.side == "right"]
    assert heard[-2:] == [("Music", 4_000, 5_000), ("Voice", 6_000, 7_000)]


def test_hold_music_counts_as_speech(build: Any) -> None:
    """B§4.5: the listener asks again at a hold and at its end: music keeps the recording alive, silence ends it."""
    data = {"action": "start", "silence_detection": True, "silence_final_timeout": 2_000}
    tells = (ANSWERED, (1_500, Holds(), "B"), (8_000, Resumes(), "B"), (30_000, HangsUp()))
    stage = build.play({**RECORDED, "data": data}, *tells)
    [recording] = stage.recordings()
    assert (recording["ended_by"], recording["length_ms"]) == ("final_silence", 10_020)


@pytest.mark.parametrize("event", [Holds(), Resumes(), Transfers("2002"), Transfers("2002", True)])
@pytest.mark.parametrize("leg", ["A", "B"])
def test_nothing_can_be_held_before_the_talk(build: Any, event: Any, leg: str) -> None:
    """Law 3: a leg without another side comes too late, or too early, and the row says so."""
    stage = build.play(RING, (500, event, leg), (2_000, HangsUp()))
    [late] = stage.find("LATE")
    assert (late.leg, late.detail) == (leg, {"machine": "leg", "state": "RINGING"})
    assert stage.events("CHANNEL_HOLD", "CHANNEL_UNHOLD", "CHANNEL_TRANSFEROR") == []


def test_a_second_hold_and_a_resume_without_one_are_late(build: Any) -> None:
    """Law 3: what is so already moves nothing."""
    tells = (ANSWERED, (2_000, Resumes(), "B"), (3_000, Holds(), "B"), (4_000, Holds(), "B"), (5_000, Resumes(), "A"))
    stage = build.play(RING, *tells, (9_000, HangsUp()))
    assert [(row.at_ms, row.name, row.detail["state"]) for row in stage.find("LATE")] == [
        (2_000, "CHANNEL_UNHOLD", "BRIDGED"), (4_000, "CHANNEL_HOLD", "HELD"), (5_000, "CHANNEL_UNHOLD", "BRIDGED"),
    ]  # fmt: skip
