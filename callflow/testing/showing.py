"""The end of `callflow test` in words: each failure with its command, the slowest, and the count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import frozen

from callflow.report.wording import printable
from callflow.testing.outcome import STATUS, CaseResult, case_json, totals, worst_status
from callflow.testing.progress import COLOURS

if TYPE_CHECKING:
    from callflow.report.coverage import Coverage

_FORMAT: Final = 1
_TITLES: Final = {"failed": "not as expected", "broken": "cannot be run", "error": "our bug"}


@frozen
class Suite:
    """Everything that ran, in a steady order. `not_run` counts files that nobody got to; `ended` says why.

    `coverage` is what all of it has driven, None where nobody asked; `min_percent` how much of it there must be.
    """

    cases: tuple[CaseResult, ...]
    files: int
    not_run: int
    wall_ms: float
    workers: int
    ended: str = ""
    coverage: Coverage | None = None
    min_percent: float | None = None

    @property
    def status(self) -> int:
        """The exit status that the cases, and what they have driven, amount to (design §7)."""
        wanted = self.min_percent
        is_lacking = self.coverage is not None and wanted is not None and self.coverage.percent < wanted
        return worst_status(self.cases) or (STATUS["failed"] if is_lacking else 0)

    @property
    def unmet(self) -> tuple[CaseResult, ...]:
        """Those that did not pass."""
        return tuple(case for case in self.cases if not case.has_passed)


def in_order(cases: Iterable[CaseResult], files: Sequence[str], profiles: Sequence[str]) -> tuple[CaseResult, ...]:
    """The cases as one process would have had them, whoever was first: by file, row and profile."""
    place = {file: number for number, file in enumerate(files)}
    rank = {profile: number for number, profile in enumerate(profiles)}
    key = [(place[case.file], -1 if case.row is None else case.row, rank.get(case.chosen, -1)) for case in cases]
    paired = sorted(zip(key, cases, strict=True), key=lambda pair: pair[0])
    return tuple(case for _, case in paired)


def end_lines(suite: Suite, durations: int = 0) -> Iterator[str]:
    """The lines after the progress, coloured; click takes the colours out where nobody would see them."""
    for case in suite.unmet:
        yield ""
        yield from failure_lines(case)
    written = [line for case in suite.cases if case.has_passed for line in case.details]
    if written:
        yield ""
        yield from written
    if durations:
        yield ""
        yield f"slowest {durations}:"
        for case in sorted(suite.cases, key=lambda case: -case.duration_ms)[:durations]:
            yield printable(f"{case.duration_ms:9.1f} ms  {case.label}")
    yield ""
    yield _last_line(suite)


def failure_lines(case: CaseResult) -> Iterator[str]:
    """One case that did not pass: what it is, every failure, and how to repeat it."""
    name = f"  {case.name}" if case.name else ""
    title = _TITLES[case.outcome]
    yield click.style(printable(f"{case.label}{name}"), bold=True) + "  " + click.style(title, fg="red")
    for failure in case.failures:
        yield f"  {printable(failure.message)}"
    yield from (f"  {line}" for line in case.details)
    yield f"  repeat: {printable(case.repeat)}"


def _last_line(suite: Suite) -> str:
    counts = [click.style(f"{n:,} {each}", fg=COLOURS[each]) for each, n in totals(suite.cases).items()]
    by = f", {suite.workers} processes" if suite.workers > 1 else ""
    left = f"; {suite.not_run:,} of {suite.files:,} files not run: {suite.ended}" if suite.ended else ""
    scenarios = "1 case" if len(suite.cases) == 1 else f"{len(suite.cases):,} cases"
    return f"{scenarios} in {suite.wall_ms / 1000:.1f} s{by}: {', '.join(counts) or 'nothing ran'}{left}"


def list_lines(cases: Iterable[CaseResult]) -> Iterator[str]:
    """`--list`: a case a line, with its name and tags; a file that cannot be read with what is wrong."""
    for case in cases:
        told = case.failures[0].message if case.failures else case.name
        tags = f"  [{', '.join(case.tags)}]" if case.tags else ""
        yield printable(f"{case.label}  {told}{tags}")


def suite_json(suite: Suite) -> dict[str, Any]:
    """The object of `test --json`; names and their order are a promise."""
    counted = totals(suite.cases)
    return {
        "format": _FORMAT,
        "exit_status": suite.status,
        "totals": {"cases": len(suite.cases), **{name: counted.get(name, 0) for name in STATUS if name != "listed"}},
        "files": suite.files,
        "files_not_run": suite.not_run,
        "ended": suite.ended or None,
        "wall_ms": round(suite.wall_ms, 1),
        "workers": suite.workers,
        "cases": [case_json(case) for case in suite.cases],
        **({} if suite.coverage is None else {"coverage": suite.coverage.as_data()}),
    }
