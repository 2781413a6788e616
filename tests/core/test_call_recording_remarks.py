"""Remarks on `call_recording` layers: what is switched off unsaid, and announcements nobody makes (B§9.2, B§9.4)."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.call_recording import RecordingCells, RecordingDirections, fold
from callflow.core.call_recording_remarks import account_remarks, layer_remarks
from callflow.core.settings import read_settings

EVERYTHING = {"any": {"any": {"enabled": True}}}
TELLS = {"should_announce_when_recording": True}


def layer(document: object) -> RecordingDirections:
    """Read a layer."""
    read = read_settings(RecordingDirections, document, "", bounds_are_errors=True)
    assert isinstance(read.settings, RecordingDirections)
    return read.settings


@pytest.mark.parametrize(
    ("document", "lower", "switched_off"),
    [
        ({"inbound": {"offnet": {"enabled": True}}}, EVERYTHING, "inbound.onnet, outbound.onnet, outbound.offnet"),
        ({}, {"inbound": {"onnet": {"enabled": True}}}, "inbound.onnet"),
        ({"any": {"any": {}}}, EVERYTHING, ""),
        ({"any": {"any": {"enabled": False}}}, EVERYTHING, ""),
        ({}, {}, ""),
        ({}, None, ""),
    ],
)
def test_what_is_switched_off_unsaid(document: object, lower: object, switched_off: str) -> None:
    """B§9.2.3, B§12 #20: a layer that leaves out cells which record below it is warned of, an explicit off is not."""
    cells: RecordingCells | None = fold(layer(lower)) if lower is not None else None
    found = list(layer_remarks(layer(document), "devices[0].call_recording", cells))
    assert [(each.code, each.where) for each in found] == (
        [("recording-switched-off", "devices[0].call_recording")] if switched_off else []
    )
    assert all(f"nothing of {switched_off}," in each.message for each in found)


@pytest.mark.parametrize("direction", ["any", "inbound", "outbound"])
def test_an_endpoint_announces_nothing(direction: str) -> None:
    """B§9.4: an announcement asked for by a user or a device has no effect, and is warned of at its place."""
    found = list(layer_remarks(layer({direction: {"any": {"enabled": True, **TELLS}}}), "w", None))
    where = f"w.{direction}.any.should_announce_when_recording"
    assert [(each.code, each.severity, each.where) for each in found] == [("announcement-not-read", "warning", where)]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"outbound": {"onnet": TELLS}}, ["w.outbound.onnet.should_announce_when_recording"]),
        ({"inbound": {"onnet": TELLS}}, []),
        ({"any": {"any": TELLS}}, []),
    ],
)
def test_the_account_announces_by_its_inbound_cells(document: dict[str, Any], where: list[str]) -> None:
    """B§9.4: the caller's leg comes into the switch, so an outbound cell of the account is never asked."""
    assert [each.where for each in account_remarks(layer(document), "w")] == where
