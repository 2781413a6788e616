"""Telling the caller of a recording at the bridge: `should_announce_when_recording` (B§9.4; C45)."""

from __future__ import annotations

from callflow.core.call import Call, Leg
from callflow.core.exchange import Exchange
from callflow.core.lanes import sound_ended
from callflow.core.listening import listen_again
from callflow.core.recorder import RecorderState
from callflow.core.recording_plan import SILENT, announces
from callflow.core.sounds import prompt
from callflow.core.trace import AUDIO, WARNING

ANNOUNCEMENT = prompt("general-call_is_being_recorded")
"""What is played; the talk goes on beside it."""

_RULE = "call_recording.account.should_announce_when_recording=true"


def announce(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """The leg was bridged: tell it, if the account wants that and the call is held to be recorded.

    Production holds it to be when a recording was ever started on the leg, also one that still waits or has ended: the
    announcement may be false, which is warned of.
    """
    recordings, automatic = exchange.setting.account.recordings, leg.automatic
    if recordings is None or automatic is None or not automatic.is_flagged:
        return
    if not announces(recordings.account, automatic.source):
        return
    fall_silent(exchange, call, leg, because)
    detail = {"sound": {ANNOUNCEMENT.kind: ANNOUNCEMENT.name}, "for_ms": ANNOUNCEMENT.length_ms}
    automatic.announcement = exchange.note(call.id, leg.id, AUDIO, "plays", detail, because, _RULE)
    over = ANNOUNCEMENT.length_ms
    automatic.ends = exchange.agenda.after(over, _announced, (call, leg), None, automatic.announcement)
    listen_again(exchange, leg, automatic.announcement)
    if not any(not tap.is_take and tap.is_live and tap.state is not RecorderState.ARMED for tap in leg.taps):
        message = "the caller is told that the call is recorded, and no recording runs on the caller's leg"
        warning = {"code": "false-announcement", "message": message, "hint": ""}
        exchange.note(call.id, leg.id, WARNING, "false-announcement", warning, automatic.announcement, "B§9.4")


def fall_silent(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Cut the announcement off, if one plays: a digit of the leg does, and the leg's end."""
    automatic = leg.automatic
    if automatic is None or automatic.announcement == SILENT:
        return
    if automatic.ends is not None:
        exchange.agenda.cancel(automatic.ends)
    exchange.note(call.id, leg.id, AUDIO, "ends", {"of": automatic.announcement}, because)
    _announced(exchange, (call, leg), None, because)
    listen_again(exchange, leg, because)


def _announced(exchange: Exchange, subject: tuple[Call, Leg], event: None, because: int) -> None:
    """The announcement is over, heard to its end or not."""
    call, leg = subject
    assert leg.automatic is not None
    leg.automatic.announcement, leg.automatic.ends = SILENT, None
    sound_ended(exchange, call, leg, ANNOUNCEMENT, because)
