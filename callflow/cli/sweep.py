"""`callflow sweep`: the length of a recording, and what ends it, over the values of one or two settings (design §7)."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

from callflow.cli.one_scenario import load_one, row_option, scenario_argument
from callflow.cli.options import (
    profile_option,
    seed_option,
    skip_unsimulated_option,
    start_option,
    strict_option,
    with_option,
)
from callflow.core.errors import StorageError
from callflow.report.heatmap import Cell, Grid, cell_of, map_text, table_text
from callflow.report.heatmap_svg import map_svg
from callflow.report.results import RecordingResult
from callflow.report.wording import printable
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices, Prepared
from callflow.simulate import Run
from callflow.variations import Case, Variation, cases, read_variation
from callflow.varied import prepare_varied

_FORMAT: Final = 1
_MOST_SETTINGS: Final = 2
_WORTH_PROGRESS: Final = 20
"""Runs from which on it is shown how many are done."""


def read_variations(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> list[Variation]:
    """Every `--vary` of the command line; one or two. Raises BadParameter, and ScenarioError for the text of one."""
    if len(given) > _MOST_SETTINGS:
        raise click.BadParameter("one or two settings are varied; a third has no place in a map", context, parameter)
    return [read_variation(each) for each in given]


@click.command()
@scenario_argument
@click.option(
    "--vary",
    "variations",
    metavar="PATH=VALUES",
    multiple=True,
    required=True,
    callback=read_variations,
    help="What to vary, and its values: 5,100,500 or 100..2000/100. May be given twice.",
)
@click.option(
    "--recording",
    "number",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Which recording to look at, counted over all calls as `callflow run` lists them.",
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg",
    help="Draw the heat map into this file.",
)
@with_option
@start_option
@seed_option
@profile_option
@strict_option
@skip_unsimulated_option
@row_option
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(
    path: Path,
    variations: list[Variation],
    number: int,
    picture: Path | None,
    row: int | None,
    as_object: bool,
    **chosen: Any,
) -> None:
    """Run SCENARIO once for every combination of values and show how long a recording gets, and what ends it.

    \b
    PATH is one of
      data.KEY               a setting of the first record_call node that starts
      flow.children._.data.KEY   a setting of the node at that JSON path
      account.KEY            a value of the account: account.system_config.media.KEY
      with.NAME              what fills {NAME} in the callflow
      profile, seed

    A value is JSON or a word; null leaves the key out. Expectations are not judged, audio is not made.

    \b
    Example: callflow sweep examples/record_per_user/answered.yaml --vary data.time_limit=10..60/10
    """
    if picture is not None and picture.suffix.lower() != ".svg":
        raise click.UsageError(f"--picture {printable(picture)}: pictures are SVG; name it FILE.svg")
    scenario = load_one(path, row)
    swept = sweep(scenario, Choices(**chosen), variations, number)
    if picture is not None:
        _write(picture, map_svg(swept.grid, scenario.name))
    if as_object:
        click.echo(json.dumps(_object(swept), indent=2, ensure_ascii=False))
    else:
        for line in _lines(swept):
            click.echo(line)


@frozen
class Swept:
    """A sweep's cases in their order, each with its recording, None where the run had none, and the grid of them."""

    scenario: Scenario
    number: int
    variations: Sequence[Variation]
    cases: Sequence[Case]
    recordings: Sequence[RecordingResult | None]
    grid: Grid


def sweep(scenario: Scenario, choices: Choices, variations: Sequence[Variation], number: int) -> Swept:
    """Run every combination. Everything is read and checked before the first run.

    Raises FlowError and ScenarioError, and UsageError when no run has a recording of that number.
    """
    wanted = cases(variations)
    prepared = list(prepare_varied(scenario, choices, wanted))
    with _shown(prepared) as shown:
        found = [_recordings(each) for each in shown]
    if not any(number < len(each) for each in found):
        most = max(map(len, found))
        there = f"the most that a run has is {most}" if most else "nothing was recorded in any run"
        raise click.UsageError(f"--recording {number}: no run has it; {there}")
    recordings = [each[number] if number < len(each) else None for each in found]
    grid = _grid(number, variations, [cell_of(each) for each in recordings])
    return Swept(scenario, number, variations, wanted, recordings, grid)


def _shown(prepared: Sequence[Prepared]) -> AbstractContextManager[Iterable[Prepared]]:
    """The same, with progress on stderr where somebody waits for many."""
    if len(prepared) < _WORTH_PROGRESS or not sys.stderr.isatty():
        return nullcontext(prepared)
    return click.progressbar(prepared, label="runs", file=sys.stderr, show_pos=True)


def _recordings(prepared: Prepared) -> tuple[RecordingResult, ...]:
    run = Run(prepared)
    for _ in run.play():
        pass
    return tuple(each for call in run.summary().calls for each in call.recordings)


def _grid(number: int, variations: Sequence[Variation], cells: Sequence[Cell]) -> Grid:
    """The cells in rows, one of each value of the first of two settings."""
    first, last = variations[0], variations[-1]
    is_single = len(variations) == 1
    across = len(last.values)
    return Grid(
        f"length of recording {number}, and what ended it",
        "" if is_single else printable(first.path),
        ("",) if is_single else first.labels,
        printable(last.path),
        last.labels,
        tuple(tuple(cells[start : start + across]) for start in range(0, len(cells), across)),
    )


def _lines(swept: Swept) -> Iterator[str]:
    width = max(80, min(160, shutil.get_terminal_size((110, 24)).columns))
    yield click.style(printable(swept.scenario.name), bold=True)
    yield ""
    yield table_text(swept.grid)
    yield ""
    yield map_text(swept.grid, width)
    cells = swept.grid.every_cell
    if len(cells) > 1 and len(set(cells)) == 1:
        yield ""
        yield click.style("No value makes a difference here.", fg="yellow")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise StorageError(f"{path}: cannot be written: {reason}; choose another file with --picture") from None


def _object(swept: Swept) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "scenario": swept.scenario.name,
        "recording": swept.number,
        "vary": [{"path": each.path, "values": list(each.values)} for each in swept.variations],
        "runs": [
            {"values": dict(case), "result": _result(recording)}
            for case, recording in zip(swept.cases, swept.recordings, strict=True)
        ],
    }


def _result(recording: RecordingResult | None) -> dict[str, Any] | None:
    if recording is None:
        return None
    return {
        "state": recording.state,
        "started_ms": recording.started_ms,
        "length_ms": recording.length_ms,
        "ended_by": recording.ended_by,
        "completion_cause": recording.completion_cause,
    }
