"""No credential of an upload is in any log, outcome or error, however much is logged (issue 4, Must show)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator

import httpx2
import pytest
from pytest_httpserver import HTTPServer

from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
LIBRARIES = ("httpx2", "httpcore2", "h11")
SECRETS = ("geheim", base64.b64encode(b"me:geheim").decode(), base64.b64encode(b"you:geheim").decode())


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that any library has to say, whatever its loggers are called."""
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LIBRARIES]
    assert {"httpx2", "httpcore2.http11", "httpcore2.proxy"} <= set(known)
    for name in ("", *known):
        caplog.set_level(logging.DEBUG, logger=name)
    yield caplog


def check_silence(logged: pytest.LogCaptureFixture, *objects: object) -> None:
    """No secret is in the log or in a repr, in no form that it takes on the way; the test's own server may log it."""
    records = [record.getMessage() for record in logged.records if record.name != "werkzeug"]
    assert not [secret for secret in SECRETS if secret in repr((records, objects))]


@pytest.mark.parametrize("status", [201, 401, 503])
def test_an_upload_logs_no_secret(
    httpserver: HTTPServer, make_parcel: MakeParcel, everything: pytest.LogCaptureFixture, status: int
) -> None:
    """Not the password, not the token in the query, not those of a redirect, at no level of any library's log."""
    own = httpserver.url_for("/b?token=geheim").replace("://", "://you:geheim@")
    httpserver.expect_request("/a").respond_with_data(status=302, headers={"Location": own, "X-Echo": "geheim"})
    httpserver.expect_request("/b").respond_with_data("geheim", status=status)
    carrier = HttpCarrier(timeout_ms=10_000)
    outcome = carrier.send(make_parcel(httpserver.url_for("/a?token=geheim").replace("://", "://me:geheim@")))
    carrier.close()
    assert (outcome.result, [request.path for request, _ in httpserver.log]) == (str(status), ["/a", "/b"])
    check_silence(everything, outcome)


def test_a_failed_upload_logs_no_secret(
    refused_url: str, make_parcel: MakeParcel, everything: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor where nobody answers, be it the target or the proxy with a password of its own."""
    carrier = HttpCarrier(timeout_ms=10_000)
    outcome = carrier.send(make_parcel(refused_url.replace("://", "://me:geheim@") + "?token=geheim"))
    carrier.close()
    monkeypatch.setenv("ALL_PROXY", refused_url.removesuffix("/x.mp3").replace("://", "://me:geheim@"))
    carrier = HttpCarrier(timeout_ms=10_000)
    behind = carrier.send(make_parcel("http://you:geheim@recordings.example/a?token=geheim"))
    carrier.close()
    assert (outcome.result, behind.result) == ("refused", "refused")
    check_silence(everything, outcome, behind, vars(carrier))


def test_the_requests_of_others_are_logged_as_ever(
    httpserver: HTTPServer, make_parcel: MakeParcel, everything: pytest.LogCaptureFixture
) -> None:
    """A program around us may want the library's log of its own requests, before an upload and after it."""
    httpserver.expect_request("/a").respond_with_data(status=201)
    carrier = HttpCarrier(timeout_ms=10_000)
    for name in ("before", "after"):
        httpx2.get(httpserver.url_for(f"/{name}"))
        assert carrier.send(make_parcel(httpserver.url_for("/a"))).is_stored
    carrier.close()
    assert "/before" in everything.text and "/after" in everything.text
    assert "HTTP Request: PUT" not in everything.text
