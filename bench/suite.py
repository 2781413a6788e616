"""`callflow test` over 10,000 generated scenarios: `python bench/suite.py` prints a table, as `make bench` does.

The scenarios are written into a folder of their own: seven callflows, three profiles, other moments and lengths each,
every one with expectations that can fail. Each measurement is the whole command, its start included; memory is
that of the command and its processes together, looked at ten times a second. Linux only: it is read from /proc.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SUITES = ((10_000, "yaml", 1), (10_000, "json", 1), (1_000, "yaml", 3))
"""Scenarios, the ending of their files, rounds."""

LOOK_EVERY_S = 0.1
PROFILES = ("docs", "kazoo-4", "kazoo-5")
WORKERS = (1, 2)

ALICE = {"module": "user", "data": {"id": "alice", "timeout": 20}, "children": {}}
RECORD = {"action": "start", "format": "mp3", "url": "http://recordings.example/calls", "method": "put"}
VOICEMAIL = {"module": "voicemail", "data": {"id": "alice-box"}, "children": {}}


def recorded(child: dict[str, Any], **settings: object) -> dict[str, Any]:
    """A flow that records and goes on to `child`."""
    return {"flow": {"module": "record_call", "data": {**RECORD, **settings}, "children": {"_": child}}}


def ringing(**children: dict[str, Any]) -> dict[str, Any]:
    """Alice's phone, and where the flow goes on when she is not reached."""
    return {**ALICE, "children": {"_": VOICEMAIL, **children}}


CALLFLOWS = {
    "answered": recorded(ALICE),
    "on_answer": recorded(ALICE, record_on_answer=True),
    "busy": recorded(ringing(USER_BUSY={"module": "hangup", "data": {}, "children": {}}), record_on_answer=True),
    "voicemail": recorded(ringing()),
    "limit": recorded(ALICE, time_limit=30),
    "silence": recorded(ALICE, record_on_answer=True, silence_detection=True, silence_final_timeout=3000),
    "branches": {"flow": {"module": "menu", "data": {"id": "choice"}, "children": {"1": recorded(ALICE)["flow"]}}},
}
ACCOUNT = {
    "id": "acme",
    "users": [{"id": "alice", "first_name": "Alice"}],
    "devices": [{"id": "alice-phone", "owner_id": "alice", "registered": True}],
    "vmboxes": [{"id": "alice-box", "owner_id": "alice", "mailbox": "2001"}],
    "menus": [{"id": "choice", "name": "Choice", "retries": 1, "timeout": 5000, "max_extension_length": 1}],
}


