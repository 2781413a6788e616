"""FTP over TLS: the certificate is verified, and the password and the audio go over TLS or not at all."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.storage import ftp_session
from callflow.storage.ftp import FtpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Start = Callable[..., Any]
REQUIRED = {"tls_control_required": True, "tls_data_required": True}


@pytest.fixture
def carrier() -> Iterator[FtpCarrier]:
    """A carrier that waits 5 s at most."""
    opened = FtpCarrier(timeout_ms=5_000)
    yield opened
    opened.close()


@pytest.mark.usefixtures("trust")
@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_a_server_that_insists_on_tls(
    carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start, authority: Any, size: int
) -> None:
    """AUTH TLS, PBSZ, PROT P, then the login (RFC 4217); the file arrives byte for byte."""
    server = start_server("TLS_FTPHandler", certfile=str(authority.local), **REQUIRED)
    parcel = make_parcel(server.url("a/b.mp3", scheme="ftps"), audio=bytes(range(256)) * (size // 256) + b"x" * size)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.place) == ("226", server.url("a/b.mp3", "***@", "ftps"))
    assert server.files() == {"a/b.mp3": parcel.file.read_bytes()}


@pytest.mark.usefixtures("trust")
def test_tls_from_the_first_byte(
    carrier: FtpCarrier,
    make_parcel: MakeParcel,
    start_server: Start,
    pyftpdlib: ModuleType,
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Port 990 asks for nothing in the clear."""
    plain = pyftpdlib.handlers.FTPHandler

    class Implicit(pyftpdlib.handlers.TLS_FTPHandler):  # type: ignore[misc, name-defined]
        def handle(self) -> None:
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self) -> None:
            plain.handle(self)

    server = start_server(Implicit, certfile=str(authority.local), **REQUIRED)
    monkeypatch.setattr(ftp_session, "IMPLICIT_PORT", int(server.address.rpartition(":")[2]))
    parcel = make_parcel(server.url("a.mp3", scheme="ftps"))
    assert carrier.send(parcel).result == "226"
    assert server.files() == {"a.mp3": parcel.file.read_bytes()}
    assert "AUTH" not in server.commands


@pytest.mark.usefixtures("trust")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_data_continues_the_session(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, authority: Any, version: ssl.TLSVersion
) -> None:
    """Servers that answer 522 to a data connection with a TLS session of its own are satisfied."""
    context = authority.server_context()
    context.minimum_version = context.maximum_version = version
    server = scripted(context=context)
    parcel = make_parcel(server.url(scheme="ftps"))
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": parcel.file.read_bytes()}
    assert server.reused == [True]
    assert server.verbs()[:5] == ["AUTH", "PBSZ", "PROT", "USER", "PASS"]


def test_an_unknown_certificate(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, authority: Any) -> None:
    """A certificate that nobody vouches for: no password is sent, no audio."""
    server = scripted(context=authority.server_context())
    outcome = carrier.send(make_parcel(server.url(scheme="ftps")))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("certificate not trusted", False, False)
    assert server.verbs() == ["AUTH"] and server.files == {}


@pytest.mark.usefixtures("trust")
def test_authorities_that_cannot_be_read_are_not_the_recordings_fault(
    carrier: FtpCarrier, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What SSL_CERT_FILE names may be mended: the recording is tried again, and its file is not blamed."""
    (tmp_path / "junk.pem").write_text("junk")
    for name in ("none.pem", "junk.pem"):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / name))
        outcome = carrier.send(make_parcel("ftps://127.0.0.1:1/a.mp3"))
        assert (outcome.result, outcome.is_final) == ("trusted certificates cannot be read", False)
        assert outcome.place == "ftps://127.0.0.1:1/a.mp3"


def test_a_certificate_for_someone_else(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, authority: Any
) -> None:
    """The name is checked too."""
    server = scripted(context=authority.server_context(authority.foreign))
    assert carrier.send(make_parcel(server.url(scheme="ftps"))).result == "certificate not trusted"
    assert server.verbs() == ["AUTH"] and server.files == {}


@pytest.mark.usefixtures("trust")
@pytest.mark.parametrize("verb", ["AUTH", "PBSZ", "PROT"])
@pytest.mark.parametrize("code", ["421", "502", "534", "536"])
def test_a_server_without_tls_gets_no_password(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, authority: Any, verb: str, code: str
) -> None:
    """`ftps` never falls back to the clear, for the conversation or for the data."""
    server = scripted(context=authority.server_context(), orders={verb: [f"{code} no"]})
    outcome = carrier.send(make_parcel(server.url(scheme="ftps")))
    assert (outcome.result, outcome.is_final) == (f"{code}, no tls", code != "421")
    assert not {"USER", "PASS", "STOR"}.intersection(server.verbs())


@pytest.mark.usefixtures("trust")
def test_what_was_said_before_tls_is_forgotten(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, authority: Any
) -> None:
    """Replies that someone put in behind the one to AUTH, in the clear, are not taken for the server's."""
    server = scripted(
        context=authority.server_context(), orders={"AUTH": ["234 tls\r\n200 fine\r\n200 fine\r\n230 in"]}
    )
    outcome = carrier.send(make_parcel(server.url(scheme="ftps")))
    assert outcome.is_stored or outcome.result == "tls failure"
    assert not outcome.is_stored or server.verbs()[3:5] == ["USER", "PASS"]


def test_no_tls_behind_the_port_for_it(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong port is told apart from a broken network."""
    server = scripted()
    monkeypatch.setattr(ftp_session, "IMPLICIT_PORT", int(server.address.rpartition(":")[2]))
    outcome = carrier.send(make_parcel(server.url(scheme="ftps")))
    assert (outcome.result, outcome.is_final) == ("tls failure", False)


def test_a_server_that_insists_is_not_sent_to_in_the_clear(
    carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start, authority: Any
) -> None:
    """`ftp://` to a server that takes TLS only: its refusal is final."""
    server = start_server("TLS_FTPHandler", certfile=str(authority.local), **REQUIRED)
    outcome = carrier.send(make_parcel(server.url("a.mp3")))
    assert (outcome.result, outcome.is_final, server.files()) == ("550, login refused", True, {})


@pytest.mark.usefixtures("trust")
def test_a_reset_while_tls_data_is_sent(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, authority: Any
) -> None:
    """The same words as without TLS."""
    server = scripted(context=authority.server_context(), takes=1_000_000, orders={"DATA": ["452 no"]})
    parcel = make_parcel(server.url(scheme="ftps"), audio=b"0123456789abcdef" * 500_000)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_final) == ("disk full", False)
    server.takes = None
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": parcel.file.read_bytes()}
