"""Rows of deliveries in plain words, and what became of one, for the end of a run.

Stored, could not be stored, not asked to be stored and still waiting are four things and never look alike (C47).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from callflow.core.delivery import TargetKind
from callflow.core.trace import Row
from callflow.report.call_words import Detail
from callflow.report.people import People
from callflow.report.results import Attempt, DeliveryResult, WebhookResult
from callflow.report.sent import is_about_webhook
from callflow.report.wording import clock

PLACES: Final[Mapping[str, str]] = {
    "account_database": "the account's database",
    "third_party_bigcouch": "the third party's BigCouch",
    "couchdb": "the plan's CouchDB",
    "s3": "the plan's bucket",
}
"""Targets in words, where they have no URL."""

_STATES: Final = {
    "stored": "stored",
    "failed": "could not be stored",
    "not_stored": "not stored: nothing says where to",
    "waiting": "waiting, not stored so far",
}
_HOOK_STATES: Final = {"stored": "told", "failed": "could not be told", "waiting": "waiting, not told so far"}
_COUNT_WIDTH: Final = 9


def place_of(target: str, method: str | None, url: str | None) -> str:
    """Where a file goes: `PUT http://…`, or the target in words."""
    return f"{method} {url}" if method and url else url or PLACES.get(target, target)


def delivery_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A DELIVERY row in words, "" for one that nobody wants to read."""
    which = f"recording {detail['recording']}"
    tell = _WEBHOOK.get(row.name) if is_about_webhook(detail) else _FILE.get(row.name)
    return tell.format(which=which, to=_place(detail), tail=_tail(detail), **_numbered(detail)) if tell else ""


_FILE: Final = {
    "REQUESTED": "{which} goes to {to}",
    "UNWANTED": "{which} is stored nowhere",
    "ACCEPTED": "{which} is stored{result}{tail}",
    "TRY_FAILED": "{which} is not stored yet, {try_}{tail}",
    "LAST_TRY_FAILED": "{which} could not be stored, {try_} was the last{tail}",
    "METADATA_TRY_FAILED": "the document of {which} is not saved yet, {try_}{tail}",
    "METADATA_FAILED": "{which} could not be stored: its metadata were not saved{result}",
}
_WEBHOOK: Final = {
    "REQUESTED": "of {which} the webhook is told: {to}",
    "ACCEPTED": "the webhook knows of {which}{result}{tail}",
    "TRY_FAILED": "the webhook does not know of {which} yet, {try_}{tail}",
    "LAST_TRY_FAILED": "the webhook could not be told of {which}, {try_} was the last{tail}",
}
"""What the rows say; `try_` is the count of the try and, but for the last one, its result."""


def _place(detail: Detail) -> str:
    return place_of(detail["target"], detail["method"], detail["url"]) if "url" in detail else ""


def _numbered(detail: Detail) -> dict[str, str]:
    result = str(detail.get("result", ""))
    return {"result": f": {result}" if result not in ("", "stored") else "", "try_": f"try {detail.get('attempt')}"}


def _tail(detail: Detail) -> str:
    """What is to be said of a try beside its result."""
    return "".join(f"; {each}" for each in _remarks(detail))


def _remarks(detail: Detail) -> Iterator[str]:
    if redirects := detail.get("redirects"):
        yield "redirected once" if redirects == 1 else f"redirected {redirects} times"
    if detail.get("is_kept"):
        yield "the target has it, only its answer was cut off"
    if wait_ms := detail.get("asked_wait_ms"):
        yield f"it asks for {wait_ms / 1000:g} s of peace, which nobody heeds (B§6.6)"
