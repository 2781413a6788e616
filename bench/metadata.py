"""Recordings' documents into SQLite: `python bench/metadata.py` prints a table, as `make bench` does; SIDE ROWS one.

The same documents go three ways into a new file with the same table and the same durability (`synchronous=EXTRA`): by
`AccountDatabase.save_metadata`, which commits each before it says so; by `sqlite3` with a commit a row; and by
`sqlite3.executemany` in one transaction, which says nothing before the end. Wall time, as much of it is the disk's, and
CPU time beside it. Making the JSON counts on every side.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from callflow.core.delivery import Target, TargetKind
from callflow.storage.database import AccountDatabase
from callflow.storage.parcel import Parcel

ROWS, ROUNDS = 10_000, 3
SIDES = {
    "ours": "AccountDatabase.save_metadata, one by one",
    "committed": "sqlite3, a commit a row",
    "executemany": "sqlite3.executemany, one transaction",
}
SAVING = "INSERT INTO recordings (id, database, doc, content_type) VALUES (?, ?, ?, ?)"


def document(number: int) -> dict[str, Any]:
    """A document of B§6.5, as an upload makes it."""
    call_id = f"{number:032x}"
    return {
        "_id": f"202611-{number:032x}",
        "pvt_type": "call_recording",
        "call_id": call_id,
        "cdr_id": f"202611-{call_id}",
        "interaction_id": "",
        "caller_id_name": "Bob",
        "caller_id_number": "+14155550100",
        "from": "+14155550100",
        "to": "2001",
        "request": "2001",
        "direction": "inbound",
        "description": f"recording call_recording_{call_id}.mp3",
        "name": f"call_recording_{call_id}.mp3",
        "media_source": "recorded",
        "media_type": "mp3",
        "content_type": "audio/mpeg",
        "origin": "inbound from +14155550100 to 2001",
        "duration": 20,
        "duration_ms": 20_000,
        "start": 63_831_283_190 + number,
    }


def parcels(rows: int) -> list[Parcel]:
    """What an upload hands to the carrier."""
    target = Target(TargetKind.ACCOUNT_DATABASE, "", "", "media.store_recordings=true")
    made = []
    for number in range(rows):
        metadata = document(number)
        made.append(Parcel(metadata["_id"], Path("a.mp3"), "audio/mpeg", target, metadata, "account/ac/me/x-202611"))
    return made


def save_ours(file: Path, rows: list[Parcel]) -> None:
    """One by one, by the carrier."""
    carrier = AccountDatabase(f"sqlite:///{file}")
    for parcel in rows:
        assert carrier.save_metadata(parcel).is_stored
    carrier.close()


def save_committed(file: Path, rows: list[Parcel]) -> None:
    """One by one, by hand."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        for parcel in rows:
            with connection:
                connection.execute(SAVING, row_of(parcel))


def save_at_once(file: Path, rows: list[Parcel]) -> None:
    """All in one transaction."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        with connection:
            connection.executemany(SAVING, map(row_of, rows))


def row_of(parcel: Parcel) -> tuple[str, str, str, str]:
    """A parcel as the statement's values."""
    return parcel.delivery_id, parcel.folder, json.dumps(dict(parcel.metadata)), parcel.content_type


SAVES: dict[str, Callable[[Path, list[Parcel]], None]] = {
    "ours": save_ours,
    "committed": save_committed,
    "executemany": save_at_once,
}


def measure(side: str, rows: int) -> tuple[float, float]:
    """Wall and CPU seconds for documents into a new file with its tables; a few have gone into another one before."""
    made = parcels(rows)
    with tempfile.TemporaryDirectory() as folder:
        for name, few in (("warm", made[:50]), ("timed", made)):
            file = Path(folder, f"{name}.db")
            first = AccountDatabase(f"sqlite:///{file}")
            first.save_metadata(parcels(1)[0])
            first.close()
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute("DELETE FROM recordings")
            started, cpu_started = time.perf_counter(), time.process_time()
            SAVES[side](file, few)
            wall, cpu = time.perf_counter() - started, time.process_time() - cpu_started
            with closing(sqlite3.connect(file)) as connection:
                assert connection.execute("SELECT count(*) FROM recordings").fetchone() == (len(few),)
    return wall, cpu


def ratio_text(found: list[float]) -> str:
    """Median, and the range."""
    return f"{statistics.median(found):.2f}x ({min(found):.2f}..{max(found):.2f})"


def main() -> None:
    """Measure one side, or all of them and print."""
    if len(sys.argv) == 3:
        print(*measure(sys.argv[1], int(sys.argv[2])))
        return
    walls, cpus = ({side: list[float]() for side in SIDES} for _ in range(2))
    for number in range(ROUNDS):
        for side in list(SIDES) if number % 2 == 0 else list(SIDES)[::-1]:
            command = [sys.executable, __file__, side, str(ROWS)]
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            wall, cpu = map(float, printed.split())
            walls[side].append(wall)
            cpus[side].append(cpu)
    print(f"\nDocuments into SQLite {sqlite3.sqlite_version}: {ROWS:,} rows, {ROUNDS} rounds")
    print(f"  {'':44}{'us/row':>8}{'CPU us':>8}{'rows/s':>9}   our time, of its")
    for side, name in SIDES.items():
        wall, cpu = (statistics.median(times[side]) for times in (walls, cpus))
        found = [ours / theirs for ours, theirs in zip(walls["ours"], walls[side], strict=True)]
        line = f"  {name:44}{wall / ROWS * 1e6:8.1f}{cpu / ROWS * 1e6:8.1f}{ROWS / wall:9,.0f}"
        print(line if side == "ours" else f"{line}   {ratio_text(found)}", flush=True)


if __name__ == "__main__":
    main()
