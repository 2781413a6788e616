"""The benchmark: call lifecycles per second beside SimPy, and bytes of a live call (`make bench`).

Every measurement is a process of its own. A round runs all sides one after another, the next round in the opposite
order, and a ratio is taken within its round; the table gives the median of the ratios, and the lowest and highest.
Tables of other parts follow, as their own scripts print them.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
FURTHER_TABLES = ("metadata.py", "render.py", "scan.py", "suite.py", "upload.py")
"""Benchmarks of other parts, each a script that prints its own table."""

POPULATIONS = ((1_000, 10_000, 7), (100_000, 120_000, 3))
"""Live calls, calls placed, rounds."""

OURS = {
    ("null", "tuned"): "ours, rows made and dropped",
    ("written", "tuned"): "ours, every row written to a file",
    ("unheard", "tuned"): "ours, rows not even made",
}
THEIRS = {
    ("simpy", "default"): "SimPy, a process a party, default gc",
    ("simpy", "tuned"): "SimPy, a process a party, tuned gc",
    ("lean", "default"): "SimPy, lean, default gc",
    ("lean", "tuned"): "SimPy, lean, tuned gc",
}
MUST = {("null", "tuned"): 2.0, ("written", "tuned"): 1.0}
MUST_BYTES = 1_500
MEMORY_LIVE = 100_000

Side = tuple[str, str]
Times = dict[Side, list[float]]


def measure(script: str, *arguments: object) -> dict[str, float]:
    """Run one script in a fresh Python and return what it printed. Raises CalledProcessError when its checks fail."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured: dict[str, float] = json.loads(printed)
    return measured


def measure_rounds(live: int, calls: int, rounds: int) -> Times:
    """Microseconds a call of each side, one value a round."""
    times: Times = {side: [] for side in (*OURS, *THEIRS)}
    for number in range(rounds):
        order = list(times) if number % 2 == 0 else list(times)[::-1]
        for side in order:
            times[side].append(measure("lifecycles.py", *side, live, calls)["us_a_call"])
    return times


def ratios(times: Times, ours: Side, theirs: Side) -> list[float]:
    """How many times as fast as SimPy, round by round, in ascending order."""
    return sorted(their / our for our, their in zip(times[ours], times[theirs], strict=True))


def ratio_text(found: list[float]) -> str:
    """Median, and the range."""
    return f"{statistics.median(found):4.2f}x ({found[0]:.2f}..{found[-1]:.2f})"


def print_speed(times: Times, live: int, calls: int, rounds: int) -> None:
    """One population's part of the table: each side's time, and how many times as fast as each SimPy ours are."""
    print(f"\n{live:,} live calls ({calls:,} placed, {rounds} rounds)")
    heads = "".join(f"{head:22}" for head in ("rows dropped", "rows written", "rows not made"))
    print(f"  {'':38}{'us/call':>8}{'calls/s':>9}   {heads}".rstrip())
    for side, name in (OURS | THEIRS).items():
        us = statistics.median(times[side])
        line = f"  {name:38}{us:8.1f}{1e6 / us:9,.0f}   "
        if side in THEIRS:
            line += "".join(f"{ratio_text(ratios(times, ours, side)):22}" for ours in OURS)
        print(line.rstrip(), flush=True)


def print_verdicts(all_times: dict[int, Times], bytes_a_call: float) -> None:
    """What was asked for, beside what was measured, for each population and against each SimPy."""
    print("\nAsked for")
    for ours, least in MUST.items():
        for live, times in all_times.items():
            for theirs, name in THEIRS.items():
                found = statistics.median(ratios(times, ours, theirs))
                what = f"{OURS[ours]}, {live:,} live, of {name}"
                print(f"  {what:92} >= {least:.0f}x: {found:.2f}x {_met(found >= least)}")
    met = _met(bytes_a_call <= MUST_BYTES)
    print(f"  {f'bytes of a live call, {MEMORY_LIVE:,} live':92} <= {MUST_BYTES:,}: {bytes_a_call:,.0f} {met}")


def _met(is_met: bool) -> str:
    return "met" if is_met else "NOT MET"


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def main() -> None:
    """Measure and print."""
    started = time.monotonic()
    print(
        "One lifecycle: a recorded call, answered at 5 s (ring timeout 20 s), hung up at 25 s; the limit is cancelled."
    )
    print("CPU time. Ours makes 27 rows a call and runs under callflow.simulate.tuned_gc; see bench/README.md.")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("simpy", "msgspec", "attrs"))
    print(f"Python {platform.python_version()}, {libraries}; {platform.platform()}")
    print(f"{processor()}, {os.cpu_count()} cores")
    all_times = {}
    for live, calls, rounds in POPULATIONS:
        all_times[live] = measure_rounds(live, calls, rounds)
        print_speed(all_times[live], live, calls, rounds)
    bytes_a_call = measure("memory.py", MEMORY_LIVE)["bytes_a_call"]
    print(f"\nMemory: {bytes_a_call:,.0f} bytes a live call (growth of resident memory, {MEMORY_LIVE:,} calls)")
    print_verdicts(all_times, bytes_a_call)
    sys.stdout.flush()
    for script in FURTHER_TABLES:
        subprocess.run([sys.executable, str(HERE / script)], check=True)
    print(f"\n{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
