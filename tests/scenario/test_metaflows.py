"""Metaflows from documents to recordings: scenarios in which people press digits, and the API acts (issue 3; B§10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callflow.core.errors import FlowError, ScenarioError
from callflow.report.timeline import Timeline
from callflow.scenario.preparing import Choices
from callflow.simulate import Run

RECORD = {"module": "record_call", "data": {"format": "wav"}}
USERS = [{"id": "alice"}, {"id": "bob", "metaflows": {"numbers": {"9": RECORD}}}]
DEVICES = [{"id": "alice-phone", "owner_id": "alice"}, {"id": "bob-phone", "owner_id": "bob"}]
ACCOUNT: dict[str, Any] = {"users": USERS, "devices": DEVICES}
FROM_BOB = {"device": "bob-phone", "name": "Bob", "dials": "2001"}
PRESSES = ("at 2s: alice answers", "at 5s: caller presses *9", "at 10s: caller presses *9", "at 20s: caller hangs up")


def recordings(run: Run) -> list[tuple[int | None, int, str]]:
    """When each recording began, how long it is, and where it came from."""
    return [(each.started_ms, each.length_ms, each.origin) for each in run.result().recordings]


@pytest.mark.parametrize(
    ("profile", "made"),
    [
        ("docs", [(6_000, 5_000, "no origin")]),
        ("kazoo-4", [(6_000, 14_000, "no origin"), (11_000, 9_000, "no origin")]),
        ("kazoo-5", [(6_000, 5_000, "no origin")]),
    ],
)
def test_pressed_twice(tmp_path: Path, staging: Any, profile: str, made: Any) -> None:
    """C24: `*9` twice starts and stops; in kazoo-4 it records twice."""
    run = staging.played(tmp_path, *PRESSES, flow=staging.RING_ONLY, account=ACCOUNT, caller=FROM_BOB, profile=profile)
    assert recordings(run) == made


def test_a_callflows_own_metaflow(tmp_path: Path, staging: Any) -> None:
    """B§1.1: the callflow file's `metaflow` serves a caller from outside, with the scenario's values filled in."""
    node = {"module": "record_call", "data": {"url": "http://h/{WHO}", "origin": "{WHO}"}}
    flow = {"flow": staging.RING_ONLY, "metaflow": {"numbers": {"9": node}}}
    run = staging.played(tmp_path, *PRESSES, flow=flow, **{"with": {"WHO": "bob"}})
    assert recordings(run) == [(6_000, 5_000, "bob")]
    assert run.result().recordings[0].delivery.url.startswith("http://h/bob/")


def test_a_callflow_of_the_account(tmp_path: Path, staging: Any) -> None:
    """B§1.1: the same in a callflow of an account, whose remarks stand at their place in the file."""
    node = {"module": "record_call", "data": {"url": "http://h/{WHO}"}}
    listed = {"id": "f", "numbers": ["2001"], "flow": staging.RING_ONLY, "metaflow": {"numbers": {"9": node}}}
    account = {**ACCOUNT, "callflows": [listed]}
    run = staging.played(tmp_path, *PRESSES, callflow="2001", account=account)
    assert len(run.result().recordings) == 1
    (remark,) = [each for each in run.prepared.diagnostics if each.code == "unfilled-placeholder"]
    assert remark.where.endswith("account.callflows[0].metaflow.numbers.9.data")
    assert remark.where.startswith(str(tmp_path / "call.json"))


def test_what_is_not_simulated(tmp_path: Path, staging: Any) -> None:
    """Issue 3: exit 2 for metaflows that nobody simulates, unless they are to be skipped."""
    bound = {"metaflows": {"numbers": {"5": {"module": "transfer"}, "9": RECORD}}}
    account = {**ACCOUNT, "users": [USERS[0], {"id": "bob", **bound}]}
    parts = {"flow": staging.RING_ONLY, "account": account, "caller": FROM_BOB}
    with pytest.raises(ScenarioError, match=r"users\[1\]\.metaflows\.numbers\.5: the metaflow 'transfer' is not simul"):
        staging.played(tmp_path, *PRESSES, **parts)
    run = staging.played(tmp_path, *PRESSES, choices=Choices(skip_unsimulated=True), **parts)
    assert [each.code for each in run.prepared.diagnostics if each.severity == "warning"] == ["skipped-unsimulated"]
    assert len(run.result().recordings) == 1


def test_a_faulty_metaflow_of_a_file(tmp_path: Path, staging: Any) -> None:
    """Design §9: a callflow file's fault is told with its line and path."""
    flow = {"flow": staging.RING_ONLY, "metaflow": {"patterns": {"(": RECORD}}}
    with pytest.raises(FlowError, match=r"flow\.json:\d+: metaflow\.patterns\[\"\(\"\]: not a regular expression"):
        staging.played(tmp_path, *PRESSES, flow=flow)


def test_the_api_and_the_lanes(tmp_path: Path, staging: Any) -> None:
    """B§10, C44, C45: the API records, masks and pauses; lanes say what is in the file; both are told in words."""
    steps = (
        "at 1s: api starts recording",
        "at 3s: caller presses 1",
        "at 4s: api masks recording",
        "at 5s: caller presses 2",
        "at 6s: api unmasks recording",
        "at 7s: api pauses recording",
        "at 8s: api resumes recording",
        "at 9s: api stops recording",
        "at 20s: caller hangs up",
    )
    flow = {
        "module": "sleep",
        "data": {"duration": 10},
        "children": {"_": {"module": "play", "data": {"id": "general-call_is_being_recorded"}}},
    }
    run = staging.played(tmp_path, "at 0s: caller speaks for 9s", *steps, flow={**flow})
    assert recordings(run) == [(1_000, 7_000, "no origin")]
    assert [row.detail["file_ms"] for row in staging.rows_of(run, "PAYMENT")] == [2_000]
    assert [(row.detail["from_ms"], row.detail["to_ms"]) for row in staging.rows_of(run, "CONSENT")] == [(1_000, 9_000)]
    timeline = Timeline()
    told = [line.what for row in run.rows if (line := timeline.take(row)) is not None]
    assert "the digit is in recording 0, at 0:02.000 of it" in told
    assert "recording 0 holds 0:08.000 from before the announcement ended" in told


def test_words_of_a_metaflow(tmp_path: Path, staging: Any) -> None:
    """What digits came to is told to a reader; the machine's own moves are not."""
    lines = ("at 2s: alice answers", "at 5s: caller presses *8", "at 8s: caller presses *", "at 20s: caller hangs up")
    run = staging.played(tmp_path, *lines, flow=staging.RING_ONLY, account=ACCOUNT, caller=FROM_BOB)
    timeline = Timeline()
    told = [line.what for row in run.rows if (line := timeline.take(row)) is not None and row.kind == "METAFLOW"]
    assert told == ["nothing is bound to Bob's digits 8", "no digits came"]
