"""Who hears what: the one fold from the trace's rows to the content of recordings (design §12, Engine and Sound).

Scanning, rendering and pictures all read it. A recording sits on one leg at a time: left is what that leg says, right
what it hears: what is played to it, and its peer's speech while the two are bridged (B§3.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from callflow.core.trace import AUDIO, CALL, LEG, RECORDER, Row
from callflow.media.track import Track
from callflow.report.sounding import LegSounds
from callflow.report.tap import Frames, Tap, new_tap

TrackKey = tuple[str, int]
"""Names a recording: call id, and index of the recording in that call."""


def soundtracks(rows: Iterable[Row], *, folder: Path = Path()) -> Mapping[TrackKey, Track]:
    """The track of each recording that was started and closed, in the order in which they were closed.

    Discarded ones are there too: what a removed file would have held. `folder` is where the scenario's sound files lie.
    Raises MediaError for a sound, a codec or a sample rate that the media room cannot make.
    """
    hearing = Hearing(folder)
    return dict(closed for row in rows if (closed := hearing.take(row)) is not None)


def party_numbers(rows: Iterable[Row]) -> Mapping[str, Mapping[str, int]]:
    """By call id, the number of each party: whose voice is whose in the tracks of that call."""
    numbers: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.kind == LEG and row.name == "CHANNEL_CREATE" and row.detail is not None:
            of_call = numbers.setdefault(row.call_id, {})
            of_call.setdefault(row.detail["party"], len(of_call))
    return numbers


@define(eq=False)
class _Call:
    """What sounds in a call, its open recordings, and what its closed ones hold: they may be played or written on."""

    sounds: LegSounds = field(factory=LegSounds)
    taps: dict[int, Tap] = field(factory=dict)
    takes: dict[str, Track] = field(factory=dict)
    files: dict[int, Track] = field(factory=dict)

    def forget(self, now_ms: int) -> None:
        """Drop what ended before any open recording began; without one, whatever has ended by now."""
        self.sounds.set_aside(now_ms)
        if not any(tap.has_started for tap in self.taps.values()):
            self.sounds.forget(now_ms)


@define(eq=False)
class Hearing:
    """The fold, fed row by row; it forgets a call when the call has ended (law 8). `folder` holds sound files."""

    folder: Path = Path()
    _calls: dict[str, _Call] = field(factory=dict, init=False)

    def take(self, row: Row) -> tuple[TrackKey, Track] | None:
        """Read the next row; the recording's key and track when this row closed one. Raises MediaError."""
        if row.kind == CALL:
            self._calls.pop(row.call_id, None)
        elif row.kind in (LEG, AUDIO, RECORDER):
            detail: Mapping[str, Any] = row.detail or {}
            call = self._calls.setdefault(row.call_id, _Call())
            if row.kind == LEG:
                call.sounds.leg_moved(row, detail)
            elif row.kind == AUDIO:
                call.sounds.sound_changed(row, detail, call.takes, self.folder)
            elif "recording" in detail and (track := _recorder_moved(call, row, detail)) is not None:
                return (row.call_id, detail["recording"]), track
            call.forget(row.at_ms)
        return None

    def frames(self, key: TrackKey, from_ms: int, until_ms: int) -> Iterator[Frames]:
        """The whole frames that reach an open recording between two moments of run time, if nothing else happens.

        Masked stretches are in them: the silence test hears those too (B§3.10). Nothing for a recording that has not
        started or is over.
        """
        call_id, index = key
        call = self._calls.get(call_id)
        tap = call.taps.get(index) if call is not None else None
        return tap.frames(call.sounds, from_ms, until_ms) if call and tap and tap.has_started else iter(())


def _recorder_moved(call: _Call, row: Row, detail: Mapping[str, Any]) -> Track | None:
    """A recording is armed, or its recorder moves; its track when it is over and had started."""
    index = detail["recording"]
    if row.name == "ARMED":
        call.taps[index] = new_tap(row, detail)
        return None
    tap = call.taps.get(index)
    if tap is None or not tap.moved(row, detail):
        return None
    del call.taps[index]
    older = call.files.get(tap.appends_to) if tap.appends_to is not None else None
    if not tap.has_started:
        if older is not None:  # whoever goes on with its file goes on with the one that it never wrote on
            call.files[index] = older
        return None
    track = call.files[index] = tap.file(call.sounds, older)
    if not tap.has_right:
        call.takes[str(index)] = track
    return track
