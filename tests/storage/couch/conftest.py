"""Two servers of the CouchDB protocol: a real one on Node, and a strict little one of our own that takes faults."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx2
import pytest
from attrs import frozen

from callflow.core.delivery import Target, TargetKind
from callflow.storage.couch import CouchCarrier
from callflow.storage.parcel import Parcel

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parents[2] / "build" / "couch-server"
INSTALL: Final = ("npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund")
NEEDED: Final = "apt-get install nodejs npm"


def loaded(name: str) -> ModuleType:
    """The module of that name in this folder: test modules cannot import each other in this import mode."""
    spec = importlib.util.spec_from_file_location(f"callflow_test_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@frozen
class Server:
    """A running server: `host` is host:port; what it holds is read as any client would."""

    host: str
    is_real: bool

    def document(self, folder: str, name: str) -> dict[str, Any]:
        """One document, its attachments as stubs."""
        answer = self._get(f"{quote(folder, safe='')}/{quote(name, safe='')}")
        found: dict[str, Any] = answer.json()
        return found

    def audio(self, folder: str, name: str, attachment: str) -> bytes:
        """The bytes of one attachment."""
        path = "/".join(quote(each, safe="") for each in (folder, name, attachment))
        return self._get(path).content

    def _get(self, path: str) -> httpx2.Response:
        url = f"http://{self.host}/{path}"
        answer = httpx2.get(url, headers={"Accept": "application/json"}, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer


def installed_folder() -> Path:
    """Where express-pouchdb lies, installed there the first time from the lock file; skips where that cannot be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"node or npm is not installed: {NEEDED}")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # one installs, others wait
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            run = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, timeout=300)
            if run.returncode:
                words = [line for line in run.stderr.splitlines() if "code" in line]
                pytest.skip(f"npm could not install express-pouchdb ({'; '.join(words)[:200]}): {' '.join(INSTALL)}")
            (folder / "installed").touch()
    return folder


@pytest.fixture(scope="session")
def express(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server of the protocol: express-pouchdb on Node, in memory."""
    command = ("node", str(HERE / "express.js"), str(installed_folder()))
    home = tmp_path_factory.mktemp("express")
    with open(home / "errors", "w") as errors:
        process = subprocess.Popen(
            command, cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdin is not None and process.stdout is not None
    try:
        is_there, _, _ = select.select([process.stdout], [], [], 60)
        line = process.stdout.readline() if is_there else ""
        assert line.startswith("ready "), f"the server did not start: {line}{(home / 'errors').read_text()}"
        yield Server(f"127.0.0.1:{line.split()[1]}", is_real=True)
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class Little(Protocol):
    """The server of `little_couch`, as far as tests use it."""

    contents: Any
    host: str

    def stop(self) -> None:
        """End all conversations."""


@pytest.fixture(scope="session")
def little_couch() -> ModuleType:
    """The module `little_couch` beside this file."""
    return loaded("little_couch")


@pytest.fixture
def little(little_couch: ModuleType) -> Iterator[Little]:
    """A little CouchDB of this test's own."""
    server: Little = little_couch.LittleCouch()
    yield server
    server.stop()


@pytest.fixture(params=["express", "little"])
def server(request: pytest.FixtureRequest) -> Server:
    """Either server; whatever holds for both is the protocol."""
    if request.param == "express":
        found: Server = request.getfixturevalue("express")
        return found
    return Server(request.getfixturevalue("little").host, is_real=False)


@pytest.fixture(scope="session")
def carrier() -> Iterator[CouchCarrier]:
    """A carrier to each parcel's own address that waits a while; one for all, since TLS takes long to set up."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
        opened = CouchCarrier(30_000, None)
    yield opened
    opened.close()


@pytest.fixture
def make_recording(make_parcel: Callable[..., Parcel], request: pytest.FixtureRequest) -> Callable[..., Parcel]:
    """Make a parcel for a CouchDB; every test has databases of its own, since the real server serves them all."""
    own = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]

    def make(host: str, *, number: int = 0, kind: TargetKind = TargetKind.COUCHDB, **changes: Any) -> Parcel:
        metadata = {
            "_id": f"202611-{number:032x}",
            "pvt_type": "call_recording",
            "call_id": "a" * 32,
            "name": f"call_recording_{'a' * 32}.mp3",
            "start": 63_964_000_000,
            "duration": 40,
            "duration_ms": 40_000,
            **changes.pop("metadata", {}),
        }
        values = {"delivery_id": metadata["_id"], "folder": f"account/ac/me/x{own}-202611", **changes}
        url = host if kind is TargetKind.THIRD_PARTY_BIGCOUCH or "://" in host else f"http://{host}"
        target = Target(kind, "PUT", url, "media.third_party_bigcouch_host")
        return make_parcel(metadata=json.loads(json.dumps(metadata)), target=target, **values)

    return make
