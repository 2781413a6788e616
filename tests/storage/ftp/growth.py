"""By how much a process grows while a carrier sends a big file; run by tests in a process of its own.

Arguments: the carrier as `module:class`, an address, the megabytes to send, a folder. Prints the result of the try and
the growth above the process that has sent a small file already, in KB.
"""

from __future__ import annotations

import importlib
import re
import resource
import sys
from pathlib import Path

from callflow.core.delivery import Target, TargetKind
from callflow.storage.parcel import Parcel


def peak_kb() -> int:
    """The most memory that this process has had at a time; on Linux since `forget_peak`."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text("ascii"))
    assert found is not None
    return int(found[1])


def forget_peak() -> None:
    """Begin to measure the peak anew, where the system can."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", "ascii")


def main(carrier_name: str, url: str, megabytes: str, folder: str) -> None:
    """Send a small file, then the big one."""
    module, _, name = carrier_name.partition(":")
    carrier = getattr(importlib.import_module(module), name)(60_000)
    file = Path(folder) / "big.mp3"
    kind = TargetKind.S3 if url.startswith("s3") else TargetKind.URL
    parcel = Parcel("202611-big", file, "audio/mpeg", Target(kind, "PUT", url, "record_call.url"), {}, "account")
    file.write_bytes(b"small" * 100_000)
    carrier.send(parcel)
    with open(file, "wb") as big:
        for number in range(int(megabytes)):
            big.write(bytes([number % 251]) * (1 << 20))
    forget_peak()
    before_kb = peak_kb()
    outcome = carrier.send(parcel)
    print(outcome.result, peak_kb() - before_kb)
    carrier.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
