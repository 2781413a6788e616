"""One conversation with an FTP server, over TLS or in the clear (RFC 959, 2228, 2428, 3659, 4217).

What the standard library's client leaves to chance is settled here: certificates are verified, the data connection
continues the TLS session, replies are bounded and may be in any encoding, and every wait has an end.
"""

from __future__ import annotations

import ftplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Final

from callflow.core.address import has_control_characters
from callflow.storage.http_client import BodyBroken, FileBody

IMPLICIT_PORT: Final = 990
"""The port where TLS begins with the connection."""

_CONNECT_S_MAX: Final = 10.0
_EXPLANATION_S_MAX: Final = 5.0
_FAREWELL_S_MAX: Final = 1.0
_REPLY_CHARS_MAX: Final = 1 << 16


class FileBroken(Exception):
    """The file that was to be sent is at fault, not the network: what is wrong with it is the cause."""


class ArrivedShort(ftplib.error_reply):
    """The server has a receipt for the file, and another number of bytes."""


class FtpSession(ftplib.FTP):
    """One conversation with a server. `step` says what it is refusing while it refuses.

    With a `context` the conversation and the data go over TLS or not at all. Names are sent in UTF-8 (RFC 2640);
    replies may be in any encoding, and only their codes are used. Whatever address a server gives for the data, the
    connection goes to the server itself.
    """

    def __init__(self, timeout_s: float, context: ssl.SSLContext | None) -> None:
        super().__init__(timeout=timeout_s, encoding="latin-1")
        self.step = "no service"
        self._context = context
        self._reply_chars = 0

    def begin(self, host: str, port: int, user: str, password: str) -> None:
        """Connect, agree on TLS where it is asked for, and log in."""
        timeout_s = self.timeout or _CONNECT_S_MAX
        self.host, self.port = host, port
        self.sock = socket.create_connection((self.host, self.port), min(timeout_s, _CONNECT_S_MAX))
        self.sock.settimeout(timeout_s)
        self.af = self.sock.family
        is_implicit = self._context is not None and self.port == IMPLICIT_PORT
        self._listen(is_secured=is_implicit)
        self.welcome = self.voidresp()
        if self._context is not None:
            self.step = "no tls"
            if not is_implicit:
                self.voidcmd("AUTH TLS")
                self._listen(is_secured=True)
            self.voidcmd("PBSZ 0")
            self.voidcmd("PROT P")
        self.step = "login refused"
        self.login(user, password)
        self.step = "not binary"
        self.voidcmd("TYPE I")

    def enter(self, folders: tuple[str, ...]) -> None:
        """Go down to a folder, one name after the other; what is missing is made."""
        self.step = "no such folder"
        for name in folders:
            with suppress(ftplib.error_perm):
                self.voidcmd(f"CWD {name}")
                continue
            with suppress(ftplib.error_perm):  # another upload may have made it meanwhile
                self.voidcmd(f"MKD {name}")
            self.voidcmd(f"CWD {name}")

    def store(self, name: str, body: FileBody) -> str:
        """Write the file, and return the code of the server's receipt. Raises `FileBroken`, `ArrivedShort`."""
        self.step = "not written"
        size = body.left
        connection = self.transfercmd(f"STOR {name}")
        with closing(connection):
            try:
                for block in _blocks_of(body):
                    rest = memoryview(block)
                    while rest:
                        rest = rest[connection.send(rest) :]
                if isinstance(connection, ssl.SSLSocket):
                    with suppress(OSError):  # the other side need not say goodbye; it is counted below
                        connection.unwrap()
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                connection.close()
                self._hear_why()
                raise
        code = self.voidresp()[:3]
        if not self._has_size(name, size):
            raise ArrivedShort(name)
        return code

    def moved(self, name: str, to: str) -> bool:
        """Rename a file, in the place of one that has the name already; False when the server will not."""
        self.step = "not renamed"
        for makes_room in (False, True):
            with suppress(ftplib.error_perm):
                if makes_room:  # not every server renames over a file that is there
                    self.delete(to)
                self.rename(name, to)
                return True
        return False

    def end(self) -> None:
        """Take leave, without waiting long for an answer."""
        try:
            if self.sock is not None:
                self.sock.settimeout(min(self.timeout or _FAREWELL_S_MAX, _FAREWELL_S_MAX))
                self.voidcmd("QUIT")
        except (ftplib.Error, OSError, EOFError):
            pass  # what there was to say has been said
        finally:
            self.close()

    def putline(self, line: str) -> None:
        """Send one command. Raises `ValueError` for one with a line break in it, which would be two."""
        assert self.sock is not None
        if has_control_characters(line):
            raise ValueError("a command with a control character in it")
        self.sock.sendall(line.encode() + b"\r\n")

    def getline(self) -> str:
        """Read one line of a reply, which may have any number of them up to 64 KB; a line without its end is none."""
        assert self.file is not None
        line = self.file.readline(_REPLY_CHARS_MAX + 1)
        self._reply_chars += len(line)
        if self._reply_chars > _REPLY_CHARS_MAX:
            raise ftplib.error_proto("endless reply")
        if not line.endswith("\n"):
            raise EOFError
        return line.rstrip("\r\n")

    def getresp(self) -> str:
        """Read one reply."""
        self._reply_chars = 0
        return super().getresp()

    def makepasv(self) -> tuple[str, int]:
        """Ask where to send the data: only the port is taken from the answer."""
        host, port = super().makepasv()
        if not 0 < port < 1 << 16:
            raise ftplib.error_proto("no port")
        return host, port

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Open the data connection: where the conversation is secured, it is too, and continues its TLS session.

        Some servers take that as the proof that both come from one client (reply 522 otherwise).
        """
        connection, size = super().ntransfercmd(cmd, rest)
        if self._context is not None:
            assert isinstance(self.sock, ssl.SSLSocket)
            connection = self._context.wrap_socket(connection, server_hostname=self.host, session=self.sock.session)
        return connection, size

    def _listen(self, *, is_secured: bool) -> None:
        """Read replies from here on; what came in before TLS is forgotten, nobody has vouched for it."""
        assert self.sock is not None
        if self.file is not None:
            self.file.close()
        if is_secured:
            assert self._context is not None
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
        self.file = self.sock.makefile("r", encoding=self.encoding, newline="\n")

    def _hear_why(self) -> None:
        """A server that breaks the data connection may say why: raise its refusal, if one comes soon."""
        assert self.sock is not None
        self.sock.settimeout(min(self.timeout or _EXPLANATION_S_MAX, _EXPLANATION_S_MAX))
        with suppress(OSError, EOFError, ftplib.error_reply, ftplib.error_proto):
            self.voidresp()

    def _has_size(self, name: str, size: int) -> bool:
        """Whether a file has that many bytes; where the server cannot say (RFC 3659 is optional), its receipt does."""
        try:
            reply = self.sendcmd(f"SIZE {name}")
        except ftplib.error_perm:
            return True
        return reply.split() == ["213", str(size)]


def _blocks_of(body: FileBody) -> Iterator[bytes]:
    try:
        yield from body
    except (OSError, BodyBroken) as error:
        raise FileBroken from error
