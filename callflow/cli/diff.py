"""`callflow diff`: one scenario under two profiles, where the runs part, and why (design §5, §7)."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from attrs import evolve, frozen

from callflow.cli.one_scenario import load_one, row_option, scenario_argument
from callflow.cli.options import seed_option, skip_unsimulated_option, start_option, strict_option, with_option
from callflow.core.errors import DocumentError
from callflow.core.profile import DOCS, KAZOO_5, PROFILES, Profile
from callflow.core.trace import Row
from callflow.report.parting import Parting, Reason, Switch, reasons
from callflow.report.plain_row import row_json, row_lines, row_text
from callflow.report.results import as_json
from callflow.report.side_by_side import facts, facts_text
from callflow.report.wording import clock, printable
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import Run

_FORMAT: Final = 1
_BEFORE: Final = 3
"""How many rows before the parting are shown."""

Titles = tuple[str, str]
"""The names of both profiles."""

_NO_SWITCH: Final = "no single switch explains it: several act together here"


@click.command()
@scenario_argument
@click.option(
    "--profile",
    "profiles",
    type=click.Choice(tuple(PROFILES)),
    multiple=True,
    help="Give it twice: the profiles to compare.  [default: docs and kazoo-5]",
)
@with_option
@start_option
@seed_option
@strict_option
@skip_unsimulated_option
@row_option
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(path: Path, profiles: tuple[str, ...], row: int | None, as_object: bool, **chosen: Any) -> None:
    """Run SCENARIO under two profiles and show the first row where they part, why, and what each run came to.

    The reason is found by trial: the one switch of the profiles that makes the first run go on as the second does.
    With it set alike, the next parting is looked for, and so on. Expectations are not judged, audio is not made.
    Ends with status 0 whether the runs differ or not, with 2 for wrong input.

    \b
    Example: callflow diff examples/record_per_user/voicemail.yaml --profile docs --profile kazoo-4
    """
    left, right = _two(profiles)
    compared = compare(load_one(path, row), Choices(**chosen), left, right)
    if as_object:
        click.echo(json.dumps(_object(compared), indent=2, ensure_ascii=False))
    else:
        width = max(80, min(140, shutil.get_terminal_size((110, 24)).columns))
        for line in _lines(compared, width):
            click.echo(line)


def _two(profiles: tuple[str, ...]) -> tuple[Profile, Profile]:
    if not profiles:
        return DOCS, KAZOO_5
    if len(profiles) != 2 or profiles[0] == profiles[1]:
        raise click.UsageError("--profile names what to compare; give it twice, with two profiles, or not at all")
    return PROFILES[profiles[0]], PROFILES[profiles[1]]


@frozen
class Compared:
    """Two runs of a scenario, and every parting with its reason; none when the traces are the same."""

    left: Run
    right: Run
    reasons: tuple[Reason, ...]


def compare(scenario: Scenario, choices: Choices, left: Profile, right: Profile) -> Compared:
    """Run a scenario under two profiles. Raises what preparing and running raise, the profile in a note."""
    one, other = (_played(scenario, evolve(choices, profile=each.name)) for each in (left, right))

    def replay(profile: Profile) -> Iterator[Row]:
        # Documents are read under a profile too; what a run has of them is then that of the profile which agrees.
        prepared = (one if profile.repairs_bare_children == left.repairs_bare_children else other).prepared
        return Run(evolve(prepared, setting=evolve(prepared.setting, profile=profile))).play()

    return Compared(one, other, tuple(reasons(left, right, other.rows, replay)))


def _played(scenario: Scenario, choices: Choices) -> Run:
    try:
        run = Run(prepare(scenario, choices))
    except DocumentError as fault:
        fault.add_note(f"this is so under profile {choices.profile}: nothing was compared")
        raise
    for _ in run.play():
        pass
    return run


def _lines(compared: Compared, width: int) -> Iterator[str]:
    titles = (compared.left.prepared.setting.profile.name, compared.right.prepared.setting.profile.name)
    names = _names(compared.left)
    yield click.style(printable(compared.left.prepared.scenario.name), bold=True)
    yield ""
    if not compared.reasons:
        yield f"{titles[0]} and {titles[1]} run it in the same way: {len(compared.left.rows)} rows, no difference"
    else:
        first, *others = compared.reasons
        yield from _first(compared, first, titles, width)
        yield from _further(others, titles, width, names)
    yield ""
    found = facts(compared.left.summary(), compared.right.summary(), names)
    yield facts_text(found, titles, width)


def _first(compared: Compared, reason: Reason, titles: Titles, width: int) -> Iterator[str]:
    names, parting = _names(compared.left), reason.parting
    at_ms = min(row.at_ms for row in (parting.left, parting.right) if row is not None)
    yield click.style(f"They part at {clock(at_ms)}, after {parting.place} rows that are the same:", bold=True)
    margin = _margin(titles)
    for row in _before(compared, parting):
        yield f"{'':<{margin}} {row_text(row, width - margin - 1, names)}"
    yield from _sides(parting, titles, width, names)
    yield ""
    yield from _wrapped(f"Why: {_why(reason.switch, titles)}", width)


def _further(others: Sequence[Reason], titles: Titles, width: int, names: Mapping[str, str]) -> Iterator[str]:
    for reason in others:
        yield ""
        yield click.style("With that set alike, they part again:", bold=True)
        yield from _sides(reason.parting, titles, width, names)
        yield from _wrapped(f"Why: {_why(reason.switch, titles)}", width)


def _sides(parting: Parting, titles: Titles, width: int, names: Mapping[str, str]) -> Iterator[str]:
    """The rows that differ, one below the other."""
    margin = _margin(titles)
    for title, row, colour in zip(titles, parting.shown(), ("red", "green"), strict=True):
        lines = row_lines(row, width - margin - 1, names) if row is not None else ["      (nothing more happens)"]
        for place, line in enumerate(lines):
            yield click.style(f"{title if place == 0 else '':<{margin}} {line}", fg=colour)


def _margin(titles: Titles) -> int:
    return max(map(len, titles)) + 1


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="     ", break_on_hyphens=False)


def _why(switch: Switch | None, titles: Titles) -> str:
    if switch is None:
        return _NO_SWITCH
    left, right = (json.dumps(value) for value in (switch.left, switch.right))
    values = f"{switch.name} is {left} in {titles[0]} and {right} in {titles[1]}"
    return f"{values}. {switch.help} ({switch.source})"


def _before(compared: Compared, parting: Parting) -> list[Row]:
    return compared.left.rows[max(1, parting.place - _BEFORE) : parting.place]  # row 0 is the header


def _names(run: Run) -> Mapping[str, str]:
    return {call.id: call.script.name for call in run.prepared.calls if call.script.name}


def _object(compared: Compared) -> dict[str, Any]:
    runs = (compared.left, compared.right)
    return {
        "format": _FORMAT,
        "scenario": compared.left.prepared.scenario.name,
        "profiles": [run.prepared.setting.profile.name for run in runs],
        "same": not compared.reasons,
        "partings": [
            {
                "row": reason.parting.place,
                "left": row_json(reason.parting.left),
                "right": row_json(reason.parting.right),
                "switch": _switch(reason.switch),
            }
            for reason in compared.reasons
        ],
        "before": [row_json(row) for each in compared.reasons[:1] for row in _before(compared, each.parting)],
        "results": [as_json(run.summary()) for run in runs],
    }


def _switch(switch: Switch | None) -> dict[str, Any] | None:
    if switch is None:
        return None
    return {
        "name": switch.name,
        "left": switch.left,
        "right": switch.right,
        "help": switch.help,
        "source": switch.source,
    }
