"""Uploads over HTTP: one try at a time, against real servers (B§6.4, C21, C48)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator

import pytest
from pytest_httpserver import HTTPServer

from callflow.core.errors import StorageError
from callflow.storage.carrier import Outcome
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]


@pytest.fixture
def carrier() -> Iterator[HttpCarrier]:
    """A carrier that is closed after the test."""
    opened = HttpCarrier(timeout_ms=10_000)
    yield opened
    opened.close()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_the_file_arrives_as_it_is(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, method: str
) -> None:
    """B§6.4: verb = method, the raw file as the body with its length and type; POST alone has an idempotency key."""
    httpserver.expect_request("/a/b.mp3").respond_with_data(status=201)
    parcel = make_parcel(httpserver.url_for("/a/b.mp3?from=1"), method=method)
    outcome = carrier.send(parcel)
    assert outcome == Outcome.stored("201", httpserver.url_for("/a/b.mp3?from=1"))
    request, _ = httpserver.log[0]
    assert (request.method, request.query_string) == (method, b"from=1")
    assert request.get_data() == parcel.file.read_bytes()
    assert request.headers["Content-Length"] == str(parcel.file.stat().st_size)
    assert request.headers["Content-Type"] == "audio/mpeg"
    assert "Transfer-Encoding" not in request.headers
    assert request.headers.get("Idempotency-Key") == (parcel.delivery_id if method == "POST" else None)


def test_an_empty_file_is_sent_too(httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """A recording without a sample is still a file."""
    httpserver.expect_request("/a").respond_with_data(status=204)
    assert carrier.send(make_parcel(httpserver.url_for("/a"), audio=b"")).result == "204"
    assert httpserver.log[0][0].headers["Content-Length"] == "0"


@pytest.mark.parametrize(("status", "is_stored"), [(200, True), (299, True), (300, False), (303, False), (304, False)])
def test_any_2xx_is_success_and_nothing_else(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, status: int, is_stored: bool
) -> None:
    """C21: any 2xx ok; only 301, 302 (and here 307, 308) are followed."""
    httpserver.expect_request("/a").respond_with_data(status=status, headers={"Location": "/b"})
    outcome = carrier.send(make_parcel(httpserver.url_for("/a")))
    assert (outcome.result, outcome.is_stored) == (str(status), is_stored)


@pytest.mark.parametrize("status", [408, 409, 421, 423, 425, 429, 500, 502, 503, 504, 507])
def test_a_failure_of_the_moment_may_be_tried_again(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, status: int
) -> None:
    """B§6.6: production retries every error; here those that may be over in a second."""
    httpserver.expect_request("/a").respond_with_data("no", status=status)
    assert carrier.send(make_parcel(httpserver.url_for("/a"))) == Outcome.failed(str(status), httpserver.url_for("/a"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 499])
def test_a_request_that_is_wrong_is_not_sent_again(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, status: int
) -> None:
    """The same request would be as wrong a second later; the audio is in the outbox."""
    httpserver.expect_request("/a").respond_with_data("no", status=status)
    outcome = carrier.send(make_parcel(httpserver.url_for("/a")))
    assert outcome == Outcome.failed(str(status), httpserver.url_for("/a"), is_final=True)


@pytest.mark.parametrize(
    ("status", "headers", "wait_ms"),
    [
        (503, {"Retry-After": "7"}, 7_000),
        (429, {"Retry-After": " 7 "}, 7_000),
        (503, {"Retry-After": "0"}, 0),
        (503, {"Retry-After": "999999"}, 86_400_000),
        (503, {"Retry-After": "-7"}, 0),
        (503, {"Retry-After": "7.5"}, 0),
        (503, {"Retry-After": "\xb2"}, 0),
        (503, {"Retry-After": "9" * 5_000}, 0),
        (503, {"Retry-After": "soon"}, 0),
        (503, {}, 0),
        (500, {"Retry-After": "7"}, 0),
        (413, {"Retry-After": "7"}, 0),
    ],
)
def test_the_wait_that_a_server_asks_for_is_handed_on(
    httpserver: HTTPServer,
    carrier: HttpCarrier,
    make_parcel: MakeParcel,
    status: int,
    headers: dict[str, str],
    wait_ms: int,
) -> None:
    """RFC 9110 §10.2.3: seconds, a day at most; nonsense is ignored, and so is any other status's."""
    httpserver.expect_request("/a").respond_with_data("no", status=status, headers=headers)
    outcome = carrier.send(make_parcel(httpserver.url_for("/a")))
    assert (outcome.result, outcome.is_stored, outcome.retry_after_ms) == (str(status), False, wait_ms)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_keeps_verb_and_body(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, status: int
) -> None:
    """B§6.4: 301 and 302 followed with the same verb; 307 and 308 say the same in HTTP."""
    httpserver.expect_request("/a").respond_with_data(status=status, headers={"Location": "../b?x=1"})
    httpserver.expect_request("/b").respond_with_data(status=201)
    parcel = make_parcel(httpserver.url_for("/a"), method="POST")
    assert carrier.send(parcel) == Outcome.stored("201", httpserver.url_for("/b?x=1"))
    assert [request.method for request, _ in httpserver.log] == ["POST", "POST"]
    assert {request.get_data() for request, _ in httpserver.log} == {parcel.file.read_bytes()}


