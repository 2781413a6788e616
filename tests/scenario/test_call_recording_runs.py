"""Scenarios whose account records by itself: results, sound and remarks of whole runs (B§9, B§12 #20; C14, C15)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.report.hearing import soundtracks
from callflow.scenario.preparing import Choices
from callflow.simulate import Run

ON: dict[str, Any] = {"any": {"any": {"enabled": True, "format": "wav"}}}
ANSWERED = ("at 4s: alice answers", "after 0s: caller speaks for 2s", "after 0s: alice speaks for 3s")
HANG_UP = "at 20s: caller hangs up"


def account(call_recording: Any = None, alice: Any = None, bob: Any = None, **parts: Any) -> dict[str, Any]:
    """Alice and Bob with a phone each, and what each of them and the account records; flow 2001 rings Alice."""
    layers = {"alice": alice, "bob": bob}
    return {
        "id": "acme",
        "users": [{"id": name, **({"call_recording": own} if own else {})} for name, own in layers.items()],
        "devices": [{"id": f"{name}-phone", "owner_id": name} for name in layers],
        "callflows": [{"id": "main", "numbers": ["2001"], "flow": {"module": "user", "data": {"id": "alice"}}}],
        **({"call_recording": call_recording} if call_recording else {}),
        **parts,
    }


@pytest.fixture
def played(staging: ModuleType, tmp_path: Path) -> Any:
    """Play a call to 2001 of such an account, from Bob's phone or from outside."""

    def play(of: dict[str, Any], *lines: str, profile: str = "docs", is_onnet: bool = True) -> Run:
        who = {"device": "bob-phone"} if is_onnet else {"number": "+14155550100", "name": "Carol"}
        parts = {"account": of, "callflow": "2001", "caller": {**who, "dials": "2001"}}
        choices = Choices(profile=profile)
        run: Run = staging.played(tmp_path, *(lines or (*ANSWERED, HANG_UP)), choices=choices, **parts)
        return run

    return play


def found(run: Run) -> list[tuple[str, str, int | None, int, str]]:
    """Of each recording in the results: its leg, origin, start, length and state."""
    recordings = run.result().calls[0].recordings
    return [(each.leg, each.origin, each.started_ms, each.length_ms, each.state) for each in recordings]


def voices(run: Run, recording: int) -> list[tuple[str, int, int]]:
    """The side and time of each voice in a recording's file."""
    [track] = [track for key, track in soundtracks(run.rows).items() if key[1] == recording]
    spoken = [span for span in track.spans if type(span.source).__name__ == "Voice"]
    return [(span.side, span.from_ms, span.to_ms) for span in spoken]


def test_three_recordings_of_one_call(played: Any) -> None:
    """C15: account, caller and callee record the same call; origin and leg tell them apart in the results."""
    run = played(account({"account": ON}, ON, ON))
    assert found(run) == [
        ("A", "inbound from onnet to account", 0, 20_000, "finished"),
        ("A", "outbound to onnet from endpoint", 0, 20_000, "finished"),
        ("B", "inbound from onnet to endpoint", 4_000, 16_000, "finished"),
    ]
    assert ("two-recordings", "info") in [(each.code, each.severity) for each in run.result().diagnostics]


def test_the_callees_file_has_the_callee_on_the_left(played: Any) -> None:
    """B§3.8, B§9.3: on leg B left is what Alice says, right what she hears; on leg A it is the other way round."""
    run = played(account({"account": ON}, ON), is_onnet=False)
    assert voices(run, 0) == [("left", 4_000, 6_000), ("right", 6_000, 9_000)]
    assert voices(run, 1) == [("right", 0, 2_000), ("left", 2_000, 5_000)]


def test_a_device_that_sets_one_cell(played: Any) -> None:
    """B§12 #20: a device with inbound.offnet alone records calls from outside, and no others of the account's."""
    devices = [
        {"id": "alice-phone", "owner_id": "alice", "call_recording": {"inbound": {"offnet": {"enabled": True}}}},
        {"id": "bob-phone", "owner_id": "bob"},
    ]
    of = account({"endpoint": {"any": {"any": {"enabled": True}}}}, devices=devices)
    assert [each[:2] for each in found(played(of))] == [("A", "outbound to onnet from endpoint")]
    outside = played(of, is_onnet=False)
    assert [each[:2] for each in found(outside)] == [("B", "inbound from offnet to endpoint")]
    assert "recording-switched-off" in [each.code for each in outside.result().diagnostics]


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_the_older_record_call(played: Any, profile: str) -> None:
    """B§9.1: `record_call: true` of the callee records its calls from both networks, in every profile."""
    of = account(users=[{"id": "alice", "record_call": True}, {"id": "bob"}])
    assert [each[:2] for each in found(played(of, profile=profile))] == [("B", "inbound from onnet to endpoint")]
    outside = played(of, profile=profile, is_onnet=False)
    assert [each[:2] for each in found(outside)] == [("B", "inbound from offnet to endpoint")]


def test_nobody_answers(played: Any) -> None:
    """B§9.3: the account records the ringing too; a callee that never answered has no recording."""
    run = played(account({"account": ON}, ON), "at 10s: caller hangs up", is_onnet=False)
    assert found(run) == [("A", "inbound from offnet to account", 0, 10_000, "finished")]


def test_the_announcement_is_in_the_file(played: Any) -> None:
    """B§9.4: the prompt is what leg A hears beside the talk: on the right of the recording there, not on leg B's."""
    cell = {"enabled": True, "should_announce_when_recording": True}
    run = played(account({"account": {"inbound": {"onnet": cell}}}, ON), "at 4s: alice answers", HANG_UP)
    tracks = soundtracks(run.rows)
    heard = {key[1]: [(span.side, span.from_ms, span.to_ms) for span in track.spans] for key, track in tracks.items()}
    assert ("right", 4_000, 6_300) in heard[0]
    assert heard[1] == []


def test_a_mistake_has_its_place(played: Any) -> None:
    """Design §9: a fault in `call_recording` is told with its file and place, and nothing runs."""
    with pytest.raises(Exception, match=r"users\[0\].call_recording.any.any.time_limit: 4 is out of bounds"):
        played(account(alice={"any": {"any": {"time_limit": 4}}}))
