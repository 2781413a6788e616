"""Files run by several processes: the same results as by one, and a process that dies takes one file with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from attrs import evolve

from callflow.core.errors import CallflowError
from callflow.scenario.preparing import Choices
from callflow.testing import workers
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.workers import FileOver, Work, run_files, workers_for

Writer = Callable[..., Path]
PLAIN = Orders(Choices())
LONG = "examples:\n  - [LENGTH]\n" + "  - [9s]\n" * 300


def suite(write: Writer, count: int) -> list[Work]:
    """Files of which every third fails."""
    return [Work(write(f"{n:02}.yaml", length="8s" if n % 3 == 0 else "9s")) for n in range(count)]


def test_two_processes_come_to_what_one_does(write_scenario: Writer) -> None:
    """Every case once, every file over once, and the results are the same but for their time."""
    work = [
        *suite(write_scenario, 9),
        Work(write_scenario("t.yaml", length="'{L}'", more="examples: [{L: 9s}, {L: 8s}]")),
    ]
    told = [list(run_files(work, PLAIN, count)) for count in (1, 2)]
    over = [sorted(each.file for each in events if isinstance(each, FileOver)) for events in told]
    assert over[0] == over[1] == sorted(str(each.path) for each in work)
    cases = [
        sorted((evolve(each, duration_ms=0.0) for each in events if isinstance(each, CaseResult)), key=str)
        for events in told
    ]
    assert cases[0] == cases[1]
    assert len(cases[0]) == 11
    assert not multiprocessing.active_children()


def test_a_killed_process_is_a_failed_case_and_the_rest_goes_on(write_scenario: Writer) -> None:
    """The file that it had in hand is named, with the signal; all other files come to their end."""
    work = [Work(write_scenario("long.yaml", length="'{LENGTH}'", more=LONG)), *suite(write_scenario, 12)]
    cases: list[CaseResult] = []
    over: list[str] = []
    alive: list[BaseProcess] = []
    for event in run_files(work, PLAIN, 2):
        if isinstance(event, FileOver):
            over.append(event.file)
            continue
        cases.append(event)
        if event.row == 0:
            alive = multiprocessing.active_children()
            for process in alive:
                assert process.pid is not None
                os.kill(process.pid, signal.SIGKILL)
    assert alive
    assert sorted(over) == sorted(str(each.path) for each in work)
    errors = [case for case in cases if case.outcome == "error"]
    killed = next(each for each in errors if each.file == str(work[0].path))
    assert killed.failures[0].message.startswith(f"{work[0].path}: the process that ran it died, signal SIGKILL; ")
    assert killed.is_whole
    assert killed.repeat.startswith("callflow run ")
    assert len(errors) <= 2


def test_who_stops_early_leaves_nothing_behind(write_scenario: Writer) -> None:
    """Closing the iterator ends the processes, in the middle of their files."""
    work = [Work(write_scenario(f"{n}.yaml", length="'{LENGTH}'", more=LONG)) for n in range(2)]
    events = run_files(work, PLAIN, 2)
    next(events)
    assert multiprocessing.active_children()
    events.close()
    assert not multiprocessing.active_children()


def test_processes_that_cannot_begin_are_said_so(write_scenario: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """No endless beginning anew: the message names the way without processes."""
    monkeypatch.setattr(workers, "_serve", os.abort)
    with pytest.raises(CallflowError, match="^workers: processes that run scenarios end as they begin, .*--workers 1$"):
        list(run_files(suite(write_scenario, 2), PLAIN, 2))


@pytest.mark.parametrize(
    ("files", "cores", "expected"), [(0, 8, 1), (99, 8, 1), (100, 8, 2), (9_999, 8, 8), (5_000, 1, 1)]
)
def test_auto_takes_what_pays(files: int, cores: int, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process costs its start: few files need none, and never more than there are cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert workers_for(files) == expected


def test_auto_counts_cores_where_the_system_does_not_say_which_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows and macOS have no such call."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert workers_for(1_000_000) == 3
