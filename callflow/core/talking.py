"""The talk that follows an answer: joining the two legs, and how it ends (B§7.0, B§8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.automatic import record_callee
from callflow.core.call import FlowRun, Leg
from callflow.core.causes import HangupCause
from callflow.core.effects import Talk
from callflow.core.exchange import Exchange
from callflow.core.executor import resume
from callflow.core.switch import answer, bridge, destroy, unbridge
from callflow.core.trace import EVENT

_ENDED_BY_CALLER: Final = Talk(True, HangupCause.NORMAL_CLEARING, is_caller_gone=True)
_ENDED_BY_CALLEE: Final = Talk(True, HangupCause.NORMAL_CLEARING)


@define(eq=False, weakref_slot=False)
class Talking:
    """The wait of `Dial` from the answer on; `joining` is due when the legs will be bridged a little later."""

    run: FlowRun
    callee: Leg
    joining: Entry | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The callee's leg."""
        return (self.callee,)

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """Digits go to the other party; no flow listens during a talk."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """The caller ended the talk, and the callee's leg with it."""
        self.stay_apart(exchange)
        resume(exchange, self.run, _ENDED_BY_CALLER, because)

    def stay_apart(self, exchange: Exchange) -> None:
        """Do not bridge any more."""
        if self.joining is not None:
            exchange.agenda.cancel(self.joining)


def join(exchange: Exchange, run: FlowRun, callee: Leg, losers: Sequence[Leg], because: int) -> None:
    """Answer both legs and bridge them, after the profile's set-up time; phones that lost the race stop ringing."""
    call = run.call
    talking = run.waiting = Talking(run, callee)
    if callee.ring_timer is not None:
        exchange.agenda.cancel(callee.ring_timer)
        callee.ring_timer = None
    answered = answer(exchange, call, callee, because)
    if run.leg.automatic is not None:
        record_callee(exchange, call, run.leg, callee, answered)
    for loser in losers:
        destroy(exchange, call, loser, HangupCause.LOSE_RACE, because)
    answer(exchange, call, run.leg, because)
    setup_ms = exchange.setting.profile.bridge_setup_ms
    if setup_ms:
        talking.joining = exchange.agenda.after(setup_ms, _join, talking, None, because)
    else:
        bridge(exchange, call, run.leg, callee, because)


def _join(exchange: Exchange, talking: Talking, event: None, because: int) -> None:
    bridge(exchange, talking.run.call, talking.run.leg, talking.callee, because)


def callee_hangs_up(exchange: Exchange, talking: Talking, because: int) -> None:
    """The callee ends the talk: the caller is parked, and the script goes on (B§7.0)."""
    call, callee = talking.run.call, talking.callee
    call.talk_ended_by = callee.party
    talking.stay_apart(exchange)
    destroy(exchange, call, callee, HangupCause.NORMAL_CLEARING, because, callee.party)
    unbridge(exchange, call, callee, because)
    complete(exchange, talking.run, _ENDED_BY_CALLEE, "SUCCESS", because)


def complete(exchange: Exchange, run: FlowRun, talk: Talk, response: str, because: int) -> None:
    """The switch reports the end of the bridge application, and the script learns how it went."""
    detail = {"application": "bridge", "response": response}
    cause = exchange.note(run.call.id, run.leg.id, EVENT, "CHANNEL_EXECUTE_COMPLETE", detail, because)
    resume(exchange, run, talk, cause)
