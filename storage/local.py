"""A folder of the user's choice as the place that recordings go to (issue 2, item 9; design §12, "Results").

The folder comes from the command line, never from a callflow. The name is the last part of the target's URL, or the
recording's own name, percent-encoded so that it is one plain name. Different audio never overwrites what is there.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from callflow.core.errors import StorageError
from callflow.storage.carrier import JOURNALLED, Outcome, words_for
from callflow.storage.durable import Draft, locked_folder, opened_folder, read_blocks, sweep
from callflow.storage.parcel import Parcel

NAME_BYTES_MAX: Final = 200
"""Longest name used, in bytes: file systems take 255, and a delivery id may have to be added to a short one."""


def file_name_for(parcel: Parcel) -> str:
    """The name of the parcel's file in the folder: ASCII, no separator, no leading dot, at most 255 bytes."""
    path = parcel.target.url.partition("?")[0].partition("#")[0].partition("://")[2]
    last = path.rpartition("/")[2] if "/" in path else ""
    name = _plain(last) or _plain(str(parcel.metadata.get("name", "")))
    return name if 0 < len(name) <= NAME_BYTES_MAX else _name_by_id(parcel)


def _plain(text: str) -> str:
    name = quote(unquote(text, errors="replace").encode("utf-8", "replace"), safe="")
    return f"%2E{name[1:]}" if name.startswith(".") else name


def _name_by_id(parcel: Parcel) -> str:
    return parcel.delivery_id + _plain(parcel.file.suffix)[:20].replace("%2E", ".")


class LocalCarrier:
    """Copies audio into `folder`: hidden name, fsync, rename. `StorageError` when it cannot be made or written.

    What a killed process left there half-written is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._naming = threading.Lock()
        try:
            with opened_folder(folder) as opened, Draft(opened):
                sweep(opened)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be written, {words_for(error)}; name another folder") from error

    def save_metadata(self, parcel: Parcel) -> Outcome:
        """A folder takes audio only; the journal has the document."""
        return Outcome.stored(JOURNALLED, str(self._folder))

    def send(self, parcel: Parcel) -> Outcome:
        """Copy once. The same audio under the same name is there already: nothing is written again."""
        try:
            with (
                open(parcel.file, "rb") as source,
                opened_folder(self._folder) as folder,
                Draft(folder) as draft,
            ):
                for block in read_blocks(source):
                    draft.write(block)
                draft.settle()
                # Other processes may share the folder; the first lock is for mounts that have no others.
                with self._naming, locked_folder(self._folder):
                    name = self._free_name(parcel, draft)
                    draft.publish(name)
        except OSError as error:
            return Outcome.failed(words_for(error), str(self._folder), is_final=not os.path.exists(parcel.file))
        return Outcome.stored("copied", str(self._folder / name))

    def close(self) -> None:
        """Nothing is open."""

    def _free_name(self, parcel: Parcel, draft: Draft) -> str:
        name = file_name_for(parcel)
        if not draft.is_taken(name) or _sha256_of(self._folder / name) == draft.sha256:
            return name
        # Two recordings of one call have the same URL (B§6.3): production's second PUT overwrites, here both stay.
        return _name_by_id(parcel)


def _sha256_of(file: Path) -> str:
    """SHA-256 of a plain file in hex; empty for anything else that has the name."""
    if file.is_symlink() or not file.is_file():
        return ""
    with open(file, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
