"""`callflow race`: what becomes of a scenario when things that happen at nearly the same time come in another order."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from callflow.cli.faults import FAILED, PASSED
from callflow.cli.one_scenario import load_one, row_option, scenario_argument
from callflow.cli.options import (
    profile_option,
    seed_option,
    skip_unsimulated_option,
    start_option,
    strict_option,
    with_option,
)
from callflow.core.errors import ScenarioError, StorageError
from callflow.report.wording import clock, cut, printable
from callflow.scenario.durations import format_duration, parse_duration

if TYPE_CHECKING:
    from callflow.race_outcomes import RaceOutcome
    from callflow.races import Race

_MOST_WITHIN_MS: Final = 3_600_000
_NOT_SHOWN: Final = "places"
_LONGEST_STEM: Final = 60


def read_within(context: click.Context, parameter: click.Parameter, given: str) -> int:
    """A length of time with its unit. Raises BadParameter."""
    try:
        within_ms = parse_duration(given)
    except ScenarioError as fault:
        raise click.BadParameter(f"{fault.problem}; {fault.hint}", context, parameter) from None
    if within_ms > _MOST_WITHIN_MS:
        raise click.BadParameter("more than an hour is no moment; write it like 500ms", context, parameter)
    return within_ms


@click.command()
@scenario_argument
@click.option(
    "--around",
    "moment",
    metavar="EVENT",
    required=True,
    help="The moment: an event as after `when`, or hang-up, answer, digits, stop, time limit, silence.",
)
@click.option(
    "--within",
    "within_ms",
    metavar="TIME",
    default="500ms",
    show_default=True,
    callback=read_within,
    help="Steps that are so near the moment are put into every order.",
)
@click.option(
    "--max-orders",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="Run no more orders than this, those nearest to what is written first.",
)
@click.option("--expect-one", is_flag=True, help="End with status 1 when there is more than one outcome.")
@click.option(
    "--save",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the simplest order of each outcome as a scenario into this folder.",
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
    moment: str,
    within_ms: int,
    max_orders: int,
    expect_one: bool,
    folder: Path | None,
    row: int | None,
    as_object: bool,
    **chosen: Any,
) -> None:
    """Run SCENARIO with the steps near a moment in every order and show the outcomes that there are.

    Each of these steps is tried just before, at and just after the moment and the timers near it (a time limit, a
    silence, the end of ringing). Expectations are not judged, audio is not made.

    \b
    Example: callflow race examples/record_on_answer/answered.yaml --around "alice hangs up"
    """
    from callflow.race_outcomes import outcomes_data, outcomes_of
    from callflow.races import find_race
    from callflow.scenario.preparing import Choices, prepare

    race = find_race(prepare(load_one(path, row), Choices(**chosen)), moment, within_ms)
    run = min(race.count, max_orders)
    found = outcomes_of(race, race.play(max_orders))
    saved = _save(race, found, folder, path.stem) if folder is not None else []
    if as_object:
        click.echo(json.dumps(outcomes_data(race, found, moment, run), indent=2, ensure_ascii=False))
    else:
        for line in (*_lines(race, found, moment, run), *saved):
            click.echo(line)
    sys.exit(FAILED if expect_one and len(found) > 1 else PASSED)


def _lines(race: Race, found: Sequence[RaceOutcome], moment: str, run: int) -> Iterator[str]:
    from callflow.races import told_order

    yield click.style(printable(race.prepared.scenario.name), bold=True)
    yield f"around {printable(moment)}, {clock(race.at_ms)}, within {format_duration(race.within_ms)}"
    steps = ", ".join(f"{clock(each.at_ms)} {each.step.who} {each.step.verb}" for each in race.movers)
    yield f"steps:  {steps or 'none: nothing is there to be put into another order'}"
    yield f"timers: {', '.join(map(clock, race.timers)) or 'none'}"
    left = f"; the {run:,} nearest to what is written were run: --max-orders" if run < race.count else ""
    yield f"{_count(race.count, 'order')}{left}, {_count(len(found), 'outcome')}"
    for number, each in enumerate(found, 1):
        yield ""
        as_written = ", as written" if each.is_as_written else ""
        yield click.style(f"outcome {number}: {_count(each.orders, 'order')}{as_written}", bold=True)
        if each.impossible:
            yield f"  in {each.impossible:,} of them a step was not possible any more"
        yield from (f"  {line}" for line in (_all(each) if each.is_as_written else _differences(each)))
        if order := told_order(each.example.order):
            yield f"  for example: {order}"


def _all(outcome: RaceOutcome) -> Iterator[str]:
    """The facts, those of one recording on one line."""
    lines: dict[str, list[str]] = {}
    for key, value in outcome.facts.items():
        if _NOT_SHOWN in key:
            continue
        first, _, rest = key.partition(" ")
        is_recording = first == "recording"
        number, _, what = rest.partition(" ")
        head = f"recording {number}" if is_recording else key
        lines.setdefault(head, []).append(f"{what} {value}" if is_recording else value)
    for head, values in lines.items():
        yield f"{head}: {', '.join(values)}"


def _differences(outcome: RaceOutcome) -> Iterator[str]:
    """What is not as in the outcome of the scenario as written."""
    is_all_shown = all(_NOT_SHOWN in key for key in outcome.differs)
    for key, written in outcome.differs.items():
        if is_all_shown or _NOT_SHOWN not in key:
            yield f"{key}: {outcome.facts.get(key, 'none')}, not {written}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _save(race: Race, found: Sequence[RaceOutcome], folder: Path, stem: str) -> list[str]:
    """Write a scenario for each outcome; what is there is not overwritten. Raises StorageError."""
    from attrs import evolve

    from callflow.races import told_order, without_missed
    from callflow.written import scenario_text

    lines = []
    for number, each in enumerate(found, 1):
        path = folder / f"{cut(stem, _LONGEST_STEM)}-outcome-{number}.yaml"
        order = told_order(each.example.order) or "as written"
        comment = (f"One of {len(found)} outcomes of a race, that of {_count(each.orders, 'order')}: {order}",)
        prepared = without_missed(each.example)
        name = f"{prepared.scenario.name} (outcome {number})"
        prepared = evolve(prepared, scenario=evolve(prepared.scenario, name=name))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                stream.write(scenario_text(prepared, each.example.result, folder, comment))
        except FileExistsError:
            raise StorageError(f"{path}: there is such a file; choose another folder with --save") from None
        except OSError as error:
            reason = error.strerror or "the system refused"
            raise StorageError(f"{path}: cannot be written: {reason}; choose another folder with --save") from None
        lines.append(f"written: {printable(path)}")
    return lines
