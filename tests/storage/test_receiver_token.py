"""A token that is asked of everybody, wherever HTTP can carry one, and shown nowhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest

from callflow.core.errors import StorageError
from callflow.storage.receiver import RunningReceiver
from callflow.storage.terms import Terms
from callflow.storage.token import is_admitted, token_from, token_in

SECRET = "open&sesame=%41"


def send(method: str, url: str, **wishes: Any) -> httpx2.Response:
    """Ask without reading the certificates of this machine, which would take longer than everything else."""
    return httpx2.request(method, url, verify=False, **wishes)


class Lines:
    """A log that is read by the test."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, /, **facts: object) -> None:
        """Keep the line."""
        self.lines.append((event, facts))


@pytest.fixture
def log() -> Lines:
    """The log of the guarded receiver."""
    return Lines()


@pytest.fixture
def guarded(tmp_path: Path, log: Lines) -> Iterator[RunningReceiver]:
    """A receiver that asks for a token."""
    with RunningReceiver(tmp_path / "in", log=log, terms=Terms(token=SECRET)) as running:
        yield running


def basic(name: str, password: str) -> str:
    """A header of basic authentication."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", basic("any", "wrong"), "Basic %%%", "Digest x"])
def test_nobody_else_comes_in(guarded: RunningReceiver, header: str | None) -> None:
    """401 for uploads, recordings and the page, by every verb; browsers are told how to ask."""
    (guarded.folder / "a.mp3").write_bytes(b"abc")
    headers = {"Authorization": header} if header else {}
    with httpx2.Client(headers=headers, verify=False) as client:
        for method, path in product(("PUT", "POST", "GET", "HEAD", "DELETE"), ("/", "/a.mp3", "/../x")):
            answer = client.request(method, f"{guarded.url}{path}")
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith('Basic realm="recordings"')
            assert b"abc" not in answer.content and b"a.mp3" not in answer.content
    assert (guarded.folder / "a.mp3").read_bytes() == b"abc"


@pytest.mark.parametrize("header", [f"Bearer {SECRET}", f"bearer  {SECRET}", basic("", SECRET), basic("ü", SECRET)])
def test_the_header_admits(guarded: RunningReceiver, header: str) -> None:
    """Bearer, or the password of any name, as in http://any:TOKEN@host/."""
    headers = {"Authorization": header}
    assert send("PUT", f"{guarded.url}/a.mp3", content=b"abc", headers=headers).status_code == 201
    assert send("GET", f"{guarded.url}/a.mp3", headers=headers).content == b"abc"
    page = send("GET", guarded.url, headers=headers).text
    assert 'src="/a.mp3"' in page and "sesame" not in page


def test_the_query_admits_and_the_pages_links_work(guarded: RunningReceiver, log: Lines) -> None:
    """A callflow's `url` may carry it (B§6.3); it is kept nowhere, logged nowhere, and does not leak to other sites."""
    token = "token=open%26sesame%3D%2541"
    assert send("PUT", f"{guarded.url}/acme?{token}&recording=a.mp3&from=1", content=b"abc").status_code == 201
    assert send("PUT", f"{guarded.url}/acme/..?{token}", content=b"abc").status_code == 400
    page = send("GET", f"{guarded.url}/?{token}")
    assert f'src="/acme/a.mp3?{token}"' in page.text
    assert send("GET", f"{guarded.url}/acme/a.mp3?{token}").content == b"abc"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert [event for event, _ in log.lines] == ["stored", "refused"]
    shown = str(log.lines) + repr(Terms(token=SECRET))
    kept = "".join(file.read_text() for file in guarded.folder.rglob("*") if file.is_file())
    assert "sesame" not in shown + kept


def test_what_was_not_admitted_is_a_line_without_what_was_offered(guarded: RunningReceiver, log: Lines) -> None:
    """A near miss in a log would be half of the secret."""
    send("PUT", f"{guarded.url}/a.mp3?token=almost", content=b"", headers={"Authorization": "Bearer almost"})
    assert log.lines == [
        (
            "refused",
            {"path": "/a.mp3", "status": 401, "reason": "the token is missing or wrong", "sender": "127.0.0.1"},
        )
    ]


def test_without_a_token_everybody_comes_in() -> None:
    """The default; whatever a sender carries is not looked at."""
    assert is_admitted(None, "Bearer x", {})
    assert not is_admitted("x", "", {"token": ""})


def test_a_token_is_read_from_a_file(tmp_path: Path) -> None:
    """One line; white space around it is the editor's."""
    file = tmp_path / "token"
    file.write_text(f"  {SECRET}\r\n")
    assert token_in(file) == SECRET


@pytest.mark.parametrize("content", [b"", b"\n", b"one two", b"one\ntwo", b"x" * 1_025, b"x" * 5_000, b"\xff", b"a\0b"])
def test_what_is_no_token_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    """The file is named, its content is not."""
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(StorageError, match=r"^.*token: is no token; write one line") as problem:
        token_in(file)
    assert "one two" not in str(problem.value) and "xx" not in str(problem.value)


def test_a_token_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    """Before anything listens."""
    with pytest.raises(StorageError, match="missing: cannot be read, no such file"):
        token_in(tmp_path / "missing")
    with pytest.raises(StorageError, match=r"^\$NAME: is no token"):
        token_from("a b", "$NAME")
