"""What silence does to a recording, to the millisecond: every row of B§4.3, and its consequences in B§4.5."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

WAIT = {"module": "wait_for_hangup"}
Ended = tuple[int, str, str]


def recorded(staging: ModuleType, folder: Path, *lines: str, flow: Any = None, **data: Any) -> list[Ended]:
    """Length, end and completion cause of each recording of a call that is answered and recorded at once."""
    start = staging.record(WAIT, silence_detection=True, **data)
    whole = flow or {"module": "answer", "children": {"_": start}}
    result = staging.played(folder, *lines, flow=whole).result()
    assert not result.failures, result.failures
    return [(each.length_ms, each.ended_by, each.completion_cause) for each in result.recordings]


def final(length_ms: int) -> list[Ended]:
    """One recording that silence after speech ended."""
    return [(length_ms, "final_silence", "success-silence")]


def initial(length_ms: int) -> list[Ended]:
    """One recording that silence from the start ended."""
    return [(length_ms, "initial_silence", "no-input-timeout")]


def test_a_gap_of_two_frames_ends_it_by_default(staging: ModuleType, tmp_path: Path) -> None:
    """B§12 8; B§4.5, 1: speech of 3 s, the first silent frame sets the mark, the second fires, at 3.04 s."""
    talk = ["at 0s: caller speaks for 3s", "at 3040ms: caller speaks for 3s", "at 9s: caller hangs up"]
    assert recorded(staging, tmp_path, *talk) == final(3_040)
    talk[1] = "at 3039ms: caller speaks for 3s"  # not even a millisecond of it makes a frame speech
    assert recorded(staging, tmp_path, *talk) == final(3_040)
    talk[1] = "at 3020ms: caller speaks for 3s"  # a gap of one frame
    assert recorded(staging, tmp_path, *talk) == final(6_060)


@pytest.mark.parametrize("final_ms", [1, 5, 19, 20])
def test_up_to_a_frame_every_final_timeout_is_the_same(staging: ModuleType, tmp_path: Path, final_ms: int) -> None:
    """B§4.5, 1: 1 to 20 ms behave alike."""
    talk = ("at 0s: caller speaks for 3s", "at 9s: caller hangs up")
    assert recorded(staging, tmp_path, *talk, silence_final_timeout=final_ms) == final(3_040)


@pytest.mark.parametrize(("final_ms", "length_ms"), [(21, 3_060), (40, 3_060), (41, 3_080), (1_000, 4_020)])
def test_a_timer_fires_at_the_end_of_a_frame(
    staging: ModuleType, tmp_path: Path, final_ms: int, length_ms: int
) -> None:
    """B§12 9; B§4.5, 1: the first k with 20k >= timeout, from the end of the first silent frame on."""
    talk = ("at 0s: caller speaks for 3s", "at 9s: caller hangs up")
    assert recorded(staging, tmp_path, *talk, silence_final_timeout=final_ms) == final(length_ms)


@pytest.mark.parametrize(("initial_ms", "length_ms"), [(1, 20), (20, 20), (21, 40), (2_000, 2_000), (2_001, 2_020)])
def test_the_initial_timer_runs_from_the_start(
    staging: ModuleType, tmp_path: Path, initial_ms: int, length_ms: int
) -> None:
    """B§12 10: nobody speaks: the first frame that ends at the timeout or later, no-input-timeout."""
    assert recorded(
        staging, tmp_path, "at 20s: caller hangs up", silence_initial_timeout=initial_ms, silence_final_timeout=5
    ) == initial(length_ms)


def test_one_loud_frame_turns_to_the_final_timer_for_ever(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.3: 20 ms of speech are speech; the initial timer never comes back."""
    talk = ("at 1s: caller speaks for 20ms", "at 20s: caller hangs up")
    data = {"silence_initial_timeout": 1_500, "silence_final_timeout": 6_000}
    assert recorded(staging, tmp_path, *talk, **data) == final(1_020 + 20 + 6_000)
    assert recorded(staging, tmp_path, *talk, **{**data, "silence_final_timeout": 0}) == [
        (20_000, "hangup", "success-silence")
    ]


