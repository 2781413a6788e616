"""`callflow coverage`: which nodes and branches of callflows, and which moves of the recorder, scenarios drive."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from callflow.cli.faults import FAILED, PASSED
from callflow.cli.options import (
    profile_option,
    seed_option,
    skip_unsimulated_option,
    start_option,
    strict_option,
    with_option,
)

MOST_COLUMNS = 160
"""No line of the recorder's part is longer, however wide the terminal."""

min_coverage_option = click.option(
    "--min-coverage",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="End with status 1 when less of the nodes that can be reached has run.",
)


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_option
@start_option
@seed_option
@profile_option
@strict_option
@skip_unsimulated_option
@min_coverage_option
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(
    paths: tuple[Path, ...],
    values: Mapping[str, str],
    start: datetime | None,
    seed: int | None,
    profile: str | None,
    strict: bool,
    skip_unsimulated: bool,
    min_coverage: float | None,
    as_object: bool,
) -> None:
    """Run the scenarios of PATH, files or folders, and say what they have driven.

    Each callflow is drawn with how often every node ran; a branch is taken when its child runs. What no call can reach
    is marked and does not count. Expectations are not looked at: `callflow test` does that. No sound is made.

    \b
    Example: callflow coverage examples/record_per_user --min-coverage 80
    """
    from callflow.report.coverage import Coverage
    from callflow.report.coverage_text import coverage_text
    from callflow.scenario import load_scenario
    from callflow.scenario.preparing import Choices, prepare
    from callflow.simulate import Run
    from callflow.testing.finding import find_scenarios

    choices = Choices(
        profile=profile, seed=seed, start=start, values=values, strict=strict, skip_unsimulated=skip_unsimulated
    )
    files = find_scenarios(paths).files
    if not files:
        raise click.UsageError(f"there is no scenario in {', '.join(map(str, paths))}")
    coverage = Coverage()
    for file in files:
        for scenario in load_scenario(file):
            prepared = prepare(scenario, choices)
            coverage.take(prepared, Run(prepared).play())
    if as_object:
        click.echo(json.dumps(coverage.as_data(), indent=2, ensure_ascii=False))
    else:
        click.echo(coverage_text(coverage, min(shutil.get_terminal_size((100, 24)).columns, MOST_COLUMNS)))
    sys.exit(PASSED if is_enough(coverage.percent, min_coverage) else FAILED)


def is_enough(percent: float, wanted: float | None) -> bool:
    """Whether as much has run as is wanted, None for whatever it is; a line on stderr says when not."""
    if wanted is None or percent >= wanted:
        return True
    click.secho(f"{percent:g} % has run, {wanted:g} % is wanted", fg="red", err=True)
    return False
