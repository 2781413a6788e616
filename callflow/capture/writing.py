"""Scenario files written for people: YAML by hand, as no library keeps a step on a line with its remark beside it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from callflow.core.errors import StorageError
from callflow.report.wording import cut, printable

_PLAIN: Final = re.compile(r"[A-Za-z]([A-Za-z0-9_./ -]*[A-Za-z0-9_])?", re.ASCII)
_NOT_PLAIN: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_LONGEST_TEXT: Final = 120


@frozen
class Line:
    """One step: when, what, and a remark behind it, or ""."""

    when: str
    deed: str
    remark: str = ""


@frozen
class Draft:
    """A scenario to be written: what stands at its top, its steps, what it expects, and remarks above it all.

    `callflow` and `account` are files, or a number and None; they are written relative to the scenario's own folder.
    `expect` has whole lines below `expect:`, without their indentation.
    """

    name: str
    callflow: str
    account: Path | None
    profile: str
    start: str
    seed: int
    caller: Mapping[str, str]
    steps: Sequence[Line]
    values: Mapping[str, str] = field(factory=dict)
    expect: Sequence[str] = ()
    remarks: Sequence[str] = ()


def word(text: str) -> str:
    """A text as a YAML scalar: plain where nothing could be misread, otherwise in quotes."""
    safe = printable(text)
    is_plain = _PLAIN.fullmatch(safe) and safe.casefold() not in _NOT_PLAIN and "  " not in safe
    return safe if is_plain else _json(safe)


def flow_map(entries: Mapping[str, Any]) -> str:
    """`{event: RECORD_START, at: 4s}`: texts as words, numbers as they are."""
    told = (f"{key}: {word(each) if isinstance(each, str) else json.dumps(each)}" for key, each in entries.items())
    return f"{{{', '.join(told)}}}"


def scenario_text(draft: Draft, file: Path) -> str:
    """The scenario as the text of `file`."""
    return "\n".join((*(f"# {printable(each)}" for each in draft.remarks), *_lines(draft, file.parent), ""))


def _lines(draft: Draft, folder: Path) -> Iterable[str]:
    yield f"scenario: {_quoted(draft.name)}"
    yield f"callflow: {_json(_from(folder, draft.callflow))}"
    if draft.account is not None:
        yield f"account: {_json(_from(folder, str(draft.account)))}"
    if draft.values:
        yield f"with: {{{', '.join(f'{key}: {_json(each)}' for key, each in draft.values.items())}}}"
    yield f"profile: {draft.profile}"
    yield f"start: {draft.start}"
    yield f"seed: {draft.seed}"
    yield f"caller: {{{', '.join(f'{key}: {_quoted(each)}' for key, each in draft.caller.items() if each)}}}"
    yield "timeline:"
    for step in draft.steps:
        yield f"  - {word(step.when)}: {word(step.deed)}{f'  # {printable(step.remark)}' if step.remark else ''}"
    if draft.expect:
        yield "expect:"
        yield from (f"  {line}" for line in draft.expect)


def _quoted(text: str) -> str:
    return _json(cut(printable(text), _LONGEST_TEXT))


def _json(text: str) -> str:
    """In quotes, as YAML and JSON both read it."""
    return json.dumps(text, ensure_ascii=False)


def _from(folder: Path, reference: str) -> str:
    """A path relative to the scenario's folder; a number stays one."""
    if not any(mark.isalpha() for mark in reference):
        return reference
    holder, name = os.path.split(reference)
    there = os.path.join(os.path.realpath(holder), name)
    return Path(os.path.relpath(there, os.path.realpath(folder))).as_posix()  # `..` leads up from the real folder


def write_whole(path: Path, text: str) -> None:
    """Write the file, whole or not at all. Raises StorageError when that cannot be."""
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".", suffix=".yaml", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(draft, 0o644)
            os.replace(draft, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}; choose another file") from None
