"""Uploads by PUT or POST, streamed from the disk (B§6.4; the seed, "Storage of recordings").

Any 2xx is success once the whole answer is there. 301 and 302 are followed, at most ten times, with the same verb and
body and with a check for loops (B§6.4, C21). 307 and 308 mean just that in HTTP and are followed too, where production
counts them as errors. Every other answer is a failure that the dispatcher may try again.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

import httpx2
from attrs import frozen

from callflow.core.address import without_credentials
from callflow.core.errors import StorageError
from callflow.storage.address import origin_of, split_credentials
from callflow.storage.carrier import JOURNALLED, Outcome, words_for
from callflow.storage.durable import read_blocks
from callflow.storage.parcel import Parcel

SCHEMES: Final = frozenset({"http", "https"})
REDIRECTS_MAX: Final = 10
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_VERBS: Final = frozenset({"PUT", "POST"})
_CONNECT_MS_MAX: Final = 10_000
_ANSWER_BYTES_MAX: Final = 1 << 16
_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


@frozen
class _Answer:
    status: int
    location: str


class _Broken(Exception):
    """A try that ended while its body was being sent; the argument is the result."""


class _Body:
    """The body of one request: the file in blocks, exactly as long as was announced; `left` bytes are still to be sent.

    Every request makes its own, since one that was sent cannot be sent again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.left = file.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        with open(self._file, "rb", buffering=0) as source:
            for block in read_blocks(source):
                if len(block) > self.left:
                    break
                yield block
                self.left -= len(block)
            else:
                if not self.left:
                    return
        raise _Broken("file changed while it was sent")


class HttpCarrier:
    """Sends audio over HTTP(S): TLS is verified, proxies come from the environment (never for this machine itself).

    `timeout_ms` bounds every single wait for the network: connecting (10 s at most), sending a block, the next bytes of
    the answer. User and password of the URL become basic authentication, for the URL's own origin only. Raises
    `StorageError` when the environment names a proxy that cannot be used.
    """

    def __init__(self, timeout_ms: int) -> None:
        timeout = httpx2.Timeout(timeout_ms / 1_000, connect=min(timeout_ms, _CONNECT_MS_MAX) / 1_000)
        try:
            self._client = httpx2.Client(
                timeout=timeout,
                headers={"User-Agent": "callflow-simulator", "Accept": "*/*"},
                mounts={pattern: None for pattern in _LOOPBACK},
            )
        except (httpx2.InvalidURL, ValueError, ImportError):
            # Without the cause: its text may hold the proxy's password.
            raise StorageError(
                "environment: a proxy named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used; "
                "write it like http://proxy.example:3128, or unset it"
            ) from None

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Nothing is sent: the receiving server of the seed takes audio only."""
        return Outcome.stored(JOURNALLED, without_credentials(parcel.target.url))

    def send(self, parcel: Parcel) -> Outcome:
        """Try once, redirects included; `place` is where the last request of the try went."""
        url = parcel.target.url
        shown = without_credentials(url)
        verb = parcel.target.method.upper() or "PUT"
        if verb not in _VERBS:
            return Outcome.failed(f"no upload by {verb[:20]}", shown, is_final=True)
        try:
            return self._follow(parcel, verb, url)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError):
            return Outcome.failed("bad url", shown, is_final=True)
        except _Broken as broken:
            return Outcome.failed(str(broken), shown)
        except httpx2.HTTPError as error:
            return Outcome.failed(_words_for_transport(error), shown)
        except OSError as error:
            is_final = isinstance(error, FileNotFoundError)
            return Outcome.failed(f"file: {words_for(error)}", parcel.file.name, is_final=is_final)

    def close(self) -> None:
        """Close the connections that were kept for further parcels."""
        self._client.close()

    def _follow(self, parcel: Parcel, verb: str, url: str) -> Outcome:
        home = origin_of(url)
        bare, credentials = split_credentials(url)
        seen: set[str] = set()
        while True:
            seen.add(bare)
            answer = self._request(parcel, verb, bare, credentials if origin_of(bare) == home else None)
            place = without_credentials(bare)
            if answer.status not in _REDIRECTS or not answer.location:
                tell = Outcome.stored if 200 <= answer.status < 300 else Outcome.failed
                return tell(str(answer.status), place)
            following = _next_hop(bare, answer.location)
            problem = _redirect_problem(following, seen)
            if problem:
                return Outcome.failed(f"{answer.status}, {problem}", place)
            bare, own_credentials = split_credentials(following)
            if own_credentials is not None:
                home, credentials = origin_of(bare), own_credentials

    def _request(self, parcel: Parcel, verb: str, url: str, credentials: tuple[str, str] | None) -> _Answer:
        headers = {"Content-Type": parcel.content_type}
        if verb == "POST":
            headers["Idempotency-Key"] = parcel.delivery_id
        body = _Body(parcel.file)
        headers["Content-Length"] = str(body.left)
        request = self._client.build_request(verb, url, headers=headers, content=body)
        # Credentials go in apart from the URL: the library logs URLs.
        auth = httpx2.BasicAuth(*credentials) if credentials is not None else None
        try:
            response = self._client.send(request, auth=auth, stream=True, follow_redirects=False)
        except httpx2.RemoteProtocolError:
            # A connection that broke under the body looks to the library like a server that had nothing to say.
            if body.left:
                raise _Broken("reset") from None
            raise
        try:
            _drain(response)
        finally:
            response.close()
        return _Answer(response.status_code, response.headers.get("Location", ""))


def _drain(response: httpx2.Response) -> None:
    """Read the answer's body, so that one cut short is noticed; an endless one is not waited for."""
    taken = 0
    for block in response.iter_raw():
        taken += len(block)
        if taken > _ANSWER_BYTES_MAX:
            return


def _next_hop(url: str, location: str) -> str:
    """Where a redirect leads, absolute; empty where `location` is no http address. It is the server's word: hostile."""
    try:
        following = httpx2.URL(urljoin(url, location))
        origin_of(str(following))
    except (httpx2.InvalidURL, ValueError):
        return ""
    return str(following) if following.scheme in SCHEMES and following.host else ""


def _redirect_problem(url: str, seen: set[str]) -> str:
    if not url:
        return "redirected to no http address"
    if split_credentials(url)[0] in seen:
        return "redirected in a loop"
    return "redirected too often" if len(seen) > REDIRECTS_MAX else ""


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
