"""What every carrier over HTTP(S) shares: the client, the body that is a file, the answer, and words for what failed.

TLS is verified, proxies come from the environment (never for this machine itself), redirects are not followed unless
the carrier does it, cookies are not kept, and nothing here shows a credential.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final

import httpx2

from callflow.core.errors import StorageError
from callflow.storage.carrier import Outcome, words_for
from callflow.storage.durable import read_blocks

ANSWER_BYTES_MAX: Final = 1 << 16
"""How much of an answer is read where its content does not matter."""

TRY_ERRORS: Final = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError)
"""What can end a try over HTTP, beside `BodyBroken`: `failure_of` says what each means."""

RETRY_AFTER_MS_MAX: Final = 24 * 60 * 60 * 1_000
"""The longest wait that a server is granted."""

_LOGS: Final = ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))
_is_ours: ContextVar[bool] = ContextVar("is_ours", default=False)

_BUSY: Final = frozenset({429, 503})
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_CONNECT_MS_MAX: Final = 10_000
_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


def _is_others(record: logging.LogRecord) -> bool:
    """Whether somebody else's request is logged: the library shows URLs and headers whole, with what is secret."""
    return not _is_ours.get()


for _log in _LOGS:
    logging.getLogger(_log).addFilter(_is_others)


class BodyBroken(Exception):
    """A try that ended while its body was being sent; the argument is the result, as `Outcome` has it."""


class FileBody:
    """The body of one request: the file in blocks, exactly as long as was announced; `left` bytes are still to be sent.

    Every request makes its own, since one that was sent cannot be sent again. Raises `OSError` where the file cannot be
    read, `BodyBroken` where its length changes.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.left = file.stat().st_size

    @property
    def is_sent(self) -> bool:
        """Whether all of it went out."""
        return not self.left

    def __iter__(self) -> Iterator[bytes]:
        """Yield the file's blocks."""
        with open(self._file, "rb", buffering=0) as source:
            for block in read_blocks(source):
                if len(block) > self.left:
                    break
                yield block
                self.left -= len(block)
            else:
                if not self.left:
                    return
        raise BodyBroken("file changed while it was sent")


def open_client(timeout_ms: int) -> httpx2.Client:
    """Make a client for several threads; `timeout_ms` bounds every single wait for the network (to connect: 10 s).

    Raises `StorageError` when the environment names a proxy, or a file of certificates, that cannot be used.
    """
    timeout = httpx2.Timeout(timeout_ms / 1_000, connect=min(timeout_ms, _CONNECT_MS_MAX) / 1_000)
    try:
        return httpx2.Client(
            timeout=timeout,
            # Answers are read as they come: none is unpacked, so none can grow.
            headers={"User-Agent": "callflow-simulator", "Accept": "*/*", "Accept-Encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            mounts={pattern: None for pattern in _LOOPBACK},
        )
    except (httpx2.InvalidURL, ValueError, ImportError):
        # Without the cause: its text may hold the proxy's password.
        raise StorageError(
            "environment: a proxy named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used; "
            "write it like http://proxy.example:3128, or unset it"
        ) from None
    except OSError:  # ssl's errors are of this kind
        raise StorageError(
            "environment: the certificates named by SSL_CERT_FILE or SSL_CERT_DIR cannot be read; "
            "name a file of PEM certificates, or unset it"
        ) from None


@contextmanager
def answer_to(
    client: httpx2.Client,
    request: httpx2.Request,
    credentials: tuple[str, str] | None = None,
    body: FileBody | None = None,
) -> Iterator[httpx2.Response]:
    """Send `request` and yield the answer's head; its content is read by `read_answer`, and closed afterwards.

    `credentials` (user, password) go in apart from the URL: the library logs URLs. `body` is the file that `request`
    carries, if it does. Raises one of `TRY_ERRORS`, or `BodyBroken`.
    """
    auth = httpx2.BasicAuth(*credentials) if credentials is not None else None
    quiet = _is_ours.set(True)
    try:
        try:
            response = client.send(request, auth=auth, stream=True, follow_redirects=False)
        except httpx2.RemoteProtocolError:
            # A connection that broke under the body looks to the library like a server that had nothing to say.
            if body is not None and not body.is_sent:
                raise BodyBroken("reset") from None
            raise
        try:
            # The library reads the answer of a server that breaks off: it may well refuse, it cannot have all.
            if body is not None and not body.is_sent and response.is_success:
                raise BodyBroken("reset")
            yield response
        finally:
            response.close()
    finally:
        _is_ours.reset(quiet)


def read_answer(response: httpx2.Response, bytes_max: int = ANSWER_BYTES_MAX) -> bytes:
    """Read the answer's content, so that one cut short is noticed; an endless one is not waited for beyond `bytes_max`.

    Raises `httpx2.HTTPError` where it is cut short.
    """
    taken = bytearray()
    for block in response.iter_raw():
        taken += block
        if len(taken) > bytes_max:
            break
    return bytes(taken)


def retry_after_ms(response: httpx2.Response) -> int:
    """How long a 429 or 503 asks to be left alone (`Retry-After`, RFC 9110 §10.2.3), a day at most; 0 when it does not.

    A date is measured from the answer's own `Date`: both are the server's clock, ours may differ. Anything else that
    the header says is ignored.
    """
    text = response.headers.get("Retry-After", "").strip()
    if response.status_code not in _BUSY or not text:
        return 0
    if _SECONDS.fullmatch(text):
        return min(int(text) * 1_000, RETRY_AFTER_MS_MAX)
    try:
        due, now = (parsedate_to_datetime(date) for date in (text, response.headers.get("Date", "")))
        wait_ms = round((due - now).total_seconds() * 1_000)
    except (ValueError, TypeError, OverflowError):  # no date, a zone on one of them only, a year beyond all
        return 0
    return min(max(wait_ms, 0), RETRY_AFTER_MS_MAX)


def failure_of(error: Exception, place: str, file: Path) -> Outcome:
    """What a try that ended with `error` (`BodyBroken`, or one of `TRY_ERRORS`) gave; `file` is what was to be sent."""
    if isinstance(error, BodyBroken):
        return Outcome.failed(str(error), place)
    if isinstance(error, (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError)):
        return Outcome.failed("bad url", place, is_final=True)
    if isinstance(error, httpx2.HTTPError):
        return Outcome.failed(_words_for_transport(error), place)
    assert isinstance(error, OSError), error
    return Outcome.failed(f"file: {words_for(error)}", file.name, is_final=isinstance(error, FileNotFoundError))


def _words_for_transport(error: httpx2.HTTPError) -> str:
    """Name a failure of the transport; the library's own text, which may hold addresses, is not used."""
    if isinstance(error, httpx2.TimeoutException):
        return "timeout"
    if isinstance(error, httpx2.ProxyError):
        return "proxy failure"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "broken answer"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "dns failure"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate not trusted"
        if isinstance(cause, ssl.SSLError):
            return "tls failure"
        if isinstance(cause, OSError) and cause.errno is not None:
            return words_for(cause)
        cause = cause.__cause__ or cause.__context__
    return "connection lost"
