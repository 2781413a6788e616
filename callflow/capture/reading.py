"""A capture's file: which form it has, its events in the order of time, and what was left out (hostile input)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from callflow.capture.events import FREESWITCH, KAZOO, LoggedEvent, Vocabulary, event_of
from callflow.capture.socket_text import socket_events
from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.report.wording import cut, printable

LARGEST_BYTES: Final = 50_000_000
"""Size of the largest capture that is read."""

MOST_EVENTS: Final = 200_000
"""How many events a capture may have."""

_FORMS: Final = "a capture is Kazoo's call events, a JSON object a line, or the text of FreeSWITCH's event socket"
_HEADER: Final = re.compile(rb"[A-Za-z][A-Za-z0-9_-]{0,100}: ?[^\n]*")
_LONGEST_NAME: Final = 60


@frozen
class Capture:
    """What a file logged: its form, its events in the order of time, names of events left out, and warnings."""

    form: str
    events: tuple[LoggedEvent, ...]
    skipped: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def is_in_whole_seconds(self) -> bool:
        """Whether every time is a whole second, as Kazoo's `Timestamp` is: differences below that mean nothing."""
        return all(event.at_us % 1_000_000 == 0 for event in self.events)


def read_capture(path: Path) -> Capture:
    """Read a capture. Raises ScenarioError, with the line, for what is no capture or broken."""
    file = printable(path)
    return parse_capture(_bytes(path, file), file)


def parse_capture(content: bytes, file: str) -> Capture:
    """The same from a file's content; `file` stands in errors."""
    start = content.lstrip()[:200]
    if start.startswith(b"{"):
        form, entries = KAZOO.form, _json_entries(content, file)
    elif _HEADER.match(start):
        form, entries = FREESWITCH.form, ((line, fields, FREESWITCH) for line, fields in socket_events(content, file))
    else:
        raise ScenarioError(f"{file}:1", "this is no capture" if start else "the file is empty", _FORMS)
    events: list[LoggedEvent] = []
    skipped: Counter[str] = Counter()
    for line, fields, words in entries:
        event = event_of(fields, words, f"{file}:{line}", line)
        if event is None:
            skipped[cut(printable(fields.get("Event-Name", "") or "(no name)"), _LONGEST_NAME)] += 1
        elif len(events) == MOST_EVENTS:
            raise ScenarioError(f"{file}:{line}", f"more than {MOST_EVENTS:,} events", "cut the capture in parts")
        else:
            events.append(event)
    if not events:
        raise ScenarioError(file, "no event of a channel in it", "log CHANNEL_CREATE, CHANNEL_DESTROY and the others")
    ordered = sorted(events, key=lambda event: event.at_us)  # stable: within an instant the file's order stays
    return Capture(form, tuple(ordered), dict(skipped), tuple(_order_warnings(events)))


def _order_warnings(events: list[LoggedEvent]) -> Iterator[str]:
    late = [after for before, after in zip(events, events[1:], strict=False) if after.at_us < before.at_us]
    if late:
        counted = "1 event is" if len(late) == 1 else f"{len(late)} events are"
        yield f"{counted} earlier than the one before, first in line {late[0].line}: put in the order of time"


def _json_entries(content: bytes, file: str) -> Iterator[tuple[int, Mapping[str, str], Vocabulary]]:
    for line, text in enumerate(content.split(b"\n"), 1):
        if not text.strip():
            continue
        where = f"{file}:{line}"
        try:
            data = json.loads(text.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise ScenarioError(where, "this line is no JSON", "write every event on a line of its own") from None
        if not isinstance(data, dict):
            raise ScenarioError(where, f"{shown(data)} is no event", "an event is an object: {…}")
        words = FREESWITCH if "Unique-ID" in data and "Call-ID" not in data else KAZOO
        yield line, dict(_flat(data)), words


def _flat(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts and numbers of an object; those of the objects in it under `Outer.Inner`, one level deep."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", str(each)) for inner, each in value.items() if _is_plain(each))
        elif _is_plain(value):
            yield key, str(value)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _bytes(path: Path, file: str) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise ScenarioError(file, "this is not a regular file", "name a capture's file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError(file, "there is no such file", _FORMS) from None
    except OSError as fault:
        raise ScenarioError(file, f"cannot be read: {fault.strerror or 'input/output error'}", "") from None
    except ValueError:
        raise ScenarioError(file, "this cannot be a file's name", "name a capture's file") from None
    if len(content) > LARGEST_BYTES:
        raise ScenarioError(file, f"larger than {LARGEST_BYTES // 1_000_000} MB", "cut the capture in parts")
    return content
