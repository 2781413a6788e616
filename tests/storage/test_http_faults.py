"""Uploads when the network or the server fails: every fault is an outcome, no crash (B§6.4, C20)."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
RawServer = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def carrier() -> Iterator[HttpCarrier]:
    """A carrier that waits 100 ms at most."""
    opened = HttpCarrier(timeout_ms=100)
    yield opened
    opened.close()


def read_all(connection: socket.socket, size: int) -> None:
    """Read a request with a body of `size` bytes."""
    taken = b""
    while b"\r\n\r\n" not in taken or len(taken.partition(b"\r\n\r\n")[2]) < size:
        piece = connection.recv(1 << 16)
        if not piece:
            return
        taken += piece


def reset(connection: socket.socket) -> None:
    """Break the connection as a crashed peer does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_a_refused_connection(carrier: HttpCarrier, make_parcel: MakeParcel, refused_url: str) -> None:
    """Nobody listens."""
    outcome = carrier.send(make_parcel(refused_url))
    assert (outcome.result, outcome.is_stored, outcome.is_final, outcome.place) == (
        "refused",
        False,
        False,
        refused_url,
    )


def test_a_reset_connection(carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer) -> None:
    """The server dies after the request's head."""

    def answer(connection: socket.socket) -> None:
        connection.recv(100)
        reset(connection)

    outcome = carrier.send(make_parcel(raw_server(answer), audio=b"x" * 5_000_000))
    assert (outcome.result, outcome.is_final) == ("reset", False)


def test_a_server_that_never_answers(carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer) -> None:
    """The wait for the answer is bounded."""
    outcome = carrier.send(make_parcel(raw_server(lambda connection: None), audio=b"abc"))
    assert (outcome.result, outcome.is_final) == ("timeout", False)


def test_a_server_that_stops_taking_the_body(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer
) -> None:
    """Nor is it waited for while it reads no more, with the connection open."""
    outcome = carrier.send(make_parcel(raw_server(lambda connection: None), audio=b"x" * 30_000_000))
    assert (outcome.result, outcome.is_final) == ("timeout", False)


def test_a_server_that_hangs_up_after_each_answer(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer
) -> None:
    """It may do so unannounced: the next file has a connection of its own, and no try is lost."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 3)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        reset(connection)

    url = raw_server(answer)
    assert [carrier.send(make_parcel(url, audio=b"abc")).result for _ in range(20)] == ["201"] * 20


def test_an_unknown_host(carrier: HttpCarrier, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name server says no."""

    def look_up(*args: object, **options: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    outcome = carrier.send(make_parcel("http://nowhere.example/a.mp3"))
    assert (outcome.result, outcome.is_final) == ("dns failure", False)


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nabc",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 201 Crea",
        b"220 ftp.example FTP server ready\r\n",
        b"",
    ],
    ids=["short body", "short chunk", "short head", "not http", "nothing"],
)
def test_an_answer_cut_short_is_no_success(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer, text: bytes
) -> None:
    """Whether the recording arrived is not known: it is sent again, at least once everywhere (design §12)."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 3)
        connection.sendall(text)
        connection.close()

    outcome = carrier.send(make_parcel(raw_server(answer), audio=b"abc"))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("broken answer", False, False)


def test_an_endless_answer_is_not_waited_for(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer
) -> None:
    """A server may say more than anyone wants to know: 64 KB are enough."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 3)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n" + bytes(100_000))

    assert carrier.send(make_parcel(raw_server(answer), audio=b"abc")).is_stored


