"""Rendering a call to a file: `python bench/render.py` prints a table, as `make bench` does; CASE MINUTES one result.

A two-party call: Bob and Alice in turns of 3.7 to 6.6 s, both at once every seventh turn, and a digit every minute. It
is written to a temporary file in full; what is timed is CPU time of this process from the track to the finished file,
after a minute of the same call has loaded everything. Memory is the process's peak resident set at two lengths.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from callflow.media.encode import write_audio
from callflow.media.sources import Digit, Voice
from callflow.media.track import Span, Track

CASES = {
    "wav-mono": ("wav", 1, 8_000, None),
    "wav-stereo": ("wav", 2, 8_000, None),
    "wav-wide": ("wav", 2, 16_000, 8_000),
    "wav-codecs": ("wav", 2, 16_000, 48_000),
    "mp3-mono": ("mp3", 1, 8_000, None),
    "mp3-wide": ("mp3", 2, 16_000, 8_000),
}
"""Format, channels, the file's rate, the codec's rate (None: the file's)."""

NAMES = {
    "wav-mono": "WAV, mono, 8 kHz",
    "wav-stereo": "WAV, stereo, 8 kHz",
    "wav-wide": "WAV, stereo, 16 kHz, codecs of 8 kHz",
    "wav-codecs": "WAV, stereo, 16 kHz, codecs of 48 kHz",
    "mp3-mono": "MP3, mono, 8 kHz, 32 kbit/s",
    "mp3-wide": "MP3, stereo, 16 kHz, codecs of 8 kHz, 80 kbit/s",
}
MINUTES = {"wav": 60, "mp3": 3}
"""How long a call is timed; MP3's cost grows with the length alone."""

ROUNDS = 5
MUST = 1_000
MEMORY = {"wav-wide": (10, 120), "mp3-wide": (3, 12)}
"""Lengths, in minutes, at which peak memory must be the same, but for `NOISE_KIB`."""

NOISE_KIB = 1_024


def call(case: str, minutes: int) -> Track:
    """The call, as its recording's track."""
    _, channels, rate, codec = CASES[case]
    length_ms = minutes * 60_000
    spans, at_ms, turn = [], 0, 0
    while at_ms < length_ms:
        to_ms = min(length_ms, at_ms + 3_700 + turn * 531 % 2_900)
        bob = Span(Voice(0), "left", at_ms, to_ms, at_ms, codec)
        alice = Span(Voice(1), "right", at_ms, to_ms, at_ms, codec)
        spans += [bob, alice] if turn % 7 == 0 else [bob] if turn % 2 else [alice]
        at_ms, turn = to_ms, turn + 1
    spans += [Span(Digit("5"), "left", at, at + 100, 0, codec) for at in range(30_000, length_ms, 60_000)]
    return Track(length_ms, 1 if channels == 1 else 2, rate, tuple(spans))


def measured(case: str, minutes: int) -> dict[str, float]:
    """How many times faster than real time the call is rendered into a file, and the peak resident set in KiB."""
    file_format = CASES[case][0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        write_audio(call(case, 1), path, file_format)
        started = time.process_time()
        written = write_audio(call(case, minutes), path, file_format)
        seconds = time.process_time() - started
    assert written.frames == minutes * 60 * written.sample_rate
    return {"times": minutes * 60 / seconds, "kib": peak_kib()}


def measure_apart(case: str, minutes: int) -> dict[str, float]:
    """The same, in a fresh Python."""
    command = [sys.executable, __file__, case, str(minutes)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, float] = json.loads(printed)
    return found


def peak_kib() -> float:
    """This process's peak resident set; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "darwin" else peak


def print_table() -> None:
    """Speed of each case, and peak memory at two lengths."""
    print(f"\nRendering a two-party call to a file, CPU time, {ROUNDS} rounds")
    print(f"  {'':50}{'s an hour':>10}   times real time: median (lowest..highest)")
    for case, name in NAMES.items():
        found = sorted(measure_apart(case, MINUTES[CASES[case][0]])["times"] for _ in range(ROUNDS))
        median = found[ROUNDS // 2]
        verdict = "" if CASES[case][0] != "wav" else f"   >= {MUST:,}: {'met' if median >= MUST else 'NOT MET'}"
        shown = f"{median:,.0f}x ({found[0]:,.0f}..{found[-1]:,.0f})"
        print(f"  {name:50}{3600 / median:10.2f}   {shown}{verdict}", flush=True)
    for case, lengths in MEMORY.items():
        short, long = (measure_apart(case, minutes)["kib"] for minutes in lengths)
        verdict = "met" if long - short <= NOISE_KIB else "NOT MET"
        print(f"  peak memory, {NAMES[case]}:")
        print(f"    {short:,.0f} KiB in {lengths[0]} min, {long:,.0f} KiB in {lengths[1]} min; constant: {verdict}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
    else:
        print_table()
