"""A proxy in front of the receiver that breaks one request in ten, the same ones in every run."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import pytest

SEED: Final = 4
FAULTS: Final = ("503", "reset", "closed", "truncated")
ONE_IN: Final = 10


def fault_of(path: str, attempt: int) -> str:
    """What happens to the `attempt`-th request (from 0) for `path`: a fault, or ""."""
    drawn = int.from_bytes(sha256(f"{SEED} {path} {attempt}".encode()).digest()[:8], "big")
    return FAULTS[drawn // ONE_IN % len(FAULTS)] if drawn % ONE_IN == 0 else ""


class Faulty(socketserver.ThreadingTCPServer):
    """The proxy; `attempts` counts requests by path, `met` the faults."""

    daemon_threads = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        parts = urlsplit(behind)
        self.behind = (parts.hostname, parts.port)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.attempts: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.lock = threading.Lock()


class _Conversation(socketserver.BaseRequestHandler):
    server: Faulty

    def handle(self) -> None:
        """Answer one request, well or badly."""
        client: socket.socket = self.request
        head, _, body = _read_until(client, b"\r\n\r\n").partition(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        with self.server.lock:
            fault = fault_of(path, self.server.attempts[path])
            self.server.attempts[path] += 1
            self.server.met[fault] += 1
        if fault == "reset":  # in the middle of the body
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if fault == "closed":
            client.shutdown(socket.SHUT_RDWR)
            return
        body += _read_exactly(client, _length_of(head) - len(body))
        if fault == "503":
            client.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        answer = self._passed_on(head + b"\r\n\r\n" + body)
        client.sendall(answer[: len(answer) - 20] if fault == "truncated" else answer)

    def _passed_on(self, request: bytes) -> bytes:
        with socket.create_connection(self.server.behind) as server:
            server.sendall(request)
            answer = b""
            while block := server.recv(1 << 16):
                answer += block
        return answer


def _read_until(client: socket.socket, end: bytes) -> bytes:
    text = b""
    while end not in text:
        text += client.recv(1 << 16)
    return text


def _read_exactly(client: socket.socket, count: int) -> bytes:
    text = b""
    while len(text) < count:
        text += client.recv(min(1 << 16, count - len(text)))
    return text


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@pytest.fixture
def faulty() -> Iterator[Callable[[str], Faulty]]:
    """Start a proxy in front of a URL; all are stopped after the test."""
    running: list[tuple[Faulty, threading.Thread]] = []

    def start(behind: str) -> Faulty:
        server = Faulty(behind)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def expected_fault() -> Callable[[str, int], str]:
    """What the proxy does to a request, by path and attempt."""
    return fault_of
