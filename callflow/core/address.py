"""Addresses of recordings: what is one, and how it is shown without its credentials (design §9).

A recording's URL may carry a password (`http://user:password@host/`, `?token=…`). It is used, never shown: every row,
message, result, log line and repr goes through `without_credentials`, the only place that decides what is left out.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

MASK: Final = "***"
"""What stands in the place of something that is not shown."""

_BEFORE_AUTHORITY: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:(?=/))?/*", re.ASCII | re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_WITHIN_PARAMETER: Final = re.compile(r"([?;#])")
_SECRET_PARTS: Final = ("token", "secret", "passw", "phrase", "pwd", "signature", "credential", "apikey", "accesskey")
_SECRET_WORDS: Final = frozenset({"auth", "authorization", "bearer", "hmac", "jwt", "key", "pass", "pin", "pw", "sig"})
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_HOST: Final = re.compile(
    r"(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII | re.IGNORECASE
)
_LAST_PORT: Final = 65_535


def without_credentials(url: str) -> str:
    """`url` as it may be shown: user and password, and values of secret-looking parameters, as `***`.

    Unprintable characters become U+FFFD. Never raises, whatever the text. In doubt more is hidden: a password may hold
    what it should not (`/`, `?`, `#`, `@`), so once a colon stands before an `@`, all before the last `@` is hidden.
    """
    shown = url if url.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in url)
    if "@" in shown:
        shown = _without_user(shown)
    return "&".join(_without_secret(part) for part in shown.split("&")) if "=" in shown else shown


def _without_user(text: str) -> str:
    lead = _BEFORE_AUTHORITY.match(text)
    assert lead is not None
    body = text[lead.end() :]
    authority = _AUTHORITY.match(body)
    assert authority is not None
    hidden, at, rest = body.rpartition("@")
    # Without a colon an @ behind the authority is one of the path, as in `http://host/~me@home`.
    return f"{lead[0]}{MASK}@{rest}" if at and (":" in hidden or "@" in authority[0]) else text


def _without_secret(part: str) -> str:
    """One part between two `&`: from the value of its first secret-looking parameter on, all is hidden."""
    pieces = _WITHIN_PARAMETER.split(part)
    for index, piece in enumerate(pieces):
        name, equals, value = piece.partition("=")
        if equals and (value or index + 1 < len(pieces)) and _is_secret(name):
            return "".join(pieces[:index]) + f"{name}={MASK}"
    return part


def _is_secret(name: str) -> bool:
    words = [word for word in _NO_LETTERS.split(unquote(name).lower()) if word]
    joined = "".join(words)
    return any(part in joined for part in _SECRET_PARTS) or not _SECRET_WORDS.isdisjoint(words)


def is_url(text: str) -> bool:
    """Whether `text` names a scheme and a host to send to, with a port that is a number if there is one.

    No blanks around it or in the host, and no control characters anywhere.
    """
    if has_control_characters(text) or text != text.strip():
        return False
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:  # brackets that hold no address, a port that is no number
        return False
    return bool(parts.scheme and parts.hostname) and has_port and not any(map(str.isspace, parts.netloc))


def has_control_characters(text: str) -> bool:
    """Whether `text` holds a control character: a line break, NUL, an escape (categories Cc of Unicode)."""
    return any(each < " " or "\x7f" <= each < "\xa0" for each in text)


def is_host(text: str) -> bool:
    """Whether `text` is `host` or `host:port`: a name, an IPv4 address or an IPv6 one in brackets, ports 1 to 65535."""
    match = _HOST.fullmatch(text)
    return match is not None and (match["port"] is None or 0 < int(match["port"]) <= _LAST_PORT)
