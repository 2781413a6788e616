"""The journal of one parcel: a line with all that a later delivery needs, and a line for each try so far.

The first line appears with the file, whole; every later one is appended between line breaks, so that one cut off by a
crash, or made noise by a power failure, spoils no other. Journals are read as hostile input: every field is checked,
and the audio is the one that the outbox would have named so.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from callflow.core.delivery import Body, Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.parcel import DIGEST_LENGTH, Attempt, Parcel
from callflow.storage.routes import Destinations

FORMAT: Final = 2
BYTES_MAX: Final = 1 << 24
"""Longest journal that is read."""

_EXTENSION: Final = re.compile(r"(?:\.(?!json$)[A-Za-z0-9]{1,16})?", re.IGNORECASE)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@frozen
class PastTry:
    """A try that failed: when (UTC, ISO 8601), and what came of it, in the words of `Attempt`."""

    at: str
    result: str
    place: str


@frozen
class Entry:
    """What the outbox holds of one parcel.

    `parcel.file` is the outbox's copy, `bytes` and `sha256` (hex) are its; `meant_for` is where it goes, `kept_at` when
    it was kept (UTC, ISO 8601), `by` the hidden file that is locked while the process that sends it lives. Once it
    `has_arrived`, only its files are still to be removed.
    """

    parcel: Parcel
    meant_for: Destinations
    bytes: int
    sha256: str
    kept_at: str
    by: str
    tries: tuple[PastTry, ...] = field(default=(), repr=False)
    has_arrived: bool = False


class NoJournal(StorageError):
    """A file that is named like a journal and is none: the argument says what is wrong with it."""


def first_line(entry: Entry) -> bytes:
    """The journal of a parcel that was not tried yet."""
    parcel, target = entry.parcel, entry.parcel.target
    folder = entry.meant_for.local_folder
    line = _line(
        {
            "format": FORMAT,
            "delivery_id": parcel.delivery_id,
            "audio": parcel.file.name,
            "bytes": entry.bytes,
            "sha256": entry.sha256,
            "content_type": parcel.content_type,
            "target": {
                "kind": target.kind.value,
                "method": target.method,
                "url": target.url,
                "rule": target.rule,
                "body": target.body.value,
            },
            "folder": parcel.folder,
            "webhook": parcel.webhook,
            "database_url": entry.meant_for.database_url,
            "local_folder": None if folder is None else str(folder),
            "kept_at": entry.kept_at,
            "by": entry.by,
            "metadata": dict(parcel.metadata),
        }
    )
    return line + b"\n"


def line_of_try(attempt: Attempt, at: str) -> bytes:
    """A line to append: one try, made at `at`."""
    return b"\n" + _line({"at": at, "result": attempt.result, "place": attempt.place})


def line_of_owner(by: str) -> bytes:
    """A line to append: the parcel is another process's now."""
    return b"\n" + _line({"by": by})


def line_of_arrival() -> bytes:
    """A line to append: the target has it."""
    return b"\n" + _line({"has_arrived": True})


def read_entry(outbox: Path, delivery_id: str, text: bytes) -> Entry:
    """Read the journal `text` of `delivery_id`. Raises `NoJournal`, without any of the text: it holds credentials."""
    head, *more = text.split(b"\n")
    try:
        journal = _object(head)
        if journal is None:
            raise NoJournal(_why_no_journal(text))
        entry = _entry_from(outbox, journal)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoJournal("not a journal of this outbox") from None
    except StorageError as fault:
        raise NoJournal(str(fault) if isinstance(fault, NoJournal) else "not a journal of this outbox") from None
    if entry.parcel.delivery_id != delivery_id:
        raise NoJournal("the journal of another delivery")
    return _with_more(entry, more)


def _line(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, allow_nan=False, separators=(",", ":")).encode()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _why_no_journal(text: bytes) -> str:
    """What to say of a first line that is no object; format 1 was one object of many lines."""
    older = _object(text)
    if older is not None and older.get("format") == 1:
        return "a journal of format 1, which is no longer read"
    return "not a journal of this outbox"


def _entry_from(outbox: Path, journal: Mapping[str, Any]) -> Entry:
    if journal["format"] != FORMAT or type(journal["bytes"]) is not int:
        raise ValueError
    if _SHA256.fullmatch(journal["sha256"]) is None or not _is_audio_of(journal):
        raise ValueError
    target, database_url, local_folder = journal["target"], journal["database_url"], journal["local_folder"]
    parcel = Parcel(
        delivery_id=_text(journal["delivery_id"]),
        file=outbox / journal["audio"],
        content_type=_text(journal["content_type"]),
        target=Target(
            TargetKind(target["kind"]),
            _text(target["method"]),
            _text(target["url"]),
            _text(target["rule"]),
            Body(target["body"]),
        ),
        metadata={**_mapping(journal["metadata"])},
        folder=_text(journal["folder"]),
        webhook=_text(journal["webhook"]),
        digest=journal["sha256"][:DIGEST_LENGTH],
    )
    meant_for = Destinations(
        database_url=None if database_url is None else _text(database_url),
        local_folder=None if local_folder is None else _folder(local_folder),
        outbox=outbox,
    )
    return Entry(
        parcel, meant_for, journal["bytes"], journal["sha256"], _text(journal["kept_at"]), _text(journal["by"])
    )


def _with_more(entry: Entry, lines: list[bytes]) -> Entry:
    by, tries, has_arrived = entry.by, [], False
    for line in lines:
        facts = _object(line) or {}  # a line that a crash cut off tells nothing
        values = [str(facts[name]) for name in ("at", "result", "place") if isinstance(facts.get(name), str)]
        if facts.get("has_arrived") is True:
            has_arrived = True
        elif isinstance(facts.get("by"), str):
            by = facts["by"]
        elif len(values) == 3:
            tries.append(PastTry(*values))
    return evolve(entry, by=by, tries=tuple(tries), has_arrived=has_arrived)


def _is_audio_of(journal: Mapping[str, Any]) -> bool:
    """Whether the audio has the name that `Outbox` gave it: it is no other delivery's, and no journal."""
    start = f"{journal['delivery_id']}.{journal['sha256'][:DIGEST_LENGTH]}"
    name = _text(journal["audio"])
    return name.startswith(start) and _EXTENSION.fullmatch(name.removeprefix(start)) is not None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _folder(value: object) -> Path:
    text = _text(value)
    if "\0" in text:
        raise ValueError
    os.fsencode(text)  # UnicodeEncodeError, a ValueError, for what can be no path
    return Path(text)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    json.dumps(value, allow_nan=False)  # ValueError for numbers that are none: what is sent is JSON again
    return value
