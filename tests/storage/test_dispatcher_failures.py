"""Tries that fail, and places that cannot be: what the dispatcher makes of them (B§6.6; issue 4, item 5)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from attrs import evolve

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState, TargetKind
from callflow.core.errors import StorageError
from callflow.storage import outbox
from callflow.storage.carrier import Outcome
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import DeliveryLogged, Destinations, deliver
from callflow.storage.holdings import held
from callflow.storage.parcel import Delivered, Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Carriers

MakeParcel = Callable[..., Parcel]
S, E = DeliveryState, DeliveryEvent


@pytest.fixture
def destinations(tmp_path: Path) -> Destinations:
    """An outbox, and nothing else."""
    return Destinations(None, None, tmp_path / "outbox")


def end_of(rows: list[DeliveryLogged]) -> Delivered:
    """How the only delivery in `rows` ended."""
    (end,) = [row.delivered for row in rows if row.delivered is not None]
    return end


def test_a_document_that_cannot_be_saved_is_tried_like_the_audio(
    tmp_path: Path, make_parcel: MakeParcel, clock: Clock, waited: list[int]
) -> None:
    """Better than production (C20): the document is tried four times; then the audio is in the outbox, with words."""
    where = Destinations(f"sqlite:///{tmp_path / 'none' / 'calls.db'}", None, tmp_path / "outbox")
    rows = list(deliver([make_parcel(kind=TargetKind.ACCOUNT_DATABASE)], where, clock=clock))
    again = [(E.METADATA_TRY_FAILED, S.WAITING_METADATA), (E.RETRY_DUE, S.METADATA)]
    assert [(row.event, row.state) for row in rows] == [*again * 3, (E.METADATA_FAILED, S.FAILED)]
    assert all(DELIVERY.rows[row.before][row.event] is row.state for row in rows)
    problem = "document: database: unable to open database file"
    assert [(each.result, each.at_ms) for each in end_of(rows).attempts] == [
        (problem, 0), (problem, 1_000), (problem, 3_000), (problem, 7_000)
    ]  # fmt: skip
    assert waited == [1_000, 2_000, 4_000]
    assert len(outbox.pending(where.outbox)) == 1


def test_a_document_saved_late_goes_on_to_the_audio(tmp_path: Path, make_parcel: MakeParcel, waited: list[int]) -> None:
    """The audio has four tries of its own."""
    folder = tmp_path / "later"

    class MakingClock:
        def now_ms(self) -> int:
            return sum(waited)

        def wait_ms(self, duration_ms: int) -> None:
            folder.mkdir(exist_ok=True)
            waited.append(duration_ms)

    where = Destinations(f"sqlite:///{folder / 'calls.db'}", None, tmp_path / "outbox")
    rows = list(deliver([make_parcel(kind=TargetKind.ACCOUNT_DATABASE)], where, clock=MakingClock()))
    assert [row.event for row in rows] == [E.METADATA_TRY_FAILED, E.RETRY_DUE, E.METADATA_SAVED, E.ACCEPTED]
    assert waited == [1_000] and outbox.pending(where.outbox) == ()


@pytest.mark.parametrize(
    ("seconds", "waits", "state"),
    [(0, [1_000], S.STORED), (30, [30_000], S.STORED), (60, [60_000], S.STORED), (61, [], S.FAILED)],
)
def test_a_target_that_asks_to_be_left_alone_is(
    destinations: Destinations,
    make_parcel: MakeParcel,
    clock: Clock,
    waited: list[int],
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    waits: list[int],
    state: DeliveryState,
) -> None:
    """`Retry-After` is honoured up to a minute; for longer the recording stays in the outbox."""
    outcomes = iter([Outcome.failed("503", "x", retry_after_ms=seconds * 1_000), Outcome.stored("201", "x")])

    class Asking:
        def save_metadata(self, parcel: Parcel) -> Outcome:
            return Outcome.stored("journalled", "")

        def send(self, parcel: Parcel) -> Outcome:
            return next(outcomes)

        def close(self) -> None:
            return None

    monkeypatch.setattr(Carriers, "choose", lambda self, target: Asking())
    rows = list(deliver([make_parcel("http://127.0.0.1/")], destinations, clock=clock))
    assert (waited, end_of(rows).state) == (waits, state)
    assert end_of(rows).attempts[0].result == (f"503, asks for {seconds} s" if seconds else "503")
    assert len(outbox.pending(destinations.outbox)) == (state is S.FAILED)


@pytest.mark.parametrize(
    ("url", "kind", "result"),
    [
        ("", TargetKind.ACCOUNT_DATABASE, "no account database named"),
        ("s3://bucket/a.mp3", TargetKind.URL, "no way to send to s3"),
        ("http://[", TargetKind.URL, "no way to send to an address without scheme"),
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


def test_a_name_that_nobody_knows_is_a_try(
    destinations: Destinations,
    make_parcel: MakeParcel,
    clock: Clock,
    waited: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS failure is tried again like any other, and ends in the outbox (issue 4, item 5)."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    end = end_of(list(deliver([make_parcel("http://recordings.example/a.mp3")], destinations, clock=clock)))
    assert [each.result for each in end.attempts] == ["dns failure"] * 4
    assert (end.state, waited) == (S.FAILED, [1_000, 2_000, 4_000])


def test_a_wall_clock_that_jumps_back_changes_nothing(
    refused_url: str, destinations: Destinations, make_parcel: MakeParcel, clock: Clock, waited: list[int]
) -> None:
    """The time of day is written down, never measured with: waits go by the monotonic clock."""
    now = datetime(2026, 11, 30, tzinfo=UTC)
    jumps = (now - timedelta(hours=number) for number in count())
    rows = list(deliver([make_parcel(refused_url)], destinations, clock=clock, wall=lambda: next(jumps)))
    assert (end_of(rows).state, waited) == (S.FAILED, [1_000, 2_000, 4_000])
    (entry,) = held(destinations.outbox).entries
    assert [each.at for each in entry.tries] == sorted((each.at for each in entry.tries), reverse=True)
    assert entry.kept_at == "2026-11-30T00:00:00+00:00"


def test_one_that_cannot_be_kept_does_not_hold_up_the_others(
    receiver: RunningReceiver, destinations: Destinations, make_parcel: MakeParcel, clock: Clock
) -> None:
    """The error comes when all the others have been sent; the file stays where it was rendered."""
    gone, there = make_parcel(f"{receiver.url}/gone.mp3"), make_parcel(f"{receiver.url}/a.mp3")
    gone.file.unlink()
    rows = deliver([gone, there], destinations, clock=clock)
    states = []
    with pytest.raises(StorageError, match="rendered-0.mp3 cannot be kept, no such file"):
        for row in rows:
            states.append(row.state)
    assert states[-1] is S.STORED and [each.path for each in receiver.stored()] == ["a.mp3"]


def test_other_audio_of_the_same_id_is_another_upload(
    receiver: RunningReceiver, make_parcel: MakeParcel, clock: Clock, destinations: Destinations
) -> None:
    """A scenario that was changed and is uploaded again by POST: the receiver takes it; the same audio it has."""
    first = make_parcel(f"{receiver.url}/r/a.mp3", method="POST", audio=b"first")
    second = evolve(
        make_parcel(f"{receiver.url}/r/a.mp3", method="POST", audio=b"second"), delivery_id=first.delivery_id
    )
    for parcel in (first, first, second):
        assert [row.state for row in deliver([parcel], destinations, clock=clock)][-1] is S.STORED
    assert (receiver.folder / "r" / "a.mp3").read_bytes() == b"second"
    assert [each.bytes for each in receiver.stored()] == [5, 6]
