"""What the storage target replies (design §6), one reply for each attempt of a delivery.

Written `503`, `refused`, `timeout`, `reset`, `slow 2s` or `slow 2s then 503`. `503 retry after 30s` is known and
refused: production ignores the wait (B§6.6), and so would this simulator, without a word.
"""

from __future__ import annotations

import re

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.durations import format_duration, parse_duration
from callflow.scenario.nodes import Node, at, items, mapping, text
from callflow.scenario.not_yet import refuse_not_yet
from callflow.scenario.words import suggestion


@frozen
class HttpStatus:
    """An HTTP reply, 100 to 599."""

    code: int

    def __str__(self) -> str:
        return str(self.code)


@frozen
class Refused:
    """Nobody listens: the connection is refused."""

    def __str__(self) -> str:
        return "refused"


@frozen
class Timeout:
    """The target never replies."""

    def __str__(self) -> str:
        return "timeout"


@frozen
class Reset:
    """The connection breaks while the file is being sent."""

    def __str__(self) -> str:
        return "reset"


@frozen
class Slow:
    """The reply `then` comes only after `delay_ms`."""

    delay_ms: int
    then: HttpStatus = HttpStatus(201)

    def __str__(self) -> str:
        tail = "" if self.then == HttpStatus(201) else f" then {self.then}"
        return f"slow {format_duration(self.delay_ms)}{tail}"


Answer = HttpStatus | Refused | Timeout | Reset | Slow
"""One reply of the target."""


@frozen
class StorageScript:
    """What the target replies: every delivery reads `answers` from its start, the last one repeats (design §12).

    Without answers the target takes everything.
    """

    answers: tuple[Answer, ...] = ()


_WORDS: dict[str, Answer] = {"refused": Refused(), "timeout": Timeout(), "reset": Reset()}
_STATUS = re.compile(r"([0-9]{1,6})(?: retry after (.+))?")
_SLOW = re.compile(r"slow (.+?)(?: then (.+))?")
_EXAMPLE = "[503, refused, timeout, reset, slow 2s, slow 2s then 503, 201]"


def parse_answer(words: str) -> Answer:
    """The reply that the words describe; raises ScenarioError (without a place)."""
    words = " ".join(words.split())
    if words in _WORDS:
        return _WORDS[words]
    if _STATUS.fullmatch(words):
        return _status(words)
    if slow := _SLOW.fullmatch(words):
        return Slow(parse_duration(slow.group(1)), _status(slow.group(2)) if slow.group(2) else HttpStatus(201))
    raise ScenarioError("", f"unknown reply {shown(words)}", suggestion(words, [*_WORDS, "slow 2s", "503", "201"]))


def _status(words: str) -> HttpStatus:
    found = _STATUS.fullmatch(words)
    if found is None or not 100 <= int(found.group(1)) <= 599:
        raise ScenarioError("", f"{shown(words)} is not an HTTP status", "a status is a number from 100 to 599")
    if found.group(2):
        refuse_not_yet("retry after", words)
    return HttpStatus(int(found.group(1)))


def read_answers(node: Node) -> tuple[Answer, ...]:
    """A list of replies; at least one."""
    answers = []
    for item in items(node, _EXAMPLE):
        with at(item):
            is_number = isinstance(item.value, int) and not isinstance(item.value, bool)
            answers.append(parse_answer(str(item.value) if is_number else text(item, f"one of {_EXAMPLE}")))
    if not answers:
        raise node.error("empty", f"write it like {_EXAMPLE}, or leave it out: then the target takes everything")
    return tuple(answers)


def read_storage(node: Node | None) -> StorageScript:
    """The `storage:` part of a scenario."""
    if node is None:
        return StorageScript()
    entries = mapping(node, ("answers",), f"{{answers: {_EXAMPLE}}}")
    return StorageScript(read_answers(entries["answers"])) if "answers" in entries else StorageScript()
