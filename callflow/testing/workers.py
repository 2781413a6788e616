"""Files run by several processes: results come back as they are made, and a process that dies takes one case with it.

Each process has a pipe of its own, so it is known at any moment which file it has in hand. `concurrent.futures` only
knows that some process died, and then gives up everything that is still to be done.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from callflow.core.errors import CallflowError
from callflow.report.results import Failure
from callflow.testing.last_failed import Key
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.repeating import repeat_command

_AT_ONCE: Final = 32
"""Files that a process is given at a time, at most."""

_WORTH_A_PROCESS: Final = 50
"""Files that pay for a process's start, which takes as long as some hundred small scenarios."""

_MOST_FAILED_STARTS: Final = 3


@frozen
class Work:
    """A file to run, and which of its cases: all that are selected, or of those the `wanted` ones."""

    path: Path
    wanted: frozenset[Key] | None = None


@frozen
class FileOver:
    """All cases of a file have come."""

    file: str


Event = CaseResult | FileOver


def workers_for(files: int) -> int:
    """How many processes `--workers auto` takes: at most one for each core that we may use, 1 where few files wait."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not say
        cores = os.cpu_count() or 1
    return max(1, min(cores, files // _WORTH_A_PROCESS))


def run_files(work: Sequence[Work], orders: Orders, workers: int) -> Generator[Event, None, None]:
    """Run files and yield each case as soon as it is over; with 1 worker here, one after another.

    Close the iterator to stop early: nothing goes on behind. Raises CallflowError where processes cannot be started.
    """
    if workers <= 1 or len(work) <= 1:
        yield from _run_here(work, orders)
        return
    crew = _Crew(orders, deque(work), min(_AT_ONCE, max(1, len(work) // (workers * 4))))
    try:
        crew.start(min(workers, len(work)))
        yield from crew.events()
    finally:
        crew.end()


def _run_here(work: Iterable[Work], orders: Orders) -> Iterator[Event]:
    """Only who runs scenarios imports what that takes: the process that starts others is quicker without."""
    from callflow.simulate import tuned_gc
    from callflow.testing.running import run_file

    with tuned_gc():
        for each in work:
            yield from run_file(each.path, orders, each.wanted)
            yield FileOver(str(each.path))


@define(eq=False)
class _Worker:
    """A process, our end of its pipe, and the files that it has, the one in hand first."""

    process: SpawnProcess
    pipe: Connection
    files: deque[Work] = field(factory=deque)
    is_ready: bool = False


@define(eq=False)
class _Crew:
    """The processes and what is still to be given to them."""

    orders: Orders
    waiting: deque[Work]
    at_once: int
    _context: SpawnContext = field(init=False, factory=lambda: multiprocessing.get_context("spawn"))
    _workers: dict[Connection, _Worker] = field(init=False, factory=dict)
    _failed_starts: int = field(init=False, default=0)

    def start(self, count: int) -> None:
        with _ctrl_c_ignored():
            for _ in range(count):
                ours, theirs = self._context.Pipe()
                process = self._context.Process(target=_serve, args=(theirs, self.orders), daemon=True)
                process.start()
                theirs.close()
                self._workers[ours] = _Worker(process, ours)

    def events(self) -> Iterator[Event]:
        while self._workers:
            for ready in wait(list(self._workers)):
                worker = self._workers[ready]  # type: ignore[index]
                try:
                    told = worker.pipe.recv()
                except (EOFError, OSError):
                    yield from self._dead(worker)
                    continue
                if told is not None:
                    yield told
                if isinstance(told, FileOver):
                    worker.files.popleft()
                if not isinstance(told, CaseResult):
                    worker.is_ready = True
                    self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """Keep a process busy: it gets more before it is through, and nothing when nothing is left but what it has."""
        if len(worker.files) >= self.at_once:
            return
        more = [self.waiting.popleft() for _ in range(min(self.at_once, len(self.waiting)))]
        if more or not worker.files:
            worker.files.extend(more)
            with suppress(OSError):  # it has died: its end of the pipe says so next
                worker.pipe.send(more)

    def _dead(self, worker: _Worker) -> Iterator[Event]:
        """A process is gone: by our wish, when it had nothing left; else its file failed and the others are run again.

        What the file's earlier cases came to has been told already.
        """
        del self._workers[worker.pipe]
        worker.pipe.close()
        worker.process.join()
        if not worker.is_ready:
            self._begin_again(worker)
            return
        if not worker.files:
            return
        culprit = worker.files.popleft()
        self.waiting.extendleft(reversed(worker.files))
        file = str(culprit.path)
        message = f"{file}: the process that ran it died, {_end_of(worker.process)}; this is our bug, please report it"
        repeat = repeat_command(file, self.orders.choices)
        yield CaseResult(file, None, "", "error", True, failures=(Failure("", "", message),), repeat=repeat)
        yield FileOver(file)
        if self.waiting:
            self.start(1)

    def _begin_again(self, worker: _Worker) -> None:
        """A process ended before it had any file; not for ever, as the next one may do the same."""
        self._failed_starts += 1
        if self._failed_starts == _MOST_FAILED_STARTS:
            problem = f"processes that run scenarios end as they begin, {_end_of(worker.process)}"
            raise CallflowError(f"workers: {problem}; run with --workers 1")
        if self.waiting:
            self.start(1)

    def end(self) -> None:
        """Nobody works on when this returns."""
        for worker in self._workers.values():
            worker.process.kill()
        for worker in self._workers.values():
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()


def _end_of(process: SpawnProcess) -> str:
    code = process.exitcode or 0
    if code >= 0:
        return f"exit status {code}"
    names: Mapping[int, str] = {each.value: each.name for each in signal.Signals}
    return f"signal {names.get(-code, -code)}"


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """Processes begun meanwhile leave Ctrl-C to us; signals are the main thread's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(pipe: Connection, orders: Orders) -> None:
    """What a process does: say that it is there, then run what it is given until that is nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError, EOFError, ConnectionResetError):  # whoever gave the orders may be gone
        for event in _run_here(_given(pipe), orders):
            pipe.send(event)


def _given(pipe: Connection) -> Iterator[Work]:
    """The files as they come; asking for the first says that this process is there."""
    pipe.send(None)
    while given := pipe.recv():
        yield from given
