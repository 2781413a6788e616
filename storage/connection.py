"""A connection to the receiver: HTTP/1.1 by uvicorn, with an end to senders and readers that never finish."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES_MAX: Final = 16 << 10
"""How long a request's head may get before it ends."""
STOP_WITHIN_S: Final = 5
"""How long an upload under way may still take when the receiver is stopped."""
UPLOADS: Final = ("PUT", "POST")
"""The methods of uploads."""


class Connection(H11Protocol):
    """uvicorn's protocol, which waits for ever for a head that was begun, or for a refused body to end.

    Both are given `timeout_ms` in all; bodies that are wanted are watched by whoever takes them.
    """

    timeout_ms: int
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._limit()

    def data_received(self, data: bytes) -> None:
        """Take what came, and look whether the sender is still being waited for."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._relieve()
        elif self._deadline is None:
            self._limit()

    def shutdown(self) -> None:
        """Stop: an upload may end first, for a while; a reader, who may have paused a player, is cut off.

        They see the end of a connection as at any other time. uvicorn by itself would wait, and then cancel the work
        in the middle, also that of threads.
        """
        super().shutdown()
        if self.cycle is not None and not self.cycle.response_complete:
            left_s = STOP_WITHIN_S if self.scope["method"] in UPLOADS else 0
            self.loop.call_later(left_s, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._relieve()
        super().connection_lost(exc)

    def _limit(self) -> None:
        self._deadline = self.loop.call_later(self.timeout_ms / 1_000, self.transport.close)

    def _relieve(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def connection_with(timeout_ms: int) -> type[Connection]:
    """The kind of connection that gives a head `timeout_ms`: uvicorn makes one a sender, from the type alone."""
    return type("Connection", (Connection,), {"timeout_ms": timeout_ms})
