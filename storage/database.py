"""The account database: recordings as rows, through SQLAlchemy Core (B§6.5; libraries §7).

A document is saved before its audio, as production does. Audio lies in chunks of 1 MiB, so that it streams in and out
and no server's packet limit is met. One id is one recording: storing it again with the same bytes changes nothing,
with other bytes replaces it, in one transaction either way. The two tables are made where they are missing; there are
no migrations.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sql
from attrs import frozen
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from callflow.core.address import without_credentials
from callflow.core.errors import StorageError
from callflow.storage.carrier import Outcome, words_for
from callflow.storage.durable import Draft, opened_folder, read_blocks
from callflow.storage.parcel import Parcel

_EXTRAS: Final = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_SQLITE_WAIT_S: Final = 30

_TABLES: Final = sql.MetaData()
_RECORDINGS: Final = sql.Table(
    "recordings",
    _TABLES,
    sql.Column("id", sql.String(128), primary_key=True),
    sql.Column("database", sql.String(255), nullable=False),
    sql.Column("doc", sql.Text().with_variant(LONGTEXT(), "mysql", "mariadb"), nullable=False),
    sql.Column("content_type", sql.String(127), nullable=False),
    sql.Column("bytes", sql.BigInteger),
    sql.Column("sha256", sql.String(64)),
    sql.Column("stored_at", sql.String(32)),
)
_CHUNKS: Final = sql.Table(
    "chunks",
    _TABLES,
    sql.Column("id", sql.String(128), primary_key=True),
    sql.Column("n", sql.Integer, primary_key=True, autoincrement=False),
    # MySQL's BLOB ends at 64 KB.
    sql.Column("data", sql.LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb"), nullable=False),
)


@frozen
class StoredRecording:
    """One row: `database` is the account's of the month, `doc` the document of B§6.5, `stored_at` ISO 8601 in UTC.

    `bytes`, `sha256` and `stored_at` are None while the document waits for its audio.
    """

    id: str
    database: str
    doc: dict[str, Any]
    content_type: str
    bytes: int | None
    sha256: str | None
    stored_at: str | None


class AccountDatabase:
    """The carrier for the account database at `url`. Raises `StorageError` for a URL that cannot be used at all."""

    def __init__(self, url: str) -> None:
        self._shown = without_credentials(url)
        self._engine = _engine_for(url)
        self._making = threading.Lock()
        self._is_made = False

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Save the parcel's document; one that is there already is replaced, its audio stays."""
        values = {
            "database": parcel.folder,
            "doc": json.dumps(dict(parcel.metadata), allow_nan=False),
            "content_type": parcel.content_type,
        }
        change = sql.update(_RECORDINGS).where(_RECORDINGS.c.id == parcel.delivery_id).values(values)
        try:
            self._make_tables()
            with self._engine.begin() as connection:
                if connection.execute(change).rowcount == 0:
                    connection.execute(sql.insert(_RECORDINGS).values(id=parcel.delivery_id, **values))
        except IntegrityError:
            # Another process saved the same document between the two statements.
            return Outcome.stored("saved", self._place_of(parcel))
        except SQLAlchemyError as error:
            return self._failure(error, parcel)
        return Outcome.stored("saved", self._place_of(parcel))

    def send(self, parcel: Parcel) -> Outcome:
        """Store the audio once; the same bytes under the same id are a no-op."""
        try:
            with open(parcel.file, "rb") as source:
                sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            with self._engine.begin() as connection:
                return self._store(connection, parcel, sha256)
        except SQLAlchemyError as error:
            return self._failure(error, parcel)
        except OSError as error:
            is_final = isinstance(error, FileNotFoundError)
            return Outcome.failed(f"file: {words_for(error)}", parcel.file.name, is_final=is_final)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _store(self, connection: sql.Connection, parcel: Parcel, sha256: str) -> Outcome:
        mine = _RECORDINGS.c.id == parcel.delivery_id
        # Writing first takes the row's (in SQLite: the file's) lock, so that two stores of one id queue up.
        connection.execute(sql.update(_RECORDINGS).where(mine).values(content_type=parcel.content_type))
        row = connection.execute(sql.select(_RECORDINGS.c.sha256).where(mine)).one_or_none()
        if row is None:
            return Outcome.failed("no document", self._shown, is_final=True)
        if row.sha256 == sha256:
            return Outcome.stored("stored already", self._place_of(parcel))
        connection.execute(sql.delete(_CHUNKS).where(_CHUNKS.c.id == parcel.delivery_id))
        size = 0
        with open(parcel.file, "rb") as source:
            for n, block in enumerate(read_blocks(source)):
                connection.execute(sql.insert(_CHUNKS), {"id": parcel.delivery_id, "n": n, "data": block})
                size += len(block)
        stored_at = datetime.now(UTC).isoformat(timespec="seconds")
        facts = {"bytes": size, "sha256": sha256, "stored_at": stored_at}
        connection.execute(sql.update(_RECORDINGS).where(mine).values(facts))
        return Outcome.stored("stored", self._place_of(parcel))

    def _make_tables(self) -> None:
        with self._making:
            if not self._is_made:
                with self._engine.begin() as connection:
                    for table in _TABLES.sorted_tables:
                        connection.execute(CreateTable(table, if_not_exists=True))
                self._is_made = True

    def _place_of(self, parcel: Parcel) -> str:
        return f"{self._shown} {parcel.folder}/{parcel.delivery_id}"

    def _failure(self, error: SQLAlchemyError, parcel: Parcel) -> Outcome:
        return Outcome.failed(_words_for_database(error, self._engine.url.password), self._place_of(parcel))


