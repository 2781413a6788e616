"""The other forms of a body that a storage plan may ask for (B§6.7, handler `http`)."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from callflow.core.delivery import Body
from callflow.storage.http import HttpCarrier
from callflow.storage.http_body import FormedBody, body_of
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]


@pytest.fixture
def carrier() -> Iterator[HttpCarrier]:
    """A carrier that is closed after the test."""
    opened = HttpCarrier(timeout_ms=10_000)
    yield opened
    opened.close()


def in_form(parcel: Parcel, body: Body) -> Parcel:
    """The parcel with its body in another form."""
    return evolve(parcel, target=evolve(parcel.target, body=body))


@pytest.mark.parametrize("size", [0, 1, 2, 3, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_base64_is_of_the_whole_file(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, size: int
) -> None:
    """`base64_encode_data`: one text without line breaks or padding inside, of the length that was announced."""
    httpserver.expect_request("/a").respond_with_data(status=201)
    audio = bytes(range(256)) * (size // 256 + 1)
    parcel = make_parcel(httpserver.url_for("/a"), audio[:size])
    assert carrier.send(in_form(parcel, Body.BASE64)).is_stored
    request, _ = httpserver.log[0]
    assert request.get_data() == base64.b64encode(audio[:size])
    assert int(request.headers["Content-Length"]) == len(request.get_data())
    assert request.headers["Content-Type"] == "audio/mpeg"


@pytest.mark.parametrize("name", ["call_recording_a.mp3", 'a "b"; c=\r\nX: y.mp3', "Grüße ☎.mp3"])
def test_a_form_has_the_document_and_the_audio(
    httpserver: HTTPServer, carrier: HttpCarrier, make_parcel: MakeParcel, name: str
) -> None:
    """`send_multipart`: first the public document, then the file, each under its name, whatever that is."""
    httpserver.expect_request("/a").respond_with_data(status=201)
    document = {"_id": "202611-ab", "_rev": "1-x", "pvt_type": "call_recording", "name": name, "duration_ms": 40_000}
    parcel = in_form(make_parcel(httpserver.url_for("/a"), metadata=document, method="POST"), Body.MULTIPART)
    assert carrier.send(parcel).is_stored
    request, _ = httpserver.log[0]
    assert int(request.headers["Content-Length"]) == request.content_length
    quoted = name.replace("\r", "%0D").replace("\n", "%0A")
    parts = {**request.form.to_dict(), **{key: each.read() for key, each in request.files.items()}}
    assert [part.replace("%22", '"') for part in parts] == ["202611-ab", quoted]
    assert json.loads(parts["202611-ab"]) == {"id": "202611-ab", "name": name, "duration_ms": 40_000}


def test_the_bytes_of_a_form(make_parcel: MakeParcel) -> None:
    """RFC 7578: every part between boundaries, the audio as it is, the last boundary closed."""
    parcel = in_form(make_parcel("http://h/", b"\r\n--\x00\xff", metadata={"name": "a.mp3"}), Body.MULTIPART)
    body, content_type = body_of(parcel)
    boundary = content_type.removeprefix("multipart/form-data; boundary=").encode()
    document = json.dumps({"name": "a.mp3", "id": parcel.delivery_id}).encode()
    parts = [
        b'Content-Disposition: form-data; name="%s"\r\nContent-Type: application/json\r\n\r\n%s'
        % (parcel.delivery_id.encode(), document),
        b'Content-Disposition: form-data; name="a.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n\r\n--\x00\xff',
    ]
    sent = b"".join(body)
    assert sent == b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts) + b"--%s--\r\n" % boundary
    assert (len(sent), body.is_sent) == (body.bytes, True)


def test_no_two_forms_have_the_same_boundary(make_parcel: MakeParcel) -> None:
    """It is drawn, so that no audio can hold it on purpose."""
    parcel = in_form(make_parcel("http://h/"), Body.MULTIPART)
    assert body_of(parcel)[1] != body_of(parcel)[1]


@given(audio=st.binary(max_size=50), head=st.binary(max_size=5), tail=st.binary(max_size=5), is_base64=st.booleans())
def test_a_body_is_as_long_as_it_says(
    tmp_path_factory: pytest.TempPathFactory, audio: bytes, head: bytes, tail: bytes, is_base64: bool
) -> None:
    """Content-Length is known before the first byte is sent, in every form."""
    file = tmp_path_factory.mktemp("body") / "a"
    file.write_bytes(audio)
    body = FormedBody(file, head=head, tail=tail, is_base64=is_base64)
    assert not body.is_sent
    sent = b"".join(body)
    assert sent == head + (base64.b64encode(audio) if is_base64 else audio) + tail
    assert (len(sent), body.left, body.is_sent) == (body.bytes, 0, True)


GROWTH = """
import sys
from pathlib import Path
from callflow.core.delivery import Body, Target, TargetKind
from callflow.storage.http import HttpCarrier
from callflow.storage.parcel import Parcel

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

url, file, body = sys.argv[1:]
carrier = HttpCarrier(timeout_ms=10_000)
target = Target(TargetKind.URL, "PUT", url, "record_call.url", Body(body))
parcel = Parcel("a", Path(file), "audio/mpeg", target, {"name": "a.mp3"}, "")
Path("/proc/self/clear_refs").write_text("5")
idle = resident("VmRSS")
print(carrier.send(parcel).result, resident("VmHWM") - idle)
carrier.close()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc, which Linux has")
@pytest.mark.parametrize(("body", "kib"), [(Body.RAW, 4_096), (Body.MULTIPART, 4_096), (Body.BASE64, 8_192)])
def test_a_long_recording_takes_no_memory(
    make_parcel: MakeParcel, raw_server: Callable[[Callable[[socket.socket], None]], str], body: Body, kib: int
) -> None:
    """Issue 4: constant memory. 100 MB go through a process that grows by a few blocks."""

    def swallow(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1 << 16)
        fields, _, rest = head.lower().partition(b"\r\n\r\n")
        left = int(fields.partition(b"content-length: ")[2].split()[0]) - len(rest)
        while left:
            left -= len(connection.recv(min(left, 1 << 20)))
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    parcel = make_parcel("http://h/", b"")
    with open(parcel.file, "wb") as file:
        file.truncate(100_000_000)
    command = [sys.executable, "-c", GROWTH, raw_server(swallow), str(parcel.file), body.value]
    result, grown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert (result, int(grown) < kib) == ("201", True), grown
