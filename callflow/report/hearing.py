"""Who hears what: the one fold from the trace's rows to the content of recordings (design §12, Engine and Sound).

Scanning, rendering and pictures all read it. A recording sits on one leg: left is what that leg says, right what it
hears: what is played to it, and its peer's speech while the two are bridged (B§3.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from attrs import define, field

from callflow.core.trace import AUDIO, CALL, LEG, RECORDER, Row
from callflow.media.sources import Music, Source
from callflow.media.track import Side, Span, Track
from callflow.report.sources import TAKE, kind_of, source_of

TrackKey = tuple[str, int]
"""Names a recording: call id, and index of the recording in that call."""

_ALWAYS: Final = 2**62
"""Milliseconds after any end: a sound or a bridge whose end is not known yet."""

_JOINING: Final = ("CHANNEL_BRIDGE", "CHANNEL_UNHOLD")
_PARTING: Final = ("CHANNEL_UNBRIDGE", "CHANNEL_HOLD", "CHANNEL_DESTROY")


def soundtracks(rows: Iterable[Row], *, folder: Path = Path()) -> Mapping[TrackKey, Track]:
    """The track of each recording that was started and closed, in the order in which they were closed.

    Discarded ones are there too: what a removed file would have held. `folder` is where the scenario's sound files lie.
    Raises MediaError for a sound or a sample rate that the media room cannot make.
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
class _Sounding:
    """Something said on a leg, or played to it, in run time; `parts` are counted from its own start."""

    leg: str
    is_said: bool
    parts: tuple[Span, ...]
    from_ms: int
    to_ms: int


@define(eq=False)
class _Joined:
    """A stretch of run time in which `leg` hears what `other` says."""

    leg: str
    other: str
    from_ms: int
    to_ms: int = _ALWAYS


@define(eq=False)
class _Tap:
    """A recording that is not closed yet; times are -1 until they are known."""

    leg: str
    has_right: bool
    channels: Literal[1, 2]
    sample_rate: int
    started_ms: int = -1
    ended_ms: int = -1


@define(eq=False)
class _CallSound:
    """What sounds in one call, as far back as an open recording may need it."""

    numbers: dict[str, int] = field(factory=dict)
    parties: dict[str, str] = field(factory=dict)
    peers: dict[str, str] = field(factory=dict)
    soundings: dict[int, _Sounding] = field(factory=dict)
    joined: list[_Joined] = field(factory=list)
    taps: dict[int, _Tap] = field(factory=dict)
    takes: dict[str, Track] = field(factory=dict)

    def number_of(self, party: str) -> int:
        """The party's number: 0, 1, … in the order in which the parties of the call appeared."""
        return self.numbers.setdefault(party, len(self.numbers))


@define(eq=False)
class Hearing:
    """The fold, fed row by row; it forgets a call when the call has ended (law 8). `folder` holds sound files."""

    folder: Path = Path()
    _calls: dict[str, _CallSound] = field(factory=dict, init=False)

    def take(self, row: Row) -> tuple[TrackKey, Track] | None:
        """Read the next row; the recording's key and track when this row closed one. Raises MediaError."""
        detail: Mapping[str, Any] = row.detail or {}
        if row.kind == LEG:
            _leg_moved(self._calls.setdefault(row.call_id, _CallSound()), row, detail)
        elif row.kind == AUDIO:
            _sound_changed(self._calls.setdefault(row.call_id, _CallSound()), row, detail, self.folder)
        elif row.kind == RECORDER and "to" in detail:
            track = _tap_moved(self._calls.setdefault(row.call_id, _CallSound()), row, detail)
            return ((row.call_id, detail["recording"]), track) if track is not None else None
        elif row.kind == CALL:
            self._calls.pop(row.call_id, None)
        return None


def _leg_moved(call: _CallSound, row: Row, detail: Mapping[str, Any]) -> None:
    """A new leg brings its party; joining and parting change who hears whom; on hold the peer hears music."""
    leg, now_ms = row.leg, row.at_ms
    if row.name == "CHANNEL_CREATE":
        call.parties[leg] = detail["party"]
        call.number_of(detail["party"])
    elif row.name in _JOINING:
        other = detail.get("other_leg") or call.peers.get(leg, "")
        call.peers[leg] = other
        _part(call, other, now_ms, music_only=True)
        call.joined.append(_Joined(leg, other, now_ms))
        if row.name == "CHANNEL_UNHOLD":
            call.joined.append(_Joined(other, leg, now_ms))
    elif row.name in _PARTING:
        _part(call, leg, now_ms)
        if row.name == "CHANNEL_HOLD" and (peer := call.peers.get(leg, "")):
            _part(call, peer, now_ms)
            call.soundings[row.seq] = _Sounding(peer, False, (_whole(Music()),), now_ms, _ALWAYS)
        elif row.name != "CHANNEL_HOLD":
            call.peers.pop(leg, None)
        if row.name == "CHANNEL_DESTROY":
            for sounding in call.soundings.values():
                if sounding.leg == leg:
                    sounding.to_ms = min(sounding.to_ms, now_ms)
    _forget(call, now_ms)


