"""The table of a recorder: one per recording, on one leg (B§3, design §4).

Events named RECORD_* are the switch's own; the others are classified by the core before they are looked up here.
"""

from __future__ import annotations

from typing import Final

from callflow.core.table import Table, Word


class RecorderState(Word):
    """Where a recording stands."""

    ARMED = "armed"
    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    FINISHED = "finished"
    DISCARDED = "discarded"
    NEVER_STARTED = "never_started"
    LOST = "lost"


class RecorderEvent(Word):
    """What may happen to a recorder."""

    TRIGGERED = "its moment came: the node, the answer or the bridge"
    RECORD_START = "the switch opened the file"
    START_FAILED = "the switch could not open the file, and says nothing"
    STOP_REQUESTED = "a stop action named it"
    LIMIT_REACHED = "its time limit passed"
    SILENCE_DETECTED = "its silence listener fired"
    DIGIT_PRESSED = "a digit ended the take"
    LEG_GONE = "the leg it listens to ended"
    RECORD_STOP = "the switch closed the file and kept it"
    RECORD_STOP_UNWANTED = "the switch closed the file and removed it: too short, or empty"
    STOP_UNCONFIRMED = "the switch never said that it closed the file"
    THROWN_AWAY = "the caller recorded the message again"


_S, _E = RecorderState, RecorderEvent

# What only a running recorder can send; before it runs nobody can have sent it.
_FROM_A_RUNNING_ONE: Final = (_E.LIMIT_REACHED, _E.SILENCE_DETECTED, _E.DIGIT_PRESSED)

RECORDER_TABLE: Final = Table(
    "recorder",
    states=RecorderState,
    events=RecorderEvent,
    start=_S.ARMED,
    ends=frozenset({_S.FINISHED, _S.DISCARDED, _S.NEVER_STARTED, _S.LOST}),
    moves=(
        (_S.ARMED, _E.TRIGGERED, _S.STARTING),
        (_S.ARMED, _E.STOP_REQUESTED, _S.NEVER_STARTED),
        (_S.ARMED, _E.LEG_GONE, _S.NEVER_STARTED),
        (_S.STARTING, _E.RECORD_START, _S.RECORDING),
        (_S.STARTING, _E.START_FAILED, _S.LOST),
        (_S.STARTING, _E.STOP_REQUESTED, _S.STOPPING),
        (_S.STARTING, _E.LEG_GONE, _S.STOPPING),
        (_S.STARTING, _E.RECORD_STOP, _S.FINISHED),
        (_S.STARTING, _E.RECORD_STOP_UNWANTED, _S.DISCARDED),
        (_S.RECORDING, _E.STOP_REQUESTED, _S.STOPPING),
        (_S.RECORDING, _E.LIMIT_REACHED, _S.STOPPING),
        (_S.RECORDING, _E.SILENCE_DETECTED, _S.STOPPING),
        (_S.RECORDING, _E.DIGIT_PRESSED, _S.STOPPING),
        (_S.RECORDING, _E.LEG_GONE, _S.STOPPING),
        (_S.RECORDING, _E.RECORD_STOP, _S.FINISHED),
        (_S.RECORDING, _E.RECORD_STOP_UNWANTED, _S.DISCARDED),
        (_S.STOPPING, _E.RECORD_STOP, _S.FINISHED),
        (_S.STOPPING, _E.RECORD_STOP_UNWANTED, _S.DISCARDED),
        (_S.STOPPING, _E.START_FAILED, _S.LOST),
        (_S.STOPPING, _E.STOP_UNCONFIRMED, _S.LOST),
        (_S.FINISHED, _E.THROWN_AWAY, _S.DISCARDED),
    ),
    late={
        _S.STARTING: (_E.TRIGGERED,),
        _S.RECORDING: (_E.TRIGGERED, _E.RECORD_START),
        _S.STOPPING: (_E.TRIGGERED, _E.RECORD_START, _E.STOP_REQUESTED, _E.LEG_GONE, *_FROM_A_RUNNING_ONE),
        _S.FINISHED: (
            _E.TRIGGERED,
            _E.RECORD_START,
            _E.START_FAILED,
            _E.STOP_REQUESTED,
            _E.LEG_GONE,
            _E.RECORD_STOP,
            _E.RECORD_STOP_UNWANTED,
            _E.STOP_UNCONFIRMED,
            *_FROM_A_RUNNING_ONE,
        ),
        _S.DISCARDED: (
            _E.TRIGGERED,
            _E.RECORD_START,
            _E.START_FAILED,
            _E.STOP_REQUESTED,
            _E.LEG_GONE,
            _E.RECORD_STOP,
            _E.RECORD_STOP_UNWANTED,
            _E.STOP_UNCONFIRMED,
            _E.THROWN_AWAY,
            *_FROM_A_RUNNING_ONE,
        ),
        _S.NEVER_STARTED: (_E.TRIGGERED, _E.STOP_REQUESTED, _E.LEG_GONE),
        _S.LOST: (
            _E.TRIGGERED,
            _E.RECORD_START,
            _E.STOP_REQUESTED,
            _E.LEG_GONE,
            _E.RECORD_STOP,
            _E.RECORD_STOP_UNWANTED,
            *_FROM_A_RUNNING_ONE,
        ),
    },
    impossible={
        _S.ARMED: (
            _E.RECORD_START,
            _E.START_FAILED,
            _E.RECORD_STOP,
            _E.RECORD_STOP_UNWANTED,
            _E.STOP_UNCONFIRMED,
            _E.THROWN_AWAY,
            *_FROM_A_RUNNING_ONE,
        ),
        _S.STARTING: (_E.STOP_UNCONFIRMED, _E.THROWN_AWAY, *_FROM_A_RUNNING_ONE),
        _S.RECORDING: (_E.START_FAILED, _E.STOP_UNCONFIRMED, _E.THROWN_AWAY),
        _S.STOPPING: (_E.THROWN_AWAY,),
        _S.NEVER_STARTED: (
            _E.RECORD_START,
            _E.START_FAILED,
            _E.RECORD_STOP,
            _E.RECORD_STOP_UNWANTED,
            _E.STOP_UNCONFIRMED,
            _E.THROWN_AWAY,
            *_FROM_A_RUNNING_ONE,
        ),
        _S.LOST: (_E.START_FAILED, _E.STOP_UNCONFIRMED, _E.THROWN_AWAY),
    },
    timers={_S.RECORDING: _E.LIMIT_REACHED},
)
