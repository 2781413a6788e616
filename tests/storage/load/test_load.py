"""500 recordings of 50 concurrent calls into the receiver, one request in ten broken: all stored, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from callflow.cli.sending import tries_summary
from callflow.files import write_recordings
from callflow.scenario.preparing import Choices
from callflow.simulate import Run
from callflow.storage.clock import Clock
from callflow.storage.parcel import Delivered
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Destinations
from callflow.uploading import has_failed, upload, with_deliveries

CALLS = 50
RECORDINGS = 10
TRIES = 4


def recording_flow(url: str) -> dict[str, Any]:
    """A flow that records ten times, to ten URLs, by PUT and POST in turn, and hangs up."""
    node: dict[str, Any] = {"module": "hangup", "data": {}}
    for number in reversed(range(RECORDINGS)):
        data = {
            "action": "start",
            "format": "wav",
            "url": f"{url}/node-{number}",
            "method": ("put", "post")[number % 2],
            "record_sample_rate": 8_000,
        }
        stop = {"module": "record_call", "data": {"action": "stop"}, "children": {"_": node}}
        sleep = {"module": "sleep", "data": {"duration": 150, "unit": "ms"}, "children": {"_": stop}}
        node = {"module": "record_call", "data": data, "children": {"_": sleep}}
    return node


@pytest.fixture
def played(staging: ModuleType, tmp_path: Path) -> Callable[[str], Run]:
    """Play 50 calls at once on that flow."""

    def play(url: str) -> Run:
        one = {"caller": {"number": "1", "name": "Bob", "dials": "2001"}, "timeline": [{"at 0s": "caller calls"}]}
        calls = {f"call-{number}": one for number in range(CALLS)}
        run: Run = staging.played(
            tmp_path,
            flow=recording_flow(url),
            caller=None,
            timeline=None,
            calls=calls,
            choices=Choices(uploads=True, seed=7),
        )
        return run

    return play


def test_all_are_stored_once_although_one_request_in_ten_breaks(
    played: Callable[[str], Run],
    receiver: RunningReceiver,
    faulty: Callable[[str], Any],
    expected_fault: Callable[[str, int], str],
    tmp_path: Path,
    clock: Clock,
) -> None:
    """Issue 4, "Must show": 503, resets, closed connections, truncated answers: all stored; the table of attempts."""
    proxy = faulty(receiver.url)
    run = played(proxy.url)
    result = write_recordings(run.rows, run.summary(), tmp_path / "out", tmp_path)
    recordings = result.recordings
    assert len(recordings) == CALLS * RECORDINGS
    rows = upload(run, result, Destinations(None, None, tmp_path / "outbox"), clock=clock, workers=8)
    logged = list(rows)
    sent = with_deliveries(result, logged)
    assert not has_failed(sent) and list((tmp_path / "outbox").iterdir()) == []
    tries: Counter[int] = Counter()
    for recording in sent.recordings:
        assert recording.file is not None and recording.delivery is not None and recording.delivery.url is not None
        path = urlsplit(recording.delivery.url).path
        assert receiver.folder.joinpath(path[1:]).read_bytes() == Path(recording.file).read_bytes()
        wanted = next(number for number in range(TRIES) if not expected_fault(path, number)) + 1
        assert len(recording.delivery.attempts) == wanted
        tries[wanted] += 1
    arrived = [path for path in receiver.folder.rglob("*.wav") if not path.name.startswith(".")]
    assert len(arrived) == CALLS * RECORDINGS
    # Every kind of fault was met, and a POST that was stored unheard was stored once, by its key.
    assert all(proxy.met[fault] > 3 for fault in ("503", "reset", "closed", "truncated"))
    posted = Counter(each.path for each in receiver.stored() if int(each.path[5]) % 2)
    assert set(posted.values()) == {1} and len(posted) == CALLS * RECORDINGS / 2
    table = tries_summary(delivered_of(logged))
    ordinals = ("first", "second", "third", "fourth")
    counts = ", ".join(f"{tries[number]} at the {ordinals[number - 1]} try" for number in sorted(tries))
    assert table == f"500 stored: {counts}" and tries.total() == 500 and tries[2] > 30
    print(f"\n{table}; faults met: {dict(sorted(proxy.met.items()))}")


def delivered_of(logged: list[Any]) -> list[Delivered]:
    """How each delivery ended."""
    return [row.delivered for row in logged if row.delivered is not None]
