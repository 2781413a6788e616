"""The dispatcher: the DELIVERY table on a clock of its own (design §12, "Deliveries, virtual and real")."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState, TargetKind
from callflow.core.errors import StorageError
from callflow.storage import outbox
from callflow.storage.clock import Clock
from callflow.storage.database import list_recordings, read_recording
from callflow.storage.dispatcher import DeliveryLogged, Destinations, deliver
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
    outbox.keep(destinations.outbox, parcel)
    audio = parcel.file.read_bytes()
    parcel.file.unlink()
    end = end_of(list(deliver(outbox.pending(destinations.outbox), destinations, clock=clock)))
    assert end.state is S.STORED
    assert (receiver.folder / "acme" / "a.mp3").read_bytes() == audio
    assert outbox.pending(destinations.outbox) == ()


def test_every_parcel_is_durable_before_the_first_is_sent(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """The outbox comes first: whatever happens to the process while it sends, all audio is there."""
    seen: list[set[str]] = []

    def answer(request: Request) -> Response:
        seen.append({parcel.delivery_id for parcel in outbox.pending(destinations.outbox)})
        return Response(status=201)

    httpserver.expect_request("/a.mp3").respond_with_handler(answer)
    parcels = [make_parcel(httpserver.url_for("/a.mp3")) for _ in range(3)]
    list(deliver(parcels, destinations, clock=clock, workers=1))
    ids = {parcel.delivery_id for parcel in parcels}
    assert [len(each) for each in seen] == [3, 2, 1]
    assert seen[0] == ids


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


def test_a_document_that_cannot_be_saved_ends_it(
    tmp_path: Path, make_parcel: MakeParcel, clock: Clock, waited: list[int]
) -> None:
    """B§6.6: no retry at all for the document; the audio is in the outbox, and the reason is told."""
    where = Destinations(f"sqlite:///{tmp_path / 'none' / 'calls.db'}", None, tmp_path / "outbox")
    rows = list(deliver([make_parcel(kind=TargetKind.ACCOUNT_DATABASE)], where, clock=clock))
    assert [(row.event, row.state) for row in rows] == [(E.METADATA_FAILED, S.FAILED)]
    assert [each.result for each in end_of(rows).attempts] == ["document: database: unable to open database file"]
    assert waited == []
    assert len(outbox.pending(where.outbox)) == 1


@pytest.mark.parametrize("kind", [TargetKind.URL, TargetKind.ACCOUNT_DATABASE, TargetKind.THIRD_PARTY_BIGCOUCH])
def test_a_local_folder_stands_in_for_the_network(
    tmp_path: Path, make_parcel: MakeParcel, clock: Clock, kind: TargetKind
) -> None:
    """The user's folder takes what would leave the machine, and what has no database."""
    where = Destinations(None, tmp_path / "kept", tmp_path / "outbox")
    parcel = make_parcel("https://recordings.example/a.mp3", kind=kind)
    end = end_of(list(deliver([parcel], where, clock=clock)))
    assert (end.state, end.place) == (S.STORED, str(tmp_path / "kept" / "a.mp3"))


@pytest.mark.parametrize(
    ("url", "kind", "result"),
    [
        ("", TargetKind.ACCOUNT_DATABASE, "no account database named"),
        ("s3://bucket/a.mp3", TargetKind.URL, "no way to send to s3"),
        ("http://[", TargetKind.URL, "no way to send to an address without scheme"),
        ("http://me:geheim@couch:5984/x", TargetKind.THIRD_PARTY_BIGCOUCH, "no way to send to CouchDB"),
    ],
)
def test_a_place_that_nothing_leads_to_fails_at_once(
    destinations: Destinations,
    make_parcel: MakeParcel,
    clock: Clock,
    waited: list[int],
    url: str,
    kind: TargetKind,
    result: str,
) -> None:
    """C17: said aloud, not silently not stored; retrying is useless, the audio stays in the outbox."""
    rows = list(deliver([make_parcel(url, kind=kind)], destinations, clock=clock))
    (attempt,) = end_of(rows).attempts
    assert (attempt.result, attempt.is_final, waited) == (result, True, [])
    assert rows[-1].event is E.LAST_TRY_FAILED
    assert len(outbox.pending(destinations.outbox)) == 1


def test_a_bad_database_url_is_an_error_after_the_audio_is_safe(
    tmp_path: Path, make_parcel: MakeParcel, clock: Clock
) -> None:
    """The user's mistake is a StorageError; nothing was sent, everything is in the outbox."""
    where = Destinations("pigeon://me:geheim@host/x", None, tmp_path / "outbox")
    with pytest.raises(StorageError, match="no such kind of database"):
        list(deliver([make_parcel(kind=TargetKind.ACCOUNT_DATABASE)], where, clock=clock))
    assert len(outbox.pending(where.outbox)) == 1
    assert "geheim" not in repr(where)


def test_an_outbox_that_cannot_be_written_is_an_error(tmp_path: Path, make_parcel: MakeParcel, clock: Clock) -> None:
    """Nothing is sent that was not made durable."""
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be kept"):
        list(deliver([make_parcel("http://127.0.0.1/")], Destinations(None, None, tmp_path / "outbox"), clock=clock))


def test_no_credential_is_in_rows_or_results(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """Neither in any repr nor in any place, whether it arrives or fails."""
    answers(httpserver, 401, 201)
    secret_url = httpserver.url_for("/a.mp3").replace("://", "://me:geheim@")
    rows = list(deliver([make_parcel(secret_url, metadata={"url": secret_url})], destinations, clock=clock))
    assert end_of(rows).state is S.STORED
    assert "geheim" not in repr(rows) + repr([row.delivered for row in rows])
