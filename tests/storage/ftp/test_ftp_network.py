"""FTP uploads over a network that fails, to servers that are hostile, from files that change: no crash, no waiting."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.storage.ftp import FtpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Start = Callable[..., Any]
BIG = b"0123456789abcdef" * 500_000
VERBS = "HELLO USER PASS TYPE CWD MKD PASV STOR DATA SIZE RNFR RNTO DELE QUIT".split()


@pytest.fixture
def carrier() -> Iterator[FtpCarrier]:
    """A carrier that waits 5 s at most."""
    opened = FtpCarrier(timeout_ms=5_000)
    yield opened
    opened.close()


@pytest.mark.parametrize("address", ["10,1,2,3", "0,0,0,0", "8,8,8,8"])
def test_data_goes_to_the_server_itself(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, address: str
) -> None:
    """A hostile PASV cannot make us connect to someone else; one from behind NAT does no harm."""
    server = scripted(data_address=address)
    assert carrier.send(make_parcel(server.url())).is_stored


@pytest.mark.parametrize(
    "reply",
    [
        "227 ok",
        "227 (127,0,0,1,0,0)",
        "227 (127,0,0,1,999,999)",
        f"227 (1,2,3,4,{'9' * 30},1)",
        f"227 (1,2,3,4,{'9' * 5000},1)",
        "227 (a,b,c,d,e,f)",
        "200 (1,2,3,4,5,6)",
    ],
)
def test_a_passive_reply_that_is_none(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, reply: str
) -> None:
    """Numbers from the network are hostile: a failed try, no crash."""
    outcome = carrier.send(make_parcel(scripted(orders={"PASV": [reply]}).url()))
    assert (outcome.result, outcome.is_final) == ("broken answer", False)


def test_a_reply_in_another_encoding(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start) -> None:
    """Servers greet in Latin-1; only codes are read."""
    assert carrier.send(make_parcel(scripted(orders={"HELLO": ["220 Gr\xfc\xdf Gott"]}).url())).is_stored


@pytest.mark.parametrize("reply", [b"220-" + b"x" * 5_000_000, b"220-hello\r\n" * 500_000, b"220" + b"y" * 10_000])
def test_an_endless_reply_is_not_waited_for(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, reply: bytes
) -> None:
    """64 KB of greeting are enough."""
    outcome = carrier.send(make_parcel(scripted(orders={"HELLO": [reply]}).url()))
    assert (outcome.result, outcome.is_final) == ("broken answer", False)


def test_nobody_listens(carrier: FtpCarrier, make_parcel: MakeParcel, refused_url: str) -> None:
    """A dead server is tried again; the address is shown without its password."""
    address = refused_url.replace("http://", "ftp://kazoo:secret@")
    outcome = carrier.send(make_parcel(address))
    assert (outcome.result, outcome.is_final, outcome.place) == (
        "refused",
        False,
        refused_url.replace("http://", "ftp://***@"),
    )


def test_a_server_that_says_nothing(
    make_parcel: MakeParcel, raw_server: Callable[[Callable[[socket.socket], None]], str]
) -> None:
    """Every wait is bounded."""
    address = raw_server(lambda connection: None).replace("http", "ftp") + "/a.mp3"
    outcome = FtpCarrier(timeout_ms=100).send(make_parcel(address))
    assert (outcome.result, outcome.is_final) == ("timeout", False)


def test_a_server_that_stops_reading(make_parcel: MakeParcel, scripted: Start) -> None:
    """The wait for room is bounded too."""
    quiet, other = socket.socketpair()

    def stall() -> None:
        quiet.settimeout(2)
        quiet.recv(1)

    server = scripted(pace=stall)
    with quiet, other:
        outcome = FtpCarrier(timeout_ms=100).send(make_parcel(server.url(), audio=BIG * 4))
        other.send(b"x")
    assert (outcome.result, outcome.is_final) == ("timeout", False)


def test_a_slow_server_is_not_given_up(
    make_parcel: MakeParcel, scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for one wait, not for a block or a recording: a slow line delivers in the end."""
    real_connect = socket.create_connection

    def connect_narrowly(*args: Any, **options: Any) -> socket.socket:
        connection = real_connect(*args, **options)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 15)
        return connection

    monkeypatch.setattr(socket, "create_connection", connect_narrowly)
    quiet, other = socket.socketpair()
    pauses = [0.1] * 12

    def dawdle() -> None:
        if pauses:
            quiet.settimeout(pauses.pop())
            with pytest.raises(TimeoutError):
                quiet.recv(1)

    with quiet, other:
        server = scripted(pace=dawdle, piece=1 << 15)
        assert FtpCarrier(timeout_ms=800).send(make_parcel(server.url(), audio=BIG[: 1 << 20])).is_stored
    assert server.files == {"a.mp3": BIG[: 1 << 20]} and not pauses


def test_an_unknown_host(carrier: FtpCarrier, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name server says no: an attempt, not a crash (issue 4, item 5)."""

    def look_up(*args: object, **options: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    outcome = carrier.send(make_parcel("ftp://nowhere.example/a.mp3"))
    assert (outcome.result, outcome.is_final) == ("dns failure", False)


def test_a_file_that_is_gone(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start) -> None:
    """Nothing to send: final, and nobody is called."""
    server = scripted()
    parcel = make_parcel(server.url())
    parcel.file.unlink()
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_final, server.lines) == ("file: no such file or directory", True, [])


@pytest.mark.parametrize("change", [b"", b"abcdefgh"], ids=["shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent_is_no_success(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    """Half a recording never gets a recording's name."""
    server = scripted()
    parcel = make_parcel(server.url(), audio=b"abcd")
    real_stat = Path.stat

    def stat_then_change(self: Path, **options: bool) -> object:
        status = real_stat(self, **options)
        if self == parcel.file:
            self.write_bytes(change)
        return status

    monkeypatch.setattr(Path, "stat", stat_then_change)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored) == ("file changed while it was sent", False)
    assert "a.mp3" not in server.files


REPLIES = st.text(st.characters(codec="latin-1"), max_size=40) | st.from_regex(
    r"[1-6][0-9]{2}[ -][ -~]{0,20}", fullmatch=True
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(VERBS), st.lists(REPLIES, max_size=3)))
def test_whatever_a_server_answers(
    make_parcel: MakeParcel, scripted: Start, orders: dict[str, list[str | bytes | None]]
) -> None:
    """A server is hostile input: any replies at all give an outcome in our words, and never its own."""
    server = scripted(orders=orders)
    parcel = make_parcel(server.url("in/a.mp3"), audio=b"abc")
    outcome = FtpCarrier(timeout_ms=30).send(parcel)
    assert re.fullmatch(
        r"[1-6][0-9]{2}(, [a-z ]+)?|broken answer|arrived short|disk full|timeout|reset|refused", outcome.result
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_whatever_an_address_holds(make_parcel: MakeParcel, refused_url: str, text: str) -> None:
    """A callflow's address is hostile input: any text gives an outcome, and its password is not in it."""
    address = f"ftp://kazoo:Sw0rdfish@{refused_url.split('/')[2]}/{text}"
    outcome = FtpCarrier(timeout_ms=1_000).send(make_parcel(address, audio=b"abc"))
    assert outcome.result in ("bad url", "refused") and not outcome.is_stored
    assert "Sw0rdfish" not in repr(outcome)
