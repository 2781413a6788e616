"""What became of one case, a scenario under one profile: small and plain, as it travels between processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from attrs import frozen

from callflow.report.results import Failure

Outcome = Literal["passed", "failed", "broken", "error", "listed"]
"""`broken`: the scenario, or a document that it names, is wrong; `error`: our bug; `listed`: it was not to be run."""

STATUS: Final[Mapping[Outcome, int]] = {"passed": 0, "listed": 0, "failed": 1, "broken": 2, "error": 3}
"""The exit status that each amounts to (design §7)."""

WORST_FIRST: Final[tuple[Outcome, ...]] = ("error", "broken", "failed", "passed", "listed")
"""Of several the first is reported (design §12, Results)."""


@frozen
class CaseResult:
    """One case. `row` is that of `examples:` and None where the file has a single scenario or cannot be read.

    `chosen` is the profile asked for on the command line, "" for none; `profile` the one it ran under, "" if it did
    not. `is_whole` says that the file could not be read, so that its rows are unknown. `remarks` counts diagnostics by
    severity. `details` are lines that explain a failure, `repeat` is the command that runs this case alone. Where they
    were asked for: `story` is the timeline of a case that did not pass, `page` the path of its page below the folder of
    all pages, "" without one, `coverage` what it has driven, as `Coverage.as_data` has it.
    """

    file: str
    row: int | None
    chosen: str
    outcome: Outcome
    is_whole: bool = False
    name: str = ""
    tags: tuple[str, ...] = ()
    profile: str = ""
    failures: tuple[Failure, ...] = ()
    details: tuple[str, ...] = ()
    remarks: Mapping[str, int] = {}
    duration_ms: float = 0.0
    repeat: str = ""
    story: str = ""
    page: str = ""
    coverage: Mapping[str, Any] | None = None

    @property
    def label(self) -> str:
        """`file[row] (profile)`, as much of it as there is."""
        row = "" if self.row is None else f"[{self.row}]"
        return f"{self.file}{row}" + (f" ({self.chosen})" if self.chosen else "")

    @property
    def has_passed(self) -> bool:
        """Whether all was as expected."""
        return STATUS[self.outcome] == 0


def worst_status(cases: Iterable[CaseResult]) -> int:
    """The exit status of all cases together: 3, 2, 1, 0."""
    found = {case.outcome for case in cases}
    return next((STATUS[outcome] for outcome in WORST_FIRST if outcome in found), 0)


def totals(cases: Iterable[CaseResult]) -> dict[Outcome, int]:
    """How many of each outcome there are, those that there are, the best first."""
    counted = Counter(case.outcome for case in cases)
    return {outcome: counted[outcome] for outcome in reversed(WORST_FIRST) if counted[outcome]}


def case_json(case: CaseResult) -> dict[str, Any]:
    """One case of `test --json`; names and their order are a promise."""
    return {
        "file": case.file,
        "row": case.row,
        "scenario": case.name,
        "tags": list(case.tags),
        "profile": case.profile or case.chosen or None,
        "outcome": case.outcome,
        "duration_ms": round(case.duration_ms, 3),
        "diagnostics": dict(case.remarks),
        "failures": [
            {"expected": each.expected, "nearest": each.nearest, "message": each.message} for each in case.failures
        ],
        "details": list(case.details),
        "repeat": case.repeat,
    }
