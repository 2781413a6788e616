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
    "not_stored": "not stored",
    "waiting": "waiting, not stored so far",
}
_HOOK_STATES: Final = {"stored": "told", "failed": "could not be told", "waiting": "waiting, not told so far"}
_CLOCK_WIDTH: Final = 9


def place_of(target: str, method: str | None, url: str | None) -> str:
    """Where a file goes: `PUT http://…`, or the target in words."""
    return f"{method} {url}" if method and url else url or PLACES.get(target, target)


def delivery_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A DELIVERY row in words, "" for one that nobody wants to read."""
    if is_about_webhook(detail):
        return _webhook(row.name, f"recording {detail['recording']}", detail)
    return _file(row.name, f"recording {detail['recording']}", detail)


def _file(name: str, which: str, detail: Detail) -> str:
    match name:
        case "REQUESTED":
            return f"{which} goes to {place_of(detail['target'], detail['method'], detail['url'])}"
        case "UNWANTED":
            return f"{which} is stored nowhere"
        case "ACCEPTED":
            return f"{which} is stored{_result(detail)}"
        case "TRY_FAILED":
            return f"{which} is not stored yet, try {detail['attempt']}{_result(detail)}"
        case "LAST_TRY_FAILED":
            return f"{which} could not be stored, try {detail['attempt']} was the last{_result(detail)}"
        case "METADATA_TRY_FAILED":
            return f"the document of {which} is not saved yet, try {detail['attempt']}{_result(detail)}"
        case "METADATA_FAILED":
            return f"{which} could not be stored: its metadata were not saved{_result(detail)}"
    return ""


def _webhook(name: str, which: str, detail: Detail) -> str:
    match name:
        case "REQUESTED":
            return f"the webhook is told of {which}: {place_of('webhook', detail['method'], detail['url'])}"
        case "ACCEPTED":
            return f"the webhook knows of {which}{_result(detail)}"
        case "TRY_FAILED":
            return f"the webhook does not know of {which} yet, try {detail['attempt']}{_result(detail)}"
        case "LAST_TRY_FAILED":
            return f"the webhook was never told of {which}, try {detail['attempt']} was the last{_result(detail)}"
    return ""


def request_words(row: Row, detail: Detail, people: People, cause: Row | None) -> str:
    """A REQUEST row in words: tries after the first."""
    if detail.get("attempt", 1) == 1:
        return ""
    which = f"recording {detail['recording']}"
    if is_about_webhook(detail):
        return f"the webhook is told of {which} again"
    return f"the document of {which} is saved again" if row.name == "save document" else f"{which} is sent again"


def _result(detail: Detail) -> str:
    """The target's reply, and what is to be said beside it."""
    result = detail.get("result", "")
    said = f": {result}" if result not in ("", "stored") else ""
    return "; ".join((said, *_remarks(detail)))


def _remarks(detail: Detail) -> Iterator[str]:
    if redirects := detail.get("redirects"):
        yield "redirected once" if redirects == 1 else f"redirected {redirects} times"
    if detail.get("is_kept"):
        yield "the target has it, only its answer was cut off"
    if wait_ms := detail.get("asked_wait_ms"):
        yield f"it asks to be left alone for {wait_ms / 1000:g} s, which nobody heeds"


def storage_words(delivery: DeliveryResult) -> str:
    """What became of a file in one line: where it went, whether it is there, after how many tries."""
    if delivery.target == TargetKind.NONE.value:
        return f"{_STATES['not_stored']}: {delivery.refusal}" if delivery.refusal else _STATES["not_stored"]
    place = place_of(delivery.target, delivery.method, delivery.url)
    overwritten = delivery.overwritten_by
    later = f"; overwritten by recording {overwritten}" if overwritten is not None else ""
    return f"{place}: {_outcome(_STATES[delivery.state], delivery.attempts)}{later}"


def webhook_words(webhook: WebhookResult) -> str:
    """Whether a webhook was told, in one line."""
    return f"{place_of('webhook', 'POST', webhook.url)}: {_outcome(_HOOK_STATES[webhook.state], webhook.attempts)}"


def _outcome(state: str, attempts: tuple[Attempt, ...]) -> str:
    last = f", {attempts[-1].result}" if attempts and attempts[-1].result != state else ""
    tries = f" after {len(attempts)} tries" if len(attempts) > 1 else ""
    return f"{state}{tries}{last}"


def tries_text(attempts: tuple[Attempt, ...]) -> Iterator[str]:
    """A line for each try: when it was answered, how, and how long after the one before."""
    before_ms = None
    for each in attempts:
        waited = f", {clock(each.at_ms - before_ms)} later" if before_ms is not None else ""
        yield f"{clock(each.at_ms):>{_CLOCK_WIDTH}} {each.result}{waited}"
        before_ms = each.at_ms
