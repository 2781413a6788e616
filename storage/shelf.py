"""The folder of the receiver: which names may be in it, and how files come in and are found again.

The seed's PHP receiver writes to whatever name the URL holds (C26). Here a path is split before it is decoded, every
part is checked, and every folder on the way is opened without following links, so that nothing is written or read
outside.
"""

from __future__ import annotations

import os
import stat
import threading
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from attrs import frozen

from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.durable import Draft, opened_folder, sync_folder

NAME_BYTES_MAX: Final = 255
DEPTH_MAX: Final = 16
"""Most parts that a path may have."""
REMEMBERED_MAX: Final = 10_000
"""How many of the latest stored files, and of their keys, are remembered."""


class NameRefused(StorageError):
    """A path names no file that the receiver would keep; the message says why, without the path."""


class KeyReused(StorageError):
    """An idempotency key came again with other bytes."""


@frozen
class Received:
    """A file that was stored: `path` below the folder with `/` between its parts, and whether the name was new."""

    path: str
    bytes: int
    sha256: str
    is_new: bool


@frozen
class Entry:
    """A file that is there, as the index page lists it."""

    path: str
    bytes: int


def parts_of(raw_path: str) -> tuple[str, ...]:
    """The names in a request's path, percent-decoded: at least one, each plain. Raises `NameRefused`."""
    if not raw_path.startswith("/"):
        raise NameRefused("the path does not start with /")
    parts = tuple(_part(raw) for raw in raw_path[1:].split("/"))
    if len(parts) > DEPTH_MAX:
        raise NameRefused(f"the path has more than {DEPTH_MAX} parts")
    return parts


def _part(raw: str) -> str:
    encoded = unquote_to_bytes(raw)
    if len(encoded) > NAME_BYTES_MAX:
        raise NameRefused(f"a part of the path is longer than {NAME_BYTES_MAX} bytes")
    try:
        part = encoded.decode()
    except UnicodeDecodeError:
        raise NameRefused("a part of the path is not UTF-8") from None
    if not part:
        raise NameRefused("a part of the path is empty")
    if part.startswith("."):
        raise NameRefused("a part of the path starts with a dot")
    if "/" in part or "\\" in part:
        raise NameRefused("a part of the path holds a slash or backslash")
    if any(unicodedata.category(character) == "Cc" for character in part):
        raise NameRefused("a part of the path holds a control character")
    return part


class Shelf:
    """The files below `folder`, which is made where missing. Raises `StorageError` when it cannot be written.

    Several threads may use it. Other `OSError`s (disk full, a file where a folder is needed) are raised as they come.
    """

    def __init__(self, folder: Path) -> None:
        try:
            with opened_folder(folder) as opened, Draft(opened):
                pass
        except OSError as error:
            raise StorageError(f"{folder}: cannot be written, {words_for(error)}; name another folder") from error
        self.folder = folder.resolve()
        self._naming = threading.Lock()
        self._received: deque[Received] = deque(maxlen=REMEMBERED_MAX)
        self._by_key: OrderedDict[str, Received] = OrderedDict()

    def draft_for(self, parts: tuple[str, ...]) -> Draft:
        """Begin a file that may become `parts`; the folders on the way are made."""
        folder = self._open_folder(parts[:-1], is_made=True)
        try:
            return Draft(folder)
        finally:
            os.close(folder)

    def publish(self, draft: Draft, parts: tuple[str, ...], key: str | None) -> tuple[Received, bool]:
        """Give `draft` its name; returns its record, and whether this is a repetition that stored nothing.

        `key` is the sender's idempotency key: with bytes that it came with before, and that are still there, the first
        record is returned; with other bytes `KeyReused` is raised.
        """
        draft.settle()
        with self._naming:
            earlier = self._by_key.get(key) if key is not None else None
            if earlier is not None and earlier.sha256 != draft.sha256:
                raise KeyReused("the idempotency key was used before for other bytes")
            if earlier is not None and self.find(tuple(earlier.path.split("/"))) is not None:
                return earlier, True
            is_new = not draft.is_taken(parts[-1])
            draft.publish(parts[-1])
            received = Received("/".join(parts), draft.bytes, draft.sha256, is_new)
            self._received.append(received)
            if key is not None:
                self._remember(key, received)
        return received, False

    def received(self) -> tuple[Received, ...]:
        """What was stored since the start, in order; of very many the latest `REMEMBERED_MAX`."""
        with self._naming:
            return tuple(self._received)

    def find(self, parts: tuple[str, ...]) -> tuple[Path, os.stat_result] | None:
        """The plain file at `parts`, reached without following a link; None where there is none."""
        try:
            folder = self._open_folder(parts[:-1], is_made=False)
        except OSError:
            return None
        try:
            status = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
        except OSError:
            return None
        finally:
            os.close(folder)
        return (self.folder.joinpath(*parts), status) if stat.S_ISREG(status.st_mode) else None

    def entries(self) -> Iterator[Entry]:
        """Every visible plain file, folder by folder in order of names; links are left out."""
        for base, folders, names in os.walk(self.folder, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(base, name)
                if name.startswith(".") or path.is_symlink() or not path.is_file():
                    continue
                yield Entry(path.relative_to(self.folder).as_posix(), path.stat().st_size)

    def _remember(self, key: str, received: Received) -> None:
        self._by_key[key] = received
        self._by_key.move_to_end(key)
        if len(self._by_key) > REMEMBERED_MAX:
            self._by_key.popitem(last=False)

    def _open_folder(self, names: tuple[str, ...], *, is_made: bool) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY
        folder = os.open(self.folder, flags)
        for name in names:
            try:
                if is_made:
                    _make_folder(folder, name)
                inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        return folder


def _make_folder(folder: int, name: str) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return
    sync_folder(folder)
