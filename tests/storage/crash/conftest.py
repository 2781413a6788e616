"""The uploader that dies on order, and targets that can be asked what they hold."""

from __future__ import annotations

import importlib.util
import json
import os
import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest
from attrs import define

from callflow.core.delivery import TargetKind
from callflow.storage.database import list_recordings, read_recording
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Destinations

HERE = Path(__file__).parent
FOLDER = "account/ac/me/x-202611"


def loaded(path: Path) -> ModuleType:
    """A module of a neighbouring folder: test modules cannot import each other in this import mode."""
    spec = importlib.util.spec_from_file_location(f"callflow_crash_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@define
class Place:
    """A target: where the recording of an id goes, what is there, and what was sent there in all.

    `holds` gives the bytes of everything at the target by delivery id, a name for each copy.
    """

    url_for: Callable[[str], str]
    holds: Callable[[str], Mapping[str, bytes]]
    kind: TargetKind = TargetKind.URL
    method: str = "PUT"
    database: str | None = None
    folder: Path | None = None
    webhook: str = ""


class Uploader:
    """The process that forks children."""

    def __init__(self) -> None:
        environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        command = [sys.executable, str(HERE / "uploader.py")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def upload(self, how: str, at: int, parcels: list[Parcel], where: Destinations) -> dict[str, Any]:
        """Let a child upload, and meet its fate: its exit status (-9: killed), and what it said at its end."""
        order = {
            "how": how,
            "at": at,
            "parcels": [
                {
                    "id": each.delivery_id,
                    "file": str(each.file),
                    "kind": each.target.kind.value,
                    "method": each.target.method,
                    "url": each.target.url,
                    "webhook": each.webhook,
                }
                for each in parcels
            ],
            "database": where.database_url,
            "folder": None if where.local_folder is None else str(where.local_folder),
            "outbox": str(where.outbox),
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def stop(self) -> None:
        """End it."""
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0


@pytest.fixture(scope="session")
def uploader() -> Iterator[Uploader]:
    """The uploader, one for all tests."""
    running = Uploader()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def trust_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of short uploads: reading the system's certificates for each is most of their time."""
    monkeypatch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))


class MakePlace(Protocol):
    """Opens a target by its name."""

    def __call__(self, name: str) -> Place:
        """Open it; it is closed after the test."""


@pytest.fixture
def make_place(tmp_path: Path, quiet_log: Any) -> Iterator[MakePlace]:
    """Targets by name: put, post, webhook, database, folder, ftp, couch."""
    with ExitStack() as running:

        def make(name: str) -> Place:
            if name in ("put", "post", "webhook"):
                receiver = running.enter_context(RunningReceiver(tmp_path / "received", log=quiet_log))
                return received_by(receiver, name)
            if name == "database":
                return in_database(f"sqlite:///{tmp_path}/account.db")
            if name == "folder":
                return in_folder(tmp_path / "arrived")
            return in_couch(running) if name == "couch" else by_ftp(running, tmp_path / "served")

        yield make


def received_by(receiver: RunningReceiver, name: str) -> Place:
    """Our receiver: by PUT to a name, by POST with a key, or by PUT and then a word to a webhook there."""

    def holds(delivery_id: str) -> Mapping[str, bytes]:
        if name == "post":  # a second POST to a name would leave one file as well: what counts is how often it stored
            stored = enumerate(each.path for each in receiver.stored() if delivery_id in each.path)
            return {f"{path}, {number}": receiver.folder.joinpath(path).read_bytes() for number, path in stored}
        found = (path for path in receiver.folder.rglob(f"{delivery_id}*") if path.is_file())
        return {path.name: path.read_bytes() for path in found if ".hook" not in path.name}

    method = "POST" if name == "post" else "PUT"
    webhook = f"{receiver.url}/hooks/told" if name == "webhook" else ""
    return Place(lambda each: f"{receiver.url}/{each}.mp3", holds, method=method, webhook=webhook)


def in_database(url: str) -> Place:
    """The account database."""

    def holds(delivery_id: str) -> Mapping[str, bytes]:
        there = list_recordings(url) if Path(url.removeprefix("sqlite:///")).exists() else ()
        found = [each for each in there if each.id == delivery_id and each.sha256 is not None]
        return {each.id: b"".join(read_recording(url, each.id)) for each in found}

    return Place(lambda _: "", holds, TargetKind.ACCOUNT_DATABASE, "", database=url)


def in_folder(folder: Path) -> Place:
    """A local folder."""

    def holds(delivery_id: str) -> Mapping[str, bytes]:
        found = folder.iterdir() if folder.is_dir() else ()
        return {path.name: path.read_bytes() for path in found if delivery_id in path.name}

    return Place(lambda each: f"http://nowhere.example/{each}.mp3", holds, folder=folder)


def in_couch(running: ExitStack) -> Place:
    """A third party's CouchDB: one document with one attachment."""
    server = loaded(HERE.parent / "couch" / "little_couch.py").LittleCouch()
    running.callback(server.stop)

    def holds(delivery_id: str) -> Mapping[str, bytes]:
        record = server.contents.databases.get(FOLDER, {}).get(delivery_id)
        return {} if record is None else {name: each.data for name, each in record.attachments.items()}

    return Place(lambda _: server.host, holds, TargetKind.THIRD_PARTY_BIGCOUCH)


def by_ftp(running: ExitStack, folder: Path) -> Place:
    """An FTP server; hidden files count as well."""
    neighbours = loaded(HERE.parent / "ftp" / "conftest.py")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # asyncore and asynchat left the standard library in 3.12
        library = pytest.importorskip("pyftpdlib", reason="pip install pyftpdlib")
        for name in ("authorizers", "handlers", "ioloop", "servers"):
            pytest.importorskip(f"pyftpdlib.{name}")
    server = running.enter_context(neighbours.serving(library, library.handlers.FTPHandler, folder, "127.0.0.1"))

    def holds(delivery_id: str) -> Mapping[str, bytes]:
        return {name: data for name, data in server.files().items() if delivery_id in name}

    return Place(lambda each: server.url(f"{each}.mp3"), holds)
