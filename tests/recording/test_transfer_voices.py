"""Whose voices a recording holds before, during and after a transfer or a hold, heard in the files (B§3.7, B§8.2)."""

from __future__ import annotations

import wave
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from attrs import define
from numpy.typing import NDArray

from callflow.files import write_recordings
from callflow.media.listen import heard
from callflow.report.hearing import party_numbers
from callflow.report.results import RecordingResult

PROFILES = ["docs", "kazoo-4", "kazoo-5"]
ACCOUNT = {
    "id": "acme",
    "users": [{"id": name} for name in ("alice", "bob", "carl")],
    "devices": [{"id": f"{name}-phone", "owner_id": name} for name in ("alice", "bob", "carl")],
    "callflows": [
        {"id": "to-bob", "numbers": ["2002"], "flow": {"module": "user", "data": {"id": "bob"}}},
        {"id": "to-carl", "numbers": ["2003"], "flow": {"module": "user", "data": {"id": "carl"}}},
    ],
}
TALK = ("at 2s: alice answers", "at 3s: caller speaks for 2s", "at 6s: alice speaks for 2s")


@define
class Heard:
    """One finished recording: its result, and its file as decoded; `names` has each party by its voice."""

    result: RecordingResult
    samples: NDArray[np.int16]
    rate: int
    names: dict[int, str]

    def sides(self, from_ms: int, to_ms: int) -> tuple[str, str]:
        """Who or what sounds left and right: a party's name, or the kind of sound."""
        cut = self.samples[from_ms * self.rate // 1000 : to_ms * self.rate // 1000]
        found = (heard(cut[:, side], self.rate) for side in (0, 1))
        left, right = (
            each.kind if each.number is None else self.names.get(each.number, str(each.number)) for each in found
        )
        return left, right


def recorded(staging: ModuleType, folder: Path, *lines: str, profile: str = "docs", **data: Any) -> list[Heard]:
    """The recordings of a call for alice that is recorded from its start, each written to a file and read again."""
    flow = staging.record(staging.ring("alice"), **data)
    run = staging.played(folder, *lines, flow=flow, account=ACCOUNT, profile=profile)
    result = run.result()
    assert not result.failures, result.failures
    numbers = {number: name for of_call in party_numbers(run.rows).values() for name, number in of_call.items()}
    files = []
    for recording in write_recordings(run.rows, result, folder / "out", folder).recordings:
        if recording.file is None:
            continue
        with wave.open(recording.file, "rb") as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
            assert len(sound) * 1000 == recording.length_ms * file.getframerate()
            files.append(Heard(recording, sound, file.getframerate(), numbers))
    return files


def talks(a: str, b: str, *, from_s: int) -> tuple[str, str]:
    """One speaks for two seconds, and then the other."""
    return f"at {from_s}s: {a} speaks for 2s", f"at {from_s + 3}s: {b} speaks for 2s"


def before(file: Heard) -> None:
    """What every recording of these calls holds of the talk with alice."""
    assert file.sides(0, 2_000) == ("silence", "ringback")
    assert file.sides(3_000, 5_000) == ("caller", "silence")
    assert file.sides(6_000, 8_000) == ("silence", "alice")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("follows", [True, False])
def test_sent_away_by_the_callee_the_caller_is_recorded_on(
    staging: ModuleType, tmp_path: Path, follows: bool, profile: str
) -> None:
    """B§3.7; C14: the tap sits on the leg that survives, and stays there whatever should_follow_transfer says."""
    lines = (*TALK, "at 10s: alice transfers to 2002", "at 14s: bob answers", *talks("caller", "bob", from_s=15))
    [file] = recorded(
        staging, tmp_path, *lines, "at 22s: bob hangs up", should_follow_transfer=follows, profile=profile
    )
    before(file)
    assert file.sides(10_000, 12_000) == ("silence", "ringback")
    assert file.sides(15_000, 17_000) == ("caller", "silence")
    assert file.sides(18_000, 20_000) == ("silence", "bob")
    assert (file.result.length_ms, file.result.ended_by) == (22_000, "hangup")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("follows", [True, False])
def test_sent_away_by_the_caller_the_callee_is_recorded_on_if_asked(
    staging: ModuleType, tmp_path: Path, follows: bool, profile: str
) -> None:
    """B§3.7; C14, C28: with should_follow_transfer the tap moves to alice's leg, left from then on; else it ends."""
    lines = (*TALK, "at 10s: caller transfers to 2002", "at 14s: bob answers", *talks("alice", "bob", from_s=15))
    [file] = recorded(
        staging, tmp_path, *lines, "at 22s: bob hangs up", should_follow_transfer=follows, profile=profile
    )
    before(file)
    if follows:
        assert file.sides(10_000, 12_000) == ("silence", "ringback")
        assert file.sides(15_000, 17_000) == ("alice", "silence")
        assert file.sides(18_000, 20_000) == ("silence", "bob")
        assert (file.result.length_ms, file.result.ended_by) == (22_000, "hangup")
    else:
        assert (file.result.length_ms, file.result.ended_by) == (10_000, "transfer")


def consulted(who: str, other: str) -> tuple[str, ...]:
    """`who` consults bob, speaks to him, and hangs up; then the other one and bob talk."""
    return (
        *TALK,
        f"at 10s: {who} transfers with consultation to 2002",
        "at 12s: bob answers",
        f"at 13s: {who} speaks for 1s",
        f"at 14s: {who} hangs up",
        *talks(other, "bob", from_s=15),
        "at 22s: bob hangs up",
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("follows", [True, False])
def test_a_consultation_of_the_callee_is_not_heard_and_the_recording_goes_on(
    staging: ModuleType, tmp_path: Path, follows: bool, profile: str
) -> None:
    """B§3.7, B§8.2: the caller hears music while alice asks bob, and then bob; the flag has no say."""
    lines = consulted("alice", "caller")
    [file] = recorded(staging, tmp_path, *lines, should_follow_transfer=follows, profile=profile)
    before(file)
    assert file.sides(10_000, 14_000) == ("silence", "music")
    assert file.sides(15_000, 17_000) == ("caller", "silence")
    assert file.sides(18_000, 20_000) == ("silence", "bob")
    assert (file.result.length_ms, file.result.ended_by) == (22_000, "hangup")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("follows", [True, False])
def test_after_a_consultation_of_the_caller_the_callee_is_recorded_on_if_asked(
    staging: ModuleType, tmp_path: Path, follows: bool, profile: str
) -> None:
    """B§3.7, B§8.2: on hold the caller's leg is silent; when he is gone the tap sits on alice's leg, or has ended."""
    lines = consulted("caller", "alice")
    [file] = recorded(staging, tmp_path, *lines, should_follow_transfer=follows, profile=profile)
    before(file)
    assert file.sides(10_000, 14_000) == ("silence", "silence")
    if follows:
        assert file.sides(15_000, 17_000) == ("alice", "silence")
        assert file.sides(18_000, 20_000) == ("silence", "bob")
        assert (file.result.length_ms, file.result.ended_by) == (22_000, "hangup")
    else:
        assert (file.result.length_ms, file.result.ended_by) == (14_000, "transfer")


def test_both_voices_are_there_after_a_second_transfer_in_a_row(staging: ModuleType, tmp_path: Path) -> None:
    """C38: alice sends the caller to bob, and bob to carl: nobody's voice is lost."""
    lines = (
        *TALK, "at 10s: alice transfers to 2002", "at 11s: bob answers", *talks("caller", "bob", from_s=12),
        "at 18s: bob transfers to 2003", "at 19s: carl answers", *talks("caller", "carl", from_s=20),
        "at 26s: caller hangs up",
    )  # fmt: skip
    [file] = recorded(staging, tmp_path, *lines)
    before(file)
    assert [file.sides(at_ms, at_ms + 2_000) for at_ms in (12_000, 15_000)] == [
        ("caller", "silence"), ("silence", "bob"),
    ]  # fmt: skip
    assert [file.sides(at_ms, at_ms + 2_000) for at_ms in (20_000, 23_000)] == [
        ("caller", "silence"), ("silence", "carl"),
    ]  # fmt: skip
    assert (file.result.length_ms, file.result.ended_by) == (26_000, "hangup")


def test_a_tap_that_moved_may_move_again(staging: ModuleType, tmp_path: Path) -> None:
    """C38, B§3.7: the caller sends alice to bob, alice sends bob to carl: it sits on bob's leg in the end."""
    lines = (
        *TALK, "at 10s: caller transfers to 2002", "at 11s: bob answers", *talks("alice", "bob", from_s=12),
        "at 18s: alice transfers to 2003", "at 19s: carl answers", *talks("bob", "carl", from_s=20),
        "at 26s: carl hangs up",
    )  # fmt: skip
    [file] = recorded(staging, tmp_path, *lines)
    before(file)
    assert file.sides(12_000, 14_000) == ("alice", "silence")
    assert file.sides(15_000, 17_000) == ("silence", "bob")
    assert file.sides(20_000, 22_000) == ("bob", "silence")
    assert file.sides(23_000, 25_000) == ("silence", "carl")
    assert (file.result.length_ms, file.result.ended_by) == (26_000, "hangup")


def test_what_is_paused_or_masked_stays_so_on_the_other_leg(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.7, B§3.10: a transfer neither resumes nor unmasks; pausing shortens the file, masking does not."""
    lines = (
        *TALK, "at 9s: api pauses recording", "at 10s: caller transfers to 2002", "at 11s: bob answers",
        *talks("alice", "bob", from_s=12), "at 18s: api resumes recording", *talks("alice", "bob", from_s=19),
        "at 25s: bob hangs up",
    )  # fmt: skip
    [file] = recorded(staging, tmp_path, *lines)
    before(file)
    assert file.result.length_ms == 16_000
    assert file.sides(8_100, 10_000) == ("silence", "silence")
    assert file.sides(10_000, 12_000) == ("alice", "silence")
    assert file.sides(13_000, 15_000) == ("silence", "bob")
    masked = [line.replace("pauses", "masks").replace("resumes", "unmasks") for line in lines]
    [file] = recorded(staging, tmp_path, *masked)
    assert file.result.length_ms == 25_000
    assert file.sides(9_000, 18_000) == ("silence", "silence")
    assert (file.sides(19_000, 21_000), file.sides(22_000, 24_000)) == (("alice", "silence"), ("silence", "bob"))


def test_a_transfer_that_is_given_up_leads_back_to_the_first_talk(staging: ModuleType, tmp_path: Path) -> None:
    """B§8.2, C38: alice asks bob, and comes back: one recording, her voice before and after, music between."""
    lines = (
        *TALK, "at 10s: alice transfers with consultation to 2002", "at 12s: bob answers", "at 12s: bob speaks for 2s",
        "at 15s: alice resumes", *talks("alice", "caller", from_s=16), "at 22s: caller hangs up",
    )  # fmt: skip
    [file] = recorded(staging, tmp_path, *lines)
    assert file.sides(10_000, 15_000) == ("silence", "music")
    assert file.sides(16_000, 18_000) == ("silence", "alice")
    assert file.sides(19_000, 21_000) == ("caller", "silence")
    assert (file.result.length_ms, file.result.ended_by) == (22_000, "hangup")


@pytest.mark.parametrize(("who", "on_hold"), [("alice", ("silence", "music")), ("caller", ("silence", "silence"))])
def test_a_recording_goes_on_during_a_hold(
    staging: ModuleType, tmp_path: Path, who: str, on_hold: tuple[str, str]
) -> None:
    """B§3.7; C27: hold neither pauses nor shortens it; music is on the side of whoever was put on hold."""
    lines = (*TALK, f"at 10s: {who} holds", f"at 15s: {who} resumes", *talks("caller", "alice", from_s=16))
    [file] = recorded(staging, tmp_path, *lines, "at 22s: caller hangs up")
    before(file)
    assert file.sides(10_000, 15_000) == on_hold
    assert file.sides(16_000, 18_000) == ("caller", "silence")
    assert file.sides(19_000, 21_000) == ("silence", "alice")
    assert file.result.length_ms == 22_000


def test_who_is_on_hold_is_still_recorded(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Sound: the one who hears the music may speak: it is on that leg's side, and nobody hears it."""
    lines = (*TALK, "at 10s: alice holds", "at 11s: caller speaks for 2s", "at 14s: caller hangs up")
    [file] = recorded(staging, tmp_path, *lines)
    assert file.sides(11_000, 13_000) == ("caller", "music")