def scenario(number: int) -> dict[str, Any]:
    """One scenario, another for every number."""
    kind = tuple(CALLFLOWS)[number % len(CALLFLOWS)]
    answer, talk = 1 + number % 15, 31 + number % 90
    steps, expect = steps_of(kind, answer, answer + talk), expected_of(kind, answer, talk)
    return {
        "scenario": f"{kind} {number}: Alice at {answer} s, {talk} s of talk",
        "callflow": f"../{kind}.json",
        "account": "../account.json",
        "profile": PROFILES[number // len(CALLFLOWS) % len(PROFILES)],
        "start": "2026-11-30T10:00:00Z",
        "tags": [kind, "generated"],
        "caller": {"number": f"+1415555{number % 10_000:04}", "name": "Bob", "dials": "2001"},
        "timeline": [{"at 0s": "caller calls"}, *({when: what} for when, what in steps)],
        "expect": expect,
    }


def steps_of(kind: str, answer: int, end: int) -> list[tuple[str, str]]:
    """Who does what in a scenario of this kind; the call is answered and over at these seconds."""
    if kind == "busy":
        return [("when alice rings", "alice is busy")]
    if kind == "voicemail":
        return [("when voicemail records", f"caller speaks for {end % 20 + 2}s"), ("after 0s", "caller hangs up")]
    before = [("at 1s", "caller presses 1")] if kind == "branches" else []
    ring = "when alice rings after" if kind == "branches" else "at"
    talk = [
        (f"{ring} {answer}s", "alice answers"),
        ("after 1s", "caller speaks for 8s"),
        ("after 1s", "alice speaks for 9s"),
    ]
    return [*before, *talk, ("when recording stops" if kind == "silence" else f"at {end + 30}s", "caller hangs up")]


def expected_of(kind: str, answer: int, talk: int) -> dict[str, Any]:
    """What must come of it, whatever the profile."""
    ways = {"voicemail": "voicemail", "busy": "hangup"}
    path = ["record_call", "user", *([ways[kind]] if kind in ways else [])]
    if kind == "branches":
        path.insert(0, "menu")
    if kind == "busy":
        return {"path": path, "recordings": [{"state": "never_started"}], "never": ["RECORD_START"]}
    ends = {"limit": "time_limit", "silence": "final_silence"}
    recording: dict[str, Any] = {"kind": "call", "format": "mp3", "ended_by": ends.get(kind, "hangup")}
    lengths = {"on_answer": talk + 30, "limit": 30, "silence": 22}
    if kind in lengths:
        recording["length"] = f"{lengths[kind]}s ±250ms"
    others = [{"kind": "voicemail", "ended_by": "hangup"}] if kind == "voicemail" else []
    return {"path": path, "recordings": [recording, *others], "events": ["RECORD_START", "RECORD_STOP"]}


def generate(folder: Path, count: int, ending: str) -> None:
    """Write the callflows, the account and `count` scenarios, a hundred to a folder."""
    for name, flow in CALLFLOWS.items():
        (folder / f"{name}.json").write_text(json.dumps(flow), encoding="utf-8")
    (folder / "account.json").write_text(json.dumps(ACCOUNT), encoding="utf-8")
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    for number in range(count):
        path = folder / f"{number // 100:03}" / f"{number:05}.scenario.{ending}"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(scenario(number), file) if ending == "yaml" else json.dump(scenario(number), file)


def measured(folder: Path, workers: int) -> dict[str, float]:
    """The command over a folder, in a fresh Python: seconds as seen from outside, CPU seconds, peak memory in MB."""
    before, began = os.times(), time.perf_counter()
    command = [sys.executable, "-P", "-m", "callflow", "test", str(folder), "--workers", str(workers), "--json"]
    with tempfile.TemporaryFile() as printed, subprocess.Popen(command, stdout=printed, cwd=folder) as process:
        peak_kib = 0
        while process.poll() is None:
            peak_kib = max(peak_kib, sum(resident_kib(each) for each in (process.pid, *children(process.pid))))
            time.sleep(LOOK_EVERY_S)
        seconds, after = time.perf_counter() - began, os.times()
        printed.seek(0)
        totals = json.load(printed)["totals"]
    assert totals["passed"] == totals["cases"] == len(list(folder.glob("*/*.scenario.*"))), totals
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "cpu": cpu, "mb": peak_kib / 1024}


def resident_kib(process: int) -> int:
    """The resident set of a process in KiB, 0 when it has just ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def children(process: int) -> Iterator[int]:
    """The processes that a process has started."""
    try:
        yield from map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
    except OSError:
        return


def measure_rounds(count: int, ending: str, rounds: int) -> dict[int, list[dict[str, float]]]:
    """What each number of processes gave, a round each; every other round in the opposite order."""
    found: dict[int, list[dict[str, float]]] = {workers: [] for workers in WORKERS}
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name), count, ending)
        for number in range(rounds):
            for workers in WORKERS if number % 2 == 0 else WORKERS[::-1]:
                found[workers].append(measured(Path(name), workers))
    return found


def print_table() -> None:
    """Medians, and the ratio to one process within a round."""
    print(f"\ncallflow test over generated scenarios, whole commands, {os.cpu_count()} cores")
    print(f"  {'':36}{'s':>7}{'ms each':>9}{'CPU ms each':>13}{'cores got':>11}{'peak MB':>9}   speed (range)")
    for count, ending, rounds in SUITES:
        found = measure_rounds(count, ending, rounds)
        for workers, values in found.items():
            middle = {what: statistics.median(each[what] for each in values) for what in values[0]}
            ratios = sorted(one["seconds"] / each["seconds"] for one, each in zip(found[1], values, strict=True))
            shown = f"{statistics.median(ratios):.2f}x ({ratios[0]:.2f}..{ratios[-1]:.2f})" if workers > 1 else ""
            what = f"{count:,} {ending}, {workers} process{'es' * (workers > 1)}, {rounds} round{'s' * (rounds > 1)}"
            each_ms, cpu_ms = (middle[name] * 1000 / count for name in ("seconds", "cpu"))
            figures = f"{each_ms:9.2f}{cpu_ms:13.2f}{cpu_ms / each_ms:11.2f}{middle['mb']:9.0f}"
            line = f"  {what:36}{middle['seconds']:7.1f}{figures}   {shown}"
            print(line.rstrip(), flush=True)


if __name__ == "__main__":
    print_table()
