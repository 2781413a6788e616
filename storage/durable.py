"""Files that appear whole or not at all, and stay when the power fails.

The rule of every writer in this room (issue 2, item 9): write under a hidden name in the same folder, fsync, rename,
fsync the folder. Folders are given as open file descriptors, so that a name cannot lead out of them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Self

BLOCK_BYTES: Final = 1 << 20
"""How much of a file is in memory at a time (speeds §5: 1 MiB blocks reach sendfile's pace)."""


@contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """Yield `path`, made with its parents where missing, as an open file descriptor. Raises `OSError`."""
    path.mkdir(parents=True, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield folder
    finally:
        os.close(folder)


def sync_folder(folder: int) -> None:
    """Make the names in an open folder durable. File systems that have no such thing (some mounts) are left alone."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def read_blocks(source: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of `source` in blocks of `BLOCK_BYTES`, the last one shorter."""
    while block := source.read(BLOCK_BYTES):
        yield block


class Draft:
    """A file being written in a folder, invisible until `publish`; a context that removes what was not published.

    `bytes` counts what was written. `OSError` is raised as the system raises it (disk full, no permission).
    """

    def __init__(self, folder: int, mode: int = 0o666) -> None:
        self._name = f".draft-{secrets.token_hex(12)}"
        self._digest = hashlib.sha256()
        self._is_published = False
        self.bytes = 0
        self._folder = os.dup(folder)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self._file: int | None = os.open(self._name, flags, mode, dir_fd=self._folder)
        except OSError:
            os.close(self._folder)
            raise

    @property
    def sha256(self) -> str:
        """SHA-256 of what was written so far, in hex."""
        return self._digest.hexdigest()

    def write(self, block: bytes | bytearray) -> None:
        """Append `block`."""
        assert self._file is not None, "a settled draft takes no more"
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._digest.update(block)
        self.bytes += len(block)

    def settle(self) -> None:
        """Put the content on the disk; nothing can be written afterwards."""
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None

    def publish(self, name: str) -> None:
        """Give the file its name, durably; a file of that name is replaced in one step."""
        self.settle()
        os.replace(self._name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._is_published = True
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
        """Close everything, and remove the file unless it was published."""
        if self._file is not None:
            os.close(self._file)
        if not self._is_published:
            with suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._folder)
        os.close(self._folder)
