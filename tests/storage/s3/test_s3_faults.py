"""S3 uploads that are refused or break: the key and its signature, S3's own words, the network, addresses (B§6.7)."""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.core.delivery import TargetKind
from callflow.storage.parcel import Parcel
from callflow.storage.s3 import S3Carrier

MakeParcel = Callable[..., Parcel]
RawServer = Callable[[Callable[[socket.socket], None]], str]
Order = tuple[int, str, dict[str, str]]


@pytest.fixture
def carrier() -> Iterator[S3Carrier]:
    """A carrier that waits 5 s at most."""
    opened = S3Carrier(timeout_ms=5_000)
    yield opened
    opened.close()


def send(carrier: S3Carrier, make_parcel: MakeParcel, url: str, audio: bytes = b"abc") -> tuple[str, bool]:
    """Send a parcel; return the result and whether it is final, of a try that must fail."""
    outcome = carrier.send(make_parcel(url, audio=audio, kind=TargetKind.S3))
    assert not outcome.is_stored
    return outcome.result, outcome.is_final


@pytest.mark.parametrize("options", ["", "&region=eu-central-1", "&access=path"])
@pytest.mark.parametrize("path", ["recordings/a.mp3", "recordings/a%20%2B%25/%C3%A9@~*'().mp3"])
def test_the_signature_is_right(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, options: str, path: str
) -> None:
    """A server that computes it by AWS' recipe comes to the same one, and knows the region."""
    parcel = make_parcel(strict.url(path, options=options), kind=TargetKind.S3)
    assert carrier.send(parcel).result == "200"
    assert [*strict.objects.values()] == [parcel.file.read_bytes()]
    assert strict.types == ["audio/mpeg"]
    region = "eu-central-1" if "region" in options else "us-east-1"
    assert f"/{region}/s3/" in strict.queries[0]["X-Amz-Credential"]


def test_a_bucket_in_the_host_name(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, names: Callable[[str], None]
) -> None:
    """B§6.7, bucket_access_method `vhost`."""
    names("recordings.s3.example")
    port = strict.place.partition(":")[2]
    strict.place = f"s3.example:{port}"
    assert carrier.send(make_parcel(strict.url(options="&access=vhost"), kind=TargetKind.S3)).is_stored
    assert strict.hosts == [f"recordings.s3.example:{port}"] and [*strict.objects] == ["/a.mp3"]


