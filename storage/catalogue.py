"""What the front page shows: one page of the recordings, newest first, with what is known about each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from callflow.storage.audio_length import length_ms_of
from callflow.storage.shelf import Entry, Shelf
from callflow.storage.shelf_names import NameRefused, check_parts

LISTED_MAX: Final = 500
"""Most recordings on a page: every one has a player."""


@frozen
class Listed:
    """A recording on the page; `is_served` is False for a name that no request can ask for (B§6.3, C26)."""

    entry: Entry
    length_ms: int | None
    particulars: Mapping[str, str]
    is_served: bool


@frozen
class Page:
    """One page: which of how many, counted from 1, and what all pages together hold."""

    listed: tuple[Listed, ...]
    number: int
    pages: int
    files: int
    bytes: int


def page_of(shelf: Shelf, number: int) -> Page:
    """The page `number` of `shelf`, or the nearest that there is."""
    entries = sorted(shelf.entries(), key=lambda entry: (-entry.came_ns, entry.path))
    pages = max(-(-len(entries) // LISTED_MAX), 1)
    number = min(max(number, 1), pages)
    shown = entries[(number - 1) * LISTED_MAX : number * LISTED_MAX]
    listed = tuple(_described(shelf, entry) for entry in shown)
    return Page(listed, number, pages, len(entries), sum(entry.bytes for entry in entries))


def _described(shelf: Shelf, entry: Entry) -> Listed:
    parts = tuple(entry.path.split("/"))
    try:
        check_parts(parts)
    except NameRefused:  # it came in another way than through the receiver
        return Listed(entry, None, {}, is_served=False)
    return Listed(entry, length_ms_at(shelf, parts), shelf.particulars_of(parts), is_served=True)


def length_ms_at(shelf: Shelf, parts: tuple[str, ...]) -> int | None:
    """How long the recording at `parts` plays; None where that cannot be told, or it is gone."""
    file = shelf.open(parts)
    if file is None:
        return None
    with file:
        return length_ms_of(file, parts[-1])
