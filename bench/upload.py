"""Uploading 1 GB of recordings beside `curl -T`: `python bench/upload.py` prints a table, as `make bench` does.

Files have the size of a three-hour recording as MP3 of 64 kbit/s. Both sides send the same files over loopback, one
after another (curl over one connection, ours over one for each file), into the same server: a process that reads every
body into one buffer and answers 201. A round runs all sides, the next one in the opposite order; a ratio is taken
within its round. Our side is `HttpCarrier`, as `--upload` uses it, in a process of its own, timed from the first file
to the last answer; curl's time is the sum of its own transfer times, without its start. Linux only: memory is read from
/proc.
"""

from __future__ import annotations

import json
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callflow.core.delivery import Target, TargetKind
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

FILE_BYTES = 3 * 3600 * 64_000 // 8
"""Three hours at 64 kbit/s: 86.4 MB."""

FILES = 12
RECEIVED_FILES = 3
ROUNDS = 11
RECEIVER_ROUNDS = 3
MUST_RATIO = 0.85
MUST_MB = 4.0
BUFFER_BYTES = 1 << 20
SIDES = {
    "ours": "ours, HttpCarrier",
    "curl": "curl -T, one process, one connection",
    "curls": "curl -T, a process a file (start included)",
}

Found = dict[str, list[dict[str, float]]]
"""What each side gave, a round each."""


def send_files(url: str, folder: Path, count: int) -> dict[str, float]:
    """Upload the first `count` files of `folder` in this process: seconds, and peak memory above idle in MB."""
    carrier = HttpCarrier(timeout_ms=60_000)
    parcels = [
        Parcel(f"upload-{n}", file, "audio/mpeg", Target(TargetKind.URL, "PUT", f"{url}/{file.name}", "bench"), {}, "")
        for n, file in enumerate(sorted(folder.glob("*.mp3"))[:count])
    ]
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    idle_kib = resident_kib("VmRSS")
    started, cpu_before = time.perf_counter(), time.process_time()
    for parcel in parcels:
        outcome = carrier.send(parcel)
        assert outcome.is_stored, outcome
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_before
    grown = resident_kib("VmHWM") - idle_kib
    carrier.close()
    return {"seconds": seconds, "cpu": cpu, "grown_mb": grown / 1024, "idle_mb": idle_kib / 1024}


def resident_kib(name: str) -> int:
    """This process's resident set now (VmRSS) or at its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def sink() -> None:
    """Print a port of 127.0.0.1 and take uploads there for ever, a thread a connection, keeping nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=swallow, args=(connection,), daemon=True).start()


def swallow(connection: socket.socket) -> None:
    """Read requests with a Content-Length, one after another, and answer each with 201."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    head = b""
    while True:
        while b"\r\n\r\n" not in head:
            count = connection.recv_into(buffer)
            if not count:
                return
            head += buffer[:count]
        lines, _, body = head.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines.split(b"\r\n")[1:])
        if fields.get(b"expect") == b"100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = int(fields[b"content-length"]) - len(body)
        while left:
            left -= connection.recv_into(buffer, min(left, BUFFER_BYTES))
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        head = b""


@contextmanager
def server(*command: object) -> Iterator[str]:
    """Run a server that prints a JSON line with its port; yields its URL."""
    with subprocess.Popen([sys.executable, __file__, *map(str, command)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def receive(folder: Path) -> None:
    """Print a port and receive into `folder` for ever, as `callflow receive` does."""
    from callflow.storage.receiver import RunningReceiver

    with RunningReceiver(folder) as running:
        print(json.dumps({"port": int(running.url.rpartition(":")[2])}), flush=True)
        threading.Event().wait()


def curl_times(url: str, files: list[Path]) -> dict[str, float]:
    """Send the files by one curl; the sum of its transfer times, and the CPU time of all of it."""
    pairs = [part for file in files for part in ("-T", str(file), "-o", "/dev/null", f"{url}/{file.name}")]
    command = ["curl", "-sS", "--noproxy", "*", "-w", "%{http_code} %{time_total}\\n", *pairs]
    cpu_before = children_cpu()
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    codes, times = zip(*(line.split() for line in printed.splitlines()), strict=True)
    assert len(codes) == len(files) and set(codes) <= {"200", "201"}, codes
    return {"seconds": sum(map(float, times)), "cpu": children_cpu() - cpu_before}


def children_cpu() -> float:
    """CPU seconds of the processes that were waited for so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(side: str, url: str, folder: Path, count: int) -> dict[str, float]:
    """One side, once."""
    if side == "ours":
        command = [sys.executable, __file__, "send", url, str(folder), str(count)]
        found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        return found
    files = sorted(folder.glob("*.mp3"))[:count]
    if side == "curl":
        return curl_times(url, files)
    started = time.perf_counter()
    cpu = sum(curl_times(url, [file])["cpu"] for file in files)
    return {"seconds": time.perf_counter() - started, "cpu": cpu}


