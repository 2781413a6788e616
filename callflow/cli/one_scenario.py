"""The one scenario that a verb looks at closely, where `callflow run` would play every row of a file."""

from __future__ import annotations

from pathlib import Path

import click

from callflow.scenario import load_scenario
from callflow.scenario.language import Scenario

row_option = click.option(
    "--row",
    type=click.IntRange(0),
    help="Which row of the scenario's examples, counted from 0; needed where it has any.",
)
"""`row: int | None`, for `load_one`."""

scenario_argument = click.argument("path", metavar="SCENARIO", type=click.Path(path_type=Path))
"""`path: Path`, for `load_one`."""


def load_one(path: Path, row: int | None) -> Scenario:
    """The scenario of a file, or one row of its `examples:`. Raises ScenarioError, and UsageError for the row."""
    scenarios = load_scenario(path)
    last = len(scenarios) - 1
    if row is None and last:
        raise click.UsageError(f"{path} has {last + 1} rows, and this takes one; add --row 0 to --row {last}")
    if row is not None and row > last:
        raise click.UsageError(f"--row {row}: {path} has " + (f"the rows 0 to {last}" if last else "only row 0"))
    return scenarios[row or 0]
