"""The one owner of virtual time: integer milliseconds, first scheduled first served within an instant (design §2.4).

One list per instant and a heap of bare integers keep the order without comparing entries; `bench/` holds the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

Entry = list[Any]
"""One thing due: `[act, subject, event, because]`. Taking or cancelling it clears it: it keeps nothing alive."""

Due = tuple[Callable[..., None], Any, Any, int]
"""A taken entry: what to do, with what, upon which event, and because of which row."""

Slot = list[Entry]
"""What is due at one instant, in order; an empty entry was taken or cancelled."""

_PRUNE_AT_LEAST = 4096


class Agenda:
    """What is due when. `now_ms` is the instant being worked on, or the last one that was."""

    __slots__ = ("_cancelled", "_instants", "_size", "_slots", "now_ms")

    def __init__(self) -> None:
        self.now_ms = 0
        self._slots: dict[int, Slot] = {}
        self._instants: list[int] = []
        self._size = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """How many entries are still to be taken, counted one by one; cancelled ones do not count."""
        return sum(1 for slot in self._slots.values() for entry in slot if entry)

    def after(self, delay_ms: int, act: Callable[..., None], subject: object, event: object, because: int) -> Entry:
        """Put `act(subject, event, because)` `delay_ms` from now, behind everything already due then.

        Raises ValueError for a negative delay: nothing is ever due in the past.
        """
        if delay_ms < 0:
            raise ValueError(f"agenda: a delay of {delay_ms} ms lies in the past; 0 or more would be right")
        when_ms = self.now_ms + delay_ms
        entry: Entry = [act, subject, event, because]
        slot = self._slots.get(when_ms)
        if slot is None:
            self._slots[when_ms] = [entry]
            heappush(self._instants, when_ms)
        else:
            slot.append(entry)
        self._size += 1
        return entry

    def cancel(self, entry: Entry) -> None:
        """Make an entry stale, wherever it stands; cancelling one that was taken or cancelled before does nothing."""
        if entry:
            entry.clear()
            self._cancelled += 1
            if self._cancelled > _PRUNE_AT_LEAST and 3 * self._cancelled > self._size:
                self._prune()

    def next_ms(self) -> int | None:
        """The next instant that holds a live entry, or None when nothing is left to happen."""
        while self._instants:
            instant = self._instants[0]
            if any(self._slots[instant]):
                return instant
            self._size -= len(self._slots.pop(heappop(self._instants)))
        return None

    def take_until(self, limit_ms: int) -> Iterator[Due]:
        """Take what is due up to and including `limit_ms`, in order; entries added meanwhile get their turn."""
        for slot in self.slots_until(limit_ms):
            for entry in slot:
                if entry:
                    act, subject, event, because = entry
                    entry.clear()
                    yield act, subject, event, because

    def slots_until(self, limit_ms: int) -> Iterator[Slot]:
        """Yield the slot of each instant that has something due up to and including `limit_ms`, the clock at it.

        Whoever asks takes the slot's entries as `take_until` does; what is added to it meanwhile comes at its end.
        """
        while self._instants and self._instants[0] <= limit_ms:
            instant = self._instants[0]
            slot = self._slots[instant]
            if any(slot):
                self.now_ms = instant
                yield slot
            del self._slots[heappop(self._instants)]
            self._size -= len(slot)

    def _prune(self) -> None:
        """Drop stale entries, except at the instant being worked on, whose list is being walked.

        Cancelled entries whose instant has passed still count as cancelled: pruning comes a little early at worst.
        """
        slots = self._slots
        for instant, slot in slots.items():
            if instant != self.now_ms:
                slot[:] = [entry for entry in slot if entry]
        self._slots = {i: slot for i, slot in slots.items() if slot or i == self.now_ms}
        self._instants = list(self._slots)
        heapify(self._instants)
        self._size = sum(map(len, self._slots.values()))
        self._cancelled = 0