def test_without_a_host_it_is_aws(make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Host and key are optional: the region's own endpoint, the environment's key; the connection is the last step."""
    asked: list[object] = []

    def look_up(host: object, *args: object, **options: object) -> object:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for access, host in (("path", "s3.eu-west-1.amazonaws.com"), ("vhost", "recordings.s3.eu-west-1.amazonaws.com")):
        url = f"s3://K:S@/recordings/a.mp3?region=eu-west-1&access={access}"
        assert send(S3Carrier(timeout_ms=500), make_parcel, url) == ("dns failure", False)
        assert asked.pop() in (host, host.encode())


def test_the_key_of_the_environment(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key in the address the environment's is used, with the token that belongs to it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session-of-the-environment")
    assert carrier.send(make_parcel(strict.url(key=""), kind=TargetKind.S3)).is_stored
    assert strict.queries[0]["X-Amz-Security-Token"] == "session-of-the-environment"


def test_the_environment_changes_no_full_address(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, monkeypatch: pytest.MonkeyPatch, refused_url: str
) -> None:
    """A key, an endpoint and a session of the environment are not mixed into an address that has its own."""
    for name in ("ENDPOINT_URL", "ENDPOINT_URL_S3"):
        monkeypatch.setenv(f"AWS_{name}", refused_url.rpartition("/")[0])
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.setenv(f"AWS_{name}", "of-the-environment")
    assert carrier.send(make_parcel(strict.url(), kind=TargetKind.S3)).is_stored
    assert "X-Amz-Security-Token" not in strict.queries[0]


def test_no_key_anywhere(carrier: S3Carrier, make_parcel: MakeParcel, strict: Any) -> None:
    """Nothing in the address, the environment or the machine: nothing is sent, and it may be there at the next try."""
    assert send(carrier, make_parcel, strict.url(key="")) == ("no key found", False)
    assert strict.queries == []


def test_without_obstore(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is not installed: the recording stays in the outbox, with the words that help."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    expected = ("obstore missing: install callflow-simulator[s3]", True)
    assert send(carrier, make_parcel, strict.url()) == expected


@pytest.mark.parametrize(
    ("options", "result"),
    [({"secret": "wrong"}, "403, wrong secret"), ({"key": "AKIDOTHER"}, "403, unknown key")],
)
def test_a_wrong_key(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, options: dict[str, str], result: str
) -> None:
    """403 is final: no later try has another key."""
    assert send(carrier, make_parcel, strict.url(**options)) == (result, True)


@pytest.mark.parametrize(
    ("order", "result", "is_final"),
    [
        ((403, "AccessDenied", {}), "403, access denied", True),
        ((403, "RequestTimeTooSkewed", {}), "403, clock skew", False),
        ((403, "WhateverElse", {}), "403", True),
        ((403, "", {}), "403", True),
        ((404, "NoSuchBucket", {}), "404, no such bucket", True),
        ((301, "PermanentRedirect", {}), "301, another region", True),
        ((307, "TemporaryRedirect", {"Location": "http://127.0.0.1:9/"}), "307", False),
        ((400, "AuthorizationHeaderMalformed", {}), "400, another region", False),
        ((400, "ExpiredToken", {}), "400, session ended", False),
        ((409, "OperationAborted", {}), "409", False),
        ((500, "InternalError", {}), "500", False),
        ((503, "SlowDown", {}), "503, slow down", False),
    ],
)
def test_refusals(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, order: Order, result: str, is_final: bool
) -> None:
    """What S3 says, in our words; what a later try can change is not final, and no signature follows a redirect."""
    strict.orders.append(order)
    assert send(carrier, make_parcel, strict.url()) == (result, is_final)
    assert len(strict.queries) == 1


def test_a_busy_server_and_then_not(carrier: S3Carrier, make_parcel: MakeParcel, strict: Any) -> None:
    """One try is one request: 503 is a failed try that may name its wait, the next one succeeds."""
    strict.orders.append((503, "SlowDown", {"Retry-After": "7"}))
    parcel = make_parcel(strict.url(), kind=TargetKind.S3)
    first, second = carrier.send(parcel), carrier.send(parcel)
    assert (first.result, first.retry_after_ms) == ("503, slow down", 7_000)
    assert (second.result, len(strict.queries)) == ("200", 2)
    assert strict.objects == {"/recordings/a.mp3": parcel.file.read_bytes()}


def test_nobody_listens(carrier: S3Carrier, make_parcel: MakeParcel, refused_url: str) -> None:
    """A dead server is tried again."""
    url = refused_url.replace("http://", "s3://K:S@").replace("x.mp3", "bucket/x.mp3?scheme=http")
    assert send(carrier, make_parcel, url) == ("refused", False)


@pytest.mark.parametrize("text", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"220 ftp.example\r\n"])
def test_an_answer_cut_short_is_no_success(
    carrier: S3Carrier, make_parcel: MakeParcel, raw_server: RawServer, text: bytes
) -> None:
    """Whether it arrived is not known: it is sent again."""

    def answer(connection: socket.socket) -> None:
        taken = b""
        while not taken.endswith(b"\r\n\r\nabc"):
            taken += connection.recv(1 << 16)
        connection.sendall(text)
        connection.close()

    url = raw_server(answer).replace("http://", "s3://K:S@") + "/bucket/a.mp3?scheme=http"
    assert send(carrier, make_parcel, url) == ("broken answer", False)


def test_a_server_that_never_answers(make_parcel: MakeParcel, raw_server: RawServer) -> None:
    """The wait for the answer is bounded."""
    url = raw_server(lambda connection: None).replace("http://", "s3://K:S@") + "/bucket/a.mp3?scheme=http"
    assert send(S3Carrier(timeout_ms=100), make_parcel, url) == ("timeout", False)


def test_a_reset_while_the_body_is_sent(carrier: S3Carrier, make_parcel: MakeParcel, raw_server: RawServer) -> None:
    """The server dies."""

    def answer(connection: socket.socket) -> None:
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    url = raw_server(answer).replace("http://", "s3://K:S@") + "/bucket/a.mp3?scheme=http"
    assert send(carrier, make_parcel, url, audio=b"x" * 5_000_000) == ("reset", False)


def test_an_unknown_certificate(carrier: S3Carrier, make_parcel: MakeParcel, raw_server: RawServer) -> None:
    """Without `scheme` it is https, and verified: not even the request is sent."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(__file__).parent.parent / "untrusted.pem")
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            heard.append(secured.recv(100))

    url = raw_server(answer).replace("http://", "s3://K:S@") + "/bucket/a.mp3"
    assert send(carrier, make_parcel, url) == ("certificate not trusted", False)
    assert heard == []


def test_a_file_that_is_gone(carrier: S3Carrier, make_parcel: MakeParcel, strict: Any) -> None:
    """Nothing to send: final."""
    parcel = make_parcel(strict.url(), kind=TargetKind.S3)
    parcel.file.unlink()
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_final) == ("file: no such file or directory", True)


