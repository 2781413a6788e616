"""A recording as the fold sees it: where it listens, since when, and when it is masked or paused (B§3.7, B§3.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from attrs import define, evolve, field, frozen

from callflow.core.codecs import codec_rate_hz
from callflow.core.trace import Row
from callflow.media.cuts import Stretch, cut_track
from callflow.media.scores import FRAME_MS
from callflow.media.track import Span, Track
from callflow.report.sounding import ALWAYS, LegSounds

_MASKED: Final = ("MASKED", "PAUSED_AND_MASKED")
_PAUSED: Final = ("PAUSED", "PAUSED_AND_MASKED")
_OVER: Final = ("FINISHED", "DISCARDED", "NEVER_STARTED", "LOST")
_NEVER: Final = -1


@define(eq=False)
class _Spells:
    """When something held, in run time; the last spell may still go on."""

    over: list[Stretch] = field(factory=list)
    since_ms: int = _NEVER

    def set(self, holds: bool, now_ms: int) -> None:
        """From now on it holds, or does not."""
        if holds and self.since_ms == _NEVER:
            self.since_ms = now_ms
        elif not holds and self.since_ms != _NEVER:
            self.over.append((self.since_ms, now_ms))
            self.since_ms = _NEVER

    def after(self, zero_ms: int) -> tuple[Stretch, ...]:
        """All spells, counted from a moment on before which there were none."""
        going_on = [(self.since_ms, ALWAYS)] if self.since_ms != _NEVER else []
        return tuple((from_ms - zero_ms, to_ms - zero_ms) for from_ms, to_ms in (*self.over, *going_on))


@frozen
class Frames:
    """Whole frames that reach a recording one after another, the first one from `from_ms` of run time on.

    `track` is what they hold, at the rate of the `codec` of the leg that it sits on; what is masked is in it.
    """

    from_ms: int
    codec: str
    track: Track


@define(eq=False)
class Tap:
    """A recording that is not closed yet; times are -1 until they are known.

    `legs` are the legs that it sat on, each with the moment from which on; `appends_to` is the recording whose file it
    goes on writing.
    """

    legs: list[tuple[str, int]]
    has_right: bool
    channels: Literal[1, 2]
    sample_rate: int
    appends_to: int | None = None
    started_ms: int = _NEVER
    ended_ms: int = _NEVER
    masked: _Spells = field(factory=_Spells)
    paused: _Spells = field(factory=_Spells)

    @property
    def has_started(self) -> bool:
        """Whether anything was recorded."""
        return self.started_ms != _NEVER

    def moved(self, row: Row, detail: Mapping[str, Any]) -> bool:
        """Read a row of its recorder; whether it is over now."""
        to, now_ms = detail.get("to", ""), row.at_ms
        if row.name == "MOVED":
            self.legs.append((detail["leg"], now_ms))
        if not to:  # a remark, which moves nothing: what was masked stays masked
            return False
        if to == "RECORDING" and not self.has_started:
            self.started_ms = now_ms
        elif self.has_started and self.ended_ms == _NEVER and (to == "STOPPING" or to in _OVER):
            self.ended_ms = now_ms
        self.masked.set(to in _MASKED, now_ms)
        self.paused.set(to in _PAUSED, now_ms)
        return to in _OVER

    def file(self, sounds: LegSounds, older: Track | None) -> Track:
        """What its file holds, now that it is over: the file that it went on writing, if any, and then its own sound.

        Masked stretches are silent, paused ones are absent.
        """
        zero_ms = self.started_ms
        whole = self._heard(sounds, zero_ms, self.ended_ms, self.sample_rate)
        own = cut_track(whole, masked=self.masked.after(zero_ms), paused=self.paused.after(zero_ms))
        return own if older is None else _appended(older, own)

    def frames(self, sounds: LegSounds, from_ms: int, until_ms: int) -> Iterator[Frames]:
        """The whole frames between two moments of run time, if nothing else happens on its legs until then.

        They follow one another from the start of the recording, or from the end of its last pause; one in which it is
        moved to another leg is still of the old one's codec.
        """
        for begin_ms, end_ms in self._hearing(until_ms):
            moves = [(leg, max(begin_ms, _next_frame(begin_ms, since_ms))) for leg, since_ms in self.legs]
            ends = [since_ms for _, since_ms in moves[1:]]
            for (leg, first_ms), last_ms in zip(moves, [*ends, end_ms], strict=True):
                first_ms = max(first_ms, _next_frame(begin_ms, from_ms))
                last_ms = min(last_ms, end_ms)
                last_ms -= (last_ms - begin_ms) % FRAME_MS
                if first_ms < last_ms:
                    codec = sounds.codec_of(leg)
                    yield Frames(first_ms, codec, self._heard(sounds, first_ms, last_ms, codec_rate_hz(codec)))

    def _hearing(self, until_ms: int) -> Iterator[Stretch]:
        """From when to when, up to a moment, frames have reached it: all the time but in pauses."""
        begin_ms = self.started_ms
        for paused_ms, resumed_ms in self.paused.after(0):
            yield begin_ms, min(paused_ms, until_ms)
            begin_ms = resumed_ms
        if begin_ms < until_ms:
            yield begin_ms, until_ms

    def _heard(self, sounds: LegSounds, from_ms: int, to_ms: int, rate_hz: int) -> Track:
        """What its legs say and hear in [from_ms, to_ms) of run time, masked and paused stretches too."""
        spans: list[Span] = []
        ends = [since_ms for _, since_ms in self.legs[1:]]
        for (leg, since_ms), until_ms in zip(self.legs, [*ends, to_ms], strict=True):
            spans += sounds.spans(leg, max(since_ms, from_ms), min(until_ms, to_ms))
        kept = (_placed(span, from_ms, rate_hz) for span in spans if self.has_right or span.side == "left")
        in_order = sorted(kept, key=lambda span: (span.from_ms, span.side))
        return Track(to_ms - from_ms, self.channels, rate_hz, tuple(in_order))


def _next_frame(begin_ms: int, at_ms: int) -> int:
    """When the first frame begins at `at_ms` or later, of frames that follow one another from `begin_ms` on."""
    return at_ms + (begin_ms - at_ms) % FRAME_MS


def _placed(span: Span, zero_ms: int, rate_hz: int) -> Span:
    """The span in a track's time; a codec of the track's own rate needs no word."""
    codec_rate = span.codec_rate if span.codec_rate != rate_hz else None
    return evolve(span, from_ms=span.from_ms - zero_ms, to_ms=span.to_ms - zero_ms, codec_rate=codec_rate)


def new_tap(row: Row, detail: Mapping[str, Any]) -> Tap:
    """The tap of an ARMED row.

    A take has the caller alone; a call recording in mono has both sides in one channel (design §12, Recordings).
    """
    has_right = detail["kind"] == "call" or detail["channels"] == 2
    legs = [(row.leg, row.at_ms)]
    return Tap(legs, has_right, detail["channels"], detail["sample_rate"], detail.get("appends_to"))


def _appended(older: Track, own: Track) -> Track:
    """One file: its form stays what it was when it was first written (B§3.5)."""
    shift_ms = older.length_ms
    later = (evolve(span, from_ms=span.from_ms + shift_ms, to_ms=span.to_ms + shift_ms) for span in own.spans)
    return evolve(older, length_ms=shift_ms + own.length_ms, spans=(*older.spans, *later))
