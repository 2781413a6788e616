"""Where a fault of the test's author leaves this room: at the line of the test, not deep in our own code."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from attrs import frozen

from callflow.core.errors import DocumentError, MediaError, RunawayError
from callflow.testing.caller_line import Line
from callflow.testing.impossible import NoRecording, StepNotPossible

_THE_TESTS_FAULT: Final = (DocumentError, MediaError, RunawayError, StepNotPossible, NoRecording)


@frozen
class Border:
    """`with Border(line):` — a DocumentError without a place gets the line; faults of ours, and of actions, pass."""

    line: Line

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: object, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Raise what is the test's fault anew, its traceback beginning here; pytest hides this frame."""
        __tracebackhide__ = True
        if not isinstance(fault, _THE_TESTS_FAULT):
            return
        if isinstance(fault, DocumentError) and not fault.where:
            fault = type(fault)(self.line.where, fault.problem, fault.hint)
        raise fault.with_traceback(None) from None
