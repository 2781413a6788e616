"""FTP servers on loopback: pyftpdlib with and without TLS, and one of our own that does what it is told, faults too."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import Factory, define, frozen

LIMIT_S = 10.0
USUAL = {
    "USER": "331 password",
    "PASS": "230 welcome",
    "AUTH": "234 tls",
    "CWD": "250 there",
    "MKD": "257 made",
    "STOR": "150 go on",
    "QUIT": "221 bye",
}
FULL_PERMISSIONS = "elradfmw"


@frozen
class Authority:
    """A certificate authority for one test session: what trusts it, and what it gave to 127.0.0.1 and to others."""

    trusted: Path
    local: Path
    foreign: Path

    def server_context(self, certificate: Path | None = None) -> ssl.SSLContext:
        """Return what a server of ours speaks TLS with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate or self.local)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts until a test says so."""
    trustme = pytest.importorskip("trustme", reason="pip install trustme")
    folder, authority = tmp_path_factory.mktemp("authority"), trustme.CA()
    paths = [folder / name for name in ("trusted.pem", "local.pem", "foreign.pem")]
    authority.cert_pem.write_to_path(str(paths[0]))
    for path, host in zip(paths[1:], ("127.0.0.1", "recordings.example"), strict=True):
        authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(str(path))
    return Authority(*paths)


@pytest.fixture
def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the session's authority, as a user's environment would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))


@frozen
class Server:
    """A pyftpdlib server: where it listens, and the folder that it serves."""

    address: str
    folder: Path
    commands: list[str]

    def url(self, path: str, user: str = "kazoo:s%2Fecret@", scheme: str = "ftp") -> str:
        """Return the address of a file on it."""
        return f"{scheme}://{user}{self.address}/{path}"

    def files(self) -> dict[str, bytes]:
        """Return every file on it, hidden ones too, by path."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def pyftpdlib() -> ModuleType:
    """The library, imported without the warnings of what it stands on, and silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # asyncore and asynchat left the standard library in 3.12
        pytest.importorskip("OpenSSL", reason="pip install pyopenssl")
        library: ModuleType = pytest.importorskip("pyftpdlib", reason="pip install pyftpdlib")
        for name in ("authorizers", "handlers", "ioloop", "servers"):
            pytest.importorskip(f"pyftpdlib.{name}")
    return library


@contextmanager
def serving(library: ModuleType, handler: type[Any], folder: Path, host: str) -> Iterator[Server]:
    """Serve `folder` to `kazoo` and to everybody until the end of the block."""
    commands: list[str] = []

    class Heard(handler):  # type: ignore[misc]
        authorizer = library.authorizers.DummyAuthorizer()
        auth_failed_timeout = 0
        banner = "ready"

        def log_cmd(self, cmd: str, arg: str, respcode: int, respstr: str) -> None:
            commands.append(cmd)

        def logline(self, msg: str, *args: object, **options: object) -> None:
            """Show nothing."""

        log = logerror = logline

    folder.mkdir()
    Heard.authorizer.add_user("kazoo", "s/ecret", str(folder), perm=FULL_PERMISSIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that everybody may write is what the test is for
        Heard.authorizer.add_anonymous(str(folder), perm=FULL_PERMISSIONS)
    # Two servers in one process need a loop each.
    server = library.servers.FTPServer((host, 0), Heard, ioloop=library.ioloop.IOLoop())
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            server.ioloop.loop(timeout=0.01, blocking=False)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield Server(f"{shown}:{server.address[1]}", folder, commands)
    finally:
        stopping.set()
        thread.join()
        server.close_all()
        server.ioloop.close()


@pytest.fixture
def start_server(pyftpdlib: ModuleType, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start pyftpdlib with a handler of its own or of the test's, and attributes for it. All stop after the test."""
    with ExitStack() as running:

        def start(handler: str | type[Any] = "FTPHandler", host: str = "127.0.0.1", **attributes: Any) -> Server:
            kind = getattr(pyftpdlib.handlers, handler) if isinstance(handler, str) else handler
            folder = tmp_path / f"served-{len(list(tmp_path.glob('served-*')))}"
            return running.enter_context(serving(pyftpdlib, type("Told", (kind,), attributes), folder, host))

        yield start


