"""The receiver's front page: what it holds, with a player for each recording. No script, nothing from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final
from urllib.parse import quote, urlencode

from callflow.storage.audio_types import UNKNOWN_TYPE, content_type_of
from callflow.storage.catalogue import Listed, Page
from callflow.storage.particulars import LABELS
from callflow.storage.token import FIELD

POLICY: Final = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy."""

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#59636e;--line:#d1d9e0;--page:#fff;--link:#0757ba}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9da7b1;--line:#3d444d;--page:#0d1117;--link:#78b4ff}}
body{background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;
padding:0 1rem}
h1{font-size:1.5rem;margin:0}a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.quiet,dt,nav{color:var(--quiet)}.quiet{margin:0 0 1.5rem}
ul{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
li{border-bottom:1px solid var(--line);display:grid;gap:.25rem 1.5rem;grid-template-columns:1fr 20rem;padding:.75rem 0}
li>*{grid-column:1}h2{font-size:1rem;font-weight:600;margin:0;overflow-wrap:anywhere}
audio{align-self:center;grid-row:1/4;grid-column:2;height:2.5rem;width:100%}
p{margin:0}dt{white-space:nowrap}dl{display:flex;flex-wrap:wrap;font-size:.875rem;gap:0 1rem;margin:0}
dl div{display:flex;gap:.35rem}
dd{margin:0;overflow-wrap:anywhere}nav{display:flex;gap:1.5rem;margin:1.5rem 0}
@media(max-width:48rem){li{grid-template-columns:1fr}audio{grid-column:1;grid-row:auto}}
"""
_UNITS: Final = ("kB", "MB", "GB", "TB")
_HEAD: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><title>Recordings</title><style>{_STYLE}</style></head>
<body><main><h1>Recordings</h1>
"""
_FOOT: Final = "</main></body></html>\n"


def index_page(page: Page, token: str | None = None) -> str:
    """The page as HTML; whatever senders chose is escaped.

    `token` is what the reader gave in the query: the links carry it on, since nothing else would let the players in.
    """
    if not page.files:
        return f'{_HEAD}<p class="quiet">Nothing has been received yet.</p>\n{_FOOT}'
    summary = f"{_counted(page.files)}, {_size(page.bytes)}, newest first. Times are UTC."
    rows = "".join(_row(listed, token) for listed in page.listed)
    return f'{_HEAD}<p class="quiet">{summary}</p>\n<ul role="list">\n{rows}</ul>\n{_pager(page, token)}{_FOOT}'


def _row(listed: Listed, token: str | None) -> str:
    entry = listed.entry
    # Names that came in another way than through the receiver need not be UTF-8.
    name = f"<bdi>{escape(entry.path.encode('utf-8', 'replace').decode())}</bdi>"
    player = ""
    if listed.is_served:
        address = escape(f"/{quote(entry.path)}{_query(token)}")
        if content_type_of(entry.path) != UNKNOWN_TYPE:
            label = escape(f"Play {entry.path}")
            player = f'<audio controls preload="none" src="{address}" aria-label="{label}"></audio>'
        name = f'<a href="{address}">{name}</a>'
    length = "" if listed.length_ms is None else f"{_clock(listed.length_ms)} · "
    facts = f"{_time(entry.came_ns)} · {length}{_size(entry.bytes)}"
    return f"<li><h2>{name}</h2>\n<p>{facts}</p>\n{_particulars(listed)}{player}</li>\n"


def _particulars(listed: Listed) -> str:
    said = [(LABELS[key], listed.particulars[key]) for key in LABELS if key in listed.particulars]
    pairs = "".join(f"<div><dt>{escape(label)}</dt><dd><bdi>{escape(value)}</bdi></dd></div>" for label, value in said)
    return f"<dl>{pairs}</dl>\n" if pairs else ""


def _pager(page: Page, token: str | None) -> str:
    if page.pages == 1:
        return ""
    newer = _step("Newer", page.number - 1, token) if page.number > 1 else ""
    older = _step("Older", page.number + 1, token) if page.number < page.pages else ""
    return f'<nav aria-label="Pages">{newer}<span>Page {page.number} of {page.pages}</span>{older}</nav>\n'


def _step(word: str, number: int, token: str | None) -> str:
    return f'<a href="{escape("/" + _query(token, page=number))}">{word}</a>'


def _query(token: str | None, **fields: int) -> str:
    every = {**fields, **({FIELD: token} if token is not None else {})}
    return f"?{urlencode(every)}" if every else ""


def _counted(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _size(count: int) -> str:
    if count < 1_000:
        return f"{count} bytes" if count != 1 else "1 byte"
    power = min((len(str(count)) - 1) // 3, len(_UNITS))
    return f"{count / 1_000**power:.1f} {_UNITS[power - 1]}"


def _clock(length_ms: int) -> str:
    minutes, seconds = divmod(length_ms // 1_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _time(came_ns: int) -> str:
    """In UTC, whatever zone this machine is in (C49)."""
    came = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=came_ns // 1_000_000_000)
    return f'<time datetime="{came:%Y-%m-%dT%H:%M:%SZ}">{came:%Y-%m-%d %H:%M:%S}</time>'
