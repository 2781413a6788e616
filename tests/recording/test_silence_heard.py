"""What a recording's silence test listens to: everything the leg says and hears, masked or not, and no pause."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

WAIT = {"module": "wait_for_hangup"}
Ended = tuple[int, str]


def ended(staging: ModuleType, folder: Path, *lines: str, flow: Any, **more: Any) -> list[Ended]:
    """Length and end of each recording of a call."""
    result = staging.played(folder, *lines, flow=flow, **more).result()
    assert not result.failures, result.failures
    return [(each.length_ms, each.ended_by) for each in result.recordings]


def answered(staging: ModuleType, **data: Any) -> dict[str, Any]:
    """A flow that answers and records with silence detection until the caller leaves."""
    return {"module": "answer", "children": {"_": staging.record(WAIT, silence_detection=True, **data)}}


def test_ringback_is_speech_and_its_pause_is_silence(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 4: a recording that starts before the answer ends in the first pause of the ringback, 2 s on, 4 s off."""
    flow = staging.record(staging.ring(), silence_detection=True)
    assert ended(staging, tmp_path, "at 9s: alice answers", "at 20s: caller hangs up", flow=flow) == [
        (2_040, "final_silence")
    ]
    flow = staging.record(staging.ring(), silence_detection=True, silence_final_timeout=4_100)
    talk = ("at 13s: alice answers", "at 13s: alice speaks for 5s", "at 30s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow) == [(18_000 + 20 + 4_100, "final_silence")]


def test_ringback_begins_and_ends_with_the_ringing(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 4: it begins while silence is being counted, and ends in mid-tone where nobody answers."""
    late = {"module": "sleep", "data": {"duration": 1, "unit": "s"}, "children": {"_": staging.ring()}}
    keys = {"silence_detection": True, "silence_initial_timeout": 1_500}
    assert ended(staging, tmp_path, "at 20s: caller hangs up", flow=staging.record(late, **keys)) == [
        (3_040, "final_silence")
    ]
    keys = {"silence_detection": True, "silence_final_timeout": 4_100}
    flow = staging.record(staging.ring("alice", WAIT, timeout=13), **keys)
    assert ended(staging, tmp_path, "at 20s: caller hangs up", flow=flow) == [(13_000 + 20 + 4_100, "final_silence")]


@pytest.mark.parametrize("hook", ["record_on_answer", "record_on_bridge"])
def test_after_the_answer_ringback_is_over(staging: ModuleType, tmp_path: Path, hook: str) -> None:
    """B§4.5, 4: with record_on_answer or record_on_bridge the first word is a party's."""
    flow = staging.record(staging.ring(), silence_detection=True, silence_initial_timeout=3_000, **{hook: True})
    talk = ("at 5s: alice answers", "at 7s: alice speaks for 2s", "at 20s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow) == [(4_040, "final_silence")]
    assert ended(staging, tmp_path, talk[0], talk[2], flow=flow) == [(3_000, "initial_silence")]


def test_what_the_peer_says_counts(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 4: the write side is part of the tap."""
    keys = {"silence_detection": True, "silence_final_timeout": 1_000, "record_on_bridge": True}
    flow = staging.record(staging.ring("alice", WAIT), **keys)
    talk = ("at 0s: alice answers", "at 1s: alice speaks for 5s", "at 3s: caller speaks for 1s")
    assert ended(staging, tmp_path, *talk, "at 20s: caller hangs up", flow=flow) == [(6_000 + 1_020, "final_silence")]


def test_who_speaks_before_the_bridge_is_heard_from_it_on(staging: ModuleType, tmp_path: Path) -> None:
    """B§8.1: from the bridge on the caller hears the callee; kazoo profiles bridge 200 ms after the answer."""
    flow = staging.record(staging.ring(), silence_detection=True, record_on_answer=True, silence_initial_timeout=150)
    talk = ("at 0s: alice answers", "at 0s: alice speaks for 5s", "at 20s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow) == [(5_040, "final_silence")]
    assert ended(staging, tmp_path, *talk, flow=flow, profile="kazoo-5") == [(160, "initial_silence")]
    flow = staging.record(staging.ring(), silence_detection=True, record_on_answer=True, silence_initial_timeout=500)
    talk = ("at 0s: alice answers", "at 100ms: alice speaks for 5s", "at 20s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow, profile="kazoo-5") == [(5_140, "final_silence")]


def test_who_has_left_is_heard_no_more(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.7, B§4.5, 4: the callee transfers the caller away in mid-word: the tap stays, the voice is gone."""
    account = {
        "id": "acme",
        "users": [{"id": "alice"}],
        "devices": [{"id": "alice-phone", "owner_id": "alice"}],
        "callflows": [{"id": "f2", "numbers": ["2002"], "flow": WAIT}],
    }
    flow = staging.record(staging.ring(), silence_detection=True, record_on_bridge=True, silence_final_timeout=1_000)
    talk = ("at 0s: alice answers", "at 1s: alice speaks for 9s", "at 4s: alice transfers to 2002")
    made = ended(staging, tmp_path, *talk, "at 20s: caller hangs up", flow=flow, account=account)
    assert made == [(4_000 + 1_020, "final_silence")]


def test_after_a_move_it_listens_to_the_new_leg(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.7, B§4.1: the caller transfers the callee away: the tap follows, and the callee's codec is the measure."""
    account = {
        "id": "acme",
        "users": [{"id": "alice"}],
        "devices": [{"id": "alice-phone", "owner_id": "alice", "codec": "OPUS"}],
        "callflows": [{"id": "f2", "numbers": ["2002"], "flow": WAIT}],
    }
    keys = {"record_on_bridge": True, "silence_final_timeout": 1_000, "should_follow_transfer": True}
    flow = staging.record(staging.ring(), silence_detection=True, **keys)
    talk = ("at 0s: alice answers", "at 1s: caller speaks for 9s", "at 4s: caller transfers to 2002")
    hiss = "at 4s: alice sends noise 100 for 3s"  # a score of 50 on PCMU in stereo, of 300 on OPUS
    made = ended(staging, tmp_path, *talk, "at 20s: alice hangs up", flow=flow, account=account)
    assert made == [(4_000 + 1_020, "final_silence")]
    made = ended(staging, tmp_path, *talk, hiss, "at 20s: alice hangs up", flow=flow, account=account)
    assert made == [(7_000 + 1_020, "final_silence")]


def test_a_prompt_is_speech(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 4: what the system plays to the leg keeps the recording alive; a digit that cuts it does not."""
    say = {"module": "play", "data": {"id": "song"}, "children": {"_": WAIT}}
    keys = {"silence_detection": True, "silence_final_timeout": 500, "silence_initial_timeout": 300}
    flow = {"module": "answer", "children": {"_": staging.record(say, **keys)}}
    account = {"id": "acme", "media": [{"id": "song", "length_ms": 4_000}]}
    quiet, cut = ("at 9s: caller hangs up",), ("at 2s: caller presses 1", "at 9s: caller hangs up")
    begins_ms = 100  # B§7.9: play waits so long
    assert ended(staging, tmp_path, *quiet, flow=flow, account=account) == [
        (begins_ms + 4_000 + 20 + 500, "final_silence")
    ]
    assert ended(staging, tmp_path, *cut, flow=flow, account=account) == [(2_100 + 20 + 500, "final_silence")]


def test_hold_music_is_speech(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.5, 4: the music of a hold goes into the recording of the leg that hears it, not of the one that holds."""
    keys = {"silence_detection": True, "silence_final_timeout": 2_000, "record_on_bridge": True}
    flow = staging.record(staging.ring(), **keys)
    talk = ["at 0s: alice answers", "at 0s: alice speaks for 1s", "at 2s: WHO holds", "at 9s: WHO resumes"]
    talk.append("at 20s: caller hangs up")
    held = [each.replace("WHO", "alice") for each in talk]
    assert ended(staging, tmp_path, *held, flow=flow) == [(9_000 + 2_020, "final_silence")]
    holding = [each.replace("WHO", "caller") for each in talk]
    assert ended(staging, tmp_path, *holding, flow=flow) == [(1_000 + 2_020, "final_silence")]


def test_a_digit_is_speech(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.3: one loud frame is enough, and the tone of a digit has five."""
    flow = answered(staging, silence_final_timeout=700)
    assert ended(staging, tmp_path, "at 1s: caller presses 5", "at 9s: caller hangs up", flow=flow) == [
        (1_100 + 20 + 700, "final_silence")
    ]


def test_masking_does_not_hide_what_is_said(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.10, B§4.3: the test hears the real audio, be it speech or silence, while zeros are written."""
    flow = answered(staging, silence_final_timeout=1_000)
    talk = ("at 0s: caller speaks for 5s", "at 2s: api masks recording", "at 9s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow) == [(5_000 + 1_020, "final_silence")]
    talk = ("at 0s: caller speaks for 1s", "at 1500ms: api masks recording", "at 9s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow) == [(1_000 + 1_020, "final_silence")]


@pytest.mark.parametrize(("resumes_ms", "length_ms"), [(6_000, 4_020), (6_007, 4_020), (4_500, 4_520)])
def test_a_silence_goes_on_through_a_pause(
    staging: ModuleType, tmp_path: Path, resumes_ms: int, length_ms: int
) -> None:
    """B§4.3: no frame can fire in a pause, but the clock runs: the first silent frame after it ends the recording."""
    flow = answered(staging, silence_final_timeout=2_000)
    talk = ("at 0s: caller speaks for 3s", "at 4s: api pauses recording", f"at {resumes_ms}ms: api resumes recording")
    assert ended(staging, tmp_path, *talk, "at 9s: caller hangs up", flow=flow) == [(length_ms, "final_silence")]


def test_what_is_said_in_a_pause_is_not_heard(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.3: a pause stops frames, and so speech in it counts for nothing; after it, it does."""
    flow = answered(staging, silence_final_timeout=2_000)
    pause = ("at 4s: api pauses recording", "at 6s: api resumes recording", "at 20s: caller hangs up")
    talk = ("at 0s: caller speaks for 3s", pause[0], "at 4500ms: caller speaks for 1s", *pause[1:])
    assert ended(staging, tmp_path, *talk, flow=flow) == [(4_020, "final_silence")]
    talk = ("at 0s: caller speaks for 3s", pause[0], "at 4500ms: caller speaks for 2s", *pause[1:])
    assert ended(staging, tmp_path, *talk, flow=flow) == [(6_500 - 2_000 + 2_020, "final_silence")]


def test_a_recording_that_is_hung_up_in_a_pause_has_heard_what_came_before(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.8: speech before the pause makes the cause, speech in it does not."""
    for spoken_at, cause in ((1, "success-silence"), (5, "no-input-timeout")):
        talk = sorted([f"at {spoken_at}s: caller speaks for 500ms", "at 4s: api pauses recording"])
        run = staging.played(tmp_path, *talk, "at 9s: caller hangs up", flow=answered(staging, silence_final_timeout=0))
        [made] = run.result().recordings
        assert (made.length_ms, made.ended_by, made.completion_cause) == (4_000, "hangup", cause)


def test_a_pause_of_no_time_loses_no_word(staging: ModuleType, tmp_path: Path) -> None:
    """B§4.3: paused and resumed in one instant; the frame that was cut short is judged by nobody."""
    flow = answered(staging, silence_final_timeout=1_000)
    pause = ("at 2010ms: api pauses recording", "at 2010ms: api resumes recording", "at 9s: caller hangs up")
    assert ended(staging, tmp_path, "at 0s: caller speaks for 2s", *pause, flow=flow) == [(3_030, "final_silence")]


@pytest.mark.parametrize(("hits", "quiet_ms"), [(5, 5_000), (2, 2_000), (0, 3_000)])
def test_the_voicemail_counts_seconds_by_frames(staging: ModuleType, tmp_path: Path, hits: int, quiet_ms: int) -> None:
    """B§4.5, 10; B§4.6: hits are seconds, 0 means 3; no initial timer, and a silence's first frame counts as well."""
    account = {
        "id": "acme",
        "vmboxes": [{"id": "box", "mailbox": "2001"}],
        "system_config": {"callflow": {"voicemail": {"silence_hits": hits}}},
    }
    talk = ("when voicemail records: caller speaks for 1210ms", "after 20s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=staging.VOICEMAIL, account=account)[0] == (
        1_220 + quiet_ms,
        "final_silence",
    )
    talk = ("when voicemail records: caller is silent", "after 20s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=staging.VOICEMAIL, account=account)[0][0] == quiet_ms


def test_the_voicemails_threshold_is_the_boxs(staging: ModuleType, tmp_path: Path) -> None:
    """B§7.6 step 10: what is below silence_threshold is quiet; the default is 200."""
    box = {"id": "box", "mailbox": "2001", "silence_hits": 2}
    talk = ("when voicemail records: caller sends noise 800 for 4s", "after 9s: caller hangs up")
    for threshold, length_ms in ((1_000, 2_000), (200, 6_000)):
        account = {"id": "acme", "vmboxes": [{**box, "silence_threshold": threshold}]}
        made = ended(staging, tmp_path, *talk, flow=staging.VOICEMAIL, account=account)
        assert made[0][0] == length_ms


def test_two_recordings_of_a_leg_listen_by_themselves(staging: ModuleType, tmp_path: Path) -> None:
    """B§4: a listener for each recording, with its own settings, from its own start."""
    second = staging.record(WAIT, silence_detection=True, silence_initial_timeout=1_000, silence_final_timeout=400)
    late = {"module": "sleep", "data": {"duration": 1_500, "unit": "ms"}, "children": {"_": second}}
    first = staging.record(late, silence_detection=True, silence_final_timeout=3_000, silence_initial_timeout=2_000)
    flow = {"module": "answer", "children": {"_": first}}
    talk = ("at 0s: caller speaks for 1s", "at 2200ms: caller speaks for 1s", "at 20s: caller hangs up")
    assert ended(staging, tmp_path, *talk, flow=flow) == [
        (3_200 + 20 + 3_000, "final_silence"),
        (3_200 - 1_500 + 20 + 400, "final_silence"),
    ]
