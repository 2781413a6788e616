"""What lies in an outbox: parcels that wait to be delivered, damaged journals, audio that no journal names.

Reading changes nothing, and takes turns with whoever keeps or clears parcels there (a lock on the folder).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.durable import is_being_written, locked_folder, sync_folder
from callflow.storage.journal import BYTES_MAX, Entry, NoJournal, read_entry
from callflow.storage.parcel import check_id

JOURNAL: Final = ".json"
_AUDIO: Final = re.compile(r"(.{1,128})\.[0-9a-f]{16}(\.[A-Za-z0-9]{1,16})?")


@frozen
class Damage:
    """A file of the outbox that nothing can be delivered from: its name, what is wrong, and what to do."""

    name: str
    problem: str
    remedy: str


@frozen
class Holdings:
    """What lies in `outbox`: `entries` by id, `under_way` the ids that a living process sends, and what is damaged.

    `arrived` are deliveries that a crash has kept from being cleared: the target has them, a retry removes their files.
    """

    outbox: Path
    entries: tuple[Entry, ...] = ()
    arrived: tuple[str, ...] = ()
    under_way: frozenset[str] = frozenset()
    damaged: tuple[Damage, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All that `purge` knows: delivery ids, and file names of what is damaged."""
        return (*(each.parcel.delivery_id for each in self.entries), *(each.name for each in self.damaged))


def held(outbox: Path) -> Holdings:
    """Look what lies in `outbox`; a folder that is not there holds nothing. Raises `StorageError` when it is unread."""
    try:
        if not outbox.is_dir():
            return Holdings(outbox)
        with locked_folder(outbox, is_shared=True) as folder:
            return _held(folder, outbox)
    except OSError as error:
        raise StorageError(f"outbox {outbox}: cannot be read, {words_for(error)}; look at its permissions") from error


def purge(outbox: Path, names: Collection[str]) -> tuple[str, ...]:
    """Remove what is named, by delivery id or file name as `Holdings.names` has them; returns the files removed.

    Raises `StorageError`, and removes nothing, for a name that is not there or a delivery that is under way.
    """
    try:
        with locked_folder(outbox) as folder:
            holdings = _held(folder, outbox)
            for name in names:
                if name in holdings.under_way:
                    raise StorageError(f"outbox {outbox}: {name} is being sent; wait for that, or stop it")
                if name not in holdings.names:
                    raise StorageError(f"outbox {outbox}: there is no {name[:140]!r}; list shows what is there")
            files = list(_files_of(holdings, frozenset(names)))
            for file in files:
                remove(folder, file)
            sync_folder(folder)
    except OSError as error:
        raise StorageError(f"outbox {outbox}: not purged, {words_for(error)}; remove its files by hand") from error
    return tuple(files)


def read_from(folder: int, outbox: Path, delivery_id: str) -> Entry | None:
    """The entry of `delivery_id` in the open folder of `outbox`; None where there is none.

    Raises `NoJournal` for a journal that is none, or whose audio is not beside it, and `OSError`.
    """
    try:
        entry = read_entry(outbox, delivery_id, _text_of(folder, f"{delivery_id}{JOURNAL}"))
    except FileNotFoundError:
        return None
    if entry.has_arrived:
        return entry
    audio = entry.parcel.file.name
    try:
        status = os.stat(audio, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        raise NoJournal(f"its audio {audio} is not beside it") from None
    if not stat.S_ISREG(status.st_mode):
        raise NoJournal(f"its audio {audio} is no plain file")
    if status.st_size != entry.bytes:
        raise NoJournal(f"its audio {audio} has {status.st_size} bytes, {entry.bytes} were kept")
    return entry


def remove(folder: int, name: str) -> None:
    """Remove `name` from an open folder; it may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _held(folder: int, outbox: Path) -> Holdings:
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    entries, damaged = [], []
    for name in names:
        if not name.endswith(JOURNAL):
            continue
        try:
            entry = read_from(folder, outbox, check_id(name.removesuffix(JOURNAL)))
        except StorageError as fault:
            reason = str(fault) if isinstance(fault, NoJournal) else "not a journal of this outbox"
            damaged.append(Damage(name, reason, "put back what is missing, or purge it"))
            continue
        except OSError as error:  # one bad place on the disk does not hide the others
            damaged.append(Damage(name, f"cannot be read, {words_for(error)}", "look at its disk, or purge it"))
            continue
        if entry is not None:
            entries.append(entry)
    audio = {entry.parcel.file.name for entry in entries}
    for name in names:
        if not name.endswith(JOURNAL) and name not in audio and _AUDIO.fullmatch(name) is not None:
            remedy = "it is a whole recording: upload the run again, or send it by hand, then purge it"
            damaged.append(Damage(name, "audio without a journal, left by a crash", remedy))
    under_way = frozenset(each.parcel.delivery_id for each in entries if is_being_written(folder, each.by))
    waiting = tuple(each for each in entries if not each.has_arrived)
    arrived = tuple(each.parcel.delivery_id for each in entries if each.has_arrived)
    return Holdings(outbox, waiting, arrived, under_way, tuple(damaged))


def _files_of(holdings: Holdings, names: frozenset[str]) -> Iterator[str]:
    for entry in holdings.entries:
        if entry.parcel.delivery_id in names:
            yield f"{entry.parcel.delivery_id}{JOURNAL}"
            yield entry.parcel.file.name
    yield from (each.name for each in holdings.damaged if each.name in names)


def _text_of(folder: int, name: str) -> bytes:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NoJournal(f"cannot be opened, {words_for(error)}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NoJournal("no plain file")
    with open(file, "rb") as source:
        text = source.read(BYTES_MAX + 1)
    if len(text) > BYTES_MAX:
        raise NoJournal("not a journal of this outbox")
    return text
