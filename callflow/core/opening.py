"""How recordings begin: their moment comes, the switch opens the file, the limit's clock runs (B§3.3, B§3.4, B§3.6)."""

from __future__ import annotations

from typing import Final

from callflow.core.call import Call
from callflow.core.causes import EndedBy
from callflow.core.closing import end, lose, refuse
from callflow.core.exchange import NOT_MOVED, Exchange
from callflow.core.lanes import digit_goes_on
from callflow.core.legs import open_media
from callflow.core.listening import begin_listening
from callflow.core.recorder import PAUSED, RecorderEvent, RecorderState
from callflow.core.recording import Recording, limit_ms, move_recording
from callflow.core.trace import RECORDER

_TRIGGERED, _RECORD_START = RecorderEvent.TRIGGERED, RecorderEvent.RECORD_START
_ARMED: Final = RecorderState.ARMED
_BEING_OPENED: Final = (RecorderState.STARTING, RecorderState.STOPPING)


def trigger(exchange: Exchange, recording: Recording, because: int, rule: str = "") -> None:
    """Its moment has come: the switch opens the file, which forces early media on an unanswered leg (B§3.3).

    It opens none for a recording that has waited while another one of its name began (B§3.5).
    """
    if recording.options.media_name and recording.state is _ARMED and _has_active_namesake(recording):
        refuse(exchange, recording, because)
        return
    cause = move_recording(exchange, recording, _TRIGGERED, because, None, rule)
    if cause != NOT_MOVED:
        if "media" not in exchange.faults:
            open_media(exchange, recording.call_id, recording.leg, cause, "law: recording needs media (B§3.3)")
        exchange.agenda.after(0, _opened, recording, None, cause)


def _has_active_namesake(recording: Recording) -> bool:
    name = recording.options.media_name
    return any(tap.options.media_name == name and tap.is_active for tap in recording.leg.taps)


def _opened(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    if exchange.faults and recording.state in _BEING_OPENED:
        if "open" in exchange.faults:
            lose(exchange, recording, because, "switch: it cannot open files")
            return
        if "media" in exchange.faults and not recording.leg.carries_audio:
            lose(exchange, recording, because, "switch: it has no media for the leg (B§3.3)")
            return
    cause = move_recording(exchange, recording, _RECORD_START, because)
    if cause != NOT_MOVED:
        recording.started_ms = exchange.agenda.now_ms
        recording.limit = exchange.agenda.after(limit_ms(exchange, recording), _limit_reached, recording, None, cause)
        digit_goes_on(exchange, recording, cause)
        if recording.options.listening is not None:
            begin_listening(exchange, recording, cause)
        if "write" in exchange.faults:
            exchange.agenda.after(0, _fail_to_write, recording, None, cause)


def _fail_to_write(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    """The switch cannot write the next frame, and a paused recording has none; what was written stays (B§3.8)."""
    if recording.hears:
        rule = "switch: it cannot write files"
        end(exchange, recording, RecorderEvent.WRITE_FAILED, EndedBy.MEDIA_FAILURE, because, rule)


def fail_running(exchange: Exchange, call: Call, because: int) -> None:
    """The switch can write no file any more: every running recording of the call fails."""
    for leg in call.legs():
        for recording in leg.taps:
            _fail_to_write(exchange, recording, None, because)


def resumed(exchange: Exchange, recording: Recording, because: int) -> None:
    """Frames come again: a limit that passed meanwhile ends it now (B§3.4), as does a switch that cannot write them."""
    if not recording.limit:
        _end_at_limit(exchange, recording, because)
    elif "write" in exchange.faults:
        _fail_to_write(exchange, recording, None, because)


def _limit_reached(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    """Its clock has run out; the switch of the kazoo profiles looks at it only when a frame is written (B§3.4)."""
    if exchange.setting.profile.limit_waits_for_resume and recording.state in PAUSED:
        detail, rule = {"recording": recording.index}, "profile.limit_waits_for_resume"
        exchange.note(recording.call_id, recording.leg.id, RECORDER, "limit passed while paused", detail, because, rule)
        return
    _end_at_limit(exchange, recording, because)


def _end_at_limit(exchange: Exchange, recording: Recording, because: int) -> None:
    """End it because its time limit has passed."""
    rule = recording.options.time_limit_rule
    end(exchange, recording, RecorderEvent.LIMIT_REACHED, EndedBy.TIME_LIMIT, because, rule)
