"""What `run` and `demo` do alike: play a run live, write its files, upload them, and show the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click
from attrs import frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import StorageError
from callflow.core.flow import Flow
from callflow.files import default_folder, write_recordings
from callflow.report.recordings import recordings_text
from callflow.report.results import RunResult
from callflow.report.timeline import Timeline, line_text
from callflow.report.tree import tree_text
from callflow.report.wording import printable
from callflow.simulate import Run, tuned_gc
from callflow.tracefile import write_rows

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


@frozen
class Uploads:
    """Where `--upload` sends what is not a URL, and where it keeps what has not arrived."""

    database: str | None
    outbox: Path | None
    to_folder: Path | None


@frozen
class Show:
    """Prints a run as it happens; quiet when only its result is wanted."""

    is_quiet: bool = False
    is_verbose: bool = False

    def say(self, text: str = "", **style: bool | str) -> None:
        """Print a line, unless quiet; click drops colours where nobody would see them."""
        if not self.is_quiet:
            click.secho(text, **style)  # type: ignore[arg-type]

    def play(self, run: Run, out: Path | None, trace: Path | None, uploads: Uploads | None) -> RunResult:
        """Play a run to its end and return its result, files written and, if wanted, uploaded."""
        scenario = run.prepared.scenario
        folder = out if out is not None else default_folder(scenario)
        self.say(printable(f"{scenario.name} [{run.prepared.setting.profile.name}]"), bold=True)
        with tuned_gc():
            self._play_live(run)
        result = write_recordings(run.rows, run.summary(), folder, run.prepared.folder)
        if trace is not None:
            _write_trace(run, trace)
        if uploads is not None:
            result = self._upload(run, result, folder, uploads)
        result = run.judge(result)
        self._end(run, result)
        return result

    def _play_live(self, run: Run) -> None:
        timeline = Timeline()
        width = max(80, min(120, shutil.get_terminal_size((100, 24)).columns))
        for row in run.play():
            line = timeline.take(row)
            if line is not None:
                self.say(line_text(line, width))

    def _upload(self, run: Run, result: RunResult, folder: Path, uploads: Uploads) -> RunResult:
        from callflow.storage.dispatcher import Destinations
        from callflow.uploading import upload, with_deliveries

        database = uploads.database
        if database is None and uploads.to_folder is None:
            folder.mkdir(parents=True, exist_ok=True)
            database = f"sqlite:///{folder / 'account.db'}"
        destinations = Destinations(database, uploads.to_folder, uploads.outbox or folder / "outbox")
        logged = []
        for each in upload(run, result, destinations):
            logged.append(each)
            place = f" {each.place}" if each.place else ""
            answered = f" ({each.result})" if each.result else ""
            self.say(printable(f"upload {each.delivery_id}: {each.event.value}{answered}{place}"), dim=True)
        return with_deliveries(result, logged)

    def _end(self, run: Run, result: RunResult) -> None:
        self.say()
        for flow in _flows_taken(run, result):
            path = [step.where if step.flow == flow.name else "" for call in result.calls[:1] for step in call.path]
            if flow is not run.prepared.tree:
                self.say(printable(f"flow {flow.name}:"))
            self.say(tree_text(flow, path))
        self.say()
        self.say(recordings_text(result))
        self.say()
        for diagnostic in result.diagnostics:
            if diagnostic.severity != "info" or self.is_verbose:
                self.say(diagnostic_text(diagnostic), fg=_COLOURS[diagnostic.severity])
        for failure in result.failures:
            self.say(printable(f"failed: {failure.message}"), fg="red")
        colour = "green" if result.outcome == "passed" else "red"
        self.say(result.outcome, fg=colour, bold=True)


def _write_trace(run: Run, path: Path) -> None:
    try:
        write_rows(run.rows, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}; choose another file with --trace") from None


def _flows_taken(run: Run, result: RunResult) -> Iterator[Flow]:
    """The flow that the first call ran, and those that it branched to, in the order in which it came to them."""
    yield run.prepared.tree
    seen = {run.prepared.tree.name}
    for step in (step for call in result.calls[:1] for step in call.path):
        flow = next((each for each in run.prepared.setting.flows.values() if each.name == step.flow), None)
        if flow is not None and flow.name not in seen:
            seen.add(flow.name)
            yield flow


def diagnostic_text(diagnostic: Diagnostic) -> str:
    """A diagnostic in one line: where, how bad, what, and what would be right."""
    hint = f"; {diagnostic.hint}" if diagnostic.hint else ""
    where = f"{diagnostic.where}: " if diagnostic.where else ""
    return printable(f"{where}{diagnostic.severity}: {diagnostic.message}{hint} [{diagnostic.code}]")
