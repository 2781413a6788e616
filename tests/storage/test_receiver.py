"""The receiver over real sockets: what it takes, what it answers, what it gives back (issue 2, item 9)."""

from __future__ import annotations

import hashlib
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from callflow.core.errors import StorageError
from callflow.storage.durable import Draft
from callflow.storage.idempotency import FOLDER
from callflow.storage.received import Received
from callflow.storage.receiver import RunningReceiver
from callflow.storage.reception import Log


def send(method: str, url: str, **wishes: Any) -> httpx2.Response:
    """Ask without reading the certificates of this machine, which would take longer than everything else."""
    return httpx2.request(method, url, verify=False, **wishes)


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_recording_is_kept_under_its_path(receiver: RunningReceiver, method: str) -> None:
    """201 with path, size and digest; sub-folders of the path are kept below the folder."""
    url = f"{receiver.url}/acme/alice/call_recording_a%40b.mp3?from=1"
    answer = send(method, url, content=b"abc")
    path = "acme/alice/call_recording_a@b.mp3"
    assert (answer.status_code, answer.json()) == (201, {"path": path, "bytes": 3, "sha256": digest(b"abc")})
    assert (receiver.folder / path).read_bytes() == b"abc"
    assert receiver.stored() == (Received(path, 3, digest(b"abc"), True),)


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "Multipart/Form-Data"])
def test_a_form_is_refused(receiver: RunningReceiver, method: str, kind: str) -> None:
    """415 with what to do: a form's boundaries are no audio, and nothing of it is kept."""
    body = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nabc\r\n--x--\r\n'
    answer = send(method, f"{receiver.url}/a.mp3", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415 and "send the raw bytes" in answer.text
    assert (os.listdir(receiver.folder), receiver.stored()) == ([], ())


def test_a_replaced_recording_is_200(receiver: RunningReceiver) -> None:
    """201 new, 200 replaced: a second PUT to one URL overwrites, as in production (B§6.3)."""
    answers = [send("PUT", f"{receiver.url}/a.mp3", content=content) for content in (b"one", b"two")]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert (receiver.folder / "a.mp3").read_bytes() == b"two"
    assert [record.is_new for record in receiver.stored()] == [True, False]


def test_a_large_body_in_chunks_arrives_whole(receiver: RunningReceiver) -> None:
    """No Content-Length, several blocks: streamed all the same."""
    pieces = [bytes([number]) * 700_001 for number in range(5)]
    answer = send("PUT", f"{receiver.url}/a.mp3", content=iter(pieces))
    assert (answer.status_code, answer.json()["sha256"]) == (201, digest(b"".join(pieces)))
    assert (receiver.folder / "a.mp3").read_bytes() == b"".join(pieces)


def test_a_post_with_a_known_key_stores_nothing(receiver: RunningReceiver) -> None:
    """Same key, same bytes: 200, the same answer, no second file; other bytes: refused."""

    def post(path: str, content: bytes) -> httpx2.Response:
        return send("POST", f"{receiver.url}/{path}", content=content, headers={"Idempotency-Key": "202611-1"})

    first, again, other = post("a.mp3", b"abc"), post("a.mp3", b"abc"), post("a.mp3", b"abd")
    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 422]
    assert first.json() == again.json()
    assert sorted(os.listdir(receiver.folder)) == [FOLDER, "a.mp3"]
    assert len(receiver.stored()) == 1


def test_a_key_survives_a_restart(tmp_path: Path, quiet_log: Log) -> None:
    """The sender's retry, when the receiver was started anew meanwhile: stored once."""
    for number in range(2):
        with RunningReceiver(tmp_path / "in", log=quiet_log) as receiver:
            headers = {"Idempotency-Key": "202611-1"}
            answer = send("POST", f"{receiver.url}/0.mp3", content=b"abc", headers=headers)
            assert (answer.status_code, answer.json()["path"]) == (200 if number else 201, "0.mp3")
            assert len(receiver.stored()) == 1 - number
    assert sorted(os.listdir(tmp_path / "in")) == [FOLDER, "0.mp3"]


def test_a_key_may_not_be_endless(receiver: RunningReceiver) -> None:
    """Keys are remembered: 255 characters at most."""
    answer = send("POST", f"{receiver.url}/a.mp3", content=b"", headers={"Idempotency-Key": "x" * 256})
    assert (answer.status_code, os.listdir(receiver.folder)) == (400, [])


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_other_methods_are_refused(receiver: RunningReceiver, method: str) -> None:
    """405 says what is allowed."""
    answer = send(method, f"{receiver.url}/a.mp3")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST, PUT")


def test_a_file_in_the_way_is_a_conflict(receiver: RunningReceiver) -> None:
    """A name is a file or a folder, and stays what it is."""
    send("PUT", f"{receiver.url}/a", content=b"abc")
    send("PUT", f"{receiver.url}/f/x", content=b"abc")
    answers = [send("PUT", f"{receiver.url}/{path}", content=b"new") for path in ("a/b.mp3", "f")]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert (receiver.folder / "a").read_bytes() == b"abc"
    assert sorted(os.listdir(receiver.folder)) == ["a", "f"]


