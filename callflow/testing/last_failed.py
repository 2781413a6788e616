"""What failed last time, remembered in `.callflow/failed.json` of the current folder: for `callflow test --failed`."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from callflow.testing.outcome import CaseResult

FOLDER: Final = Path(".callflow")
_NAME: Final = "failed.json"
_FORMAT: Final = 1
_LARGEST_BYTES: Final = 50_000_000

Key = tuple[int | None, str]
"""A case of a file: its row, None for the only scenario, and the profile that was chosen, "" for none."""

WHOLE: Final[Key] = (-1, "")
"""A file that could not be read."""

Remembered = Mapping[str, frozenset[Key]]
"""Cases by the real path of their file."""


def remembered(folder: Path = FOLDER) -> Remembered:
    """What failed last time; nothing when nothing is remembered or the memory is damaged."""
    try:
        path = folder / _NAME
        if path.stat().st_size > _LARGEST_BYTES:
            return {}
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict) or data.get("format") != _FORMAT or not isinstance(data.get("failed"), dict):
        return {}
    read = {file: _keys(listed) for file, listed in data["failed"].items()}
    return {file: keys for file, keys in read.items() if keys}


def _keys(listed: Any) -> frozenset[Key]:
    if not isinstance(listed, list):
        return frozenset()
    return frozenset((each[0], each[1]) for each in listed if _is_key(each))


def _is_key(each: Any) -> bool:
    if not isinstance(each, list) or len(each) != 2:
        return False
    row, chosen = each
    return (row is None or (isinstance(row, int) and not isinstance(row, bool))) and isinstance(chosen, str)


def is_wanted(keys: frozenset[Key], row: int | None, chosen: str) -> bool:
    """Whether a case is among those; a file that could not be read was wanted as a whole."""
    return (row, chosen) in keys or WHOLE in keys


def remember(cases: Iterable[CaseResult], folder: Path = FOLDER) -> None:
    """Take what failed and what passed into the memory; cases that did not run stay as they were.

    Without a failure no memory is begun. Raises OSError where the folder cannot be written.
    """
    memory = {file: set(keys) for file, keys in remembered(folder).items()}
    for case in cases:
        if case.outcome == "listed":
            continue
        keys = memory.setdefault(os.path.realpath(case.file), set())
        key = WHOLE if case.is_whole else (case.row, case.chosen)
        keys -= {key, WHOLE}
        if not case.has_passed:
            keys.add(key)
    failed = {file: sorted(map(list, keys), key=str) for file, keys in memory.items() if keys and os.path.exists(file)}
    if failed or (folder / _NAME).exists():
        _write(folder, {"format": _FORMAT, "failed": failed})


def _write(folder: Path, data: object) -> None:
    """Put the memory into its place at once, so that no reader finds half of it; git need not know of it."""
    if not folder.is_dir():
        folder.mkdir()
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    descriptor, draft = tempfile.mkstemp(prefix="failed-", suffix=".tmp", dir=folder)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
        os.replace(draft, folder / _NAME)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft)
