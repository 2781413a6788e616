"""The benchmark of silence scanning: one hour at 8 kHz beside a C loop, pydub.silence and sox (`make bench`).

`python bench/scan.py` prints the table. As in run.py every measurement is a process of its own, rounds alternate their
order and ratios are taken within a round; `python bench/scan.py SIDE FILE` is one measurement and prints JSON.
"""

from __future__ import annotations

import ctypes
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callflow.media.ffmpeg import pydub_segment
from callflow.media.runs import Detection, listen, silent_runs
from callflow.media.scores import FRAME_MS, frame_scores

HERE = Path(__file__).resolve().parent
RATE = 8_000
SECONDS = 3_600
HEADER = 44
"""Bytes before the samples of the WAV file that is scanned."""
THRESHOLD = 200
FINAL_MS = 3_600_000
"""So that nothing fires and every frame is judged."""
ROUNDS = 7
REPEATS = 5
PYDUB_PART = 12
"""pydub gets one part in so many of the hour, and its time is multiplied: the whole would take too long."""

MOST_OF_C, LEAST_OF_PYDUB, MOST_MB = 5.0, 70.0, 4.0

Samples = NDArray[np.int16]


def make_audio(path: Path) -> None:
    """An hour of noise as loud as speech in bursts of 0.1 to 2 s, with quiet noise between them; always the same."""
    dice = np.random.default_rng(1)
    lengths = dice.integers(RATE // 10, 2 * RATE, 2 * SECONDS)
    levels = np.repeat(np.where(np.arange(len(lengths)) % 2, 3_000, 60), lengths)[: RATE * SECONDS]
    samples = (dice.standard_normal(RATE * SECONDS, dtype=np.float32) * levels).clip(-32_768, 32_767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, len(samples), "NONE", ""))
        out.writeframes(samples.data)


def compile_loop(folder: Path) -> Path | None:
    """The C loop as a library, built by cc -O3; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "scan.so"
    subprocess.run([compiler, "-O3", "-shared", "-fPIC", "-o", library, HERE / "scan.c"], check=True)
    return library


def scan_ours(samples: Samples) -> tuple[int, int]:
    """Silent frames and silent runs, and what the listener says."""
    silent = frame_scores(samples, RATE).silent(THRESHOLD)
    listen(silent, Detection(THRESHOLD, 0, FINAL_MS))
    return int(silent.sum()), len(silent_runs(silent))


def scan_c(library: str) -> Callable[[Samples], tuple[int, int]]:
    """The C loop as a function like `scan_ours`."""
    loop = ctypes.CDLL(library).scan
    loop.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_size_t,
        ctypes.c_int32,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    size = RATE * FRAME_MS // 1000

    def scan(samples: Samples) -> tuple[int, int]:
        sums, found = np.empty(len(samples) // size, dtype=np.int32), np.zeros(2, dtype=np.int64)
        loop(samples.ctypes.data, len(sums), size, THRESHOLD * size, sums.ctypes.data, found.ctypes.data)
        return int(found[0]), int(found[1])

    return scan


def scan_pydub(samples: Samples) -> tuple[int, int]:
    """The stretches that pydub takes for silent, at our step: a frame's RMS is below the threshold."""
    segment = pydub_segment()(samples.tobytes(), sample_width=2, frame_rate=RATE, channels=1)
    from pydub.silence import detect_silence

    found = detect_silence(segment, FRAME_MS, 20 * np.log10(THRESHOLD / 32_768), FRAME_MS)
    return sum(to_ms - from_ms for from_ms, to_ms in found) // FRAME_MS, len(found)


def timed_ms(scan: Callable[[Samples], tuple[int, int]], samples: Samples) -> dict[str, float]:
    """CPU time of the fastest of a few scans, after one that is not counted, and what they found."""
    found = scan(samples)
    times = []
    for _ in range(REPEATS):
        started = time.process_time()
        scan(samples)
        times.append(time.process_time() - started)
    return {"ms": 1e3 * min(times), "frames": found[0], "runs": found[1]}


def peak_resident_bytes() -> int:
    """The largest resident size that this process has had since the kernel was last told to forget it; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def peak_growth_mb(samples: Samples) -> dict[str, float]:
    """By how much the largest resident size grows in a scan of audio that is already there."""
    scan_ours(samples[:RATE])
    samples.sum(dtype=np.int64)  # has touched every page
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_resident_bytes()
    scan_ours(samples)
    return {"mb": (peak_resident_bytes() - before) / 1e6}


def process_ms(command: list[str]) -> dict[str, float]:
    """CPU time of a whole process that reads the file itself."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"ms": 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)}


