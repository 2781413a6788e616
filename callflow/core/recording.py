"""Recordings: starting, stopping and closing them, as the recorder table says (B§3).

One `Recording` is one tap on one leg. Everything that happens to it goes through `_move`, and so into the trace.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Protocol

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.call import Call, Leg
from callflow.core.causes import CompletionCause, EndedBy
from callflow.core.deliveries import deliver_recording
from callflow.core.effects import RecordingOptions
from callflow.core.exchange import NOT_MOVED, Exchange
from callflow.core.legs import open_media
from callflow.core.recorder import RECORDER_TABLE, RecorderEvent, RecorderState
from callflow.core.trace import RECORDER, WARNING

_FRAME_MS: Final = 20

# Bound once, like other members used for every call: looking one up in its enum takes as long as a call of a
# function (bench/README.md).
_ARMED, _STARTING, _RECORDING = RecorderState.ARMED, RecorderState.STARTING, RecorderState.RECORDING
_STOPPING, _FINISHED, _NEVER_STARTED = RecorderState.STOPPING, RecorderState.FINISHED, RecorderState.NEVER_STARTED
_TRIGGERED, _RECORD_START = RecorderEvent.TRIGGERED, RecorderEvent.RECORD_START
_LEG_GONE, _RECORD_STOP = RecorderEvent.LEG_GONE, RecorderEvent.RECORD_STOP

_CAUSES: Final = {
    EndedBy.STOP: CompletionCause.SUCCESS_MAXTIME,
    EndedBy.TIME_LIMIT: CompletionCause.SUCCESS_MAXTIME,
    EndedBy.FINAL_SILENCE: CompletionCause.SUCCESS_SILENCE,
    EndedBy.INITIAL_SILENCE: CompletionCause.NO_INPUT_TIMEOUT,
    EndedBy.DIGIT: CompletionCause.SUCCESS_MAXTIME,
    EndedBy.HANGUP: CompletionCause.SUCCESS_SILENCE,
    EndedBy.TRANSFER: CompletionCause.SUCCESS_SILENCE,
    EndedBy.MEDIA_FAILURE: CompletionCause.URI_FAILURE,
}
"""The switch's word for each end (B§3.8): it tells neither a stop from a limit, nor a hang-up from silence."""

Kind = Literal["call", "caller", "voicemail"]


class Taker(Protocol):
    """Who waits for a take to be closed."""

    def taken(self, exchange: Exchange, because: int) -> None:
        """The recording has reached one of its end states."""


@define(eq=False, weakref_slot=False)
class Recording:
    """One recording of a call; `index` counts from 0 in arming order, times are virtual and -1 until they are known.

    `month` is the month at arming, the first part of its document id (B§6.5).
    `silence_ms` of quiet on its leg end it, 0 never (the record application's rule, B§4.6).
    """

    index: int
    call_id: str
    kind: Kind
    leg: Leg
    options: RecordingOptions
    month: str
    state: RecorderState = _ARMED
    started_ms: int = -1
    ended_ms: int = -1
    ended_by: EndedBy | None = None
    limit: Entry | None = None
    silence_ms: int = 0
    quiet: Entry | None = None
    taker: Taker | None = None

    @property
    def length_ms(self) -> int:
        """How long the file is; 0 when nothing was recorded."""
        return self.ended_ms - self.started_ms if 0 <= self.started_ms <= self.ended_ms else 0

    @property
    def is_live(self) -> bool:
        """Whether a stop could still end it."""
        return self.state in (_ARMED, _STARTING, _RECORDING)


def arm(
    exchange: Exchange, call: Call, kind: Kind, options: RecordingOptions, because: int, rule: str = ""
) -> Recording:
    """Make a recording on the A-leg; it waits for its trigger. Its ids are those production would draw (B§3.2)."""
    index = call.recordings_made
    call.recordings_made = index + 1
    leg = call.a_leg
    recording = Recording(index, call.id, kind, leg, options, exchange.month(exchange.agenda.now_ms))
    leg.taps = (*leg.taps, recording)
    detail = _shown(exchange, recording) if exchange.is_heard else None  # drawing names is the dearest part of a row
    exchange.note(call.id, leg.id, RECORDER, "ARMED", detail, because, rule)
    return recording


