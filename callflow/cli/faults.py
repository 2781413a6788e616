"""What went wrong, as lines on stderr and an exit status: exceptions become either of them only here (§7, §9)."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import suppress
from io import UnsupportedOperation
from types import TracebackType
from typing import Final, Self

import click

from callflow.cli.colour import colour_wish
from callflow.core.errors import DocumentError, MediaError, RegistrationError, RunawayError, StorageError
from callflow.report.wording import printable

PASSED: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2
OUR_BUG: Final = 3
NOT_DELIVERED: Final = 4
INTERRUPTED: Final = 130
"""As a shell says it of a program that Ctrl-C ended: 128 and the signal's number."""
READER_GONE: Final = 141
"""The same for a broken pipe: whoever read our output has what it wanted."""

DEBUG: Final = "CALLFLOW_DEBUG"
"""Environment variable: set, a bug's traceback is shown instead of put into a file."""

STATUSES: Final[tuple[tuple[type[BaseException], int], ...]] = (
    (DocumentError, WRONG_INPUT),
    (MediaError, WRONG_INPUT),
    (StorageError, WRONG_INPUT),
    (RunawayError, WRONG_INPUT),
    (RegistrationError, WRONG_INPUT),
    (click.ClickException, WRONG_INPUT),
    (click.Abort, INTERRUPTED),
    (KeyboardInterrupt, INTERRUPTED),
    (BrokenPipeError, READER_GONE),
)
"""Exit status by class of exception, the first that fits; of no class here (ImpossibleEvent, StuckCall, …): our bug."""

_ON_THEIR_WAY_OUT: Final = (SystemExit, click.exceptions.Exit, GeneratorExit)


def exit_status(fault: BaseException) -> int:
    """The exit status that an exception amounts to."""
    return next((status for kind, status in STATUSES if isinstance(fault, kind)), OUR_BUG)


class Reported:
    """Ends the process with the status of whatever is raised inside, reported on stderr: `with Reported(): …`.

    SystemExit and click's own Exit pass; a fault is one line, `error: where: what; hint`, and one more for each of its
    notes; a bug of ours is a line, with the traceback in a file of its own or, under CALLFLOW_DEBUG, below it.
    """

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: object, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Flush stdout, so that a reader that has gone shows here, not when Python ends; report; raise SystemExit."""
        try:
            sys.stdout.flush()
        except BrokenPipeError as gone:
            fault = gone
        if fault is None or isinstance(fault, _ON_THEIR_WAY_OUT):
            return
        status = exit_status(fault)
        if status == READER_GONE:
            _silence_stdout()
        else:
            with suppress(OSError):  # the status is said even when nobody reads stderr
                for line in _lines(fault, status):
                    click.echo(line, err=True, color=colour_wish())
        raise SystemExit(status) from None


def _lines(fault: BaseException, status: int) -> Iterator[str]:
    if status == INTERRUPTED:
        yield "interrupted"
    elif isinstance(fault, click.exceptions.NoArgsIsHelpError):
        yield fault.format_message()
    elif status == OUR_BUG:
        yield from _bug_lines(fault)
    elif isinstance(fault, click.ClickException):
        yield _error_line(_usage_text(fault))
    else:
        yield _error_line(str(fault))
        yield from (_error_line(note) for note in getattr(fault, "__notes__", ()))


def _error_line(text: str) -> str:
    return click.style("error:", fg="red", bold=True) + " " + printable(text)


def _usage_text(fault: click.ClickException) -> str:
    """Click's message in our form: the verb, what is wrong on one line, and, unless it says so, where to read more."""
    context = fault.ctx if isinstance(fault, click.UsageError) else None
    path = context.command_path if context is not None else "callflow"
    message = " ".join(fault.format_message().split()).removesuffix(".")
    return f"{path}: {message}" if "; " in message else f"{path}: {message}; see {path} --help"


def _bug_lines(fault: BaseException) -> Iterator[str]:
    story = "".join(traceback.format_exception(fault))
    summary = f"this is our bug, please report it: {type(fault).__name__}: {fault}"
    place = None if os.environ.get(DEBUG) else _kept(story)
    if place is not None:
        yield _error_line(f"{summary}; the traceback is in {place}")
        return
    yield _error_line(summary)
    yield from map(printable, story.splitlines())


def _kept(story: str) -> str | None:
    """Put a traceback into a new file that only the user can read; None where no file can be written."""
    try:
        descriptor, place = tempfile.mkstemp(prefix="callflow-bug-", suffix=".txt")
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(story)
    except OSError:
        return None
    return place


def _silence_stdout() -> None:
    """Let nothing be written to the closed pipe when Python flushes at its end."""
    with suppress(UnsupportedOperation, OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
