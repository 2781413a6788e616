"""What became of a call's files, folded from its DELIVERY rows: tries, ends, webhooks, and who overwrote whom (B§6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import define, evolve, field

from callflow.core.delivery import TargetKind
from callflow.core.diagnostic import Diagnostic
from callflow.core.trace import Row
from callflow.report.results import Attempt, DeliveryResult, WebhookResult
from callflow.report.wording import clock

_STATES: Final = {"STORED": "stored", "FAILED": "failed", "NOT_STORED": "not_stored"}
_BEGUN: Final = ("REQUESTED", "UNWANTED")
_FILE_TRIES: Final = ("ACCEPTED", "TRY_FAILED", "LAST_TRY_FAILED")
_DOCUMENT_TRIES: Final = ("METADATA_TRY_FAILED", "METADATA_FAILED")
"""The rows of answered tries, for the file and for its document; that a document was saved is no news."""

_OF_ONE_RECORDING: Final = re.compile(r"&duration_ms=[^&]*(&owner_id=[^&]*)&start=[^&]*&recording_id=[^&]*$")
"""What kazoo-5 ends an upload's query with, and its one field that is the call's like the name before it (B§6.3)."""

_BY_DOCUMENT: Final = (TargetKind.COUCHDB.value, TargetKind.THIRD_PARTY_BIGCOUCH.value)
"""Targets whose URL is the server's alone: each recording has a document of its own there."""

Detail = Mapping[str, Any]


def is_about_webhook(detail: Detail) -> bool:
    """Whether a DELIVERY or REQUEST row with this detail is about a webhook and not about the file itself."""
    return detail.get("target") == TargetKind.WEBHOOK.value


@define(eq=False)
class Sent:
    """The deliveries of one call in the making, by the index of their recording.

    `appends` says of a recording whose file goes on with an earlier one's which that is.
    """

    deliveries: dict[int, DeliveryResult] = field(factory=dict)
    appends: dict[int, int] = field(factory=dict)
    _holders: dict[str, int] = field(factory=dict, init=False)
    _copies: dict[int, int] = field(factory=dict, init=False)
    _overwritten: dict[int, Diagnostic] = field(factory=dict, init=False)
    _repeated: dict[int, Diagnostic] = field(factory=dict, init=False)

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """What is to be said so far: files that lie there twice, and files that others have overwritten."""
        return (*self._repeated.values(), *self._overwritten.values())

    def take(self, row: Row, detail: Detail) -> None:
        """Read the next DELIVERY row."""
        index, of_webhook = detail["recording"], is_about_webhook(detail)
        state = _STATES.get(detail["to"], "waiting")
        attempts: tuple[Attempt, ...] = ()
        is_document = row.name in _DOCUMENT_TRIES
        if is_document or row.name in _FILE_TRIES:
            attempts = (Attempt(row.at_ms, ("document: " if is_document else "") + detail["result"]),)
        if of_webhook:
            self._take_webhook(row, detail, state, attempts)
        elif row.name in _BEGUN:
            target, method, url = detail["target"], detail["method"] or None, detail["url"] or None
            refusal = row.rule if row.name == "UNWANTED" else ""
            self.deliveries[index] = DeliveryResult(target, method, url, state, refusal=refusal)
        else:
            before = self.deliveries[index]
            self.deliveries[index] = evolve(before, state=state, attempts=(*before.attempts, *attempts))
        if is_document or (row.name != "ACCEPTED" and not detail.get("is_kept")):
            return
        delivery = self.deliveries[index]
        if of_webhook or delivery.method == "POST":
            self._come_again(row, detail, of_webhook)
        elif delivery.url is not None and delivery.target not in _BY_DOCUMENT:
            self._lie_there(row, index, delivery.url)

    def _take_webhook(self, row: Row, detail: Detail, state: str, attempts: tuple[Attempt, ...]) -> None:
        delivery = self.deliveries[detail["recording"]]
        webhook = WebhookResult(detail["url"], state) if row.name in _BEGUN else delivery.webhook
        assert webhook is not None, "a webhook's first row names it"
        webhook = evolve(webhook, state=state, attempts=(*webhook.attempts, *attempts))
        self.deliveries[detail["recording"]] = evolve(delivery, webhook=webhook)

    def _come_again(self, row: Row, detail: Detail, of_webhook: bool) -> None:
        """A POST whose answer was lost is sent again, and the target has it twice (design §12, Deliveries)."""
        number = detail["delivery"]
        copies = self._copies[number] = self._copies.get(number, 0) + 1
        if copies == 1:
            return
        what, times = f"recording {detail['recording']}", "twice" if copies == 2 else f"{copies} times"
        message = f"the webhook was told {times} of {what}" if of_webhook else f"{what} is stored {times}"
        why = "the answer to a POST was cut off, and it was sent again"
        remedy = "let the receiver know a repetition by its id" + ("" if of_webhook else ", or use method put")
        self._repeated[number] = Diagnostic("stored-twice", "warning", _place(row), f"{message}: {why}", remedy)

    def _lie_there(self, row: Row, index: int, url: str) -> None:
        """A PUT takes the place of another recording of the call that lies there: the name is the call's (B§6.3)."""
        place = _OF_ONE_RECORDING.sub(r"\1", url)
        before = self._holders.get(place, index)
        self._holders[place] = index
        if self._overwritten.pop(index, None) is not None:
            self.deliveries[index] = evolve(self.deliveries[index], overwritten_by=None)
        if before == index or self._file_of(before) == self._file_of(index):
            return
        self.deliveries[before] = evolve(self.deliveries[before], overwritten_by=index)
        message = f"recording {index} has overwritten recording {before}: both were sent to {url}"
        remedy = "give each node a url of its own"
        self._overwritten[before] = Diagnostic("overwritten-upload", "warning", _place(row), message, remedy)

    def _file_of(self, index: int) -> int:
        """The recording that began the file of this one: pieces of one file overwrite it with more of it (B§3.5)."""
        while index in self.appends:
            index = self.appends[index]
        return index


def _place(row: Row) -> str:
    return f"call {row.call_id}, leg {row.leg}, {clock(row.at_ms)}"
