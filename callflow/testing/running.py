"""Running the scenarios of one file, each under each profile, in whatever process: a case at a time, small results.

Nothing here prints or decides when to stop. Sound is made only for an expectation, a listener, `out` or `html`.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from attrs import define, evolve, field

from callflow.cli.faults import WRONG_INPUT, exit_status
from callflow.core.errors import MediaError, StorageError
from callflow.files import write_recordings
from callflow.report.remarks import remark_of
from callflow.report.results import Failure, RunResult
from callflow.report.timeline import Timeline, line_text
from callflow.report.wording import printable
from callflow.scenario import load_scenario
from callflow.scenario.language import Scenario
from callflow.scenario.preparing import prepare
from callflow.simulate import Run
from callflow.testing.case_files import folder_name, write_page
from callflow.testing.golden import differs, golden_path, keep
from callflow.testing.last_failed import Key, is_wanted
from callflow.testing.orders import Orders
from callflow.testing.outcome import CaseResult
from callflow.testing.repeating import repeat_command

_STORY_LINES: Final = 200
_STORY_WIDTH: Final = 120
_TRACEBACK_LINES: Final = 30


def run_file(path: Path, orders: Orders, wanted: frozenset[Key] | None = None) -> Iterator[CaseResult]:
    """Run the selected scenarios of a file, of those only the `wanted` ones if given, and yield each as it is over.

    Raises nothing but what ends the process: a broken file, and a fault of ours, is the outcome of its case.
    """
    whole = _Case(CaseResult(str(path), None, "", "passed", is_whole=True), orders)
    scenarios: tuple[Scenario, ...] = ()
    with whole:
        scenarios = load_scenario(path)
    if not whole.result.has_passed:
        yield whole.result
        return
    for scenario in scenarios:
        if not orders.selection.has(scenario):
            continue
        row = scenario.row if len(scenarios) > 1 else None
        for profile in orders.profiles:
            if wanted is None or is_wanted(wanted, row, profile or ""):
                yield _run(scenario, CaseResult(str(path), row, profile or "", "listed"), orders)


def _run(scenario: Scenario, blank: CaseResult, orders: Orders) -> CaseResult:
    blank = evolve(blank, name=printable(scenario.name), tags=scenario.tags)
    if orders.lists:
        return blank
    case = _Case(evolve(blank, outcome="passed"), orders)
    with case:
        case.play(scenario)
    return case.result


@define(eq=False)
class _Case:
    """One case while it is run: `with case:` turns what is raised into its outcome and measures the time."""

    result: CaseResult
    orders: Orders
    _started: float = field(init=False, default=0.0)
    _start: str = field(init=False, default="")
    _is_golden: bool = field(init=False, default=False)
    """Only the kept trace differs, at which `callflow run` does not look."""

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(self, kind: object, fault: BaseException | None, trace: TracebackType | None) -> bool:
        """Keep Ctrl-C and the like on its way; all else becomes this case's outcome, and does not stop the others."""
        if fault is not None and not isinstance(fault, Exception):
            return False
        if fault is not None:
            self._take_fault(fault)
        self.result = evolve(self.result, duration_ms=(time.perf_counter() - self._started) * 1000)
        if not self.result.has_passed:
            self.result = evolve(self.result, repeat=self._repeat())
        return True

    def _take_fault(self, fault: Exception) -> None:
        if exit_status(fault) == WRONG_INPUT:
            texts = [printable(text) for text in (fault, *getattr(fault, "__notes__", ()))]
            self._end("broken", tuple(Failure("", "", text) for text in texts))
            return
        lines = "".join(traceback.format_exception(fault)).splitlines()[-_TRACEBACK_LINES:]
        message = printable(f"this is our bug, please report it: {type(fault).__name__}: {fault}")
        self._end("error", (Failure("", "", message),), tuple(map(printable, lines)))

    def _end(
        self,
        outcome: Literal["failed", "broken", "error"],
        failures: tuple[Failure, ...],
        details: tuple[str, ...] = (),
    ) -> None:
        self.result = evolve(self.result, outcome=outcome, failures=failures, details=details)

    def _repeat(self) -> str:
        result, choices = self.result, self.orders.choices
        return repeat_command(
            result.file, choices, row=result.row, chosen=result.chosen, start=self._start, golden=self._is_golden
        )

    def play(self, scenario: Scenario) -> None:
        """Run the scenario and judge it. Raises what is wrong with its documents, its sound or the program."""
        choices = evolve(self.orders.choices, profile=self.result.chosen or None)
        prepared = prepare(scenario, choices)
        if scenario.start is None and choices.start is None:
            self._start = prepared.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.result = evolve(self.result, profile=prepared.setting.profile.name)
        run = Run(prepared)
        for _ in run.play():
            pass
        found = run.judge(self._with_files(run, run.summary()))
        remarks = Counter(each.severity for each in found.diagnostics)
        self.result = evolve(self.result, remarks=dict(sorted(remarks.items())))
        self._judge(run, found)
        if self.orders.golden != "no":
            self._look_at_golden(run)
        if self.orders.tells and not self.result.has_passed:
            self.result = evolve(self.result, story=_story(run))
        if self.orders.covers:
            self.result = evolve(self.result, coverage=_driven(run))
        if self.orders.html is not None:
            self._write_page(run, found, self.orders.html)

    def _judge(self, run: Run, found: RunResult) -> None:
        failures = found.failures
        if found.outcome == "error":
            raised = [each for each in map(remark_of, run.rows) if each is not None and each.severity == "error"]
            self._end("error", (*(Failure("", "", printable(each.message)) for each in raised), *failures))
        elif failures:
            self._end("failed", failures)

    def _with_files(self, run: Run, summary: RunResult) -> RunResult:
        if self.orders.out is None:
            return summary
        names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
        folder = self.orders.out / folder_name(self.result)
        return write_recordings(run.rows, summary, folder, run.prepared.folder, names)

    def _write_page(self, run: Run, found: RunResult, folder: Path) -> None:
        """Write the page; where that cannot be, the case is broken, and what else is wrong with it is told too."""
        if self.result.outcome == "failed":  # the run's own verdict knows nothing of the kept trace
            found = evolve(found, outcome="failed", failures=self.result.failures)
        try:
            self.result = evolve(self.result, page=write_page(run, found, self.result, folder))
        except (MediaError, StorageError) as error:
            outcome: Literal["broken", "error"] = "error" if self.result.outcome == "error" else "broken"
            failures = (*self.result.failures, Failure("", "", printable(error)))
            self._end(outcome, failures, self.result.details)

    def _look_at_golden(self, run: Run) -> None:
        path = golden_path(run.prepared.scenario, self.result.row, self.result.profile)
        if self.orders.golden == "update":
            if self.result.has_passed and keep(run.rows, path):
                self.result = evolve(self.result, details=(f"wrote {printable(path)}",))
            return
        difference = differs(run.rows, path)
        if difference is not None and self.result.outcome in ("passed", "failed"):
            self._is_golden = self.result.has_passed
            self._end("failed", (*self.result.failures, difference.failure), difference.around)


def _driven(run: Run) -> dict[str, Any]:
    """What the run has driven, as plain data."""
    from callflow.report.coverage import Coverage

    coverage = Coverage()
    coverage.take(run.prepared, run.rows)
    return coverage.as_data()


def _story(run: Run) -> str:
    """The end of the timeline, as `callflow run` prints it."""
    names = {call.id: call.script.name for call in run.prepared.calls if call.script.name}
    timeline = Timeline(names)
    told = [line for row in run.rows if (line := timeline.take(row)) is not None]
    lines = [line_text(line, _STORY_WIDTH, timeline.leg_width) for line in told[-_STORY_LINES:]]
    left_out = len(told) - len(lines)
    return "\n".join([*([f"… {left_out} lines before"] if left_out else []), *lines])
