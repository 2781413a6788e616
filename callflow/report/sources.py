"""Which source of the media room a sound of the trace is: the mapping in an AUDIO row's `sound` (design §12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from callflow.core.errors import MediaError
from callflow.media.sources import AudioFile, Digit, Noise, Prompt, Ringback, Source, Spoken, Tone, Voice

SILENCE: Final = "silence"
"""The kind of sound that has no source: nobody hears anything."""

TAKE: Final = "take"
"""The kind of sound that replays an earlier recording of the call; its source is that recording's own track."""


def _tone_of_cadence(name: str) -> Tone:
    """The tone of `440+480/2000/4000`: frequencies, milliseconds on, milliseconds off."""
    frequencies, on_ms, off_ms = name.split("/")
    return Tone(tuple(int(hz) for hz in frequencies.split("+")), on_ms=int(on_ms), off_ms=int(off_ms))


_BY_KIND: Final[Mapping[str, Callable[[Any], Source]]] = {
    "prompt": Prompt,
    "text": Prompt,
    "media": Prompt,
    "ringback": lambda _: Ringback(),
    "tone": _tone_of_cadence,
    "tone_hz": lambda hz: Tone((int(hz),)),
    "digit": Digit,
}
"""Sounds that depend on nothing but what is written; media of the account have the voice of prompts."""

KINDS: Final = ("voice", "says", "spoken", "noise", "file", SILENCE, TAKE, *_BY_KIND)
"""Every kind of sound that an AUDIO row may have."""


def kind_of(sound: Mapping[str, object]) -> tuple[str, object]:
    """The kind and the value of a sound, `{"prompt": "vm-person"}`; raises MediaError when it is none of `KINDS`."""
    if len(sound) == 1:
        [(kind, value)] = sound.items()
        if kind in KINDS:
            return kind, value
    raise MediaError(f"sound {str(dict(sound))[:80]}: not a sound; one key out of {', '.join(KINDS)} would be")


def source_of(
    sound: Mapping[str, object], number_of: Callable[[str], int], speaker: str, folder: Path
) -> Source | None:
    """The source of a sound; None for silence and for a take, which is no source of its own.

    `number_of` gives a party's number in its call, `speaker` is who says `says`, and `folder` is where sound files lie;
    which files a scenario may name was checked when it was read. Raises MediaError for a mapping that is no sound.
    """
    kind, value = kind_of(sound)
    if kind in (SILENCE, TAKE):
        return None
    if kind == "voice":
        return Voice(number_of(str(value)))
    if kind == "says":
        return Voice(number_of(speaker))
    if kind == "file":
        return AudioFile(folder / str(value))
    if kind == "spoken":
        language, _, text = str(value).partition(": ")
        return Spoken(text, number_of(speaker), language)
    try:
        if kind == "noise":
            return Noise(2 * int(str(value)), number_of(speaker))  # it is spread evenly: half its peak is its mean
        return _BY_KIND[kind](value)
    except (ValueError, TypeError):
        shown = f"{str(value)[:60]!r}"
        raise MediaError(f"sound {kind}: {shown} does not fit; see callflow.core.sounds for its form") from None
