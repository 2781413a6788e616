"""PostgreSQL and MariaDB from Debian's packages, started on loopback for the session, and a fresh database a test.

Both refuse to run as root: then they run as the user that their package made. No test waits for a time: a server is
there when its log says so.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import sqlalchemy as sql
from attrs import frozen

from callflow.storage.database import AccountDatabase

ROLE, PASSWORD = "callflow", "s3cr:t/@ö%"
"""Who the carriers are on each server."""

OWNER: Final = "owner"
"""Who may do everything on each server, and the password for it."""

START_S: Final = 30
NUMBERS: Final = itertools.count(1)


class Server:
    """One server's process: after `start` it takes connections, after `stop` it is gone. It keeps its port."""

    def __init__(self, scheme: str, lobby: str, ready: str, command: list[str], home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.scheme = scheme
        self._lobby, self._ready, self._home = lobby, ready, home
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()
        self._log: list[str] = []

    def start(self) -> None:
        """Start it and wait for the line of its log that says it is ready."""
        ready = threading.Event()
        process = subprocess.Popen(
            self._command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._home,
            env=environment(self._home),
        )

        def read() -> None:
            assert process.stderr is not None
            with process.stderr as lines:
                for line in lines:
                    self._log.append(line)
                    if self._ready in line:
                        ready.set()
            ready.set()

        self._process, self._reader = process, threading.Thread(target=read)
        self._reader.start()
        if not ready.wait(START_S) or process.poll() is not None:
            self.stop(signal.SIGKILL)
            pytest.fail("the server does not start: " + "".join(self._log[-20:]))

    def stop(self, how: signal.Signals) -> None:
        """End it by a signal, and wait until it and all that write to its log are gone."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_S)
            self._reader.join(START_S)
            self._process = None

    def url(self, name: str = "", user: str = OWNER, password: str = OWNER) -> str:
        """The URL of a database of it."""
        return f"{self.scheme}://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{name or self._lobby}"


@frozen
class Database:
    """A database that nothing is in, on one of the kinds of server; an SQLite file has no server."""

    url: str
    server: Server | None = None
    name: str = ""

    @property
    def kind(self) -> str:
        """How its URL begins."""
        return self.url.partition(":")[0]

    def run(self, *statements: str) -> list[Any]:
        """Run statements as the server's owner, each a transaction of its own; the rows of the last."""
        url = self.url if self.server is None else self.server.url(self.name)
        engine = sql.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sql.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                found = connection.exec_driver_sql(statement.replace("%", "%%"))
            return list(found.all()) if found.returns_rows else []

    def cut(self) -> int:
        """End all connections of our role's to it, as an administrator would; how many there were."""
        if self.kind.startswith("postgresql"):
            ending = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'callflow'"
            return len(self.run(f"{ending} AND datname = '{self.name}'"))
        listing = f"SELECT id FROM information_schema.processlist WHERE user = 'callflow' AND db = '{self.name}'"
        found = self.run(listing)
        self.run(*(f"KILL CONNECTION {row.id}" for row in found))
        return len(found)


@contextmanager
def server_home(owner: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder that a server may write to, and the words before its commands that make it `owner`'s.

    As root that folder has to lie where `owner` gets to, which is not so below a folder of root's own.
    """
    places, prefix = [tempfile.gettempdir(), "/tmp", "/var/tmp"], list[str]()
    is_root = os.geteuid() == 0
    if is_root:
        prefix = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]
        places = [each for each in places if all(up.stat().st_mode & 1 for up in (Path(each), *Path(each).parents))]
    home = Path(tempfile.mkdtemp(prefix="callflow-sql-", dir=places[0]))
    try:
        if is_root:
            shutil.chown(home, owner, owner)
        yield home, prefix
    finally:
        shutil.rmtree(home)


def environment(home: Path) -> dict[str, str]:
    """What a server's programs see: their own folder for what is temporary, and no language but C."""
    return {"PATH": os.environ.get("PATH", os.defpath), "TMPDIR": str(home), "LC_ALL": "C"}


def program(package: str, name: str, elsewhere: str) -> str:
    """The path of a program that `package` brings; the test is skipped where it is missing."""
    found = shutil.which(name) or next((str(each) for each in sorted(Path("/").glob(elsewhere), reverse=True)), None)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


def need_driver(module: str, package: str) -> None:
    """Skip the test where the driver is missing."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed: pip install '{package}'")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server with our role."""
    need_driver("psycopg", "psycopg[binary]")
    initdb = program("postgresql", "initdb", "usr/lib/postgresql/*/bin/initdb")
    with server_home("postgres") as (home, prefix):
        (home / "password").write_text(OWNER)
        (home / "password").chmod(0o644)
        making = [initdb, "-D", f"{home}/data", "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={home}/password"]
        making += ["--no-sync", "--locale=C", "--encoding=UTF8"]
        subprocess.run([*prefix, *making], check=True, stdout=subprocess.DEVNULL, cwd=home, env=environment(home))
        command = [*prefix, str(Path(initdb).with_name("postgres")), "-D", f"{home}/data"]
        for setting in (
            "listen_addresses=127.0.0.1",
            "port={port}",
            "unix_socket_directories=",
            "fsync=off",
            "shared_buffers=16MB",
            "lc_messages=C",
        ):
            command += ["-c", setting]
        server = Server("postgresql+psycopg", "postgres", "ready to accept connections", command, home)
        server.start()
        try:
            making_role = f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"
            Database(server.url(), server).run(making_role, "CREATE DATABASE calls")
            yield server
        finally:
            server.stop(signal.SIGQUIT)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A MariaDB server with our role, which is no superuser."""
    need_driver("pymysql", "pymysql")
    install = program("mariadb-server", "mariadb-install-db", "usr/bin/mariadb-install-db")
    daemon = program("mariadb-server", "mariadbd", "usr/sbin/mariadbd")
    with server_home("mysql") as (home, prefix):
        common = ["--no-defaults", f"--datadir={home}/data", "--innodb-log-file-size=8M"]
        making = [*prefix, install, *common, "--skip-test-db", "--auth-root-authentication-method=normal"]
        subprocess.run(making, check=True, capture_output=True, cwd=home, env=environment(home))
        (home / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS {OWNER}@'127.0.0.1' IDENTIFIED BY '{OWNER}';\n"
            f"GRANT ALL ON *.* TO {OWNER}@'127.0.0.1' WITH GRANT OPTION;\n"
            f"CREATE USER IF NOT EXISTS {ROLE}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n",
            encoding="utf-8",
        )
        (home / "init.sql").chmod(0o644)
        command = [*prefix, daemon, *common, f"--init-file={home}/init.sql", f"--socket={home}/socket"]
        command += ["--bind-address=127.0.0.1", "--port={port}", "--skip-name-resolve", f"--pid-file={home}/pid"]
        command += [
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=2",
            "--character-set-server=utf8mb4",
        ]
        command += [f"--user={pwd.getpwuid(home.stat().st_uid).pw_name}"]
        server = Server("mysql+pymysql", "mysql", "ready for connections", command, home)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGKILL)


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Callable[[str], Database]:
    """Make a database of our role's that nothing is in, on one of the servers: `postgresql` or `mariadb`."""

    def make(kind: str) -> Database:
        server: Server = request.getfixturevalue(kind)
        if kind == "postgresql":  # the same with an empty schema: making a database takes it a fifth of a second
            name = "calls"
            emptying = ("DROP SCHEMA public CASCADE", f"CREATE SCHEMA public AUTHORIZATION {ROLE}")
            Database(server.url(), server, name).run(*emptying)
        else:
            name = f"calls{next(NUMBERS)}"
            granting = f"GRANT ALL ON {name}.* TO {ROLE}@'127.0.0.1'"
            Database(server.url(), server).run(f"CREATE DATABASE {name} CHARACTER SET latin1", granting)
        return Database(server.url(name, ROLE, PASSWORD), server, name)

    return make


@pytest.fixture(params=["postgresql", "mariadb"])
def on_server(request: pytest.FixtureRequest, served: Callable[[str], Database]) -> Database:
    """A fresh database on each server."""
    return served(request.param)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, served: Callable[[str], Database], tmp_path: Path) -> Database:
    """A database of every kind."""
    return Database(f"sqlite:///{tmp_path / 'calls.db'}") if request.param == "sqlite" else served(request.param)


@pytest.fixture
def opened() -> Iterator[Callable[[str], AccountDatabase]]:
    """Open carriers, which are closed after the test."""
    carriers: list[AccountDatabase] = []

    def open_one(url: str) -> AccountDatabase:
        carriers.append(AccountDatabase(url))
        return carriers[-1]

    yield open_one
    for carrier in carriers:
        carrier.close()
