"""Reading the account database: what is there, and the audio of one recording in blocks."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sql
from attrs import frozen

from callflow.core.address import without_credentials
from callflow.core.errors import StorageError
from callflow.storage.database_engine import open_engine, sqlite_file
from callflow.storage.database_tables import CHUNKS, RECORDINGS
from callflow.storage.database_words import FAULTS, words_for_database


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


def list_recordings(url: str) -> tuple[StoredRecording, ...]:
    """All recordings in the database at `url`, by id. Raises `StorageError` when it cannot be read."""
    with _reading(url) as connection:
        rows = connection.execute(sql.select(RECORDINGS).order_by(RECORDINGS.c.id))
        return tuple(_recording(row, url) for row in rows)


def read_recording(url: str, recording_id: str) -> Iterator[bytes]:
    """Yield the audio of one recording in blocks of 256 KiB, the last one shorter.

    Raises `StorageError` where there is no such recording, no audio yet, or, at the end, other audio than was stored.
    """
    shown = without_credentials(url)
    with _reading(url) as connection:
        wanted = sql.select(RECORDINGS.c.sha256).where(RECORDINGS.c.id == recording_id)
        sha256 = connection.execute(wanted).scalar_one_or_none()
        if sha256 is None:
            raise StorageError(f"{shown}: no audio of {recording_id[:128]!r}; list_recordings names what is there")
        digest = hashlib.sha256()
        n = 0
        # A statement a chunk: some drivers fetch a whole result at once.
        chunk = sql.select(CHUNKS.c.data).where(CHUNKS.c.id == recording_id, CHUNKS.c.n == sql.bindparam("number"))
        while (data := connection.execute(chunk, {"number": n}).scalar_one_or_none()) is not None:
            digest.update(data)
            yield bytes(data)
            n += 1
        if digest.hexdigest() == sha256:
            return
        if connection.execute(wanted).scalar_one_or_none() != sha256:
            raise StorageError(f"{shown}: {recording_id} was replaced while it was read; read it again")
        raise StorageError(f"{shown}: {recording_id} is damaged; take it from a copy")


def _recording(row: sql.Row[Any], url: str) -> StoredRecording:
    try:
        doc = json.loads(row.doc)
    except ValueError:
        raise StorageError(
            f"{without_credentials(url)}: the document of {row.id} is no JSON; take it from a copy"
        ) from None
    return StoredRecording(row.id, row.database, doc, row.content_type, row.bytes, row.sha256, row.stored_at)


@contextmanager
def _reading(url: str) -> Iterator[sql.Connection]:
    engine = open_engine(url)
    try:
        file = sqlite_file(engine)
        if file is not None and not os.path.isfile(file):  # a file that may not be looked at is none to us
            # SQLite would make an empty one.
            raise StorageError(f"{without_credentials(url)}: there is no such file; name one that was written")
        with engine.connect() as connection:
            yield connection
    except FAULTS as error:
        words = words_for_database(error, engine.url)
        raise StorageError(f"{without_credentials(url)}: {words}; name a database with recordings") from None
    finally:
        engine.dispose()
