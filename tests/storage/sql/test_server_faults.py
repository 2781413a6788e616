"""What real PostgreSQL and MariaDB servers do to a carrier: a failed try in words, then the recording, never half."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pytest
import sqlalchemy as sql
from attrs import evolve

from callflow.core.errors import StorageError
from callflow.storage import database as carrier_module
from callflow.storage import database_engine
from callflow.storage.carrier import Outcome
from callflow.storage.database import AccountDatabase, list_recordings, read_recording
from callflow.storage.durable import read_blocks
from callflow.storage.parcel import Parcel

MakeParcel = Callable[..., Parcel]
Opened = Callable[[str], AccountDatabase]
DISK_FULL = {
    "postgresql": (
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$",
        "CREATE TRIGGER no_room BEFORE INSERT ON chunks FOR EACH ROW EXECUTE FUNCTION no_room()",
    ),
    "mysql": (
        "CREATE TRIGGER no_room BEFORE INSERT ON chunks FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021",
    ),
}
READ_ONLY = {
    "postgresql": "ALTER ROLE callflow SET default_transaction_read_only = {}",
    "mysql": "SET GLOBAL read_only = {}",
}


def kind_of(database: Any) -> str:
    """The kind of server without its driver."""
    kind: str = database.kind.partition("+")[0]
    return kind


def facts(outcome: Outcome) -> tuple[str, bool, bool]:
    """What a dispatcher acts on."""
    return outcome.result, outcome.is_stored, outcome.is_final


def interrupt(patch: pytest.MonkeyPatch, when: int, happens: Callable[[], object]) -> None:
    """Let something happen, once, before block number `when` of the next audio is sent."""
    done = list[int]()

    def interrupted(source: BinaryIO) -> Iterator[bytes]:
        for n, block in enumerate(read_blocks(source)):
            if n == when and not done:
                done.append(n)
                happens()
            yield block

    patch.setattr(carrier_module, "read_blocks", interrupted)


def test_a_connection_cut_in_the_middle_is_a_try(
    on_server: Any, opened: Opened, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier audio stays until the next try has stored the other, whole."""
    carrier = opened(on_server.url)
    parcel = make_parcel(audio=b"old")
    carrier.save_metadata(parcel)
    carrier.send(parcel)
    parcel.file.write_bytes(b"new" * 1_000_000)
    cut = list[int]()
    interrupt(monkeypatch, 2, lambda: cut.append(on_server.cut()))
    assert facts(carrier.send(parcel)) == ("reset", False, False)
    assert cut == [1]
    assert list(read_recording(on_server.url, parcel.delivery_id)) == [b"old"]
    assert carrier.send(parcel).result == "stored"
    assert b"".join(read_recording(on_server.url, parcel.delivery_id)) == parcel.file.read_bytes()


