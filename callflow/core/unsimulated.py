"""Parts of Kazoo's documents whose effect nobody simulates yet: said aloud as faults, never ignored (B§9.1, B§10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callflow.core.shown import child_path, shown

_RECORDING_DEPTH = 4


def unsimulated_parts(document: Mapping[str, object], where: str) -> Iterator[tuple[str, str]]:
    """Yield (JSON path, problem) for what a document switches on and the simulator lacks.

    That is call recording by account, user or device (`call_recording` with an enabled cell, the older
    `record_call: true`), call forwarding (`call_forward`) and digit bindings during a call (`metaflows`, a callflow's
    `metaflow`).
    """
    recording = document.get("call_recording")
    if recording is not None and not isinstance(recording, Mapping):
        yield child_path(where, "call_recording"), f"{shown(recording)} is not an object"
    for path in _enabled_cells(recording, child_path(where, "call_recording"), _RECORDING_DEPTH):
        yield path, "recording by account, user or device is not simulated yet"
    if document.get("record_call"):
        yield child_path(where, "record_call"), "recording by account, user or device is not simulated yet"
    for path in _enabled_cells(document.get("call_forward"), child_path(where, "call_forward"), 1):
        yield path, "call forwarding is not simulated yet"
    for key in ("metaflows", "metaflow"):
        bindings = document.get(key)
        if isinstance(bindings, Mapping):
            if bindings.get("numbers") or bindings.get("patterns"):
                yield child_path(where, key), "digit bindings during a call are not simulated yet"
        elif bindings is not None:
            yield child_path(where, key), f"{shown(bindings)} is not an object"


def _enabled_cells(value: object, where: str, depth: int) -> Iterator[str]:
    """Find the cells that record: `account.inbound.onnet` and its like, at most four keys down (B§9.1)."""
    if not isinstance(value, Mapping) or depth < 0:
        return
    if value.get("enabled") not in (None, False):
        yield where
        return
    for key, inside in value.items():
        yield from _enabled_cells(inside, child_path(where, str(key)), depth - 1)
