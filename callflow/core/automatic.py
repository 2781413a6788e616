"""Recordings that `call_recording` starts: what the account's documents do to a live call (B§9.3, B§9.5).

A leg that a flow controls carries what is remembered of it, `Leg.automatic`; where the account records nothing by
itself that stays None, and nothing here is reached. Announcements are `callflow.core.announcing`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from callflow.core.account import SystemMedia
from callflow.core.call import Call, Leg
from callflow.core.call_recording import Network
from callflow.core.directory import NO_MATCH
from callflow.core.effects import Dial, RecordingOptions
from callflow.core.exchange import Exchange
from callflow.core.flow import Flow
from callflow.core.opening import trigger
from callflow.core.recording import arm
from callflow.core.recording_limits import STEREO_RATE_HZ, limit_of
from callflow.core.recording_plan import AccountRecordings, Automatic, Moment, PlannedRecording, plan_recordings
from callflow.core.stack import start
from callflow.core.trace import WARNING

_OPTION: Final = "call_recording"


def win_route(exchange: Exchange, call: Call, leg: Leg, flow: Flow, because: int) -> None:
    """A flow is about to control the leg: the account's inbound recording starts, outbound ones as the profile says.

    The call goes off-net when it is the account's flow for numbers of no other flow that runs (B§9.2).
    """
    recordings = exchange.setting.account.recordings
    if recordings is None:
        return
    source: Network = "onnet" if _phone_of(call, leg) else "offnet"
    leg.automatic = Automatic(source, flow.is_feature_code)
    is_no_match = NO_MATCH in flow.numbers and call.dialled not in flow.numbers
    _start_all(exchange, call, leg, recordings, "route win", "offnet" if is_no_match else "onnet", because)


def begin_bridging(exchange: Exchange, call: Call, leg: Leg, effect: Dial, because: int) -> None:
    """A module is about to ring somebody: outbound recordings start where the profile has them start here.

    A device that the account does not have is the world outside.
    """
    account = exchange.setting.account
    if account.recordings is not None and effect.endpoints:
        is_outside = effect.endpoints[0].device.id not in account.devices
        _start_all(exchange, call, leg, account.recordings, "bridging", "offnet" if is_outside else "onnet", because)


def record_callee(exchange: Exchange, call: Call, leg: Leg, callee: Leg, because: int) -> None:
    """The callee has answered whom `leg` called: the callee's own recording starts, on its leg (B§9.3)."""
    account, automatic = exchange.setting.account, leg.automatic
    if account.recordings is None or automatic is None or callee.device is None:
        return
    planned = plan_recordings(
        "callee answers",
        account.recordings.sides("", callee.device.id),
        source=automatic.source,
        destination="onnet",
        outbound_at=_outbound_at(exchange),
        is_feature_call=automatic.is_feature_call,
    )
    for each in planned:
        options = _options(each, account.system, "at once")
        trigger(exchange, arm(exchange, call, callee, "call", options, because, each.rule), because)


def _start_all(
    exchange: Exchange,
    call: Call,
    leg: Leg,
    recordings: AccountRecordings,
    moment: Moment,
    destination: Network,
    because: int,
) -> None:
    """Start what the plan has for this moment on the controlled leg; on a later bridging, only what is new."""
    automatic = leg.automatic
    assert automatic is not None
    planned = plan_recordings(
        moment,
        recordings.sides(_phone_of(call, leg), ""),
        source=automatic.source,
        destination=destination,
        outbound_at=_outbound_at(exchange),
        is_feature_call=automatic.is_feature_call,
    )
    for each in planned:
        if each.origin in automatic.started:
            _note_double(exchange, call, leg, each, because)
            continue
        automatic.started = (*automatic.started, each.origin)
        parameters = each.parameters
        # With both set the answer wins, as for record_call (B§3.6).
        starts: Literal["at once", "on answer", "on bridge"] = "on bridge" if parameters.record_on_bridge else "at once"
        if parameters.record_on_answer:
            starts = "on answer"
        options = _options(each, exchange.setting.account.system, starts)
        start(exchange, call, leg, options, because, rule=each.rule)


def _note_double(exchange: Exchange, call: Call, leg: Leg, planned: PlannedRecording, because: int) -> None:
    """Say that a later module would start the same recording; here it starts once (B§9.3)."""
    message = f"'{planned.origin}' was started by an earlier module: Kazoo 5 asks again here, and may record twice"
    detail = {"code": "outbound-asked-again", "message": message, "hint": ""}
    exchange.note(call.id, leg.id, WARNING, "outbound-asked-again", detail, because, "B§9.3")


def _outbound_at(exchange: Exchange) -> Moment:
    return "bridging" if exchange.setting.profile.outbound_starts_at_bridging else "route win"


def _phone_of(call: Call, leg: Leg) -> str:
    """The id of the account's phone on the leg, "" for a caller from outside."""
    return leg.device.id if leg.device is not None else call.caller.device_id


@lru_cache(maxsize=256)  # the options of a cell are the same for every call; the system compares by identity
def _options(
    planned: PlannedRecording, system: SystemMedia, starts: Literal["at once", "on answer", "on bridge"]
) -> RecordingOptions:
    """Resolve a cell as record_call's data are, without the schema's defaults: no limit is the maximum (B§9.3)."""
    cell = planned.parameters
    limit_s, rule = limit_of(cell.time_limit, None, system.max_recording_time_limit, _OPTION)
    return RecordingOptions(
        format=cell.format or system.extension,
        sample_rate_hz=cell.record_sample_rate or STEREO_RATE_HZ,
        time_limit_s=limit_s,
        time_limit_rule=rule,
        min_length_s=cell.record_min_sec if cell.record_min_sec is not None else system.record_min_sec,
        origin=planned.origin,
        url=cell.url or "",
        option=_OPTION,
        starts=starts,
        follows_transfer=False,
    )
