"""What a sender may take: bytes, places, time, a head's length; over raw sockets, for senders that lie (issue 4)."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.storage.connection import HEAD_BYTES_MAX
from callflow.storage.receiver import RunningReceiver
from callflow.storage.reception import Log
from callflow.storage.terms import PACE_BYTES_PER_S, Terms

SHORT_MS = 400
HEAD = b"PUT /a.mp3 HTTP/1.1\r\nHost: x\r\n"


def send(method: str, url: str, **wishes: Any) -> httpx2.Response:
    """Ask without reading the certificates of this machine, which would take longer than everything else."""
    return httpx2.request(method, url, verify=False, **wishes)


@pytest.fixture
def receiver_on(tmp_path: Path, quiet_log: Log) -> Iterator[Callable[[Terms], RunningReceiver]]:
    """Start a receiver on terms; stopped after the test."""
    with ExitStack() as stack:
        yield lambda terms: stack.enter_context(RunningReceiver(tmp_path / "in", log=quiet_log, terms=terms))


def connected(receiver: RunningReceiver, text: bytes) -> socket.socket:
    """Connect and send `text`."""
    connection = socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2])), timeout=60)
    connection.sendall(text)
    return connection


def everything(connection: socket.socket) -> bytes:
    """What is answered until the receiver closes the connection."""
    with connection:
        return b"".join(iter(lambda: connection.recv(4096), b""))


def statuses(answers: bytes) -> list[int]:
    """The statuses of all answers."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answers)]


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"Content-Length: 10\r\n", b"x" * 10, 201),
        (b"Content-Length: 11\r\n", b"", 413),
        (b"Content-Length: 999999999999999999\r\n", b"", 413),
        (b"Transfer-Encoding: chunked\r\n", b"5\r\nxxxxx\r\n5\r\nxxxxx\r\n0\r\n\r\n", 201),
        (b"Transfer-Encoding: chunked\r\n", b"5\r\nxxxxx\r\n6\r\nxxxxxx\r\n", 413),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"b\r\nxxxxxxxxxxx\r\n0\r\n\r\n", 413),
    ],
)
def test_a_recording_has_a_largest_size(
    receiver_on: Callable[[Terms], RunningReceiver], head: bytes, body: bytes, status: int
) -> None:
    """C48: known from the announcement before a byte came, and counted where there is none, or a false one."""
    receiver = receiver_on(Terms(max_bytes=10))
    with connected(receiver, HEAD + head + b"\r\n" + body) as connection:
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())
    assert len(receiver.stored()) == (status == 201)
    assert os.listdir(receiver.folder) == (["a.mp3"] if status == 201 else [])


NO_UPLOADS = [
    (b"Content-Length: 3\r\n\r\nabcdef\r\n\r\n", [201, 400]),
    (b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", [400]),
    (b"Content-Length: -3\r\n\r\nabc", [400]),
    (b"Content-Length: 3, 4\r\n\r\nabc", [400]),
    (b"Transfer-Encoding: gzip\r\n\r\nabc", [400]),
    (b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffffffff\r\nabc", [400]),
    (b"no colon\r\n\r\n", [400]),
    (b"Content-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", [415]),
    (b"Content-Range: bytes 0-2/6\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", [400]),
    (b"X: " + b"x" * 4 * HEAD_BYTES_MAX, [400]),
]


def test_what_is_no_upload_is_refused(receiver: RunningReceiver) -> None:
    """Bad HTTP, endless heads, packed bodies and pieces: answered, and nothing of them is kept."""
    for text, expected in NO_UPLOADS:
        assert statuses(everything(connected(receiver, HEAD + text))) == expected, text[:80]
    assert [record.bytes for record in receiver.stored()] == [3]


@pytest.mark.parametrize("text", [b"", b"PUT /a", HEAD, HEAD + b"Content-Length: 3\r\n"])
def test_a_head_has_to_end_in_time(receiver_on: Callable[[Terms], RunningReceiver], text: bytes) -> None:
    """Slowloris: the connection ends, also where a byte now and then comes, and others are served meanwhile."""
    receiver = receiver_on(Terms(timeout_ms=SHORT_MS))
    with connected(receiver, text) as connection:
        assert send("PUT", f"{receiver.url}/b.mp3", content=b"abc").status_code == 201
        assert connection.recv(4096) == b""


def test_a_connection_that_has_served_is_not_held_up_either(receiver_on: Callable[[Terms], RunningReceiver]) -> None:
    """A second head that does not end."""
    receiver = receiver_on(Terms(timeout_ms=SHORT_MS))
    text = HEAD + b"Content-Length: 3\r\n\r\nabc" + HEAD
    assert statuses(everything(connected(receiver, text))) == [201]


def test_a_body_may_not_pause_for_long(receiver_on: Callable[[Terms], RunningReceiver]) -> None:
    """408, and nothing is left; the connection, whose body never ends, is closed."""
    receiver = receiver_on(Terms(timeout_ms=SHORT_MS))
    answer = everything(connected(receiver, HEAD + b"Content-Length: 2000000\r\n\r\n" + b"x" * 1_500_000))
    assert statuses(answer) == [408]
    assert b"nothing in time after 1500000 bytes" in answer
    assert os.listdir(receiver.folder) == []


def test_a_body_that_is_refused_does_not_go_on_for_ever(receiver_on: Callable[[Terms], RunningReceiver]) -> None:
    """The answer comes at once; the rest is read for a while, so that the sender sees it, and then no more."""
    receiver = receiver_on(Terms(max_bytes=1, timeout_ms=SHORT_MS))
    with connected(receiver, HEAD + b"Content-Length: 2000000\r\n\r\n") as connection:
        answer = connection.makefile("rb")
        assert answer.readline().startswith(b"HTTP/1.1 413 ")
        with suppress(ConnectionError):
            connection.sendall(b"x" * 100_000)
            assert answer.read().endswith(b"a recording may have 1 bytes here\n")


def test_uploads_at_a_time_are_limited(receiver_on: Callable[[Terms], RunningReceiver]) -> None:
    """503 with when to come back; readers are still served, and a place that is free is given away."""
    receiver = receiver_on(Terms(max_uploads=1))
    with connected(receiver, HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n") as first:
        assert first.recv(4096).startswith(b"HTTP/1.1 100 ")
        late = send("PUT", f"{receiver.url}/b.mp3", content=b"abc")
        assert (late.status_code, late.headers["Retry-After"]) == (503, "5")
        assert send("GET", receiver.url).status_code == 200
        first.sendall(b"abc")
        assert first.recv(4096).startswith(b"HTTP/1.1 201 ")
    assert send("PUT", f"{receiver.url}/b.mp3", content=b"abc").status_code == 201


@given(st.integers(0, 10**7), st.integers(0, 10**9))
def test_patience_is_for_those_who_send(elapsed_ms: int, count: int) -> None:
    """Never longer than the timeout; who sends at the slowest pace always gets it whole; who sends nothing, once."""
    terms = Terms(timeout_ms=1_000)
    assert terms.patience_ms(elapsed_ms, count) <= 1_000
    assert terms.patience_ms(elapsed_ms, elapsed_ms * PACE_BYTES_PER_S // 1_000 + 1) == 1_000
    assert terms.patience_ms(elapsed_ms, 0) == 1_000 - elapsed_ms
