"""Time for deliveries: a clock that is injected, so that tests need not wait, and the real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

WallClock = Callable[[], datetime]
"""The time of day, aware, in UTC. It may jump: it is written down and shown, nothing is measured with it."""


class Clock(Protocol):
    """A monotonic clock that can be waited on; shared by all threads of a dispatcher."""

    def now_ms(self) -> int:
        """Milliseconds since some fixed moment; never goes back."""

    def wait_ms(self, duration_ms: int) -> None:
        """Return after `duration_ms` milliseconds."""


def utc_now() -> datetime:
    """The machine's time of day."""
    return datetime.now(UTC)


class RealClock:
    """The machine's monotonic clock."""

    def now_ms(self) -> int:
        """Milliseconds of the machine's monotonic clock."""
        return time.monotonic_ns() // 1_000_000

    def wait_ms(self, duration_ms: int) -> None:
        """Block the calling thread for `duration_ms` milliseconds."""
        threading.Event().wait(duration_ms / 1_000)
