"""Large recordings go to a CouchDB in constant memory (issue 4: at most 4 MB above the idle process)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from callflow.storage.parcel import Parcel

GROWTH_BYTES_MAX: Final = 4_000_000
SENDER: Final = """
import sys
from pathlib import Path
from callflow.core.delivery import Target, TargetKind
from callflow.storage.couch import CouchCarrier
from callflow.storage.parcel import Parcel

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

def deliver(number, file):
    target = Target(TargetKind.COUCHDB, "PUT", sys.argv[1], "test")
    parcel = Parcel(f"202611-{number}", file, "audio/x-wav", target, {"name": "a.wav"}, "account/ac/me/x-202611")
    print(carrier.save_metadata(parcel).result, carrier.send(parcel).result)

small, large = map(Path, sys.argv[2:])
carrier = CouchCarrier(30_000, None)
deliver(1, small)
deliver(1, small)
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew from here
idle = status("VmRSS:")
deliver(2, large)
deliver(2, large)
print(status("VmHWM:") - idle)
carrier.close()
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux only")
def test_sixty_megabytes_in_constant_memory(little: Any, make_recording: Callable[..., Parcel], tmp_path: Path) -> None:
    """60 MB sent, and found again by its digest, beside a recording of a byte."""
    small, large = tmp_path / "small.wav", tmp_path / "large.wav"
    small.write_bytes(b"x")
    large.write_bytes(bytes(range(240)) * 250_000)
    command = (sys.executable, "-c", SENDER, f"http://{little.host}", str(small), str(large))
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    *results, growth = run.stdout.splitlines()
    assert results == ["201 201", "stored already stored already"] * 2
    assert int(growth) <= GROWTH_BYTES_MAX
