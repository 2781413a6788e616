"""Which recordings go along when a leg leaves a transferred call: `should_follow_transfer` (B§3.7; C14, C28)."""

from __future__ import annotations

from typing import Final

from callflow.core.call import Call, Leg
from callflow.core.exchange import Exchange
from callflow.core.recorder import RUNNING, RecorderState
from callflow.core.trace import RECORDER

_ON_A_LEG: Final = (RecorderState.STARTING, *RUNNING)
_RULE: Final = "record_call.should_follow_transfer=true"


def forget(exchange: Exchange, call: Call, *legs: Leg) -> None:
    """Where the profile says so, the flow that goes on knows nothing of recordings that an older one made on the legs.

    It has a call of its own, with an empty list: its `stop` does not find them by name any more (B§3.7).
    """
    if exchange.setting.profile.transfer_empties_stack:
        call.stack = tuple(recording for recording in call.stack if recording.leg not in legs)


def follow(exchange: Exchange, call: Call, leaving: Leg, staying: Leg, because: int) -> None:
    """Move the running recordings that follow a transfer from the leg that leaves to the one that stays.

    Nothing starts or stops by that, and the time limit runs on. The others end with their leg. One that still waits for
    its moment is nothing but a hook of its leg, and so is one that waits for the next bridge: both end with it (B§3.6).
    """
    call.hooks = tuple(hook for hook in call.hooks if hook.leg is not leaving)
    going = tuple(tap for tap in leaving.taps if tap.options.follows_transfer and tap.state in _ON_A_LEG)
    leaving.taps = tuple(tap for tap in leaving.taps if tap not in going)
    staying.taps = (*staying.taps, *going)
    for tap in going:
        tap.leg = staying
        detail = {"recording": tap.index, "leg": staying.id, "from_leg": leaving.id}
        exchange.note(call.id, staying.id, RECORDER, "MOVED", detail, because, _RULE)
