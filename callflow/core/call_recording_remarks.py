"""Remarks on an account's `call_recording` that only show when its layers are seen together (B§9.2, B§9.4)."""

from __future__ import annotations

from collections.abc import Iterator

from callflow.core.call_recording import (
    DIRECTIONS,
    NETWORKS,
    RecordingCells,
    RecordingDirections,
    RecordingNetworks,
    RecordingParameters,
    unstated,
)
from callflow.core.diagnostic import Diagnostic


def layer_remarks(layer: RecordingDirections, where: str, lower: RecordingCells | None) -> Iterator[Diagnostic]:
    """Yield the remarks on a user's or device's layer, or an account's `endpoint`, which lies over `lower`.

    `where` is the JSON path of the layer itself.
    """
    off = [f"{direction}.{network}" for direction, network in _switched_off(layer, lower)]
    if off:
        message = f"says nothing of {', '.join(off)}, and so switches off what the layers below it record there"
        hint = 'state "enabled" for each, or add "any"'
        yield Diagnostic("recording-switched-off", "warning", where, message, hint)
    hint = "write it in call_recording.account.inbound of the account"
    yield from _unread_announcements(layer, where, ("any", *DIRECTIONS), "the account's own recordings alone are", hint)


def account_remarks(layer: RecordingDirections, where: str) -> Iterator[Diagnostic]:
    """Yield the remarks on the account's own layer, an account's `account`, whose JSON path is `where`."""
    hint = f"write it in {where}.inbound"
    yield from _unread_announcements(layer, where, ("outbound",), "the inbound cells alone are", hint)


def _switched_off(layer: RecordingDirections, lower: RecordingCells | None) -> Iterator[tuple[str, str]]:
    if lower is not None:
        for direction, network in unstated(layer):
            if lower.cell(direction, network).enabled:
                yield direction, network


def _unread_announcements(
    layer: RecordingDirections, where: str, directions: tuple[str, ...], asked: str, hint: str
) -> Iterator[Diagnostic]:
    """Yield a warning for each announcement that is switched on where nobody looks for one (B§9.4)."""
    for direction in directions:
        networks: RecordingNetworks | None = getattr(layer, direction)
        for network in ("any", *NETWORKS):
            cell: RecordingParameters | None = getattr(networks, network) if networks is not None else None
            if cell is not None and cell.should_announce_when_recording:
                path = f"{where}.{direction}.{network}.should_announce_when_recording"
                message = f"announces nothing: {asked} asked for it"
                yield Diagnostic("announcement-not-read", "warning", path, message, hint)
