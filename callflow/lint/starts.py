"""Checks of a recording's own settings, one node at a time."""

from __future__ import annotations

from collections.abc import Iterator

from callflow.core.diagnostic import Diagnostic
from callflow.core.endpoints import SystemMedia
from callflow.core.flow import Flow, Node
from callflow.lint.nodes import is_on, is_start, value_of

FRAME_MS = 20
"""Milliseconds of one frame of sound: silence is only looked at when one ends (B§4.5)."""

_DEFAULT_FINAL_TIMEOUT_MS = 5


def check_starts(flow: Flow, system: SystemMedia) -> Iterator[Diagnostic]:
    """Yield what is doubtful about each start of a recording, in document order."""
    for node in flow.nodes():
        if is_start(node):
            yield from _storage(node, system)
            yield from _hooks(node)
            yield from _time_limit(node, system)
            yield from _silence(node)


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


def _silence(node: Node) -> Iterator[Diagnostic]:
    where = f"{node.where}.data"
    if not is_on(node, "silence_detection"):
        keys = [key for key in sorted(node.data) if key.startswith("silence_") and key != "silence_detection"]
        if keys:
            message = f"silence_detection is off: {', '.join(keys)} has no effect"
            hint = 'write "silence_detection": true'
            yield Diagnostic("silence-detection-off", "info", where, message, hint)
        return
    if value_of(node, "silence_threshold") == 0:
        message = "a silence_threshold of 0 turns silence detection off: no frame is below it"
        yield Diagnostic("silence-threshold-zero", "warning", f"{where}.silence_threshold", message, "write 200")
    final_ms = value_of(node, "silence_final_timeout", _DEFAULT_FINAL_TIMEOUT_MS)
    if isinstance(final_ms, int) and 1 <= final_ms <= FRAME_MS:
        message = (
            f"a silence_final_timeout of {final_ms} ms ends the recording at the second silent frame of {FRAME_MS} ms, "
            "as between two words"
        )
        hint = "it counts milliseconds: write 3000 for three seconds"
        yield Diagnostic("silence-final-timeout", "warning", f"{where}.silence_final_timeout", message, hint)