def _part(call: _CallSound, leg: str, now_ms: int, *, music_only: bool = False) -> None:
    """From now on the leg hears neither its peer nor hold music."""
    for sounding in call.soundings.values():
        if sounding.leg == leg and isinstance(sounding.parts[0].source, Music):
            sounding.to_ms = min(sounding.to_ms, now_ms)
    for stretch in call.joined:
        if stretch.leg == leg and not music_only:
            stretch.to_ms = min(stretch.to_ms, now_ms)


def _sound_changed(call: _CallSound, row: Row, detail: Mapping[str, Any], folder: Path) -> None:
    """A sound begins, on a leg (`speaks`) or towards it (`plays`), or ends before its time."""
    if row.name == "ends":
        sounding = call.soundings.get(detail["of"])
        if sounding is not None:
            sounding.to_ms = min(sounding.to_ms, row.at_ms)
        return
    parts = _parts(call, row.leg, detail["sound"], folder)
    if parts:
        for_ms = detail["for_ms"]
        to_ms = _ALWAYS if for_ms is None else row.at_ms + for_ms
        call.soundings[row.seq] = _Sounding(row.leg, row.name == "speaks", parts, row.at_ms, to_ms)
    _forget(call, row.at_ms)


def _parts(call: _CallSound, leg: str, sound: Mapping[str, object], folder: Path) -> tuple[Span, ...]:
    """What sounds, from the sound's own start: one source, or what the caller said in an earlier take."""
    kind, value = kind_of(sound)
    if kind == TAKE:
        take = call.takes.get(str(value))
        return tuple(span for span in take.spans if span.side == "left") if take is not None else ()
    source = source_of(sound, call.number_of, call.parties.get(leg, ""), folder)
    return () if source is None else (_whole(source),)


def _whole(source: Source) -> Span:
    return Span(source, "left", 0, _ALWAYS)


def _tap_moved(call: _CallSound, row: Row, detail: Mapping[str, Any]) -> Track | None:
    """A recording is armed, starts, stops, or is over; its track when it is over and had started."""
    index, to = detail["recording"], detail["to"]
    if row.name == "ARMED":
        # A take has the caller alone; a call recording in mono has both sides in one channel (design §12, Recordings).
        has_right = detail["kind"] == "call" or detail["channels"] == 2
        call.taps[index] = _Tap(row.leg, has_right, detail["channels"], detail["sample_rate"])
    tap = call.taps.get(index)
    if tap is None:
        return None
    if to == "RECORDING":
        tap.started_ms = row.at_ms
    elif to == "STOPPING":
        tap.ended_ms = row.at_ms
    elif to in ("FINISHED", "DISCARDED", "NEVER_STARTED", "LOST"):
        del call.taps[index]
        if tap.started_ms >= 0:
            track = _track(call, tap, tap.ended_ms if tap.ended_ms >= 0 else row.at_ms)
            if not tap.has_right:
                call.takes[str(index)] = track
            _forget(call, row.at_ms)
            return track
    return None


def _track(call: _CallSound, tap: _Tap, ended_ms: int) -> Track:
    """What the recording's leg said and heard while it ran, sorted by time."""
    spans = list(_left(call, tap, ended_ms))
    if tap.has_right:
        spans += _right(call, tap, ended_ms)
    spans.sort(key=lambda span: (span.from_ms, span.side))
    return Track(ended_ms - tap.started_ms, tap.channels, tap.sample_rate, tuple(spans))


def _left(call: _CallSound, tap: _Tap, ended_ms: int) -> Iterator[Span]:
    for sounding in call.soundings.values():
        if sounding.is_said and sounding.leg == tap.leg:
            yield from _cut(sounding, "left", tap.started_ms, tap.started_ms, ended_ms)


def _right(call: _CallSound, tap: _Tap, ended_ms: int) -> Iterator[Span]:
    for sounding in call.soundings.values():
        if not sounding.is_said and sounding.leg == tap.leg:
            yield from _cut(sounding, "right", tap.started_ms, tap.started_ms, ended_ms)
    for stretch in call.joined:
        if stretch.leg == tap.leg:
            from_ms, to_ms = max(stretch.from_ms, tap.started_ms), min(stretch.to_ms, ended_ms)
            for sounding in call.soundings.values():
                if sounding.is_said and sounding.leg == stretch.other:
                    yield from _cut(sounding, "right", tap.started_ms, from_ms, to_ms)


def _cut(sounding: _Sounding, side: Side, zero_ms: int, from_ms: int, to_ms: int) -> Iterator[Span]:
    """What of the sound lies in [from_ms, to_ms) of run time, in recording time; its source goes on under the cut."""
    for part in sounding.parts:
        begins_ms = sounding.from_ms + part.from_ms
        begin = max(begins_ms, from_ms)
        end = min(sounding.from_ms + part.to_ms, sounding.to_ms, to_ms)
        if begin < end:
            yield Span(part.source, side, begin - zero_ms, end - zero_ms, part.offset_ms + begin - begins_ms)


def _forget(call: _CallSound, now_ms: int) -> None:
    """Drop what ended before any open recording began; without one, whatever has ended by now."""
    earliest_ms = min((tap.started_ms for tap in call.taps.values() if tap.started_ms >= 0), default=now_ms)
    if earliest_ms == now_ms:
        over = [seq for seq, sounding in call.soundings.items() if sounding.to_ms <= now_ms]
        for seq in over:
            del call.soundings[seq]
        call.joined = [stretch for stretch in call.joined if stretch.to_ms > now_ms]
