"""The dispatcher's threads: how many send at once, what waits, and how a run is broken off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from callflow.core.delivery import DELIVERY, DeliveryEvent, DeliveryState
from callflow.core.errors import ImpossibleEvent
from callflow.core.table import Verdict
from callflow.storage import dispatcher, outbox
from callflow.storage.carrier import Outcome
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import Destinations, deliver
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

    class PatientClock:
        def now_ms(self) -> int:
            return 0

        def wait_ms(self, duration_ms: int) -> None:
            assert live_ended.wait(60)

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


def test_closing_stops_between_tries(
    httpserver: HTTPServer, destinations: Destinations, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt loses nothing: the waiting delivery ends without another try, its audio is in the outbox."""
    httpserver.expect_request("/a.mp3").respond_with_data(status=503)
    is_closing = threading.Event()

    class WaitingClock:
        def now_ms(self) -> int:
            return 0

        def wait_ms(self, duration_ms: int) -> None:
            assert is_closing.wait(60)

    class ClosingPool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            is_closing.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(dispatcher, "ThreadPoolExecutor", ClosingPool)
    rows = deliver([make_parcel(httpserver.url_for("/a.mp3"))], destinations, clock=WaitingClock())
    with closing(rows):
        assert [next(rows).event, next(rows).event] == [E.METADATA_SAVED, E.TRY_FAILED]
    assert len(httpserver.log) == 1
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
