"""The record application: a take of what the caller says, for voicemail and record_caller (B§4.6, B§5, B§7.6)."""

from __future__ import annotations

from attrs import define

from callflow.core.call import FlowRun, Leg
from callflow.core.causes import EndedBy
from callflow.core.deliveries import deliver_message
from callflow.core.effects import DropTake, KeepTake, RecordTake, Take
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume
from callflow.core.recorder import RecorderEvent, RecorderState
from callflow.core.recording import Recording, arm, discard, end, trigger, warn_of_conflict


@define(eq=False)
class Taking:
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

    def taken(self, exchange: Exchange, because: int) -> None:
        """The file is closed: answer the script once what closed it, a leg's end perhaps, is over."""
        exchange.agenda.after(0, _answer, self, None, because)


def record_take(exchange: Exchange, run: FlowRun, effect: RecordTake, because: int) -> object:
    """Carry out `RecordTake`: the recording starts at once and never enters the stack that stop looks at."""
    call = run.call
    recording = arm(exchange, call, effect.kind, effect.options, because)
    call.takes = (*call.takes, recording)
    recording.silence_ms = effect.silence_ms
    run.waiting = recording.taker = Taking(run, effect, recording)
    warn_of_conflict(exchange, recording, because)
    trigger(exchange, recording, because)
    return PENDING


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
