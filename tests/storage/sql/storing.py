"""A process of its own that stores one recording: `python storing.py URL ID FILE [HOW]`; prints what came of it.

It says `ready` and begins when a line comes in. HOW is `dies after sending` or `dies at block 2`: it kills itself then.
`grows` prints, instead, by how many bytes its memory grew at most while the recording went in, and came out.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from unittest.mock import patch

from attrs import evolve

from callflow.core.delivery import Target, TargetKind
from callflow.storage import database
from callflow.storage.database import AccountDatabase, read_recording
from callflow.storage.durable import read_blocks
from callflow.storage.parcel import Parcel


def main() -> None:
    """Do what the arguments say."""
    url, delivery_id, file, how = [*sys.argv[1:], ""][:4]
    target = Target(TargetKind.ACCOUNT_DATABASE, "", "", "media.store_recordings=true")
    parcel = Parcel(delivery_id, Path(file), "audio/mpeg", target, {"name": "x.mp3"}, "account/ac/me/x-202611")
    if how == "grows":
        print(*growth(url, parcel))
        return
    if how.startswith("dies at block "):
        die_at(int(how.removeprefix("dies at block ")))
    carrier = AccountDatabase(url)
    print("ready", flush=True)
    sys.stdin.readline()
    print(carrier.save_metadata(parcel).result, flush=True)
    print(carrier.send(parcel).result, flush=True)
    if how == "dies after sending":
        os.kill(os.getpid(), signal.SIGKILL)
    carrier.close()


def die_at(number: int) -> None:
    """Let the process kill itself when that block of the audio has been read."""

    def dying(source: BinaryIO) -> Iterator[bytes]:
        for n, block in enumerate(read_blocks(source)):
            if n == number:
                os.kill(os.getpid(), signal.SIGKILL)
            yield block

    patch.object(database, "read_blocks", dying).start()


def growth(url: str, parcel: Parcel) -> Iterator[int]:
    """Yield how much the memory grew at most while the audio went in, and out, after a small one has loaded all."""
    small = parcel.file.with_name("small.mp3")
    small.write_bytes(b"small")
    carrier = AccountDatabase(url)
    for each in (evolve(parcel, delivery_id="small", file=small), parcel):
        before = memory("VmRSS", afresh=True)
        carrier.save_metadata(each)
        assert carrier.send(each).is_stored
        into = memory("VmHWM") - before
        before = memory("VmRSS", afresh=True)
        assert sum(map(len, read_recording(url, each.delivery_id))) == each.file.stat().st_size
        out_of = memory("VmHWM") - before
    carrier.close()
    yield from (into, out_of)


def memory(name: str, *, afresh: bool = False) -> int:
    """Resident bytes of this process (`VmRSS`) or their peak (`VmHWM`), which counts `afresh` from here on."""
    if afresh:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) * 1024


if __name__ == "__main__":
    main()
