"""`callflow run`: place the calls of one scenario file and show what happens."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from callflow.cli.faults import FAILED, NOT_DELIVERED, OUR_BUG, PASSED, WRONG_INPUT
from callflow.cli.options import (
    parallel_option,
    profile_option,
    read_webhook,
    seed_option,
    skip_unsimulated_option,
    start_option,
    strict_option,
    with_option,
)
from callflow.core.diagnostic import Diagnostic
from callflow.core.engine import MAX_ROWS
from callflow.core.errors import DocumentError, MediaError, RunawayError, StorageError
from callflow.core.profile import DOCS
from callflow.report.results import RunResult, as_json
from callflow.scenario import load_scenario
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import Run

HOUR_MS = 3_600_000


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@with_option
@start_option
@seed_option
@profile_option
@strict_option
@skip_unsimulated_option
@click.option("--row", type=click.IntRange(0), help="Run only this row of the scenario's examples, counted from 0.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the audio files [default: out/SCENARIO].",
)
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
@click.option(
    "--trace", type=click.Path(path_type=Path, dir_okay=False), help="Write the trace here, one JSON object a line."
)
@click.option("--upload", is_flag=True, help="Really send the recordings, after the run.")
@click.option("--database", metavar="URL", help="Account database for --upload [default: sqlite in the out folder].")
@click.option(
    "--outbox",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where --upload keeps what has not arrived [default: OUT/outbox].",
)
@click.option(
    "--to-folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --upload: put the files into this folder instead of sending them.",
)
@click.option(
    "--webhook",
    metavar="URL",
    callback=read_webhook,
    help="With --upload: tell this URL of each stored recording, by POST [default: the scenario's, if it has one].",
)
@parallel_option
@click.option(
    "--max-hours",
    type=click.IntRange(1, 8784),
    default=24,
    show_default=True,
    help="Stop a run that does not end after so many virtual hours.",
)
@click.option(
    "--max-rows",
    type=click.IntRange(1),
    default=MAX_ROWS,
    show_default=True,
    help="Stop it after so many rows of trace.",
)
def command(
    scenario: Path,
    row: int | None,
    out: Path | None,
    as_object: bool,
    trace: Path | None,
    upload: bool,
    database: str | None,
    outbox: Path | None,
    to_folder: Path | None,
    webhook: str | None,
    parallel: int | None,
    max_hours: int,
    max_rows: int,
    **chosen: Any,
) -> None:
    """Run SCENARIO: its calls, on a virtual clock, with the audio of every recording.

    Nothing leaves the machine unless --upload is given; deliveries are answered as the scenario says. Ends with
    status 0 when all is as expected, 1 when it is not, 2 for wrong input, 3 for a fault of ours, 4 when an upload
    failed.

    \b
    Example: callflow run examples/record_per_user/answered.yaml --start 2026-12-24T18:00:00Z
    """
    if not upload and (database or outbox or to_folder or webhook or parallel):
        raise click.UsageError("--database, --outbox, --to-folder, --webhook and --parallel go with --upload")
    if trace is not None and os.path.exists(trace) and trace.suffix in (".yaml", ".yml", ".json"):
        raise click.UsageError(f"--trace {trace} would overwrite a document; name a new file, such as trace.jsonl")
    from callflow.cli.playing import Show, Uploads

    uploads = Uploads(database, outbox, to_folder, webhook or "", parallel or 0) if upload else None
    show = Show(is_quiet=as_object)
    status = PASSED
    try:
        scenarios = _chosen(scenario, row)
        if len(scenarios) > 1 and (as_object or trace is not None):
            raise click.UsageError(f"{scenario} has {len(scenarios)} rows; --json and --trace take one: add --row N")
        for each in scenarios:
            prepared = prepare(each, Choices(uploads=upload, **chosen))
            folder = out / f"row-{each.row}" if out is not None and len(scenarios) > 1 else out
            run = Run(prepared, max_ms=max_hours * HOUR_MS, max_rows=max_rows)
            result = show.play(run, folder, trace, uploads)
            if as_object:
                _print(result)
            status = worst(status, status_of(result, is_upload=upload))
    except _WRONG_INPUT as fault:
        if as_object:
            _print(_refused(scenario, chosen["profile"], fault))
        raise
    sys.exit(status)


_WRONG_INPUT = (DocumentError, MediaError, StorageError, RunawayError)


def _print(result: RunResult) -> None:
    click.echo(json.dumps(as_json(result), indent=2, ensure_ascii=False))


def _chosen(path: Path, row: int | None) -> tuple[Scenario, ...]:
    scenarios = load_scenario(path)
    if row is None:
        return scenarios
    if row >= len(scenarios):
        raise click.UsageError(f"--row {row}: {path} has the rows 0 to {len(scenarios) - 1}")
    return (scenarios[row],)


def _refused(path: Path, profile: str | None, fault: Exception) -> RunResult:
    """The object that `--json` prints for wrong input: no call, and the faults as diagnostics (design §12, Results)."""
    if isinstance(fault, DocumentError):
        first = Diagnostic("wrong-input", "error", fault.where, fault.problem, fault.hint)
    else:
        first = Diagnostic("wrong-input", "error", "", str(fault), "")
    more = (Diagnostic("wrong-input", "error", "", note, "") for note in getattr(fault, "__notes__", ()))
    return RunResult(str(path), profile or DOCS.name, "error", (), (first, *more))


def status_of(result: RunResult, *, is_upload: bool) -> int:
    """The exit status of one run (design §7)."""
    from callflow.uploading import has_failed

    if result.outcome == "error":
        return OUR_BUG
    if result.failures:
        return FAILED
    if is_upload and has_failed(result):
        return NOT_DELIVERED
    return PASSED


def worst(one: int, other: int) -> int:
    """Of two statuses the one that is reported: 3, 2, 1, 4, 0 (design §12, Results)."""
    order = (OUR_BUG, WRONG_INPUT, FAILED, NOT_DELIVERED, PASSED)
    return min(one, other, key=order.index)
