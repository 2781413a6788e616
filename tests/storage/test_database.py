"""The account database on a real SQLite file (B§6.5)."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve
from freezegun import freeze_time
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from callflow.core.errors import StorageError
from callflow.storage import database
from callflow.storage.database import AccountDatabase, list_recordings, read_recording
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'calls.db'}"


@pytest.fixture
def opened(url: str) -> Iterator[AccountDatabase]:
    """The carrier for it, closed after the test."""
    carrier = AccountDatabase(url)
    yield carrier
    carrier.close()


def test_a_recording_goes_in_and_comes_out(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """Document, database name, type, size and digest; the audio in chunks of at most 1 MiB."""
    audio = bytes(range(256)) * 10_000
    parcel = make_parcel(audio=audio, metadata={"name": "ü.mp3", "custom_channel_vars": {"a": 1}})
    with freeze_time("2026-11-30T23:59:59Z"):
        assert opened.save_metadata(parcel).is_stored
        outcome = opened.send(parcel)
    assert (outcome.result, outcome.is_stored) == ("stored", True)
    assert outcome.place == f"{url} account/ac/me/x-202611/{parcel.delivery_id}"
    (row,) = list_recordings(url)
    assert (row.id, row.database, row.content_type) == (parcel.delivery_id, parcel.folder, "audio/mpeg")
    assert (row.doc, row.bytes) == (parcel.metadata, len(audio))
    assert (row.sha256, row.stored_at) == (hashlib.sha256(audio).hexdigest(), "2026-11-30T23:59:59+00:00")
    blocks = list(read_recording(url, parcel.delivery_id))
    assert b"".join(blocks) == audio
    assert [len(block) for block in blocks] == [1 << 20, 1 << 20, len(audio) - (2 << 20)]


def test_an_empty_recording_is_stored_too(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """No chunk is not the same as no audio."""
    parcel = make_parcel(audio=b"")
    opened.save_metadata(parcel)
    assert opened.send(parcel).is_stored
    assert list(read_recording(url, parcel.delivery_id)) == []
    assert list_recordings(url)[0].bytes == 0


def test_the_document_is_there_before_the_audio(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """B§6.5: saved before the upload; B§6.6: when that fails the document remains, the attachment is missing."""
    parcel = make_parcel()
    opened.save_metadata(parcel)
    (row,) = list_recordings(url)
    assert (row.bytes, row.sha256, row.stored_at) == (None, None, None)
    with pytest.raises(StorageError, match="no audio of"):
        next(read_recording(url, parcel.delivery_id))


def test_the_same_recording_twice_is_there_once(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """C10: storage is idempotent by the fixed id; the second time changes nothing, its time included."""
    parcel = make_parcel()
    results = []
    for day in ("2026-11-29", "2026-11-30"):
        with freeze_time(day):
            opened.save_metadata(parcel)
            results.append(opened.send(parcel).result)
    assert results == ["stored", "stored already"]
    assert [row.stored_at for row in list_recordings(url)] == ["2026-11-29T00:00:00+00:00"]


def test_other_bytes_under_the_same_id_replace_all_of_it(
    url: str, opened: AccountDatabase, make_parcel: MakeParcel
) -> None:
    """Never mixed: the longer audio's chunks are gone."""
    long, short = make_parcel(audio=b"a" * 3_000_000), make_parcel(audio=b"b")
    short = evolve(short, delivery_id=long.delivery_id)
    for parcel in (long, short):
        opened.save_metadata(parcel)
        assert opened.send(parcel).result == "stored"
    assert list(read_recording(url, long.delivery_id)) == [b"b"]


