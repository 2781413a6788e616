"""The composition root: determinism (design §2.6), the result and its verdict, and the collector's settings."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import callflow.examples
from callflow.files import write_recordings
from callflow.scenario.language import load_scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import Run, simulate, tuned_gc
from callflow.tracefile import to_line

EXAMPLES = Path(callflow.examples.__file__).parent / "record_per_user"
FINGERPRINT = """
import sys
from pathlib import Path
from callflow.tracefile import to_line
from callflow.scenario.language import load_scenario
from callflow.simulate import simulate
for row in simulate(load_scenario(Path(sys.argv[1]))[0]).rows:
    sys.stdout.buffer.write(to_line(row))
"""


def talk(staging: ModuleType, folder: Path) -> Run:
    """A recorded talk, and a message whose delivery is tried twice: dice are thrown."""
    run = staging.played(
        folder,
        "at 2s: caller presses 5",
        "when voicemail records: caller speaks for 2s",
        "after 0s: caller hangs up",
        storage={"answers": [503, 201]},
    )
    assert isinstance(run, Run)
    return run


@pytest.mark.parametrize("name", ["answered.yaml", "voicemail.yaml"])
def test_two_runs_give_the_same_rows(name: str) -> None:
    """Design §2.6: same scenario, start, profile and seed: the same trace."""
    (scenario,) = load_scenario(EXAMPLES / name)
    assert simulate(scenario).rows == simulate(scenario).rows


def test_another_process_gives_the_same_bytes(staging: ModuleType, tmp_path: Path) -> None:
    """Design §2.6: on every Python: the order of sets and dicts plays no part."""
    own = b"".join(to_line(row) for row in talk(staging, tmp_path).rows)
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", FINGERPRINT, str(tmp_path / "call.json")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert done.stdout == own


def test_two_runs_give_the_same_wavs(staging: ModuleType, tmp_path: Path) -> None:
    """Design §2.6: the same WAV bytes."""
    digests = []
    for name in ("one", "two"):
        run = talk(staging, tmp_path)
        result = write_recordings(run.rows, run.summary(), tmp_path / name, tmp_path)
        files = [Path(each.file) for each in result.recordings if each.file and each.format == "wav"]
        digests.append([hashlib.sha256(each.read_bytes()).hexdigest() for each in files])
    assert digests[0] == digests[1] and len(digests[0]) == 1


def test_another_seed_gives_other_dice(staging: ModuleType, tmp_path: Path) -> None:
    """Design §2.6: the seed decides when a delivery is tried again, and nothing else of the call."""
    scenario = staging.scenario(
        tmp_path, "at 1s: alice answers", "at 2s: caller hangs up", storage={"answers": [503, 201]}
    )
    retries = set()
    for seed in range(5):
        (recording,) = simulate(scenario, Choices(seed=seed)).result().recordings
        assert recording.delivery is not None and recording.length_ms == 2_000
        retries.add(recording.delivery.attempts[1].at_ms)
    assert len(retries) == 5


def test_the_first_row_names_scenario_start_seed_and_format(staging: ModuleType, tmp_path: Path) -> None:
    """Design §2.6: row 1 carries a format number, the start and the seed."""
    detail = simulate(staging.scenario(tmp_path, seed=9)).rows[0].detail
    assert detail is not None
    assert (detail["format"], detail["seed"], detail["profile"]) == (1, 9, "docs")
    assert (detail["start"], detail["scenario"]) == ("2026-11-30T10:00:00Z", "a call")


def test_rows_come_while_the_call_runs(staging: ModuleType, tmp_path: Path) -> None:
    """Issue 2, item 10: a live run; `rows` are those played so far."""
    run = Run(prepare(staging.scenario(tmp_path), Choices()))
    rows = run.play()
    first = [next(rows) for _ in range(4)]
    assert run.rows == first and run.engine.live_calls


def test_a_verdict_may_fail_a_run_and_never_mends_one(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7, §12: a run whose expectations are not met has failed; diagnostics do not change the outcome."""
    wrong = staging.played(tmp_path, "at 1s: alice answers", "at 9s: caller hangs up", expect={"hangup_by": "alice"})
    result = wrong.result()
    assert (result.outcome, len(result.failures), wrong.summary().failures) == ("failed", 1, ())
    warned = staging.played(tmp_path, "at 1s: alice answers").result()
    assert warned.outcome == "passed" and any(each.severity == "warning" for each in warned.diagnostics)


def test_the_documents_remarks_come_before_the_runs(staging: ModuleType, tmp_path: Path) -> None:
    """Design §7: `diagnostics` hold what was said about the documents, what the stage said, and the run's warnings."""
    flow = {"module": "sleep", "data": {"duration": 5}, "children": {"module": "hangup", "data": {}}}
    codes = [
        each.code for each in staging.played(tmp_path, "at 1s: caller speaks for 1s", flow=flow).result().diagnostics
    ]
    assert codes == ["bare-children", "not-carried"]


@pytest.fixture
def collector() -> Iterator[None]:
    """Put the collector's settings back whatever a test does."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_tuned_gc_restores_what_it_changed(collector: None) -> None:
    """Speeds §1: the collector is tuned for the run only, also when the run raises."""
    gc.set_threshold(701, 11, 12)
    gc.unfreeze()
    with pytest.raises(KeyError), tuned_gc():
        assert gc.get_threshold() != (701, 11, 12) and gc.get_freeze_count() > 0
        raise KeyError
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((701, 11, 12), 0)


def test_tuned_gc_leaves_what_others_froze(collector: None) -> None:
    """A run inside a run, or inside a program that froze its own objects, unfreezes nothing of theirs."""
    with tuned_gc():
        with tuned_gc():
            assert gc.get_freeze_count() > 0
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
