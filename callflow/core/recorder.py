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
    PAUSED = "paused"
    MASKED = "masked"
    PAUSED_AND_MASKED = "paused_and_masked"
    STOPPING = "stopping"
    FINISHED = "finished"
    DISCARDED = "discarded"
    NEVER_STARTED = "never_started"
    LOST = "lost"


class RecorderEvent(Word):
    """What may happen to a recorder."""

    TRIGGERED = "its moment came: the node, the answer or the bridge"
    RECORD_START = "the switch opened the file"
    NAME_TAKEN = "another recording of its name writes to the file already"
    START_FAILED = "the switch could not open the file, and says nothing"
    RECORD_MASK = "from now on the file gets zeros"
    RECORD_UNMASK = "from now on the file gets sound again"
    RECORD_PAUSE = "from now on the file gets nothing"
    RECORD_RESUME = "from now on the file grows again"
    STOP_REQUESTED = "a stop action named it"
    LIMIT_REACHED = "its time limit passed"
    SILENCE_DETECTED = "its silence listener fired"
    DIGIT_PRESSED = "a digit ended the take"
    WRITE_FAILED = "the switch could not write to the file"
    LEG_GONE = "the leg it listens to ended"
    RECORD_STOP = "the switch closed the file and kept it"
    RECORD_STOP_UNWANTED = "the switch closed the file and removed it: too short, or empty"
    STOP_UNCONFIRMED = "the switch never said that it closed the file"
    THROWN_AWAY = "the caller recorded the message again"


_S, _E = RecorderState, RecorderEvent

RUNNING: Final = (_S.RECORDING, _S.PAUSED, _S.MASKED, _S.PAUSED_AND_MASKED)
"""The states in which the file is open and the clock of the time limit runs."""

PAUSED: Final = (_S.PAUSED, _S.PAUSED_AND_MASKED)
"""Those of them in which no frame reaches the file."""

_CONTROLS: Final = (_E.RECORD_MASK, _E.RECORD_UNMASK, _E.RECORD_PAUSE, _E.RECORD_RESUME)

# What only a running recorder can send; before it runs nobody can have sent it.
_FROM_A_RUNNING_ONE: Final = (_E.LIMIT_REACHED, _E.SILENCE_DETECTED, _E.DIGIT_PRESSED, _E.WRITE_FAILED)

# No frame reaches a paused recording; what the frame before has set off comes too late.
_BY_A_FRAME: Final = (_E.SILENCE_DETECTED, _E.WRITE_FAILED)

_CLOSED: Final = (_E.RECORD_STOP, _E.RECORD_STOP_UNWANTED)

# What reaches a recording that is over by a message that was already on its way.
_OVERTAKEN: Final = (_E.TRIGGERED, _E.RECORD_START, _E.STOP_REQUESTED, _E.LEG_GONE, *_CONTROLS)

