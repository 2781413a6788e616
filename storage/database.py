"""The account database: recordings as rows, on SQLite, PostgreSQL, MySQL or MariaDB (B§6.5; libraries §7).

A document is saved before its audio, as production does. One id is one recording: storing it again with the same bytes
changes nothing, with other bytes replaces it, in one transaction either way.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import BinaryIO, Final

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from callflow.core.address import without_credentials
from callflow.storage.carrier import Outcome, words_for
from callflow.storage.database_engine import check_database, open_engine
from callflow.storage.database_reading import StoredRecording, list_recordings, read_recording
from callflow.storage.database_tables import CHUNK_BYTES, CHUNKS, RECORDINGS, make_tables, saving_a_document
from callflow.storage.database_words import FAULTS, is_useless, words_for_database
from callflow.storage.durable import read_blocks
from callflow.storage.parcel import Parcel

__all__ = ["AccountDatabase", "StoredRecording", "check_database", "list_recordings", "read_recording"]

_MINE: Final = RECORDINGS.c.id == sql.bindparam("key")
_TAKE: Final = sql.update(RECORDINGS).where(_MINE).values(content_type=sql.bindparam("content_type"))
_LOOK: Final = sql.select(RECORDINGS.c.sha256).where(_MINE)
_EMPTY: Final = sql.delete(CHUNKS).where(CHUNKS.c.id == sql.bindparam("key"))
_ADD: Final = sql.insert(CHUNKS)
_FINISH: Final = (
    sql.update(RECORDINGS).where(_MINE).values({name: sql.bindparam(name) for name in ("bytes", "sha256", "stored_at")})
)


class AccountDatabase:
    """The carrier for the account database at `url`. Raises `StorageError` for a URL that cannot be used at all."""

    def __init__(self, url: str) -> None:
        self._shown = without_credentials(url)
        self._engine = open_engine(url)
        self._save = saving_a_document(self._engine.dialect.name)
        # An SQLite file has one writer; waiting here is fair and has no end, unlike SQLite's own waiting.
        is_file = self._engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = threading.Lock() if is_file else nullcontext()
        self._is_made = False

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """Save the parcel's document; one that is there already is replaced, its audio stays."""
        document = {
            "id": parcel.delivery_id,
            "database": parcel.folder,
            "doc": json.dumps(dict(parcel.metadata), allow_nan=False),
            "content_type": parcel.content_type,
        }
        try:
            self._make_tables()
            with self._turn, self._engine.begin() as connection:
                connection.execute(self._save, document)
        except FAULTS as error:
            return self._failure(error, parcel)
        return Outcome.stored("saved", self._place_of(parcel))

    def send(self, parcel: Parcel) -> Outcome:
        """Store the audio once; the same bytes under the same id are a no-op."""
        try:
            with self._turn, self._engine.begin() as connection:
                return self._store(connection, parcel)
        except FAULTS as error:
            return self._failure(error, parcel)
        except OSError as error:
            is_final = isinstance(error, FileNotFoundError)
            return Outcome.failed(f"file: {words_for(error)}", parcel.file.name, is_final=is_final)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _store(self, connection: sql.Connection, parcel: Parcel) -> Outcome:
        key = {"key": parcel.delivery_id}
        with open(parcel.file, "rb", buffering=0) as source:
            # Writing first takes the row's (in SQLite: the file's) lock, so that two stores of one id queue up.
            connection.execute(_TAKE, {**key, "content_type": parcel.content_type})
            row = connection.execute(_LOOK, key).one_or_none()
            if row is None:
                return Outcome.failed("no document", self._place_of(parcel), is_final=True)
            if row.sha256 is not None:
                if row.sha256 == hashlib.file_digest(source, "sha256").hexdigest():
                    return Outcome.stored("stored already", self._place_of(parcel))
                source.seek(0)
            connection.execute(_EMPTY, key)
            size, digest = 0, hashlib.sha256()
            for n, chunk in enumerate(_chunks(source)):
                connection.execute(_ADD, {"id": parcel.delivery_id, "n": n, "data": chunk})
                digest.update(chunk)
                size += len(chunk)
        stored_at = datetime.now(UTC).isoformat(timespec="seconds")
        connection.execute(_FINISH, {**key, "bytes": size, "sha256": digest.hexdigest(), "stored_at": stored_at})
        return Outcome.stored("stored", self._place_of(parcel))

    def _make_tables(self) -> None:
        if not self._is_made:
            with self._turn:
                make_tables(self._engine)
            self._is_made = True

    def _place_of(self, parcel: Parcel) -> str:
        return f"{self._shown} {parcel.folder}/{parcel.delivery_id}"

    def _failure(self, error: SQLAlchemyError | UnicodeError, parcel: Parcel) -> Outcome:
        words = words_for_database(error, self._engine.url)
        return Outcome.failed(words, self._place_of(parcel), is_final=is_useless(error, words))


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    for block in read_blocks(source):
        for start in range(0, len(block), CHUNK_BYTES):
            yield block[start : start + CHUNK_BYTES]
        del block  # before the next one is read
