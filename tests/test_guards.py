"""The guards of conftest.py hold: each is shown to fail what it is there to fail, and to leave alone what it should."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
SETTINGS = "[pytest]\naddopts = --strict-markers -p no:randomly\nmarkers = may_skip(reason): allowed\n"


def run_inner(folder: Path, text: str, ci: str) -> dict[str, int]:
    """Run one test file under our conftest.py in a process of its own; return pytest's closing counts by word."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    (folder / "test_inner.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "CI": ci}, text=True, capture_output=True, timeout=60)
    words = done.stdout.splitlines()[-1].partition(" in ")[0].replace(",", "").split()
    return {word.removesuffix("s"): int(count) for count, word in zip(words[::2], words[1::2], strict=True)}


def test_sleeping_fails_the_test() -> None:
    """House rule: no test waits for the real clock."""
    with pytest.raises(pytest.fail.Exception, match="do not sleep"):
        time.sleep(0)


def test_standard_library_may_poll() -> None:
    """`subprocess` sleeps between two looks at a child that it waits for; that is not our waiting."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=0.01)
        child.communicate(b"")
    assert child.returncode == 0


@pytest.mark.parametrize("method", ["connect", "connect_ex", "bind"])
@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "0.0.0.0", ""])
def test_sockets_stay_on_loopback(method: str, host: str) -> None:
    """No test reaches, or opens a door to, another machine (192.0.2.0/24 is for documentation and has no hosts)."""
    with socket.socket() as plain, pytest.raises(pytest.fail.Exception, match="stay on loopback"):
        getattr(plain, method)((host, 9))


def test_datagrams_stay_on_loopback() -> None:
    """No test sends a packet to another machine."""
    with socket.socket(type=socket.SOCK_DGRAM) as plain, pytest.raises(pytest.fail.Exception, match="stay on loopback"):
        plain.sendto(b"", ("192.0.2.1", 9))


@pytest.mark.parametrize("host", ["example.org", b"example.org", "192.0.2.1"])
def test_names_are_not_looked_up(host: str | bytes) -> None:
    """Asking a name server is using the network."""
    with pytest.raises(pytest.fail.Exception, match="stay on loopback"):
        socket.getaddrinfo(host, 80)


def test_loopback_is_open() -> None:
    """Servers of the tests are real, on loopback port 0."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        peer, _ = server.accept()
        with peer:
            client.sendall(b"heard")
            assert peer.recv(5) == b"heard"


SKIPS = """
import pytest
@pytest.mark.skip(reason="plain")
def test_plain(): pass
@pytest.fixture
def missing(): pytest.skip("in a fixture")
def test_fixture(missing): pass
def test_inside(): pytest.skip("inside")
@pytest.mark.may_skip("no such device everywhere")
def test_allowed(): pytest.skip("allowed")
@pytest.mark.xfail
def test_expected(): assert False
def test_runs(): pass
"""


def test_skips_fail_in_ci(tmp_path: Path) -> None:
    """Issue 2, item 3: CI fails when a test that should run was skipped; marked ones and expected failures stay."""
    assert run_inner(tmp_path, SKIPS, "true") == {"error": 2, "failed": 1, "skipped": 1, "xfailed": 1, "passed": 1}


def test_skips_are_skips_at_a_desk(tmp_path: Path) -> None:
    """Outside CI a skip is only a skip."""
    assert run_inner(tmp_path, SKIPS, "") == {"skipped": 4, "xfailed": 1, "passed": 1}


def test_a_skipped_file_fails_in_ci(tmp_path: Path) -> None:
    """A file that skips itself while it is collected is found as well."""
    assert run_inner(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", "true") == {"error": 1}
