"""`callflow test`: run scenarios by the thousand and say which are not as they expect."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from callflow.cli.colour import colour_wish
from callflow.cli.faults import INTERRUPTED
from callflow.cli.options import seed_option, skip_unsimulated_option, start_option, strict_option, with_option
from callflow.core.profile import PROFILES
from callflow.report.wording import printable
from callflow.scenario.preparing import Choices
from callflow.testing.finding import Found, find_scenarios
from callflow.testing.junit import claim, write_junit
from callflow.testing.last_failed import remember, remembered
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.progress import Progress
from callflow.testing.selecting import EVERYTHING, Selection, read_condition
from callflow.testing.showing import Suite, end_lines, in_order, list_lines, suite_json
from callflow.testing.workers import Work, run_files, workers_for

_MOST_WORKERS: Final = 256


def read_workers(context: click.Context, parameter: click.Parameter, given: str) -> int | None:
    """A number of processes, or None for `auto`. Raises BadParameter."""
    if given == "auto":
        return None
    if given.isascii() and given.isdigit() and 1 <= int(given) <= _MOST_WORKERS:
        return int(given)
    raise click.BadParameter(f"it is neither auto nor a number from 1 to {_MOST_WORKERS}", context, parameter)


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


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-k", "expression", metavar="WORDS", help="Only scenarios whose file, name or tags have these words.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only scenarios with this tag; given twice, either.")
@click.option("--failed", "only_failed", is_flag=True, help="Only what failed last time; everything, if nothing did.")
@click.option("--maxfail", type=click.IntRange(1), metavar="N", default=None, help="Stop after N failures.")
@click.option(
    "--workers", metavar="N|auto", default="auto", callback=read_workers, show_default=True, help="How many processes."
)
@click.option(
    "--profile",
    "profiles",
    type=click.Choice(tuple(PROFILES)),
    multiple=True,
    help="Whose rules hold; given twice, every scenario runs under each.",
)
@with_option
@start_option
@seed_option
@strict_option
@skip_unsimulated_option
@click.option("--golden", is_flag=True, help="Compare traces with the NAME.trace.jsonl beside the scenario, if any.")
@click.option("--update", is_flag=True, help="Write those traces anew, for every scenario that passes.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the audio files into this folder.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write JUnit XML.")
@click.option("--list", "lists", is_flag=True, help="Show what would run, and run nothing.")
@click.option("--durations", type=click.IntRange(0), metavar="N", default=0, help="Show the N slowest.")
@click.option("-v", "--verbose", "is_verbose", is_flag=True, help="A line for each case, and what was passed over.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(paths: tuple[Path, ...], **given: Any) -> None:
    """Run every scenario that is found under PATH and say which are not as they expect.

    In folders, files named *.scenario.yaml, .yml or .json are scenarios, and any other YAML or JSON file with
    `scenario:` among its outermost keys. Each row of `examples:` is a case of its own.

    Nothing leaves the machine. Ends with status 0 when all is as expected, 1 when an expectation is not met, 2 when a
    file is wrong or nothing was found to run, 3 for a fault of ours; of several 3 counts before 2, and 2 before 1.

    \b
    Example: callflow test examples -k "voicemail or busy"
    """
    if given["golden"] and given["update"]:
        raise click.UsageError("--golden compares what --update writes; give one of them")
    found = find_scenarios(paths)
    if not found.files:
        looked = ", ".join(printable(path) for path in paths[:3])
        raise click.UsageError(f"no scenario under {looked}; a scenario is a YAML or JSON file with `scenario:` in it")
    orders = _orders(given)
    wishes = Wishes(
        workers=given["workers"],
        maxfail=given["maxfail"] or 0,
        only_failed=given["only_failed"],
        as_object=given["as_object"],
        is_verbose=given["is_verbose"],
        durations=given["durations"],
        junit=given["junit"],
    )
    if wishes.junit is not None:
        claim(wishes.junit)
    started = datetime.now(UTC)
    suite = run_suite(found, orders, wishes)
    if wishes.junit is not None:
        write_junit(suite.cases, wishes.junit, started, suite.wall_ms)
    _show(suite, orders, wishes)
    _remember(suite)
    if not suite.cases and not suite.ended:
        files = "the only file" if suite.files == 1 else f"the {suite.files:,} files"
        raise click.UsageError(f"nothing to run in {files}; no scenario there has what -k, --tag or --failed asks for")
    sys.exit(INTERRUPTED if suite.ended == "interrupted" else suite.status)


def _orders(given: dict[str, Any]) -> Orders:
    chosen = {name: given[name] for name in ("values", "start", "seed", "strict", "skip_unsimulated")}
    condition = EVERYTHING if given["expression"] is None else read_condition(given["expression"])
    return Orders(
        choices=Choices(**chosen),
        profiles=tuple(dict.fromkeys(given["profiles"])) or (None,),
        selection=Selection(condition, frozenset(given["tags"])),
        golden="update" if given["update"] else "compare" if given["golden"] else "no",
        out=given["out"],
        tells=given["junit"] is not None,
        lists=given["lists"],
    )


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
    ended, began = "", time.perf_counter()
    with closing(run_files(work, orders, workers)) as events:
        try:
            for event in events:
                if not is_silent:
                    progress.take(event)
                begun.add(event.file)
                if isinstance(event, CaseResult):
                    cases.append(event)
                    if not event.has_passed and (ended := _enough(cases, wishes.maxfail)):
                        break
        except KeyboardInterrupt:
            ended = "interrupted"
    progress.close()
    ordered = in_order(cases, [str(each.path) for each in work], [each or "" for each in orders.profiles])
    return Suite(ordered, len(work), len(work) - len(begun), (time.perf_counter() - began) * 1000, workers, ended)


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


def _show(suite: Suite, orders: Orders, wishes: Wishes) -> None:
    if wishes.as_object:
        click.echo(json.dumps(suite_json(suite), indent=2, ensure_ascii=False))
        return
    lines = list_lines(suite.cases) if orders.lists else end_lines(suite, wishes.durations)
    for line in lines:
        click.echo(line, color=colour_wish())


def _remember(suite: Suite) -> None:
    """A folder that cannot be written spoils no run."""
    try:
        remember(suite.cases)
    except OSError as error:
        reason = error.strerror or "the system refused"
        click.echo(printable(f"what failed is not remembered for --failed: {reason}"), err=True)
