"""Ids, months, moments and zones: what a run says of dates hangs on the scenario, not on the machine (B§6.5; C49)."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from freezegun import freeze_time

from callflow.files import write_recordings
from callflow.scenario.preparing import Choices
from callflow.simulate import Run
from callflow.storage.parcel import Parcel
from callflow.uploading import parcels

ZONES = ("Pacific/Kiritimati", "America/Los_Angeles")
"""As far apart as two zones are: UTC+14, and UTC-8 in winter."""

TALK = ("at 1s: alice answers", "at 2s: caller speaks for 1s", "at 20500ms: caller hangs up")
STORED = {
    "id": "acme",
    "users": [{"id": "alice"}],
    "devices": [{"id": "alice-phone", "owner_id": "alice"}],
    "system_config": {"media": {"store_recordings": True}},
}
GREGORIAN_S = 62_167_219_200


@pytest.fixture(params=ZONES)
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of the machine, set as a user's environment sets it, and set back afterwards."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def flow(staging: ModuleType) -> Any:
    """A recording without url: it goes to the account database."""
    return {**staging.record(staging.ring("alice")), "data": {"action": "start", "format": "wav"}}


def parcel_of(run: Run, folder: Path) -> Parcel:
    """The only parcel of a run."""
    (parcel,) = parcels(run, write_recordings(run.rows, run.summary(), folder / "out", folder))
    return parcel


def unix_s(moment: str) -> int:
    """An ISO moment in Unix seconds."""
    return int(datetime.fromisoformat(moment).timestamp())


@pytest.mark.parametrize(
    ("start", "timezone", "id_month", "database_month"),
    [
        ("2026-11-30T23:59:50Z", None, "202611", "202612"),
        ("2026-11-30T22:59:50Z", "Europe/Berlin", "202611", "202612"),
        ("2026-11-30T23:59:50Z", "Europe/Berlin", "202612", "202612"),
        ("2026-12-31T23:59:50Z", "America/Los_Angeles", "202612", "202612"),
        ("2027-01-01T07:59:50Z", "America/Los_Angeles", "202612", "202701"),
    ],
)
def test_the_id_has_the_month_of_the_start_and_the_database_that_of_the_end(
    staging: ModuleType,
    tmp_path: Path,
    machine_zone: str,
    start: str,
    timezone: str | None,
    id_month: str,
    database_month: str,
) -> None:
    """A recording across midnight at the month's end, by the scenario's zone and never by the machine's (C22, C49)."""
    parts = {"start": start, "timezone": timezone, "account": STORED, "flow": flow(staging)}
    parcel = parcel_of(staging.played(tmp_path, *TALK, choices=Choices(uploads=True), **parts), tmp_path)
    assert re.fullmatch(rf"{id_month}-[0-9a-f]{{32}}", parcel.metadata["_id"])
    assert parcel.folder == f"account/ac/me/-{database_month}"
    assert parcel.metadata["cdr_id"] == f"{database_month}-{parcel.metadata['call_id']}"
    assert parcel.metadata["start"] == unix_s(start) + GREGORIAN_S


def test_durations_are_milliseconds_and_whole_seconds_rounded_down(staging: ModuleType, tmp_path: Path) -> None:
    """20.5 s is 20500 ms and 20 s; below a second it is 0 s (B§6.5; C23)."""
    for end_ms, whole_s in ((20_500, 20), (1_999, 1), (980, 0)):
        steps = ("at 100ms: alice answers", f"at {end_ms}ms: caller hangs up")
        parts = {"account": STORED, "flow": flow(staging)}
        parcel = parcel_of(staging.played(tmp_path, *steps, choices=Choices(uploads=True), **parts), tmp_path)
        assert (parcel.metadata["duration_ms"], parcel.metadata["duration"]) == (end_ms, whole_s)


@pytest.mark.parametrize(("now", "month"), [("2026-11-30 23:59:59", "202611"), ("2026-12-01 00:00:00", "202612")])
def test_a_run_without_a_start_begins_now(
    staging: ModuleType, tmp_path: Path, machine_zone: str, now: str, month: str
) -> None:
    """The wall clock is read once, in UTC, whatever the machine's zone (design §6; C49)."""
    with freeze_time(now):
        run = staging.played(
            tmp_path, *TALK, choices=Choices(uploads=True), start=None, account=STORED, flow=flow(staging)
        )
    assert run.prepared.start == datetime.fromisoformat(now).replace(tzinfo=UTC)
    parcel = parcel_of(run, tmp_path)
    assert parcel.metadata["_id"].startswith(f"{month}-")
    assert parcel.metadata["start"] == unix_s(f"{now}Z".replace(" ", "T")) + GREGORIAN_S


def test_two_zones_give_the_same_bytes(staging: ModuleType, tmp_path: Path) -> None:
    """Trace, result, audio and account database of a run in UTC+14 and one in UTC-8 are equal (law 6; C49)."""
    staging.scenario(tmp_path, *TALK, start="2026-11-30T23:59:50Z", account=STORED, flow=flow(staging))
    seen = [_uploaded(tmp_path, zone) for zone in ZONES]
    assert seen[0] == seen[1]
    trace, _, audio, rows = seen[0]
    assert trace and audio and rows
    assert all("202612" in row[1] for row in rows)


def _uploaded(folder: Path, zone: str) -> tuple[bytes, str, list[bytes], list[tuple[Any, ...]]]:
    """What a run with --upload leaves, from a process of its own in that zone; without moments of the real clock."""
    out = folder / zone.replace("/", "-")
    command: list[str | Path] = [sys.executable, "-m", "callflow", "run", folder / "call.json", "--upload", "--json"]
    command += ["--out", out, "--trace", out / "trace.jsonl"]
    out.mkdir()
    environment = {**os.environ, "TZ": zone}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    with sqlite3.connect(out / "account.db") as database:
        rows = list(database.execute("select id, database, doc, bytes, sha256 from recordings"))
        (stored_at,) = database.execute("select stored_at from recordings").fetchone()
    database.close()
    age_s = (datetime.now(UTC) - datetime.fromisoformat(stored_at)).total_seconds()
    assert stored_at.endswith("+00:00") and -5 < age_s < 300, stored_at
    shown = re.sub(r'"at_ms": \d+', "", done.stdout.replace(str(out), "OUT"))
    audio = [path.read_bytes() for path in sorted(out.glob("*.wav"))]
    return (out / "trace.jsonl").read_bytes(), shown, audio, rows
