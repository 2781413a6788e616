"""Uploads in child processes that die, or run out of disk, at a given step of their input and output.

A process of its own, started by this folder's conftest: it imports what uploads need once and forks a child for each
line that it reads, since only a process without threads can be forked. Every line, and every answer, is a JSON object.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event

from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage import couch, database, ftp, http, local  # noqa: F401  (imported before the fork, for speed)
from callflow.storage.dispatcher import deliver
from callflow.storage.parcel import Parcel
from callflow.storage.routes import Destinations

FILE_STEPS = ("open", "write", "fsync", "replace", "unlink", "mkdir")
NEED_SPACE = ("os.open", "os.write", "os.fsync", "os.replace", "os.mkdir")
SOCKET_STEPS = ("connect", "send", "sendall", "recv")


class Fate:
    """Counts the steps of a child, and does to it at one of them what was ordered: kill, full (once), full from then.

    Steps are what changes something outside the process, and waiting for an answer: a death before a mere reading
    leaves the same behind as one before the change that follows it.
    """

    def __init__(self, how: str, at: int) -> None:
        self._lock = threading.Lock()
        self._how, self._at = how, at
        self.steps: list[str] = []

    def meet(self, step: str) -> None:
        """Take one step."""
        if self._how != "kill" and step not in NEED_SPACE:
            return
        with self._lock:
            number = len(self.steps)
            self.steps.append(step)
        if self._how == "kill" and number == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        if (self._how == "full once" and number == self._at) or (self._how == "full" and number >= self._at):
            raise OSError(errno.ENOSPC, "no space left")


def stepped(real: Callable[..., Any], step: str, fate: Fate) -> Callable[..., Any]:
    """`real` as a step."""

    def call(*args: Any, **options: Any) -> Any:
        if step != "os.open" or args[1] & os.O_CREAT:
            fate.meet(step)
        return real(*args, **options)

    return call


def instrument(fate: Fate) -> None:
    """Make every change by file, socket or database of this process a step."""
    for name in FILE_STEPS:
        setattr(os, name, stepped(getattr(os, name), f"os.{name}", fate))
    fcntl.flock = stepped(fcntl.flock, "flock", fate)
    for name in SOCKET_STEPS:
        setattr(socket.socket, name, stepped(getattr(socket.socket, name), f"socket.{name}", fate))
    for name in ("before_cursor_execute", "commit"):
        event.listen(sqlalchemy.Engine, name, lambda *_, name=name: fate.meet(name))


class StandingClock:
    """No time passes: every wait is over at once."""

    def __init__(self) -> None:
        self.at_ms = 0

    def now_ms(self) -> int:
        """The sum of all waits."""
        return self.at_ms

    def wait_ms(self, duration_ms: int) -> None:
        """Be there."""
        self.at_ms += duration_ms


def parcel_from(order: dict[str, Any]) -> Parcel:
    """A parcel as the test described it."""
    target = Target(TargetKind(order["kind"]), order["method"], order["url"], "record_call.url")
    metadata = {"_id": order["id"], "name": f"{order['id']}.mp3", "call_id": "c", "start": 1}
    return Parcel(
        order["id"], Path(order["file"]), "audio/mpeg", target, metadata, "account/ac/me/x-202611", order["webhook"]
    )


def upload(order: dict[str, Any], answers: int) -> None:
    """What a child does: deliver what was ordered, and say how that ended."""
    fate = Fate(order["how"], order["at"])
    instrument(fate)
    parcels = [parcel_from(each) for each in order["parcels"]]
    folder = None if order["folder"] is None else Path(order["folder"])
    destinations = Destinations(order["database"], folder, Path(order["outbox"]))
    problem = ""
    try:
        rows = deliver(parcels, destinations, clock=StandingClock(), workers=1, wall=lambda: datetime.now(UTC))
        states = [row.state.value for row in rows if row.delivered is not None]
    except StorageError as error:
        problem, states = str(error), []
    fate._how = ""
    with open(answers, "w") as out:
        json.dump({"problem": problem, "states": states, "steps": fate.steps}, out)


def main() -> None:
    """Fork a child for each order, and answer when it has ended."""
    for name in ("create_default_context",):  # most of a short upload's time
        setattr(ssl, name, cache(getattr(ssl, name)))
    http.HttpCarrier(1_000).close()
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            status = 1
            try:
                upload(order, writing)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        with open(reading) as answers:
            text = answers.read()
        _, status = os.waitpid(child, 0)
        ended = {"status": os.waitstatus_to_exitcode(status)}
        print(json.dumps(ended | json.loads(text or "{}")), flush=True)


if __name__ == "__main__":
    main()
