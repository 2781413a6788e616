"""A recording of a call: one tap on one leg, and what is known of it (B§3).

Everything that happens to it is a move of the recorder table by `move_recording`, and so a row of the trace. `opening`,
`closing` and `masking` are what moves it; `stack` is what a flow says to it.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, evolve

from callflow.core.agenda import Entry
from callflow.core.call import Call, Leg
from callflow.core.causes import EndedBy
from callflow.core.effects import RecordingOptions
from callflow.core.exchange import Exchange
from callflow.core.recorder import RECORDER_TABLE, RUNNING, RecorderEvent, RecorderState
from callflow.core.silence import Listener
from callflow.core.trace import RECORDER

# Bound once, like other members used for every call: looking one up in its enum takes as long as a call of a
# function (bench/README.md).
_ARMED, _STARTING = RecorderState.ARMED, RecorderState.STARTING
_HEARING = (RecorderState.RECORDING, RecorderState.MASKED)
_ACTIVE = (_STARTING, *RUNNING)
_LIVE = (_ARMED, *_ACTIVE)

Kind = Literal["call", "caller", "voicemail"]


class AwaitsStop:
    """Base of a script's wait for the end of a recording: it hears of every one that is over on the script's leg."""

    __slots__ = ()

    def closed(self, exchange: Exchange, recording: Recording, because: int) -> None:
        """A recording of the leg has reached one of its end states."""


@define(eq=False, weakref_slot=False)
class Recording:
    """One recording of a call; `index` counts from 0 in arming order, times are virtual and -1 until they are known.

    `month` is the month at arming, the first part of its document id (B§6.5). `appends_to` is the earlier recording
    whose file this one goes on with (B§3.5). `limit` is due when its time limit passes. `paused_ms` is how long it was
    paused altogether; while it is paused, that less the time at which the pause began.
    """

    index: int
    call_id: str
    kind: Kind
    leg: Leg
    options: RecordingOptions
    month: str
    appends_to: Recording | None = None
    state: RecorderState = _ARMED
    started_ms: int = -1
    ended_ms: int = -1
    paused_ms: int = 0
    ended_by: EndedBy | None = None
    limit: Entry | None = None
    listener: Listener | None = None

    @property
    def length_ms(self) -> int:
        """How much audio it has added to its file, pauses left out; 0 when nothing was recorded."""
        return self.ended_ms - self.started_ms - self.paused_ms if 0 <= self.started_ms <= self.ended_ms else 0

    @property
    def file_ms(self) -> int:
        """How long its file is once it is over: in append mode, with what was in it before (B§3.5)."""
        whole_ms, piece = 0, self
        while True:
            whole_ms += piece.length_ms
            if piece.appends_to is None:
                return whole_ms
            piece = piece.appends_to

    @property
    def is_take(self) -> bool:
        """Whether the record application makes it: of the caller alone, for a script that waits (B§4.6)."""
        return self.kind == "voicemail" or (self.kind == "caller" and self.options.channels == 1)

    @property
    def is_live(self) -> bool:
        """Whether a stop could still end it."""
        return self.state in _LIVE

    @property
    def is_running(self) -> bool:
        """Whether its file is open, be it paused or masked."""
        return self.state in RUNNING

    @property
    def is_active(self) -> bool:
        """Whether the switch has its file open, or is about to: no other recording of its name can start (B§3.5)."""
        return self.state in _ACTIVE

    @property
    def hears(self) -> bool:
        """Whether frames reach it: it runs and is not paused."""
        return self.state in _HEARING


def limit_ms(exchange: Exchange, recording: Recording) -> int:
    """How long it may run: exact seconds, or what the switch's whole-second clock makes of them.

    A call recording ends up to a second early (B§3.4), one of the record application up to a second late (B§4.6).
    """
    exact_ms = recording.options.time_limit_s * 1000
    if exchange.setting.profile.limit_ends_on_whole_seconds:
        past_second_ms = recording.started_ms % 1000
        exact_ms += 1000 - past_second_ms if recording.is_take else -past_second_ms
    return max(0, exact_ms)


def arm(
    exchange: Exchange,
    call: Call,
    leg: Leg,
    kind: Kind,
    options: RecordingOptions,
    because: int,
    rule: str = "",
    appends_to: Recording | None = None,
) -> Recording:
    """Make a recording on a leg; it waits for its trigger. Its ids are those production would draw (B§3.2).

    A file that it goes on with keeps its form: channels and rate are what they were (B§3.5).
    """
    if appends_to is not None:
        form = appends_to.options
        options = evolve(options, channels=form.channels, sample_rate_hz=form.sample_rate_hz)
    index = call.recordings_made
    call.recordings_made = index + 1
    month = exchange.month(exchange.agenda.now_ms)
    recording = Recording(index, call.id, kind, leg, options, month, appends_to)
    leg.taps = (*leg.taps, recording)
    detail = _shown(exchange, recording) if exchange.is_heard else None  # drawing names is the dearest part of a row
    exchange.note(call.id, leg.id, RECORDER, "ARMED", detail, because, rule)
    return recording


def _shown(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """What the trace says of a new recording."""
    options = recording.options
    document_id, name = names_of(exchange, recording)
    shown = {
        "recording": recording.index,
        "to": "ARMED",
        "kind": recording.kind,
        "id": document_id,
        "name": name,
        "origin": options.origin,
        "format": options.format,
        "channels": options.channels,
        "sample_rate": options.sample_rate_hz,
        "starts": options.starts,
    }
    if recording.appends_to is not None:
        shown["appends_to"] = recording.appends_to.index
    return shown


def names_of(exchange: Exchange, recording: Recording) -> tuple[str, str]:
    """The document id and the file's name, drawn anew each time: storing them would cost every live call (law 8)."""
    drawn = exchange.name_of(recording.call_id, "recording", recording.index)
    options = recording.options
    return (
        options.media_id or f"{recording.month}-{drawn[:32]}",
        options.media_name or f"{drawn[32:]}.{options.format}",
    )


def move_recording(
    exchange: Exchange,
    recording: Recording,
    event: RecorderEvent,
    because: int,
    detail: dict[str, Any] | None = None,
    rule: str = "",
) -> int:
    """Move it by its table, and note it; a `detail` says which recording it is. Returns what `Exchange.move` does."""
    if detail is None:
        detail = {"recording": recording.index}
    return exchange.move(RECORDER_TABLE, recording, event, recording.call_id, recording.leg.id, because, detail, rule)
