"""FTP uploads to servers that refuse and break off: every fault is an outcome, one file is there at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from callflow.storage.ftp import FtpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Start = Callable[..., Any]
BIG = b"0123456789abcdef" * 500_000
GOOD = "USER PASS TYPE PASV STOR SIZE RNFR RNTO QUIT".split()


@pytest.fixture
def carrier() -> Iterator[FtpCarrier]:
    """A carrier that waits 5 s at most."""
    opened = FtpCarrier(timeout_ms=5_000)
    yield opened
    opened.close()


def test_the_conversation(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start) -> None:
    """Hidden name, counted, renamed; the password as it was meant, and a farewell."""
    server = scripted()
    parcel = make_parcel(server.url("a.mp3"))
    assert carrier.send(parcel).is_stored
    assert server.verbs() == GOOD
    assert server.lines[:2] == ["USER kazoo", "PASS s/ecret"]
    assert f"STOR .{parcel.delivery_id}.part" in server.lines
    assert server.files == {"a.mp3": parcel.file.read_bytes()}


def test_anonymous_as_production_does_it(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start) -> None:
    """B§6.3: `anonymous` and `kazoo@host`."""
    server = scripted()
    assert carrier.send(make_parcel(server.url(user=""))).is_stored
    assert server.lines[:2] == ["USER anonymous", f"PASS kazoo@{socket.gethostname()}"]


@pytest.mark.parametrize("code", ["421", "450", "500", "550"])
@pytest.mark.parametrize(
    ("verb", "means"),
    [
        ("HELLO", "no service"),
        ("USER", "login refused"),
        ("PASS", "login refused"),
        ("TYPE", "not binary"),
        ("CWD", "no such folder"),
        ("PASV", "not written"),
        ("STOR", "not written"),
        ("DATA", "not written"),
    ],
)
def test_refusals(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, verb: str, means: str, code: str
) -> None:
    """RFC 959: 4xx may be tried again, 5xx may not; the step that was refused is named, the server's text is not."""
    server = scripted(orders={verb: [f"{code} <b>no</b>"] * 2})
    outcome = carrier.send(make_parcel(server.url("in/a.mp3")))
    expected = (f"{code}, {means}", False, code.startswith("5"))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == expected


@pytest.mark.parametrize("verb", ["STOR", "DATA"])
@pytest.mark.parametrize(
    "reply", ["452 no", "552 no", "550 No space left on device", "550 Disk quota exceeded", "451 disk full"]
)
def test_a_full_disk(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, verb: str, reply: str) -> None:
    """452 and 552 mean it, others pass their system's words on: somebody may clear it, so it is tried again."""
    server = scripted(orders={verb: [reply]})
    parcel = make_parcel(server.url())
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("disk full", False, False)
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": parcel.file.read_bytes()}


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("452 no space", "disk full"),
        ("552 quota", "disk full"),
        ("426 broken", "426, not written"),
        ("226 what came is enough", "reset"),
        (None, "reset"),
    ],
)
def test_a_reset_while_the_body_is_sent(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, reply: str | None, result: str
) -> None:
    """The server breaks the data connection; its reply may say why. The next try overwrites the half."""
    server = scripted(takes=1_000_000, orders={"DATA": [reply]})
    parcel = make_parcel(server.url(), audio=BIG)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == (result, False, False)
    assert "a.mp3" not in server.files
    server.takes = None
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": BIG}


@pytest.mark.parametrize("reply", [None, b"", b"2", b"226 Transfer com", b"226-one\r\n226-two\r\n"])
def test_a_receipt_cut_short_is_no_success(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, reply: bytes | None
) -> None:
    """Truncated acknowledgement: everything arrived, nobody knows; it is sent again, and is there once (design §12)."""
    server = scripted(orders={"DATA": [reply]})
    parcel = make_parcel(server.url())
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("broken answer", False, False)
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": parcel.file.read_bytes()}


@pytest.mark.parametrize("verb", ["HELLO", "USER", "PASS", "TYPE", "PASV", "STOR", "SIZE", "RNFR", "RNTO"])
def test_hanging_up_at_any_step(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, verb: str) -> None:
    """Whatever was going on, the next try leaves one file, whole."""
    server = scripted(orders={verb: [None]})
    parcel = make_parcel(server.url())
    outcome = carrier.send(parcel)
    assert (outcome.is_stored, outcome.is_final) == (False, False) and outcome.result in ("broken answer", "reset")
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": parcel.file.read_bytes()}


@pytest.mark.parametrize("reply", [None, b"250 ren"])
def test_a_rename_whose_receipt_was_lost(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, reply: bytes | None
) -> None:
    """The recording has its name already: sending it again replaces it."""
    server = scripted(orders={"RNTO": [reply]})
    parcel = make_parcel(server.url())
    assert not carrier.send(parcel).is_stored
    server.files = {"a.mp3": server.files.popitem()[1]}
    assert carrier.send(parcel).is_stored and server.files == {"a.mp3": parcel.file.read_bytes()}


def test_a_server_that_never_renames_over_a_file(carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start) -> None:
    """The file that has the name makes room, once the new one is there and counted."""
    server = scripted(keeps_names=True, files={"a.mp3": b"old"})
    parcel = make_parcel(server.url())
    assert carrier.send(parcel).is_stored
    assert server.files == {"a.mp3": parcel.file.read_bytes()}
    assert server.verbs().index("SIZE") < server.verbs().index("DELE")


@pytest.mark.parametrize("may_delete", [True, False])
def test_a_server_that_never_renames(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, may_delete: bool
) -> None:
    """Upload folders for everybody often allow nothing else: the recording is written to its name, as in production."""
    kept: list[str | bytes | None] = [] if may_delete else ["550 no"] * 4
    server = scripted(orders={"RNFR": ["502 what"] * 4, "DELE": kept})
    parcel = make_parcel(server.url())
    assert carrier.send(parcel).is_stored
    assert server.files["a.mp3"] == parcel.file.read_bytes()
    assert len(server.files) == (1 if may_delete else 2)


@pytest.mark.parametrize(
    ("reply", "result", "is_stored"),
    [
        ("213 5", "arrived short", False),
        ("213 huge", "arrived short", False),
        ("200 fine", "arrived short", False),
        ("450 busy", "450, not written", False),
        ("502 no such command", "226", True),
        ("550 not for you", "226", True),
    ],
)
def test_the_file_is_counted(
    carrier: FtpCarrier, make_parcel: MakeParcel, scripted: Start, reply: str, result: str, is_stored: bool
) -> None:
    """A receipt for half a file is no success; a server that cannot count is believed."""
    server = scripted(orders={"SIZE": [reply]})
    outcome = carrier.send(make_parcel(server.url()))
    assert (outcome.result, outcome.is_stored) == (result, is_stored)
    assert is_stored or not outcome.is_final