def test_a_store_that_breaks_off_changes_nothing(
    url: str, opened: AccountDatabase, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: after a failure half way the earlier audio is whole."""
    parcel = make_parcel(audio=b"old")
    opened.save_metadata(parcel)
    opened.send(parcel)
    parcel.file.write_bytes(b"new")

    def broken(source: object) -> Iterator[bytes]:
        yield b"ne"
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(database, "read_blocks", broken)
    outcome = opened.send(parcel)
    assert (outcome.is_stored, outcome.is_final) == (False, False)
    assert list(read_recording(url, parcel.delivery_id)) == [b"old"]


def test_threads_store_at_the_same_time(url: str, make_parcel: MakeParcel) -> None:
    """Four workers, one file, tables not made yet: every recording arrives whole."""
    carrier = AccountDatabase(url)
    parcels = [make_parcel(audio=bytes([number]) * 100_000) for number in range(8)]

    def store(parcel: Parcel) -> bool:
        return carrier.save_metadata(parcel).is_stored and carrier.send(parcel).is_stored

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(store, parcels))
    carrier.close()
    for parcel in parcels:
        assert b"".join(read_recording(url, parcel.delivery_id)) == parcel.file.read_bytes()


def test_audio_without_a_document_is_not_stored(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """The document comes first; a row that somebody removed is not made up."""
    opened.save_metadata(make_parcel())
    outcome = opened.send(make_parcel())
    assert (outcome.result, outcome.is_final) == ("no document", True)


def test_damaged_audio_is_noticed(tmp_path: Path, url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """The digest is checked while reading."""
    parcel = make_parcel(audio=b"a" * 2_000_000)
    opened.save_metadata(parcel)
    opened.send(parcel)
    connection = sqlite3.connect(tmp_path / "calls.db")
    with connection:
        connection.execute("DELETE FROM chunks WHERE n = 1")
    connection.close()
    with pytest.raises(StorageError, match="damaged"):
        list(read_recording(url, parcel.delivery_id))


def test_a_folder_that_is_not_there_fails_the_document(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """A database that cannot be opened is a failed try with the reason."""
    carrier = AccountDatabase(f"sqlite:///{tmp_path / 'none' / 'calls.db'}")
    outcome = carrier.save_metadata(make_parcel())
    carrier.close()
    assert (outcome.result, outcome.is_stored) == ("database: unable to open database file", False)


def test_a_file_that_is_no_database_is_named(tmp_path: Path, url: str, make_parcel: MakeParcel) -> None:
    """Writing is a failed try, reading a StorageError."""
    (tmp_path / "calls.db").write_text("not a database " * 100)
    carrier = AccountDatabase(url)
    assert carrier.save_metadata(make_parcel()).result == "database: file is not a database"
    carrier.close()
    with pytest.raises(StorageError, match=r"calls\.db: database: file is not a database; name"):
        list_recordings(url)


def test_a_full_disk_is_told_in_these_words(
    opened: AccountDatabase, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own text for it is longer."""

    def full(*arguments: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    parcel = make_parcel()
    opened.save_metadata(parcel)
    monkeypatch.setattr(opened, "_store", full)
    assert opened.send(parcel).result == "disk full"


def test_reading_makes_no_file(tmp_path: Path, url: str) -> None:
    """A mistyped name is an error, not an empty database."""
    with pytest.raises(StorageError, match="there is no such file"):
        list_recordings(url)
    assert not (tmp_path / "calls.db").exists()


@pytest.mark.parametrize(
    ("bad", "hint"),
    [
        ("calls.db", "write it like sqlite:///calls.db"),
        ("", "write it like sqlite:///calls.db"),
        ("sqlite://", "in memory would lose"),
        ("sqlite:///:memory:", "in memory would lose"),
        ("pigeon://me:geheim@host/calls", "no such kind of database"),
        (
            "mysql+pymysql://me:geheim@host/calls",
            r"driver pymysql is not installed; install callflow-simulator\[mysql\]",
        ),
        (
            "postgresql+psycopg://me:geheim@host/calls",
            r"psycopg is not installed; install callflow-simulator\[postgres\]",
        ),
        ("mysql+pymysql://me:geheim@host:port/calls", "not a database URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_clear_error(bad: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A StorageError that names the extra where a driver is missing, and shows no password."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=hint) as raised:
        AccountDatabase(bad)
    assert "geheim" not in "".join(traceback.format_exception(raised.value))


def test_chunks_are_large_enough_on_other_databases() -> None:
    """Libraries §7: MySQL's plain BLOB ends at 64 KB, its TEXT too."""
    tables = database._TABLES.tables
    on_mysql, on_postgresql = mysql.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]
    assert "data LONGBLOB NOT NULL" in str(CreateTable(tables["chunks"]).compile(dialect=on_mysql))
    assert "doc LONGTEXT NOT NULL" in str(CreateTable(tables["recordings"]).compile(dialect=on_mysql))
    assert "data BYTEA NOT NULL" in str(CreateTable(tables["chunks"]).compile(dialect=on_postgresql))
