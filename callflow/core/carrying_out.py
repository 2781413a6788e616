"""Which function carries out which effect: the one list the executor looks in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from callflow.core.call import FlowRun
from callflow.core.causes import EndedBy, HangupCause, cause_of_status
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
    WaitForHangup,
)
from callflow.core.exchange import Exchange
from callflow.core.playing import play
from callflow.core.recorder import RecorderEvent, RecorderState
from callflow.core.recording import Recording, arm, end, trigger
from callflow.core.switch import answer, hang_up
from callflow.core.take import drop_take, keep_take, record_take
from callflow.core.trace import EVENT, RECORDER, WARNING
from callflow.core.waits import sleep, wait_for_hangup


def _answer(exchange: Exchange, run: FlowRun, effect: Answer, because: int) -> None:
    answer(exchange, run.call, run.call.a_leg, because)


def _hang_up(exchange: Exchange, run: FlowRun, effect: HangUp, because: int) -> None:
    hang_up(exchange, run.call, effect.cause, because, "flow")


def _respond(exchange: Exchange, run: FlowRun, effect: Respond, because: int) -> None:
    """Refuse the call: the leg ends with the cause that the status means (B§8.3)."""
    detail = {"status": effect.status, "message": effect.message}
    cause = exchange.note(run.call.id, "A", EVENT, "response", detail, because)
    hangup_cause = HangupCause.NORMAL_CLEARING if run.call.a_leg.is_answered else cause_of_status(effect.status)
    hang_up(exchange, run.call, hangup_cause, cause, "flow")


def _start_recording(exchange: Exchange, run: FlowRun, effect: StartRecording, because: int) -> None:
    """Start at once, or arm for the answer or the bridge, as profile and leg say (B§3.6)."""
    call, options, profile = run.call, effect.options, exchange.setting.profile
    recording = arm(exchange, call, "call", options, because, _MOMENTS[options.starts])
    call.stack = (*call.stack, recording)
    leg = call.a_leg
    rule = ""
    if options.starts == "on answer" and leg.is_answered:
        if not profile.starts_at_once_when_answered:
            _warn(exchange, recording, "never-starts", because)
            return
        rule = "profile.starts_at_once_when_answered"
    elif options.starts == "on bridge" and leg.peer is not None:
        if not profile.starts_at_once_when_bridged:
            _warn(exchange, recording, "waits-for-next-bridge", because)
            return
        rule = "profile.starts_at_once_when_bridged"
    elif options.starts != "at once":
        return
    trigger(exchange, recording, because, rule)


_MOMENTS: Final[Mapping[str, str]] = {
    "at once": "record_call.action=start",
    "on answer": "record_call.record_on_answer=true",
    "on bridge": "record_call.record_on_bridge=true",
}
"""By the moment that a recording waits for, the option that decided it."""

_MISSED: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "never-starts": (
        "the answer",
        "record_on_answer on an answered call never starts",
        "put the node before what answers, or leave record_on_answer out",
        "profile.starts_at_once_when_answered=false",
    ),
    "waits-for-next-bridge": (
        "the bridge",
        "record_on_bridge on a bridged call waits for the next bridge",
        "put the node before what bridges, or leave record_on_bridge out",
        "profile.starts_at_once_when_bridged=false",
    ),
}
"""By the warning's code: the moment that has gone by, what becomes of the recording, the remedy, and the rule."""


def _warn(exchange: Exchange, recording: Recording, code: str, because: int) -> None:
    """Say that the moment which the recording waits for has gone by (B§3.6; C3, C4)."""
    moment, outcome, hint, rule = _MISSED[code]
    message = f"recording {recording.index} comes after {moment}: {outcome}"
    detail = {"code": code, "recording": recording.index, "message": message, "hint": hint}
    exchange.note(recording.call_id, recording.leg.id, WARNING, code, detail, because, rule)


def _stop_recording(exchange: Exchange, run: FlowRun, effect: StopRecording, because: int) -> None:
    """Stop the newest live recording, or in the kazoo profiles the one pushed last whatever became of it (B§3.5)."""
    stack, profile = run.call.stack, exchange.setting.profile
    if not profile.stop_pops_ended:
        stack = tuple(recording for recording in stack if recording.is_live)
    run.call.stack = stack[:-1]
    if not stack:
        rule = "law: a stop without a recording does nothing (B§3.5)"
        exchange.note(run.call.id, "A", RECORDER, "nothing to stop", None, because, rule)
        return
    newest = stack[-1]
    if newest.state is RecorderState.ARMED and not profile.stop_cancels_armed:
        detail = {"recording": newest.index}
        exchange.note(run.call.id, "A", RECORDER, "stop forgot", detail, because, "profile.stop_cancels_armed")
        return
    rule = "profile.stop_pops_ended" if profile.stop_pops_ended else "law: stop ends the newest live recording"
    end(exchange, newest, RecorderEvent.STOP_REQUESTED, EndedBy.STOP, because, rule)


CARRY_OUT: Final[Mapping[type, Callable[[Exchange, FlowRun, Any, int], Any]]] = {
    Answer: _answer,
    Dial: dial,
    DropTake: drop_take,
    HangUp: _hang_up,
    KeepTake: keep_take,
    Play: play,
    RecordTake: record_take,
    Respond: _respond,
    Sleep: sleep,
    StartRecording: _start_recording,
    StopRecording: _stop_recording,
    WaitForHangup: wait_for_hangup,
}
