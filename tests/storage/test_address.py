"""Credentials of URLs, taken apart for use."""

from __future__ import annotations

from callflow.storage.address import origin_of, split_credentials


def test_credentials_are_split_off_and_decoded() -> None:
    """Credentials of the URL are used as basic authentication, so they are percent-decoded."""
    assert split_credentials("https://me:a%40b@host:8443/a?b=1") == ("https://host:8443/a?b=1", ("me", "a@b"))
    assert split_credentials("https://host/a") == ("https://host/a", None)


def test_an_origin_is_scheme_host_and_port() -> None:
    """The default port of a scheme is the same origin as no port."""
    assert origin_of("http://host/a") == origin_of("http://me:x@HOST:80/b")
    assert origin_of("http://host/a") != origin_of("https://host/a")
