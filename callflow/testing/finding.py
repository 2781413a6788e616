"""Which files are scenarios: named by the user, or found in folders without reading more of each than it takes.

A file that is named is always taken. In a folder, `*.scenario.yaml`, `.yml` and `.json` are; any other `.yaml`, `.yml`
or `.json` is when `scenario:` stands among its outermost keys. Callflows and accounts, which lie beside it, have none.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from callflow.scenario.document import FORMATS, LARGEST_BYTES

_CERTAIN: Final = ".scenario"
_HEAD_BYTES: Final = 65_536
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__"})
_YAML_KEY: Final = re.compile(rb"""^(?:\xef\xbb\xbf)?(["']?)scenario\1[ \t]*:""", re.MULTILINE)
_JSON_START: Final = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"scenario"\s*:')


@frozen
class Found:
    """Files to run, each once, in the order of the paths given and by name within a folder; and what was passed over.

    `skipped` are the YAML and JSON files of folders that are no scenarios.
    """

    files: tuple[Path, ...]
    skipped: tuple[Path, ...] = ()


def find_scenarios(paths: Iterable[Path]) -> Found:
    """The scenario files that the paths lead to. A path that leads nowhere is taken too: running it says what is wrong.

    Hidden folders, `node_modules` and folders that are reached through a symbolic link are not entered.
    """
    files: dict[str, Path] = {}
    skipped: dict[str, Path] = {}
    for path in paths:
        if not path.is_dir():
            files.setdefault(_key(path), path)
            continue
        for each in _documents(path):
            (files if is_scenario(each) else skipped).setdefault(_key(each), each)
    return Found(tuple(files.values()), tuple(path for key, path in skipped.items() if key not in files))


def is_scenario(path: Path) -> bool:
    """Whether a YAML or JSON file looks like a scenario; a broken one does when it begins as one."""
    if Path(path.stem).suffix.lower() == _CERTAIN:
        return True
    is_json = FORMATS[path.suffix.lower()] == "json"
    head = _head(path, LARGEST_BYTES if is_json else _HEAD_BYTES)
    return _is_scenario_json(head) if is_json else _YAML_KEY.search(head) is not None


def _is_scenario_json(text: bytes) -> bool:
    if b'"scenario"' not in text:
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _JSON_START.match(text) is not None
    # What `run --json` prints names its scenario too, and begins with its format.
    return isinstance(data, dict) and "scenario" in data and "format" not in data


def _head(path: Path, most: int) -> bytes:
    """The file's beginning; nothing of what cannot be read, or is no regular file and could keep us waiting."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(most)
    except OSError:
        return b""


def _documents(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _LEFT_OUT)
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in FORMATS and not name.startswith("."):
                yield Path(here, name)


def _key(path: Path) -> str:
    """The same for the same file, however it is reached."""
    return os.path.realpath(path)
