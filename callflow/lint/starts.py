"""Checks of a recording's own settings, one node at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callflow.core.delivery import TargetKind
from callflow.core.diagnostic import Diagnostic
from callflow.core.endpoints import SystemMedia
from callflow.core.flow import Flow, Node
from callflow.core.recording_limits import STEREO_RATE_HZ
from callflow.core.targets import is_stored
from callflow.lint.nodes import is_on, is_start, value_of

_DEFAULT_LIMIT_S: Final = 3600
"""Seconds of a recording that states no limit, by the seed; the code takes the system's maximum, which is no less."""

_FRAME_BYTES: Final = 4
_LARGEST_ATTACHMENT: Final = 100_000_000
"""Bytes of a file that a CouchDB may not take (C48)."""


def check_starts(flow: Flow, system: SystemMedia) -> Iterator[Diagnostic]:
    """Yield what is doubtful about each start of a recording, in document order."""
    for node in flow.nodes():
        if is_start(node):
            yield from _storage(node, system)
            yield from _size(node, system)
            yield from _hooks(node)
            yield from _time_limit(node, system)


def _storage(node: Node, system: SystemMedia) -> Iterator[Diagnostic]:
    if not value_of(node, "url") and not system.store_recordings and system.plan is None:
        message = "there is no url and store_recordings is false: the call is recorded and the file is stored nowhere"
        hint = "give it a url, or set store_recordings in the system document media"
        yield Diagnostic("recording-not-stored", "warning", f"{node.where}.data", message, hint)


def _size(node: Node, system: SystemMedia) -> Iterator[Diagnostic]:
    """A WAV file as long as its limit allows, where a CouchDB takes it: as an attachment (C48)."""
    has_place = not value_of(node, "url") and is_stored(system, "")
    if not has_place or (system.plan is not None and system.plan.kind is not TargetKind.COUCHDB):
        return
    limit, rate = value_of(node, "time_limit", _DEFAULT_LIMIT_S), value_of(node, "record_sample_rate", STEREO_RATE_HZ)
    is_wav = str(value_of(node, "format", system.extension)).lower() == "wav"
    if is_wav and isinstance(limit, int) and isinstance(rate, int):
        limit = min(limit, system.max_recording_time_limit)
        size = limit * rate * _FRAME_BYTES
        if size > _LARGEST_ATTACHMENT:
            message = (
                f"a recording of {limit} s has {size // 1_000_000} MB: CouchDB may refuse it (413), and BigCouch fails"
                " above 50 MB"
            )
            hint = "use mp3, a shorter time_limit or a url"
            yield Diagnostic("recording-too-large", "warning", f"{node.where}.data", message, hint)


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
