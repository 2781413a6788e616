"""What is seen while a suite runs, on a terminal and elsewhere, and at its end (issue 5, 2)."""

from __future__ import annotations

from io import StringIO

import pytest

from callflow.report.results import Failure
from callflow.testing.outcome import CaseResult, Outcome, suite_status, worst_status
from callflow.testing.progress import Progress, short
from callflow.testing.showing import Suite, end_lines, in_order
from callflow.testing.workers import FileOver


def case(file: str = "a.yaml", outcome: Outcome = "passed", message: str = "", **fields: object) -> CaseResult:
    """A case's result."""
    failures = (Failure("", "", message),) if message else ()
    return CaseResult(file, None, "", outcome, failures=failures, **fields)  # type: ignore[arg-type]
