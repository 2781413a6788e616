"""The account database on SQLite, PostgreSQL and MariaDB alike (B§6.5; design §12, "Deliveries")."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from attrs import evolve
from freezegun import freeze_time

from callflow.core.errors import StorageError
from callflow.storage import database as carrier_module
from callflow.storage.database import AccountDatabase, list_recordings, read_recording
from callflow.storage.database_tables import CHUNK_BYTES
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Opened = Callable[[str], AccountDatabase]
MIB = 1 << 20


def stored(url: str, recording_id: str) -> bytes:
    """The audio of a recording."""
    return b"".join(read_recording(url, recording_id))


@pytest.mark.parametrize("size", [0, 1, MIB, 20 * MIB + 1])
def test_audio_comes_out_byte_for_byte(database: Any, opened: Opened, make_parcel: MakeParcel, size: int) -> None:
    """Whatever its length, in blocks of 256 KiB; size and digest are told; no audio is not the same as no row."""
    parcel = make_parcel(audio=(bytes(range(256)) * (size // 256 + 1))[:size])
    carrier = opened(database.url)
    assert carrier.save_metadata(parcel).result == "saved"
    assert carrier.send(parcel).result == "stored"
    digest = hashlib.sha256()
    lengths = []
    for block in read_recording(database.url, parcel.delivery_id):
        digest.update(block)
        lengths.append(len(block))
    assert lengths == [CHUNK_BYTES] * (size // CHUNK_BYTES) + [1] * (size % CHUNK_BYTES)
    (row,) = list_recordings(database.url)
    assert (row.bytes, row.sha256) == (size, digest.hexdigest())
    assert digest.digest() == hashlib.sha256(parcel.file.read_bytes()).digest()


def test_the_document_comes_back_as_it_was(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """Any text of JSON, NUL and half of a pair among them; database name and type beside it."""
    metadata = {
        "name": "ü 😀.mp3",
        "odd": "a\0b\ud800",
        "custom_channel_vars": {"a": [1, None, 0.5]},
        "long": "é" * 70_000,
    }
    parcel = make_parcel(metadata=metadata, folder="account/äc/me/😀-202611")
    assert opened(database.url).save_metadata(parcel).is_stored
    (row,) = list_recordings(database.url)
    assert (row.id, row.database, row.content_type) == (parcel.delivery_id, parcel.folder, "audio/mpeg")
    assert row.doc == metadata


def test_the_document_is_there_before_the_audio(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """B§6.5: saved before the upload; B§6.6: when that fails the document remains, the attachment is missing."""
    parcel = make_parcel()
    opened(database.url).save_metadata(parcel)
    (row,) = list_recordings(database.url)
    assert (row.bytes, row.sha256, row.stored_at) == (None, None, None)
    with pytest.raises(StorageError, match="no audio of"):
        next(read_recording(database.url, parcel.delivery_id))


def test_the_document_may_be_saved_again(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """The second one is what counts, and the audio stays."""
    parcel = make_parcel(audio=b"a")
    carrier = opened(database.url)
    carrier.save_metadata(parcel)
    carrier.send(parcel)
    carrier.save_metadata(evolve(parcel, metadata={"name": "second"}))
    (row,) = list_recordings(database.url)
    assert (row.doc, stored(database.url, row.id)) == ({"name": "second"}, b"a")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_same_recording_twice_is_there_once(
    database: Any, opened: Opened, make_parcel: MakeParcel, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C10: the second time changes nothing, its time included, which is UTC wherever the machine stands."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        parcel = make_parcel()
        results = []
        for moment in ("2026-11-30T23:59:59Z", "2026-12-01T12:00:00Z"):
            with freeze_time(moment):
                carrier = opened(database.url)
                carrier.save_metadata(parcel)
                results.append(carrier.send(parcel).result)
    time.tzset()
    assert results == ["stored", "stored already"]
    assert [row.stored_at for row in list_recordings(database.url)] == ["2026-11-30T23:59:59+00:00"]


def test_other_bytes_under_the_same_id_replace_all_of_it(
    database: Any, opened: Opened, make_parcel: MakeParcel
) -> None:
    """Never mixed: the longer audio's chunks are gone."""
    long, short = make_parcel(audio=b"a" * 3_000_000), make_parcel(audio=b"b")
    carrier = opened(database.url)
    for parcel in (long, evolve(short, delivery_id=long.delivery_id)):
        carrier.save_metadata(parcel)
        assert carrier.send(parcel).result == "stored"
    assert stored(database.url, long.delivery_id) == b"b"
    assert [tuple(row) for row in database.run("SELECT id, n FROM chunks")] == [(long.delivery_id, 0)]


