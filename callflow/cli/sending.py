"""What an upload shows while it lasts, and its table of tries: for `run`, `demo` and `outbox retry` alike."""

from __future__ import annotations

import shlex
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Self

from attrs import define, field

from callflow.core.delivery import DeliveryEvent, DeliveryState, TargetKind
from callflow.core.errors import StorageError
from callflow.report.wording import printable
from callflow.storage.delivery import DeliveryLogged
from callflow.storage.meter import Meter, Progress
from callflow.storage.parcel import Delivered

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_EVERY_S = 0.2
_BAR_WIDTH = 24
_MB = 1_000_000


@define
class Sent:
    """What came of an upload: the rows that ended deliveries, and what the outbox or a place would not do."""

    ends: list[DeliveryLogged] = field(factory=list)
    problem: StorageError | None = None

    @property
    def is_worth_telling(self) -> bool:
        """Whether there is more to say than that one recording was sent."""
        return len(self.ends) > 1 or any(each.state is not DeliveryState.STORED for each in self.ends)

    def summary(self) -> str:
        """The table of tries in one line."""
        return tries_summary([each.delivered for each in self.ends if each.delivered is not None])


def show_upload(rows: Generator[DeliveryLogged, None, None], meter: Meter, say: Callable[[str], None]) -> Sent:
    """Let an upload happen: `say` gets a line for each event; on a terminal one shows how far it is.

    An interrupt breaks it off.
    """
    sent = Sent()
    with closing(rows), Bar(meter, is_shown=sys.stderr.isatty()) as bar:
        try:
            for each in rows:
                if each.delivered is not None:
                    sent.ends.append(each)
                bar.clear()
                say(_line(each))
        except StorageError as problem:
            sent.problem = problem
    return sent


def retry_command(outbox: Path) -> str:
    """The command that sends what is left in `outbox`."""
    return f"callflow outbox retry {shlex.quote(str(outbox))}"


def tries_summary(delivered: list[Delivered]) -> str:
    """`500 stored: 452 at the first try, 48 at the second; 2 left in the outbox`; words to webhooks are told apart."""
    recordings = [each for each in delivered if each.parcel.target.kind is not TargetKind.WEBHOOK]
    hooks = [each for each in delivered if each.parcel.target.kind is TargetKind.WEBHOOK]
    parts = [_table("stored", recordings)]
    if hooks:
        parts.append(_table("told to the webhook", hooks))
    left = sum(each.state is DeliveryState.FAILED for each in delivered)
    if left:
        parts.append(f"{left} left in the outbox")
    return "; ".join(parts)


def _table(done: str, delivered: list[Delivered]) -> str:
    tries = Counter(len(each.attempts) for each in delivered if each.state is DeliveryState.STORED)
    counts = ", ".join(f"{tries[number]} at the {_ordinal(number)} try" for number in sorted(tries))
    return f"{tries.total()} {done}: {counts}" if tries else f"0 {done}"


def _ordinal(number: int) -> str:
    return _ORDINALS[number - 1] if 0 < number <= len(_ORDINALS) else f"{number}th"


def _line(row: DeliveryLogged) -> str:
    place = f" {row.place}" if row.place and row.event is not DeliveryEvent.RETRY_DUE else ""
    answered = f" ({row.result})" if row.result else ""
    return printable(f"upload {row.delivery_id}: {row.event.value}{answered}{place}")


def bar_text(progress: Progress) -> str:
    """How far an upload is, in one line: `[######------]  50 %, 1 of 2, 50.0 of 100.0 MB`."""
    share = progress.done_bytes / progress.bytes if progress.bytes else 1.0
    full = int(share * _BAR_WIDTH)
    return (
        f"[{'#' * full}{'-' * (_BAR_WIDTH - full)}] {int(share * 100):3} %, {progress.done} of {progress.parcels}, "
        f"{progress.done_bytes / _MB:.1f} of {progress.bytes / _MB:.1f} MB"
    )


class Bar:
    """A line on stderr that says how far an upload is, drawn again and again while its context lasts."""

    def __init__(self, meter: Meter, *, is_shown: bool) -> None:
        self._meter = meter
        self._is_shown = is_shown
        self._is_over = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)

    def draw(self) -> None:
        """Write the line over the one before."""
        sys.stderr.write(f"\r\x1b[K{bar_text(self._meter.progress())}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away, so that another can be printed."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __enter__(self) -> Self:
        """Begin to draw, where somebody looks."""
        if self._is_shown:
            self._ticking.start()
        return self

    def __exit__(self, *problem: object) -> None:
        """Stop, and take the line away."""
        self._is_over.set()
        if self._is_shown:
            self._ticking.join()
        self.clear()

    def _tick(self) -> None:
        while not self._is_over.wait(_EVERY_S):
            self.draw()
