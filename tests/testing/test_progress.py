"""What is seen while a suite runs, on a terminal and elsewhere, and at its end (issue 5, 2)."""

from __future__ import annotations

from io import StringIO

import pytest
from attrs import evolve

from callflow.report.results import Failure
from callflow.testing.outcome import CaseResult, Outcome, worst_status
from callflow.testing.progress import Progress, short
from callflow.testing.showing import Suite, end_lines, in_order, list_lines, suite_json
from callflow.testing.workers import FileOver


def case(file: str = "a.yaml", outcome: Outcome = "passed", message: str = "", duration_ms: float = 1.0) -> CaseResult:
    """A case's result."""
    failures = (Failure("", "", message),) if message else ()
    return CaseResult(file, None, "", outcome, failures=failures, duration_ms=duration_ms, repeat="callflow run x")


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


def test_without_a_terminal_there_are_marks_and_lines() -> None:
    """Logs stay short: a point a case, eighty a line; what failed is named at once, without escape sequences."""
    seen = StringIO()
    progress = Progress(100, seen)
    for number in range(85):
        progress.take(case())
        progress.take(FileOver(f"{number}"))
    progress.take(case("b.yaml", "failed", "b.yaml:7: expect.path: expected this"))
    progress.take(case())
    progress.close()
    assert seen.getvalue() == "." * 80 + " 79/100\n.....\nfailed b.yaml: line 7: expect.path: expected this\n.\n"


def test_on_a_terminal_one_line_is_drawn_anew() -> None:
    """A bar with live counts, ten times a second at most; failures stay above it."""
    seen, clock = StringIO(), Clock()
    progress = Progress(4, seen, is_live=True, now_s=clock)
    progress.take(case())
    progress.take(FileOver("a.yaml"))
    clock.at_s = 61.0
    progress.take(case("b.yaml", "failed", "b.yaml:7: no"))
    drawn = seen.getvalue().split("\r\x1b[K")
    assert drawn == [
        "",
        "░" * 24 + "  0/4 files  1 passed  0:00",
        "failed b.yaml: line 7: no\n",
        "█" * 6 + "░" * 18 + "  1/4 files  1 passed  1 failed  1:01",
    ]
    progress.close()
    assert seen.getvalue().endswith("\r\x1b[K")


def test_verbose_is_a_line_a_case() -> None:
    """With -v each case is named."""
    seen = StringIO()
    progress = Progress(1, seen, is_verbose=True)
    progress.take(evolve(case(), row=2, chosen="docs"))
    progress.close()
    assert seen.getvalue() == "passed a.yaml[2] (docs)\n"


def test_nothing_that_strangers_wrote_moves_the_cursor() -> None:
    """File names and messages are escaped, and long ones cut."""
    seen = StringIO()
    Progress(1, seen).take(case("a\x1b[2J\n.yaml", "failed", "m" * 1000))
    text = seen.getvalue()
    assert text.startswith("failed a\\x1b[2J\\n.yaml: mmm")
    assert len(text) < 200
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a.yaml:7: path: what", "a.yaml: line 7: path: what"),
        ("a.yaml:7:3: broken", "a.yaml: line 7:3: broken"),
        ("a.yaml: there is no such file", "a.yaml: there is no such file"),
        ("flow.json:7: what", "a.yaml: flow.json:7: what"),
        ("", "a.yaml"),
    ],
)
def test_a_failure_in_short(message: str, expected: str) -> None:
    """The case is named once."""
    assert short(case("a.yaml", "failed", message)) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], 0),
        (["passed", "listed"], 0),
        (["passed", "failed"], 1),
        (["failed", "broken", "passed"], 2),
        (["failed", "broken", "error"], 3),
    ],
)
def test_the_worst_counts(outcomes: list[Outcome], expected: int) -> None:
    """Design §12, Results: 3, 2, 1, 0."""
    assert worst_status(case(outcome=outcome) for outcome in outcomes) == expected


def test_the_order_is_that_of_one_process() -> None:
    """By file, row and profile, whoever was first."""
    rows = [evolve(case(file), row=row, chosen=chosen) for file in "ab" for row in (0, 10) for chosen in ("z", "y")]
    assert in_order(rows[::-1], ["a", "b"], ["z", "y"]) == tuple(rows)


def test_the_end_names_failures_with_their_commands_and_counts() -> None:
    """Issue 5: a failing scenario prints the exact command that repeats it; the slowest are shown where asked for."""
    cases = (case(duration_ms=3.0), case("b.yaml", "broken", "b.yaml:7: no", 9.0), case("c.yaml", duration_ms=5.0))
    suite = Suite(cases, 5, 2, 1_500.0, 2, "interrupted")
    assert list(end_lines(suite, 2)) == [
        "",
        "\x1b[1mb.yaml\x1b[0m  \x1b[31mcannot be run\x1b[0m",
        "  b.yaml:7: no",
        "  repeat: callflow run x",
        "",
        "slowest 2:",
        "      9.0 ms  b.yaml",
        "      5.0 ms  c.yaml",
        "",
        "3 cases in 1.5 s, 2 processes: \x1b[32m2 passed\x1b[0m, \x1b[31m1 broken\x1b[0m; "
        "2 of 5 files not run: interrupted",
    ]


def test_the_object_has_the_promised_names() -> None:
    """`test --json`: format, status, totals and cases, in this order."""
    found = suite_json(Suite((case(), case("b.yaml", "failed", "no")), 2, 0, 12.34, 1))
    assert list(found) == [
        "format", "exit_status", "totals", "files", "files_not_run", "ended", "wall_ms", "workers", "cases",
    ]  # fmt: skip
    assert found["totals"] == {"cases": 2, "passed": 1, "failed": 1, "broken": 0, "error": 0}
    assert (found["format"], found["exit_status"], found["ended"]) == (1, 1, None)
    assert list(found["cases"][1]) == [
        "file", "row", "scenario", "tags", "profile", "outcome", "duration_ms", "diagnostics", "failures", "details",
        "repeat",
    ]  # fmt: skip


def test_a_list_has_names_and_tags() -> None:
    """What would run, and what cannot be read."""
    listed = evolve(case(outcome="listed"), name="A call", tags=("x", "y"), row=1)
    assert list(list_lines([listed, case("b.yaml", "broken", "b.yaml:7: no")])) == [
        "a.yaml[1]  A call  [x, y]",
        "b.yaml  b.yaml:7: no",
    ]
