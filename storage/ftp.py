"""Uploads by FTP and FTPS, streamed from the disk (B§6.3; the seed names no transport but a URL).

A recording goes up under a hidden name made of the delivery's id, is counted, and is renamed to its own name: half of
one is never seen under it, and sending it again leaves one (design §12, "Deliveries"). Where a server lets nobody
rename, as upload folders for everybody do, it is written to its name directly, as production does.

`ftps://` means TLS asked for (`AUTH TLS`, RFC 4217), on port 990 TLS from the first byte. The password and the audio
go over TLS or not at all. The certificate is verified, also its name.
"""

from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx2
from attrs import field, frozen

from callflow.core.address import has_control_characters, without_credentials
from callflow.storage.address import split_credentials
from callflow.storage.carrier import JOURNALLED, Outcome, words_for
from callflow.storage.http_client import BodyBroken, FileBody, failure_of
from callflow.storage.parcel import Parcel

IMPLICIT_PORT: Final = 990
"""The port where TLS begins with the connection."""

_CONNECT_S_MAX: Final = 10.0
_EXPLANATION_S_MAX: Final = 5.0
_FAREWELL_S_MAX: Final = 1.0
_REPLY_CHARS_MAX: Final = 1 << 16
_DISK_FULL: Final = frozenset({"452", "552"})
# Many servers pass their system's error on with a code that says less: `550 No space left on device`.
_DISK_FULL_WORDS: Final = re.compile(r"no space|disk full|quota", re.ASCII | re.IGNORECASE)


@frozen
class _Place:
    """An FTP address, taken apart: `folders` and `name` are plain names, below the folder of the login."""

    host: str
    port: int
    scheme: str
    user: str
    password: str = field(repr=False)
    folders: tuple[str, ...]
    name: str


class _FileBroken(Exception):
    """The file that was to be sent is at fault, not the network: what is wrong with it is the cause."""


class _ArrivedShort(ftplib.error_reply):
    """The server has a receipt for the file, and another number of bytes."""


class _Session(ftplib.FTP):
    """One conversation with a server. `step` says what it is refusing while it refuses.

    Names are sent in UTF-8 (RFC 2640); replies may be in any encoding, and only their codes are used. Whatever address
    a server gives for the data, the connection goes to the server itself.
    """

    def __init__(self, timeout_s: float, context: ssl.SSLContext | None) -> None:
        super().__init__(timeout=timeout_s, encoding="latin-1")
        self.step = "no service"
        self._context = context
        self._reply_chars = 0

    def begin(self, place: _Place) -> None:
        """Connect, agree on TLS where the address asks for it, and log in."""
        timeout_s = self.timeout or _CONNECT_S_MAX
        self.host, self.port = place.host, place.port
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
        self.login(place.user, place.password)
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
        """Write the file, and return the code of the server's receipt. Raises `_FileBroken`, and what a network can do."""
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
            raise _ArrivedShort(name)
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
        """Send one command. No line holds a line break: `_read_place` has seen to it."""
        assert self.sock is not None and not has_control_characters(line)
        self.sock.sendall(line.encode() + b"\r\n")

    def getline(self) -> str:
        """Read one line of a reply, which may have any number of them up to 64 KB."""
        line = super().getline()
        self._reply_chars += len(line) + 2
        if self._reply_chars > _REPLY_CHARS_MAX:
            raise ftplib.error_proto("endless reply")
        return line

    def getresp(self) -> str:
        """Read one reply."""
        self._reply_chars = 0
        return super().getresp()

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
        """Whether a file has that many bytes; where the server cannot say (RFC 3659 is optional), its receipt will do."""
        try:
            reply = self.sendcmd(f"SIZE {name}")
        except ftplib.error_perm:
            return True
        return reply.split() == ["213", str(size)]


