"""Rows that warn or report a fault, as diagnostics: the same form as a linter's remarks on the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from callflow.core.diagnostic import Diagnostic
from callflow.core.trace import ERROR, WARNING, Row
from callflow.report.wording import clock

Detail = Mapping[str, Any]

_WARNINGS: Final[Mapping[str, Callable[[Detail], tuple[str, str]]]] = {
    "not-carried": lambda detail: (
        f"{detail['for_ms']} ms of sound are lost: a leg that is {str(detail['state']).lower()} carries no audio",
        "let the party resume first"
        if detail["state"] == "HELD"
        else "let the party speak once the leg has early media or is answered",
    ),
    "recording-during-take": lambda detail: (
        f"recording {detail['recording']} runs while recording {detail['take']} is being taken on the same leg",
        "stop the recording before: call recording and voicemail do not play well together",
    ),
}
"""What each warning says, and what would be right; warnings without an entry bring their own message."""


def remark_of(row: Row) -> Diagnostic | None:
    """The diagnostic that a WARNING or ERROR row amounts to, None for any other row.

    `where` is the node for an action that raised, else call, leg and time.
    """
    detail = row.detail or {}
    leg = f", leg {row.leg}" if row.leg else ""
    place = f"call {row.call_id}{leg}, {clock(row.at_ms)}"
    message, hint = str(detail.get("message", row.name.replace("-", " "))), str(detail.get("hint", ""))
    if row.kind == ERROR:
        return Diagnostic(row.name.replace(" ", "-"), "error", str(detail.get("where", place)), message, hint)
    if row.kind != WARNING:
        return None
    words = _WARNINGS.get(row.name)
    if words is not None:
        message, hint = words(detail)
    return Diagnostic(row.name, "warning", place, message, hint)
