"""FTP uploads to a real server, pyftpdlib: names, folders, logins, one file at the end (B§6.3; design §12)."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from callflow.storage.ftp import FtpCarrier
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Start = Callable[..., Any]


@pytest.fixture
def carrier() -> Iterator[FtpCarrier]:
    """A carrier that waits 5 s at most."""
    opened = FtpCarrier(timeout_ms=5_000)
    yield opened
    opened.close()


def test_a_recording_arrives(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """Issue 4, Must show: the file that arrives equals ours byte for byte, and nothing else is left there."""
    server = start_server()
    parcel = make_parcel(server.url("call_recording_1.mp3"))
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("226", True, True)
    assert outcome.place == server.url("call_recording_1.mp3", user="***@")
    assert server.files() == {"call_recording_1.mp3": parcel.file.read_bytes()}


@pytest.mark.parametrize("audio", [b"", b"\r\n\n\r\x1a\xff\xf4", b"x" * (1 << 20), b"y" * ((1 << 20) + 1)])
def test_any_bytes_arrive(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start, audio: bytes) -> None:
    """Line ends, Telnet's codes, no bytes at all, whole blocks and one more: binary is binary."""
    server = start_server()
    assert carrier.send(make_parcel(server.url("a.wav"), audio=audio)).is_stored
    assert server.files() == {"a.wav": audio}


def test_the_document_stays_in_the_journal(carrier: FtpCarrier, make_parcel: MakeParcel) -> None:
    """B§6.5: an FTP server takes audio only; no connection is made."""
    outcome = carrier.save_metadata(make_parcel("ftp://kazoo:secret@h.example/a.mp3"))
    assert (outcome.result, outcome.place, outcome.is_stored) == ("journalled", "ftp://***@h.example/a.mp3", True)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a/b/c/x.mp3", "a/b/c/x.mp3"),
        ("a//b/./x.mp3", "a/b/x.mp3"),
        ("%C3%84rger/caf%C3%A9 1.mp3", "Ärger/café 1.mp3"),
        ("call_recording_a%40b%20c.mp3", "call_recording_a@b c.mp3"),
        ("call_recording_a%2F..%2Fb.mp3", "call_recording_a%2F..%2Fb.mp3"),
        ("..%2Fx.mp3", "..%2Fx.mp3"),
        ("a%5Cb\\c.mp3", "a%5Cb%5Cc.mp3"),
        ("call_%FF.mp3", "call_%FF.mp3"),
        ("r?x=1/a#b.mp3", "r?x=1/a#b.mp3"),
        ("-l/ .mp3", "-l/ .mp3"),
        ("100%.mp3", "100%.mp3"),
    ],
)
def test_names_are_decoded_and_stay_one_name(
    carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start, path: str, kept: str
) -> None:
    """Issue 4, item 4: percent-encoded call ids; a part of an address is one name on the server, or stays encoded."""
    server = start_server()
    assert carrier.send(make_parcel(server.url(path))).is_stored
    assert [*server.files()] == [kept]


@pytest.mark.parametrize(
    "path",
    [
        "a/../x.mp3",
        "%2E%2E/x.mp3",
        "a/..",
        "a/%2e",
        "a/",
        "",
        "a%0D%0ADELE%20x.mp3",
        "a\r\nx.mp3",
        "a%00.mp3",
        "\ud800",
    ],
)
def test_addresses_that_lead_elsewhere_are_refused(
    carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start, path: str
) -> None:
    """Everything from a file is hostile: out of the folder, or into the conversation, no address leads."""
    server = start_server()
    outcome = carrier.send(make_parcel(server.url(path)))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("bad url", False, True)
    assert server.files() == {} and server.commands == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://kazoo:a%0D%0ADELE%20x@127.0.0.1:9/a.mp3",
        "ftp://ka%0Azoo:a@127.0.0.1:9/a.mp3",
        "ftp://127.0.0.1:99999/a.mp3",
        "ftp://127.0.0.1:x/a.mp3",
        "ftp:///a.mp3",
        "ftp://[::1/a.mp3",
        f"ftp://{'a' * 64}.example/a.mp3",
        "ftp://h..example/a.mp3",
    ],
)
def test_no_address_at_all(carrier: FtpCarrier, make_parcel: MakeParcel, url: str) -> None:
    """A user name with a line break in it, a port that is none: final, and no crash."""
    outcome = carrier.send(make_parcel(url))
    assert (outcome.result, outcome.is_final) == ("bad url", True)


