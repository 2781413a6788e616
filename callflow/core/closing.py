"""How recordings end: what asks for it, what the switch says, and what is kept (B§3.8, B§3.9)."""

from __future__ import annotations

from typing import Any, Final

from callflow.core.causes import CompletionCause, EndedBy
from callflow.core.deliveries import deliver_recording
from callflow.core.exchange import NOT_MOVED, Exchange
from callflow.core.lanes import remember_untold
from callflow.core.recorder import PAUSED, RecorderEvent, RecorderState
from callflow.core.recording import AwaitsStop, Recording, move_recording, names_of

_FRAME_MS: Final = 20

_LEG_GONE, _RECORD_STOP = RecorderEvent.LEG_GONE, RecorderEvent.RECORD_STOP
_START_FAILED = RecorderEvent.START_FAILED
_UNCONFIRMED, _UNWANTED = RecorderEvent.STOP_UNCONFIRMED, RecorderEvent.RECORD_STOP_UNWANTED
_STOPPING, _FINISHED, _NEVER_STARTED = RecorderState.STOPPING, RecorderState.FINISHED, RecorderState.NEVER_STARTED

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

BY_LEG: Final = (EndedBy.HANGUP, EndedBy.TRANSFER)
"""What ends a recording together with its leg."""


def end(
    exchange: Exchange,
    recording: Recording,
    event: RecorderEvent,
    ended_by: EndedBy,
    because: int,
    rule: str = "",
) -> None:
    """Something asks for its end. A running one is closed by the switch at once, an armed one never starts."""
    before = recording.state
    cause = move_recording(exchange, recording, event, because, None, rule)
    if cause == NOT_MOVED:
        if event is _LEG_GONE:
            _close(exchange, recording, None, because)  # it was being closed already; the leg's end does not wait
        return
    if recording.state is _NEVER_STARTED:
        _settle(exchange, recording, cause)
        return
    now_ms = exchange.agenda.now_ms
    recording.ended_by, recording.ended_ms = ended_by, now_ms
    if before in PAUSED:
        recording.paused_ms += now_ms
    if recording.listener is not None:
        _stop_listening(exchange, recording)
    if event is _LEG_GONE:
        _close(exchange, recording, None, cause)  # RECORD_STOP comes before the leg's CHANNEL_DESTROY (B§8.2)
    else:
        exchange.agenda.after(0, _close, recording, None, cause)


def refuse(exchange: Exchange, recording: Recording, because: int) -> None:
    """Its moment has come while another recording of its name is active: the switch opens no second file (B§3.5)."""
    rule = "law: one name, one recording (B§3.5)"
    _settle(exchange, recording, move_recording(exchange, recording, RecorderEvent.NAME_TAKEN, because, None, rule))


def lose(exchange: Exchange, recording: Recording, because: int, rule: str) -> None:
    """The switch could not open its file, and says nothing of it (B§3.3, B§3.8)."""
    recording.ended_by = EndedBy.MEDIA_FAILURE
    detail = _end_of(recording, 0, None if recording.is_take else CompletionCause.URI_FAILURE)
    _settle(exchange, recording, move_recording(exchange, recording, _START_FAILED, because, detail, rule))


def _close(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    """The switch closes the file and says how it ended; too short or empty files are removed (B§3.8, B§3.9)."""
    if recording.state is not _STOPPING:
        return
    if "confirm" in exchange.faults:
        rule = "switch: it does not confirm stops"
        detail = _end_of(recording, 0, None)  # nobody learns what is in the file
        _settle(exchange, recording, move_recording(exchange, recording, _UNCONFIRMED, because, detail, rule))
        return
    length_ms = recording.file_ms if recording.started_ms >= 0 else 0  # one that was never opened has no file
    stopped, cause, rule = _verdict(exchange, recording, length_ms)
    detail = _end_of(recording, length_ms, cause)
    _settle(exchange, recording, move_recording(exchange, recording, stopped, because, detail, rule))


def _end_of(recording: Recording, length_ms: int, cause: CompletionCause | None) -> dict[str, Any]:
    """What the row of its end says."""
    ended_by = recording.ended_by
    assert ended_by is not None
    return {
        "recording": recording.index,
        "length_ms": length_ms,
        "ended_by": ended_by._value_,
        "completion_cause": cause._value_ if cause is not None else None,
    }


def _verdict(
    exchange: Exchange, recording: Recording, length_ms: int
) -> tuple[RecorderEvent, CompletionCause | None, str]:
    """Whether the file is kept, the completion cause, and the option that removed it.

    In append mode, which Kazoo always asks for, nothing is removed (B§3.9; C11). A failed write leaves what was
    written, be it nothing, and its cause was set first (B§3.8). The record application reports no cause (design §12,
    Recordings).
    """
    ended_by = recording.ended_by
    assert ended_by is not None
    stopped, cause, rule = _RECORD_STOP, _CAUSES[ended_by], ""
    removes = exchange.setting.profile.min_length_deletes
    least_ms = recording.options.min_length_s * 1000
    if length_ms < _FRAME_MS and ended_by is not EndedBy.MEDIA_FAILURE:
        cause = CompletionCause.EMPTY_FILE
        if removes or recording.started_ms < 0:
            stopped, rule = _UNWANTED, "law: no audio, no file (B§3.8)"
    elif removes and length_ms < least_ms:
        stopped, cause, rule = _UNWANTED, CompletionCause.INPUT_TOO_SHORT, f"record_min_sec={least_ms // 1000}"
    elif ended_by in BY_LEG and _heard_nobody(recording):
        cause = CompletionCause.NO_INPUT_TIMEOUT
    return stopped, None if recording.is_take else cause, rule


def _heard_nobody(recording: Recording) -> bool:
    """With silence detection on, a hang-up before the first loud frame is no-input-timeout (B§3.8)."""
    listener = recording.listener
    return listener is not None and not listener.has_spoken(recording.ended_ms)


def _stop_listening(exchange: Exchange, recording: Recording) -> None:
    """What its listener still asks is stale."""
    listener = recording.listener
    assert listener is not None
    if listener.wake is not None:
        exchange.agenda.cancel(listener.wake)
    exchange.asks.pop(listener.asked, None)
    listener.asked = -1


def _settle(exchange: Exchange, recording: Recording, because: int) -> None:
    """It is over: void its timer, leave the leg, tell who waits, and deliver what was kept."""
    if recording.limit is not None:
        exchange.agenda.cancel(recording.limit)
    taps = recording.leg.taps
    at = taps.index(recording)
    recording.leg.taps = taps[:at] + taps[at + 1 :]
    if recording.ended_by not in BY_LEG and recording.started_ms >= 0:
        remember_untold(exchange, recording)
    if recording.state is _FINISHED and recording.kind != "voicemail":
        document_id = names_of(exchange, recording)[0] if recording.options.url else ""  # only a URL may show it
        deliver_recording(exchange, recording, document_id, because)
    run = exchange.calls[recording.call_id].run_on(recording.leg)
    if run is not None and isinstance(run.waiting, AwaitsStop):
        run.waiting.closed(exchange, recording, because)


def discard(exchange: Exchange, recording: Recording, because: int, rule: str) -> None:
    """Throw a finished take away (B§7.6)."""
    move_recording(exchange, recording, RecorderEvent.THROWN_AWAY, because, None, rule)
