"""What holds for every test: nobody sleeps, leaves this machine or has a window; every skip is seen; CI repeats itself.

The guards stand before any test module is imported, so that `from time import sleep` gets the guarded one too.
Violations raise pytest's `Failed`, which no `except Exception` on the way swallows.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import socket
import sys
import sysconfig
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

IN_CI = os.environ.get("CI", "") not in ("", "0", "false")
STDLIB = sysconfig.get_path("stdlib")
LOCAL_NAMES = (None, "localhost", b"localhost")

hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("unattended", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("unattended" if IN_CI else "desk")

really_sleep = time.sleep


def is_stdlib_file(path: str) -> bool:
    """Tell whether a code object's file belongs to the standard library, site-packages left out."""
    return path.startswith((STDLIB, "<frozen")) and "site-packages" not in path


def guarded_sleep(seconds: float) -> None:
    """Let only the standard library sleep (`subprocess` polls that way when it waits with a timeout)."""
    if is_stdlib_file(sys._getframe(1).f_code.co_filename):
        really_sleep(seconds)
        return
    pytest.fail(f"time.sleep({seconds}): tests do not sleep; drive the virtual clock, or wait for the event itself")


def is_local(host: object) -> bool:
    """Tell whether a host given to a socket is this machine's loopback; names other than localhost are not."""
    if host in LOCAL_NAMES:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def check_address(family: int, address: object) -> None:
    """Fail the running test when `address` is not on loopback; sockets of other kinds (Unix) stay as they are."""
    if family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) and not is_local(address[0]):
        pytest.fail(f"a socket for {address[0]}: tests stay on loopback (127.0.0.1, ::1)")


def guarded_method(name: str) -> Callable[..., Any]:
    """Return the socket method `name` with its address, always the last argument, checked first."""
    method = getattr(socket.socket, name)

    def checked(self: socket.socket, *args: Any) -> Any:
        check_address(self.family, args[-1])
        return method(self, *args)

    return checked


def guarded_lookup(look_up: Callable[..., Any]) -> Callable[..., Any]:
    """Return `socket.getaddrinfo` for loopback names and numbers only: a look-up asks the network as well."""

    def checked(host: object, *args: Any, **options: Any) -> Any:
        if not is_local(host):
            pytest.fail(f"looking up {host!r}: tests stay on loopback and ask no name server")
        return look_up(host, *args, **options)

    return checked


def no_terminal(*_: object) -> os.terminal_size:
    """Nobody's window decides how wide an output under test is: every verb takes its own width without a terminal."""
    raise OSError("tests have no terminal")


def pytest_configure(config: pytest.Config) -> None:
    """Put the guards up for the whole session, before test modules are imported."""
    patch = pytest.MonkeyPatch()
    patch.setattr(time, "sleep", guarded_sleep)
    patch.setattr(socket, "getaddrinfo", guarded_lookup(socket.getaddrinfo))
    for name in ("bind", "connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, guarded_method(name))
    patch.delenv("COLUMNS", raising=False)
    patch.setattr(os, "get_terminal_size", no_terminal)
    config.add_cleanup(patch.undo)


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skipped report into a failed one that says why."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{reason}: in CI every test runs; mark it may_skip(reason) where that cannot be"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test fails, unless it is marked `may_skip` (expected failures are not skips)."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("may_skip") is None:
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a test file skipped as a whole fails: no marker can be read from it."""
    report = yield
    if IN_CI and report.skipped:
        refuse_skip(report)
    return report


def module_beside(file: str) -> ModuleType:
    """Load what tests share from a file of this folder: test modules cannot import each other in this import mode."""
    path = Path(__file__).parent / file
    spec = importlib.util.spec_from_file_location(f"callflow_test_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def staging() -> ModuleType:
    """Scenarios for tests of the edge: the module `staging` beside this file."""
    return module_beside("staging.py")


@pytest.fixture(scope="session")
def build() -> ModuleType:
    """Accounts, flows, fake actions and watched runs, for tests of the core and the actions."""
    return module_beside("core/building.py")


@pytest.fixture(scope="session")
def placing() -> ModuleType:
    """The main job's two calls on the real engine, for tests of whatever reads a trace."""
    return module_beside("placing.py")
