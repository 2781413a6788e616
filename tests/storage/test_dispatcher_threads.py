"""The dispatcher's threads: how many send at once, what waits, and how a run is broken off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState
from callflow.core.errors import ImpossibleEvent, StorageError
from callflow.core.table import Verdict
from callflow.storage import outbox
from callflow.storage.carrier import Outcome, words_for
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import Destinations, deliver
from callflow.storage.durable import read_blocks
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Carriers

MakeParcel = Callable[..., Parcel]
S, E = DeliveryState, DeliveryEvent


@pytest.fixture
def destinations(tmp_path: Path) -> Destinations:
    """An outbox, and nothing else."""
    return Destinations(None, None, tmp_path / "outbox")


def test_a_dead_target_does_not_hold_up_the_others(
    receiver: RunningReceiver, destinations: Destinations, make_parcel: MakeParcel, refused_url: str
) -> None:
    """C44: a delivery that waits takes no worker: with one worker, all live ones end while the dead ones wait."""
    live_ended = threading.Event()
    waited = [0]

    class PatientClock:
        def now_ms(self) -> int:
            return sum(waited)

        def wait_ms(self, duration_ms: int) -> None:
            assert live_ended.is_set()
            waited.append(duration_ms)

    dead = [make_parcel(refused_url, audio=b"x") for _ in range(3)]
    live = [make_parcel(f"{receiver.url}/{number}.mp3", audio=b"x") for number in range(3)]
    states = []
    for row in deliver([*dead, *live], destinations, clock=PatientClock(), workers=1):
        if row.delivered is not None:
            states.append(row.state)
        if states.count(S.STORED) == 3:
            live_ended.set()
    assert states == [S.STORED] * 3 + [S.FAILED] * 3


def test_no_more_than_the_workers_send_at_once(
    destinations: Destinations, make_parcel: MakeParcel, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds; the barrier proves that it is reached too."""
    barrier = threading.Barrier(2)
    lock = threading.Lock()
    busy: list[int] = [0]
    most: list[int] = []

    class Counting:
        def save_metadata(self, parcel: Parcel) -> Outcome:
            return Outcome.stored("saved", "")

        def send(self, parcel: Parcel) -> Outcome:
            with lock:
                busy[0] += 1
                most.append(busy[0])
            barrier.wait(60)
            with lock:
                busy[0] -= 1
            return Outcome.stored("sent", "")

        def close(self) -> None:
            return None

    monkeypatch.setattr(Carriers, "choose", lambda self, target: Counting())
    parcels = [make_parcel("http://127.0.0.1/", audio=b"x") for _ in range(6)]
    rows = list(deliver(parcels, destinations, clock=clock, workers=2))
    assert [row.state for row in rows if row.delivered is not None] == [S.STORED] * 6
    assert max(most) == 2


def test_closing_begins_no_further_try(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, clock: Clock, waited: list[int]
) -> None:
    """An interrupt loses nothing: the waiting delivery ends without another try, its audio is in the outbox."""
    httpserver.expect_request("/a.mp3").respond_with_data(status=503)
    rows = deliver([make_parcel(httpserver.url_for("/a.mp3"))], destinations, clock=clock)
    with closing(rows):
        assert [next(rows).event, next(rows).event] == [E.METADATA_SAVED, E.TRY_FAILED]
    assert (len(httpserver.log), waited) == (1, [])
    assert len(outbox.pending(destinations.outbox)) == 1


def test_an_interrupt_keeps_what_was_still_to_come(
    destinations: Destinations, make_parcel: MakeParcel, clock: Clock, refused_url: str
) -> None:
    """Ctrl-C while the parcels come in: those that nobody has looked at yet are in the outbox as well."""
    parcels = [make_parcel(refused_url, audio=b"x") for _ in range(5)]

    class Interrupting:
        def now_ms(self) -> int:
            return 0

        def wait_ms(self, duration_ms: int) -> None:
            raise KeyboardInterrupt

    def coming() -> Iterator[Parcel]:
        for number, parcel in enumerate(parcels):
            if number == 3 and not is_interrupted:
                is_interrupted.append(True)
                raise KeyboardInterrupt
            yield parcel

    is_interrupted: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        list(deliver(parcels[:3], destinations, clock=Interrupting()))
    assert len(outbox.pending(destinations.outbox)) == 3
    rows = deliver(iter(parcels), destinations, clock=clock)
    with closing(rows):
        next(rows)
    assert [each.delivery_id for each in outbox.pending(destinations.outbox)] == [each.delivery_id for each in parcels]
    with pytest.raises(KeyboardInterrupt):
        list(deliver(coming(), destinations, clock=clock))
    assert len(outbox.pending(destinations.outbox)) == 5


def test_an_interrupt_keeps_all_that_can_be_kept(
    destinations: Destinations, make_parcel: MakeParcel, clock: Clock, refused_url: str
) -> None:
    """One recording whose file is gone is told at the end; those behind it are in the outbox all the same."""
    parcels = [make_parcel(refused_url, audio=b"x") for _ in range(4)]
    parcels[2].file.unlink()
    rows = deliver([parcels[0], *parcels], destinations, clock=clock)
    next(rows)  # at the latest, that the first was finished again
    with pytest.raises(StorageError, match="cannot be kept"):
        rows.close()
    kept = [each.delivery_id for each in outbox.pending(destinations.outbox)]
    assert kept == [each.delivery_id for each in (parcels[0], parcels[1], parcels[3])]


def test_a_long_try_under_way_is_broken_off(
    destinations: Destinations, make_parcel: MakeParcel, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for 700 MB after Ctrl-C: the carrier's next block ends the try, and it is a failed one."""
    first_block = threading.Event()
    outcomes: list[Outcome] = []

    class Endless:
        def save_metadata(self, parcel: Parcel) -> Outcome:
            return Outcome.stored("journalled", "")

        def send(self, parcel: Parcel) -> Outcome:
            try:
                while True:
                    with open(parcel.file, "rb") as source:
                        for _ in read_blocks(source):
                            first_block.set()
            except OSError as error:
                outcomes.append(Outcome.failed(words_for(error), ""))
            return outcomes[-1]

        def close(self) -> None:
            return None

    monkeypatch.setattr(Carriers, "choose", lambda self, target: Endless())
    rows = deliver([make_parcel("http://127.0.0.1/", audio=b"x")], destinations, clock=clock)
    with closing(rows):
        next(rows)
        assert first_block.wait(60)
    assert [each.result for each in outcomes] == ["broken off"]
    assert len(outbox.pending(destinations.outbox)) == 1


def test_events_that_the_table_forbids_are_our_bug(
    destinations: Destinations, make_parcel: MakeParcel, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A carrier cannot bring the table where it must not be: the error of a worker reaches whoever iterates."""

    class Confused:
        def save_metadata(self, parcel: Parcel) -> Outcome:
            raise ImpossibleEvent("a bug in a carrier")

        def send(self, parcel: Parcel) -> Outcome:
            raise AssertionError("not reached")

        def close(self) -> None:
            return None

    monkeypatch.setattr(Carriers, "choose", lambda self, target: Confused())
    assert DELIVERY.rows[S.METADATA][E.ACCEPTED] is Verdict.IMPOSSIBLE
    with pytest.raises(ImpossibleEvent, match="a bug in a carrier"):
        list(deliver([make_parcel("http://127.0.0.1/")], destinations, clock=clock))
