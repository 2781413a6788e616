"""The outbox: every parcel is made durable here before it is sent, and leaves only when it arrived (design §4).

Of each parcel the folder holds the audio, `<id>.<16 hex of its SHA-256><extension>`, and a journal, `<id>.json`,
whose appearance is what puts the parcel in. The journal keeps the target's URL with its credentials, since a later
retry needs them: both files have mode 0600, and nothing here prints a journal. The audio is copied, not linked: a
second run may write into the same output file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from callflow.core.delivery import Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.carrier import words_for
from callflow.storage.durable import Draft, opened_folder, read_blocks, sync_folder
from callflow.storage.parcel import Parcel, check_id

FORMAT: Final = 1
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,16}")
_AUDIO: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,191}")


def keep(outbox: Path, parcel: Parcel) -> Parcel:
    """Make `parcel` durable in `outbox` and return it with `file` naming the copy; an older one of its id gives way.

    Raises `StorageError` when the audio cannot be read or the folder not written.
    """
    try:
        outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened_folder(outbox) as folder:
            older = _audio_names(outbox, parcel.delivery_id)
            name = _keep_audio(folder, parcel)
            kept = evolve(parcel, file=outbox / name)
            with Draft(folder, mode=0o600) as journal:
                journal.write(_journal_text(kept).encode())
                journal.publish(f"{parcel.delivery_id}.json")
            for orphan in older - {name}:
                _remove(folder, orphan)
    except OSError as error:
        raise StorageError(
            f"outbox {outbox}: {parcel.file.name} cannot be kept, {words_for(error)}; name a folder that can be written"
        ) from error
    return kept


def clear(outbox: Path, delivery_id: str) -> None:
    """Remove a parcel that has arrived, its journal first; no parcel of that id is no error. Raises `StorageError`."""
    check_id(delivery_id)
    try:
        with opened_folder(outbox) as folder:
            names = _audio_names(outbox, delivery_id)
            _remove(folder, f"{delivery_id}.json")
            sync_folder(folder)
            for name in names:
                _remove(folder, name)
    except OSError as error:
        raise StorageError(
            f"outbox {outbox}: {delivery_id} cannot be cleared, {words_for(error)}; remove its files by hand"
        ) from error


def pending(outbox: Path) -> tuple[Parcel, ...]:
    """What is left in `outbox`, ordered by id; a folder that is not there is empty.

    Raises `StorageError` for a journal that is none, or whose audio is gone.
    """
    if not outbox.is_dir():
        return ()
    journals = sorted(path for path in outbox.glob("*.json") if not path.name.startswith("."))
    return tuple(_read_journal(path) for path in journals)


def _keep_audio(folder: int, parcel: Parcel) -> str:
    suffix = parcel.file.suffix
    # ".json" is how a journal is known.
    extension = suffix if _EXTENSION.fullmatch(suffix) and suffix.lower() != ".json" else ""
    with open(parcel.file, "rb") as source, Draft(folder, mode=0o600) as audio:
        for block in read_blocks(source):
            audio.write(block)
        name = f"{parcel.delivery_id}.{audio.sha256[:16]}{extension}"
        audio.publish(name)
    return name


def _remove(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _journal_text(parcel: Parcel) -> str:
    target = parcel.target
    return json.dumps(
        {
            "format": FORMAT,
            "delivery_id": parcel.delivery_id,
            "audio": parcel.file.name,
            "content_type": parcel.content_type,
            "target": {"kind": target.kind.value, "method": target.method, "url": target.url, "rule": target.rule},
            "folder": parcel.folder,
            "metadata": dict(parcel.metadata),
        },
        indent=1,
        allow_nan=False,
    )


def _audio_names(outbox: Path, delivery_id: str) -> frozenset[str]:
    """The audio that the journal of `delivery_id` names: one file, or none where there is no sound journal."""
    try:
        return frozenset({_read_journal(outbox / f"{delivery_id}.json").file.name})
    except (FileNotFoundError, StorageError):
        return frozenset()


def _read_journal(path: Path) -> Parcel:
    """Read a journal as hostile input: every field is checked, and the audio is a plain file of this folder."""
    text = path.read_bytes()
    try:
        parcel = _parcel_from(path.parent, json.loads(text))
    # The faults' own words could show the URL's credentials.
    except (ValueError, KeyError, TypeError, RecursionError, StorageError):
        raise StorageError(f"{path}: not a journal of this outbox; remove it, or restore it from a copy") from None
    if parcel.delivery_id != path.stem or parcel.file.is_symlink() or not parcel.file.is_file():
        raise StorageError(f"{path}: its audio is not beside it; remove it, or put {parcel.file.name} back")
    return parcel


def _parcel_from(outbox: Path, journal: Mapping[str, Any]) -> Parcel:
    if journal["format"] != FORMAT or _AUDIO.fullmatch(journal["audio"]) is None:
        raise ValueError
    target = journal["target"]
    texts = (target["method"], target["url"], target["rule"], journal["content_type"], journal["folder"])
    if not all(isinstance(text, str) for text in texts) or not isinstance(journal["metadata"], dict):
        raise TypeError
    method, url, rule, content_type, folder = texts
    return Parcel(
        delivery_id=journal["delivery_id"],
        file=outbox / journal["audio"],
        content_type=content_type,
        target=Target(TargetKind(target["kind"]), method, url, rule),
        metadata=journal["metadata"],
        folder=folder,
    )
