"""Rows of what goes on beside the flow in plain words: metaflows, consent and payment; "" for those left out."""

from __future__ import annotations

from callflow.core.trace import Row
from callflow.report.call_words import Detail
from callflow.report.people import People
from callflow.report.wording import clock


def metaflow_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """What digits came to; the digits themselves are told as such."""
    if "to" in detail:
        return ""
    if row.name == "not bound":
        digits = detail["collected"]
        return f"nothing is bound to {people.on(row.leg)}'s digits {digits}" if digits else "no digits came"
    return f"{people.on(row.leg)}'s digits set off {row.name}"


def consent_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """What was recorded too early."""
    length_ms = detail["to_ms"] - detail["from_ms"]
    return f"recording {detail['recording']} holds {clock(length_ms)} from before the announcement ended"


def payment_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """Where a digit can be heard in a file."""
    return f"the digit is in recording {detail['recording']}, at {clock(detail['file_ms'])} of it"
