"""Engines for the account database: which databases are known, how long they are waited for, what their errors mean.

Three kinds, each by one driver: SQLite (Python's own), PostgreSQL (psycopg), MySQL and MariaDB (PyMySQL).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from socket import gaierror
from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from callflow.core.address import without_credentials
from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.durable import Draft, opened_folder

_DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
_EXTRAS: Final = {"psycopg": "postgres", "pymysql": "mysql"}
CONNECT_S: Final = 10
"""Longest wait for a server to let us in."""
STATEMENT_S: Final = 60
"""Longest wait for one statement; audio is sent in statements of 1 MiB."""
LOCK_S: Final = 30
"""Longest wait for another process's transaction on an SQLite file."""

LOGIN_REFUSED: Final = "login refused"
NO_DATABASE: Final = "no such database"
FINAL: Final = frozenset({LOGIN_REFUSED, NO_DATABASE})
"""Words after which trying again is useless; a wrong password tried often locks people out."""

_CODES: Final[Mapping[str, Mapping[object, str]]] = {
    "sqlite": {5: "locked", 6: "locked", 8: "read-only", 13: "disk full"},
    "postgresql": {
        "25006": "read-only",
        "28000": LOGIN_REFUSED,
        "28P01": LOGIN_REFUSED,
        "3D000": NO_DATABASE,
        "53100": "disk full",
        "55P03": "locked",
        "57014": "timeout",
        "57P01": "reset",
        "57P02": "reset",
    },
    "mysql": {
        1021: "disk full",
        1044: LOGIN_REFUSED,
        1045: LOGIN_REFUSED,
        1049: NO_DATABASE,
        1053: "reset",
        1114: "disk full",
        1205: "locked",
        1290: "read-only",
        1698: LOGIN_REFUSED,
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
    ("authentication failed", LOGIN_REFUSED),
    ("no password supplied", LOGIN_REFUSED),
    ("failed to resolve", "dns failure"),
    ("closed the connection", "reset"),
    ("connection reset", "reset"),
    ("administrator command", "reset"),
    ("certificate verify failed", "certificate not trusted"),
    ("ssl", "tls failure"),
)


def open_engine(url: str) -> sql.Engine:
    """An engine that has not connected yet. Raises `StorageError` for a URL that cannot be used at all.

    Errors are raised without their causes, whose texts hold the URL. Statements' values, the documents, are kept out of
    logs and messages.
    """
    parsed = _parsed(url)
    kind = parsed.get_backend_name()
    given = {key: value for key, value in _arguments(parsed).items() if key not in parsed.query}
    options: dict[str, Any] = {} if kind == "sqlite" else {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
    try:
        # The callers decide how many connections there are: one for each try under way.
        engine = sql.create_engine(parsed, connect_args=given, hide_parameters=True, max_overflow=-1, **options)
    except ModuleNotFoundError as error:
        hint = f"install callflow-simulator[{_EXTRAS.get(_DRIVERS[kind], 'test')}]"
        raise StorageError(f"{without_credentials(url)}: its driver {error.name} is not installed; {hint}") from None
    except (ArgumentError, TypeError, ValueError):
        raise StorageError(f"{without_credentials(url)}: its options cannot be used; leave them out") from None
    sql.event.listen(engine, "connect", _SET_UP[kind])
    return engine


def check_database(url: str) -> None:
    """Look whether the database at `url` could be used, without connecting to a server.

    An SQLite file's folder is made where missing. Raises `StorageError` when the URL, the driver or the file cannot be.
    """
    engine = open_engine(url)
    engine.dispose()
    file = sqlite_file(engine)
    if file is None:
        return
    if file.is_dir():
        raise StorageError(f"{without_credentials(url)}: that is a folder; name a file in it")
    try:
        with opened_folder(file.parent) as folder, Draft(folder):
            pass
    except OSError as error:
        words = words_for(error)
        raise StorageError(f"{without_credentials(url)}: cannot be written, {words}; name another file") from error


def sqlite_file(engine: sql.Engine) -> Path | None:
    """The file of an SQLite engine; None for a server's, and for a file that is named by a URI of SQLite's own."""
    name = engine.url.database
    is_file = engine.dialect.name == "sqlite" and name and not name.startswith("file:")
    return Path(name) if is_file and name else None


def words_for_database(error: SQLAlchemyError, url: sql.URL) -> str:
    """What a database's error means, in the words of `Attempt.result`, without what `url` keeps secret.

    What has no word of its own is `database:` and the first line of the driver's text; that of a driver that repeats
    user or password is left out.
    """
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
            word = NO_DATABASE
    if word is not None:
        return word
    secrets = [url.username, url.password, *(str(value) for key, value in url.query.items() if "pass" in key)]
    if any(secret and (str(secret) in text or repr(str(secret))[1:-1] in text) for secret in secrets):
        text = type(orig or error).__name__
    return f"database: {text}"


def _parsed(url: str) -> sql.URL:
    shown = without_credentials(url)
    try:
        parsed = sql.make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError(f"{shown}: not a database URL; write it like sqlite:///calls.db") from None
    kind, plus, driver = parsed.drivername.partition("+")
    if kind not in _DRIVERS:
        raise StorageError(f"{shown}: no such kind of database; sqlite, postgresql and mysql are known")
    if plus and driver != _DRIVERS[kind]:
        raise StorageError(f"{shown}: not a driver that is used here; write {kind}+{_DRIVERS[kind]}")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StorageError(f"{shown}: a database in memory would lose the recordings; write it like sqlite:///calls.db")
    if "@" in (parsed.host or ""):
        raise StorageError(f"{shown}: two @ before the host; in user and password write it %40")
    return parsed.set(drivername=f"{kind}+{_DRIVERS[kind]}")


def _arguments(url: sql.URL) -> dict[str, Any]:
    """What the driver is told beside the URL."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return {"timeout": LOCK_S}
    if kind == "postgresql":
        return {"connect_timeout": CONNECT_S}
    waits = {"connect_timeout": CONNECT_S, "read_timeout": CONNECT_S, "write_timeout": STATEMENT_S}
    # PyMySQL would take a text for Latin-1.
    return waits if url.password is None else {**waits, "password": url.password.encode()}


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Make a commit durable, and a connection's cache small.

    Without `EXTRA`, a power failure could bring a rollback journal back that had been removed, and with it undo the
    last transaction. The journal stays what it is, DELETE in a file of ours: a WAL would hold long audio twice.
    """
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA cache_size = -512")  # KiB; the usual 2,000 are no faster at this


def _wait_for_statements(connection: Any, _: object) -> None:
    """PyMySQL waits for a server's greeting as long as for a statement: that has been short, this may be longer."""
    connection._read_timeout = STATEMENT_S


def _bound_waits(connection: Any, _: object) -> None:
    """Give each wait of a psycopg connection an end; a connection whose statement had to be left is closed."""
    wait = partial(connection.wait, timeout=STATEMENT_S)

    def wait_bounded(*args: Any, **options: Any) -> Any:
        try:
            return wait(*args, **options)
        except connection.OperationalError:
            if connection.info.transaction_status.name == "ACTIVE":
                connection.close()
            raise

    connection.wait = wait_bounded


_SET_UP: Final[Mapping[str, Callable[[Any, object], None]]] = {
    "sqlite": _set_up_sqlite,
    "postgresql": _bound_waits,
    "mysql": _wait_for_statements,
    "mariadb": _wait_for_statements,
}


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
