"""JSON as written by hand: read strictly (no key twice, no NaN), with the line of every value on request."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from attrs import frozen

from callflow.core.errors import DocumentError
from callflow.core.shown import shown
from callflow.scenario.places import Place, item_path, key_path

_TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_INTEGER = 30


class _RefusedError(Exception):
    """What the standard reader accepts and we do not: `args[0]` says why."""


@frozen
class Repeated:
    """A key that stands twice in one object: its JSON path and the line of the second."""

    path: str
    line: int


def load_json(text: str, file: str, error: type[DocumentError]) -> Any:
    """The data of a JSON text; raises `error` with file, line and column for what is broken or ambiguous."""
    repeated = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        data = dict(items)
        repeated = repeated or len(data) != len(items)
        return data

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant, parse_int=_integer)
    except json.JSONDecodeError as broken:
        where = f"{file}:{broken.lineno}:{broken.colno}"
        raise error(where, f"broken JSON: {broken.msg}", "JSON wants double quotes, and no comma at an end") from None
    except RecursionError:
        raise error(file, "the JSON is nested too deeply to be read", "a callflow has some hundred levels") from None
    except _RefusedError as refused:
        raise error(file, str(refused), "write what JSON allows") from None
    if repeated:
        raise _repetition(text, file, error)
    if "\\ud" in text.lower() and _SURROGATE.search(json.dumps(data, ensure_ascii=False)):
        raise error(file, "a string holds half a character (a lone \\ud… escape)", "write the character itself")
    return data


def json_places(text: str) -> dict[str, Place]:
    """JSON path → place, for a text that `load_json` has accepted (a key counts from where the key stands)."""
    return _walk(text)[0]


def _repetition(text: str, file: str, error: type[DocumentError]) -> DocumentError:
    second = _walk(text)[1]
    place = f"{file}:{second.line}: {second.path}" if second else file
    return error(place, "the key stands twice in one object", "keep one of the two")


def _no_constant(word: str) -> Any:
    raise _RefusedError(f"{word} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise _RefusedError(f"the number {shown(digits[:_LONGEST_INTEGER])}… is too long")
    return int(digits)


def _walk(text: str) -> tuple[dict[str, Place], Repeated | None]:
    """Places of all values, and the first key that its object already had."""
    starts = [found.end() for found in re.finditer("\n", text)]
    places = {"": Place(1)}
    first_repeated: Repeated | None = None
    open_paths: list[tuple[str, int]] = []  # (path, next index; -1 in an object)
    keys_seen: list[set[str]] = []
    path, want_key = "", False
    for found in _TOKEN.finditer(text):
        token, line = found.group(1), bisect_right(starts, found.start(1)) + 1
        if token in "}]":
            open_paths.pop()
            keys_seen.pop()
            want_key = False
            continue
        if token == ":":
            continue
        if token == ",":
            want_key = open_paths[-1][1] < 0
            continue
        if want_key:
            key = json.loads(token, strict=False)
            path = key_path(open_paths[-1][0], key)
            if key in keys_seen[-1] and first_repeated is None:
                first_repeated = Repeated(path, line)
            keys_seen[-1].add(key)
            places.setdefault(path, Place(line))
            want_key = False
            continue
        if open_paths and open_paths[-1][1] >= 0:
            holder, index = open_paths[-1]
            path = item_path(holder, index)
            open_paths[-1] = (holder, index + 1)
            places.setdefault(path, Place(line))
        if token in "{[":
            open_paths.append((path, -1 if token == "{" else 0))
            keys_seen.append(set())
            want_key = token == "{"
    return places, first_repeated
