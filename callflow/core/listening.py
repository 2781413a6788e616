"""Letting silence listeners ask: they never tick through frames (B§4, design §4 and §12).

The core knows no samples. A listener asks, with a REQUEST row named `silence`: given what I have heard so far, and what
is on these legs from here on, when do I fire? Whoever drives the engine answers with `SilenceAnswered`. The listener
asks again when the audio on a leg changes, which makes the old answer stale, and when the answer's window has passed.
"""

from __future__ import annotations

from typing import Final

from callflow.core.call import Leg
from callflow.core.causes import EndedBy
from callflow.core.closing import end
from callflow.core.codecs import codec_clock_hz
from callflow.core.events import SilenceAnswered
from callflow.core.exchange import Exchange
from callflow.core.legs import codec_of
from callflow.core.recorder import RecorderEvent
from callflow.core.recording import Recording, limit_ms
from callflow.core.silence import FIRST_WINDOW_MS, Listener
from callflow.core.trace import REQUEST, WARNING

_CLOCK_HZ: Final = 8_000
"""The clock that the threshold's numbers are meant for."""


def begin_listening(exchange: Exchange, recording: Recording, because: int) -> None:
    """Listen from the recording's start; the initial timer runs from there (B§4.3)."""
    settings = recording.options.listening
    if settings is not None and settings.threshold > 0:
        now_ms = exchange.agenda.now_ms
        recording.listener = Listener(settings, now_ms, now_ms)
        if settings.rule == "tap":
            _warn_of_wideband(exchange, recording, settings.threshold, because)
        _ask(exchange, recording, None, because)


def _warn_of_wideband(exchange: Exchange, recording: Recording, threshold: int, because: int) -> None:
    """Say that a codec with a fast clock makes detection more sensitive: nobody's threshold knows of it (B§4.5)."""
    leg = recording.leg
    codec = codec_of(exchange, exchange.calls[recording.call_id], leg)
    times = codec_clock_hz(codec) // _CLOCK_HZ
    if times > 1:
        detail = {
            "code": "silence-wideband",
            "recording": recording.index,
            "message": f"{codec} makes every score {times} times as high: a silence_threshold of {threshold} is one of "
            f"{threshold // times} here",
            "hint": f"write {threshold * times} for calls with this codec",
        }
        exchange.note(recording.call_id, leg.id, WARNING, "silence-wideband", detail, because, "B§4.1")


def listen_again(exchange: Exchange, leg: Leg, because: int) -> None:
    """What this leg says or hears has changed: its listeners and its peer's ask again, once in an instant."""
    for tap in leg.taps:
        if tap.listener is not None:
            _ask_soon(exchange, tap, because)
    if leg.peer is not None:
        for tap in leg.peer.taps:
            if tap.listener is not None:
                _ask_soon(exchange, tap, because)


def pause_listening(exchange: Exchange, recording: Recording, because: int) -> None:
    """No frame comes any more: find out what was heard up to now; the clock of a silence runs on (B§4.3)."""
    if recording.listener is not None:
        _ask(exchange, recording, None, because)


def resume_listening(exchange: Exchange, recording: Recording, because: int) -> None:
    """Frames come again; the first silent one may end a silence that began before the pause (B§4.3)."""
    listener = recording.listener
    if listener is not None:
        if listener.asked < 0:
            listener.from_ms = exchange.agenda.now_ms
        _ask(exchange, recording, None, because)


def take_answer(exchange: Exchange, recording: Recording, answer: SilenceAnswered, because: int) -> None:
    """Believe an answer: fire when it says so, or ask again at the end of its window."""
    listener = recording.listener
    assert listener is not None
    listener.asked = -1
    listener.from_ms, listener.silent_since_ms = answer.heard_ms, answer.silent_since_ms
    listener.has_speech = answer.has_speech
    listener.speech_ms = -1 if answer.speech_ms is None else answer.speech_ms
    now_ms = exchange.agenda.now_ms
    if answer.fires_ms is not None:
        listener.wake = exchange.agenda.after(max(0, answer.fires_ms - now_ms), _fire, recording, None, because)
    elif answer.until_ms > now_ms and listener.waits:
        listener.window_ms *= 2
        listener.wake = exchange.agenda.after(answer.until_ms - now_ms, _ask, recording, None, because)


def _ask_soon(exchange: Exchange, recording: Recording, because: int) -> None:
    """Ask when everything of this instant has happened, once; a paused recording hears nothing."""
    listener = recording.listener
    assert listener is not None
    if recording.hears and listener.waits:
        if listener.wake is not None:
            exchange.agenda.cancel(listener.wake)
        listener.window_ms = FIRST_WINDOW_MS
        listener.wake = exchange.agenda.after(0, _ask, recording, None, because)


def _ask(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    listener = recording.listener
    assert listener is not None
    if listener.wake is not None:
        exchange.agenda.cancel(listener.wake)
        listener.wake = None
    exchange.asks.pop(listener.asked, None)
    now_ms = exchange.agenda.now_ms
    until_ms = now_ms
    if recording.hears:
        until_ms = min(now_ms + listener.window_ms, recording.started_ms + limit_ms(exchange, recording))
    settings = listener.settings
    detail = {
        "recording": recording.index,
        "from_ms": listener.from_ms,
        "until_ms": until_ms,
        "silent_since_ms": listener.silent_since_ms,
        "has_speech": listener.has_speech,
        "test": settings.rule,
        "threshold": settings.threshold,
        "initial_ms": settings.initial_ms,
        "final_ms": settings.final_ms,
    }
    listener.asked = exchange.note(recording.call_id, recording.leg.id, REQUEST, "silence", detail, because)
    exchange.asks[listener.asked] = recording


def _fire(exchange: Exchange, recording: Recording, event: None, because: int) -> None:
    """The silence has lasted too long, before the first word or after the last one (B§4.3)."""
    listener = recording.listener
    assert listener is not None
    settings = listener.settings
    if listener.has_spoken(exchange.agenda.now_ms):
        by, rule = EndedBy.FINAL_SILENCE, f"silence_final_timeout={settings.final_ms}"
    else:
        by, rule = EndedBy.INITIAL_SILENCE, f"silence_initial_timeout={settings.initial_ms}"
    if settings.rule == "take":
        rule = f"record silence: {settings.final_ms} ms of quiet (B§4.6)"
    end(exchange, recording, RecorderEvent.SILENCE_DETECTED, by, because, rule)
