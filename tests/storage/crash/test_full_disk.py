"""A full disk at every step of an upload: a clear error or none, nothing half-written, nothing lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from callflow.core.delivery import DeliveryState, Target, TargetKind
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import Destinations, deliver, resume
from callflow.storage.holdings import held
from callflow.storage.parcel import Parcel

STEPS_MAX = 200


@pytest.mark.parametrize("how", ["full once", "full"])
def test_a_full_disk_at_every_step(how: str, make_place: Any, uploader: Any, tmp_path: Path, clock: Clock) -> None:
    """Issue 4, item 5: the disk is full at step k, once or from then on: the error names the folder."""
    place = make_place("put")
    errors = 0
    for step in range(STEPS_MAX):
        file = tmp_path / f"r{step}.mp3"
        file.write_bytes(os.urandom(500))
        target = Target(TargetKind.URL, "PUT", place.url_for(file.stem), "record_call.url")
        parcel = Parcel(file.stem, file, "audio/mpeg", target, {"name": file.name}, "account/ac/me/x-202611")
        where = Destinations(None, None, tmp_path / f"outbox-{step}")
        met = uploader.upload(how, step, [parcel], where)
        assert met["status"] == 0, met
        if met["problem"]:
            errors += 1
            assert met["problem"].startswith(f"outbox {where.outbox}: ")
            assert "disk full" in met["problem"]
        holdings = held(where.outbox)
        assert holdings.damaged == () and all(not name.startswith(".") for name in names_in(where.outbox))
        assert met["states"] in ([], ["stored"])
        # Either it has arrived, or it is in the outbox, or the error said that it is where it was rendered.
        has_arrived = list(place.holds(file.stem).values()) == [file.read_bytes()]
        assert has_arrived == (met["states"] == ["stored"])
        assert has_arrived or holdings.entries or "cannot be kept" in met["problem"]
        list(resume(where.outbox, clock=clock))
        rows = list(deliver([parcel], where, clock=clock))
        assert [row.state for row in rows if row.delivered is not None] == [DeliveryState.STORED]
        assert list(place.holds(file.stem).values()) == [file.read_bytes()]
        assert names_in(where.outbox) == []
        if len(met["steps"]) <= step:
            break
    assert errors > 5 and not met["problem"]


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, hidden files too; nothing where it is not there."""
    return os.listdir(folder) if folder.is_dir() else []
