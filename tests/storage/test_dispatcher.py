"""The dispatcher: the DELIVERY table on a clock of its own (design §12, "Deliveries, virtual and real")."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState, TargetKind
from callflow.storage import outbox
from callflow.storage.clock import Clock
from callflow.storage.database import list_recordings, read_recording
from callflow.storage.dispatcher import DeliveryLogged, Destinations, deliver, resume
from callflow.storage.parcel import Delivered, Parcel
from callflow.storage.receiver import RunningReceiver

MakeParcel = Callable[..., Parcel]
S, E = DeliveryState, DeliveryEvent


@pytest.fixture
def destinations(tmp_path: Path) -> Destinations:
    """An outbox, and nothing else."""
    return Destinations(None, None, tmp_path / "outbox")


def answers(httpserver: HTTPServer, *statuses: int) -> list[bytes]:
    """Let the server answer `/a.mp3` with `statuses` in turn; the bodies it gets are in the list."""
    bodies: list[bytes] = []
    waiting = iter(statuses)

    def answer(request: Request) -> Response:
        bodies.append(request.get_data())
        return Response(status=next(waiting))

    httpserver.expect_request("/a.mp3").respond_with_handler(answer)
    return bodies


def end_of(rows: list[DeliveryLogged]) -> Delivered:
    """How the only delivery in `rows` ended."""
    (end,) = [row.delivered for row in rows if row.delivered is not None]
    return end


def test_three_tries_until_it_is_stored(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, clock: Clock, waited: list[int]
) -> None:
    """500, 503, 201 with the whole body each time; each step is a move of the table, and the outbox is empty again."""
    bodies = answers(httpserver, 500, 503, 201)
    parcel = make_parcel(httpserver.url_for("/a.mp3"))
    rows = list(deliver([parcel], destinations, clock=clock))
    assert bodies == [parcel.file.read_bytes()] * 3
    assert waited == [1_000, 2_000]
    assert [(row.event, row.state, row.result, row.at_ms) for row in rows] == [
        (E.METADATA_SAVED, S.SENDING, "journalled", 0),
        (E.TRY_FAILED, S.WAITING_RETRY, "500", 0),
        (E.RETRY_DUE, S.SENDING, "", 1_000),
        (E.TRY_FAILED, S.WAITING_RETRY, "503", 1_000),
        (E.RETRY_DUE, S.SENDING, "", 3_000),
        (E.ACCEPTED, S.STORED, "201", 3_000),
    ]
    assert all(DELIVERY.rows[row.before][row.event] is row.state for row in rows)
    end = end_of(rows)
    assert (end.parcel, end.state, end.place) == (parcel, S.STORED, httpserver.url_for("/a.mp3"))
    assert [(each.at_ms, each.result, each.is_stored) for each in end.attempts] == [
        (0, "500", False),
        (1_000, "503", False),
        (3_000, "201", True),
    ]
    assert outbox.pending(destinations.outbox) == ()
    assert list(destinations.outbox.iterdir()) == []


def test_four_failures_leave_it_in_the_outbox(
    refused_url: str, destinations: Destinations, make_parcel: MakeParcel, clock: Clock, waited: list[int]
) -> None:
    """Tries after 1, 2, 4 s, then the outbox: audio is never lost."""
    parcel = make_parcel(refused_url)
    end = end_of(list(deliver([parcel], destinations, clock=clock)))
    assert waited == [1_000, 2_000, 4_000]
    assert end.state is S.FAILED
    assert [(each.at_ms, each.result) for each in end.attempts] == [
        (0, "refused"),
        (1_000, "refused"),
        (3_000, "refused"),
        (7_000, "refused"),
    ]
    (left,) = outbox.pending(destinations.outbox)
    assert left.delivery_id == parcel.delivery_id
    assert left.file.read_bytes() == parcel.file.read_bytes()
    assert end.place == str(left.file)


def test_what_is_left_can_be_delivered_from_the_outbox(
    receiver: RunningReceiver, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """After a crash the journal is enough to send, the output folder is not needed."""
    parcel = make_parcel(f"{receiver.url}/acme/a.mp3")
    with outbox.Outbox(destinations.outbox) as kept:
        kept.keep(parcel, destinations)
    audio = parcel.file.read_bytes()
    parcel.file.unlink()
    end = end_of(list(resume(destinations.outbox, clock=clock)))
    assert end.state is S.STORED
    assert (receiver.folder / "acme" / "a.mp3").read_bytes() == audio
    assert outbox.pending(destinations.outbox) == ()


def test_every_parcel_is_durable_before_it_is_sent(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """The outbox comes first, and is cleared before the next one is sent."""
    seen: list[tuple[str, set[str]]] = []

    def answer(request: Request) -> Response:
        seen.append((request.path, {str(parcel.metadata["name"]) for parcel in outbox.pending(destinations.outbox)}))
        return Response(status=201)

    names = [f"{number}.mp3" for number in range(3)]
    for name in names:
        httpserver.expect_request(f"/{name}").respond_with_handler(answer)
    parcels = [make_parcel(httpserver.url_for(f"/{name}"), metadata={"name": name}) for name in names]
    list(deliver(parcels, destinations, clock=clock, workers=1))
    assert [path for path, _ in seen] == [f"/{name}" for name in names]
    for number, (_, kept) in enumerate(seen):
        assert names[number] in kept and not kept.intersection(names[:number])


def test_a_recording_that_is_not_wanted_goes_nowhere(
    destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """The seed: store_recordings=false, no storage occurs; not stored looks different from failed (C47)."""
    (row,) = deliver([make_parcel()], destinations, clock=clock)
    assert (row.event, row.state) == (E.UNWANTED, S.NOT_STORED)
    assert row.delivered is not None and row.delivered.attempts == ()
    assert not destinations.outbox.exists()


def test_a_recording_finished_again_is_sent_once(
    receiver: RunningReceiver, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """C10: a second RECORD_STOP for one recording is late, logged, and stores nothing."""
    parcel = make_parcel(f"{receiver.url}/a.mp3", method="POST")
    rows = list(deliver([parcel, parcel], destinations, clock=clock))
    again = [row for row in rows if row.event is E.FINISHED_AGAIN]
    assert [(row.before, row.state, row.delivered) for row in again] == [(S.METADATA, S.METADATA, None)]
    assert end_of(rows).state is S.STORED
    assert len(receiver.stored()) == 1


def test_the_account_database_gets_document_and_audio(tmp_path: Path, make_parcel: MakeParcel, clock: Clock) -> None:
    """The seed: store_recordings=true, the recording goes into the account's database."""
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    parcel = make_parcel(kind=TargetKind.ACCOUNT_DATABASE)
    rows = list(deliver([parcel], Destinations(url, None, tmp_path / "outbox"), clock=clock))
    assert [(row.event, row.result) for row in rows] == [(E.METADATA_SAVED, "saved"), (E.ACCEPTED, "stored")]
    assert [row.doc for row in list_recordings(url)] == [parcel.metadata]
    assert b"".join(read_recording(url, parcel.delivery_id)) == parcel.file.read_bytes()


@pytest.mark.parametrize("kind", [TargetKind.URL, TargetKind.ACCOUNT_DATABASE, TargetKind.THIRD_PARTY_BIGCOUCH])
def test_a_local_folder_stands_in_for_the_network(
    tmp_path: Path, make_parcel: MakeParcel, clock: Clock, kind: TargetKind
) -> None:
    """The user's folder takes what would leave the machine, and what has no database."""
    where = Destinations(None, tmp_path / "kept", tmp_path / "outbox")
    parcel = make_parcel("https://recordings.example/a.mp3", kind=kind)
    end = end_of(list(deliver([parcel], where, clock=clock)))
    assert (end.state, end.place) == (S.STORED, str(tmp_path / "kept" / "a.mp3"))


def test_no_credential_is_in_rows_or_results(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """Neither in any repr nor in any place, whether it arrives or fails."""
    answers(httpserver, 503, 201)
    secret_url = httpserver.url_for("/a.mp3").replace("://", "://me:geheim@")
    rows = list(deliver([make_parcel(secret_url, metadata={"url": secret_url})], destinations, clock=clock))
    assert end_of(rows).state is S.STORED
    assert "geheim" not in repr(rows) + repr([row.delivered for row in rows])
