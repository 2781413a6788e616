"""The seam between the dispatcher and the targets: a carrier tries once and says what came of it (models §4.8).

Retries, delays and giving up belong to the dispatcher. A new kind of target is one file with one carrier in it, and one
line in `routes`.
"""

from __future__ import annotations

import errno
import os
from typing import Final, Protocol

from attrs import frozen

from callflow.storage.parcel import Parcel

_WORDS: Final = {
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk full",
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ECONNABORTED: "reset",
    errno.EPIPE: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EINTR: "broken off",
}


def words_for(error: OSError) -> str:
    """What an operating system's error means, in the words of `Attempt.result`, without names of files or hosts."""
    if error.errno is None:
        return "failed"
    return _WORDS.get(error.errno) or os.strerror(error.errno).lower()


@frozen
class Outcome:
    """What one try gave; the fields are those of `Attempt`.

    `retry_after_ms` is how long the target asked to be left alone, 0 where it did not.
    """

    result: str
    is_stored: bool
    is_final: bool
    place: str
    retry_after_ms: int = 0

    @classmethod
    def stored(cls, result: str, place: str) -> Outcome:
        """The try brought it there, or found it there."""
        return cls(result, is_stored=True, is_final=True, place=place)

    @classmethod
    def failed(cls, result: str, place: str, *, is_final: bool = False, retry_after_ms: int = 0) -> Outcome:
        """The try did not; `is_final` when no other can."""
        return cls(result, is_stored=False, is_final=is_final, place=place, retry_after_ms=retry_after_ms)


class Carrier(Protocol):
    """Brings parcels to one kind of place, for several threads at once; a failed try is no exception."""

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Save the document that goes before the audio (B§6.5), where the target has one."""

    def send(self, parcel: Parcel) -> Outcome:
        """Try once to bring the audio to its place."""

    def close(self) -> None:
        """Give up connections; the carrier is not used afterwards."""


JOURNALLED: Final = "journalled"
"""Result of `save_metadata` where the target takes audio only: the outbox's journal is the document's durable place."""


@frozen
class NoCarrier:
    """Stands where nothing leads to the target: every try fails for good, the audio stays in the outbox."""

    reason: str
    place: str

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """The journal has it."""
        return Outcome.stored(JOURNALLED, self.place)

    def send(self, parcel: Parcel) -> Outcome:
        """Fail for good, and say why."""
        return Outcome.failed(self.reason, self.place, is_final=True)

    def close(self) -> None:
        """Nothing is open."""