def measure(side: str, file: str, library: str) -> dict[str, float]:
    """One measurement, in this process."""
    if side == "callflow":
        return process_ms([sys.executable, "-m", "callflow", "scan", file, "--final", str(FINAL_MS), "--json"])
    if side == "sox":
        level = f"{100 * THRESHOLD / 32_768:.3f}%"
        return process_ms(["sox", file, "-n", "silence", "1", "0.02", level, "-1", "0.02", level])
    samples: Samples = np.fromfile(file, dtype="<i2", offset=HEADER)
    if side == "memory":
        return peak_growth_mb(samples)
    if side == "pydub":
        found = timed_ms(scan_pydub, samples[: len(samples) // PYDUB_PART])
        return {name: PYDUB_PART * value for name, value in found.items()}
    return timed_ms(scan_c(library) if side == "c" else scan_ours, samples)


def measure_apart(side: str, file: Path, library: Path | None) -> dict[str, float]:
    """One measurement, in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), side, str(file), str(library or "")]
    measured: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return measured


def print_line(name: str, times: dict[str, list[float]], side: str, ours: str) -> None:
    """One side's time, and how it stands to ours of the same round."""
    found = sorted(their / our for their, our in zip(times[side], times[ours], strict=True))
    ratio = f"{statistics.median(found):9.2f}x ({found[0]:.2f}..{found[-1]:.2f})" if side != ours else ""
    print(f"  {name:56}{statistics.median(times[side]):10.1f}   {ratio}".rstrip(), flush=True)


def print_verdict(what: str, goal: str, measured: str, is_met: bool) -> None:
    """What was asked for, beside what was measured."""
    print(f"  {what:60} {goal:>9}: {measured} {'met' if is_met else 'NOT MET'}")


def print_table(times: dict[str, list[float]]) -> None:
    """Every side's time, and how many times ours it is."""
    print(f"  {'':56}{'ms':>10}   {'times ours':>10}")
    print_line("ours, scores, runs and listener", times, "ours", "ours")
    if "c" in times:
        print_line("C loop, cc -O3, scores and runs", times, "c", "ours")
    else:
        print("  C loop: SKIPPED, there is no cc; with a C compiler it would be measured")
    print_line(f"pydub.silence, 20 ms steps (1/{PYDUB_PART} of the hour, times {PYDUB_PART})", times, "pydub", "ours")
    print_line("ours, `callflow scan --json`, a process that reads a WAV", times, "callflow", "callflow")
    if "sox" in times:
        print_line("sox silence, a process that reads a WAV", times, "sox", "callflow")
    else:
        print("  sox: SKIPPED, it is not installed; with sox on the PATH it would be measured")


def print_verdicts(times: dict[str, list[float]], mb: float) -> None:
    """The goals."""
    print("\nAsked for")
    if "c" in times:
        c = statistics.median(ours / c for ours, c in zip(times["ours"], times["c"], strict=True))
        print_verdict("time of the C loop that ours takes", f"<= {MOST_OF_C:.0f}x", f"{c:.2f}x", c <= MOST_OF_C)
    slower = statistics.median(pydub / ours for pydub, ours in zip(times["pydub"], times["ours"], strict=True))
    goal = f">= {LEAST_OF_PYDUB:.0f}x"
    print_verdict("time of ours that pydub.silence takes", goal, f"{slower:.1f}x", slower >= LEAST_OF_PYDUB)
    print_verdict("peak memory above the audio", f"<= {MOST_MB:.0f} MB", f"{mb:.1f} MB", mb <= MOST_MB)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "hour.wav"
        make_audio(file)
        library = compile_loop(Path(name))
        sides = ["ours", *(["c"] if library else []), "pydub", "callflow", *(["sox"] if shutil.which("sox") else [])]
        times: dict[str, list[float]] = {side: [] for side in sides}
        answers = set()
        for number in range(ROUNDS):
            for side in sides if number % 2 == 0 else sides[::-1]:
                found = measure_apart(side, file, library)
                times[side].append(found["ms"])
                if side in ("ours", "c"):
                    answers.add((found["frames"], found["runs"]))
        ((frames, runs),) = answers  # ours and the C loop agree, or this fails
        print(f"\nSilence scan: {SECONDS // 3_600} h at {RATE} Hz, mono, {SECONDS * 1000 // FRAME_MS:,} frames")
        print(f"({frames:,} silent, in {runs:,} runs), {ROUNDS} rounds, CPU time")
        print_table(times)
        print_verdicts(times, measure_apart("memory", file, library)["mb"])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(*sys.argv[1:])))
    else:
        main()
