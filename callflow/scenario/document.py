"""Files that people write: scenarios, accounts and callflows, read with care, every value's line known.

The content is hostile until proven otherwise: size, encoding, nesting and aliases are bounded, and no error shows
more of a file than a few words.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import field, frozen

from callflow.core.errors import DocumentError, ScenarioError
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.scenario.jsonfile import json_places, load_json
from callflow.scenario.places import Place, key_path, known_ancestor
from callflow.scenario.yamlfile import load_yaml

LARGEST_BYTES = 5_000_000
"""Size of the largest file that is read."""

FORMATS = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}
"""Endings of file names and the format that each stands for."""

ACCOUNT_KEYS = (
    "id", "name", "realm", "users", "devices", "vmboxes", "menus", "media", "temporal_rules", "callflows",
    "call_recording", "metaflows", "preflow", "timezone", "system_config",
)  # fmt: skip
"""Keys of an account file that mean something to the simulator (design §6). Kazoo's own account has many more."""


@frozen
class Document:
    """A file's data (plain dict, list, str, int, float, bool, None), its text, and the line of every value."""

    data: Any
    text: str = field(repr=False)
    path: str
    format: str = "json"
    _places: dict[str, Place] = field(factory=dict, repr=False, eq=False)

    def place(self, json_path: str) -> Place:
        """Where the value stands; for a path that the file lacks, where the nearest thing around it stands."""
        if not self._places:  # JSON lines are wanted only when something is wrong
            self._places.update(json_places(self.text))
        return known_ancestor(json_path, self._places)

    def where(self, json_path: str) -> str:
        """`file:line: json.path`, the beginning of an error. Spell unusual keys as `callflow.core.shown.child_path`."""
        start = f"{self.path}:{self.place(json_path).line}"
        return f"{start}: {json_path}" if json_path else start


def parse_document(text: str, *, file: str, format: str, error: type[DocumentError] = ScenarioError) -> Document:
    """The document of a text in `json` or `yaml`. Raises `error` for what is broken, ValueError for other formats."""
    if format == "json":
        return Document(load_json(text, file, error), text, file, format)
    if format != "yaml":
        raise ValueError(f"format must be json or yaml, not {format!r}")
    data, places = load_yaml(text, file, error)
    return Document(data, text, file, format, places)


def read_document(path: Path, error: type[DocumentError] = ScenarioError) -> Document:
    """Read a `.json`, `.yaml` or `.yml` file.

    Raises `error` (a callflow's reader passes FlowError) when there is no such file, when it is a folder, a device,
    too large, no UTF-8 text, or broken.
    """
    file = str(path)
    if not file.isprintable():
        raise error(shown(file), "the name holds a line break or a control character", "rename the file")
    format = FORMATS.get(path.suffix.lower())
    content = _read_bytes(path, file, error)
    if format is None:
        raise error(file, f"the ending {shown(path.suffix)} is unknown", "name it .yaml, .yml or .json")
    return parse_document(_decode(content, file, error), file=file, format=format, error=error)


def _read_bytes(path: Path, file: str, error: type[DocumentError]) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise error(file, "this is a folder, not a file", "name a file in it")
        if not stat.S_ISREG(mode):
            raise error(file, "this is not a regular file", "name a .yaml or .json file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise error(file, "there is no such file", _similar_file(path)) from None
    except OSError as fault:
        raise error(file, f"cannot be read: {fault.strerror or 'input/output error'}", "") from None
    except ValueError:
        raise error(file, "this cannot be a file's name", "name a .yaml or .json file") from None
    if len(content) > LARGEST_BYTES:
        raise error(file, f"larger than {LARGEST_BYTES // 1_000_000} MB", "is it the right file?")
    return content


def _similar_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix.lower() in FORMATS]
    except OSError:
        return "the folder does not exist either" if not path.parent.exists() else ""
    match = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {shown(match[0])}?" if match else "paths are relative to the file that names them"


def _decode(content: bytes, file: str, error: type[DocumentError]) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise error(file, "the text is UTF-16", "save it as UTF-8")
    if b"\0" in content:
        raise error(file, "this is a binary file", "name a .yaml or .json file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        problem = f"byte 0x{content[fault.start]:02x} is not UTF-8 text"
        raise error(f"{file}:{line}", problem, "save it as UTF-8") from None


_NOT_FROM_HERE = re.compile(r"[/\\~]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*://")


def check_reference(text: str) -> str:
    """A path that a document names, relative to that document; raises ScenarioError (no place) for any other kind."""
    if not text.strip() or not text.isprintable():
        raise ScenarioError("", f"{shown(text)} is not a file's name", "name a file relative to this one")
    if _NOT_FROM_HERE.match(text):
        raise ScenarioError("", f"{shown(text)} is not a path from here", "name a file relative to this one")
    return text


def rebase(reference: str, holder: str, file: str) -> str:
    """A path relative to the folder of the file `holder`, written relative to the folder of `file`."""
    here, there = os.path.dirname(file), os.path.dirname(holder)
    if here == there:
        return reference
    return Path(os.path.relpath(os.path.join(there, reference), here or ".")).as_posix()


def check_account(keys: Iterable[str], where: dict[str, str]) -> None:
    """Refuse misspelt top-level keys of an account; keys that resemble none of ours are Kazoo's own and pass.

    `where` gives the place of each key. Raises ScenarioError.
    """
    for key in keys:
        if key in ACCOUNT_KEYS:
            continue
        if meant := nearest(key, ACCOUNT_KEYS):
            raise ScenarioError(where[key], f"unknown key {shown(key)}", f'did you mean "{meant}"?')


def load_account(path: Path) -> Document:
    """An account file (design §6): its raw data, a mapping, with lines. Raises ScenarioError."""
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise ScenarioError(document.where(""), "an account is a mapping", "begin with users:, devices: or callflows:")
    check_account(document.data, {key: document.where(key_path("", key)) for key in document.data})
    return document
