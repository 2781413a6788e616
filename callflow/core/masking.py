"""Masking and pausing a running recording: zeros in the file, or nothing (B§3.10).

The silence listener still hears what is masked; while paused it hears nothing, and the clock of a silence runs on.
Asking for what is so already, or of a recording that does not run, comes too late and moves nothing.
"""

from __future__ import annotations

from callflow.core.exchange import NOT_MOVED, Exchange
from callflow.core.lanes import digit_goes_on
from callflow.core.listening import pause_listening, resume_listening
from callflow.core.opening import resumed
from callflow.core.recorder import RecorderEvent
from callflow.core.recording import Recording, move_recording


def mask(exchange: Exchange, recording: Recording, because: int, rule: str = "") -> None:
    """Write zeros from now on; the file grows as before."""
    move_recording(exchange, recording, RecorderEvent.RECORD_MASK, because, None, rule)


def unmask(exchange: Exchange, recording: Recording, because: int, rule: str = "") -> None:
    """Write sound again."""
    cause = move_recording(exchange, recording, RecorderEvent.RECORD_UNMASK, because, None, rule)
    if cause != NOT_MOVED:
        digit_goes_on(exchange, recording, cause)


def pause(exchange: Exchange, recording: Recording, because: int, rule: str = "") -> None:
    """Write nothing from now on: the file does not grow, the time limit's clock runs (B§3.4)."""
    cause = move_recording(exchange, recording, RecorderEvent.RECORD_PAUSE, because, None, rule)
    if cause != NOT_MOVED:
        recording.paused_ms -= exchange.agenda.now_ms
        pause_listening(exchange, recording, cause)


def resume(exchange: Exchange, recording: Recording, because: int, rule: str = "") -> None:
    """Go on writing; a limit that passed meanwhile ends the recording now, where the profile has waited (B§3.4)."""
    cause = move_recording(exchange, recording, RecorderEvent.RECORD_RESUME, because, None, rule)
    if cause != NOT_MOVED:
        recording.paused_ms += exchange.agenda.now_ms
        digit_goes_on(exchange, recording, cause)
        resume_listening(exchange, recording, cause)
        resumed(exchange, recording, cause)
