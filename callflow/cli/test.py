"""`callflow test`: run scenarios by the thousand and say which are not as they expect."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from callflow.cli.colour import colour_wish
from callflow.cli.coverage import is_enough, min_coverage_option
from callflow.cli.faults import INTERRUPTED
from callflow.cli.options import seed_option, skip_unsimulated_option, start_option, strict_option, with_option
from callflow.cli.suite import Wishes, run_suite
from callflow.core.profile import PROFILES
from callflow.report.wording import printable
from callflow.scenario.preparing import Choices
from callflow.testing.finding import find_scenarios
from callflow.testing.junit import claim, write_junit
from callflow.testing.last_failed import remember
from callflow.testing.orders import Orders
from callflow.testing.selecting import EVERYTHING, Selection, read_condition
from callflow.testing.showing import Suite, end_lines, list_lines, suite_json

_MOST_WORKERS: Final = 256


def read_workers(context: click.Context, parameter: click.Parameter, given: str) -> int | None:
    """A number of processes, or None for `auto`. Raises BadParameter."""
    if given == "auto":
        return None
    if given.isascii() and given.isdigit() and 1 <= int(given) <= _MOST_WORKERS:
        return int(given)
    raise click.BadParameter(f"it is neither auto nor a number from 1 to {_MOST_WORKERS}", context, parameter)


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
@click.option(
    "--html",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write index.html and a page for each case, with its recordings, into this folder.",
)
@click.option("--coverage", "covers", is_flag=True, help="Show how much of each callflow has run.")
@min_coverage_option
@click.option("--list", "lists", is_flag=True, help="Show what would run, and run nothing.")
@click.option("--durations", type=click.IntRange(0), metavar="N", default=0, help="Show the N slowest.")
@click.option("-v", "--verbose", "is_verbose", is_flag=True, help="A line for each case, and what was passed over.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(paths: tuple[Path, ...], **given: Any) -> None:
    """Run every scenario that is found under PATH and say which are not as they expect.

    In folders, files named *.scenario.yaml, .yml or .json are scenarios, and any other YAML or JSON file with
    `scenario:` among its outermost keys. Each row of `examples:` is a case of its own.

    Nothing leaves the machine. Ends with status 0 when all is as expected, 1 when an expectation is not met or too
    little has run, 2 when a file is wrong or nothing was found to run, 3 for a fault of ours; of several 3 counts
    before 2, and 2 before 1.

    \b
    Example: callflow test examples -k "voicemail or busy"
    """
    if given["golden"] and given["update"]:
        raise click.UsageError("--golden compares what --update writes; give one of them")
    if given["lists"] and (given["html"] is not None or given["covers"] or given["min_coverage"] is not None):
        raise click.UsageError("--list runs nothing that --html or --coverage could show; leave it out")
    found = find_scenarios(paths)
    if not found.files:
        looked = ", ".join(printable(path) for path in paths[:3])
        raise click.UsageError(f"no scenario under {looked}; a scenario is a YAML or JSON file with `scenario:` in it")
    orders, wishes = _orders(given), _wishes(given)
    _claim(wishes)
    started = datetime.now(UTC)
    suite = run_suite(found, orders, wishes)
    _write(suite, wishes, started)
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
        html=given["html"],
        tells=given["junit"] is not None,
        covers=given["covers"] or given["min_coverage"] is not None,
        lists=given["lists"],
    )


def _wishes(given: dict[str, Any]) -> Wishes:
    chosen = {name: given[name] for name in ("workers", "only_failed", "as_object", "is_verbose", "durations")}
    files = {name: given[name] for name in ("junit", "html")}
    return Wishes(maxfail=given["maxfail"] or 0, min_percent=given["min_coverage"], **chosen, **files)


def _claim(wishes: Wishes) -> None:
    """Find out before anything runs whether the reports can be written. Raises StorageError."""
    if wishes.junit is not None:
        claim(wishes.junit)
    if wishes.html is not None:
        from callflow.report.html.suite import claim_suite

        claim_suite(wishes.html)


def _write(suite: Suite, wishes: Wishes, started: datetime) -> None:
    """Write the reports that are wished. Raises StorageError."""
    if wishes.junit is not None:
        write_junit(suite.cases, wishes.junit, started, suite.wall_ms)
    if wishes.html is not None:
        from callflow.report.html.suite import write_suite

        write_suite(suite, wishes.html, started)


def _show(suite: Suite, orders: Orders, wishes: Wishes) -> None:
    if wishes.as_object:
        click.echo(json.dumps(suite_json(suite), indent=2, ensure_ascii=False))
        _show_lack(suite)
        return
    lines = list_lines(suite.cases) if orders.lists else end_lines(suite, wishes.durations)
    for line in lines:
        click.echo(line, color=colour_wish())
    if suite.coverage is not None:
        from callflow.report.coverage_text import coverage_table

        click.echo("\n" + coverage_table(suite.coverage))
    _show_lack(suite)


def _show_lack(suite: Suite) -> None:
    if suite.coverage is not None:
        is_enough(suite.coverage.percent, suite.min_percent)


def _remember(suite: Suite) -> None:
    """A folder that cannot be written spoils no run."""
    try:
        remember(suite.cases)
    except OSError as error:
        reason = error.strerror or "the system refused"
        click.echo(printable(f"what failed is not remembered for --failed: {reason}"), err=True)
