"""What is shown while scenarios run: one line that grows on a terminal, marks or lines elsewhere, failures at once."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from typing import IO, Final

import click
from attrs import define, field

from callflow.report.wording import cut, printable
from callflow.testing.outcome import WORST_FIRST, CaseResult, Outcome
from callflow.testing.workers import Event

COLOURS: Final[dict[Outcome, str]] = {
    "passed": "green", "failed": "red", "broken": "red", "error": "red", "listed": "blue",
}  # fmt: skip
_MARKS: Final[dict[Outcome, str]] = {"passed": ".", "failed": "F", "broken": "B", "error": "E", "listed": ""}
_BAR: Final = 24
_EVERY_S: Final = 0.1
_MARKS_A_LINE: Final = 80
_ERASE: Final = "\r\x1b[K"


@define(eq=False)
class Progress:
    """Told of everything that happens, it writes to `stream` what is worth seeing.

    `is_live`: the stream is a terminal, whose last line may be drawn anew. `is_verbose`: each case is a line.
    """

    files: int
    stream: IO[str]
    is_live: bool = False
    is_verbose: bool = False
    now_s: Callable[[], float] = time.monotonic
    _over: int = field(init=False, default=0)
    _counts: Counter[Outcome] = field(init=False, factory=Counter)
    _marks: int = field(init=False, default=0)
    _started_s: float = field(init=False, default=0.0)
    _drawn_s: float = field(init=False, default=-1.0)

    def __attrs_post_init__(self) -> None:
        """Begin to count time."""
        self._started_s = self.now_s()

    def take(self, event: Event) -> None:
        """Something happened: a case is over, or a file."""
        if isinstance(event, CaseResult):
            self._counts[event.outcome] += 1
            self._case(event)
        else:
            self._over += 1
        if self.is_live and self.now_s() - self._drawn_s >= _EVERY_S:
            self._draw()

    def _case(self, case: CaseResult) -> None:
        if self.is_verbose or (self.is_live and not case.has_passed):
            self._line(case)
        elif not self.is_live:
            self._mark(case)

    def _line(self, case: CaseResult) -> None:
        word = click.style(f"{case.outcome:6}", fg=COLOURS[case.outcome])
        text = cut(printable(short(case)), shutil.get_terminal_size((160, 24)).columns - 8)
        self._erase()
        self._write(f"{word} {text}\n")
        self._drawn_s = -1.0

    def _mark(self, case: CaseResult) -> None:
        """A mark a case; what has not passed is named on a line of its own at once."""
        if not case.has_passed:
            self._end_marks()
            self._line(case)
            return
        self._write(_MARKS[case.outcome])
        self._marks += 1
        if self._marks == _MARKS_A_LINE:
            self._write(f" {self._over:,}/{self.files:,}")
            self._end_marks()

    def _end_marks(self) -> None:
        if self._marks:
            self._write("\n")
        self._marks = 0

    def _draw(self) -> None:
        self._drawn_s = self.now_s()
        done = _BAR * self._over // max(1, self.files)
        counts = "  ".join(f"{self._counts[each]:,} {each}" for each in reversed(WORST_FIRST) if self._counts[each])
        seconds = int(self._drawn_s - self._started_s)
        bar = "█" * done + "░" * (_BAR - done)
        text = f"{bar}  {self._over:,}/{self.files:,} files  {counts}  {seconds // 60}:{seconds % 60:02}"
        self._erase()
        self._write(cut(text, shutil.get_terminal_size((100, 24)).columns - 1))

    def close(self) -> None:
        """Leave a clean line behind."""
        self._erase()
        self._end_marks()
        self.stream.flush()

    def _erase(self) -> None:
        """Past click, which takes this for a colour where colours are not wanted."""
        if self.is_live:
            self.stream.write(_ERASE)

    def _write(self, text: str) -> None:
        click.echo(text, file=self.stream, nl=False)
        self.stream.flush()


def short(case: CaseResult) -> str:
    """The case and its first failure on one line; where the failure stands in the case's own file, the line alone."""
    if not case.failures:
        return case.label
    message, file = case.failures[0].message, f"{printable(case.file)}:"
    rest = message.removeprefix(file).strip()
    is_line = message.startswith(file) and rest[:1].isdigit()
    return f"{case.label}: {'line ' if is_line else ''}{rest}"