def test_every_loud_frame_resets_the_final_timer(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.3: a loud frame while silence is counted unsets it; one while nothing is counted does nothing."""
    words = [f"at {at_ms}ms: caller speaks for 500ms" for at_ms in range(0, 9_000, 1_500)]  # gaps of 1,000 ms
    talk = (*words, "at 20s: caller hangs up")
    assert recorded(staging, tmp_path, *talk, silence_final_timeout=1_000) == final(8_000 + 1_020)
    assert recorded(staging, tmp_path, *talk, silence_final_timeout=980) == final(500 + 1_000)


def test_the_frame_in_which_a_word_ends_is_loud(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.1: a frame is judged as a whole; half a frame of a voice is above the threshold."""
    talk = ("at 0s: caller speaks for 1010ms", "at 20s: caller hangs up")
    assert recorded(staging, tmp_path, *talk, silence_final_timeout=100) == final(1_020 + 20 + 100)


def test_frames_are_counted_from_the_start_of_the_recording(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Sound: audio time in frames of the recording, whatever the clock said when it began."""
    sleep = {"module": "sleep", "data": {"duration": 1_007, "unit": "ms"}}
    start = staging.record(WAIT, silence_detection=True, silence_final_timeout=100)
    flow = {"module": "answer", "children": {"_": {**sleep, "children": {"_": start}}}}
    talk = ("at 1007ms: caller speaks for 2s", "at 20s: caller hangs up")
    assert recorded(staging, tmp_path, *talk, flow=flow) == final(2_000 + 20 + 100)


def test_without_an_initial_timeout_silence_is_recorded_to_the_limit(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 2: nobody ever speaks; only a hang-up says no-input-timeout, the limit does not."""
    assert recorded(staging, tmp_path, "at 20s: caller hangs up", time_limit=9) == [
        (9_000, "time_limit", "success-maxtime")
    ]
    assert recorded(staging, tmp_path, "at 20s: caller hangs up") == [(20_000, "hangup", "no-input-timeout")]


def test_a_hang_up_after_speech_has_the_cause_of_silence(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.8: the completion cause of a hang-up depends on whether a loud frame came before it."""
    timeouts = {"silence_initial_timeout": 0, "silence_final_timeout": 0}
    for spoken_ms, cause in ((19, "no-input-timeout"), (20, "success-silence")):
        talk = ("at 1s: caller speaks for 3s", f"at {1_000 + spoken_ms}ms: caller hangs up")
        assert recorded(staging, tmp_path, *talk, **timeouts) == [(1_000 + spoken_ms, "hangup", cause)]


def test_a_threshold_of_zero_switches_detection_off(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 3; B§4.2: nothing ends it, and a hang-up after nothing but silence is success-silence again."""
    ended = recorded(staging, tmp_path, "at 20s: caller hangs up", silence_threshold=0, silence_initial_timeout=2_000)
    assert ended == [(20_000, "hangup", "success-silence")]


def test_without_detection_nothing_is_asked(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.4: silence_detection is what switches the other keys on."""
    start = staging.record(WAIT, silence_initial_timeout=500, silence_threshold=300)
    flow = {"module": "answer", "children": {"_": start}}
    run = staging.played(tmp_path, "at 5s: caller hangs up", flow=flow)
    assert [each.length_ms for each in run.result().recordings] == [5_000]
    assert not staging.rows_of(run, "REQUEST", "silence")


@pytest.mark.parametrize(
    ("data", "ended"),
    [
        ({"silence_initial_timeout": -1, "silence_final_timeout": 500}, final(2_000 + 520)),
        ({"silence_initial_timeout": 700, "silence_final_timeout": -1}, initial(700)),
        ({"silence_threshold": -1, "silence_initial_timeout": 700}, initial(700)),
        (
            {"silence_threshold": -1, "silence_initial_timeout": -1, "silence_final_timeout": -1},
            [(9_000, "hangup", "success-silence")],
        ),
        (
            {"silence_threshold": 100, "silence_initial_timeout": -1, "silence_final_timeout": -1},
            [(9_000, "hangup", "success-silence")],
        ),
    ],
)
def test_what_is_negative_is_not_there(
    staging: ModuleType, tmp_path: Path, data: dict[str, int], ended: list[Ended]
) -> None:
    """B§4.2: a negative timeout never fires, and with a timeout a negative threshold is 200; without any all is off."""
    talk = ("at 1s: caller speaks for 1s", "at 9s: caller hangs up")
    assert recorded(staging, tmp_path, *talk, **data) == ended


def test_silence_ends_the_recording_only(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 8: the call goes on, and a later stop pops the dead entry in Kazoo; in the docs the older one ends."""
    newer = staging.record(staging.stop_after(12_000), silence_detection=True, silence_initial_timeout=2_000)
    flow = {"module": "answer", "children": {"_": staging.record(newer)}}
    for profile, older in (("docs", (12_000, "stop")), ("kazoo-4", (15_000, "hangup"))):
        run = staging.played(tmp_path, "at 15s: caller hangs up", flow=flow, profile=profile)
        lengths = [(each.length_ms, each.ended_by) for each in run.result().recordings]
        assert lengths == [older, (2_000, "initial_silence")], profile
        assert run.result().calls[0].ended_ms == 15_000


def test_most_recordings_are_shorter_than_any_minimum(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 9: with 5 ms a pause between two words makes the recording too short, and the docs delete it."""
    start = staging.record(WAIT, silence_detection=True, record_min_sec=5)
    talk = ("at 0s: caller speaks for 3s", "at 4s: caller speaks for 9s", "at 20s: caller hangs up")
    run = staging.played(tmp_path, *talk, flow={"module": "answer", "children": {"_": start}})
    [only] = run.result().recordings
    told = (only.state, only.length_ms, only.ended_by, only.completion_cause)
    assert told == ("discarded", 3_040, "final_silence", "input-too-short")


def test_the_ends_and_their_chains_are_in_the_trace(staging: ModuleType, tmp_path: Path) -> None:
    """Design §2, law 5: the row that ends it names the key that decided it, and the request that found it."""
    start = staging.record(WAIT, silence_detection=True, silence_final_timeout=400)
    talk = ("at 1s: caller speaks for 1s", "at 9s: caller hangs up")
    run = staging.played(tmp_path, *talk, flow={"module": "answer", "children": {"_": start}})
    [fired] = [row for row in run.rows if row.name == "SILENCE_DETECTED"]
    assert (fired.at_ms, fired.rule) == (2_420, "silence_final_timeout=400")
    cause = run.rows[fired.because]
    assert (cause.kind, cause.name) == ("REQUEST", "silence")
