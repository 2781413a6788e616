"""Whatever a server says: a try never raises, and is a success only when a whole 2xx answer came."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.delivery import Target, TargetKind
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

BODY = b"abc"
LINE = re.compile(rb"\s*HTTP/1\.[01] 2\d\d")


@define
class Scripted:
    """A server that answers each request with the pieces it was given, and closes the connection after them."""

    url: str
    pieces: list[bytes] = field(factory=list)

    def answer(self, connection: socket.socket) -> None:
        """Read one request, then say the pieces."""
        taken = b""
        while not taken.endswith(b"\r\n\r\n" + BODY):
            piece = connection.recv(1 << 16)
            if not piece:
                return
            taken += piece
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in self.pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    """The server, for all examples of a property."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scripted = Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}/a.mp3")

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):  # a client that does not like the answer hangs up
                    scripted.answer(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield scripted
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture(scope="module")
def send(server: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[bytes]], str]]:
    """Send a parcel to the server that says `pieces`: `stored`, or the words of the failure."""
    carrier = HttpCarrier(timeout_ms=1_000)
    file: Path = tmp_path_factory.mktemp("answers") / "a.mp3"
    file.write_bytes(BODY)
    parcel = Parcel("a", file, "audio/mpeg", Target(TargetKind.URL, "PUT", server.url, "record_call.url"), {}, "")

    def sent(pieces: list[bytes]) -> str:
        server.pieces = [piece for piece in pieces if piece]
        outcome = carrier.send(parcel)
        return "stored" if outcome.is_stored else outcome.result

    yield sent
    carrier.close()


def cut(text: bytes, places: list[int]) -> list[bytes]:
    """`text` in pieces."""
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in zip(edges, edges[1:], strict=False)]


def chunked(content: bytes) -> bytes:
    """`content` as chunks of 10 bytes."""
    chunks = [content[at : at + 10] for at in range(0, len(content), 10)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def whole(status: int, content: bytes, is_chunked: bool) -> bytes:
    """An answer as it should be."""
    framing = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % len(content)
    body = chunked(content) if is_chunked else content
    return b"HTTP/1.1 %d So\r\n%s\r\n\r\n%s" % (status, framing, body)


PLACES = st.lists(st.integers(0, 500), max_size=4)
ANSWERS = st.builds(whole, st.sampled_from([200, 201, 299]), st.binary(min_size=1, max_size=60), st.booleans())


@given(text=st.binary(max_size=300), places=PLACES)
def test_any_bytes_are_an_outcome(send: Callable[[list[bytes]], str], text: bytes, places: list[int]) -> None:
    """Noise, in pieces: no exception, and no success that was not said."""
    result = send(cut(text, places))
    assert result != "bad url"
    assert result != "stored" or LINE.match(text)


@given(
    head=st.lists(
        st.sampled_from(
            [b"HTTP/1.1 201 Created", b"HTTP/1.1 101 Switching", b"HTTP/1.0 503", b"HTTP/1.1 302 Found", b"\r\n", b": ",
             b"Content-Length", b"Transfer-Encoding", b"chunked", b"Location", b"Retry-After", b"7", b"-1", b"\x00",
             b"Set-Cookie", b"a=b; Domain=.", b"http://[", b"//@:0", b"\xff", b"Upgrade", b"Connection", b"close"]
        ),
        max_size=20,
    ),
    places=PLACES,
)  # fmt: skip
def test_any_mixture_of_a_head_is_an_outcome(
    send: Callable[[list[bytes]], str], head: list[bytes], places: list[int]
) -> None:
    """Words of HTTP in any order: never an exception, and no success but by a line that says so."""
    text = b"".join(head)
    result = send(cut(text, places))
    assert result != "bad url"
    assert result != "stored" or LINE.match(text) and b"\r\n" in text


@given(text=ANSWERS, places=PLACES)
def test_a_whole_answer_in_pieces_is_a_success(
    send: Callable[[list[bytes]], str], text: bytes, places: list[int]
) -> None:
    """Wherever it is split."""
    assert send(cut(text, places)) == "stored"


@given(text=ANSWERS, end=st.integers(0, 500), places=PLACES)
def test_a_part_of_an_answer_is_no_success(
    send: Callable[[list[bytes]], str], text: bytes, end: int, places: list[int]
) -> None:
    """A truncated acknowledgement is a failed try, wherever it was cut (issue 4, item 6)."""
    assert send(cut(text[: end % len(text)], places)) == "broken answer"