@pytest.mark.parametrize(
    "url",
    [
        "s3://K:S@h/",
        "s3://K:S@h/bucket",
        "s3://K:S@h/bucket/",
        "s3://K:S@h/../a.mp3",
        "s3://K:S@h/bucket/../../a.mp3",
        "s3://K:S@h/bucket/a//b",
        "s3://K:S@h/bucket/%2E%2E/b",
        "s3://K:S@h/bucket/a%0Ab",
        "s3://K:S@h/bucket/%FF",
        "s3://K:S@h/buc%2Fket/a",
        "s3://K:S@h/bucket/a?scheme=ftp",
        "s3://K:S@h/bucket/a?access=any",
        "s3://K:S@/bucket/a?region=x@evil.example%2F",
        "s3://K:S@h:99999/bucket/a",
        "s3://K@h/bucket/a",
        "s3://[::1/bucket/a",
        "s3://K:S@h\n/bucket/a",
        "s3://K:S@h h/bucket/a",
    ],
)
def test_addresses_that_name_no_object(carrier: S3Carrier, make_parcel: MakeParcel, url: str) -> None:
    """Final, and nobody is called."""
    assert send(carrier, make_parcel, url) == ("bad url", True)


def test_no_key_and_no_signature_is_shown(
    carrier: S3Carrier, make_parcel: MakeParcel, strict: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Issue 4: no credential in any log or result; the libraries log all they can, and the server's answers hold it."""
    caplog.set_level(logging.DEBUG)
    for level in ("httpx2", "httpcore2", ""):
        logging.getLogger(level).setLevel(logging.DEBUG)
    strict.orders = [(503, "SlowDown", {"X-Echo": "wJalrXUtnFEMI"}), (403, "AccessDenied", {})]
    parcel = make_parcel(strict.url(), kind=TargetKind.S3)
    outcomes = [carrier.send(parcel) for _ in range(3)]
    assert outcomes[2].is_stored
    said = caplog.text + repr(outcomes) + repr(carrier) + repr(parcel) + repr(vars(carrier))
    assert [word for word in ("wJalrXUtnFEMI", "AKIDEXAMPLE", "X-Amz-Signature") if word in said] == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.text(max_size=20))
def test_whatever_an_address_holds(
    carrier: S3Carrier, make_parcel: MakeParcel, refused_url: str, path: str, options: str
) -> None:
    """A plan's settings are hostile input: any text gives an outcome, and the secret is not in it."""
    url = f"s3://K:Sw0rdfish@{refused_url.split('/')[2]}/bucket/{path}?scheme=http&{options}"
    outcome = carrier.send(make_parcel(url, audio=b"abc", kind=TargetKind.S3))
    assert outcome.result in ("bad url", "refused", "tls failure") and not outcome.is_stored
    assert "Sw0rdfish" not in repr(outcome)
