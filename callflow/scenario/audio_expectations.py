"""Reading `expect.audio`: checks of one channel of a recording between two times."""

from __future__ import annotations

from functools import partial
from typing import Any

from callflow.scenario.document import rebase
from callflow.scenario.expect import AudioExpectation
from callflow.scenario.nodes import Node, at, brief, duration, integer, items, mapping, text
from callflow.scenario.sounds import SimilarTo, Sound, parse_sound

CHANNELS = ("left", "right", "mono")
"""Keys of an audio check that hold a sound."""

AUDIO_KEYS = ("recording", *CHANNELS, "from", "to")
"""Keys of an audio check."""

MOST = 1_000_000
"""The largest index, and the largest count, that an expectation may have."""

_EXAMPLE = "{recording: 0, left: silent, from: 2s, to: 4s}"
_SOUNDS = "silent, speech, tone 440, voice alice or similar to greeting.wav"
_index = partial(integer, low=0, high=MOST)


def place_of(node: Node) -> dict[str, Any]:
    """Where an expectation stands, as the fields that every one has."""
    return {"line": node.line, "text": brief(node), "where": node.where}


def read_audio(node: Node, file: str) -> tuple[AudioExpectation, ...]:
    """The checks, one for each channel; `file` is the scenario, to whose folder sound files relate."""
    checks = tuple(check for each in items(node, f"[{_EXAMPLE}]") for check in _checks(each, file))
    if not checks:
        raise node.error("nothing is expected here", "write it like [{recording: 0, left: silent}]")
    return checks


def _checks(node: Node, file: str) -> list[AudioExpectation]:
    entries = mapping(node, AUDIO_KEYS, _EXAMPLE)
    channels = [key for key in CHANNELS if key in entries]
    if not channels or ("mono" in channels and len(channels) > 1):
        raise node.error("no channel" if not channels else "mono and stereo at once", f"write it like {_EXAMPLE}")
    from_ms = duration(entries["from"]) if "from" in entries else 0
    to_ms = duration(entries["to"]) if "to" in entries else None
    if to_ms is not None and to_ms <= from_ms:
        raise entries["to"].error("ends before it begins", "from: must be earlier than to:")
    recording = _index(entries["recording"]) if "recording" in entries else 0
    return [
        AudioExpectation(
            **place_of(node),
            recording=recording,
            channel=channel,
            sound=_sound(entries[channel], file),
            from_ms=from_ms,
            to_ms=to_ms,
        )
        for channel in channels
    ]


def _sound(node: Node, file: str) -> Sound:
    with at(node):
        sound = parse_sound(text(node, _SOUNDS))
    return SimilarTo(rebase(sound.file, node.file, file)) if isinstance(sound, SimilarTo) else sound
