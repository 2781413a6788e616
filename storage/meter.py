"""How many bytes of each try have been read so far: what a progress bar shows, and how a try under way is broken off.

A carrier reads its file through `durable.read_blocks`, in the thread that the dispatcher tries in. There it finds the
reading of that try in a context variable, so that no carrier needs to know of meters.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from attrs import define, frozen


@define(eq=False)
class _Reading:
    """One try: the size of what it sends, how much of that was read, and whether it is to end."""

    size: int
    stopping: threading.Event
    bytes: int = 0


_READING: Final[ContextVar[_Reading | None]] = ContextVar("reading", default=None)


def count(size: int) -> None:
    """Add `size` bytes to the try of this thread, if one is metered. Raises `InterruptedError` when it is to end."""
    reading = _READING.get()
    if reading is None:
        return
    if reading.stopping.is_set():
        raise InterruptedError(errno.EINTR, "the delivery was broken off")
    reading.bytes += size


@frozen
class Progress:
    """Where a dispatcher stands: parcels and bytes that are over with, and all that it has been given so far."""

    done: int
    parcels: int
    done_bytes: int
    bytes: int


class Meter:
    """Counts what a dispatcher has been given and what of it is read, for any number of threads.

    `stop` lets every try under way end at its next block.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._under_way: set[_Reading] = set()
        self._done = self._parcels = self._done_bytes = self._bytes = 0

    def take(self, size: int) -> None:
        """One more parcel, of `size` bytes."""
        with self._lock:
            self._parcels += 1
            self._bytes += size

    def finish(self, size: int) -> None:
        """A parcel of `size` bytes is over with, wherever it is now."""
        with self._lock:
            self._done += 1
            self._done_bytes += size

    def stop(self) -> None:
        """Break off the tries under way."""
        self._stopping.set()

    @contextmanager
    def metering(self, size: int) -> Iterator[None]:
        """Meter what this thread reads: one try with a file of `size` bytes."""
        reading = _Reading(size, self._stopping)
        with self._lock:
            self._under_way.add(reading)
        token = _READING.set(reading)
        try:
            yield
        finally:
            _READING.reset(token)
            with self._lock:
                self._under_way.remove(reading)

    def progress(self) -> Progress:
        """How far it is now; a file that is read twice (a redirect) counts once."""
        with self._lock:
            read = sum(min(each.bytes, each.size) for each in self._under_way)
            return Progress(self._done, self._parcels, self._done_bytes + read, self._bytes)
