"""Where in a test something was asked for: the place that errors and the trace name, as scenarios name their lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from attrs import frozen

_OUR_OWN: Final = "callflow.testing."


@frozen
class Line:
    """A line of a file; `file` is relative to the current folder where it lies in it."""

    file: str
    number: int

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.number}"

    @property
    def name(self) -> str:
        """The file's name alone, for the trace: it must not depend on where tests are run."""
        return Path(self.file).name


def line_of_test() -> Line:
    """The line that called into this room: that of the test, or of what it calls for itself."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith(_OUR_OWN):
        frame = frame.f_back
    return Line(shown_path(Path(frame.f_code.co_filename)), frame.f_lineno)


def shown_path(path: Path) -> str:
    """The path as people name it: relative to the current folder where it lies in it."""
    here = Path(os.getcwd())
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)