@define
class Scripted:
    """A server that can be told what to answer; without orders it keeps files as a good one does.

    `orders` maps a verb to its next replies; `None` hangs up, bytes are sent as they are, and hang up. The verb `DATA`
    stands for the reply after a transfer. `takes` is how much of a transfer is read before its connection is reset,
    `piece` how much is read at a time, after `pace` has let it.
    """

    orders: dict[str, list[str | bytes | None]] = Factory(dict)
    takes: int | None = None
    data_address: str = "127,0,0,1"
    keeps_names: bool = False
    context: ssl.SSLContext | None = None
    piece: int = 1 << 18
    pace: Callable[[], None] = lambda: None
    files: dict[str, bytes] = Factory(dict)
    lines: list[str] = Factory(list)
    reused: list[bool] = Factory(list)
    address: str = ""

    def url(self, path: str = "a.mp3", user: str = "kazoo:s%2Fecret@", scheme: str = "ftp") -> str:
        """Return the address of a file on it."""
        return f"{scheme}://{user}{self.address}/{path}"

    def verbs(self) -> list[str]:
        """Return the commands heard so far, without what they name."""
        return [line.partition(" ")[0] for line in self.lines]

    def serve(self, connection: socket.socket) -> None:
        """Talk to one client, until it or an order hangs up."""
        connection.settimeout(LIMIT_S)
        with ExitStack() as stack:
            control = stack.enter_context(connection)
            data = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            data.settimeout(LIMIT_S)
            data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.piece)
            if not self._say(control, "HELLO", lambda: "220 ready"):
                return
            renamed = ""
            while line := self._hear(control):
                self.lines.append(line)
                verb, _, name = line.partition(" ")
                reply = self._say(control, verb, partial(self._usual, verb, name, renamed, data))
                if verb == "STOR" and reply.startswith("1"):
                    reply = self._take(control, data, name)
                if not reply:
                    return
                if verb == "AUTH" and reply.startswith("2") and self.context is not None:
                    control = stack.enter_context(self.context.wrap_socket(control, server_side=True))
                renamed = name if verb == "RNFR" else ""

    def _hear(self, control: socket.socket) -> str:
        line = b""
        while not line.endswith(b"\n"):
            piece = control.recv(1)
            if not piece:
                return ""
            line += piece
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def _say(self, control: socket.socket, verb: str, usual: Callable[[], str]) -> str:
        """Send a reply and return it; empty when that was to hang up."""
        waiting = self.orders.get(verb, [])
        reply = waiting.pop(0) if waiting else usual()
        if isinstance(reply, bytes):
            control.sendall(reply)
        elif reply is not None:
            control.sendall(reply.encode("latin-1") + b"\r\n")
            return reply or "an empty line"
        return ""

    def _usual(self, verb: str, name: str, renamed: str, data: socket.socket) -> str:
        if verb == "PASV":
            port = data.getsockname()[1]
            return f"227 Entering Passive Mode ({self.data_address},{port >> 8},{port & 255})"
        if verb == "SIZE":
            return f"213 {len(self.files[name])}" if name in self.files else "550 no such file"
        if verb == "RNFR":
            return "350 and to what" if name in self.files else "550 no such file"
        if verb == "RNTO":
            if self.keeps_names and name in self.files:
                return "553 exists"
            self.files[name] = self.files.pop(renamed)
            return "250 renamed"
        if verb == "DELE":
            return "250 gone" if self.files.pop(name, None) is not None else "550 no such file"
        return USUAL.get(verb, "200 fine")

    def _take(self, control: socket.socket, data: socket.socket, name: str) -> str:
        connection, _ = data.accept()
        connection.settimeout(LIMIT_S)
        taken = bytearray()
        with connection:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
                self.reused.append(bool(connection.session_reused))
            with connection:
                while self.takes is None or len(taken) < self.takes:
                    self.pace()
                    piece = connection.recv(self.piece)
                    if not piece:
                        break
                    taken += piece
                else:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.files[name] = bytes(taken)
        return self._say(control, "DATA", lambda: "226 received")


@pytest.fixture
def scripted(raw_server: Callable[[Callable[[socket.socket], None]], str]) -> Callable[..., Scripted]:
    """Start a server that does what it is told."""

    def start(**options: Any) -> Scripted:
        server = Scripted(**options)

        def serve(connection: socket.socket) -> None:
            with suppress(OSError):
                server.serve(connection)
            connection.close()

        server.address = raw_server(serve).partition("://")[2]
        return server

    return start
