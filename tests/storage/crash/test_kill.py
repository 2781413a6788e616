"""kill -9 at every step of an upload: nothing is lost, and nothing is there twice where design §12 promises it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from callflow.core.delivery import DeliveryState, Target
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import Destinations, deliver, resume
from callflow.storage.holdings import held
from callflow.storage.parcel import Parcel

AUDIO = b"ID3 \x00\xff" * 300
KILLED = -9
STEPS_MAX = 400


def parcels_to(place: Any, folder: Path, number: int, count: int) -> list[Parcel]:
    """`count` parcels of round `number`, their files written."""
    made = []
    for index in range(count):
        delivery_id = f"r{number}-{index}"
        file = folder / f"{delivery_id}.mp3"
        file.write_bytes(AUDIO + delivery_id.encode())
        target = Target(place.kind, place.method, place.url_for(delivery_id), "record_call.url")
        metadata = {"_id": delivery_id, "name": f"{delivery_id}.mp3", "call_id": "c", "start": 1}
        made.append(Parcel(delivery_id, file, "audio/mpeg", target, metadata, "account/ac/me/x-202611", place.webhook))
    return made


def finish(parcels: list[Parcel], where: Destinations, clock: Clock) -> None:
    """What a user does after a crash: send what the outbox has, and upload again what it never got."""
    kept = {each.parcel.delivery_id for each in held(where.outbox).entries}
    ended = {
        row.delivery_id: row.state for row in resume(where.outbox, clock=clock, workers=1) if row.delivered is not None
    }
    assert kept <= ended.keys() and set(ended.values()) <= {DeliveryState.STORED}
    assert held(where.outbox).entries == ()
    rows = list(deliver(parcels, where, clock=clock, workers=1))
    assert {row.state for row in rows if row.delivered is not None} == {DeliveryState.STORED}
    assert os.listdir(where.outbox) == []


@pytest.mark.parametrize(
    ("name", "count"),
    [("put", 2), ("post", 1), ("webhook", 1), ("database", 2), ("folder", 2), ("ftp", 1), ("couch", 1)],
)
def test_killed_at_every_step(
    name: str, count: int, make_place: Any, uploader: Any, tmp_path: Path, clock: Clock
) -> None:
    """Issue 4, "Must show": killed at step k, for every k, then finished: all stored, byte-equal, one copy each."""
    place, rendered = make_place(name), tmp_path / "rendered"
    rendered.mkdir()
    killed, was_there = 0, False
    for step in range(STEPS_MAX):
        parcels = parcels_to(place, rendered, step, count)
        where = Destinations(place.database, place.folder, tmp_path / f"outbox-{step}")
        died = uploader.upload("kill", step, parcels, where)
        assert died["status"] in (KILLED, 0), died
        killed += died["status"] == KILLED
        # What was once kept is there and whole, in the outbox or, as it was, at the target.
        holdings = held(where.outbox)
        first = parcels[0].delivery_id
        is_there = first in holdings.names or list(place.holds(first).values()) == [parcels[0].file.read_bytes()]
        assert is_there >= was_there, died
        was_there = is_there
        assert {damage.problem for damage in holdings.damaged} <= {"audio without a journal, left by a crash"}
        finish(parcels, where, clock)
        for parcel in parcels:
            assert list(place.holds(parcel.delivery_id).values()) == [parcel.file.read_bytes()], died
        if died["status"] == 0:
            break
    assert died["status"] == 0 and killed == step > 15 * count
    assert died["states"] == ["stored"] * (count + bool(place.webhook))


def test_a_webhook_is_told_of_each_stored_recording_despite_a_kill(
    make_place: Any, uploader: Any, tmp_path: Path, clock: Clock
) -> None:
    """The notice is in the outbox before the recording leaves it: its content is the recording's metadata and place."""
    place, rendered = make_place("webhook"), tmp_path / "rendered"
    rendered.mkdir()
    told = tmp_path / "received" / "hooks" / "told"
    steps = uploader.upload("kill", STEPS_MAX, parcels_to(place, rendered, 0, 1), where_of(tmp_path, 0))["steps"]
    for step in range(len(steps) // 2, len(steps)):
        told.unlink()
        (parcel,) = parcels_to(place, rendered, step, 1)
        where = where_of(tmp_path, step)
        uploader.upload("kill", step, [parcel], where)
        was_kept = bool(held(where.outbox).entries)
        list(resume(where.outbox, clock=clock, workers=1))
        assert was_kept or told.exists()
        content = json.loads(told.read_bytes())
        assert content["delivery_id"] == parcel.delivery_id
        assert content["place"] == parcel.target.url
        assert (content["bytes"], content["content_type"]) == (parcel.file.stat().st_size, "audio/mpeg")
        assert os.listdir(where.outbox) == []


def where_of(folder: Path, step: int) -> Destinations:
    """An outbox of its own for each step."""
    return Destinations(None, None, folder / f"box-{step}")
