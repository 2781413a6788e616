"""Reaching files inside a folder: every step is taken from an open folder and follows no link: none leads out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from callflow.storage.durable import sync_folder

_FOLDER = os.O_RDONLY | os.O_DIRECTORY


@contextmanager
def folder_inside(top: int, names: tuple[str, ...], *, is_made: bool) -> Iterator[int]:
    """Yield the folder that `names` lead to from the open folder `top`; `is_made` makes what is missing, durably.

    Raises `OSError`: ENOENT where one is missing, ENOTDIR or ELOOP where a file or a link is in the way.
    """
    folder = os.dup(top)
    try:
        for name in names:
            if is_made:
                _make_folder(folder, name)
            inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def opened_inside(top: int, parts: tuple[str, ...]) -> BinaryIO | None:
    """The plain file at `parts`, open for reading; None where there is none. It stays whole when it is replaced."""
    try:
        with folder_inside(top, parts[:-1], is_made=False) as folder:
            # Without O_NONBLOCK a pipe that lies there would hold us up until somebody writes into it.
            file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        return None
    return os.fdopen(file, "rb")


def _make_folder(folder: int, name: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
        sync_folder(folder)
