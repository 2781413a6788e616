"""Uploads through a proxy that the environment names: plain requests, and tunnels for TLS (issue 4, item 2)."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import trustme
from attrs import define, field
from pytest_httpserver import HTTPServer

from callflow.storage.carrier import Outcome
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
AUDIO = b"a\x00\r\n" * 1_000_000


@define
class Proxy:
    """A little proxy that finds every host at `port` of this machine; `heads` are the requests it was asked."""

    url: str
    port: int = 0
    password: bytes | None = None
    heads: list[bytes] = field(factory=list)

    def serve(self, client: socket.socket) -> None:
        """Carry one connection, plain or as a tunnel, until either side ends it."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1 << 16)
        self.heads.append(head.partition(b"\r\n\r\n")[0])
        if self.password is not None and b"\r\nproxy-authorization: basic " + self.password not in lowered(head):
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            verb, address, rest = head.split(b" ", 2)
            if verb == b"CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                target = urlsplit(address)
                server.sendall(b"%s %s %s" % (verb, target.path, rest))
            back = threading.Thread(target=carry, args=(server, client))
            back.start()
            carry(client, server)
            back.join()


def lowered(head: bytes) -> bytes:
    """The names of the fields in lower case, and what is before a value; base64 stays as it is."""
    lines = (line.partition(b": ") for line in head.split(b"\r\n"))
    return b"\r\n".join(name.lower() + colon + value.replace(b"Basic", b"basic") for name, colon, value in lines)


def carry(source: socket.socket, sink: socket.socket) -> None:
    """Pass on all that comes, and the end of it."""
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """The proxy, a thread a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads: list[threading.Thread] = []

        def serve(client: socket.socket) -> None:
            with client, suppress(OSError):
                running.serve(client)

        def run() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(client,)))
                threads[-1].start()

        accepting = threading.Thread(target=run)
        accepting.start()
        yield running
        listener.shutdown(socket.SHUT_RDWR)
        for thread in (accepting, *threads):
            thread.join()


def sent(parcel: Parcel) -> Outcome:
    """One try by a carrier of the environment as it is now."""
    carrier = HttpCarrier(timeout_ms=10_000)
    try:
        return carrier.send(parcel)
    finally:
        carrier.close()


def test_a_plain_upload_through_a_proxy(
    proxy: Proxy, httpserver: HTTPServer, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY: the proxy is asked for the whole address, the target for its own; the file arrives whole."""
    httpserver.expect_request("/x.mp3").respond_with_data(status=201)
    proxy.port = httpserver.port
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    outcome = sent(make_parcel("http://me:geheim@recordings.example/x.mp3", AUDIO))
    assert outcome == Outcome.stored("201", "http://recordings.example/x.mp3")
    assert proxy.heads[0].startswith(b"PUT http://recordings.example/x.mp3 HTTP/1.1\r\n")
    request, _ = httpserver.log[0]
    assert (request.get_data(), request.headers["Host"]) == (AUDIO, "recordings.example")
    assert request.authorization is not None and request.authorization.password == "geheim"


def test_an_upload_over_tls_through_a_tunnel(
    proxy: Proxy, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS_PROXY: the proxy learns host and port, and nothing of path, password or sound."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("recordings.example").configure_cert(context)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server, authority.cert_pem.tempfile() as path:
        server.expect_request("/x.mp3").respond_with_data(status=201)
        proxy.port = server.port
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", path)
        outcome = sent(make_parcel("https://me:geheim@recordings.example/x.mp3", AUDIO))
        assert outcome == Outcome.stored("201", "https://recordings.example/x.mp3")
        assert server.log[0][0].get_data() == AUDIO
    assert proxy.heads[0].startswith(b"CONNECT recordings.example:443 HTTP/1.1\r\n")
    assert b"x.mp3" not in proxy.heads[0] and b"uthorization" not in proxy.heads[0]


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_proxy_with_a_password(
    proxy: Proxy, httpserver: HTTPServer, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Its credentials stand in the variable's URL; a refusal is the proxy's 407, and the file stays here."""
    httpserver.expect_request("/x.mp3").respond_with_data(status=201)
    proxy.port, proxy.password = httpserver.port, base64.b64encode(b"me:right")
    monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", f"://me:{password}@"))
    outcome = sent(make_parcel("http://recordings.example/x.mp3", b"abc"))
    assert (outcome.result, outcome.is_stored) == (("201", True) if password == "right" else ("407", False))
    assert len(httpserver.log) == (1 if password == "right" else 0)


def test_hosts_that_need_no_proxy(
    proxy: Proxy, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    """NO_PROXY names them; this machine's own name is one without being named."""
    httpserver.expect_request("/x.mp3").respond_with_data(status=201)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.2")
    assert sent(make_parcel(httpserver.url_for("/x.mp3"))).result == "201"
    assert sent(make_parcel("http://127.0.0.2:1/x.mp3")).result == "refused"
    assert proxy.heads == []
