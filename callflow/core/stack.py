"""What a flow says to recordings: start and stop, and the call's stack of what a stop may end (B§3.5, B§3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from callflow.core.call import Call, FlowRun, Leg
from callflow.core.causes import EndedBy
from callflow.core.closing import end
from callflow.core.effects import RecordingOptions, StartRecording, StopRecording
from callflow.core.exchange import Exchange
from callflow.core.opening import trigger
from callflow.core.recorder import RUNNING, RecorderEvent, RecorderState
from callflow.core.recording import Kind, Recording, arm, names_of
from callflow.core.trace import RECORDER, WARNING

_ARMED = RecorderState.ARMED

_HAVE_FILES: Final = (RecorderState.STOPPING, RecorderState.FINISHED)
_MAY_HAVE_FILES: Final = (_ARMED, RecorderState.STARTING, *RUNNING, *_HAVE_FILES)

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


def start_recording(exchange: Exchange, run: FlowRun, effect: StartRecording, because: int) -> None:
    """Carry out `StartRecording` on the run's leg."""
    start(exchange, run.call, run.leg, effect.options, because)


def start(
    exchange: Exchange,
    call: Call,
    leg: Leg,
    options: RecordingOptions,
    because: int,
    *,
    kind: Kind = "call",
    rule: str = "",
) -> Recording | None:
    """Start a recording on a leg that the call controls, or arm it for its moment, as profile and leg say (B§3.6).

    None when a recording of that name is active: the switch takes no second one, and the name is pushed again (B§3.5).
    """
    appends_to, profile = None, exchange.setting.profile
    if options.media_name:
        active = _active_of(leg, options.media_name)
        if active is not None and options.starts == "at once":
            _refuse_second(exchange, call, active, because)
            return None
        if profile.same_name_appends:
            # One that waits for its moment finds the files of those, too, that may record until then.
            states = _HAVE_FILES if options.starts == "at once" else _MAY_HAVE_FILES
            appends_to = _file_of(call, leg, options.media_name, states)
    recording = arm(exchange, call, leg, kind, options, because, rule or _MOMENTS[options.starts], appends_to)
    push(call, recording)
    if options.starts == "at once":
        trigger(exchange, recording, because)
    elif options.starts == "on answer":
        if leg.is_answered:
            _start_late(exchange, recording, "never-starts", profile.starts_at_once_when_answered, because)
    else:
        if profile.hooks_fire_again:
            call.hooks = (*call.hooks, recording)
        if leg.peer is not None:
            _start_late(exchange, recording, "waits-for-next-bridge", profile.starts_at_once_when_bridged, because)
    return recording


def push(call: Call, recording: Recording) -> None:
    """Put a recording where a stop finds it, and a later start its name."""
    call.stack = (*call.stack, recording)
    if recording.leg.automatic is not None:
        recording.leg.automatic.is_flagged = True
    if recording.options.media_name:
        call.named = (*call.named, recording)


def _start_late(exchange: Exchange, recording: Recording, code: str, starts_at_once: bool, because: int) -> None:
    """The moment which the recording waits for has gone by: start at once, or say that it will not (B§3.6; C3, C4)."""
    moment, outcome, hint, rule = _MISSED[code]
    if starts_at_once:
        trigger(exchange, recording, because, rule.partition("=")[0])
        return
    message = f"recording {recording.index} comes after {moment}: {outcome}"
    detail = {"code": code, "recording": recording.index, "message": message, "hint": hint}
    exchange.note(recording.call_id, recording.leg.id, WARNING, code, detail, because, rule)


def _active_of(leg: Leg, name: str) -> Recording | None:
    """The recording of that name whose file the switch has open on the leg, or is about to open."""
    return next((tap for tap in leg.taps if tap.options.media_name == name and tap.is_active), None)


def _file_of(call: Call, leg: Leg, name: str, states: tuple[RecorderState, ...]) -> Recording | None:
    """The newest recording of that name in one of the states, None without one.

    A name is a file of the switch, whichever leg it was made on; one that may still be written on another leg is not
    there yet.
    """
    for each in reversed(call.named):
        if each.options.media_name == name and each.state in states and (each.leg is leg or each.state in _HAVE_FILES):
            return each
    return None


