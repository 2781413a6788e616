"""Engines for the account database: which databases are known, and how long they are waited for.

Three kinds, each by one driver: SQLite (Python's own), PostgreSQL (psycopg), MySQL and MariaDB (PyMySQL).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError

from callflow.core.address import without_credentials
from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.database_words import BAD_OPTIONS
from callflow.storage.durable import Draft, opened_folder

_DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
_EXTRAS: Final = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
CONNECT_S: Final = 10
"""Longest wait for a server to let us in."""
STATEMENT_S: Final = 60
"""Longest wait for one statement; audio is sent in statements of 256 KiB."""
LOCK_S: Final = 30
"""Longest wait for another process's transaction on an SQLite file."""


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
    except ImportError:
        hint = f"install callflow-simulator[{_EXTRAS[kind]}]" if kind in _EXTRAS else "use a Python that has it"
        raise StorageError(f"{without_credentials(url)}: driver {_DRIVERS[kind]} is not installed; {hint}") from None
    except (ArgumentError, TypeError, ValueError):
        raise StorageError(f"{without_credentials(url)}: its options cannot be used; leave them out") from None
    sql.event.listen(engine, "do_connect", _connect)
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
    try:
        if file.is_dir():
            raise StorageError(f"{without_credentials(url)}: that is a folder; name a file in it")
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
    if not {"password", "passwd"}.isdisjoint(parsed.query):
        raise StorageError(f"{shown}: a password among the options; write it before the host, USER:PASSWORD@HOST")
    return parsed.set(drivername=f"{kind}+{_DRIVERS[kind]}")


def _arguments(url: sql.URL) -> dict[str, Any]:
    """What the driver is told beside the URL."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return {"timeout": LOCK_S}
    if kind == "postgresql":
        return {"connect_timeout": CONNECT_S}
    arguments: dict[str, Any] = {"connect_timeout": CONNECT_S, "read_timeout": CONNECT_S, "write_timeout": STATEMENT_S}
    # Without strictness a text that is too long is cut, without a word.
    arguments["init_command"] = "SET sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
    if url.password is not None:
        arguments["password"] = url.password.encode()  # PyMySQL would take a text for Latin-1
    return arguments


def _connect(dialect: sql.Dialect, _: object, positional: Any, named: Any) -> Any:
    """Connect as SQLAlchemy would; an argument that the driver cannot take gives one of the driver's own errors."""
    with suppress(TypeError, ValueError, OSError):  # OSError: a file of certificates that cannot be read
        return dialect.connect(*positional, **named)
    assert dialect.dbapi is not None
    raise dialect.dbapi.InterfaceError(BAD_OPTIONS)


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Make a commit durable, and a connection's cache small.

    Without `EXTRA`, a power failure could bring a rollback journal back that had been removed, and with it undo the
    last transaction. The journal stays what it is, DELETE in a file of ours: a WAL would hold long audio twice.
    """
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA cache_size = -256")  # KiB; the usual 2,000 are no faster at this


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
