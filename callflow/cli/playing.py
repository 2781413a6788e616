"""What `run` and `demo` do alike: play a run live, write its files, upload them, and show the end."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import StorageError
from callflow.files import default_folder, write_recordings
from callflow.report.recordings import deliveries_text, recordings_text
from callflow.report.results import RunResult
from callflow.report.taken import flows_taken
from callflow.report.timeline import Timeline, line_text
from callflow.report.tree import tree_text
from callflow.report.wording import printable
from callflow.simulate import Run, tuned_gc
from callflow.tracefile import write_rows

if TYPE_CHECKING:
    from callflow.storage.routes import Destinations

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


@frozen
class Uploads:
    """Where `--upload` sends what is not a URL, where it keeps what has not arrived, and who is told.

    `webhook` is the URL that is told of each stored recording, if one is given; `parallel` is how many tries are made
    at once, 0 for as many as usual.
    """

    database: str | None = None
    outbox: Path | None = None
    to_folder: Path | None = None
    webhook: str = ""
    parallel: int = 0


@frozen
class Show:
    """Prints a run as it happens; quiet when only its result is wanted."""

    is_quiet: bool = False

    def say(self, text: str = "", **style: bool | str) -> None:
        """Print a line, unless quiet; click drops colours where nobody would see them."""
        if not self.is_quiet:
            click.secho(text, **style)  # type: ignore[arg-type]

    def play(self, run: Run, out: Path | None, trace: Path | None, uploads: Uploads | None) -> RunResult:
        """Play a run to its end and return its result, files written and, if wanted, uploaded."""
        scenario = run.prepared.scenario
        folder = out if out is not None else default_folder(scenario)
        destinations = None if uploads is None else _destinations(uploads, folder)
        self.say(printable(f"{scenario.name} [{run.prepared.setting.profile.name}]"), bold=True)
        with tuned_gc():
            self._play_live(run)
        result = write_recordings(run.rows, run.summary(), folder, run.prepared.folder, _names(run))
        if trace is not None:
            _write_trace(run, trace)
        problem = None
        if uploads is not None and destinations is not None:
            result, problem = self._upload(run, result, destinations, uploads)
        result = run.judge(result)
        if not self.is_quiet:
            self._end(run, result)
            if destinations is not None:
                self._say_undelivered(result, destinations.outbox)
        if problem is not None:
            raise problem
        return result

    def _play_live(self, run: Run) -> None:
        if self.is_quiet:
            for _ in run.play():
                pass
            return
        owners = Counter(device.owner_id for device in run.prepared.setting.account.devices.values())
        timeline = Timeline(_names(run), [owner for owner, phones in owners.items() if owner and phones > 1])
        width = max(80, min(120, shutil.get_terminal_size((100, 24)).columns))
        for row in run.play():
            line = timeline.take(row)
            if line is not None:
                self.say(line_text(line, width, timeline.leg_width))

    def _upload(
        self, run: Run, result: RunResult, destinations: Destinations, uploads: Uploads
    ) -> tuple[RunResult, StorageError | None]:
        """Send what is waiting; what the outbox or a place would not do is for the end, after all that was done."""
        from callflow.cli.sending import retry_command, show_upload
        from callflow.storage.dispatcher import WORKERS
        from callflow.storage.meter import Meter
        from callflow.uploading import upload, with_deliveries

        meter = Meter()
        rows = upload(
            run, result, destinations, webhook=uploads.webhook, workers=uploads.parallel or WORKERS, meter=meter
        )
        try:
            sent = show_upload(rows, meter, lambda text: self.say(text, dim=True))
        except KeyboardInterrupt:
            self.say(printable(f"what has not arrived is kept: {retry_command(destinations.outbox)}"), fg="red")
            raise
        if sent.ends and sent.is_worth_telling:
            self.say(printable(sent.summary()))
        return with_deliveries(result, sent.ends), sent.problem

    def _end(self, run: Run, result: RunResult) -> None:
        names = _names(run)
        self.say()
        self._draw(run, result)
        self.say()
        self.say(recordings_text(result, names))
        tries = deliveries_text(result, names)
        if tries:
            self.say(f"\n{tries}")
        self.say()
        for diagnostic in result.diagnostics:
            if diagnostic.severity != "info":  # `lint --verbose` and `--json` have the rest
                self.say(diagnostic_text(_with_name(diagnostic, names)), fg=_COLOURS[diagnostic.severity])
        for failure in result.failures:
            self.say(printable(f"failed: {failure.message}"), fg="red")
        colour = "green" if result.outcome == "passed" else "red"
        self.say(result.outcome, fg=colour, bold=True)

    def _draw(self, run: Run, result: RunResult) -> None:
        """Every flow that a call took with its way through it; headings where there is more than one tree."""
        flows = tuple(run.prepared.setting.flows.values())
        paths = {call.call_id: call.path for call in result.calls}
        for call in run.prepared.calls:
            trees = flows_taken(call.flow, flows, paths.get(call.id, ()))
            for tree in trees:
                if call.script.name:
                    self.say(printable(f"call {call.script.name}, flow {tree.flow.label}:"))
                elif len(trees) > 1:
                    self.say(printable(f"flow {tree.flow.label}:"))
                self.say(tree_text(tree.flow, tree.path))

    def _say_undelivered(self, result: RunResult, outbox: Path) -> None:
        """The last word after an upload: what did not arrive is not lost."""
        from callflow.cli.sending import retry_command
        from callflow.uploading import undelivered

        deliveries = [each.delivery for each in result.recordings if each.delivery is not None]
        kept, unkept = undelivered(result, outbox)
        untold = sum(each.webhook is not None and each.webhook.state == "failed" for each in deliveries)
        if kept or untold:
            webhooks = "1 word to the webhook" if untold == 1 else f"{untold} words to the webhook"
            what = " and ".join([_recordings(kept)] * bool(kept) + [webhooks] * bool(untold))
            self.say(printable(f"{what} did not arrive, kept: {retry_command(outbox)}"), fg="red")
        if unkept:
            self.say(f"{_recordings(unkept)} did not arrive and could not be kept: see file, above", fg="red")


def _recordings(count: int) -> str:
    return "1 recording" if count == 1 else f"{count} recordings"


def _destinations(uploads: Uploads, folder: Path) -> Destinations:
    """Where this run's recordings will go, found to be usable before the first call is placed."""
    from callflow.storage.routes import Destinations, check_destinations, sqlite_url

    database = uploads.database
    if database is None and uploads.to_folder is None:
        database = sqlite_url(folder / "account.db")
    destinations = Destinations(database, uploads.to_folder, uploads.outbox or folder / "outbox")
    check_destinations(destinations)
    return destinations


def _write_trace(run: Run, path: Path) -> None:
    try:
        write_rows(run.rows, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}; choose another file with --trace") from None


def _names(run: Run) -> Mapping[str, str]:
    """The calls' own names by call id; none for the only call of a scenario, which has none."""
    return {call.id: call.script.name for call in run.prepared.calls if call.script.name}


def _with_name(diagnostic: Diagnostic, names: Mapping[str, str]) -> Diagnostic:
    """A remark of the run, its place with the call's name instead of its id."""
    start, comma, rest = diagnostic.where.partition(",")
    name = names.get(start.removeprefix("call "))
    return evolve(diagnostic, where=f"call {name}{comma}{rest}") if name else diagnostic


def diagnostic_text(diagnostic: Diagnostic) -> str:
    """A diagnostic in one line: where, how bad, what, and what would be right."""
    hint = f"; {diagnostic.hint}" if diagnostic.hint else ""
    where = f"{diagnostic.where}: " if diagnostic.where else ""
    return printable(f"{where}{diagnostic.severity}: {diagnostic.message}{hint} [{diagnostic.code}]")
