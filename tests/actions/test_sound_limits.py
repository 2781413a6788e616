"""The limits that settings and documents name are those of the room that writes the files."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.core.account import read_account
from callflow.core.errors import ScenarioError
from callflow.core.sounds import MP3_RATES_HZ
from callflow.media.encode import MP3_RATES


def test_rates_are_those_of_the_encoder() -> None:
    """Design §12, Sound: the nine MPEG rates; the core, which knows no media room, holds the same table."""
    assert MP3_RATES_HZ == MP3_RATES


@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize(
    "document",
    [
        {"vmboxes": [{"id": "box", "mailbox": "2001", "media_extension": "mp4"}]},
        {"system_config": {"media": {"call_recording": {"extension": "mp4"}}}},
        {"system_config": {"callflow": {"call_recording": {"extension": "mp4"}}}},
    ],
)
def test_mp4_is_not_made(document: dict[str, Any], is_strict: bool) -> None:
    """Kazoo's documents know MP4 (B§7.6); nobody here writes it, in any profile, and it is refused when read."""
    with pytest.raises(ScenarioError, match="extension: .?mp4.? is not made here; mp3 or wav"):
        read_account({"id": "acme", **document}, known={}, bounds_are_errors=is_strict)