def test_folders_that_exist_are_used(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """Missing folders are made one by one; those that are there are no fault."""
    server = start_server()
    for name in ("a/x.mp3", "a/b/y.mp3", "a/b/y.mp3"):
        assert carrier.send(make_parcel(server.url(name), audio=name.encode())).is_stored
    assert server.files() == {"a/x.mp3": b"a/x.mp3", "a/b/y.mp3": b"a/b/y.mp3"}


def test_sent_twice_it_is_there_once(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """Design §12: exactly once for FTP; a half upload of an earlier try is overwritten."""
    server = start_server()
    parcel = make_parcel(server.url("a.mp3"))
    (server.folder / f".{parcel.delivery_id}.part").write_bytes(b"half")
    (server.folder / "a.mp3").write_bytes(b"another recording of the call, and a longer one" * 10_000)
    for _ in range(2):
        assert carrier.send(parcel).is_stored
    assert server.files() == {"a.mp3": parcel.file.read_bytes()}


def test_without_a_user_it_is_anonymous(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """B§6.3: no user means `anonymous`, with `kazoo@host`."""
    server = start_server()
    outcome = carrier.send(make_parcel(server.url("in/a.mp3", user="")))
    assert outcome.is_stored and [*server.files()] == ["in/a.mp3"]


def test_a_wrong_password_is_final_and_not_shown(
    carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start
) -> None:
    """530: trying again would only lock the account; no result or place shows what was sent."""
    server = start_server()
    outcome = carrier.send(make_parcel(server.url("a.mp3", user="kazoo:hunter2@")))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("530, login refused", False, True)
    assert "hunter2" not in repr(outcome) and server.files() == {}


def test_over_ipv6(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """EPSV, the passive mode that knows no addresses (RFC 2428)."""
    server = start_server(host="::1")
    assert carrier.send(make_parcel(server.url("a.mp3"))).is_stored
    assert "EPSV" in server.commands and [*server.files()] == ["a.mp3"]


def test_a_file_where_a_folder_should_be(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """550 stays 550 however often it is asked: final."""
    server = start_server()
    (server.folder / "a").write_bytes(b"a file")
    outcome = carrier.send(make_parcel(server.url("a/x.mp3")))
    assert (outcome.result, outcome.is_final) == ("550, no such folder", True)
    assert server.files() == {"a": b"a file"}


def test_several_at_once(carrier: FtpCarrier, make_parcel: MakeParcel, start_server: Start) -> None:
    """One carrier serves several threads; they make the same missing folders at the same time."""
    server = start_server()
    parcels = [make_parcel(server.url(f"a/b/{number}.mp3"), audio=bytes([number]) * 100_000) for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert all(outcome.is_stored for outcome in pool.map(carrier.send, parcels))
    assert server.files() == {f"a/b/{number}.mp3": bytes([number]) * 100_000 for number in range(12)}


def test_a_long_recording_takes_no_memory(start_server: Start, tmp_path: Path) -> None:
    """Issue 4, item 2: constant memory; 60 MB go through less than 4 MB, and arrive whole."""
    server = start_server()
    script = Path(__file__).with_name("growth.py")
    command = [sys.executable, "-P", str(script), "callflow.storage.ftp:FtpCarrier", server.url("a.mp3"), "60"]
    done = subprocess.run([*command, str(tmp_path)], text=True, capture_output=True, timeout=60, check=True)
    result, growth_kb = done.stdout.split()
    assert result == "226"
    assert int(growth_kb) < 4_096
    sums = [hashlib.sha256(file.read_bytes()).digest() for file in (server.folder / "a.mp3", tmp_path / "big.mp3")]
    assert sums[0] == sums[1] and [*server.files()] == ["a.mp3"]
