"""Checks along the ways through a flow: which recordings may be running when a node is reached.

A flow is a tree, so each node is reached in one way only. A recording ends on that way by a stop alone: that its limit
or a hang-up ends it earlier is never certain beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve, field, frozen

from callflow.core.diagnostic import Diagnostic
from callflow.core.endpoints import SystemMedia
from callflow.core.flow import Flow, Node
from callflow.lint.nodes import is_on, is_start, is_stop, value_of

_ANSWERING = frozenset({"answer", "play", "tones", "collect_dtmf", "menu", "voicemail", "group", "dead_air"})
"""Modules after which the caller is answered (B§7)."""


_TAKES: Mapping[str, tuple[str, str]] = {
    "voicemail": ("voicemail-while-recording", "the mailbox records its message"),
    "record_caller": ("record-caller-while-recording", "the caller is recorded: the end of either may end the wait"),
}
"""Modules that wait for the end of a recording of their own, and may take another's for it (the seed; B§3.11; C2)."""

_Place = tuple[str, str]
"""The url and the format of a recording: with the call's id they are the whole name of the file (B§6.3)."""


@frozen
class _Way:
    """What holds before a node: the recordings started and not stopped, newest last; whether the call is answered.

    `uploads` has every recording so far that has a url, stopped or not: by its place, where it is started first.
    """

    recordings: tuple[Node, ...] = ()
    is_answered: bool = False
    uploads: Mapping[_Place, str] = field(factory=dict)


def check_paths(flow: Flow, system: SystemMedia) -> Iterator[Diagnostic]:
    """Yield what is doubtful about the order of recordings, stops and mailboxes, in document order."""
    waiting: list[tuple[Node | None, _Way]] = [(flow.root, _Way())]
    while waiting:
        node, way = waiting.pop()
        if node is None:
            continue
        if not node.skip:
            yield from _remarks(node, way)
            way = _after(node, way)
            place = _place_of(node, system)
            if place is not None and place in way.uploads:
                yield _same_place(node, way.uploads[place])
            elif place is not None:
                way = evolve(way, uploads={**way.uploads, place: node.where})
        waiting.extend((child, way) for child in reversed(list(node.children.values())))


def _after(node: Node, way: _Way) -> _Way:
    if is_stop(node):
        return evolve(way, recordings=way.recordings[:-1])
    if is_start(node):
        return evolve(way, recordings=(*way.recordings, node))
    return evolve(way, is_answered=True) if node.module in _ANSWERING else way


def _place_of(node: Node, system: SystemMedia) -> _Place | None:
    if not is_start(node) and node.module != "record_caller":
        return None
    url = value_of(node, "url")
    extension = str(value_of(node, "format", system.extension)).lower()
    return (url.rstrip("/"), extension) if isinstance(url, str) and url else None


def _same_place(node: Node, first: str) -> Diagnostic:
    message = (
        f"this recording has the url of the one started at {first}: the file's name depends on the call alone, "
        "and the file that comes last overwrites the other"
    )
    return Diagnostic("same-upload-url", "warning", f"{node.where}.data.url", message, "give each a url of its own")


def _remarks(node: Node, way: _Way) -> Iterator[Diagnostic]:
    if is_stop(node) and not way.recordings:
        message = "nothing is recorded here that record_call could stop"
        yield Diagnostic("stop-without-start", "warning", node.where, message, "start a recording on the way here")
    if is_start(node):
        yield from _start(node, way)
    if node.module in _TAKES:
        code, what = _TAKES[node.module]
        for start in way.recordings:
            # Only a bridge starts this one, and the way into a mailbox has none.
            if is_on(start, "record_on_bridge") and not is_on(start, "record_on_answer"):
                continue
            message = f"the recording started at {start.where} still runs when {what}"
            hint = f'put {{"module": "record_call", "data": {{"action": "stop"}}}} before the {node.module}'
            yield Diagnostic(code, "warning", node.where, message, hint)


def _start(node: Node, way: _Way) -> Iterator[Diagnostic]:
    if way.recordings:
        first = way.recordings[-1].where
        message = f"the recording started at {first} still runs: both go on together, and a stop ends the newer one"
        yield Diagnostic("second-recording", "info", node.where, message, "stop the first one before")
    waits = is_on(node, "record_on_answer") or is_on(node, "record_on_bridge")
    if is_on(node, "silence_detection") and not waits and not way.is_answered:
        message = "the recording may start before the answer, where ringback counts as speech and its pause as silence"
        hint = "set record_on_answer or record_on_bridge beside silence_detection"
        yield Diagnostic("silence-before-answer", "warning", node.where, message, hint)
