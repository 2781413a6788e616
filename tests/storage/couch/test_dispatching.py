"""Recordings of an account database that is a CouchDB cluster, through the dispatcher (`--database http://…`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from callflow.core.delivery import DeliveryState, TargetKind
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import deliver
from callflow.storage.parcel import Parcel
from callflow.storage.routes import Destinations


def test_a_cluster_that_fails_twice(
    little: Any,
    little_couch: ModuleType,
    make_recording: Callable[..., Parcel],
    clock: Clock,
    waited: list[int],
    tmp_path: Path,
) -> None:
    """The document is tried again like the audio, which production does not (C20); the outbox is empty in the end."""
    little.contents.faults += [
        little_couch.Fault("PUT", 2, 500),
        little_couch.Fault("PUT", 3, 503, headers={"Retry-After": "9"}),
    ]
    outbox = tmp_path / "outbox"
    destinations = Destinations(f"http://{little.host}", None, outbox)
    parcel = make_recording("http://", kind=TargetKind.ACCOUNT_DATABASE)
    rows = list(deliver([parcel], destinations, clock=clock))
    ended = [row.delivered for row in rows if row.delivered is not None]
    assert [each.state for each in ended] == [DeliveryState.STORED]
    assert {row.result[:3] for row in rows} >= {"500", "503", "201"}
    assert waited == [1_000, 9_000]
    assert len(little.contents.databases[parcel.folder]) == 1
    assert not [file for file in outbox.rglob("*.mp3")]
