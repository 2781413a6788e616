"""How an expectation that was not met is reported: with its place, and with what came nearest."""

from __future__ import annotations

from callflow.report.results import Failure
from callflow.report.wording import printable
from callflow.scenario.expect import Expected


def unmet(expected: Expected, nearest: str, problem: str = "") -> Failure:
    """The failure of one expectation: `nearest` is what there was instead, "" when there was nothing like it.

    The message is `file:line: path: expected …; …`, where `problem` replaces `nearest` when that alone explains little.
    """
    came = problem or (f"nearest: {nearest}" if nearest else "nothing like it happened")
    message = printable(f"{expected.where}: expected {expected.text}; {came}")
    return Failure(printable(expected.text), printable(nearest), message)