def test_a_link_in_the_folder_is_a_conflict(receiver: RunningReceiver, tmp_path: Path) -> None:
    """Links are not followed out of the folder."""
    (tmp_path / "outside").mkdir()
    (receiver.folder / "way").symlink_to(tmp_path / "outside")
    assert send("PUT", f"{receiver.url}/way/a.mp3", content=b"abc").status_code == 409
    assert os.listdir(tmp_path / "outside") == []


def test_a_full_disk_is_507(receiver: RunningReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender learns that the bytes are not safe; nothing is left."""

    def settle(self: Draft) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Draft, "settle", settle)
    answer = send("PUT", f"{receiver.url}/a.mp3", content=b"abc")
    assert (answer.status_code, answer.text) == (507, "not stored: disk full\n")
    assert os.listdir(receiver.folder) == []


def test_a_taken_port_is_one_clear_error(tmp_path: Path, quiet_log: Log) -> None:
    """The port is the user's choice."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StorageError, match=f"127.0.0.1:{port}: cannot listen there, .*; take another port"):
            RunningReceiver(tmp_path, port=port, log=quiet_log).__enter__()
    with pytest.raises(StorageError, match="no such port"):
        RunningReceiver(tmp_path, port=70_000, log=quiet_log).__enter__()


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """Before anything listens."""
    (tmp_path / "in the way").write_text("")
    with pytest.raises(StorageError, match="in the way: cannot be written"):
        RunningReceiver(tmp_path / "in the way").__enter__()


def test_a_stopped_receiver_takes_nothing_and_can_be_started_again(tmp_path: Path, quiet_log: Log) -> None:
    """Leaving the context frees the port and keeps the files."""
    with RunningReceiver(tmp_path / "in", log=quiet_log) as first:
        send("PUT", f"{first.url}/a.mp3", content=b"abc")
    with pytest.raises(httpx2.ConnectError):
        send("GET", first.url)
    port = int(first.url.rpartition(":")[2])
    with RunningReceiver(tmp_path / "in", port=port, log=quiet_log) as second:
        assert send("GET", f"{second.url}/a.mp3").content == b"abc"
        assert second.stored() == ()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_name_in_the_query_is_kept(receiver: RunningReceiver, method: str) -> None:
    """B§6.3: a `url` with a query of its own gets the name as a value; every recording has its own file."""
    for name in ("call_recording_1.mp3", "call_recording_2.mp3"):
        answer = send(method, f"{receiver.url}/kzr?x=y&recording={name}&from=1&call_id=", content=b"abc")
        assert (answer.status_code, answer.json()["path"]) == (201, f"kzr/{name}")
    assert send("GET", f"{receiver.url}/kzr/call_recording_2.mp3").content == b"abc"


def test_concurrent_uploads_are_answered_truthfully(receiver: RunningReceiver) -> None:
    """PUTs to one name: one is new; the last complete one is there, whole; nothing else is."""
    bodies = [bytes([number]) * 3_000_000 for number in range(6)]

    def put(body: bytes) -> httpx2.Response:
        return send("PUT", f"{receiver.url}/a.mp3", content=body)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(put, bodies))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert [answer.json()["sha256"] for answer in answers] == [digest(body) for body in bodies]
    assert os.listdir(receiver.folder) == ["a.mp3"]
    first, *_, last = receiver.stored()
    assert first.is_new and digest((receiver.folder / "a.mp3").read_bytes()) == last.sha256
    assert sorted(record.sha256 for record in receiver.stored()) == sorted(map(digest, bodies))
    new = next(answer for answer in answers if answer.status_code == 201)
    assert new.json()["sha256"] == first.sha256


def test_a_connection_serves_many_requests(receiver: RunningReceiver) -> None:
    """Keep-alive, also after a refusal whose body was not wanted."""
    with socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2]))) as connection:
        answers = connection.makefile("rb")
        for path, status in (("/a.mp3", 201), ("/../b.mp3", 400), ("/a.mp3", 200), ("/.c", 400)):
            connection.sendall(
                f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n".encode() + b"x" * 300_000
            )
            assert answers.readline().startswith(f"HTTP/1.1 {status} ".encode())
            heads = dict(line.decode().strip().lower().split(": ") for line in iter(answers.readline, b"\r\n"))
            answers.read(int(heads["content-length"]))


def test_each_upload_is_a_line(tmp_path: Path) -> None:
    """Stored: name, size, digest, length. Refused: the path without the query, the reason, the sender."""
    lines: list[tuple[str, dict[str, Any]]] = []

    class Lines:
        def info(self, event: str, /, **facts: object) -> None:
            lines.append((event, facts))

    with RunningReceiver(tmp_path / "in", log=Lines()) as receiver:
        send("PUT", f"{receiver.url}/a.mp3", content=b"abc")
        send("PUT", f"{receiver.url}/a%0A.mp3?x=y", content=b"abc")
        send("GET", f"{receiver.url}/b.mp3")
    assert lines == [
        ("stored", {"path": "a.mp3", "bytes": 3, "sha256": digest(b"abc"), "is_new": True, "length_ms": None}),
        (
            "refused",
            {
                "path": "/a%0A.mp3",
                "status": 400,
                "reason": "a part of the path holds a control character",
                "sender": "127.0.0.1",
            },
        ),
    ]