def check_database(url: str) -> None:
    """Look whether the database at `url` could be used, without connecting to a server.

    An SQLite file's folder is made where missing. Raises `StorageError` when the URL, the driver or the file cannot be.
    """
    engine = _engine_for(url)
    engine.dispose()
    file = engine.url.database
    if engine.dialect.name != "sqlite" or not file or file.startswith("file:"):
        return
    if Path(file).is_dir():
        raise StorageError(f"{without_credentials(url)}: that is a folder; name a file in it")
    try:
        with opened_folder(Path(file).parent) as folder, Draft(folder):
            pass
    except OSError as error:
        words = words_for(error)
        raise StorageError(f"{without_credentials(url)}: cannot be written, {words}; name another file") from error


def list_recordings(url: str) -> tuple[StoredRecording, ...]:
    """All recordings in the database at `url`, by id. Raises `StorageError` when it cannot be read."""
    with _reading(url) as connection:
        rows = connection.execute(sql.select(_RECORDINGS).order_by(_RECORDINGS.c.id))
        return tuple(
            StoredRecording(
                row.id, row.database, json.loads(row.doc), row.content_type, row.bytes, row.sha256, row.stored_at
            )
            for row in rows
        )


def read_recording(url: str, recording_id: str) -> Iterator[bytes]:
    """Yield the audio of one recording in blocks of at most 1 MiB.

    Raises `StorageError` where there is no such recording, no audio yet, or, at the end, other audio than was stored.
    """
    with _reading(url) as connection:
        wanted = sql.select(_RECORDINGS.c.sha256).where(_RECORDINGS.c.id == recording_id)
        sha256 = connection.execute(wanted).scalar_one_or_none()
        if sha256 is None:
            raise StorageError(
                f"{without_credentials(url)}: no audio of {recording_id[:128]!r}; list_recordings names what is there"
            )
        digest = hashlib.sha256()
        n = 0
        # A statement a chunk: some drivers fetch a whole result at once.
        chunk = sql.select(_CHUNKS.c.data).where(_CHUNKS.c.id == recording_id)
        while (data := connection.execute(chunk.where(_CHUNKS.c.n == n)).scalar_one_or_none()) is not None:
            digest.update(data)
            yield bytes(data)
            n += 1
        if digest.hexdigest() != sha256:
            raise StorageError(f"{without_credentials(url)}: {recording_id} is damaged; take it from a copy")


@contextmanager
def _reading(url: str) -> Iterator[sql.Connection]:
    engine = _engine_for(url)
    try:
        file = engine.url.database
        if engine.dialect.name == "sqlite" and file and not file.startswith("file:") and not Path(file).is_file():
            # SQLite would make an empty one.
            raise StorageError(f"{without_credentials(url)}: there is no such file; name one that was written")
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        words = _words_for_database(error, engine.url.password)
        raise StorageError(f"{without_credentials(url)}: {words}; name a database with recordings") from None
    finally:
        engine.dispose()


def _engine_for(url: str) -> sql.Engine:
    """An engine that has not connected yet. Errors are raised without their causes, whose texts hold the URL."""
    shown = without_credentials(url)
    try:
        parsed = sql.make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError(f"{shown}: not a database URL; write it like sqlite:///calls.db") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StorageError(f"{shown}: a database in memory would lose the recordings; write it like sqlite:///calls.db")
    try:
        return sql.create_engine(parsed, connect_args={"timeout": _SQLITE_WAIT_S} if kind == "sqlite" else {})
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(kind)
        hint = f"install callflow-simulator[{extra}]" if extra else "install that package"
        raise StorageError(f"{shown}: its driver {error.name} is not installed; {hint}") from None
    except (NoSuchModuleError, ArgumentError):
        raise StorageError(f"{shown}: no such kind of database; sqlite, postgresql and mysql are known") from None


def _words_for_database(error: SQLAlchemyError, password: object) -> str:
    text = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0][:200]
    if password:
        text = text.replace(str(password), "***")
    return "disk full" if "disk is full" in text else f"database: {text}"
