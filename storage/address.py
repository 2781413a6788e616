"""URLs with credentials: taken apart for use, and made fit to be shown.

A recording's URL may carry a password (`http://user:password@host/`). It is used, never shown: whatever leaves this
room as text (log rows, results, errors, reprs) has gone through `without_credentials`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_URL: Final = re.compile(r"(?s)([A-Za-z][A-Za-z0-9+.\-]*://)([^/?#]*)(.*)")
_SECRET_PARAMETER: Final = re.compile(
    r"(?i)([?&;](?:[^=&;#]*(?:token|secret|passw|signature|credential|api[-_]?key)[^=&;#]*|sig|key|auth|pwd)=)[^&;#]*"
)


def without_credentials(url: str) -> str:
    """`url` without user and password, secret-looking query values as `***`, unprintable characters as U+FFFD.

    Never raises: what is no URL loses everything before its last `@`.
    """
    shown = "".join(character if character.isprintable() else "\ufffd" for character in url)
    match = _URL.fullmatch(shown)
    if match is None:
        return _mask_parameters(shown.rpartition("@")[2])
    scheme, authority, rest = match.groups()
    port = authority.rpartition(":")[2]
    if "@" in authority:
        authority = authority.rpartition("@")[2]
    elif ":" in authority and not authority.endswith("]") and not port.isdecimal() and "@" in rest:
        # A password with an unquoted "/", "?" or "#" in it: what stands before that looks like a port, but is none.
        authority, rest = "", rest.rpartition("@")[2]
    return scheme + authority + _mask_parameters(rest)


def _mask_parameters(text: str) -> str:
    return _SECRET_PARAMETER.sub(r"\1***", text)


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """`url` without its user part, and that part as (user, password), percent-decoded; None where there is none.

    Raises `ValueError` for what cannot be parsed as a URL.
    """
    parts = urlsplit(url)
    user_part, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = user_part.partition(":")
    return parts._replace(netloc=host).geturl(), (unquote(user), unquote(password))


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (the scheme's own where none is written): credentials never cross to another origin.

    Raises `ValueError` for what cannot be parsed as a URL.
    """
    parts: SplitResult = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
