"""Addresses: what is one, and that no credential of one is ever shown (design §9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.address import is_host, is_url, without_credentials
from callflow.core.shown import shown

HIDDEN = [
    ("http://u:p@h/r", "http://***@h/r"),
    ("http://u@h", "http://***@h"),
    ("http://user:geheim@host:8080/a", "http://***@host:8080/a"),
    ("http://u:p@w@h/r", "http://***@h/r"),
    ("http://user:s3/cret@my.server/x", "http://***@my.server/x"),
    ("http://user:12/34@my.server/x", "http://***@my.server/x"),
    ("http://u:ge?heim@host/a", "http://***@host/a"),
    ("http://u:ge#heim@host/a", "http://***@host/a"),
    ("http://u:ge[heim@host/a", "http://***@host/a"),
    ("http://u:g@e/heim@host/a", "http://***@host/a"),
    ("http://host/r?next=http://u:p@other/", "http://***@other/"),
    ("user:geheim@host/a", "***@host/a"),
    ("admin:pw@couch", "***@couch"),
    ("//u:p@h/x", "//***@h/x"),
    ("http:/u:p@h", "http:/***@h"),
    ("mysql+pymysql://u:geheim@db/calls", "mysql+pymysql://***@db/calls"),
    ("http://host/a?token=geheim&x=1", "http://host/a?token=***&x=1"),
    ("http://host/a?token=ge?he;im#x&x=1", "http://host/a?token=***&x=1"),
    ("http://host/a?x=1&X-Amz-Signature=geheim", "http://host/a?x=1&X-Amz-Signature=***"),
    ("http://host/a#access_token=geheim", "http://host/a#access_token=***"),
    ("http://host/a?%74oken=geheim", "http://host/a?%74oken=***"),
    ("http://host/a?x=1;api-key=geheim", "http://host/a?x=1;api-key=***"),
]
PLAIN = [
    "http://host/a/b.mp3?from=1",
    "http://host/~me@home/a",
    "http://h/r/a@b",
    "http://host/a?design=1&author=2",
    "http://[::1]:80/a",
    "http://h/r?call_id=1&cdr_id=2&owner_id=&start=3",
    "sqlite:////data/a@b/calls.db",
    "",
]


@pytest.mark.parametrize(("url", "expected"), HIDDEN)
def test_no_credential_is_shown(url: str, expected: str) -> None:
    """Design §9: no credential in any output: rows and the storage room, messages and trees alike."""
    assert without_credentials(url) == expected
    assert shown(url) == f'"{expected}"'


@pytest.mark.parametrize("url", PLAIN)
def test_what_is_no_credential_is_shown(url: str) -> None:
    """Only credentials are hidden; an @ in the path stays where no password can reach up to it."""
    assert without_credentials(url) == url
    assert shown(url) == f'"{url}"'


def test_a_message_shows_names_with_an_at_sign() -> None:
    """A plain `name@place` in a message is no address with a password."""
    assert shown("alice@example") == '"alice@example"'


def test_a_long_password_is_not_cut_into_sight() -> None:
    """Cutting comes after hiding: an @ far behind still hides what stands before it."""
    assert "secret" not in shown(f"http://u:{'secret' * 100}@h/x")


@given(st.text(alphabet="ab:@/?#[]%.\\ \n1", max_size=40))
def test_no_text_is_too_odd_to_be_shown(rest: str) -> None:
    """`without_credentials` never raises, and shows only printable characters."""
    assert without_credentials(f"http://{rest}").isprintable()


@given(st.text(min_size=1))
def test_no_password_before_an_at_sign_is_shown(password: str) -> None:
    """Whatever a password holds, all of it is gone."""
    assert without_credentials(f"http://me:{password}@host.example/a.mp3") == "http://***@host.example/a.mp3"


def test_endless_parameters_are_read_once() -> None:
    """A hostile URL of a megabyte does not hold anybody up: hiding is linear."""
    assert without_credentials("http://h/" + "?token" * 200_000).endswith("?token")


@pytest.mark.parametrize("text", ["http://h", "HTTPS://u:p@h:80/r?x=1", "ftp://[::1]/r", "http://{SERVER}/r"])
def test_what_is_a_url(text: str) -> None:
    """Scheme and host, with a port that is a number if there is one."""
    assert is_url(text)


@pytest.mark.parametrize(
    "text",
    ["", "h/r", "//h/r", "http:h", "http:///r", "http://", "http://[::1", "http://h:x/", "http://h:99999/", " http://h",
     "http://h ", "http://a b/r", "http://h/\n", "http://h/\x00", "http://u:s3/cret@h/x"],
)  # fmt: skip
def test_what_is_no_url(text: str) -> None:
    """No host, no scheme, an open bracket, a port that is none, blanks, control characters."""
    assert not is_url(text)


@pytest.mark.parametrize("text", ["h", "couch.example:5984", "127.0.0.1", "[::1]", "[fe80::1]:65535", "my_db-1.lan:1"])
def test_what_is_a_host(text: str) -> None:
    """A name or an address, with a port that can be one."""
    assert is_host(text)


@pytest.mark.parametrize(
    "text", ["", "h:0", "h:65536", "h:", "::1", "u:p@h", "h/x", "h x", "-h", "http://h", "h\n", "[::1", "hö", "h:١"]
)
def test_what_is_no_host(text: str) -> None:
    """No credentials, no path, no blanks, no port that is none."""
    assert not is_host(text)