def test_ids_that_differ_in_case_are_two_recordings(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """MySQL's usual collations would make one of them."""
    carrier = opened(database.url)
    parcels = [evolve(make_parcel(audio=name.encode()), delivery_id=name) for name in ("Abc", "abC")]
    for parcel in parcels:
        carrier.save_metadata(parcel)
        assert carrier.send(parcel).result == "stored"
    assert [stored(database.url, parcel.delivery_id) for parcel in parcels] == [b"Abc", b"abC"]


def test_a_file_that_breaks_off_changes_nothing(
    database: Any, opened: Opened, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: after a failure half way the earlier audio is whole."""
    parcel = make_parcel(audio=b"old")
    carrier = opened(database.url)
    carrier.save_metadata(parcel)
    carrier.send(parcel)
    parcel.file.write_bytes(b"new")

    def broken(source: object) -> Iterator[bytes]:
        yield b"ne"
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(carrier_module, "read_blocks", broken)
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("file: input/output error", False, False)
    assert stored(database.url, parcel.delivery_id) == b"old"


def test_threads_store_at_the_same_time(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """Four workers with twenty recordings, two of each id, tables not made yet: every one arrives once and whole."""
    carrier = opened(database.url)
    parcels = [make_parcel(audio=bytes([number]) * 1_500_000) for number in range(10)]

    def store(parcel: Parcel) -> str:
        assert carrier.save_metadata(parcel).result == "saved"
        return carrier.send(parcel).result

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(store, [each for parcel in parcels for each in (parcel, parcel)]))
    assert sorted(results) == ["stored"] * 10 + ["stored already"] * 10
    for parcel in parcels:
        assert stored(database.url, parcel.delivery_id) == parcel.file.read_bytes()


def test_two_processes_store_one_recording_once(database: Any, make_parcel: MakeParcel) -> None:
    """They make the tables, save the document and send the audio at once: one stores, the other finds it there."""
    parcel = make_parcel(audio=os.urandom(3 * MIB + 5))
    command = [sys.executable, str(Path(__file__).with_name("storing.py")), database.url, parcel.delivery_id]
    children = [
        subprocess.Popen([*command, str(parcel.file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    printed = sorted(child.communicate()[0] for child in children)
    assert printed == ["saved\nstored\n", "saved\nstored already\n"]
    assert stored(database.url, parcel.delivery_id) == parcel.file.read_bytes()


def test_tables_that_another_process_makes_first_are_used(
    database: Any, opened: Opened, make_parcel: MakeParcel
) -> None:
    """Between looking and making another one was faster: that is no failed try."""
    slow, fast = opened(database.url), opened(database.url)
    making: list[str] = []

    def overtake(_: object, __: object, statement: str, *___: object) -> None:
        if statement.strip().startswith("CREATE TABLE"):
            making.append(statement)
            assert len(making) > 1 or fast.save_metadata(make_parcel()).result == "saved"

    sql.event.listen(slow._engine, "before_cursor_execute", overtake)
    parcel = make_parcel()
    assert slow.save_metadata(parcel).result == "saved"
    assert len(making) == 1
    assert parcel.delivery_id in [row.id for row in list_recordings(database.url)]


def test_many_make_the_tables_at_once(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """Eight connections at one barrier; none of them fails."""
    parcels = [make_parcel() for _ in range(8)]
    barrier = threading.Barrier(len(parcels))
    carriers = [opened(database.url) for _ in parcels]

    def save(carrier: AccountDatabase, parcel: Parcel) -> str:
        barrier.wait()
        return carrier.save_metadata(parcel).result

    with ThreadPoolExecutor(len(parcels)) as pool:
        assert list(pool.map(save, carriers, parcels)) == ["saved"] * len(parcels)


def test_audio_without_a_document_is_not_stored(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """The document comes first; a row that somebody removed is not made up."""
    carrier = opened(database.url)
    carrier.save_metadata(make_parcel())
    outcome = carrier.send(make_parcel())
    assert (outcome.result, outcome.is_final) == ("no document", True)


def test_damaged_audio_is_noticed(database: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """The digest is checked while reading."""
    parcel = make_parcel(audio=b"a" * 2_000_000)
    carrier = opened(database.url)
    carrier.save_metadata(parcel)
    carrier.send(parcel)
    database.run("DELETE FROM chunks WHERE n = 1")
    with pytest.raises(StorageError, match="is damaged; take it from a copy"):
        list(read_recording(database.url, parcel.delivery_id))
    database.run("UPDATE recordings SET doc = 'no JSON'")
    with pytest.raises(StorageError, match="the document of 202611-0+ is no JSON"):
        list_recordings(database.url)


def test_audio_that_is_replaced_while_it_is_read_is_not_called_damaged(
    database: Any, opened: Opened, make_parcel: MakeParcel
) -> None:
    """A reader takes the audio block by block; what changed meanwhile is told as what it is."""
    parcel = make_parcel(audio=b"a" * 2_000_000)
    carrier = opened(database.url)
    carrier.save_metadata(parcel)
    carrier.send(parcel)
    reading = read_recording(database.url, parcel.delivery_id)
    next(reading)
    parcel.file.write_bytes(b"b" * 2_000_000)
    assert carrier.send(parcel).result == "stored"
    with pytest.raises(StorageError, match="was replaced while it was read"):
        list(reading)


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        ("postgresql", "postgresql"),
        ("postgresql", "postgresql+psycopg"),
        ("mariadb", "mysql"),
        ("mariadb", "mariadb"),
        ("mariadb", "mariadb+pymysql"),
    ],
)
def test_every_spelling_of_a_scheme_leads_there(
    kind: str, scheme: str, served: Callable[[str], Any], opened: Opened, make_parcel: MakeParcel
) -> None:
    """Without a driver in the URL it is the one that our extras install, not SQLAlchemy's choice."""
    url = f"{scheme}:{served(kind).url.partition(':')[2]}"
    parcel = make_parcel()
    carrier = opened(url)
    assert [carrier.save_metadata(parcel).result, carrier.send(parcel).result] == ["saved", "stored"]
    assert stored(url, parcel.delivery_id) == parcel.file.read_bytes()


def test_a_folder_name_that_no_database_takes_fails_for_good(
    database: Any, opened: Opened, make_parcel: MakeParcel
) -> None:
    """An account id is somebody else's text: a half pair cannot be encoded, and no driver's exception comes out."""
    outcome = opened(database.url).save_metadata(make_parcel(folder="account/\ud800-202611"))
    assert (outcome.result, outcome.is_stored, outcome.is_final) == ("database: text that is no Unicode", False, True)
