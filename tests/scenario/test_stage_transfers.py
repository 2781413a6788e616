"""The stage with hold and transfers: whose leg is told, who is heard, and who hangs up at the end (B§8.2)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.simulate import Run

ALICE = {"id": "alice"}
USER = {"module": "user", "data": ALICE}


def account(staging: ModuleType) -> dict[str, Any]:
    """Alice and dave: 2001 records and rings her, 2002 rings him."""
    flow = {"module": "user", "data": {"id": "dave"}}
    recorded = staging.record(USER, time_limit=20)
    return {
        "users": [ALICE, {"id": "dave"}],
        "devices": [{"id": f"{each}-phone", "owner_id": each} for each in ("alice", "dave")],
        "callflows": [
            {"id": "f1", "numbers": ["2001"], "flow": recorded},
            {"id": "f2", "numbers": ["2002"], "flow": flow},
        ],
    }


@pytest.fixture
def played(staging: ModuleType, tmp_path: Path) -> Any:
    """Play a call to 2001, which alice answers at 1 s."""

    def play(*lines: str, **parts: Any) -> Run:
        parts = {"callflow": "2001", "account": account(staging), **parts}
        run: Run = staging.played(tmp_path, "at 1s: alice answers", *lines, **parts)
        return run

    return play


def told(run: Run) -> list[tuple[str, str]]:
    """What was told, and on which leg."""
    return [(row.name, row.leg) for row in run.rows if row.kind == "INPUT"]


def test_hold_music_is_heard_and_whoever_holds_is_not(played: Any) -> None:
    """C27; design §12, Sound: the recording goes on; HELD is the leg that pressed hold, the other hears music."""
    run = played(
        "at 2s: alice speaks for 2s",
        "after 0s: alice holds",
        "when alice holds after 4s: alice resumes",
        "when alice resumes: alice speaks for 2s",
        "after 1s: caller hangs up",
        expect={
            "events": ["alice holds", "alice resumes"],
            "recordings": [{"length": "11s", "ended_by": "hangup"}],
            "audio": [
                {"right": "voice alice", "from": "2s", "to": "4s"},
                {"right": "level above 200", "from": "4s", "to": "8s"},
                {"right": "voice alice", "from": "8s", "to": "10s"},
                {"left": "silent"},
            ],
        },
    )
    assert run.result().failures == ()
    assert told(run) == [
        ("calls", "A"), ("answers", "B"), ("speaks", "B"), ("holds", "B"), ("resumes", "B"), ("speaks", "B"),
        ("hangs up", "A"),
    ]  # fmt: skip


def test_a_party_that_consults_has_two_legs(played: Any) -> None:
    """B§8.2: she speaks to dave on her second leg, hanging up completes the transfer, and the caller talks to dave."""
    run = played(
        "at 2s: alice transfers with consultation to 2002",
        "when dave rings after 1s: dave answers",
        "after 0s: alice speaks for 2s",
        "after 0s: alice hangs up",
        "after 1s: dave speaks for 2s",
        "after 1s: caller hangs up",
        expect={
            "events": ["alice holds", "dave rings", "dave answers", "CHANNEL_TRANSFEREE"],
            "audio": [
                {"right": "level above 200", "from": "2s", "to": "5s"},
                {"right": "voice dave", "from": "6s", "to": "8s"},
            ],
        },
    )
    assert run.result().failures == ()
    speaks = [leg for name, leg in told(run) if name == "speaks"]
    consulting = next(
        row.leg for row in run.rows if row.name == "CHANNEL_CREATE" and row.leg != "A" and "dialled" in row.detail
    )
    assert speaks[0] == consulting and speaks[1] not in (consulting, "B")
    assert ("hangs up", consulting) in told(run)
    assert run.result().calls[0].hangup_by == "caller"


def test_resuming_gives_a_consultation_up(played: Any) -> None:
    """B§8.2: `resumes` is for the leg that she holds; she is back with the caller, and dave's phone is quiet."""
    run = played(
        "at 2s: alice transfers with consultation to 2002",
        "when dave rings after 1s: alice resumes",
        "after 1s: alice speaks for 2s",
        "after 1s: alice hangs up",
        expect={"audio": [{"right": "voice alice", "from": "4s", "to": "6s"}], "never": ["dave answers"]},
    )
    assert run.result().failures == ()
    assert [pair for pair in told(run) if pair[0] in ("resumes", "hangs up")] == [("resumes", "B"), ("hangs up", "B")]


def test_the_call_of_a_caller_who_transferred_it_goes_on(played: Any) -> None:
    """B§3.7: the tap follows to alice's leg, the controlled one now: the API tells it, and it ends the call."""
    run = played(
        "at 2s: caller speaks for 2s",
        "after 0s: caller transfers to 2002",
        "when dave rings after 1s: dave answers",
        "at 6s: alice speaks for 2s",
        "after 0s: dave speaks for 2s",
        "at 11s: api masks recording",
        "at 12s: dave speaks for 2s",
        expect={
            "hangup_by": "end of scenario",
            "audio": [
                {"left": "voice caller", "from": "2s", "to": "4s"},
                {"left": "voice alice", "from": "6s", "to": "8s"},
                {"right": "voice dave", "from": "8s", "to": "10s"},
                {"right": "silent", "from": "12s", "to": "14s"},
            ],
        },
    )
    assert run.result().failures == ()
    assert ("controls recording", "B") in told(run) and told(run)[-1] == ("hangs up", "B")
    (call,) = run.result().calls
    assert (call.ended_ms, call.hangup_cause) == (20_000, "NORMAL_CLEARING")


def test_whoever_talks_on_without_the_call_is_ended_too(played: Any) -> None:
    """Design §12: nothing is left to happen: the caller hangs up, and then whoever talks on in a consultation."""
    run = played(
        "at 2s: alice transfers with consultation to 2002",
        "when dave rings after 1s: dave answers",
    )
    remarks = [each for each in run.result().diagnostics if each.code == "end-of-scenario"]
    assert len(remarks) == 1
    assert run.engine.live_calls == ()
    assert [leg for name, leg in told(run) if name == "hangs up"][0] == "A"
