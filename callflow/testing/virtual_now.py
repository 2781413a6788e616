"""The wall clock of the code under test, made to follow the virtual one, with freezegun (design §8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import define

from callflow.core.errors import CallflowError


@define(eq=False)
class VirtualNow:
    """What `datetime.now()`, `time.time()` and the like say; a call moves it whenever its own time moves."""

    _frozen: Any

    @property
    def now(self) -> datetime:
        """The time that it shows, in UTC."""
        shown: datetime = self._frozen.time_to_freeze
        return shown.replace(tzinfo=UTC)

    def move_to(self, moment: datetime) -> None:
        """Show this time from now on; `moment` knows its zone."""
        self._frozen.move_to(moment)


@contextmanager
def virtual_now() -> Iterator[VirtualNow]:
    """Stop the wall clock at the full second, or the one frozen already, until the end. Raises CallflowError.

    The event loop of asyncio keeps the real time, or nothing that waits would ever wake up.
    """
    try:
        from freezegun import freeze_time
    except ModuleNotFoundError:
        problem = "callflow_clock: freezegun is not installed"
        raise CallflowError(f"{problem}; it is part of no extra: pip install freezegun") from None
    freezing = freeze_time(datetime.now(UTC).replace(microsecond=0), real_asyncio=True)
    frozen = freezing.start()
    try:
        yield VirtualNow(frozen)
    finally:
        freezing.stop()