def measure_rounds(sides: list[str], url: str, folder: Path, count: int, rounds: int) -> Found:
    """All sides, round by round, after one that is not counted."""
    found: Found = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides if number % 2 else sides[::-1]:
            measured = measure(side, url, folder, count)
            if number:
                found[side].append(measured)
    return found


def print_sides(title: str, found: Found, count: int) -> float:
    """One server's part of the table; the median of our throughput as a share of curl's."""
    print(f"\n  {title:46}{'MB/s':>8}{'CPU s/GB':>10}   our throughput, of this one's: median (lowest..highest)")
    medians = {}
    for side, measured in found.items():
        shares = sorted(their["seconds"] / our["seconds"] for our, their in zip(found["ours"], measured, strict=True))
        medians[side] = statistics.median(shares)
        gigabytes = count * FILE_BYTES / 1e9
        rate = 1_000 * gigabytes / statistics.median(each["seconds"] for each in measured)
        cpu = statistics.median(each["cpu"] for each in measured) / gigabytes
        shown = "" if side == "ours" else f"{medians[side]:.2f}x ({shares[0]:.2f}..{shares[-1]:.2f})"
        print(f"  {SIDES[side]:46}{rate:8,.0f}{cpu:10.2f}   {shown}".rstrip(), flush=True)
    return medians["curl"]


def print_table() -> None:
    """Both servers, then what was asked for."""
    total = FILES * FILE_BYTES / 1e9
    print(f"\nUploading {total:.2f} GB over loopback: {FILES} files of {FILE_BYTES / 1e6:.1f} MB, {ROUNDS} rounds")
    if shutil.which("curl") is None:
        print("  NOT MEASURED: curl is not installed (apt-get install curl)")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = memoryview(bytes(range(251)) * (FILE_BYTES // 251 + 1))[:FILE_BYTES]
        for number in range(FILES):
            (folder / f"call_recording_{number:02}.mp3").write_bytes(content)
        del content
        with server("sink") as url:
            found = measure_rounds(list(SIDES), url, folder, FILES, ROUNDS)
        share = print_sides("into a server that keeps nothing", found, FILES)
        with server("receive", folder / "received") as url:
            kept = measure_rounds(["ours", "curl"], url, folder, RECEIVED_FILES, RECEIVER_ROUNDS)
        print_sides(f"into `callflow receive` ({RECEIVED_FILES} files)", kept, RECEIVED_FILES)
    grown = max(each["grown_mb"] for each in found["ours"])
    idle = statistics.median(each["idle_mb"] for each in found["ours"])
    print("\n  Asked for")
    met = "met" if share >= MUST_RATIO else "NOT MET"
    print(f"    throughput, of curl -T                              >= {MUST_RATIO}x: {share:.2f}x {met}")
    met = "met" if grown <= MUST_MB else "NOT MET"
    print(f"    peak memory above the idle process ({idle:.0f} MB)         <= {MUST_MB:.0f} MB: {grown:.1f} MB {met}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send", url, folder, count]:
            print(json.dumps(send_files(url, Path(folder), int(count))))
        case ["sink"]:
            sink()
        case ["receive", folder]:
            receive(Path(folder))
        case _:
            print_table()
