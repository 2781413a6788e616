"""Which function carries out which effect: the one list the executor looks in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from callflow.core.call import FlowRun
from callflow.core.causes import HangupCause, cause_of_status
from callflow.core.dialling import dial
from callflow.core.effects import (
    Answer,
    Dial,
    DropTake,
    HangUp,
    KeepTake,
    Play,
    RecordTake,
    Respond,
    Sleep,
    StartRecording,
    StopRecording,
    Transfer,
    WaitForHangup,
)
from callflow.core.exchange import Exchange
from callflow.core.keeping import KeepDigits, SetVariable, Warn, keep_digits, set_variable, warn
from callflow.core.playing import play
from callflow.core.stack import start_recording, stop_recording
from callflow.core.switch import answer, hang_up
from callflow.core.take import drop_take, keep_take, record_take
from callflow.core.trace import EVENT
from callflow.core.transferring import transfer_by_flow
from callflow.core.waiting_for_stop import RecordAndWait, record_and_wait
from callflow.core.waits import sleep, wait_for_hangup


def _answer(exchange: Exchange, run: FlowRun, effect: Answer, because: int) -> None:
    answer(exchange, run.call, run.leg, because)


def _hang_up(exchange: Exchange, run: FlowRun, effect: HangUp, because: int) -> None:
    hang_up(exchange, run, effect.cause, because, run.call.talk_ended_by or "flow")


def _respond(exchange: Exchange, run: FlowRun, effect: Respond, because: int) -> None:
    """Refuse the call: the leg ends with the cause given, or with what the status means (B§8.3)."""
    detail = {"status": effect.status, "message": effect.message}
    cause = exchange.note(run.call.id, run.leg.id, EVENT, "response", detail, because)
    refused = effect.cause if effect.cause is not None else cause_of_status(effect.status)
    hangup_cause = HangupCause.NORMAL_CLEARING if run.leg.is_answered else refused
    hang_up(exchange, run, hangup_cause, cause, "flow")


CARRY_OUT: Final[Mapping[type, Callable[[Exchange, FlowRun, Any, int], Any]]] = {
    Answer: _answer,
    Dial: dial,
    DropTake: drop_take,
    HangUp: _hang_up,
    KeepDigits: keep_digits,
    KeepTake: keep_take,
    Play: play,
    RecordAndWait: record_and_wait,
    RecordTake: record_take,
    Respond: _respond,
    SetVariable: set_variable,
    Sleep: sleep,
    StartRecording: start_recording,
    StopRecording: stop_recording,
    Transfer: transfer_by_flow,
    WaitForHangup: wait_for_hangup,
    Warn: warn,
}
