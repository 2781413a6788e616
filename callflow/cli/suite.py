"""A suite as the command line wants it: which files, how many processes, when to stop, and what became of all."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve, frozen

from callflow.report.wording import printable
from callflow.testing.finding import Found
from callflow.testing.last_failed import remembered
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.progress import Progress
from callflow.testing.showing import Suite, in_order
from callflow.testing.workers import Work, run_files, workers_for

if TYPE_CHECKING:
    from callflow.report.coverage import Coverage


@frozen
class Wishes:
    """How the suite is run and what is shown of it, as the command line says."""

    workers: int | None
    maxfail: int
    only_failed: bool
    as_object: bool
    is_verbose: bool
    durations: int
    junit: Path | None
    html: Path | None
    min_percent: float | None


def run_suite(found: Found, orders: Orders, wishes: Wishes) -> Suite:
    """Run the files, show how it goes, and stop when so many failed as are wished, or at Ctrl-C."""
    work = _work(found, wishes)
    workers = min(len(work), wishes.workers or workers_for(len(work)))
    stream = sys.stderr if wishes.as_object else sys.stdout
    is_silent = orders.lists or (wishes.as_object and not stream.isatty())
    progress = Progress(len(work), stream, is_live=_is_live(stream), is_verbose=wishes.is_verbose)
    if wishes.is_verbose and not wishes.as_object:
        for path in found.skipped:
            click.echo(printable(f"passed over: {path}: no `scenario:` among its outermost keys"))
    cases: list[CaseResult] = []
    begun: set[str] = set()
    coverage = _nothing_driven() if orders.covers else None
    ended, began = "", time.perf_counter()
    with closing(run_files(work, orders, workers)) as events:
        try:
            for event in events:
                if not is_silent:
                    progress.take(event)
                begun.add(event.file)
                if isinstance(event, CaseResult):
                    cases.append(_counted(event, coverage))
                    if not event.has_passed and (ended := _enough(cases, wishes.maxfail)):
                        break
        except KeyboardInterrupt:
            ended = "interrupted"
    progress.close()
    return Suite(
        cases=in_order(cases, [str(each.path) for each in work], [each or "" for each in orders.profiles]),
        files=len(work),
        not_run=len(work) - len(begun),
        wall_ms=(time.perf_counter() - began) * 1000,
        workers=workers,
        ended=ended,
        coverage=coverage,
        min_percent=wishes.min_percent,
    )


def _nothing_driven() -> Coverage:
    from callflow.report.coverage import Coverage

    return Coverage()


def _counted(case: CaseResult, coverage: Coverage | None) -> CaseResult:
    """The case, without what it has driven: that is added to the whole, and not kept ten thousand times."""
    if coverage is None or case.coverage is None:
        return case
    coverage.merge(type(coverage).from_data(case.coverage))
    return evolve(case, coverage=None)


def _enough(cases: Sequence[CaseResult], most: int) -> str:
    """Why to stop, "" for to go on; `most` 0 is any number."""
    failed = sum(not case.has_passed for case in cases) if most else 0
    return f"stopped after {failed} failure{'s' * (failed > 1)}" if most and failed >= most else ""


def _is_live(stream: Any) -> bool:
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def _work(found: Found, wishes: Wishes) -> list[Work]:
    """The files, and with --failed of each what failed last time."""
    if not wishes.only_failed:
        return [Work(path) for path in found.files]
    memory = remembered()
    work = [Work(path, memory[key]) for path in found.files if (key := os.path.realpath(path)) in memory]
    if not work:
        click.echo("nothing here failed last time: everything runs", err=True)
        return [Work(path) for path in found.files]
    return work
