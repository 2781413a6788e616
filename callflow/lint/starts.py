"""Checks of a recording's own settings, one node at a time."""

from __future__ import annotations

from collections.abc import Iterator

from callflow.core.diagnostic import Diagnostic
from callflow.core.endpoints import SystemMedia
from callflow.core.flow import Flow, Node
from callflow.lint.nodes import is_on, is_start, value_of


def check_starts(flow: Flow, system: SystemMedia) -> Iterator[Diagnostic]:
    """Yield what is doubtful about each start of a recording, in document order."""
    for node in flow.nodes():
        if is_start(node):
            yield from _storage(node, system)
            yield from _hooks(node)
            yield from _time_limit(node, system)


def _storage(node: Node, system: SystemMedia) -> Iterator[Diagnostic]:
    if not value_of(node, "url") and not system.store_recordings:
        message = "there is no url and store_recordings is false: the call is recorded and the file is stored nowhere"
        hint = "give it a url, or set store_recordings in the system document media"
        yield Diagnostic("recording-not-stored", "warning", f"{node.where}.data", message, hint)


def _hooks(node: Node) -> Iterator[Diagnostic]:
    if is_on(node, "record_on_answer") and is_on(node, "record_on_bridge"):
        message = "record_on_answer and record_on_bridge are both true: the answer wins"
        yield Diagnostic("both-hooks", "warning", f"{node.where}.data", message, "leave one of them out")


def _time_limit(node: Node, system: SystemMedia) -> Iterator[Diagnostic]:
    limit = value_of(node, "time_limit")
    most = system.max_recording_time_limit
    if isinstance(limit, int) and limit > most:
        message = f"the recording ends after {most} s, the system's max_recording_time_limit, not after {limit} s"
        hint = f"write {most} or less, or raise the maximum"
        yield Diagnostic("time-limit-above-maximum", "warning", f"{node.where}.data.time_limit", message, hint)
