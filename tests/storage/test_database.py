"""The account database on a real SQLite file, and its URLs; what all kinds have in common is tested in `sql/`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateTable

from callflow.core.errors import StorageError
from callflow.storage import database_engine
from callflow.storage.database import AccountDatabase, list_recordings, read_recording
from callflow.storage.database_tables import CHUNKS, RECORDINGS
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
MIB = 1 << 20
STORING = str(Path(__file__).parent / "sql" / "storing.py")


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


def test_what_is_told_of_a_recording(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """Results in words, and the place: database, the account's database of the month, id."""
    parcel = make_parcel()
    place = f"{url} account/ac/me/x-202611/{parcel.delivery_id}"
    for outcome, result in ((opened.save_metadata(parcel), "saved"), (opened.send(parcel), "stored")):
        assert (outcome.result, outcome.is_stored, outcome.place) == (result, True, place)


def test_a_commit_is_on_the_disk(opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """SQLite's own word for it is EXTRA, 3: the folder is synced after the journal is gone from it."""
    opened.save_metadata(make_parcel())
    with opened._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 3
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


@pytest.mark.parametrize("how", ["dies after sending", "dies at block 0", "dies at block 2"])
def test_what_was_stored_outlives_kill_9(url: str, make_parcel: MakeParcel, tmp_path: Path, how: str) -> None:
    """What `send` told as stored is there; what it was at is not, and is stored whole by the next try."""
    parcel = make_parcel(audio=os.urandom(4 * MIB + 1))
    command = [sys.executable, STORING, url, parcel.delivery_id, str(parcel.file), how]
    done = subprocess.run(command, input="go\n", stdout=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGKILL
    told = "ready\nsaved\nstored\n" if how == "dies after sending" else "ready\nsaved\n"
    assert done.stdout == told
    (row,) = list_recordings(url)
    assert (row.sha256 is not None) == ("stored" in told)
    carrier = AccountDatabase(url)
    assert carrier.send(parcel).result == ("stored already" if "stored" in told else "stored")
    carrier.close()
    assert b"".join(read_recording(url, parcel.delivery_id)) == parcel.file.read_bytes()
    assert [each.name for each in tmp_path.glob("calls.db*")] == ["calls.db"]


def test_long_audio_goes_in_and_out_in_constant_memory(url: str, make_parcel: MakeParcel, tmp_path: Path) -> None:
    """200 MB, and the process grows by less than 4 MB either way."""
    parcel = make_parcel(audio=b"")
    with open(parcel.file, "r+b") as file:
        file.truncate(200_000_000)
    command = [sys.executable, STORING, url, parcel.delivery_id, str(parcel.file), "grows"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    into, out_of = map(int, printed.split())
    assert into < 4_000_000
    assert out_of < 4_000_000
    assert (tmp_path / "calls.db").stat().st_size > 200_000_000
    for each in tmp_path.iterdir():  # pytest keeps the folder
        each.unlink()


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


def test_a_full_disk_is_told_in_these_words(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """SQLite's own limit stands for the disk's; the document stays, there is no audio, and room for the next."""
    long, short = make_parcel(audio=b"a" * 3 * MIB), make_parcel(audio=b"a")
    for parcel in (long, short):
        opened.save_metadata(parcel)

    def limit(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 300")

    sql.event.listen(opened._engine, "checkout", limit)
    outcome = opened.send(long)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("disk full", False, False)
    assert opened.send(short).result == "stored"
    assert [row.bytes for row in list_recordings(url)] == [None, 1]
    full = opened.save_metadata(make_parcel(metadata={"name": "x" * 3 * MIB}))
    assert full.result == "disk full"


def test_a_file_that_only_reads_is_a_try(url: str, opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """The carrier does not change what it may not."""
    parcel = make_parcel()
    opened.save_metadata(parcel)
    carrier = AccountDatabase(url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true")
    results = [carrier.save_metadata(parcel), carrier.send(parcel)]
    carrier.close()
    assert [(each.result, each.is_stored, each.is_final) for each in results] == [("read-only", False, False)] * 2


def test_a_lock_is_not_waited_for_without_end(
    tmp_path: Path, url: str, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's transaction is a failed try after thirty seconds, here at once; and stored when it is gone."""
    monkeypatch.setattr(database_engine, "LOCK_S", 0)
    carrier = AccountDatabase(url)
    parcel = make_parcel()
    carrier.save_metadata(parcel)
    other = sqlite3.connect(tmp_path / "calls.db")
    other.execute("BEGIN IMMEDIATE")
    assert (carrier.send(parcel).result, carrier.send(parcel).is_final) == ("locked", False)
    other.rollback()
    other.close()
    assert carrier.send(parcel).result == "stored"
    carrier.close()


def test_a_file_that_is_gone_fails_for_good(opened: AccountDatabase, make_parcel: MakeParcel) -> None:
    """No other try brings it back."""
    parcel = make_parcel()
    opened.save_metadata(parcel)
    parcel.file.unlink()
    outcome = opened.send(parcel)
    assert (outcome.result, outcome.is_final) == ("file: no such file or directory", True)


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
        ("pigeon://me:geheim@host/calls", "no such kind of database; sqlite, postgresql and mysql are known"),
        ("mssql+pyodbc://me:geheim@host/calls", "no such kind of database; sqlite, postgresql and mysql are known"),
        ("postgresql+asyncpg://me:geheim@host/calls", r"not a driver that is used here; write postgresql\+psycopg"),
        ("mysql://me:geheim@host/calls", r"driver pymysql is not installed; install callflow-simulator\[mysql\]"),
        (
            "mariadb+pymysql://me:geheim@host/calls",
            r"driver pymysql is not installed; install callflow-simulator\[mysql\]",
        ),
        (
            "postgresql+psycopg://me:geheim@host/calls",
            r"psycopg is not installed; install callflow-simulator\[postgres\]",
        ),
        ("mysql+pymysql://me:geheim@host:port/calls", "not a database URL"),
        ("mysql://me:ge@geheim@host/calls", "two @ before the host; in user and password write it %40"),
        ("mysql://me@host/calls?passwd=geheim", "a password among the options; write it before the host"),
        ("sqlite:///calls.db?timeout=geheim", "its options cannot be used; leave them out"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_clear_error(bad: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A StorageError that names the extra where a driver is missing, and shows no password."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=hint) as raised:
        AccountDatabase(bad)
    shown = "".join(traceback.format_exception(raised.value))
    assert "geheim" not in shown.replace("timeout=geheim", "")


def test_options_that_a_driver_does_not_take_fail_for_good(make_parcel: MakeParcel) -> None:
    """No exception of a driver comes out, whatever is in a URL."""
    pytest.importorskip("pymysql", reason="pip install callflow-simulator[mysql]")
    carrier = AccountDatabase("mysql://me:geheim@127.0.0.1/calls?colour=red")
    outcome = carrier.save_metadata(make_parcel())
    carrier.close()
    assert outcome.result == "database: options in the URL that the driver does not take"
    assert (outcome.is_stored, outcome.is_final) == (False, True)


def test_columns_are_large_enough_on_other_databases() -> None:
    """Libraries §7: MySQL's plain BLOB ends at 64 KB, its TEXT too."""
    on_mysql, on_postgresql = mysql.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]
    assert "data LONGBLOB NOT NULL" in str(CreateTable(CHUNKS).compile(dialect=on_mysql))
    assert "doc LONGTEXT NOT NULL" in str(CreateTable(RECORDINGS).compile(dialect=on_mysql))
    assert "data BYTEA NOT NULL" in str(CreateTable(CHUNKS).compile(dialect=on_postgresql))


def test_certificates_that_cannot_be_read_are_an_outcome(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """`?ssl_ca=` of a typo: PyMySQL opens that file before it connects, and lets the system's error through."""
    pytest.importorskip("pymysql", reason="pip install callflow-simulator[mysql]")
    carrier = AccountDatabase(f"mysql://me:geheim@127.0.0.1:9/x?ssl_ca={tmp_path}/none.pem")
    outcome = carrier.save_metadata(make_parcel())
    carrier.close()
    assert (outcome.is_stored, outcome.is_final) == (False, True)
    assert outcome.result == "database: options in the URL that the driver does not take"
