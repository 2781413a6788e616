"""The word to a webhook that a recording is stored (the seed: "feed it to a transcription service")."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import evolve
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from callflow.core.delivery import DeliveryState, TargetKind
from callflow.core.errors import StorageError
from callflow.storage import outbox
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import Destinations, deliver, resume
from callflow.storage.holdings import held
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.webhook import hook_id

MakeParcel = Callable[..., Parcel]
S = DeliveryState


@pytest.fixture
def where(tmp_path: Path) -> Destinations:
    """An outbox, and nothing else."""
    return Destinations(None, None, tmp_path / "outbox")


def test_a_stored_recording_is_told(
    httpserver: HTTPServer, receiver: RunningReceiver, where: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """POST of JSON with metadata, place, bytes, SHA-256, type and id; retried like the rest, with one key."""
    told: list[Request] = []

    def answer(request: Request) -> Response:
        request.get_data()
        told.append(request)
        return Response(status=503 if len(told) == 1 else 204)

    httpserver.expect_request("/new").respond_with_handler(answer)
    hook = httpserver.url_for("/new").replace("://", "://me:geheim@")
    parcel = evolve(make_parcel(f"{receiver.url}/a.mp3"), webhook=hook)
    rows = list(deliver([parcel], where, clock=clock))
    ends = {row.delivery_id: row.delivered for row in rows if row.delivered is not None}
    assert list(ends) == [parcel.delivery_id, hook_id(parcel.delivery_id)]
    notice = ends[hook_id(parcel.delivery_id)]
    assert notice is not None and notice.parcel.target.kind is TargetKind.WEBHOOK
    assert [each.result for each in notice.attempts] == ["503", "204"]
    assert told[0].json == told[1].json == {
        "name": parcel.metadata["name"],
        "duration_ms": 40_000,
        "place": f"{receiver.url}/a.mp3",
        "bytes": parcel.file.stat().st_size,
        "sha256": sha256(parcel.file.read_bytes()).hexdigest(),
        "content_type": "audio/mpeg",
        "delivery_id": parcel.delivery_id,
    }  # fmt: skip
    (key,) = {each.headers["Idempotency-Key"] for each in told}
    assert key == f"{hook_id(parcel.delivery_id)}.{sha256(told[0].data).hexdigest()[:16]}"
    assert told[0].headers["Content-Type"] == "application/json"
    assert "geheim" not in repr(rows) + repr([row.delivered for row in rows])
    assert list(where.outbox.iterdir()) == []


def test_a_webhook_that_is_down_waits_in_the_outbox(
    receiver: RunningReceiver, where: Destinations, make_parcel: MakeParcel, clock: Clock, refused_url: str
) -> None:
    """The recording is stored, the word of it is not lost: a later retry brings it."""
    parcel = evolve(make_parcel(f"{receiver.url}/a.mp3"), webhook=refused_url)
    states = [row.state for row in deliver([parcel], where, clock=clock) if row.delivered is not None]
    assert states == [S.STORED, S.FAILED]
    (left,) = outbox.pending(where.outbox)
    assert left.delivery_id == hook_id(parcel.delivery_id)
    assert json.loads(left.file.read_bytes())["place"] == f"{receiver.url}/a.mp3"
    (row, *_) = [row for row in resume(where.outbox, clock=clock) if row.delivered is not None]
    assert (row.delivery_id, row.state) == (left.delivery_id, S.FAILED)
    assert len(held(where.outbox).entries[0].tries) == 8


def test_nobody_is_told_of_what_is_not_stored(
    httpserver: HTTPServer, where: Destinations, make_parcel: MakeParcel, clock: Clock, refused_url: str
) -> None:
    """Failed for good: kept in the outbox, with the webhook's address for the day that it is stored."""
    parcel = evolve(make_parcel(refused_url), webhook=httpserver.url_for("/new"))
    rows = list(deliver([parcel], where, clock=clock))
    assert [row.state for row in rows if row.delivered is not None] == [S.FAILED]
    assert httpserver.log == []
    (left,) = outbox.pending(where.outbox)
    assert left.webhook == parcel.webhook


def test_a_full_disk_after_the_store_forgets_nobody(
    httpserver: HTTPServer,
    receiver: RunningReceiver,
    where: Destinations,
    make_parcel: MakeParcel,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the notice cannot be kept, the recording is not cleared: a retry stores it again and tells of it."""
    httpserver.expect_request("/new").respond_with_data(status=204)
    parcel = evolve(make_parcel(f"{receiver.url}/a.mp3"), webhook=httpserver.url_for("/new"))

    def refuse(*_: object) -> None:
        raise StorageError("outbox x: full")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "keep_text", refuse)
        with pytest.raises(StorageError, match="full"):
            list(deliver([parcel], where, clock=clock))
    assert (len(outbox.pending(where.outbox)), httpserver.log) == (1, [])
    states = [row.state for row in resume(where.outbox, clock=clock) if row.delivered is not None]
    assert states == [S.STORED, S.STORED] and len(httpserver.log) == 1
    assert list(where.outbox.iterdir()) == []


def test_ids_of_notices_are_ids() -> None:
    """Fixed, different for each recording, and never too long."""
    assert hook_id("202611-abc") == "202611-abc.hook"
    long = {hook_id("x" * 128), hook_id("y" * 128), hook_id("x" * 124)}
    assert len(long) == 3 and all(len(each) <= 128 and each.endswith(".hook") for each in long)
