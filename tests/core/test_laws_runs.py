"""Determinism: equal runs give equal bytes, in this process and in another one (design §2 law 6)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callflow.core.events import Answers, HangsUp, Presses, Speaks
from callflow.tracefile import to_line

FLOW = {
    "module": "record_call",
    "data": {"action": "start", "url": "http://h/r", "media_name": "named"},
    "children": {
        "_": {
            "module": "user",
            "data": {"id": "bob"},
            "children": {"_": {"module": "voicemail", "data": {"id": "box"}}},
        }
    },
}


def trace(build: Any, **setting: Any) -> str:
    """The trace of two calls, one answered and one that leaves a message, and of what becomes of their files."""
    stage = build.stage(FLOW, replies=("503", "timeout", "201"), **setting).offer("a1").offer("a2", at_ms=1_000)
    tells = (
        (3_000, Answers(), "B2", "a1"), (5_000, Speaks({"voice": "caller", "pitch": 3}, 900), "A", "a1"),
        (9_000, HangsUp(), "A", "a1"), (40_000, Presses("1"), "A", "a2"), (60_000, HangsUp(), "A", "a2"),
    )  # fmt: skip
    for tell in tells:
        stage.tell(*tell)
    return b"".join(to_line(row) for row in stage.run().rows).decode()


def digest(text: str) -> str:
    """A fingerprint of a trace."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@pytest.mark.parametrize("profile", ["docs", "kazoo-4", "kazoo-5"])
def test_two_runs_give_identical_traces(build: Any, profile: str) -> None:
    """Law 6: same inputs, start, profile and seed: the same bytes."""
    assert trace(build, profile=profile) == trace(build, profile=profile)


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_another_process_gives_the_same_trace(build: Any, hash_seed: str) -> None:
    """Law 6: nothing depends on the order of sets and hashes, on the clock, on the folder or on the locale."""
    folder = Path(__file__).resolve().parent
    program = (
        "import importlib.util, sys\n"
        "def load(name):\n"
        "    spec = importlib.util.spec_from_file_location(name, f'{sys.argv[1]}/{name}.py')\n"
        "    module = importlib.util.module_from_spec(spec)\n"
        "    spec.loader.exec_module(module)\n"
        "    return module\n"
        "runs = load('test_laws_runs')\n"
        "print(runs.digest(runs.trace(load('building'), profile='kazoo-5')))\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip() == digest(trace(build, profile="kazoo-5"))


def test_the_seed_is_all_that_chance_depends_on(build: Any) -> None:
    """Law 6: another seed changes generated ids and retry delays, and nothing else before the first delay."""
    one, other = trace(build, seed=1).splitlines(), trace(build, seed=2).splitlines()
    differing = [(a, b) for a, b in zip(one[1:], other[1:], strict=True) if a != b]
    assert '"name":"ARMED"' in differing[0][0]
    assert all('"ARMED"' in a or '"at_ms"' in a for a, _ in differing)
    names = [[line.partition('"kind":')[2].partition('"detail"')[0] for line in lines] for lines in (one, other)]
    assert names[0][:40] == names[1][:40]


def test_start_moves_nothing_but_dates(build: Any) -> None:
    """Law 6: the virtual wall clock is not read for anything but the month."""
    one, other = trace(build, start_s=0), trace(build, start_s=86_400)
    assert one.replace('"start_s":0', "") == other.replace('"start_s":86400', "")
    assert trace(build, start_s=40 * 86_400) != one


def test_the_calls_id_is_part_of_the_dice(build: Any) -> None:
    """Law 6: two calls of one run draw different ids; a call draws the same ones whoever else calls."""
    alone = build.stage(FLOW).offer("a2").tell(1_000, HangsUp(), call_id="a2").run().recordings()[0]["id"]
    lines = [line for line in trace(build).splitlines() if '"name":"ARMED"' in line]
    assert [f'"{alone}"' in line for line in lines][:2] == [False, True]
