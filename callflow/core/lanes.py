"""Two lanes beside a call: what was recorded before consent could be given, and digits that a recording holds.

Consent (C45): whoever hears an announcement that the call is recorded may still leave. Nobody has agreed to what a
recording of that party holds from before the announcement's end. Payment (C44): the tone of a digit is the digit, and a
card number that is pressed while a recording runs unmasked is in the file. The rows say where, and never which digit.

Both cost next to nothing while no recording runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attrs import define

from callflow.core.call import Call, Leg
from callflow.core.exchange import Exchange
from callflow.core.leg import LegState
from callflow.core.recorder import RecorderState
from callflow.core.recording import Recording
from callflow.core.sounds import Sound
from callflow.core.trace import CONSENT, PAYMENT

ANNOUNCEMENT: Final = "call_is_being_recorded"
"""What an announcement's name contains, as that of the prompt `general-call_is_being_recorded` does."""

_NO_DIGITS: Final[Mapping[str, int]] = MappingProxyType({})

_CONSENT_LAW: Final = "law: consent comes after the announcement (C45)"
_PAYMENT_LAW: Final = "law: a digit's tone is the digit (C44)"


@define(eq=False, weakref_slot=False)
class Lanes:
    """What a call knows of consent: the ids of legs that were `told`, and recordings that `ended` while they were not.

    Of each of these the leg's id, the index, and from when to when in virtual ms. `digits` has by leg until when the
    tone of its last digit lasts.
    """

    told: tuple[str, ...] = ()
    ended: tuple[tuple[str, int, int, int], ...] = ()
    digits: Mapping[str, int] = _NO_DIGITS


def remember_untold(exchange: Exchange, recording: Recording) -> None:
    """A recording is over that something else than its leg's end has ended: the leg may yet hear an announcement."""
    call = exchange.calls.get(recording.call_id)
    if call is not None and recording.kind != "voicemail":
        lanes = call.lanes = call.lanes or Lanes()
        span = (recording.leg.id, recording.index, recording.started_ms, recording.ended_ms)
        lanes.ended = (*lanes.ended, span)


def sound_ended(exchange: Exchange, call: Call, leg: Leg, sound: Sound, because: int) -> None:
    """A sound has ended on a leg, at its end or cut. If it was an announcement, say what was recorded before.

    One row for each recording of the leg and of the one that it talks to, be it running or over. Whoever was told once
    has been told: later announcements on that leg say nothing.
    """
    if ANNOUNCEMENT not in sound.name or sound.kind not in ("prompt", "media") or leg.is_gone:
        return
    lanes = call.lanes = call.lanes or Lanes()
    if leg.id in lanes.told:
        return
    lanes.told = (*lanes.told, leg.id)
    now_ms, heard = exchange.agenda.now_ms, [leg] if leg.peer is None else [leg, leg.peer]
    sides = [side.id for side in heard]
    spans = [(index, from_ms, to_ms) for side, index, from_ms, to_ms in lanes.ended if side in sides]
    for side in heard:
        running = [tap for tap in side.taps if tap.is_running and tap.kind != "voicemail"]
        spans += [(tap.index, tap.started_ms, now_ms) for tap in running]
    for index, from_ms, to_ms in sorted(spans):
        if from_ms < to_ms:
            detail = {"recording": index, "from_ms": from_ms, "to_ms": to_ms}
            name = "recorded before announcement ended"
            exchange.note(call.id, leg.id, CONSENT, name, detail, because, _CONSENT_LAW)


def digit_sounded(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """A digit's tone is on a leg: say which recordings hold it, and where in their files, but not which digit.

    Called when everything that the digit does at once is done: a recording that it has ended does not hold it. One
    that it has started does: `digit_goes_on`.
    """
    if not leg.carries_audio or leg.state is LegState.HELD:
        return
    lanes = call.lanes = call.lanes or Lanes()
    lanes.digits = {**lanes.digits, leg.id: leg.sounding_until_ms}
    for tap in leg.taps:
        _note_digit(exchange, tap, because)
    peer = leg.peer
    if peer is not None and peer.taps and peer.state is not LegState.HELD:
        for tap in peer.taps:
            if not tap.is_take:  # a take holds its own leg's party alone
                _note_digit(exchange, tap, because)


def digit_goes_on(exchange: Exchange, recording: Recording, because: int) -> None:
    """A recording takes sound in the clear from now on: a digit's tone that still lasts is in it from here."""
    lanes = exchange.calls[recording.call_id].lanes
    if lanes is None or not lanes.digits:
        return
    leg, peer = recording.leg, recording.leg.peer
    heard = (leg,) if peer is None or recording.is_take or leg.state is LegState.HELD else (leg, peer)
    for side in heard:
        until_ms = lanes.digits.get(side.id, 0)
        lasts = exchange.agenda.now_ms < until_ms == side.sounding_until_ms  # nothing has cut it off
        if lasts and side.state is not LegState.HELD:
            _note_digit(exchange, recording, because)


def _note_digit(exchange: Exchange, tap: Recording, because: int) -> None:
    """One row if it records in the clear; `file_ms` is the place in its file."""
    if tap.state is RecorderState.RECORDING:
        now_ms, older = exchange.agenda.now_ms, tap.appends_to
        file_ms = now_ms - tap.started_ms - tap.paused_ms + (older.file_ms if older is not None else 0)
        detail = {"recording": tap.index, "at_ms": now_ms, "file_ms": file_ms}
        exchange.note(tap.call_id, tap.leg.id, PAYMENT, "digit recorded unmasked", detail, because, _PAYMENT_LAW)
