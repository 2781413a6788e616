"""The record application: a take of what the caller says, for voicemail and record_caller (B§4.6, B§5, B§7.6)."""

from __future__ import annotations

from typing import Final

from attrs import define, evolve

from callflow.core.call import FlowRun, Leg
from callflow.core.causes import EndedBy
from callflow.core.closing import BY_LEG, discard, end
from callflow.core.deliveries import deliver_message
from callflow.core.effects import DropTake, KeepTake, RecordTake, Take
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume
from callflow.core.opening import trigger
from callflow.core.recorder import RecorderEvent, RecorderState
from callflow.core.recording import AwaitsStop, Recording, arm
from callflow.core.silence import Listening
from callflow.core.trace import WARNING

_SAID: Final = (RecorderState.FINISHED, RecorderState.DISCARDED)
"""The end states in which the switch has sent RECORD_STOP."""


@define(eq=False)
class Taking(AwaitsStop):
    """The wait of `RecordTake`: the script is answered when its recording is over, whatever ended it."""

    run: FlowRun
    effect: RecordTake
    recording: Recording
    digit: str = ""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Nobody else is on the call."""
        return ()

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """A wanted digit ends the take and is reported as its terminator."""
        if digit in self.effect.ended_by_digits and self.recording.state is RecorderState.RECORDING:
            self.digit = digit
            end(exchange, self.recording, RecorderEvent.DIGIT_PRESSED, EndedBy.DIGIT, because)

    def lose(self, exchange: Exchange, because: int) -> None:
        """The end of the leg has closed the recording, and its close answers the script."""

    def closed(self, exchange: Exchange, recording: Recording, because: int) -> None:
        """Its own file is closed: answer the script once what closed it, a leg's end perhaps, is over.

        Another recording's RECORD_STOP is taken for the take's own, as older software does (the seed; B§3.11; C2).
        """
        take = self.recording
        if recording is take:
            exchange.agenda.after(0, _answer, self, None, because)
        elif (
            take.is_running
            and recording.state in _SAID
            and recording.ended_by not in BY_LEG
            and exchange.setting.profile.takes_accept_any_stop
        ):
            rule = "profile.takes_accept_any_stop"
            end(exchange, take, RecorderEvent.STOP_REQUESTED, EndedBy.STOP, because, rule)


def record_take(exchange: Exchange, run: FlowRun, effect: RecordTake, because: int) -> object:
    """Carry out `RecordTake`: it starts at once, and never enters the stack that stop looks at."""
    call, leg, options = run.call, run.leg, effect.options
    if effect.silence_ms:
        listening = Listening("take", effect.threshold, effect.silence_ms, effect.silence_ms)
        options = evolve(options, listening=listening)
    take = arm(exchange, call, leg, effect.kind, options, because)
    call.takes = (*call.takes, take)
    run.waiting = Taking(run, effect, take)
    _warn_of_conflict(exchange, take, because)
    trigger(exchange, take, because)
    return PENDING


def _warn_of_conflict(exchange: Exchange, recording: Recording, because: int) -> None:
    """Say that a call recording runs while another one of its leg is being taken: they do not play well (the seed)."""
    others = [tap.index for tap in recording.leg.taps if tap.is_active and not tap.is_take]
    if others:
        detail = {"code": "recording-during-take", "recording": others[0], "take": recording.index}
        exchange.note(
            recording.call_id, recording.leg.id, WARNING, "recording-during-take", detail, because, "the seed"
        )


def _answer(exchange: Exchange, taking: Taking, event: None, because: int) -> None:
    recording = taking.recording
    ended_by = recording.ended_by or EndedBy.MEDIA_FAILURE
    length_ms = recording.length_ms
    if recording.state is RecorderState.FINISHED and length_ms < taking.effect.min_length_ms:
        discard(exchange, recording, because, f"min_message_size={taking.effect.min_length_ms}")
    resume(exchange, taking.run, Take(recording.index, length_ms, ended_by, taking.digit), because)


def keep_take(exchange: Exchange, run: FlowRun, effect: KeepTake, because: int) -> None:
    """Carry out `KeepTake`; a take that was discarded as too short is not kept, and nobody is told (B§7.6 step 12)."""
    recording = _take_of(run, effect.recording)
    if recording.state is RecorderState.FINISHED:
        deliver_message(exchange, recording, effect.mailbox_id, because)


def drop_take(exchange: Exchange, run: FlowRun, effect: DropTake, because: int) -> None:
    """Carry out `DropTake`."""
    discard(exchange, _take_of(run, effect.recording), because, "voicemail: recorded again (B§7.6)")


def _take_of(run: FlowRun, index: int) -> Recording:
    return next(take for take in run.call.takes if take.index == index)
