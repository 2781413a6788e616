"""Files that appear whole or not at all, and stay when the power fails.

The rule of every writer in this room (issue 2, item 9): write under a hidden name in the same folder, fsync, rename,
fsync the folder. Folders are given as open file descriptors, so that a name cannot lead out of them.

A draft is locked (flock) for as long as its process lives, so that `sweep` can tell one that a killed process left
behind from one that is being written. On file systems without such locks nothing is swept.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Self

from callflow.storage import meter

BLOCK_BYTES: Final = 1 << 20
"""How much of a file is in memory at a time (speeds §5: 1 MiB blocks reach sendfile's pace)."""

_DRAFT: Final = re.compile(r"\.draft-[0-9a-f]{24}")
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF})
"""What flock says where a mount has none, or none for folders."""


@contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """Yield `path`, made with its parents where missing, as an open file descriptor. Raises `OSError`."""
    make_folder(path)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def locked_folder(path: Path, *, is_shared: bool = False) -> Iterator[int]:
    """Yield `path` as `opened_folder` does, while no other process or thread has it locked, or all of them shared."""
    with opened_folder(path) as folder:
        _lock(folder, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            _lock(folder, fcntl.LOCK_UN)  # closing is not enough: a draft may have its own copy of the descriptor


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make `path` with its parents where missing, durably; `mode` is that of the last one. Raises `OSError`."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    if missing:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    for each in reversed(missing):
        above = os.open(each.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            sync_folder(above)
        finally:
            os.close(above)


def sync_folder(folder: int) -> None:
    """Make the names in an open folder durable. File systems that have no such thing (some mounts) are left alone."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def read_blocks(source: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of `source` in blocks of `BLOCK_BYTES`, the last one shorter; a try's meter counts them.

    Raises `InterruptedError` when the try is to end.
    """
    while block := source.read(BLOCK_BYTES):
        meter.count(len(block))
        yield block
        del block  # before the next one is read: one at a time is in memory


def sweep(folder: int) -> int:
    """Remove the drafts that killed processes left in an open folder; returns how many. Raises `OSError`."""
    swept = 0
    for name in os.listdir(folder):
        if _DRAFT.fullmatch(name) is not None:
            # Removed while it is locked: who has just made it looks, once it has the lock, whether it is still there.
            with _claimed(folder, name) as is_claimed, suppress(OSError):
                if is_claimed:
                    os.unlink(name, dir_fd=folder)
                    swept += 1
    return swept


def is_being_written(folder: int, name: str) -> bool:
    """Whether `name` is a draft in an open folder whose process lives; no where that cannot be told."""
    if _DRAFT.fullmatch(name) is None:
        return False
    with _claimed(folder, name) as is_claimed:
        return is_claimed is False


class Draft:
    """A file being written in a folder, invisible until `publish`; a context that removes what was not published.

    `name` is the hidden one, `bytes` counts what was written. `OSError` is raised as the system raises it (disk full,
    no permission).
    """

    def __init__(self, folder: int, mode: int = 0o666) -> None:
        self._digest = hashlib.sha256()
        self._is_settled = self.is_published = False
        self.bytes = 0
        self._folder = os.dup(folder)
        try:
            self.name, self._file = _new_file(self._folder, mode)
        except OSError:
            os.close(self._folder)
            raise

    @property
    def sha256(self) -> str:
        """SHA-256 of what was written so far, in hex."""
        return self._digest.hexdigest()

    def write(self, block: bytes | bytearray) -> None:
        """Append `block`."""
        assert not self._is_settled, "a settled draft takes no more"
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._digest.update(block)
        self.bytes += len(block)

    def settle(self) -> None:
        """Put the content on the disk; nothing can be written afterwards."""
        if not self._is_settled:
            os.fsync(self._file)
            self._is_settled = True

    def publish(self, name: str, *, is_synced: bool = True) -> None:
        """Give the file its name, a file of that name is replaced in one step; durably, unless not `is_synced`."""
        self.settle()
        os.replace(self.name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self.is_published = True
        if is_synced:
            sync_folder(self._folder)

    def is_taken(self, name: str) -> bool:
        """Whether something has that name in the draft's folder already."""
        try:
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def __enter__(self) -> Self:
        """The draft itself."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Remove the file unless it was published, and close everything."""
        if not self.is_published:
            with suppress(FileNotFoundError):
                os.unlink(self.name, dir_fd=self._folder)
        os.close(self._file)
        os.close(self._folder)


def _new_file(folder: int, mode: int) -> tuple[str, int]:
    """A new hidden file, locked: its name, and the file open for writing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    while True:
        name = f".draft-{secrets.token_hex(12)}"
        file = os.open(name, flags, mode, dir_fd=folder)
        try:
            _lock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink:
                return name, file
        except OSError:
            os.close(file)
            raise
        os.close(file)  # swept between the two steps, by another process


def _lock(file: int, how: int) -> None:
    try:
        fcntl.flock(file, how)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


@contextmanager
def _claimed(folder: int, name: str) -> Iterator[bool | None]:
    """Lock a draft as long as the context lasts; yields False when another has it, None where that cannot be told."""
    try:
        file = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        yield None
        return
    try:
        yield _try_lock(file)
    finally:
        os.close(file)


def _try_lock(file: int) -> bool | None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
