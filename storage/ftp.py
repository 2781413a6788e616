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
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx2
from attrs import field, frozen

from callflow.core.address import has_control_characters, without_credentials
from callflow.storage.address import split_credentials
from callflow.storage.carrier import JOURNALLED, Outcome, words_for
from callflow.storage.ftp_session import ArrivedShort, FileBroken, FtpSession
from callflow.storage.http_client import FileBody, failure_of
from callflow.storage.parcel import Parcel

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
        except OSError:  # what SSL_CERT_FILE or SSL_CERT_DIR names
            return Outcome.failed("trusted certificates cannot be read", shown)
        try:
            body = FileBody(parcel.file)
        except OSError as error:
            return failure_of(error, shown, parcel.file)
        session = FtpSession(self._timeout_s, context)
        try:
            return Outcome.stored(_send(session, place, parcel, body), shown)
        except FileBroken as broken:
            assert isinstance(broken.__cause__, Exception)
            return failure_of(broken.__cause__, shown, parcel.file)
        except (ftplib.error_temp, ftplib.error_perm) as refusal:
            return _refused(str(refusal), session.step, shown)
        except ArrivedShort:
            return Outcome.failed("arrived short", shown)
        except OSError as error:
            return Outcome.failed(_words_for_network(error), shown)
        except (ftplib.Error, EOFError, ValueError):
            # No reply, half a one, or one with numbers in it that are none: whether it arrived is not known.
            return Outcome.failed("broken answer", shown)
        finally:
            session.end()

    def close(self) -> None:
        """Nothing is kept open between the tries."""


def _send(session: FtpSession, place: _Place, parcel: Parcel, body: FileBody) -> str:
    session.begin(place.host, place.port, place.user, place.password)
    session.enter(place.folders)
    hidden = f".{parcel.delivery_id}.part"
    code = session.store(hidden, body)
    if session.moved(hidden, place.name):
        return code
    with suppress(ftplib.error_perm):
        session.delete(hidden)
    return session.store(place.name, FileBody(parcel.file))


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
    if not (code.isascii() and code.isdecimal() and len(code) == 3):
        return Outcome.failed("broken answer", shown)
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
