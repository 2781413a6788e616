"""The receiver as a server: in a thread of its own beside a run, or alone for `callflow receive` (issue 2, item 9)."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Self

import structlog
import uvicorn

from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.connection import HEAD_BYTES_MAX, connection_with
from callflow.storage.received import Received
from callflow.storage.reception import Log, Reception
from callflow.storage.shelf import Shelf
from callflow.storage.terms import DEFAULT_TERMS, Terms

LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 128
_CANCELLED_AFTER_S: Final = 60
"""What is not over then hangs on a disk."""
_KEEP_ALIVE_S: Final = 5
_READERS_MAX: Final = 400
"""How many connections there may be beyond those that upload; a request on one more is answered 503."""


class _Server(uvicorn.Server):
    """A uvicorn server that says when it takes requests."""

    def __init__(self, shelf: Shelf, log: Log, terms: Terms) -> None:
        super().__init__(
            uvicorn.Config(
                Reception(shelf, log, terms),
                http=connection_with(terms.timeout_ms),
                h11_max_incomplete_event_size=HEAD_BYTES_MAX,
                timeout_keep_alive=min(_KEEP_ALIVE_S, -(-terms.timeout_ms // 1_000)),
                limit_concurrency=terms.max_uploads + _READERS_MAX,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_CANCELLED_AFTER_S,
            )
        )
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


def _listen(host: str, port: int) -> socket.socket:
    """Bind here, not in uvicorn: the port is then known, and a taken one is an error of ours. Raises `StorageError`."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        problem = words_for(error) if isinstance(error, OSError) else "no such port"
        raise StorageError(f"{host}:{port}: cannot listen there, {problem}; take another port, 0 for any") from error
    return listener


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class RunningReceiver:
    """A receiver that runs while its context lasts: `with RunningReceiver(folder) as receiver: ... receiver.url`.

    Entering raises `StorageError` when the port is taken or the folder cannot be written. Leaving lets uploads under
    way finish, for at most five seconds, and cuts readers off. `log` gets a line for each upload, stored or refused.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        host: str = LOOPBACK,
        log: Log | None = None,
        terms: Terms = DEFAULT_TERMS,
    ) -> None:
        self._wanted = folder
        self._address = (host, port)
        self._terms = terms
        self._log: Log = log if log is not None else structlog.get_logger("callflow.receiver")

    def __enter__(self) -> Self:
        """Start; on return requests are answered."""
        self._shelf = Shelf(self._wanted)
        try:
            listener = _listen(*self._address)
        except StorageError:
            self._shelf.close()
            raise
        self._url = _url_of(listener)
        self._server = _Server(self._shelf, self._log, self._terms)
        self._thread = threading.Thread(target=self._serve, args=(listener,), name="receiver", daemon=True)
        self._thread.start()
        self._server.is_ready.wait()
        if not self._server.started:
            self._thread.join()
            self._shelf.close()
            raise StorageError(f"{self._url}: the receiver did not start; look at the error before this one")
        return self

    def __exit__(self, *problem: object) -> None:
        """Stop, and wait until it is done."""
        self._server.should_exit = True
        self._thread.join()
        self._shelf.close()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return self._url

    @property
    def folder(self) -> Path:
        """Where the files are, absolute."""
        return self._shelf.folder

    def stored(self) -> tuple[Received, ...]:
        """What was stored, in order."""
        return self._shelf.received()

    def _serve(self, listener: socket.socket) -> None:
        try:
            self._server.run(sockets=[listener])
        finally:
            listener.close()
            self._server.is_ready.set()


def serve_forever(
    folder: Path, port: int, host: str = LOOPBACK, log: Log | None = None, terms: Terms = DEFAULT_TERMS
) -> None:
    """Receive into `folder` until the process is told to stop; an interrupt (Ctrl-C) is a normal end.

    The first line in `log` holds the URL. Raises `StorageError` when the port is taken or the folder cannot be written.
    """
    shown: Log = log if log is not None else structlog.get_logger("callflow.receiver")
    with closing(Shelf(folder)) as shelf, _listen(host, port) as listener, suppress(KeyboardInterrupt):
        shown.info("receiving", url=_url_of(listener), folder=str(shelf.folder))
        _Server(shelf, shown, terms).run(sockets=[listener])