RECORDER_TABLE: Final = Table(
    "recorder",
    states=RecorderState,
    events=RecorderEvent,
    start=_S.ARMED,
    ends=frozenset({_S.FINISHED, _S.DISCARDED, _S.NEVER_STARTED, _S.LOST}),
    moves=(
        (_S.ARMED, _E.TRIGGERED, _S.STARTING),
        (_S.ARMED, _E.NAME_TAKEN, _S.NEVER_STARTED),
        (_S.ARMED, _E.STOP_REQUESTED, _S.NEVER_STARTED),
        (_S.ARMED, _E.LEG_GONE, _S.NEVER_STARTED),
        (_S.STARTING, _E.RECORD_START, _S.RECORDING),
        (_S.STARTING, _E.START_FAILED, _S.LOST),
        (_S.STARTING, _E.STOP_REQUESTED, _S.STOPPING),
        (_S.STARTING, _E.LEG_GONE, _S.STOPPING),
        (_S.STARTING, _E.RECORD_STOP, _S.FINISHED),
        (_S.STARTING, _E.RECORD_STOP_UNWANTED, _S.DISCARDED),
        # Mask and pause are independent of each other (B§3.10).
        (_S.RECORDING, _E.RECORD_MASK, _S.MASKED),
        (_S.RECORDING, _E.RECORD_PAUSE, _S.PAUSED),
        (_S.MASKED, _E.RECORD_UNMASK, _S.RECORDING),
        (_S.MASKED, _E.RECORD_PAUSE, _S.PAUSED_AND_MASKED),
        (_S.PAUSED, _E.RECORD_MASK, _S.PAUSED_AND_MASKED),
        (_S.PAUSED, _E.RECORD_RESUME, _S.RECORDING),
        (_S.PAUSED_AND_MASKED, _E.RECORD_UNMASK, _S.PAUSED),
        (_S.PAUSED_AND_MASKED, _E.RECORD_RESUME, _S.MASKED),
        (_S.RECORDING, _E.SILENCE_DETECTED, _S.STOPPING),
        (_S.MASKED, _E.SILENCE_DETECTED, _S.STOPPING),
        *((state, _E.LIMIT_REACHED, _S.STOPPING) for state in RUNNING),
        *((state, _E.STOP_REQUESTED, _S.STOPPING) for state in RUNNING),
        *((state, _E.DIGIT_PRESSED, _S.STOPPING) for state in RUNNING),
        (_S.RECORDING, _E.WRITE_FAILED, _S.STOPPING),
        (_S.MASKED, _E.WRITE_FAILED, _S.STOPPING),
        *((state, _E.LEG_GONE, _S.STOPPING) for state in RUNNING),
        *((state, _E.RECORD_STOP, _S.FINISHED) for state in RUNNING),
        *((state, _E.RECORD_STOP_UNWANTED, _S.DISCARDED) for state in RUNNING),
        (_S.STOPPING, _E.RECORD_STOP, _S.FINISHED),
        (_S.STOPPING, _E.RECORD_STOP_UNWANTED, _S.DISCARDED),
        (_S.STOPPING, _E.START_FAILED, _S.LOST),
        (_S.STOPPING, _E.STOP_UNCONFIRMED, _S.LOST),
        (_S.FINISHED, _E.THROWN_AWAY, _S.DISCARDED),
    ),
    late={
        _S.ARMED: _CONTROLS,
        _S.STARTING: (_E.TRIGGERED, *_CONTROLS),
        _S.RECORDING: (_E.TRIGGERED, _E.RECORD_START, _E.RECORD_UNMASK, _E.RECORD_RESUME),
        _S.MASKED: (_E.TRIGGERED, _E.RECORD_START, _E.RECORD_MASK, _E.RECORD_RESUME),
        _S.PAUSED: (_E.TRIGGERED, _E.RECORD_START, _E.RECORD_UNMASK, _E.RECORD_PAUSE, *_BY_A_FRAME),
        _S.PAUSED_AND_MASKED: (_E.TRIGGERED, _E.RECORD_START, _E.RECORD_MASK, _E.RECORD_PAUSE, *_BY_A_FRAME),
        _S.STOPPING: (*_OVERTAKEN, *_FROM_A_RUNNING_ONE),
        _S.FINISHED: (*_OVERTAKEN, *_FROM_A_RUNNING_ONE, *_CLOSED, _E.START_FAILED, _E.STOP_UNCONFIRMED),
        _S.DISCARDED: (
            *_OVERTAKEN,
            *_FROM_A_RUNNING_ONE,
            *_CLOSED,
            _E.START_FAILED,
            _E.STOP_UNCONFIRMED,
            _E.THROWN_AWAY,
        ),
        _S.NEVER_STARTED: (_E.TRIGGERED, _E.STOP_REQUESTED, _E.LEG_GONE, *_CONTROLS),
        _S.LOST: (*_OVERTAKEN, *_FROM_A_RUNNING_ONE, *_CLOSED),
    },
    impossible={
        _S.ARMED: (
            _E.RECORD_START,
            _E.START_FAILED,
            *_CLOSED,
            _E.STOP_UNCONFIRMED,
            _E.THROWN_AWAY,
            *_FROM_A_RUNNING_ONE,
        ),
        _S.STARTING: (_E.NAME_TAKEN, _E.STOP_UNCONFIRMED, _E.THROWN_AWAY, *_FROM_A_RUNNING_ONE),
        **{state: (_E.NAME_TAKEN, _E.START_FAILED, _E.STOP_UNCONFIRMED, _E.THROWN_AWAY) for state in RUNNING},
        _S.STOPPING: (_E.NAME_TAKEN, _E.THROWN_AWAY),
        _S.FINISHED: (_E.NAME_TAKEN,),
        _S.DISCARDED: (_E.NAME_TAKEN,),
        _S.NEVER_STARTED: (
            _E.NAME_TAKEN,
            _E.RECORD_START,
            _E.START_FAILED,
            *_CLOSED,
            _E.STOP_UNCONFIRMED,
            _E.THROWN_AWAY,
            *_FROM_A_RUNNING_ONE,
        ),
        _S.LOST: (_E.NAME_TAKEN, _E.START_FAILED, _E.STOP_UNCONFIRMED, _E.THROWN_AWAY),
    },
    timers={state: _E.LIMIT_REACHED for state in RUNNING},
)
