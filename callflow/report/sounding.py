"""What sounds on the legs of a call, and who hears whom: the half of the fold that knows nothing of recordings.

HELD is the leg that pressed hold: nothing is heard from it, its peer hears music (design §12, Sound). What two codecs
carry is what the poorer of them carries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import define, evolve, field

from callflow.core.codecs import CODEC_RATES_HZ, DEFAULT_CODEC, codec_rate_hz
from callflow.core.errors import MediaError
from callflow.core.trace import Row
from callflow.media.sources import Music, Source
from callflow.media.track import Side, Span, Track
from callflow.report.sources import TAKE, kind_of, source_of

ALWAYS: Final = 2**62
"""Milliseconds after any end: a sound or a bridge whose end is not known yet."""

_JOINING: Final = ("CHANNEL_BRIDGE", "CHANNEL_UNHOLD")
_PARTING: Final = ("CHANNEL_UNBRIDGE", "CHANNEL_HOLD", "CHANNEL_DESTROY")


@define(eq=False)
class Sounding:
    """Something said on a leg, or played to it, in run time; `parts` are counted from its own start."""

    leg: str
    is_said: bool
    parts: tuple[Span, ...]
    from_ms: int
    to_ms: int


@define(eq=False)
class Stretch:
    """A stretch of run time in which `leg` hears what `other` says, or has it on hold."""

    leg: str
    other: str
    from_ms: int
    to_ms: int = ALWAYS


@define(eq=False)
class LegSounds:
    """One call's legs: who is on which, with which codec, what sounds, who hears whom, who holds.

    What sounds no more is set aside in the order in which it ended: a long call is asked for its last seconds again and
    again.
    """

    numbers: dict[str, int] = field(factory=dict)
    _parties: dict[str, str] = field(factory=dict)
    _codecs: dict[str, str] = field(factory=dict)
    _peers: dict[str, str] = field(factory=dict)
    _soundings: dict[int, Sounding] = field(factory=dict)
    _ended: list[Sounding] = field(factory=list)
    _joined: list[Stretch] = field(factory=list)
    _holds: list[Stretch] = field(factory=list)

    def number_of(self, party: str) -> int:
        """The party's number: 0, 1, … in the order in which the parties of the call appeared."""
        return self.numbers.setdefault(party, len(self.numbers))

    def codec_of(self, leg: str) -> str:
        """The codec that the party on a leg speaks; that of a leg nobody has heard of is the default one."""
        return self._codecs.get(leg, DEFAULT_CODEC)

    def leg_moved(self, row: Row, detail: Mapping[str, Any]) -> None:
        """A new leg brings its party; joining and parting change who hears whom. Raises MediaError for a codec."""
        leg, now_ms = row.leg, row.at_ms
        if row.name == "CHANNEL_CREATE":
            self._parties[leg] = detail["party"]
            self._codecs[leg] = _known_codec(detail.get("codec") or DEFAULT_CODEC)
            self.number_of(detail["party"])
        elif row.name in _JOINING:
            self._join(leg, detail.get("other_leg") or self._peers.get(leg, ""), row)
        elif row.name in _PARTING:
            self._stop_hearing(leg, now_ms)
            if row.name == "CHANNEL_HOLD":
                self._hold(leg, row)
            else:
                self._peers.pop(leg, None)
                self._end_hold(leg, now_ms)
            if row.name == "CHANNEL_DESTROY":
                for sounding in self._soundings.values():
                    if sounding.leg == leg:
                        sounding.to_ms = min(sounding.to_ms, now_ms)

    def sound_changed(self, row: Row, detail: Mapping[str, Any], takes: Mapping[str, Track], folder: Path) -> None:
        """A sound begins, on a leg (`speaks`) or towards it (`plays`), or ends before its time. Raises MediaError.

        `takes` has the recordings that may be played again, by their index, `folder` the sound files.
        """
        if row.name == "ends":
            sounding = self._soundings.get(detail["of"])
            if sounding is not None:
                sounding.to_ms = min(sounding.to_ms, row.at_ms)
            return
        parts = self._parts(row.leg, detail["sound"], takes, folder)
        if parts:
            for_ms = detail["for_ms"]
            to_ms = ALWAYS if for_ms is None else row.at_ms + for_ms
            self._soundings[row.seq] = Sounding(row.leg, row.name == "speaks", parts, row.at_ms, to_ms)

    def spans(self, leg: str, from_ms: int, to_ms: int) -> Iterator[Span]:
        """What the leg says (left) and hears (right) in [from_ms, to_ms) of run time; the spans' times are run time."""
        first = bisect_right(self._ended, from_ms, key=lambda sounding: sounding.to_ms)
        soundings = [*self._ended[first:], *self._soundings.values()]
        for sounding in soundings:
            if sounding.leg == leg and not sounding.is_said:
                yield from self._carried(sounding, "right", leg, from_ms, to_ms)
            elif sounding.leg == leg:
                for begin_ms, end_ms in self._off_hold(leg, from_ms, to_ms):
                    yield from self._carried(sounding, "left", leg, begin_ms, end_ms)
        for stretch in self._joined:
            if stretch.leg == leg:
                for sounding in soundings:
                    if sounding.is_said and sounding.leg == stretch.other:
                        begin_ms, end_ms = max(stretch.from_ms, from_ms), min(stretch.to_ms, to_ms)
                        yield from self._carried(sounding, "right", leg, begin_ms, end_ms)

    def set_aside(self, now_ms: int) -> None:
        """Put what sounds no more behind everything that has ended before; call it after every row."""
        over = [seq for seq, sounding in self._soundings.items() if sounding.to_ms <= now_ms]
        if over:
            self._ended += sorted((self._soundings.pop(seq) for seq in over), key=lambda sounding: sounding.to_ms)

    def forget(self, before_ms: int) -> None:
        """Drop what was over before a moment, up to which everything has been set aside."""
        self._ended.clear()
        self._joined = [stretch for stretch in self._joined if stretch.to_ms > before_ms]
        self._holds = [stretch for stretch in self._holds if stretch.to_ms > before_ms]

    def _join(self, leg: str, other: str, row: Row) -> None:
        """Each leg of a bridge has a row of its own; coming back from hold has one row for both."""
        self._peers[leg] = other
        self._stop_hearing(leg, row.at_ms)
        if row.name == "CHANNEL_BRIDGE":
            self._joined.append(Stretch(leg, other, row.at_ms))
            return
        self._end_hold(leg, row.at_ms)
        self._stop_hearing(other, row.at_ms)
        if self._is_holding(other):
            self._play_music(leg, row)
        else:
            self._joined += [Stretch(leg, other, row.at_ms), Stretch(other, leg, row.at_ms)]

    def _hold(self, leg: str, row: Row) -> None:
        peer = self._peers.get(leg, "")
        self._holds.append(Stretch(leg, peer, row.at_ms))
        if peer:
            self._stop_hearing(peer, row.at_ms)
            self._play_music(peer, row)

    def _play_music(self, leg: str, row: Row) -> None:
        self._soundings[row.seq] = Sounding(leg, False, (_whole(Music()),), row.at_ms, ALWAYS)

    def _end_hold(self, leg: str, now_ms: int) -> None:
        for stretch in self._holds:
            if stretch.leg == leg:
                stretch.to_ms = min(stretch.to_ms, now_ms)

    def _is_holding(self, leg: str) -> bool:
        return any(stretch.leg == leg and stretch.to_ms == ALWAYS for stretch in self._holds)

    def _stop_hearing(self, leg: str, now_ms: int) -> None:
        """From now on the leg hears neither its peer nor hold music."""
        for sounding in self._soundings.values():
            if sounding.leg == leg and isinstance(sounding.parts[0].source, Music):
                sounding.to_ms = min(sounding.to_ms, now_ms)
        for stretch in self._joined:
            if stretch.leg == leg:
                stretch.to_ms = min(stretch.to_ms, now_ms)

    def _off_hold(self, leg: str, from_ms: int, to_ms: int) -> Iterator[tuple[int, int]]:
        """The parts of [from_ms, to_ms) in which the leg has nobody on hold."""
        for stretch in self._holds:  # in the order of time, and a leg's own never overlap
            if stretch.leg == leg and stretch.to_ms > from_ms:
                yield from_ms, min(stretch.from_ms, to_ms)
                from_ms = stretch.to_ms
        yield from_ms, to_ms

    def _parts(
        self, leg: str, sound: Mapping[str, object], takes: Mapping[str, Track], folder: Path
    ) -> tuple[Span, ...]:
        """What sounds, from the sound's own start: one source, or what the caller said in an earlier take."""
        kind, value = kind_of(sound)
        if kind == TAKE:
            take = takes.get(str(value))
            return tuple(span for span in take.spans if span.side == "left") if take is not None else ()
        source = source_of(sound, self.number_of, self._parties.get(leg, ""), folder)
        return () if source is None else (_whole(source),)

    def _carried(self, sounding: Sounding, side: Side, leg: str, from_ms: int, to_ms: int) -> Iterator[Span]:
        """What of the sound lies in [from_ms, to_ms), as the leg's codec and the speaker's carry it."""
        codecs = (self._codecs.get(each) for each in (leg, sounding.leg))
        rates = [codec_rate_hz(codec) for codec in codecs if codec is not None]
        for part in sounding.parts:
            begins_ms = sounding.from_ms + part.from_ms
            begin = max(begins_ms, from_ms)
            end = min(sounding.from_ms + part.to_ms, sounding.to_ms, to_ms)
            if begin < end:
                carried = min([*rates, part.codec_rate] if part.codec_rate is not None else rates, default=None)
                yield evolve(
                    part,
                    side=side,
                    from_ms=begin,
                    to_ms=end,
                    offset_ms=part.offset_ms + begin - begins_ms,
                    codec_rate=carried,
                )


def _known_codec(codec: str) -> str:
    if codec not in CODEC_RATES_HZ:
        raise MediaError(f"codec {codec[:40]!r}: unknown; one of {', '.join(CODEC_RATES_HZ)} would be known")
    return codec


def _whole(source: Source) -> Span:
    return Span(source, "left", 0, ALWAYS)