@pytest.mark.parametrize("status", [b"413 Content Too Large", b"401 Unauthorized", b"503 Service Unavailable"])
@pytest.mark.parametrize("length", [0, 3, 100])
def test_a_refusal_before_the_body_was_taken_is_heard(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer, status: bytes, length: int
) -> None:
    """C48: 413 comes while the body is still being sent, then the connection breaks: `413`, not `reset`."""

    def answer(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\nabc" % (status, length))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(5_000_000)
        connection.close()

    outcome = carrier.send(make_parcel(raw_server(answer), audio=b"x" * 30_000_000))
    assert (outcome.result, outcome.is_stored) == (status[:3].decode(), False)


def test_a_success_before_the_body_was_taken_is_none(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer
) -> None:
    """Who breaks off cannot have the whole file, whatever is said before."""

    def answer(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    outcome = carrier.send(make_parcel(raw_server(answer), audio=b"x" * 30_000_000))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("reset", False, False)


@pytest.mark.parametrize(
    ("due", "now", "wait_ms"),
    [
        ("Mon, 30 Nov 2026 10:00:09 GMT", "Mon, 30 Nov 2026 10:00:00 GMT", 9_000),
        ("Mon, 30 Nov 2026 09:59:59 GMT", "Mon, 30 Nov 2026 10:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 30 Nov 2026 10:00:00 GMT", 86_400_000),
        ("Mon, 30 Nov 2026 10:00:09 GMT", "Mon, 30 Nov 2026 10:00:00 -0000", 0),
        ("Mon, 30 Nov 2026 10:00:09 GMT", "", 0),
        ("Mon, 99 Nov 2026 10:00:09 GMT", "Mon, 30 Nov 2026 10:00:00 GMT", 0),
    ],
)
def test_a_date_to_come_back_at_is_by_the_servers_clock(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer, due: str, now: str, wait_ms: int
) -> None:
    """Retry-After as a date counts from the answer's own Date: a clock that is wrong by a year changes nothing."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 3)
        head = f"HTTP/1.1 503 Busy\r\nDate: {now}\r\nRetry-After: {due}\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(head.encode())

    outcome = carrier.send(make_parcel(raw_server(answer), audio=b"abc"))
    assert (outcome.result, outcome.retry_after_ms) == ("503", wait_ms)


def test_an_answer_that_comes_in_drops(carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer) -> None:
    """The answer may come a byte at a time, after others that only say to go on."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 3)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        for byte in early + b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n":
            connection.sendall(bytes([byte]))

    assert carrier.send(make_parcel(raw_server(answer), audio=b"abc")).result == "201"


@pytest.mark.parametrize("change", [b"", b"abcdefgh"], ids=["shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent_is_no_success(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    """Announced and sent bytes must agree: half a recording is never taken for a whole one."""
    parcel = make_parcel(raw_server(lambda connection: None), audio=b"abcd")
    real_stat = Path.stat

    def stat_then_change(self: Path, **options: bool) -> object:
        status = real_stat(self, **options)
        if self == parcel.file:
            self.write_bytes(change)
        return status

    monkeypatch.setattr(Path, "stat", stat_then_change)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored) == ("file changed while it was sent", False)


@pytest.mark.parametrize("location", [b"file:///etc/passwd", b"ftp://host/a", b"http://[", b"http://h:99999999/"])
def test_a_redirect_leads_to_http_or_nowhere(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer, location: bytes
) -> None:
    """A server's Location is hostile input."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 3)
        connection.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")

    outcome = carrier.send(make_parcel(raw_server(answer), audio=b"abc"))
    assert (outcome.result, outcome.is_final) == ("302, redirected to no http address", False)


def test_a_server_without_tls_behind_https(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer
) -> None:
    """A wrong scheme is told apart from a broken network."""

    def answer(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    outcome = carrier.send(make_parcel(raw_server(answer).replace("http:", "https:")))
    assert outcome.result == "tls failure"


def test_an_unknown_certificate_is_not_trusted(
    carrier: HttpCarrier, make_parcel: MakeParcel, raw_server: RawServer
) -> None:
    """TLS is verified: a self-signed certificate for the right name gets no byte of the recording."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(__file__).with_name("untrusted.pem"))
    plain_text: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            plain_text.append(secured.recv(100))

    outcome = carrier.send(make_parcel(raw_server(answer).replace("http:", "https:")))
    assert outcome.result == "certificate not trusted"
    assert plain_text == []


def test_a_broken_proxy(make_parcel: MakeParcel, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses the tunnel is named as what it is."""

    def answer(connection: socket.socket) -> None:
        read_all(connection, 0)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setenv("HTTPS_PROXY", raw_server(answer))
    carrier = HttpCarrier(timeout_ms=1_000)
    outcome = carrier.send(make_parcel("https://recordings.example/a.mp3"))
    carrier.close()
    assert outcome.result == "proxy failure"