def test_a_server_killed_in_the_middle_is_a_try(
    on_server: Any, opened: Opened, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Immediate shutdown or kill -9; while it is down tries are refused; back again, the recording is stored whole."""
    carrier = opened(on_server.url)
    parcel = make_parcel(audio=b"new" * 1_000_000)
    carrier.save_metadata(parcel)
    how = signal.SIGQUIT if kind_of(on_server) == "postgresql" else signal.SIGKILL
    interrupt(monkeypatch, 2, lambda: on_server.server.stop(how))
    try:
        assert facts(carrier.send(parcel)) == ("reset", False, False)
        assert facts(carrier.send(parcel)) == ("refused", False, False)
        assert facts(carrier.save_metadata(parcel)) == ("refused", False, False)
        with pytest.raises(StorageError, match=r"\*\*\*@127.0.0.1:\d+/calls\d*: refused; name a database"):
            list_recordings(on_server.url)
    finally:
        on_server.server.start()
    assert [row.sha256 for row in list_recordings(on_server.url)] == [None]
    assert on_server.run("SELECT count(*) FROM chunks")[0][0] == 0
    assert carrier.send(parcel).result == "stored"
    assert b"".join(read_recording(on_server.url, parcel.delivery_id)) == parcel.file.read_bytes()


def test_an_idle_connection_that_died_costs_no_try(on_server: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """A pooled connection is asked before it is used, and replaced."""
    carrier = opened(on_server.url)
    parcel = make_parcel()
    carrier.save_metadata(parcel)
    assert on_server.cut() == 1
    assert carrier.send(parcel).result == "stored"


def test_a_lock_is_not_waited_for_without_end(
    on_server: Any, opened: Opened, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's transaction holds the row: a timeout, and stored when it is gone."""
    monkeypatch.setattr(database_engine, "STATEMENT_S", 0.3)
    carrier = opened(on_server.url)
    parcel = make_parcel()
    carrier.save_metadata(parcel)
    other = sql.create_engine(on_server.server.url(on_server.name), poolclass=sql.NullPool)
    with other.begin() as holding:
        holding.exec_driver_sql("UPDATE recordings SET content_type = 'audio/wav'")
        assert facts(carrier.send(parcel)) == ("timeout", False, False)
    assert carrier.send(parcel).result == "stored"


@pytest.mark.parametrize(("kind", "seconds"), [("postgresql", 2), ("mysql", 0.3)])
def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    kind: str, seconds: float, opened: Opened, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the connection and no more: a timeout after ten seconds, here sooner."""
    monkeypatch.setattr(database_engine, "CONNECT_S", seconds)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        carrier = opened(f"{kind}://me:geheim@127.0.0.1:{silent.getsockname()[1]}/calls")
        assert facts(carrier.save_metadata(make_parcel())) == ("timeout", False, False)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_hangs_up_is_a_try(
    kind: str, opened: Opened, make_parcel: MakeParcel, raw_server: Callable[..., str]
) -> None:
    """It closes every connection at once."""
    port = raw_server(lambda connection: connection.close()).rpartition(":")[2]
    carrier = opened(f"{kind}://me:geheim@127.0.0.1:{port}/calls")
    assert facts(carrier.save_metadata(make_parcel())) == ("reset", False, False)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_name_that_does_not_resolve_is_a_try(
    kind: str, opened: Opened, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS that fails now may work later (C46)."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    carrier = opened(f"{kind}://me:geheim@db.example/calls")
    assert facts(carrier.save_metadata(make_parcel())) == ("dns failure", False, False)


def test_a_wrong_password_and_a_wrong_name_fail_for_good(
    on_server: Any, opened: Opened, make_parcel: MakeParcel
) -> None:
    """Trying them again helps nobody; the words are ours, as a driver's would name the user."""
    server, parcel = on_server.server, make_parcel()
    for user, password in (("callflow", "wrong"), ("nobody-here", "wrong")):
        outcome = opened(server.url(on_server.name, user, password)).save_metadata(parcel)
        assert facts(outcome) == ("login refused", False, True)
        assert outcome.place.startswith(f"{server.scheme}://***@127.0.0.1:{server.port}/{on_server.name} account/")
    missing = on_server.url.replace(on_server.name, "calls_none")
    result, is_stored, is_final = facts(opened(missing).save_metadata(parcel))
    # MariaDB tells a role without rights nothing about what is there.
    assert result in {"postgresql": ("no such database",), "mysql": ("login refused",)}[kind_of(on_server)]
    assert (is_stored, is_final) == (False, True)
    owned = opened(server.url("calls_none")).save_metadata(parcel)
    assert facts(owned) == ("no such database", False, True)


def test_a_full_disk_is_a_try(on_server: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """The server's own code for it, raised by a trigger; the document stays, there is no audio."""
    carrier = opened(on_server.url)
    parcel = make_parcel()
    carrier.save_metadata(parcel)
    on_server.run(*DISK_FULL[kind_of(on_server)])
    assert facts(carrier.send(parcel)) == ("disk full", False, False)
    assert [row.sha256 for row in list_recordings(on_server.url)] == [None]


def test_a_server_that_only_reads_is_a_try(on_server: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """A replica may become the master."""
    opened(on_server.url).save_metadata(make_parcel())
    on_server.run(READ_ONLY[kind_of(on_server)].format("on"))
    try:
        assert facts(opened(on_server.url).save_metadata(make_parcel())) == ("read-only", False, False)
    finally:
        on_server.run(READ_ONLY[kind_of(on_server)].format("off"))


def test_who_may_not_make_tables_uses_those_that_are_there(
    on_server: Any, opened: Opened, make_parcel: MakeParcel
) -> None:
    """An administrator made them; without them it is said what is not allowed."""
    opened(on_server.url).save_metadata(make_parcel())
    if kind_of(on_server) == "postgresql":
        on_server.run("ALTER SCHEMA public OWNER TO owner", "GRANT USAGE ON SCHEMA public TO callflow")
    else:
        on_server.run(f"REVOKE CREATE ON {on_server.name}.* FROM callflow@'127.0.0.1'")
    assert opened(on_server.url).save_metadata(make_parcel()).result == "saved"
    on_server.run("DROP TABLE chunks")
    outcome = opened(on_server.url).save_metadata(make_parcel())
    assert outcome.result.startswith("database: ")
    assert not outcome.is_stored


def test_a_name_too_long_for_its_column_fails_for_good(on_server: Any, opened: Opened, make_parcel: MakeParcel) -> None:
    """An account id is somebody else's text; a server cuts nothing off, and trying again makes it no shorter."""
    carrier = opened(on_server.url)
    outcome = carrier.save_metadata(make_parcel(folder="account/" + "x" * 300))
    assert outcome.result.startswith("database: ")
    assert (outcome.is_stored, outcome.is_final) == (False, True)
    parcel = evolve(make_parcel(), folder="account/" + "x" * 240)
    assert carrier.save_metadata(parcel).result == "saved"
