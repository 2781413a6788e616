"""`callflow report`: a scenario's run as one HTML file to look at, listen to and pass on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

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

_PAGE_ENDINGS = (".html", ".htm")


@click.command()
@scenario_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write [default: out/SCENARIO/report.html]; the recordings lie beside it.",
)
@with_option
@start_option
@seed_option
@profile_option
@strict_option
@skip_unsimulated_option
@row_option
def command(path: Path, out: Path | None, row: int | None, **chosen: Any) -> None:
    """Run SCENARIO and write a report: one HTML file that opens anywhere, with no network.

    It has the call on one time axis, the recordings to play, why each began and ended, the way through the callflow
    and the ladder. Ends with status 0 even when an expectation is not met: the report says so.

    \b
    Example: callflow report examples/record_per_user/answered.yaml --out answered.html
    """
    if out is not None and out.suffix.lower() not in _PAGE_ENDINGS:
        raise click.UsageError(f"--out {out}: a report is an HTML file; give it a name that ends in .html")
    from callflow.files import default_folder, write_recordings
    from callflow.scenario.preparing import Choices
    from callflow.simulate import simulate

    scenario = load_one(path, row)
    run = simulate(scenario, Choices(**chosen))
    page = out if out is not None else default_folder(scenario) / "report.html"
    names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
    folder = page.with_suffix("") if out is not None else page.parent
    result = run.judge(write_recordings(run.rows, run.summary(), folder, run.prepared.folder, names))
    write_page(page, run, result)
    click.echo(f"{page}: {result.outcome}, {page.stat().st_size:,} bytes")


def write_page(page: Path, run: Any, result: Any) -> None:
    """Write the report of a run. Raises StorageError when the file cannot be written."""
    from callflow.report.html.page import report_html

    text = report_html(run, result, page.parent)
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(f"{page}: cannot be written: {error.strerror}; choose another file with --out") from None
