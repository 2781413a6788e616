"""The folder of the receiver: how files come in and are found again, whole or not at all.

Every folder on the way is opened without following links, so that nothing is written or read outside (C26).
"""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from callflow.core.errors import StorageError
from callflow.storage import particulars as particular
from callflow.storage.carrier import words_for
from callflow.storage.durable import Draft, opened_folder, sweep
from callflow.storage.idempotency import KeyReused, Keys
from callflow.storage.inside import folder_inside, opened_inside
from callflow.storage.received import Received

REMEMBERED_MAX: Final = 10_000
"""How many of the latest stored files `received` remembers."""


@frozen
class Entry:
    """A file that is there: its path below the folder, its size, and when it came (Unix time)."""

    path: str
    bytes: int
    came_ns: int


class Shelf:
    """The files below `folder`, which is made where missing.

    Raises `StorageError` when the folder cannot be written. Several threads may use it, and several receivers one
    folder; what a killed one left half-written is removed at the start. Other `OSError`s (disk full, a file
    where a folder is needed) are raised as they come.
    """

    def __init__(self, folder: Path) -> None:
        try:
            with opened_folder(folder) as opened, Draft(opened):
                self._top = os.dup(opened)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be written, {words_for(error)}; name another folder") from error
        self.folder = folder.resolve()
        self._naming = threading.Lock()
        self._received: deque[Received] = deque(maxlen=REMEMBERED_MAX)
        self._keys = Keys(self._top)
        for _, inner in self._folders(is_hidden=True):
            sweep(inner)

    def close(self) -> None:
        """Let go of the folder; what was stored can still be told."""
        os.close(self._top)

    def draft_for(self, parts: tuple[str, ...]) -> Draft:
        """Begin a file that may become `parts`; the folders on the way are made."""
        with folder_inside(self._top, parts[:-1], is_made=True) as folder:
            return Draft(folder)

    def publish(
        self, draft: Draft, parts: tuple[str, ...], key: str | None, particulars: Mapping[str, str]
    ) -> tuple[Received, bool]:
        """Give `draft` its name; returns its record, and whether this is a repetition that stored nothing.

        `key` is the sender's idempotency key: with bytes that it came with before for these `parts`, and that are still
        there, the first record is returned; with other bytes `KeyReused` is raised. `particulars` are kept beside the
        file.
        """
        draft.settle()
        path = "/".join(parts)
        with self._naming:
            earlier = self._keys.find(key, path) if key is not None else None
            if earlier is not None and earlier.sha256 != draft.sha256:
                raise KeyReused("the idempotency key was used before for other bytes")
            if earlier is not None and self._has(parts):
                return earlier, True
            is_new = not draft.is_taken(parts[-1])
            self._publish_both(draft, parts, particulars)
            received = Received(path, draft.bytes, draft.sha256, is_new)
            if key is not None:
                self._keys.save(key, received)
            self._received.append(received)
        return received, False

    def received(self) -> tuple[Received, ...]:
        """What was stored since the start, in order; of very many the latest `REMEMBERED_MAX`."""
        with self._naming:
            return tuple(self._received)

    def open(self, parts: tuple[str, ...]) -> BinaryIO | None:
        """The plain file at `parts`, reached without following a link; None where there is none."""
        return opened_inside(self._top, parts)

    def particulars_of(self, parts: tuple[str, ...]) -> dict[str, str]:
        """What the sender said about the recording at `parts`; empty where nothing."""
        file = self.open((*parts[:-1], particular.particulars_name(parts[-1])))
        if file is None:
            return {}
        with file:
            return particular.read(file.read(particular.BYTES_MAX))

    def entries(self) -> Iterator[Entry]:
        """Every visible plain file, in no order; links are left out."""
        for names, folder in self._folders(is_hidden=False):
            for name, status in _listed(folder):
                if stat.S_ISREG(status.st_mode) and not name.startswith("."):
                    yield Entry("/".join((*names, name)), status.st_size, status.st_mtime_ns)

    def _has(self, parts: tuple[str, ...]) -> bool:
        file = self.open(parts)
        if file is not None:
            file.close()
        return file is not None

    def _publish_both(self, draft: Draft, parts: tuple[str, ...], particulars: Mapping[str, str]) -> None:
        """Publish the file, and its particulars, which are on the disk before: a full one leaves all as it was.

        Those of an earlier version do not stay with this one.
        """
        name = particular.particulars_name(parts[-1])
        with (
            folder_inside(self._top, parts[:-1], is_made=False) as folder,
            Draft(folder) if particulars else nullcontext() as beside,
        ):
            if beside is not None:
                beside.write(particular.written(particulars))
                beside.settle()
            draft.publish(parts[-1])
            if beside is not None:
                beside.publish(name)
            else:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)

    def _folders(self, *, is_hidden: bool) -> Iterator[tuple[tuple[str, ...], int]]:
        """The folders, open, with their names from the top, hidden ones where asked for; what vanishes is left out."""
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            names = waiting.pop()
            with suppress(OSError), folder_inside(self._top, names, is_made=False) as folder:
                yield names, folder
                for name, status in _listed(folder):
                    if stat.S_ISDIR(status.st_mode) and (is_hidden or not name.startswith(".")):
                        waiting.append((*names, name))


def _listed(folder: int) -> Iterator[tuple[str, os.stat_result]]:
    """What is in an open folder, links not followed."""
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):
            yield name, os.stat(name, dir_fd=folder, follow_symlinks=False)
