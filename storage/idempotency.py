"""Which idempotency keys came with which bytes: one small hidden file a key, so that a restart forgets none.

A key is one of a path: what came with it for one name is no answer for another. Keys are looked up where they lie, not
in memory: several receivers may share a folder. The oldest are forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import Any, Final

from attrs import asdict

from callflow.core.errors import StorageError
from callflow.storage.durable import Draft
from callflow.storage.inside import folder_inside, opened_inside
from callflow.storage.received import Received

FOLDER: Final = ".receiver-keys"
KEYS_MAX: Final = 10_000
"""How many keys are remembered."""
_BYTES_MAX: Final = 64 << 10


class KeyReused(StorageError):
    """An idempotency key came again for the same path, with other bytes."""


class Keys:
    """The keys remembered in the open folder `top`. Not for several threads at once. Raises `OSError`."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._count: int | None = None

    def find(self, key: str, path: str) -> Received | None:
        """What was stored at `path` with `key`; None where nothing is remembered."""
        file = opened_inside(self._top, (FOLDER, _name_of(key, path)))
        if file is None:
            return None
        with file:
            earlier = _read(file.read(_BYTES_MAX))
        return earlier if earlier is not None and earlier.path == path else None

    def save(self, key: str, received: Received) -> None:
        """Remember durably that `key` came with `received`."""
        name = _name_of(key, received.path)
        with folder_inside(self._top, (FOLDER,), is_made=True) as folder, Draft(folder, mode=0o600) as draft:
            if self._count is None:
                self._count = len(os.listdir(folder))
            self._count += not draft.is_taken(name)
            draft.write(json.dumps(asdict(received)).encode())
            draft.publish(name)
            if self._count > KEYS_MAX:
                self._count = _forget(folder)


def _name_of(key: str, path: str) -> str:
    both = f"{path}\0{key}"  # no path holds a NUL
    return f"{hashlib.sha256(both.encode()).hexdigest()}.json"


def _forget(folder: int) -> int:
    """Remove the oldest keys, a tenth of all at once, since looking for them costs; returns how many are left.

    Another receiver may do the same at the same time.
    """
    aged = []
    with os.scandir(folder) as found:
        for entry in found:
            with suppress(FileNotFoundError):
                aged.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    aged.sort()
    surplus = max(len(aged) - KEYS_MAX + KEYS_MAX // 10, 0)
    for _, name in aged[:surplus]:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
    return len(aged) - surplus


def _read(content: bytes) -> Received | None:
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    match document:
        case {"path": str(path), "bytes": int(count), "sha256": str(digest), "is_new": bool(is_new)}:
            return Received(path, count, digest, is_new)
    return None