def _refuse_second(exchange: Exchange, call: Call, active: Recording, because: int) -> None:
    """The switch reports success and opens no second file (B§3.5)."""
    if exchange.setting.profile.stop_pops_ended:
        call.stack = (*call.stack, active)
    detail = {
        "code": "already-recording",
        "recording": active.index,
        "message": f"recording {active.index} has that media_name and is active: no second one starts",
        "hint": "give every recording a media_name of its own, or none",
    }
    exchange.note(call.id, active.leg.id, WARNING, "already-recording", detail, because, "B§3.5")


def stop_recording(exchange: Exchange, run: FlowRun, effect: StopRecording, because: int) -> None:
    """Carry out `StopRecording` on the run's leg."""
    stop(exchange, run.call, run.leg, because)


def stop(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """Stop the newest live recording, or in the kazoo profiles the one pushed last whatever became of it (B§3.5)."""
    profile = exchange.setting.profile
    newest = pop(exchange, call, leg)
    if newest is not None:
        rule = "profile.stop_pops_ended" if profile.stop_pops_ended else "law: stop ends the newest live recording"
        if newest.state is _ARMED and not profile.stop_cancels_armed:
            detail = {"recording": newest.index}
            exchange.note(call.id, leg.id, RECORDER, "stop forgot", detail, because, "profile.stop_cancels_armed")
            return
    else:
        active = newest_running(leg) if profile.empty_stop_ends_newest else None
        if active is None:
            rule = "law: a stop without a recording does nothing (B§3.5)"
            exchange.note(call.id, leg.id, RECORDER, "nothing to stop", None, because, rule)
            return
        newest, rule = active, "profile.empty_stop_ends_newest"
    end(exchange, newest, RecorderEvent.STOP_REQUESTED, EndedBy.STOP, because, rule)


def pop(exchange: Exchange, call: Call, leg: Leg) -> Recording | None:
    """Take what `leg` would stop off the call's stack, None without anything there (B§3.5).

    A consultation is a call of its own: while there is one, each side finds its own leg's recordings only.
    """
    stack, takes_ended = call.stack, exchange.setting.profile.stop_pops_ended
    elsewhere: tuple[Recording, ...] = ()
    if call.consult is not None:
        elsewhere = tuple(recording for recording in stack if recording.leg is not leg)
        stack = tuple(recording for recording in stack if recording.leg is leg)
    if not takes_ended:
        stack = tuple(recording for recording in stack if recording.is_live)
    call.stack = elsewhere + stack[:-1]
    if not stack:
        return None
    return _meant_by(stack[-1]) if takes_ended else stack[-1]


def _meant_by(popped: Recording) -> Recording:
    """What is meant by a popped name: the active recording of that name, if there is one (B§3.5)."""
    name = popped.options.media_name
    return (_active_of(popped.leg, name) if name else None) or popped


def newest_running(leg: Leg) -> Recording | None:
    """The call recording on the leg that was armed last, of those whose file is open; a take is none of them."""
    return next((tap for tap in reversed(leg.taps) if not tap.is_take and tap.is_running), None)


def fire_bridge_hooks(exchange: Exchange, call: Call, leg: Leg, because: int) -> None:
    """A later bridge: what has waited for a bridge before tries again, under the same ids (B§3.6).

    The new recording takes the old one's place wherever that is known: on the stack it has one name with it.
    """
    for hook in call.hooks:
        asked = hook.options.media_name
        if hook.leg is not leg or hook.is_live or (asked and _active_of(leg, asked) is not None):
            continue
        appends_to = _file_of(call, leg, asked, _HAVE_FILES)
        if appends_to is None:
            appends_to = hook if hook.state in _HAVE_FILES else hook.appends_to
        document_id, name = names_of(exchange, hook)
        options = evolve(hook.options, media_id=document_id, media_name=name)
        again = arm(exchange, call, leg, hook.kind, options, because, "profile.hooks_fire_again", appends_to)
        call.hooks = tuple(again if each is hook else each for each in call.hooks)
        call.stack = tuple(again if each is hook else each for each in call.stack)
        call.named = (*call.named, again)
        trigger(exchange, again, because, "record_on_bridge")
