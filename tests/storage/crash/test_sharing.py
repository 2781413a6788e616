"""Two processes on one outbox: each delivery is in the hands of one of them, and of nobody once that one is killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from callflow.core.delivery import DeliveryState
from callflow.storage.clock import Clock
from callflow.storage.dispatcher import Destinations, deliver, resume
from callflow.storage.holdings import held
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver

MakeParcel = Callable[..., Parcel]

RETRY = """
import sys
from pathlib import Path
from callflow.storage.clock import RealClock
from callflow.storage.dispatcher import resume
for row in resume(Path(sys.argv[1]), clock=RealClock()):
    if row.delivered is not None:
        print(row.delivery_id, row.state.value, flush=True)
"""


def retrying(outbox: Path) -> subprocess.Popen[str]:
    """Another process that sends what is left in `outbox`."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    command = [sys.executable, "-c", RETRY, str(outbox)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_what_a_process_sends_is_anothers_only_after_its_death(
    tmp_path: Path,
    make_parcel: MakeParcel,
    raw_server: Callable[[Callable[[socket.socket], None]], str],
    clock: Clock,
) -> None:
    """A retry beside a running upload leaves it alone; after kill -9 it takes over at once."""
    mute = raw_server(lambda connection: heard.append(connection.recv(1)))
    heard: list[bytes] = []
    where = Destinations(None, None, tmp_path / "outbox")
    with Outbox(where.outbox) as box:
        box.keep(make_parcel(f"{mute}/a.mp3", delivery_id="one"), where)
    other = retrying(where.outbox)
    try:
        while not heard:  # until the other process has sent its first byte
            assert other.poll() is None
        assert held(where.outbox).under_way == {"one"}
        assert list(resume(where.outbox, clock=clock)) == []
    finally:
        other.kill()
        other.communicate()
    assert held(where.outbox).under_way == frozenset()
    where = Destinations(None, tmp_path / "arrived", tmp_path / "outbox")
    (entry,) = held(where.outbox).entries
    states = [row.state for row in deliver([entry.parcel], where, clock=clock) if row.delivered is not None]
    assert states == [DeliveryState.STORED] and os.listdir(where.outbox) == []


def test_two_retries_at_once_send_nothing_twice(
    tmp_path: Path, make_parcel: MakeParcel, receiver: RunningReceiver
) -> None:
    """Both empty the outbox together; the receiver gets each recording once."""
    where = Destinations(None, None, tmp_path / "outbox")
    with Outbox(where.outbox) as box:
        for number in range(60):
            box.keep(make_parcel(f"{receiver.url}/{number}.mp3", audio=b"x" * number), where)
    both = [retrying(where.outbox), retrying(where.outbox)]
    said = [process.communicate(timeout=60)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(line.endswith(" stored") for lines in said for line in lines)
    assert len(said[0]) + len(said[1]) == 60
    assert set(Counter(each.path for each in receiver.stored()).values()) == {1}
    assert len(receiver.stored()) == 60 and os.listdir(where.outbox) == []
