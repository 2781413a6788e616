"""What the storage tests share: a clock that nobody waits for, parcels, receivers, and servers that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from callflow.core.delivery import Target, TargetKind
from callflow.storage.clock import Clock
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver

AUDIO = b"ID3 \x00\xff" * 50_000


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of whoever runs the tests out of them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def waited() -> list[int]:
    """The waits that the fake clock was asked for, in ms."""
    return []


@pytest.fixture
def clock(waited: list[int]) -> Clock:
    """A clock that moves only when it is waited on."""

    class FakeClock:
        def now_ms(self) -> int:
            return 5_000 + sum(waited)

        def wait_ms(self, duration_ms: int) -> None:
            waited.append(duration_ms)

    return FakeClock()


@pytest.fixture
def make_parcel(tmp_path: Path) -> Callable[..., Parcel]:
    """Make a parcel: by default 300 kB of MP3, and no place to go to."""

    def make(url: str = "", audio: bytes = AUDIO, **changes: Any) -> Parcel:
        number = len(list(tmp_path.glob("rendered-*")))
        file = tmp_path / f"rendered-{number}.mp3"
        file.write_bytes(audio)
        kind = changes.pop("kind", TargetKind.URL if url else TargetKind.NONE)
        method = changes.pop("method", "PUT" if url else "")
        values: dict[str, Any] = {
            "delivery_id": f"202611-{number:032x}",
            "file": file,
            "content_type": "audio/mpeg",
            "target": Target(kind, method, url, "record_call.url"),
            "metadata": {"name": f"call_recording_{number}.mp3", "duration_ms": 40_000},
            "folder": "account/ac/me/x-202611",
        }
        return Parcel(**{**values, **changes})

    return make


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[RunningReceiver]:
    """A receiver on a port of its own."""
    with RunningReceiver(tmp_path / "received", log=QuietLog()) as running:
        yield running


class QuietLog:
    """A log that shows nothing."""

    def info(self, event: str, /, **facts: object) -> None:
        """Drop the line."""


@pytest.fixture
def quiet_log() -> QuietLog:
    """A log that shows nothing."""
    return QuietLog()


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start a server that hands each connection to a function; returns its URL. All are stopped after the test."""
    stops: list[Callable[[], None]] = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        connections: list[socket.socket] = []

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(connection)
                with suppress(OSError):
                    answer(connection)

        thread = threading.Thread(target=run)
        thread.start()

        def stop() -> None:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            listener.close()
            for connection in connections:
                connection.close()

        stops.append(stop)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def refused_url() -> str:
    """A URL of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/x.mp3"