def _shown(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """What the trace says of a new recording."""
    options = recording.options
    document_id, name = names_of(exchange, recording)
    return {
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


def names_of(exchange: Exchange, recording: Recording) -> tuple[str, str]:
    """The document id and the file's name, drawn anew each time: storing them would cost every live call (law 8)."""
    drawn = exchange.name_of(recording.call_id, "recording", recording.index)
    options = recording.options
    return (
        options.media_id or f"{recording.month}-{drawn[:32]}",
        options.media_name or f"{drawn[32:]}.{options.format}",
    )


def trigger(exchange: Exchange, recording: Recording, because: int, rule: str = "") -> None:
    """Its moment has come: the switch opens the file, which forces early media on an unanswered leg (B§3.3)."""
    cause = _move(exchange, recording, _TRIGGERED, because, None, rule)
    if cause != NOT_MOVED:
        open_media(exchange, recording.call_id, recording.leg, cause, "law: recording needs media (B§3.3)")
        exchange.agenda.after(0, _opened, recording, None, cause)


def _opened(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    cause = _move(exchange, recording, _RECORD_START, because)
    if cause != NOT_MOVED:
        recording.started_ms = exchange.agenda.now_ms
        recording.limit = exchange.agenda.after(_limit_ms(exchange, recording), _limit_reached, recording, None, cause)
        if recording.silence_ms:
            listen(exchange, recording, cause)


def _limit_ms(exchange: Exchange, recording: Recording) -> int:
    """How long it may run: exact seconds, or until the switch's whole-second clock says so (B§3.4)."""
    limit_ms = recording.options.time_limit_s * 1000
    if exchange.setting.profile.limit_ends_on_whole_seconds and recording.kind == "call":
        return limit_ms - exchange.agenda.now_ms % 1000
    return limit_ms


def _limit_reached(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    end(
        exchange, recording, RecorderEvent.LIMIT_REACHED, EndedBy.TIME_LIMIT, because, recording.options.time_limit_rule
    )


def listen(exchange: Exchange, recording: Recording, because: int) -> None:
    """Ask again when the quiet on its leg will have lasted too long; called whenever what the leg says changes."""
    if recording.silence_ms and recording.state is _RECORDING:
        if recording.quiet is not None:
            exchange.agenda.cancel(recording.quiet)
        quiet_since_ms = max(recording.leg.sounding_until_ms, recording.started_ms)
        delay_ms = quiet_since_ms + recording.silence_ms - exchange.agenda.now_ms
        recording.quiet = exchange.agenda.after(delay_ms, _quiet_too_long, recording, None, because)


def _quiet_too_long(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    spoke = recording.leg.sounding_until_ms > recording.started_ms
    by = EndedBy.FINAL_SILENCE if spoke else EndedBy.INITIAL_SILENCE
    rule = f"record silence: {recording.silence_ms} ms of quiet (B§4.6)"
    end(exchange, recording, RecorderEvent.SILENCE_DETECTED, by, because, rule)


def end(
    exchange: Exchange,
    recording: Recording,
    event: RecorderEvent,
    ended_by: EndedBy,
    because: int,
    rule: str = "",
) -> None:
    """Something asks for its end. A running one is closed by the switch at once, an armed one never starts."""
    cause = _move(exchange, recording, event, because, None, rule)
    if cause == NOT_MOVED:
        if event is _LEG_GONE:
            _close(exchange, recording, None, because)  # it was being closed already; the leg's end does not wait
        return
    if recording.state is _NEVER_STARTED:
        _settle(exchange, recording, cause)
        return
    recording.ended_by = ended_by
    recording.ended_ms = exchange.agenda.now_ms
    if event is _LEG_GONE:
        _close(exchange, recording, None, cause)  # RECORD_STOP comes before the leg's CHANNEL_DESTROY (B§8.2)
    else:
        exchange.agenda.after(0, _close, recording, None, cause)


def _close(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    """The switch closes the file and says how it ended; too short or empty files are removed (B§3.8, B§3.9)."""
    if recording.state is not _STOPPING:
        return
    length_ms, options, ended_by = recording.length_ms, recording.options, recording.ended_by
    assert ended_by is not None
    cause: CompletionCause | None = _CAUSES[ended_by]
    stopped, rule = _RECORD_STOP, ""
    if length_ms < options.min_length_s * 1000 and exchange.setting.profile.min_length_deletes:
        stopped, cause = RecorderEvent.RECORD_STOP_UNWANTED, CompletionCause.INPUT_TOO_SHORT
        rule = f"record_min_sec={options.min_length_s}"
    elif length_ms < _FRAME_MS:
        stopped, cause = RecorderEvent.RECORD_STOP_UNWANTED, CompletionCause.EMPTY_FILE
    if recording.kind != "call":
        cause = None  # the record application reports none (design §12, Recordings)
    detail = {
        "length_ms": length_ms,
        "ended_by": ended_by._value_,
        "completion_cause": cause._value_ if cause is not None else None,
    }
    seq = _move(exchange, recording, stopped, because, detail, rule)
    _settle(exchange, recording, seq)


def _settle(exchange: Exchange, recording: Recording, because: int) -> None:
    """It is over: void its timers, leave the leg, tell who waits, and deliver what was kept."""
    if recording.limit is not None:
        exchange.agenda.cancel(recording.limit)
    if recording.quiet is not None:
        exchange.agenda.cancel(recording.quiet)
    recording.leg.taps = tuple([tap for tap in recording.leg.taps if tap is not recording])
    if recording.state is _FINISHED and recording.kind != "voicemail":
        document_id = names_of(exchange, recording)[0] if recording.options.url else ""  # only a URL may show it
        deliver_recording(exchange, recording, document_id, because)
    taker, recording.taker = recording.taker, None
    if taker is not None:
        taker.taken(exchange, because)


def discard(exchange: Exchange, recording: Recording, because: int, rule: str) -> None:
    """Throw a finished take away (B§7.6)."""
    _move(exchange, recording, RecorderEvent.THROWN_AWAY, because, None, rule)


def warn_of_conflict(exchange: Exchange, recording: Recording, because: int) -> None:
    """Say that a call recording runs while another one of its leg is being taken: they do not play well (the seed)."""
    others = [tap.index for tap in recording.leg.taps if tap is not recording and tap.kind == "call"]
    if others:
        detail = {"code": "recording-during-take", "recording": others[0], "take": recording.index}
        exchange.note(
            recording.call_id, recording.leg.id, WARNING, "recording-during-take", detail, because, "the seed"
        )


def _move(
    exchange: Exchange,
    recording: Recording,
    event: RecorderEvent,
    because: int,
    detail: dict[str, Any] | None = None,
    rule: str = "",
) -> int:
    index = recording.index
    shown = {"recording": index, **detail} if detail else {"recording": index}
    return exchange.move(RECORDER_TABLE, recording, event, recording.call_id, recording.leg.id, because, shown, rule)
