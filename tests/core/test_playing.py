"""Playing sounds to the caller: lengths, digits that cut, repetition, early media (B§7.0)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.effects import CONTINUE, Answer, Next, Play, Sleep
from callflow.core.events import FallsSilent, HangsUp, Presses, Speaks
from callflow.core.sounds import Sound
from callflow.core.trace import AUDIO, EVENT, INPUT, LEG, WARNING

ONE, TWO, EMPTY = Sound("prompt", "one", 1_000), Sound("prompt", "two", 2_000), Sound("media", "empty", 0)


def listened(build: Any, effect: Play, *tells: Any) -> tuple[Any, list[str]]:
    """Play to an answered caller; returns the stage and the answers that the script got."""
    digits: list[str] = []

    async def script(call: Any, settings: Any) -> Next:
        """Play, and keep the digit."""
        await Answer()
        digits.append(await effect)
        return CONTINUE

    return build.perform(script, *tells), digits


def test_sounds_follow_each_other(build: Any) -> None:
    """B§7.0: one sound after another, each for its length; no digit gives no answer."""
    stage, digits = listened(build, Play((ONE, TWO, ONE)))
    assert stage.times(AUDIO, "plays") == [0, 1_000, 3_000]
    assert [row.detail["for_ms"] for row in stage.find(AUDIO, "plays")] == [1_000, 2_000, 1_000]
    assert (digits, stage.ends()["A"][0]) == ([""], 4_000)


def test_a_digit_cuts_what_plays(build: Any) -> None:
    """B§7.0: a wanted digit ends the sounds at once and is the answer; the trace has the end of the cut one."""
    stage, digits = listened(build, Play((ONE, TWO)), (1_500, Presses("7")))
    assert (digits, stage.ends()["A"][0]) == (["7"], 1_500)
    second = stage.find(AUDIO, "plays")[1]
    assert {"of": second.seq} in [row.detail for row in stage.find(AUDIO, "ends")]


@pytest.mark.parametrize(("wanted", "pressed"), [("", "5"), ("12", "5"), ("*", "#")])
def test_an_unwanted_digit_is_not_heard(build: Any, wanted: str, pressed: str) -> None:
    """B§7.9: only terminators end the playing."""
    stage, digits = listened(build, Play((ONE,), wanted), (500, Presses(pressed)))
    assert (digits, stage.ends()["A"][0]) == ([""], 1_000)
    assert [row.detail for row in stage.find(EVENT, "DTMF")] == [{"digit": pressed, "duration_ms": 100}]


@pytest.mark.parametrize(("at_ms", "answer", "end_ms"), [(3_000, "4", 3_000), (6_001, "", 6_000), (500, "4", 500)])
def test_waiting_for_a_digit_after_the_sounds(build: Any, at_ms: int, answer: str, end_ms: int) -> None:
    """B§7.6 step 11b: the wait begins when the last sound ends, and a digit may come in both."""
    stage, digits = listened(build, Play((ONE,), then_wait_ms=5_000), (at_ms, Presses("4")))
    assert (digits, stage.ends()["A"][0]) == ([answer], end_ms)


@pytest.mark.parametrize(("times", "plays"), [(1, 1), (3, 3)])
def test_sounds_repeat(build: Any, times: int, plays: int) -> None:
    """B§7.9, loop_count: the whole list is played that often."""
    stage, _ = listened(build, Play((ONE, TWO), times=times))
    assert stage.sounds() == ["one", "two"] * plays
    assert stage.ends()["A"][0] == 3_000 * plays


def test_endless_playback_lasts_until_the_hang_up(build: Any) -> None:
    """B§7.9, endless_playback: 0 times is for ever; also a sound of no length lets time pass."""
    stage, digits = listened(build, Play((ONE, EMPTY), times=0), (60_000, HangsUp()))
    assert len(stage.find(AUDIO, "plays")) > 100
    assert (digits, stage.ends()["A"][0]) == ([], 60_000)


def test_nothing_to_play_waits_all_the_same(build: Any) -> None:
    """B§7.0: without sounds only the wait is left, also when it should repeat for ever."""
    stage, digits = listened(build, Play((), then_wait_ms=700, times=0))
    assert (digits, stage.ends()["A"][0], stage.find(AUDIO)) == ([""], 700, [])


def test_playing_to_an_unanswered_caller_opens_early_media(build: Any) -> None:
    """B§3.3: a leg without media could hear nothing; it is pre-answered, not answered."""
    stage = build.perform(build.doing(Play((ONE,))))
    assert stage.events() == ["CHANNEL_CREATE(A)", "CHANNEL_PROGRESS_MEDIA(A)", "CHANNEL_DESTROY(A)"]
    assert stage.find(LEG, "CHANNEL_PROGRESS_MEDIA")[0].rule == "law: playing needs media (B§3.3)"


def test_speech_before_media_is_dropped_with_a_warning(build: Any) -> None:
    """Design §12, Sound: before answer a leg's audio is carried from early media on only."""
    script = build.doing(Sleep(1_000), Play((ONE,)), Sleep(9_000))
    stage = build.perform(script, (500, Speaks({"voice": "caller"}, 300)), (1_500, Speaks({"voice": "caller"}, 300)))
    assert [(row.at_ms, row.detail["code"], row.detail["for_ms"]) for row in stage.find(WARNING)] == [
        (500, "not-carried", 300)
    ]
    assert stage.times(AUDIO, "speaks") == [1_500]


def test_new_speech_cuts_off_the_old(build: Any) -> None:
    """Design §6: speech ends when the party speaks anew, falls silent or hangs up, unless it is over."""
    spoken = {"voice": "caller"}
    tells = [
        (1_000, Speaks(spoken, 5_000)), (2_000, Speaks(spoken, 500)), (4_000, FallsSilent()),
        (5_000, Speaks(spoken, 9_000)), (6_000, FallsSilent()),
        (7_000, Speaks(spoken, 9_000)), (8_000, HangsUp()),
    ]  # fmt: skip
    stage = build.perform(build.doing(Answer(), Sleep(60_000)), *tells)
    speaks = {row.seq: row.at_ms for row in stage.find(AUDIO, "speaks")}
    ends = [(speaks[row.detail["of"]], row.at_ms) for row in stage.find(AUDIO, "ends")]
    assert ends == [(1_000, 2_000), (5_000, 6_000), (7_000, 8_000)]
    assert len(stage.find(INPUT, "falls silent")) == 2


def test_a_digit_is_heard_for_100_ms(build: Any) -> None:
    """Design §12, Sound: digits are audible: 100 ms of tone, caused by the DTMF event."""
    stage, _ = listened(build, Play((ONE,), ""), (300, Presses("5")))
    (event,), (tone,) = stage.find(EVENT, "DTMF"), stage.find(AUDIO, "speaks")
    assert (tone.because, tone.detail) == (event.seq, {"sound": {"digit": "5"}, "for_ms": 100})
