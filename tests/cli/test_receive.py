"""`callflow receive`: the URL first, a line for each file, errors in one line (issue 2, items 9 and 10)."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from callflow.cli import verbs
from callflow.cli.receive import TOKEN_VARIABLE, Shown
from callflow.storage import receiver
from callflow.storage.terms import Terms

TIMEOUT_S = 60


def receive(*arguments: str | Path) -> Result:
    """Run `callflow receive`; nothing that it raises but SystemExit passes unseen."""
    result = CliRunner().invoke(verbs, ["receive", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@contextmanager
def running(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The verb as a process, and the URL that it printed; killed at the end if it still runs."""
    command = [sys.executable, "-m", "callflow", "receive", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            if process.poll() is None:
                process.kill()


def put(url: str, path: str, body: bytes, method: str = "PUT") -> int:
    """Send a file and return the status."""
    address = urlsplit(url)
    assert address.hostname is not None
    with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_S)) as connection:
        connection.request(method, path, body)
        return connection.getresponse().status


def test_files_are_kept_and_shown_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    """The first line is the URL; a missing folder is made; one line a stored file; Ctrl-C ends with 0."""
    folder = tmp_path / "new" / "recordings"
    with running(folder, "--max-bytes", "100") as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert put(url, "/acme/call_recording_1.mp3", b"x" * 100) == 201
        assert put(url, "/acme/call_recording_1.mp3", b"y" * 50) == 200
        assert put(url, "/acme/call_recording_2.mp3", b"z" * 101) == 413
        assert put(url, "/../outside.mp3", b"z") == 400
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None and process.stderr is not None
        output, errors = (
            process.stdout.read(),
            process.stderr.read(),
        )  # communicate() would miss what readline() buffered
        process.wait(TIMEOUT_S)
    assert (process.returncode, errors) == (0, "")
    times, lines = zip(*(line.rpartition("Z ")[::2] for line in output.splitlines()), strict=True)
    assert list(lines) == [
        f"stores in {folder}; Ctrl-C ends it",
        "stored acme/call_recording_1.mp3: 100 bytes",
        "stored acme/call_recording_1.mp3: 50 bytes, in place of an earlier one",
        "refused /acme/call_recording_2.mp3 from 127.0.0.1: 413, a recording may have 100 bytes here",
        "refused /../outside.mp3 from 127.0.0.1: 400, a part of the path starts with a dot",
        "2 files, 150 bytes received; 2 refused",
    ]
    assert [bool(time) for time in times] == [False, True, True, True, True, False]
    assert all(datetime.fromisoformat(time) for time in times if time)
    assert (folder / "acme" / "call_recording_1.mp3").read_bytes() == b"y" * 50
    assert [each.name for each in tmp_path.iterdir()] == ["new"]


def test_a_sender_is_answered_when_nobody_reads_the_lines(tmp_path: Path) -> None:
    """The file is safe, so the sender is told so, whatever became of our stdout."""
    with running(tmp_path) as (process, url):
        assert process.stdout is not None
        process.stdout.close()
        assert put(url, "/a.mp3", b"x") == 201
        assert put(url, "/b.mp3", b"x") == 201
    assert {each.name for each in tmp_path.iterdir()} >= {"a.mp3", "b.mp3"}


