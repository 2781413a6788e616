"""Uploads over TLS: whom we trust, and what never leaves it (issue 4, item 2)."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from pytest_httpserver import HTTPServer

from callflow.core.errors import StorageError
from callflow.storage.carrier import Outcome
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Serve = Callable[[trustme.LeafCert], HTTPServer]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs certificates here."""
    return trustme.CA()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers, each with its certificate; all are stopped after the test."""
    with ExitStack() as stack:

        def start(certificate: trustme.LeafCert) -> HTTPServer:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server = stack.enter_context(HTTPServer(host="127.0.0.1", ssl_context=context))
            server.expect_request("/a.mp3").respond_with_data(status=201)
            return server

        yield start


@contextmanager
def carrier_that_trusts(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpCarrier]:
    """A carrier in an environment whose SSL_CERT_FILE names the authority."""
    with authority.cert_pem.tempfile() as path, monkeypatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", path)
        carrier = HttpCarrier(timeout_ms=10_000)
        yield carrier
        carrier.close()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_authority_of_the_environment_is_trusted(
    authority: trustme.CA, serve: Serve, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """SSL_CERT_FILE names a company's own authority; the file arrives whole, the password with it."""
    server = serve(authority.issue_cert("127.0.0.1", "localhost"))
    parcel = make_parcel(server.url_for("/a.mp3").replace("://", "://me:geheim@"), b"a\x00" * 5_000_000, method=method)
    with carrier_that_trusts(authority, monkeypatch) as carrier:
        assert carrier.send(parcel) == Outcome.stored("201", server.url_for("/a.mp3"))
    request, _ = server.log[0]
    assert request.get_data() == parcel.file.read_bytes()
    assert request.authorization is not None and request.authorization.password == "geheim"


def test_an_unknown_authority_is_not_trusted(authority: trustme.CA, serve: Serve, make_parcel: MakeParcel) -> None:
    """Without the variable the same server gets no byte."""
    server = serve(authority.issue_cert("127.0.0.1"))
    carrier = HttpCarrier(timeout_ms=10_000)
    assert carrier.send(make_parcel(server.url_for("/a.mp3"))).result == "certificate not trusted"
    carrier.close()
    assert server.log == []


@pytest.mark.parametrize("is_expired", [False, True], ids=["another name", "expired"])
def test_a_certificate_must_fit(
    authority: trustme.CA, serve: Serve, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch, is_expired: bool
) -> None:
    """One for another host, or of another year, is none, whoever signed it; the next try may find a new one."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = authority.issue_cert("127.0.0.1", not_after=past) if is_expired else authority.issue_cert("b.example")
    server = serve(certificate)
    with carrier_that_trusts(authority, monkeypatch) as carrier:
        outcome = carrier.send(make_parcel(server.url_for("/a.mp3")))
    assert outcome == Outcome.failed("certificate not trusted", server.url_for("/a.mp3"))
    assert server.log == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_does_not_leave_tls(
    authority: trustme.CA,
    serve: Serve,
    httpserver: HTTPServer,
    make_parcel: MakeParcel,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    """From https to http: a recording that was to travel in secret does not go in the open."""
    server = serve(authority.issue_cert("127.0.0.1"))
    server.expect_request("/b.mp3").respond_with_data(status=status, headers={"Location": httpserver.url_for("/c")})
    with carrier_that_trusts(authority, monkeypatch) as carrier:
        outcome = carrier.send(make_parcel(server.url_for("/b.mp3").replace("://", "://me:geheim@")))
    assert outcome == Outcome.failed(f"{status}, redirected to an address without TLS", server.url_for("/b.mp3"))
    assert httpserver.log == []


def test_a_redirect_may_enter_tls(
    authority: trustme.CA,
    serve: Serve,
    httpserver: HTTPServer,
    make_parcel: MakeParcel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From http to https, as servers ask for; it is another origin, so the password stays behind."""
    server = serve(authority.issue_cert("127.0.0.1"))
    httpserver.expect_request("/c").respond_with_data(status=301, headers={"Location": server.url_for("/a.mp3")})
    with carrier_that_trusts(authority, monkeypatch) as carrier:
        outcome = carrier.send(make_parcel(httpserver.url_for("/c").replace("://", "://me:geheim@")))
    assert outcome == Outcome.stored("201", server.url_for("/a.mp3"))
    assert (httpserver.log[0][0].authorization is None, server.log[0][0].authorization) == (False, None)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """SSL_CERT_FILE names a missing file, or one that holds no certificate: the user's environment, not our fault."""
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(StorageError, match="SSL_CERT_FILE"):
        HttpCarrier(1_000)
