"""play, tts, sleep, noop, answer, wait_for_hangup, hangup and response (B§7.9)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.events import HangsUp, Presses
from callflow.core.sounds import PROMPT_LENGTHS_MS, PROMPT_MS, spoken_ms
from callflow.core.trace import AUDIO, EVENT, FLOW, LEG

HOUR_MS = 3_600_000
NOTE = {"module": "noop"}


def node(module: str, children: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """A node with its data."""
    return {"module": module, "data": data, "children": children or {}}


@pytest.mark.parametrize(
    ("media", "name", "length_ms"),
    [
        ("song", "song", 7_000),
        ("hymn", "hymn", PROMPT_MS),
        ("vm-thank_you", "vm-thank_you", PROMPT_LENGTHS_MS["vm-thank_you"]),
        ("prompt://acme/vm-thank_you", "vm-thank_you", PROMPT_LENGTHS_MS["vm-thank_you"]),
    ],
)
def test_play(build: Any, media: str, name: str, length_ms: int) -> None:
    """B§7.9: answers, waits 100 ms, plays the account's media or the prompt to its end, and goes on."""
    stage = build.play(node("play", {"_": NOTE}, id=media))
    assert stage.times(LEG, "CHANNEL_ANSWER") == [0]
    assert (stage.times(AUDIO, "plays"), stage.sounds()) == ([100], [name])
    assert (stage.path(), stage.ends()["A"][0]) == (["play", "noop"], 100 + length_ms)


@pytest.mark.parametrize("media", ["no-such-media", None])
def test_play_passes_over_unknown_media(build: Any, media: str | None) -> None:
    """B§7.9: unknown media goes to `_` at once, without answering."""
    stage = build.play(node("play", {"_": NOTE}, **({"id": media} if media else {})))
    assert (stage.path(), stage.events("CHANNEL_ANSWER"), stage.find(AUDIO)) == (["play", "noop"], [], [])


def test_play_without_answering(build: Any) -> None:
    """B§7.9, answer false: played as early media, at once."""
    stage = build.play(node("play", id="song", answer=False))
    assert stage.events()[:2] == ["CHANNEL_CREATE(A)", "CHANNEL_PROGRESS_MEDIA(A)"]
    assert (stage.times(AUDIO, "plays"), stage.ends()["A"][0]) == ([0], 7_000)


@pytest.mark.parametrize(
    ("terminators", "digit", "cuts"), [(None, "5", True), (["#"], "#", True), (["#"], "5", False), ([], "#", False)]
)
def test_play_terminators(build: Any, terminators: list[str] | None, digit: str, cuts: bool) -> None:
    """B§7.9: all twelve digits end it by default, otherwise only those listed; the flow goes on."""
    data = {} if terminators is None else {"terminators": terminators}
    stage = build.play(node("play", {"_": NOTE}, id="song", **data), (2_000, Presses(digit)))
    assert (stage.path(), stage.ends()["A"][0]) == (["play", "noop"], 2_000 if cuts else 7_100)


@pytest.mark.parametrize(
    ("data", "plays"), [({}, 1), ({"loop_count": 3}, 3), ({"loop_count": 3, "endless_playback": True}, 9)]
)
def test_play_loops(build: Any, data: dict[str, Any], plays: int) -> None:
    """B§7.9: loop_count repeats; endless_playback repeats until the hang-up, whatever the count."""
    stage = build.play(node("play", {"_": NOTE}, id="song", **data), (60_000, HangsUp()))
    assert len(stage.find(AUDIO, "plays")) == plays
    assert stage.path() == (["play"] if plays == 9 else ["play", "noop"])


@pytest.mark.parametrize("module", ["play", "tts"])
def test_hang_up_while_playing(build: Any, module: str) -> None:
    """B§7.9, B§8.2: a hang-up ends the flow; the next node does not run."""
    stage = build.play(
        node(module, {"_": NOTE}, **({"id": "song"} if module == "play" else {"text": "x" * 100})), (900, HangsUp())
    )
    assert (stage.path(), [row.name for row in stage.find(FLOW)]) == ([module], ["hard stop"])


def test_tts(build: Any) -> None:
    """B§7.9: says the text to its end, as early media if nobody answered, and goes on."""
    stage = build.play(node("tts", {"_": NOTE}, text="Please hold the line."))
    (row,) = stage.find(AUDIO, "plays")
    length_ms = spoken_ms("Please hold the line.")
    assert row.detail == {"sound": {"text": "Please hold the line."}, "for_ms": length_ms}
    assert (stage.path(), stage.ends()["A"][0], stage.events("CHANNEL_ANSWER")) == (["tts", "noop"], length_ms, [])


@pytest.mark.parametrize(
    ("data", "digit", "end_ms"), [({}, "1", 200), ({"terminators": ["#"]}, "1", spoken_ms("y" * 40))]
)
def test_tts_terminators(build: Any, data: dict[str, Any], digit: str, end_ms: int) -> None:
    """B§7.9: a terminator ends the speech."""
    assert build.play(node("tts", text="y" * 40, **data), (200, Presses(digit))).ends()["A"][0] == end_ms