def test_what_a_killed_receiver_left_is_gone_after_a_restart(tmp_path: Path) -> None:
    """Killed (-9) in the middle of an upload: nothing visible, then nothing at all; what was stored stays."""
    head = b"PUT /b.mp3 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n"
    with running(tmp_path) as (process, url):
        assert put(url, "/a.mp3", b"x") == 201
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
            connection.sendall(head)
            assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
            process.kill()
            process.wait(TIMEOUT_S)
    assert [each.name.startswith(".draft-") for each in tmp_path.iterdir()].count(True) == 1
    with running(tmp_path):
        assert [each.name for each in tmp_path.iterdir()] == ["a.mp3"]


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    """A player that stops reading in the middle: nothing on stderr, and the next one is served."""
    (tmp_path / "a.wav").write_bytes(bytes(50_000_000))
    with running(tmp_path) as (process, url):
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
            connection.sendall(b"GET /a.wav HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert put(url, "/b.mp3", b"x") == 201
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None and process.stderr.read() == ""
        assert process.wait(TIMEOUT_S) == 0


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    """The port, what is wrong, what to do; status 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = receive(tmp_path, "--port", str(port))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: 127.0.0.1:{port}: cannot listen there, ")
    assert result.stderr.endswith("; take another port, 0 for any\n")


@pytest.mark.parametrize("below", ["", "inside"])
def test_a_file_is_no_folder(tmp_path: Path, below: str) -> None:
    """A file where the folder, or one above it, should be; status 2, the file untouched."""
    file = tmp_path / "taken"
    file.write_text("mine")
    result = receive(file / below)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {file / below}: cannot be written, ")
    assert result.stderr.endswith("; name another folder\n") and result.stderr.count("\n") == 1
    assert file.read_text() == "mine"


def test_a_hostile_folder_name_stays_on_its_line(tmp_path: Path) -> None:
    """Control characters of a name never reach the terminal."""
    (tmp_path / "a\x1b[2J\n").write_text("")
    result = receive(tmp_path / "a\x1b[2J\n")
    assert result.exit_code == 2
    assert "a\\x1b[2J\\n" in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "65536"],
        ["--port", "-1"],
        ["--port", "x"],
        ["--max-bytes", "0"],
        ["--max-uploads", "0"],
        ["--timeout", "0"],
        ["--host", "my host"],
        ["--host", ""],
    ],
)
def test_wrong_options_are_one_line(tmp_path: Path, arguments: list[str]) -> None:
    """Ports end at 65535, a limit is at least a byte, a host is an IP address."""
    result = receive(tmp_path / "new", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: callflow receive: ") and result.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the token of whoever runs the tests out of them."""
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the server was started with, in place of starting it."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(receiver, "serve_forever", lambda *given: calls.append(given))
    return calls


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_open_door_is_warned_about(tmp_path: Path, served: list[tuple[Any, ...]], host: str) -> None:
    """Beyond loopback anybody may store files: said on stderr, and done."""
    result = receive(
        tmp_path, "--host", host, "--port", "8080", "--max-bytes", "5", "--max-uploads", "7", "--timeout", "9"
    )
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {host} is not only this machine: ")
    assert "can store and fetch recordings" in result.stderr
    assert served == [(tmp_path, 8080, host, Shown(), Terms(5, 7, 9_000))]


def test_an_open_door_with_a_token_is_warned_about(tmp_path: Path, served: list[tuple[Any, ...]]) -> None:
    """Plain HTTP: whoever listens on the way learns it."""
    (tmp_path / "token").write_text("sesame\n")
    result = receive(tmp_path, "--host", "0.0.0.0", "--token-file", tmp_path / "token")
    assert result.stderr.endswith("the token and the recordings travel unencrypted\n")
    assert served[0][-1] == Terms(token="sesame")
    assert "sesame" not in result.output


@pytest.mark.parametrize(("is_file", "token"), [(True, "of-file"), (False, "of-environment")])
def test_a_token_comes_from_a_file_or_the_environment(
    tmp_path: Path, served: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, is_file: bool, token: str
) -> None:
    """Never from the command line, where every user of the machine sees it; what is named goes first."""
    monkeypatch.setenv(TOKEN_VARIABLE, "of-environment")
    (tmp_path / "token").write_text("of-file\n")
    options: list[str | Path] = ["--token-file", tmp_path / "token"] if is_file else []
    assert receive(tmp_path, *options).exit_code == 0
    assert served[0][-1] == Terms(token=token)


def test_a_token_that_is_none_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 2 before anything is made or listened to; the value is not shown."""
    monkeypatch.setenv(TOKEN_VARIABLE, "two words")
    result = receive(tmp_path / "new")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: ${TOKEN_VARIABLE}: is no token; ") and "two words" not in result.stderr
    result = receive(tmp_path / "new", "--token-file", tmp_path / "missing")
    assert result.exit_code == 2 and "missing: cannot be read, no such file" in result.stderr
    assert not (tmp_path / "new").exists()


def test_the_token_is_asked_for(tmp_path: Path) -> None:
    """The whole way: file, receiver, refusal in the log, nothing of the token in it."""
    (tmp_path / "token").write_text("sesame\n")
    with running(tmp_path / "in", "--token-file", tmp_path / "token") as (process, url):
        assert put(url, "/a.mp3", b"x") == 401
        assert put(url, "/a.mp3?token=sesame", b"x") == 201
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None and process.stderr is not None
        output, errors = process.stdout.read(), process.stderr.read()
        process.wait(TIMEOUT_S)
    assert (process.returncode, errors) == (0, "")
    assert "refused /a.mp3 from 127.0.0.1: 401, the token is missing or wrong" in output and "sesame" not in output
    assert output.endswith("1 file, 1 bytes received; 1 refused\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_not_warned_about(tmp_path: Path, served: list[tuple[Any, ...]], host: str) -> None:
    """On this machine alone there is nothing to warn of; without options any free port is taken."""
    result = receive(tmp_path, "--host", host)
    assert (result.exit_code, result.stderr) == (0, "")
    assert served == [(tmp_path, 0, "127.0.0.1" if host == "localhost" else host, Shown(), Terms())]


def test_stored_names_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """Senders choose names: marks that would steer the terminal are shown as escapes."""
    Shown().info("stored", path="a\u202e\x9b.mp3", bytes=3, sha256="", is_new=True, length_ms=61_500)
    assert capsys.readouterr().out.endswith("Z stored a\\u202e\\x9b.mp3: 3 bytes, 1:01.500\n")
    Shown().info("refused", path="/" + "x" * 9_000, status=400, reason="a\nb", sender="127.0.0.1")
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and len(line) < 300
