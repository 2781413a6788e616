"""`callflow generate`: scenarios from a callflow alone, for each branch and each way a recording starts and ends."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from callflow.cli.faults import PASSED
from callflow.cli.options import profile_option, start_option, with_option
from callflow.report.wording import printable

if TYPE_CHECKING:
    from callflow.generating import Search
    from callflow.report.coverage import Coverage

_MOST_COLUMNS: Final = 160


@click.command()
@click.argument("callflow", metavar="CALLFLOW")
@click.option(
    "--account",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The account; CALLFLOW may then be one of its numbers.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the scenarios [default: generated/CALLFLOW].",
)
@click.option(
    "--max-runs",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="Calls that are tried.",
)
@with_option
@start_option
@profile_option
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(
    callflow: str,
    account: Path | None,
    out: Path | None,
    max_runs: int,
    values: Mapping[str, str],
    start: datetime | None,
    profile: str | None,
    as_object: bool,
) -> None:
    """Write scenarios that drive CALLFLOW, a file or a number of the account, wherever a call can go in it.

    Whatever people could do next is tried: answer, be busy, reject, hang up, wait for a limit or for silence, leave a
    message, press digits, transfer; storage that fails and recovers; a switch with faults. What drives nothing new is
    dropped. Each file expects what happened under the profile, so it passes now and guards later: read them before you
    trust them. Files that an earlier run has generated there are replaced, others never.

    \b
    Example: callflow generate examples/record_on_answer/record_on_answer.json --out /tmp/generated
    """
    from callflow.generated_files import base_of, texts, write_all
    from callflow.generating import Search, coverage_of

    base = base_of(callflow, account, profile, values, start)
    search = Search(base, max_runs)
    kept = search.run()
    folder = out if out is not None else Path("generated") / (Path(callflow).stem or "callflow")
    files = list(texts(kept, folder))
    write_all(files, folder)
    coverage = coverage_of(kept, base)
    names = [(str(folder / name), driven.variant.name) for (name, _), driven in zip(files, kept, strict=True)]
    if as_object:
        click.echo(json.dumps(_object(names, search, coverage), indent=2, ensure_ascii=False))
    else:
        for line in _lines(names, search, coverage):
            click.echo(line)
    sys.exit(PASSED)


def _lines(names: Sequence[tuple[str, str]], search: Search, coverage: Coverage) -> Iterator[str]:
    from callflow.generating import unreached
    from callflow.report.coverage_text import coverage_text

    for path, _ in names:
        yield f"written: {printable(path)}"
    yield ""
    yield coverage_text(coverage, min(shutil.get_terminal_size((100, 24)).columns, _MOST_COLUMNS))
    missing = list(unreached(coverage))
    if missing:
        yield ""
        yield click.style("Not reached:", bold=True)
        yield from (f"  {printable(place)}: {why}" for place, why in missing)
    yield ""
    left = "" if search.is_whole else "; there is more to try: --max-runs"
    yield f"{len(names)} scenarios of {search.runs:,} calls that were tried{left}"


def _object(names: Sequence[tuple[str, str]], search: Search, coverage: Coverage) -> dict[str, object]:
    from callflow.generating import unreached

    return {
        "format": 1,
        "runs": search.runs,
        "whole": search.is_whole,
        "scenarios": [{"file": path, "name": name} for path, name in names],
        "unreached": [{"node": place, "why": why} for place, why in unreached(coverage)],
        "coverage": coverage.as_data(),
    }
