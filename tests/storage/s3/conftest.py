"""S3 servers on loopback: moto in a process of its own, and one of ours that checks signatures and fails as told."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from urllib.request import Request, urlopen

import pytest
from attrs import Factory, define, frozen

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, refused_url: str) -> None:
    """Keep the keys and the region of whoever runs the tests out of them, and look for no machine's role."""
    pytest.importorskip("obstore", reason="pip install obstore")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION", "DEFAULT_REGION", "ENDPOINT_URL"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", refused_url.rpartition("/")[0])


def address(place: str, path: str, options: str = "", key: str = KEY, secret: str = SECRET) -> str:
    """Write an address as `callflow.core.delivery` has it."""
    user = f"{quote(key, safe='')}:{quote(secret, safe='')}@" if key else ""
    return f"s3://{user}{place}/{path}?scheme=http{options}"


@frozen
class Moto:
    """A running moto: where it listens, and what is in it."""

    place: str

    def ask(self, method: str, path: str) -> tuple[Message, bytes]:
        """Ask it anything; it takes every key."""
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/s3/aws4_request"}
        with urlopen(Request(f"http://{self.place}/{path}", method=method, headers=headers), timeout=10) as answer:
            return answer.headers, answer.read()

    def url(self, path: str, **options: Any) -> str:
        """Return the address of an object."""
        return address(self.place, path, **options)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    """Moto, started once, without its libraries in this process."""
    for module in ("moto", "werkzeug"):
        if importlib.util.find_spec(module) is None:
            pytest.skip("pip install 'moto[server]'")
    script = Path(__file__).with_name("serve_moto.py")
    command, pipe = [sys.executable, "-P", str(script)], subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), "moto did not start"
        yield Moto(f"127.0.0.1:{port}")
        process.stdin.close()


@pytest.fixture
def moto(moto_server: Moto) -> Moto:
    """Moto with nothing in it but an empty bucket."""
    moto_server.ask("POST", "moto-api/reset")
    moto_server.ask("PUT", "recordings")
    return moto_server


@define
class Strict:
    """A server that knows one key and checks signatures by the published recipe, and otherwise answers as told.

    `orders` are (status, error code, headers) for the next requests.
    """

    orders: list[tuple[int, str, dict[str, str]]] = Factory(list)
    objects: dict[str, bytes] = Factory(dict)
    queries: list[dict[str, str]] = Factory(list)
    hosts: list[str] = Factory(list)
    types: list[str] = Factory(list)
    place: str = ""

    def url(self, path: str = "recordings/a.mp3", **options: Any) -> str:
        """Return the address of an object."""
        return address(self.place, path, **options)

    def take(self, request: BaseHTTPRequestHandler) -> tuple[int, str, dict[str, str]]:
        """Read an upload and say what is answered."""
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query))
        self.queries.append(query)
        self.hosts.append(request.headers["Host"])
        self.types.append(request.headers["Content-Type"])
        content = request.rfile.read(int(request.headers["Content-Length"]))
        if self.orders:
            return self.orders.pop(0)
        if query["X-Amz-Credential"].partition("/")[0] != KEY:
            return 403, "InvalidAccessKeyId", {}
        if query.pop("X-Amz-Signature") != signature("PUT", parts.path, query, request.headers["Host"]):
            return 403, "SignatureDoesNotMatch", {}
        self.objects[unquote(parts.path)] = content
        return 200, "", {}


def signature(method: str, path: str, query: dict[str, str], host: str) -> str:
    """Sign a request as AWS' documents say (Signature Version 4, authentication by query parameters)."""
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    canonical = "\n".join([method, path, pairs, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
    scope = query["X-Amz-Credential"].partition("/")[2]
    text = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{SECRET}".encode()
    for part in [*scope.split("/"), text]:
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@pytest.fixture
def strict() -> Iterator[Strict]:
    """A server that checks signatures."""
    told = Strict()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            """Take an object."""
            status, code, headers = told.take(self)
            text = f"<Error><Code>{code}</Code><Message>no {SECRET}</Message></Error>".encode() if code else b""
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Show nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        told.place = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a host name mean this machine."""
    real = socket.getaddrinfo

    def teach(name: str) -> None:
        def look_up(host: Any, *args: Any, **options: Any) -> Any:
            return real("127.0.0.1" if host == name else host, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return teach