def test_a_loop_of_redirects_is_noticed(httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """B§6.4: a loop check; the second visit is not made."""
    httpserver.expect_request("/a").respond_with_data(status=301, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data(status=302, headers={"Location": "/a"})
    outcome = carrier.send(make_parcel(httpserver.url_for("/a")))
    assert outcome == Outcome.failed("302, redirected in a loop", httpserver.url_for("/b"))
    assert len(httpserver.log) == 2


@pytest.mark.parametrize(("hops", "result"), [(10, "201"), (11, "301, redirected too often")])
def test_at_most_ten_redirects_are_followed(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, hops: int, result: str
) -> None:
    """B§6.4: at most ten."""
    for hop in range(hops):
        httpserver.expect_request(f"/{hop}").respond_with_data(status=301, headers={"Location": f"/{hop + 1}"})
    httpserver.expect_request(f"/{hops}").respond_with_data(status=201)
    assert carrier.send(make_parcel(httpserver.url_for("/0"))).result == result


def test_a_redirect_without_location_is_a_failure(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel
) -> None:
    """There is nowhere to go."""
    httpserver.expect_request("/a").respond_with_data(status=302)
    assert carrier.send(make_parcel(httpserver.url_for("/a"))).result == "302"


def test_percent_encoding_in_a_url_is_left_alone(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel
) -> None:
    """The name was encoded when the URL was built; a second time would make another name."""
    url = httpserver.url_for("/a%2Fb/call_recording_x%40y%20%C3%BC.mp3?from=%2B1&to=")
    httpserver.expect_request("/a/b/call_recording_x@y ü.mp3").respond_with_data(status=201)
    assert carrier.send(make_parcel(url)) == Outcome.stored("201", url)
    assert httpserver.log[0][0].environ["REQUEST_URI"] == url.partition(f":{httpserver.port}")[2]


def test_an_address_of_version_6(carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """Loopback by its IPv6 address, in brackets."""
    with HTTPServer(host="::1") as server:
        server.expect_request("/a").respond_with_data(status=201)
        url = f"http://[::1]:{server.port}/a"
        assert carrier.send(make_parcel(url.replace("://", "://me:x@"))) == Outcome.stored("201", url)
        assert server.log[0][0].authorization is not None


def test_credentials_go_to_their_own_origin_only(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, caplog: pytest.LogCaptureFixture
) -> None:
    """User and password are basic authentication, go along at home, not to another host, and are never shown."""
    caplog.set_level(logging.DEBUG)
    away = httpserver.url_for("/c").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/a").respond_with_data(status=301, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data(status=301, headers={"Location": away})
    httpserver.expect_request("/c").respond_with_data(status=201)
    secret_url = httpserver.url_for("/a").replace("://", "://me:ge%20heim@")
    outcome = carrier.send(make_parcel(secret_url))
    basic = "Basic " + base64.b64encode(b"me:ge heim").decode()
    assert [request.headers.get("Authorization") for request, _ in httpserver.log] == [basic, basic, None]
    assert outcome == Outcome.stored("201", away)
    assert "heim" not in caplog.text


def test_credentials_of_a_redirect_are_used_and_not_shown(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel
) -> None:
    """A Location may bring its own."""
    own = httpserver.url_for("/b").replace("://", "://you:geheim@")
    httpserver.expect_request("/a").respond_with_data(status=302, headers={"Location": own})
    httpserver.expect_request("/b").respond_with_data(status=201)
    assert carrier.send(make_parcel(httpserver.url_for("/a"))).place == httpserver.url_for("/b")
    assert httpserver.log[1][0].authorization is not None


@pytest.mark.parametrize(
    "url", ["http://[", "http://", "http:///a.mp3", "http://h:99999999/", "http://h\x00/", "http://me:x@/"]
)
def test_a_url_that_cannot_be_sent_to_is_final(carrier: HttpCarrier, make_parcel: MakeParcel, url: str) -> None:
    """Trying again would not help."""
    outcome = carrier.send(make_parcel(url))
    assert (outcome.result, outcome.is_final, outcome.is_stored) == ("bad url", True, False)


def test_only_put_and_post_upload(carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """The seed's `method` knows these two."""
    outcome = carrier.send(make_parcel("http://127.0.0.1/a", method="DELETE"))
    assert (outcome.result, outcome.is_final) == ("no upload by DELETE", True)


def test_a_file_that_is_gone_is_final(carrier: HttpCarrier, make_parcel: MakeParcel) -> None:
    """No try can send what is not there; the place shown is the file's name."""
    parcel = make_parcel("http://127.0.0.1/a")
    parcel.file.unlink()
    outcome = carrier.send(parcel)
    assert (outcome.is_final, outcome.place) == (True, parcel.file.name)


def test_a_proxy_of_the_environment_is_used(
    httpserver: HTTPServer, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies by environment: the request goes to the proxy, with the target's own host."""
    httpserver.expect_request("/x.mp3").respond_with_data(status=201)
    monkeypatch.setenv("HTTP_PROXY", httpserver.url_for("/"))
    carrier = HttpCarrier(timeout_ms=10_000)
    assert carrier.send(make_parcel("http://recordings.example/x.mp3")).result == "201"
    carrier.close()
    assert httpserver.log[0][0].headers["Host"] == "recordings.example"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_is_reached_without_a_proxy(
    httpserver: HTTPServer, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch, refused_url: str, host: str
) -> None:
    """A receiver on loopback works behind a company's proxy even where NO_PROXY is not set."""
    httpserver.expect_request("/x.mp3").respond_with_data(status=201)
    monkeypatch.setenv("ALL_PROXY", refused_url)
    carrier = HttpCarrier(timeout_ms=10_000)
    assert carrier.send(make_parcel(f"http://{host}:{httpserver.port}/x.mp3")).result == "201"
    carrier.close()


def test_a_proxy_that_cannot_be_used_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is the user's: a StorageError, without the proxy's password."""
    monkeypatch.setenv("ALL_PROXY", "pigeon://me:geheim@host")
    with pytest.raises(StorageError, match="HTTP_PROXY") as raised:
        HttpCarrier(timeout_ms=10_000)
    assert "geheim" not in str(raised.value)
