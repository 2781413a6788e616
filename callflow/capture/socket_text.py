"""The text of FreeSWITCH's event socket: blocks of `Name: value`, values URL-encoded, some followed by a body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]{0,200}")
_LENGTH: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_EVENT_FOLLOWS: Final = "text/event-plain"
_LONGEST_LINE: Final = 1_000_000


def socket_events(content: bytes, file: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Every event's first line and headers. The envelope around an event is passed over, and so are bodies.

    Raises ScenarioError, with the line, for what is no header, and for a body that is longer than the file.
    """
    place, line = 0, 1
    while place < len(content):
        first, fields = line, dict[str, str]()
        while place < len(content):
            end = content.find(b"\n", place)
            end = len(content) if end < 0 else end
            text = content[place:end].strip(b"\r")
            place, line = end + 1, line + 1
            if not text.strip():
                break
            name, value = _header(text, f"{file}:{line - 1}")
            fields[name] = value
        if not fields:
            continue
        length = _body_length(fields, f"{file}:{first}")
        if place + length > len(content):
            raise ScenarioError(f"{file}:{first}", "the body is cut off", "Content-Length says how long it is")
        line += content.count(b"\n", place, place + length)
        place += length
        if "Event-Name" in fields or fields.get("Content-Type") != _EVENT_FOLLOWS:
            yield first, fields if "Event-Name" in fields else {"Event-Name": fields.get("Content-Type", "")}


def _header(text: bytes, where: str) -> tuple[str, str]:
    name, colon, value = text[:_LONGEST_LINE].decode("utf-8", "replace").partition(":")
    if not colon or not _NAME.fullmatch(name):
        raise ScenarioError(where, f"{shown(name)} is no header", "write Name: value, and an empty line between events")
    return name, unquote(value.strip())


def _body_length(fields: Mapping[str, str], where: str) -> int:
    """Bytes after the empty line; the body of an envelope is the event itself, and is read on."""
    text = fields.get("Content-Length", "0")
    if not _LENGTH.fullmatch(text):
        raise ScenarioError(where, f"Content-Length {shown(text)} is no length", "write how many bytes follow")
    return 0 if fields.get("Content-Type") == _EVENT_FOLLOWS and "Event-Name" not in fields else int(text)
