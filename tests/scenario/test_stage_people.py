"""The stage with sounds, the API and the switch: what reaches the engine and what the recording holds of it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from callflow.scenario.preparing import Choices


def test_noise_has_the_level_that_was_asked_for(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 3, item 12: the level is the mean absolute sample; below the threshold of 200 it counts as silence."""
    run = staging.played(
        tmp_path,
        "at 1s: alice answers",
        "at 2s: alice sends noise 150 for 5s",
        "after 0s: alice sends noise 400 for 5s",
        "after 0s: caller hangs up",
        flow=staging.record(staging.ring(), record_sample_rate=8_000),
        expect={
            "audio": [
                {"right": "level 140..160", "from": "2s", "to": "7s"},
                {"right": "silent", "from": "2s", "to": "7s"},
                {"right": "level 380..420", "from": "7s", "to": "12s"},
                {"right": "speech", "from": "7s", "to": "12s"},
            ]
        },
    )
    assert run.result().failures == ()


def test_a_codec_carries_no_more_than_its_rate(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12, Sound: a tone of 6 kHz passes G722 (16,000 samples a second) and not PCMU (8,000)."""
    heard = {}
    for codec in ("PCMU", "G722"):
        run = staging.played(
            tmp_path,
            "at 1s: alice answers",
            "at 2s: caller sends tone 6000 for 5s",
            "after 0s: caller hangs up",
            caller={"number": "1", "dials": "2001", "codec": codec},
            flow=staging.record(staging.ring()),
            expect={"audio": [{"left": "tone 6000", "from": "2s", "to": "7s"}]},
        )
        heard[codec] = [each.nearest for each in run.result().failures]
    assert heard == {"PCMU": ["silence"], "G722": []}


@pytest.mark.parametrize(
    ("fault", "state", "ended_by", "length_ms"),
    [
        ("cannot open files", "lost", "media_failure", 0),
        ("cannot write files", "finished", "media_failure", 0),
        ("does not confirm stops", "lost", "hangup", 0),
    ],
)
def test_the_switch_has_faults(
    staging: ModuleType, tmp_path: Path, fault: str, state: str, ended_by: str, length_ms: int
) -> None:
    """Issue 3, item 11: the file cannot be opened, a write fails, the stop is never confirmed."""
    timeline = [f"at 0s: switch {fault}", "at 0s: caller calls", "at 1s: alice answers", "at 9s: caller hangs up"]
    run = staging.played(tmp_path, timeline=[*map(staging.step, timeline)], flow=staging.record(staging.ring()))
    (recording,) = run.result().recordings
    assert (recording.state, recording.ended_by, recording.length_ms) == (state, ended_by, length_ms)
    broken = next(row for row in run.rows if row.name == f"switch {fault}")
    assert broken.detail == {"line": 11, "text": f"at 0s: switch {fault}"}


def test_without_media_an_unanswered_leg_is_not_recorded(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.3: recording before the answer forces early media; where there is none the start fails without an event."""
    timeline = ["at 0s: switch has no media", "at 0s: caller calls", "at 1s: alice answers", "at 9s: caller hangs up"]
    run = staging.played(
        tmp_path,
        timeline=[*map(staging.step, timeline)],
        flow=staging.record(staging.ring()),
        expect={"recordings": [{"state": "lost"}], "never": ["RECORD_START", "RECORD_STOP"]},
    )
    assert run.result().failures == ()


def test_a_write_may_fail_in_the_middle(staging: ModuleType, tmp_path: Path) -> None:
    """B§3.8: what is in the file stays, and the recording ends at once."""
    run = staging.played(
        tmp_path,
        "at 1s: alice answers",
        "at 5s: switch cannot write files",
        "when recording stops after 1s: caller hangs up",
        flow=staging.record(staging.ring()),
        expect={
            "recordings": [{"state": "finished", "ended_by": "media_failure", "length": "5s", "delivery": "stored"}]
        },
    )
    assert run.result().failures == ()
    assert run.result().calls[0].ended_ms == 6_000


def test_the_api_masks_and_pauses(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 3, item 5; B§3.10: masked seconds are silence in the file, paused ones are absent from it."""
    run = staging.played(
        tmp_path,
        "at 1s: alice answers",
        "at 2s: alice speaks for 18s",
        "at 5s: api masks recording",
        "when recording is masked after 2s: api unmasks recording",
        "when recording is unmasked after 3s: api pauses recording",
        "when recording pauses after 5s: api resumes recording",
        "when recording resumes after 2s: api stops recording",
        "when recording stops after 1s: caller hangs up",
        flow=staging.record(staging.ring()),
        expect={
            "events": ["RECORD_MASK", "RECORD_UNMASK", "RECORD_PAUSE", "RECORD_RESUME", "RECORD_STOP"],
            "recordings": [{"started": "0s", "ended": "17s", "length": "12s", "ended_by": "stop"}],
            "audio": [
                {"right": "voice alice", "from": "2s", "to": "5s"},
                {"right": "silent", "from": "5s", "to": "7s"},
                {"right": "voice alice", "from": "7s", "to": "12s"},
            ],
        },
    )
    assert run.result().failures == ()
    assert [row.leg for row in staging.rows_of(run, "INPUT", "controls recording")] == ["A"] * 5


def test_the_api_starts_and_toggles(staging: ModuleType, tmp_path: Path) -> None:
    """B§10: a request may start a recording; the kazoo-4 profile takes a toggle for a start (C24)."""
    run = [
        staging.played(
            tmp_path,
            "at 1s: alice answers",
            "at 2s: api starts recording",
            "at 7s: api toggles recording",
            "at 9s: caller hangs up",
            flow=staging.RING_ONLY,
            choices=Choices(profile=profile),
        ).result()
        for profile in ("docs", "kazoo-4")
    ]
    docs, four = ([(each.started_ms, each.ended_ms) for each in result.recordings] for result in run)
    assert (docs, four) == ([(2_000, 7_000)], [(2_000, 9_000), (7_000, 9_000)])


def test_the_api_does_not_know_a_call_that_has_ended(staging: ModuleType, tmp_path: Path) -> None:
    """Design §12: a step that is not possible is a failure that says why."""
    run = staging.played(
        tmp_path, "at 1s: alice answers", "at 2s: caller hangs up", "at 3s: api stops recording", flow=staging.RING_ONLY
    )
    (failure,) = run.result().failures
    assert "the call has ended, and the API knows it no more" in failure.message


def test_whoever_is_outside_takes_part_like_everybody(staging: ModuleType, tmp_path: Path) -> None:
    """B§7.16; issue 3, item 6: a carrier reaches the party `outside`, who rings, answers, speaks and hangs up."""
    run = staging.played(
        tmp_path,
        "when outside rings after 2s: outside answers",
        "at 3s: outside speaks for 3s",
        "after 1s: outside hangs up",
        flow=staging.record({"module": "resources", "data": {}}),
        expect={
            "events": ["outside rings", "outside answers", "outside hangs up"],
            "audio": [{"right": "voice outside", "from": "3s", "to": "6s"}],
        },
    )
    assert run.result().failures == ()
