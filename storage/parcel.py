"""What is delivered, what each try gave, and how a delivery ended: the words that all of this room speaks.

No repr of these shows a credential: URLs are shown by `without_credentials`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import Attribute, field, frozen

from callflow.core.address import without_credentials
from callflow.core.delivery import DeliveryState, Target
from callflow.core.errors import StorageError

ID_LENGTH_MAX: Final = 128
_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


DIGEST_LENGTH: Final = 16
"""How many hex digits of a SHA-256 tell one audio from another."""


def check_id(text: str) -> str:
    """Return `text` when it can be a delivery id: `[A-Za-z0-9._-]{1,128}`, no leading dot. Raises `StorageError`."""
    if _ID.fullmatch(text) is None:
        raise StorageError(f"delivery id {text[:140]!r}: not usable; up to 128 of A-Z a-z 0-9 . _ -, no leading dot")
    return text


def _check_id(instance: object, attribute: Attribute[str], value: str) -> None:
    check_id(value)


def _show_target(target: Target) -> str:
    return f"{target.kind.value} {target.method} {without_credentials(target.url)} ({target.rule})"


def _show_url(url: str) -> str:
    return repr(without_credentials(url))


def _clean_metadata(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document keeps the address it was sent to (B§6.5 `url`), not the password for it."""
    url = metadata.get("url")
    return {**metadata, "url": without_credentials(url)} if isinstance(url, str) else dict(metadata)


@frozen
class Parcel:
    """One finished recording to deliver.

    `delivery_id` is fixed: the same recording has the same id however often it is delivered (design §12, "Deliveries");
    `file` is the audio; `metadata` the document of B§6.5, JSON values only, `url` made free of credentials;
    `folder` the account's database of the month (`account/ac/me/x-202611`); `webhook` the URL that is told when it is
    stored, or empty. `digest` begins the SHA-256 of the file, 16 hex digits, where it is known: the same id with other
    audio is another upload. A bad id raises `StorageError`.
    """

    delivery_id: str = field(validator=_check_id)
    file: Path
    content_type: str
    target: Target = field(repr=_show_target)
    metadata: Mapping[str, Any] = field(converter=_clean_metadata, repr=False)
    folder: str
    webhook: str = field(default="", repr=_show_url)
    digest: str = ""


@frozen
class Attempt:
    """One try: when it began, in ms since its delivery did, and what came of it.

    `result` is a status code (`201`, `503`) or words (`refused`, `timeout`, `reset`, `dns failure`, `disk full`);
    `is_final` says that trying again is useless; `place` is where it went: a URL without credentials, or a path.
    """

    at_ms: int
    result: str
    is_stored: bool
    is_final: bool
    place: str


@frozen
class Delivered:
    """How a delivery ended: `place` is where the audio is now; after a failure that is its file in the outbox."""

    parcel: Parcel
    state: DeliveryState
    attempts: tuple[Attempt, ...]
    place: str
