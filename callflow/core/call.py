"""The engine's private records of live calls; scripts see a `CallView` only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import define, field

from callflow.core.account import Account, Device
from callflow.core.events import Caller
from callflow.core.flow import Flow, Node
from callflow.core.leg import LegState
from callflow.core.profile import Profile

if TYPE_CHECKING:
    from callflow.core.agenda import Entry
    from callflow.core.exchange import Exchange
    from callflow.core.recording import Recording


ANSWERED: Final = (LegState.ANSWERED, LegState.BRIDGED, LegState.HELD)
"""The states of a leg that has been answered and is still there."""

_WITH_MEDIA: Final = (LegState.EARLY, *ANSWERED)
_GONE: Final = LegState.GONE


class Wait(Protocol):
    """What a suspended script waits for: it hears the caller's digits and the caller's end."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The B-legs that are there because of the wait, dialled or talking."""

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """A digit was pressed on the A-leg."""

    def lose(self, exchange: Exchange, because: int) -> None:
        """The A-leg has gone: answer the script, or throw HungUp into it."""


@define(eq=False, weakref_slot=False)
class Leg:
    """One leg: `party` is who speaks on it (`caller`, or the device's owner or id), `taps` the live recordings on it.

    `speech` is the row that started what the party says, which is heard until `sounding_until_ms`.
    """

    id: str
    party: str
    device: Device | None = None
    state: LegState = LegState.NEW
    peer: Leg | None = None
    ring_timer: Entry | None = None
    speech: int = -1
    sounding_until_ms: int = 0
    taps: tuple[Recording, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether the leg has been answered and is still there."""
        return self.state in ANSWERED

    @property
    def is_gone(self) -> bool:
        """Whether the leg has ended."""
        return self.state is _GONE

    @property
    def carries_audio(self) -> bool:
        """Whether the leg has media: from early media on (design §12, Sound)."""
        return self.state in _WITH_MEDIA


@define(eq=False, weakref_slot=False)
class Call:
    """One call: the A-leg's whole life. `stack` holds what a stop may end, newest last (B§3.5).

    Tuples, most of them empty for most of the time: a hundred thousand calls are alive at once (law 8).
    """

    id: str
    caller: Caller
    dialled: str
    a_leg: Leg = field(init=False)
    legs_made: int = 0
    run: FlowRun | None = None
    stack: tuple[Recording, ...] = ()
    takes: tuple[Recording, ...] = ()
    recordings_made: int = 0
    talk_ended_by: str = ""

    def find_leg(self, leg_id: str) -> Leg | None:
        """The leg of that id, or None when there is none or it has gone."""
        legs: tuple[Leg, ...] = (self.a_leg,)
        if leg_id != self.a_leg.id:
            waiting = self.run.waiting if self.run is not None else None
            legs = waiting.legs if waiting is not None else ()
        for leg in legs:
            if leg.id == leg_id and leg.state is not _GONE:
                return leg
        return None


@define(eq=False, weakref_slot=False)
class CallView:
    """What a script may know of its call: its read-only part is all that an action should touch."""

    _exchange: Exchange
    _call: Call
    _node: Node | None
    _flow_name: str

    @property
    def account(self) -> Account:
        """The account: users, devices, mailboxes, flows, system settings."""
        return self._exchange.setting.account

    @property
    def profile(self) -> Profile:
        """The profile of the run."""
        return self._exchange.setting.profile

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self._call.caller

    @property
    def dialled(self) -> str:
        """The number that was dialled."""
        return self._call.dialled

    @property
    def flow_name(self) -> str:
        """The name of the running flow, or the dialled number when it has none (B§1.2)."""
        return self._flow_name or self._call.dialled

    @property
    def where(self) -> str:
        """The JSON path of the node that runs."""
        return self._node.where if self._node else ""

    @property
    def is_answered(self) -> bool:
        """Whether the caller's leg is answered."""
        return self._call.a_leg.is_answered

    def flow_by_id(self, flow_id: str) -> Flow | None:
        """The account's flow of that id, or the flow written inside the node of that JSON path."""
        return self._exchange.setting.flows.get(flow_id)

    def flow_for(self, number: str) -> Flow | None:
        """The flow that answers a number, as a flow that is branched to finds it: never `no_match` (B§7.6, B§7.7)."""
        match = self.account.find_flow(number, may_use_no_match=False)
        return self.flow_by_id(match.flow.id) if match else None

    def message_count(self, mailbox_id: str) -> int:
        """How many messages the mailbox holds now."""
        kept = self._exchange.mailbox_counts.get(mailbox_id, 0)
        return kept + self.account.mailboxes[mailbox_id].message_count


@define(eq=False, weakref_slot=False)
class FlowRun(CallView):
    """One execution of a flow: the node it is at, the pushed nodes, and what its script waits for.

    `fallen` is the key that matched neither a child nor `_` (B§2.2); `is_over` is true once it has terminated.
    Scripts are handed the run as the `CallView` that it is.
    """

    branches_left: int
    pushed: tuple[Node, ...] = ()
    script: Any = None
    waiting: Wait | None = None
    fallen: str = ""
    is_over: bool = False

    @property
    def call(self) -> Call:
        """The call that the flow runs on."""
        return self._call

    @property
    def node(self) -> Node | None:
        """The node that the run is at."""
        return self._node

    def enter(self, node: Node) -> None:
        """Be at a node."""
        self._node = node
