"""What players ask for: ranges, validators, types (RFC 9110 §13, §14)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.storage.playback import UnsatisfiableRange, range_of
from callflow.storage.receiver import RunningReceiver

DIGITS = b"0123456789"


class QuietLog:
    """A log that shows nothing."""

    def info(self, event: str, /, **facts: object) -> None:
        """Drop the line."""


@pytest.fixture(scope="module")
def lasting_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A recording of ten bytes, for tests that only read it."""
    with RunningReceiver(tmp_path_factory.mktemp("in"), log=QuietLog()) as running:
        send("PUT", f"{running.url}/a/b.mp3", content=DIGITS)
        yield f"{running.url}/a/b.mp3"


def send(method: str, url: str, **wishes: Any) -> httpx2.Response:
    """Ask without reading the certificates of this machine, which would take longer than everything else."""
    return httpx2.request(method, url, verify=False, **wishes)


@pytest.fixture
def url(receiver: RunningReceiver) -> str:
    """A recording of ten bytes."""
    send("PUT", f"{receiver.url}/a/b.mp3", content=DIGITS)
    return f"{receiver.url}/a/b.mp3"


def test_a_recording_can_be_heard(lasting_url: str) -> None:
    """GET and HEAD with type, length, what a player needs to seek, and no guessing."""
    whole, head = send("GET", lasting_url), send("HEAD", lasting_url)
    assert (whole.status_code, whole.content) == (200, DIGITS)
    assert (head.status_code, head.content) == (200, b"")
    for answer in (whole, head):
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert answer.headers["Content-Length"] == "10"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Last-Modified"].endswith(" GMT")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.MP3", "audio/mpeg"), ("a.wav", "audio/x-wav"), ("a", "application/octet-stream")]
)
def test_the_type_is_the_extensions(receiver: RunningReceiver, name: str, kind: str) -> None:
    """By name in any case; what is no audio is bytes."""
    send("PUT", f"{receiver.url}/{name}", content=b"<script>", headers={"Content-Type": "text/html"})
    assert send("GET", f"{receiver.url}/{name}").headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("wish", "content", "place"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=0-", DIGITS, "bytes 0-9/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", DIGITS, "bytes 0-9/10"),
        ("bytes=9-99", b"9", "bytes 9-9/10"),
        ("Bytes = 0-0", b"0", "bytes 0-0/10"),
    ],
)
def test_a_range_is_a_part(lasting_url: str, wish: str, content: bytes, place: str) -> None:
    """206 with what it is a part of."""
    answer = send("GET", lasting_url, headers={"Range": wish})
    assert (answer.status_code, answer.content, answer.headers["Content-Range"]) == (206, content, place)
    assert answer.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("wish", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_behind_the_end_is_416(lasting_url: str, wish: str) -> None:
    """With the size, so that the player can ask anew."""
    answer = send("GET", lasting_url, headers={"Range": wish})
    assert (answer.status_code, answer.content, answer.headers["Content-Range"]) == (416, b"", "bytes */10")


@pytest.mark.parametrize(
    "wish", ["bytes=0-1,3-4", "bytes=4-2", "bytes=-", "bytes=x-", "lines=1-2", "bytes=1", "9" * 99]
)
def test_what_is_no_single_range_gives_the_whole(lasting_url: str, wish: str) -> None:
    """Several ranges and nonsense may be ignored."""
    answer = send("GET", lasting_url, headers={"Range": wish})
    assert (answer.status_code, answer.content) == (200, DIGITS)


def test_a_range_of_another_version_gives_the_whole(receiver: RunningReceiver, url: str) -> None:
    """If-Range: a player never puts two versions together; the tag changes with every upload."""
    first = send("GET", url).headers
    for validator in (first["ETag"], first["Last-Modified"]):
        assert send("GET", url, headers={"Range": "bytes=2-4", "If-Range": validator}).status_code == 206
    os.utime(receiver.folder / "a" / "b.mp3", (1, 1))
    send("PUT", url, content=b"abcdefghij")
    for validator in (first["ETag"], "W/" + send("GET", url).headers["ETag"], "Thu, 01 Jan 1970 00:00:01 GMT"):
        answer = send("GET", url, headers={"Range": "bytes=2-4", "If-Range": validator})
        assert (answer.status_code, answer.content) == (200, b"abcdefghij")


def test_what_a_browser_has_is_not_sent_again(url: str) -> None:
    """304 by tag, as long as it is that version."""
    tag = send("GET", url).headers["ETag"]
    for known in (tag, f'"x", W/{tag}'):
        answer = send("GET", url, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    send("PUT", url, content=DIGITS)
    assert send("GET", url, headers={"If-None-Match": tag}).status_code == 200


def test_an_empty_recording_can_be_asked_for(receiver: RunningReceiver) -> None:
    """C39: empty files are recordings too."""
    send("PUT", f"{receiver.url}/a.wav", content=b"")
    assert send("GET", f"{receiver.url}/a.wav").content == b""
    assert send("GET", f"{receiver.url}/a.wav", headers={"Range": "bytes=0-"}).status_code == 416


def test_readers_get_one_version_whole_while_it_is_replaced(receiver: RunningReceiver) -> None:
    """Concurrent GET and PUT: never a mixture, never short."""
    bodies = [bytes([number]) * (900_000 + number) for number in range(8)]
    send("PUT", f"{receiver.url}/a.mp3", content=bodies[0])

    def get(_: int) -> bytes:
        return send("GET", f"{receiver.url}/a.mp3").content

    def put(body: bytes) -> int:
        return send("PUT", f"{receiver.url}/a.mp3", content=body).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(put, bodies)
        read = list(pool.map(get, range(24)))
        assert set(answers) == {200}
    assert set(read) <= set(bodies)


def test_what_is_not_there_is_404(receiver: RunningReceiver) -> None:
    """Neither a missing file nor a folder is a recording."""
    send("PUT", f"{receiver.url}/a/b.mp3", content=b"")
    assert [send("GET", f"{receiver.url}/{path}").status_code for path in ("b.mp3", "a", "x/y")] == [404, 404, 404]


@given(st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True) | st.text(), st.integers(0, 2_000))
def test_a_range_lies_in_the_file(wish: str, size: int) -> None:
    """Whatever is asked for."""
    try:
        part = range_of(wish, size)
    except UnsatisfiableRange:
        return
    assert part is None or 0 <= part[0] < part[1] <= size
