"""What databases' errors mean, in the words of `Attempt.result`; never the credentials that drivers repeat."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from socket import gaierror
from typing import Final

import sqlalchemy as sql
from sqlalchemy.exc import DataError, SQLAlchemyError

from callflow.storage.carrier import words_for

_LOGIN_REFUSED: Final = "login refused"
_NO_DATABASE: Final = "no such database"
_BAD_TEXT: Final = "database: text that is no Unicode"
BAD_OPTIONS: Final = "options in the URL that the driver does not take"
_FINAL: Final = frozenset({_LOGIN_REFUSED, _NO_DATABASE, _BAD_TEXT, f"database: {BAD_OPTIONS}"})
FAULTS: Final = (SQLAlchemyError, UnicodeError)
"""What is raised for what a server, a file or a text does: drivers let their encoding's errors through."""

_CODES: Final[Mapping[str, Mapping[object, str]]] = {
    "sqlite": {5: "locked", 6: "locked", 8: "read-only", 13: "disk full"},
    "postgresql": {
        "25006": "read-only",
        "28000": _LOGIN_REFUSED,
        "28P01": _LOGIN_REFUSED,
        "3D000": _NO_DATABASE,
        "53100": "disk full",
        "55P03": "locked",
        "57014": "timeout",
        "57P01": "reset",
        "57P02": "reset",
    },
    "mysql": {
        1021: "disk full",
        1044: _LOGIN_REFUSED,
        1045: _LOGIN_REFUSED,
        1049: _NO_DATABASE,
        1053: "reset",
        1114: "disk full",
        1205: "locked",
        1290: "read-only",
        1698: _LOGIN_REFUSED,
        1792: "read-only",
        1836: "read-only",
        1927: "reset",
        2006: "reset",
        2013: "reset",
    },
}
# Before a connection stands, libpq has words only.
_PHRASES: Final = (
    ("connection refused", "refused"),
    ("timeout expired", "timeout"),
    ("authentication failed", _LOGIN_REFUSED),
    ("no password supplied", _LOGIN_REFUSED),
    ("failed to resolve", "dns failure"),
    ("closed the connection", "reset"),
    ("closed unexpectedly", "reset"),
    ("connection reset", "reset"),
    ("administrator command", "reset"),
    ("certificate verify failed", "certificate not trusted"),
    ("ssl", "tls failure"),
)


def is_useless(error: SQLAlchemyError | UnicodeError, words: str) -> bool:
    """Whether no other try can do better; a wrong password tried often also locks people out."""
    return isinstance(error, DataError) or words in _FINAL


def words_for_database(error: SQLAlchemyError | UnicodeError, url: sql.URL) -> str:
    """What one of `FAULTS` means, in the words of `Attempt.result`, without what `url` keeps secret.

    What has no word of its own is `database:` and the first line of the driver's text; that of a driver that repeats
    user or password is left out.
    """
    if isinstance(error, UnicodeError):
        return _BAD_TEXT
    orig = getattr(error, "orig", None)
    kind = "mysql" if url.get_backend_name() == "mariadb" else url.get_backend_name()
    text = str(orig or type(error).__name__).partition("\n")[0][:200]
    for each in _causes(orig):
        if isinstance(each, OSError):
            return _words_for_network(each)
    word = _CODES[kind].get(_code_of(orig, kind))
    if word is None and kind == "postgresql":
        word = next((word for phrase, word in _PHRASES if phrase in text.lower()), None)
        if word is None and getattr(orig, "sqlstate", None) is None and text.endswith("does not exist"):
            word = _NO_DATABASE
    if word is not None:
        return word
    secrets = [url.username, url.password, *(str(value) for key, value in url.query.items() if "pass" in key)]
    if any(secret and (str(secret) in text or repr(str(secret))[1:-1] in text) for secret in secrets):
        text = type(orig or error).__name__
    return f"database: {text}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__


def _words_for_network(error: OSError) -> str:
    if isinstance(error, gaierror):
        return "dns failure"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate not trusted"
    if isinstance(error, ssl.SSLError):
        return "tls failure"
    return "timeout" if isinstance(error, TimeoutError) else words_for(error)


def _code_of(error: object, kind: str) -> object:
    """SQLite's basic result code, PostgreSQL's SQLSTATE, MySQL's error number."""
    if kind == "mysql":
        arguments = getattr(error, "args", ())
        return arguments[0] if arguments else None
    if kind == "postgresql":
        return getattr(error, "sqlstate", None)
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
