"""Credentials of URLs: used, never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.storage.address import origin_of, split_credentials, without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host/a/b.mp3?from=1", "http://host/a/b.mp3?from=1"),
        ("http://user:geheim@host:8080/a", "http://host:8080/a"),
        ("http://user@host/a", "http://host/a"),
        ("http://host/~me@home/a", "http://host/~me@home/a"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        ("http://u:p@q@host/a", "http://host/a"),
        ("http://u:ge/heim@host/a", "http://host/a"),
        ("http://u:ge?heim@host/a", "http://host/a"),
        ("http://u:ge#heim@host/a", "http://host/a"),
        ("http://u:ge[heim@host/a", "http://host/a"),
        ("user:geheim@host/a", "host/a"),
        ("http://host/a?token=geheim&x=1", "http://host/a?token=***&x=1"),
        ("http://host/a?x=1&X-Amz-Signature=geheim#f", "http://host/a?x=1&X-Amz-Signature=***#f"),
        ("http://host/a?design=1&author=2", "http://host/a?design=1&author=2"),
        ("http://host/\x1b[31m", "http://host/\ufffd[31m"),
        ("sqlite:////data/a@b/calls.db", "sqlite:////data/a@b/calls.db"),
        ("mysql+pymysql://u:geheim@db/calls", "mysql+pymysql://db/calls"),
        ("", ""),
    ],
)
def test_shown_urls_have_no_credentials(url: str, shown: str) -> None:
    """No credential in any output: user, password and secret parameters go, the rest stays."""
    assert without_credentials(url) == shown


@given(st.text(alphabet="ab:@/?#[]%.\\ \n1", max_size=40))
def test_no_text_is_too_odd_to_be_shown(rest: str) -> None:
    """`without_credentials` never raises, and shows only printable characters."""
    assert without_credentials(f"http://{rest}").isprintable()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="/?#@"), min_size=1))
def test_no_password_before_an_at_sign_is_shown(password: str) -> None:
    """Whatever stands between scheme and the last @ of the authority is gone."""
    assert without_credentials(f"http://me:{password}@host.example/a.mp3") == "http://host.example/a.mp3"


def test_credentials_are_split_off_and_decoded() -> None:
    """Credentials of the URL are used as basic authentication, so they are percent-decoded."""
    assert split_credentials("https://me:a%40b@host:8443/a?b=1") == ("https://host:8443/a?b=1", ("me", "a@b"))
    assert split_credentials("https://host/a") == ("https://host/a", None)


def test_an_origin_is_scheme_host_and_port() -> None:
    """The default port of a scheme is the same origin as no port."""
    assert origin_of("http://host/a") == origin_of("http://me:x@HOST:80/b")
    assert origin_of("http://host/a") != origin_of("https://host/a")
