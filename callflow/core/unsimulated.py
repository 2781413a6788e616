"""Parts of Kazoo's documents whose effect nobody simulates yet: said aloud as faults, never ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callflow.core.shown import child_path


def unsimulated_parts(document: Mapping[str, object], where: str) -> Iterator[tuple[str, str]]:
    """Yield (JSON path, problem) for what a document switches on and the simulator lacks.

    That is call forwarding (`call_forward`).
    """
    for path in _switched_on(document.get("call_forward"), child_path(where, "call_forward"), 1):
        yield path, "call forwarding is not simulated yet"


def _switched_on(value: object, where: str, depth: int) -> Iterator[str]:
    """Find the objects whose `enabled` is on: this one, or one that is inside, at most `depth` keys down."""
    if not isinstance(value, Mapping) or depth < 0:
        return
    if value.get("enabled") not in (None, False):
        yield where
        return
    for key, inside in value.items():
        yield from _switched_on(inside, child_path(where, str(key)), depth - 1)