class FtpCarrier:
    """Sends audio over FTP and FTPS, a connection a try, passive (B§6.3). Without a user: `anonymous`, `kazoo@host`.

    `timeout_ms` bounds every single wait for the network (connecting: 10 s at most). Refusals that FTP calls permanent
    (5xx) are final, but for those that speak of space.
    """

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_s = timeout_ms / 1_000

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Nothing is sent: a server of files takes audio only."""
        return Outcome.stored(JOURNALLED, without_credentials(parcel.target.url))

    def send(self, parcel: Parcel) -> Outcome:
        """Try once; `result` is the code of the server's receipt, or of its refusal and what it refused."""
        shown = without_credentials(parcel.target.url)
        try:
            place = _read_place(parcel.target.url)
        except ValueError:
            return Outcome.failed("bad url", shown, is_final=True)
        try:
            context = httpx2.create_ssl_context() if place.scheme == "ftps" else None
            body = FileBody(parcel.file)
        except OSError as error:
            return failure_of(error, shown, parcel.file)
        session = _Session(self._timeout_s, context)
        try:
            return Outcome.stored(_send(session, place, parcel, body), shown)
        except _FileBroken as broken:
            assert isinstance(broken.__cause__, Exception)
            return failure_of(broken.__cause__, shown, parcel.file)
        except (ftplib.error_temp, ftplib.error_perm) as refusal:
            return _refused(str(refusal), session.step, shown)
        except _ArrivedShort:
            return Outcome.failed("arrived short", shown)
        except (ftplib.Error, EOFError, ValueError, OverflowError):
            # No reply, half a one, or one with numbers in it that are none: whether it arrived is not known.
            return Outcome.failed("broken answer", shown)
        except OSError as error:
            return Outcome.failed(_words_for_network(error), shown)
        finally:
            session.end()

    def close(self) -> None:
        """Nothing is kept open between the tries."""


def _send(session: _Session, place: _Place, parcel: Parcel, body: FileBody) -> str:
    session.begin(place)
    session.enter(place.folders)
    hidden = f".{parcel.delivery_id}.part"
    code = session.store(hidden, body)
    if session.moved(hidden, place.name):
        return code
    with suppress(ftplib.error_perm):
        session.delete(hidden)
    return session.store(place.name, FileBody(parcel.file))


def _blocks_of(body: FileBody) -> Iterator[bytes]:
    try:
        yield from body
    except (OSError, BodyBroken) as error:
        raise _FileBroken from error


def _read_place(url: str) -> _Place:
    """Take `url` apart. Raises `ValueError` where it leads nowhere, out of the login's folder, or into a command."""
    parts = urlsplit(url)
    user, password = split_credentials(url)[1] or ("", "")
    if not user:
        user, password = "anonymous", f"kazoo@{socket.gethostname()}"
    if has_control_characters(url + user + password) or not parts.hostname:
        raise ValueError("no place")
    (user + password).encode()
    parts.hostname.encode("idna")
    # FTP has no queries (RFC 1738): a `?` or `#` belongs to a name.
    path = url[url.index("//") + 2 + len(parts.netloc) :]
    *folders, name = (_plain_name(part) for part in path.split("/"))
    if ".." in folders or name in ("", ".", ".."):
        raise ValueError("no name, or one of another folder")
    return _Place(
        host=parts.hostname,
        port=parts.port or ftplib.FTP_PORT,
        scheme=parts.scheme,
        user=user,
        password=password,
        folders=tuple(each for each in folders if each not in ("", ".")),
        name=name,
    )


def _plain_name(part: str) -> str:
    """One part of a path, decoded, unless it were more than one name then: `a%2Fb` stays as it is."""
    try:
        name = unquote(part, errors="strict")
    except UnicodeDecodeError:
        name = part
    if has_control_characters(name):
        raise ValueError("a name with a control character")
    name.encode()
    return part.replace("\\", "%5C") if "/" in name or "\\" in name else name


def _refused(reply: str, step: str, shown: str) -> Outcome:
    """What a refusal means. The reply's text is the server's: hostile, and not shown."""
    code = reply[:3]
    if code in _DISK_FULL or _DISK_FULL_WORDS.search(reply):
        return Outcome.failed("disk full", shown)
    return Outcome.failed(f"{code}, {step}", shown, is_final=code.startswith("5"))


def _words_for_network(error: OSError) -> str:
    """Name a failure of the network; the system's own text, which may hold addresses, is not used."""
    if isinstance(error, socket.gaierror):
        return "dns failure"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate not trusted"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "reset"
    if isinstance(error, ssl.SSLError):
        return "tls failure"
    return "timeout" if isinstance(error, TimeoutError) else words_for(error)
