"""The receiver when senders misbehave: nothing half-written is ever visible (issue 2, item 9)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from callflow.storage import connection as connection_module
from callflow.storage import receiver as receiver_module
from callflow.storage.receiver import RunningReceiver
from callflow.storage.reception import Log, Reception
from callflow.storage.shelf import Shelf
from callflow.storage.terms import DEFAULT_TERMS


def speak(receiver: RunningReceiver, text: bytes) -> socket.socket:
    """Connect, send `text`, and return the open connection."""
    host, port = receiver.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(text)
    return connection


@pytest.mark.parametrize(
    "text",
    [
        b"PUT /a.mp3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1_500_000,
        b"PUT /a.mp3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"PUT /a.mp3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ],
    ids=["length", "chunks", "nonsense"],
)
def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path, quiet_log: Log, text: bytes) -> None:
    """Client abort: the temporary file is removed, nothing is visible, nothing is counted."""
    with RunningReceiver(tmp_path / "in", log=quiet_log) as receiver:
        connection = speak(receiver, text)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
        connection.close()
    assert receiver.stored() == ()
    assert os.listdir(tmp_path / "in") == []


def test_a_stalled_upload_does_not_hold_up_the_end(
    tmp_path: Path, quiet_log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Stopping waits for uploads under way, not for ever; what did not arrive whole is removed."""
    monkeypatch.setattr(connection_module, "STOP_WITHIN_S", 0)
    with RunningReceiver(tmp_path / "in", log=quiet_log) as receiver:
        head = b"PUT /a.mp3 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n"
        connection = speak(receiver, head)
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        assert len(os.listdir(tmp_path / "in")) == 1
    connection.close()
    assert os.listdir(tmp_path / "in") == []
    assert not caplog.records


def test_a_paused_player_does_not_hold_up_the_end(
    tmp_path: Path, quiet_log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A browser reads no further than it plays: its connection is cut off when the receiver stops, without a word."""
    monkeypatch.setattr(receiver_module, "_CANCELLED_AFTER_S", 1)
    (tmp_path / "long.wav").touch()
    os.truncate(tmp_path / "long.wav", 1 << 28)
    with RunningReceiver(tmp_path, log=quiet_log) as receiver:
        connection = speak(receiver, b"GET /long.wav HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    connection.close()
    assert not caplog.records


def test_an_upload_under_way_is_hidden(receiver: RunningReceiver) -> None:
    """Before the end of the body the name does not exist, then it does, whole."""
    head = b"PUT /a.mp3 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n"
    with speak(receiver, head) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert httpx2.get(f"{receiver.url}/a.mp3").status_code == 404
        assert [name[0] for name in os.listdir(receiver.folder)] == ["."]
        assert "a.mp3" not in httpx2.get(receiver.url).text
        connection.sendall(b"def")
        assert connection.recv(4096).startswith(b"HTTP/1.1 201 ")
    assert (receiver.folder / "a.mp3").read_bytes() == b"abcdef"


def run_app(app: Reception, headers: list[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """Hand one PUT to the application as a server would, and return the start of its answer."""
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "PUT",
        "raw_path": b"/a.mp3",
        "path": "/a.mp3",
        "query_string": b"",
        "headers": headers,
    }
    asyncio.run(app(scope, receive, send))
    start: dict[str, Any] = sent[0]
    return start


@pytest.mark.parametrize("length", [b"2", b"4", b"-1", b"x", b"9" * 30])
def test_a_wrong_announcement_is_400(tmp_path: Path, quiet_log: Log, length: bytes) -> None:
    """Content-Length and body disagree, under a server that does not check it itself: nothing is stored."""
    shelf = Shelf(tmp_path / "in")
    start = run_app(Reception(shelf, quiet_log, DEFAULT_TERMS), [(b"content-length", length)], b"abc")
    shelf.close()
    assert start["status"] == 400
    assert os.listdir(tmp_path / "in") == []


def test_an_error_without_a_name_of_its_own_is_500(
    tmp_path: Path, quiet_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other fault of the file system is told, too."""

    def draft_for(self: Shelf, parts: tuple[str, ...]) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Shelf, "draft_for", draft_for)
    shelf = Shelf(tmp_path)
    assert run_app(Reception(shelf, quiet_log, DEFAULT_TERMS), [], b"abc")["status"] == 500
    shelf.close()


def test_it_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """`callflow receive`: the first line says where, an interrupt is a normal end."""
    code = (
        "import pathlib, sys; from callflow.storage.receiver import serve_forever; "
        "serve_forever(pathlib.Path(sys.argv[1]), 0)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "in")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        url = next(word for word in first.replace("=", " ").split() if word.startswith("http://"))
        assert httpx2.put(f"{url}/a.mp3", content=b"abc").status_code == 201
        second = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
    assert "receiving" in first and "stored" in second and "a.mp3" in second


def test_heavy_libraries_are_imported_on_use_only() -> None:
    """The dispatcher's own import pulls in no HTTP, SQL or server library."""
    code = (
        "import sys, callflow.storage.dispatcher, callflow.storage.outbox; "
        "print(sorted({'httpx2', 'sqlalchemy', 'starlette', 'uvicorn', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
