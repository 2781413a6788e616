"""The receiver's front page: what it holds, with a player for each recording. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import islice
from typing import Final
from urllib.parse import quote

from callflow.storage.audio_types import UNKNOWN_TYPE, content_type_of
from callflow.storage.shelf import Entry

LISTED_MAX: Final = 500
"""Most files on the page: every one has a player."""

_HEAD: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Recordings</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
td{padding:.25rem 1rem .25rem 0}.size{text-align:right}</style>
<h1>Recordings</h1>
"""


def index_page(entries: Iterable[Entry]) -> str:
    """The page for `entries` as HTML; names are escaped, since senders choose them."""
    listed = iter(entries)
    rows = [_row(entry) for entry in islice(listed, LISTED_MAX)]
    if not rows:
        return f"{_HEAD}<p>Nothing has been received yet.</p>\n"
    more = f"<p>Only the first {LISTED_MAX} are listed.</p>\n" if next(listed, None) is not None else ""
    return f"{_HEAD}<table>\n{''.join(rows)}</table>\n{more}"


def _row(entry: Entry) -> str:
    # Names that came in another way than through the receiver need not be UTF-8.
    link = escape("/" + quote(entry.path, errors="surrogateescape"))
    name = escape(entry.path.encode("utf-8", "replace").decode())
    is_audio = content_type_of(entry.path) != UNKNOWN_TYPE
    player = f'<audio controls preload="none" src="{link}"></audio>' if is_audio else ""
    return f'<tr><td><a href="{link}">{name}</a><td class="size">{entry.bytes:,} bytes<td>{player}\n'
