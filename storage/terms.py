"""On which terms a receiver takes recordings, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

TIMEOUT_MS: Final = 60_000
UPLOADS_MAX: Final = 100
PACE_BYTES_PER_S: Final = 512
"""The slowest that an upload may be on average, once the timeout has passed; a slower one only holds a place."""


@frozen
class Terms:
    """What senders have to keep to.

    `max_bytes` is the size of the largest recording (None: any), `max_uploads` how many may come at a time,
    `timeout_ms` how long a sender may be silent in the middle of an upload, or take for a request's head. `token` is
    asked of everybody (None: of nobody); no output shows it.
    """

    max_bytes: int | None = None
    max_uploads: int = UPLOADS_MAX
    timeout_ms: int = TIMEOUT_MS
    token: str | None = field(default=None, repr=False)

    def patience_ms(self, elapsed_ms: int, count: int) -> int:
        """How long to wait for more of an upload that brought `count` bytes in `elapsed_ms`; from 0 down: no longer."""
        credit_ms = count * 1_000 // PACE_BYTES_PER_S
        return min(self.timeout_ms, self.timeout_ms + credit_ms - elapsed_ms)


DEFAULT_TERMS: Final = Terms()
"""Recordings of any size, from anybody who reaches the receiver."""


class Refusal(Exception):
    """A request that is not granted: the status, the reason that the sender is told, and headers to go with it."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})
        super().__init__(status, reason)
