"""The outbox: every parcel is made durable here before it is sent, and leaves only when it arrived (design §4).

Of each parcel the folder holds the audio, `<id>.<16 hex of its SHA-256><extension>`, and a journal, `<id>.json`,
whose appearance is what puts the parcel in. The journal keeps URLs with their credentials, since a later retry needs
them: both files have mode 0600, and nothing here prints a journal. The audio is copied, not linked: a second run may
write into the same output file.

Several processes may share an outbox. Whoever changes it has the folder locked meanwhile, and a process that sends
holds a locked hidden file there, by whose name journals say whose they are: it goes when its process does, however.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from attrs import evolve

from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.clock import WallClock, utc_now
from callflow.storage.durable import (
    Draft,
    is_being_written,
    locked_folder,
    make_folder,
    opened_folder,
    read_blocks,
    sweep,
    sync_folder,
)
from callflow.storage.holdings import JOURNAL, held, read_from, remove
from callflow.storage.journal import Entry, NoJournal, first_line, line_of_arrival, line_of_owner, line_of_try
from callflow.storage.parcel import DIGEST_LENGTH, Attempt, Parcel
from callflow.storage.routes import Destinations

_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,16}")
_TRIED_BYTES_MAX: Final = 1 << 20
"""Longest journal that a try is added to: a target that is down for months must not make it unreadable."""


def pending(outbox: Path) -> tuple[Parcel, ...]:
    """What is left in `outbox`, ordered by id, `file` naming the copies; a folder that is not there is empty.

    Raises `StorageError` for a journal that is none, or whose audio is gone.
    """
    holdings = held(outbox)
    for damage in holdings.damaged:
        if damage.name.endswith(JOURNAL):
            raise StorageError(f"{outbox / damage.name}: {damage.problem}; {damage.remedy}")
    return tuple(each.parcel for each in holdings.entries)


class Outbox:
    """One process's hold on the outbox in the folder `path`: a context that lets go of what it has not cleared.

    The folder is made by the first parcel. Several threads may use it; `StorageError` is raised where the folder, or
    the audio that is to be kept, does not do.
    """

    def __init__(self, path: Path, wall: WallClock = utc_now) -> None:
        self._path = path
        self._wall = wall
        self._mark: Draft | None = None

    def keep(self, parcel: Parcel, meant_for: Destinations) -> Entry:
        """Make `parcel` durable; an older one of its id gives way. The entry's file is the copy."""
        with self._told(f"{parcel.file.name} cannot be kept", "name a folder that can be written"):
            with open(parcel.file, "rb") as source:
                return self._keep(parcel, meant_for, read_blocks(source))

    def keep_text(self, parcel: Parcel, meant_for: Destinations, text: bytes) -> Entry:
        """Make a parcel durable whose content is `text`; of `parcel.file` only the extension counts."""
        with self._told(f"{parcel.delivery_id} cannot be kept", "name a folder that can be written"):
            return self._keep(parcel, meant_for, (text,))

    def take(self, delivery_id: str) -> Entry | None:
        """Take over what another process left; None where it is gone, damaged, or in the hands of a living one.

        Of what has arrived, and was not cleared because of a crash, the files are removed.
        """
        with (
            self._told(f"{delivery_id} cannot be read", "look at its permissions"),
            locked_folder(self._path) as folder,
        ):
            entry = _entry_or_none(folder, self._path, delivery_id)
            if entry is None or is_being_written(folder, entry.by):
                return None
            if entry.has_arrived:
                self._remove(folder, entry)
                return None
            # On a full disk it is sent without being marked as ours: that is what makes room.
            with suppress(OSError):
                self._append(delivery_id, line_of_owner(self._by(folder)))
                return evolve(entry, by=self._by(folder))
            return entry

    def tidy(self, arrived: Iterable[str]) -> None:
        """Remove what killed processes left half-written, and the files of deliveries that have `arrived`."""
        with self._told("cannot be tidied", "look at its permissions"), opened_folder(self._path) as folder:
            sweep(folder)
        for delivery_id in arrived:
            self.take(delivery_id)

    def note(self, entry: Entry, attempt: Attempt) -> None:
        """Add a try that failed to the journal, for whoever looks later; that is not worth an error."""
        delivery_id, at = entry.parcel.delivery_id, self._wall().isoformat(timespec="seconds")
        with suppress(OSError):
            if (self._path / f"{delivery_id}{JOURNAL}").stat().st_size < _TRIED_BYTES_MAX:
                self._append(delivery_id, line_of_try(attempt, at))

    def clear(self, entry: Entry) -> None:
        """Remove a parcel that has arrived; what took its place meanwhile stays."""
        parcel = entry.parcel
        with (
            self._told(f"{parcel.delivery_id} cannot be cleared", "remove its files by hand"),
            locked_folder(self._path) as folder,
        ):
            now = _entry_or_none(folder, self._path, parcel.delivery_id)
            is_same = now is not None and now.parcel.file == parcel.file
            if now is None or not is_same:
                remove(folder, parcel.file.name)
            elif now.by == entry.by:  # else kept again by another process, which will clear it
                self._remove(folder, now)

    def __enter__(self) -> Self:
        """The outbox itself."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Let go of what is left."""
        if self._mark is not None:
            self._mark.__exit__()
            self._mark = None

    def _keep(self, parcel: Parcel, meant_for: Destinations, blocks: Iterable[bytes]) -> Entry:
        make_folder(self._path, 0o700)
        with opened_folder(self._path) as opened:
            by = self._by(opened)
            with Draft(opened, 0o600) as audio, Draft(opened, 0o600) as journal:
                for block in blocks:
                    audio.write(block)
                audio.settle()
                digest = audio.sha256[:DIGEST_LENGTH]
                name = f"{parcel.delivery_id}.{digest}{_extension_of(parcel)}"
                kept_at = self._wall().isoformat(timespec="seconds")
                copy = evolve(parcel, file=self._path / name, digest=digest)
                entry = Entry(copy, meant_for, audio.bytes, audio.sha256, kept_at, by)
                journal.write(first_line(entry))
                journal.settle()
                with locked_folder(self._path) as folder:
                    self._publish(folder, entry, audio, journal)
        return entry

    def _publish(self, folder: int, entry: Entry, audio: Draft, journal: Draft) -> None:
        """Put audio and journal in; until the journal has its name, what was there before is whole."""
        delivery_id, name = entry.parcel.delivery_id, entry.parcel.file.name
        older = _entry_or_none(folder, self._path, delivery_id)
        older_name = "" if older is None else older.parcel.file.name
        try:
            # One sync of the folder is enough for both names, unless the audio must be there before the older goes.
            audio.publish(name, is_synced=older is not None)
            journal.publish(f"{delivery_id}{JOURNAL}")
        finally:
            if not journal.is_published and name != older_name:
                remove(folder, name)
        if older is not None and older_name != name:
            if older.by == entry.by or not is_being_written(folder, older.by):
                remove(folder, older_name)

    def _remove(self, folder: int, entry: Entry) -> None:
        """Remove journal and audio of what has arrived, in an order after which a crash leaves no doubt about it."""
        journal, audio = f"{entry.parcel.delivery_id}{JOURNAL}", entry.parcel.file.name
        try:
            self._append(entry.parcel.delivery_id, line_of_arrival(), is_synced=True)
        except OSError:  # a full disk does not take that line, and perhaps no sync either
            remove(folder, journal)
            with suppress(OSError):
                sync_folder(folder)
        remove(folder, audio)
        remove(folder, journal)

    def _by(self, folder: int) -> str:
        """The name of this process's mark; what dead processes left half-written is swept when it is made."""
        if self._mark is None:
            self._mark = Draft(folder, 0o600)
            sweep(folder)
        return self._mark.name

    def _append(self, delivery_id: str, line: bytes, *, is_synced: bool = False) -> None:
        file = os.open(self._path / f"{delivery_id}{JOURNAL}", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        try:
            if os.write(file, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if is_synced:
                os.fsync(file)
        finally:
            os.close(file)

    @contextmanager
    def _told(self, problem: str, remedy: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"outbox {self._path}: {problem}, {words_for(error)}; {remedy}") from error


def _entry_or_none(folder: int, outbox: Path, delivery_id: str) -> Entry | None:
    try:
        return read_from(folder, outbox, delivery_id)
    except NoJournal:
        return None


def _extension_of(parcel: Parcel) -> str:
    suffix = parcel.file.suffix
    # ".json" is how a journal is known.
    return suffix if _EXTENSION.fullmatch(suffix) and suffix.lower() != JOURNAL else ""
