"""URLs with credentials, taken apart for use; what may be shown of one is `callflow.core.address`'s to say."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit


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