def test_tts_endless(build: Any) -> None:
    """B§7.9, endless_playback: again and again until the hang-up."""
    stage = build.play(node("tts", text="hold", endless_playback=True), (HOUR_MS, HangsUp()))
    assert stage.ends()["A"] == (HOUR_MS, "ORIGINATOR_CANCEL", "caller")


@pytest.mark.parametrize(
    ("data", "slept_ms"),
    [
        ({}, 0),
        ({"duration": 5}, 5_000),
        ({"duration": 250, "unit": "ms"}, 250),
        ({"duration": 5, "unit": "s"}, 5_000),
        ({"duration": 5, "unit": "m"}, 300_000),
        ({"duration": 5, "unit": "h"}, 5 * HOUR_MS),
        ({"duration": 30, "unit": "h"}, 24 * HOUR_MS),
    ],
)
def test_sleep(build: Any, data: dict[str, Any], slept_ms: int) -> None:
    """B§7.9: the duration in its unit, seconds by default, at most a day; the call is not answered."""
    stage = build.play(node("sleep", {"_": NOTE}, **data))
    assert (stage.path(), stage.ends()["A"][0]) == (["sleep", "noop"], slept_ms)
    assert stage.events() == ["CHANNEL_CREATE(A)", "CHANNEL_DESTROY(A)"]


@pytest.mark.parametrize("data", [{"duration": -5}, {"duration": 5, "unit": "fortnight"}])
def test_kazoo_takes_a_sleep_out_of_bounds(build: Any, data: dict[str, Any]) -> None:
    """B§7.9: clamped to 0 from below, an unknown unit is seconds: kazoo profiles warn only."""
    assert build.play(node("sleep", **data), profile="kazoo-5").ends()["A"][0] == max(0, data["duration"]) * 1_000


def test_hang_up_in_a_sleep(build: Any) -> None:
    """B§7.9: a hang-up ends the flow."""
    stage = build.play(node("sleep", {"_": NOTE}, duration=60), (1_000, HangsUp()))
    assert (stage.path(), stage.ends()["A"][0]) == (["sleep"], 1_000)


def test_noop_takes_no_time(build: Any) -> None:
    """B§7.9: everything else of the instant happens first, then the flow goes on."""
    start = node("record_call", {"_": node("noop", {"_": node("record_call", {}, action="stop")})}, action="start")
    stage = build.play(start)
    assert stage.path() == ["record_call", "noop", "record_call"]
    assert stage.recordings()[0]["RECORD_START"] == stage.ends()["A"][0] == 0


def test_answer(build: Any) -> None:
    """B§7.9: answers now, once, and goes on."""
    stage = build.play(node("answer", {"_": node("answer", {"_": NOTE})}))
    assert stage.events() == ["CHANNEL_CREATE(A)", "CHANNEL_ANSWER(A)", "CHANNEL_DESTROY(A)"]
    assert stage.path() == ["answer", "answer", "noop"]


def test_wait_for_hangup(build: Any) -> None:
    """B§7.9: waits, does not answer, and stops when the caller has gone."""
    stage = build.play(node("wait_for_hangup", {"_": NOTE}), (5_000, Presses("1")), (9_000, HangsUp()))
    assert (stage.path(), stage.ends()["A"]) == (["wait_for_hangup"], (9_000, "ORIGINATOR_CANCEL", "caller"))


def test_hangup_ignores_the_stack(build: Any) -> None:
    """B§7.9: the call ends, whatever was pushed."""
    stage = build.play(node("callflow", {"_": NOTE}, id="inner"), flows={"inner": node("hangup", {"_": NOTE})})
    assert (stage.path(), stage.ends()["A"]) == (["callflow", "hangup"], (0, "NORMAL_CLEARING", "flow"))
    assert [row.name for row in stage.find(FLOW)] == ["hard stop"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (None, "USER_BUSY"),
        (486, "USER_BUSY"),
        (404, "UNALLOCATED_NUMBER"),
        (603, "CALL_REJECTED"),
        (499, "NORMAL_UNSPECIFIED"),
    ],
)
def test_response_before_the_answer(build: Any, code: int | None, cause: str) -> None:
    """B§7.9: refuses with the status, 486 by default; the leg's cause is what the status means."""
    data = {} if code is None else {"code": code}
    stage = build.play(node("response", {"_": NOTE}, message="No", **data))
    assert [row.detail for row in stage.find(EVENT, "response")] == [{"status": code or 486, "message": "No"}]
    assert (stage.path(), stage.ends()["A"]) == (["response"], (0, cause, "flow"))


def test_response_after_the_answer(build: Any) -> None:
    """B§2.5: a code means nothing on an answered call: it is hung up."""
    assert build.play(node("answer", {"_": node("response", code=603)})).ends()["A"] == (0, "NORMAL_CLEARING", "flow")


def test_response_plays_its_media_first(build: Any) -> None:
    """B§7.9: media as early media, deaf to digits, then the refusal; media that is not there is left out."""
    stage = build.play(node("response", code=404, media="song"), (3_000, Presses("1")))
    assert stage.events("CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER") == ["CHANNEL_PROGRESS_MEDIA(A)"]
    assert stage.ends()["A"] == (7_000, "UNALLOCATED_NUMBER", "flow")
    assert build.play(node("response", media="no-such-media")).ends()["A"][0] == 0
