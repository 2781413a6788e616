"""Recordings controlled from outside the flow: by a metaflow's digits, and by the API on a channel (B§3.5, B§10).

Which recording an action means depends on the profile. `docs`: the newest on the leg that asks, else on the one that it
talks to. `kazoo-4` aims at the asking leg alone, and on the controlled one at what it takes off the stack, whatever
became of it. `kazoo-5`: stop as a flow's; mask and pause as `docs`. A start is always on the leg that a flow controls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from callflow.core.account import SystemMedia
from callflow.core.call import Call, Leg
from callflow.core.causes import EndedBy
from callflow.core.closing import end
from callflow.core.effects import RecordingOptions
from callflow.core.events import ControlAction, Controls
from callflow.core.exchange import Exchange
from callflow.core.masking import mask, pause, resume, unmask
from callflow.core.metaflow_settings import MetaflowRecordCall
from callflow.core.recorder import RecorderEvent, RecorderState
from callflow.core.recording import Recording
from callflow.core.recording_limits import STEREO_RATE_HZ, limit_of
from callflow.core.stack import newest_running, pop, start, stop
from callflow.core.trace import RECORDER

NO_ORIGIN: Final = "no origin"
"""The origin of a recording that no flow started and that names none itself (B§10)."""

_KNOWN_TO_KAZOO_4: Final = ("start", "stop", "mask", "unmask")
_MASKED: Final = (RecorderState.MASKED, RecorderState.PAUSED_AND_MASKED)
_PAUSED: Final = (RecorderState.PAUSED, RecorderState.PAUSED_AND_MASKED)

_Move = Callable[[Exchange, Recording, int, str], None]
_MOVES: Final[Mapping[str, _Move]] = {"mask": mask, "unmask": unmask, "pause": pause, "resume": resume}
_TOGGLES: Final[Mapping[str, tuple[tuple[RecorderState, ...], str, str]]] = {
    "toggle_mask": (_MASKED, "unmask", "mask"),
    "toggle_pause": (_PAUSED, "resume", "pause"),
}
"""By action: the states in which it undoes, what it does then, and what it does in any other."""

_BY_API: Final = MetaflowRecordCall()


def control_by_metaflow(exchange: Exchange, call: Call, leg: Leg, settings: MetaflowRecordCall, because: int) -> None:
    """Do what a metaflow's `record_call` says; `leg` is the one that dialled it. No action means toggle (B§10)."""
    control(exchange, call, leg, _action_of(settings), because, settings, "metaflows.record_call")


def control_by_api(exchange: Exchange, call: Call, leg: Leg, event: Controls, because: int) -> None:
    """Do what the API says about a leg's recordings; a start is one of the system's defaults (B§10)."""
    control(exchange, call, leg, event.action, because, _BY_API, "api")


def _action_of(settings: MetaflowRecordCall) -> str:
    return settings.action or "toggle"


def control(
    exchange: Exchange,
    call: Call,
    leg: Leg,
    action: ControlAction | str,
    because: int,
    settings: MetaflowRecordCall,
    asker: str,
) -> None:
    """Start, stop, mask or pause as `action` says; one that profile or schema do not know starts a recording.

    `asker` is the beginning of the rule's name. What finds no recording to act upon is a row and nothing else.
    """
    rule = f"{asker}.action={action}"
    if exchange.setting.profile.toggle_is_start and action not in _KNOWN_TO_KAZOO_4:
        action, rule = "start", "profile.toggle_is_start"
    elif action == "toggle":
        action = "start" if _newest_live(call, leg) is None else "stop"
    if action == "stop":
        _stop(exchange, call, leg, because, rule)
    elif action in _MOVES or action in _TOGGLES:
        _move(exchange, call, leg, action, because, rule)
    else:
        options = options_of(settings, exchange.setting.account.system, asker)
        start(exchange, call, _controlled(call, leg), options, because, rule=rule)


def options_of(settings: MetaflowRecordCall, system: SystemMedia, asker: str) -> RecordingOptions:
    """What a recording is to be that no flow starts: no default limit but the maximum, no following (B§3.7, B§10)."""
    limit_s, rule = limit_of(settings.time_limit, None, system.max_recording_time_limit, asker)
    moment: Literal["at once", "on answer", "on bridge"] = "at once"
    if settings.record_on_answer:  # with both flags set, the answer wins (B§3.6, C5)
        moment = "on answer"
    elif settings.record_on_bridge:
        moment = "on bridge"
    return RecordingOptions(
        format=settings.format or system.extension,
        sample_rate_hz=settings.record_sample_rate or STEREO_RATE_HZ,
        time_limit_s=limit_s,
        time_limit_rule=rule,
        min_length_s=system.record_min_sec if settings.record_min_sec is None else settings.record_min_sec,
        media_name=settings.media_name or "",
        origin=settings.origin or NO_ORIGIN,
        url=settings.url or "",
        method=settings.method,
        starts=moment,
        follows_transfer=False,
    )


def _controlled(call: Call, leg: Leg) -> Leg:
    """The leg of the talk that a flow controls: recordings start there, whoever asks."""
    if call.run_on(leg) is None and leg.peer is not None and call.run_on(leg.peer) is not None:
        return leg.peer
    return leg


def _stop(exchange: Exchange, call: Call, leg: Leg, because: int, rule: str) -> None:
    profile = exchange.setting.profile
    if profile.stop_pops_ended and (call.run_on(leg) is not None or not profile.digits_aim_at_own_leg):
        stop(exchange, call, _controlled(call, leg), because)
        return
    found = newest_running(leg) if profile.digits_aim_at_own_leg else _newest_live(call, leg)
    if found is None:
        _note_nothing(exchange, call, leg, "stop", because, rule)
    else:
        end(exchange, found, RecorderEvent.STOP_REQUESTED, EndedBy.STOP, because, rule)


def _move(exchange: Exchange, call: Call, leg: Leg, action: str, because: int, rule: str) -> None:
    recording = _meant(exchange, call, leg)
    if recording is None:
        _note_nothing(exchange, call, leg, action.replace("toggle_", ""), because, rule)
        return
    if action in _TOGGLES:
        states, undo, do = _TOGGLES[action]
        action = undo if recording.state in states else do
    _MOVES[action](exchange, recording, because, rule)


def _meant(exchange: Exchange, call: Call, leg: Leg) -> Recording | None:
    """The recording that masking or pausing is about."""
    profile = exchange.setting.profile
    if profile.mask_pops and call.run_on(leg) is not None:
        newest = pop(exchange, call, leg)
        return newest_running(leg) if newest is None and profile.empty_stop_ends_newest else newest
    found = newest_running(leg)
    if found is None and leg.peer is not None and not profile.digits_aim_at_own_leg:
        found = newest_running(leg.peer)
    return found


def _newest_live(call: Call, leg: Leg) -> Recording | None:
    """The newest call recording that a stop could end: on the leg, else on the one that it talks to."""
    for side in (leg, leg.peer):
        if side is not None:
            for tap in reversed(side.taps):
                if not tap.is_take and tap.is_live:
                    return tap
    return None


def _note_nothing(exchange: Exchange, call: Call, leg: Leg, what: str, because: int, rule: str) -> None:
    exchange.note(call.id, leg.id, RECORDER, f"nothing to {what}", None, because, rule)
