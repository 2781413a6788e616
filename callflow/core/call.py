"""The engine's private records of live calls; scripts see a `CallView` only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import define

from callflow.core.account import Account, Device
from callflow.core.dates import GREGORIAN_OFFSET_S
from callflow.core.events import Caller
from callflow.core.flow import Flow, Node
from callflow.core.leg import LegState
from callflow.core.profile import Profile

if TYPE_CHECKING:
    from callflow.core.agenda import Entry
    from callflow.core.digits import Collector
    from callflow.core.exchange import Exchange
    from callflow.core.lanes import Lanes
    from callflow.core.metaflows import Bindings
    from callflow.core.recording import Recording
    from callflow.core.recording_plan import Automatic


ANSWERED: Final = (LegState.ANSWERED, LegState.BRIDGED, LegState.HELD)
"""The states of a leg that has been answered and is still there."""

_WITH_MEDIA: Final = (LegState.EARLY, *ANSWERED)
_GONE: Final = LegState.GONE

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


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

    `speech` is the row that started what the party says, which is heard until `sounding_until_ms`. `automatic` is there
    on a controlled leg of an account that records by itself.
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
    automatic: Automatic | None = None

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
class Consultation:
    """A party asks somebody before it transfers (B§8.2): `first` is its leg on hold, `second` the one it calls from."""

    first: Leg
    second: Leg


@define(eq=False, weakref_slot=False)
class Call:
    """One call: `run` is the flow that controls its leg, the A-leg at first; `consult` that of a consultation (B§8.2).

    `consultation` are the two legs of whoever consults, there as long as `consult` is.
    `stack` holds what a stop may end, newest last (B§3.5), `hooks` what every bridge starts again (B§3.6), and `named`
    the recordings whose name a document gave. `variables` are the channel variables that the flow has set,
    `kept_digits` the digits that it keeps, by name. `metaflow` is what its callflow binds to the caller's digits, and
    `collectors` the metaflows that are being dialled (B§10). `lanes` is None until it matters (C44, C45).

    Tuples, most of them empty for most of the time: a hundred thousand calls are alive at once (law 8).
    """

    id: str
    caller: Caller
    dialled: str
    legs_made: int = 0
    run: FlowRun | None = None
    consult: FlowRun | None = None
    consultation: Consultation | None = None
    stack: tuple[Recording, ...] = ()
    hooks: tuple[Recording, ...] = ()
    named: tuple[Recording, ...] = ()
    takes: tuple[Recording, ...] = ()
    recordings_made: int = 0
    talk_ended_by: str = ""
    variables: Mapping[str, str] = _NOTHING
    kept_digits: Mapping[str, str] = _NOTHING
    metaflow: Bindings | None = None
    collectors: tuple[Collector, ...] = ()
    lanes: Lanes | None = None

    def find_leg(self, leg_id: str) -> Leg | None:
        """The leg of that id, or None when there is none or it has gone."""
        run = self.run
        found = run.find_leg(leg_id) if run is not None else None
        if found is None and self.consult is not None:
            found = self.consult.find_leg(leg_id)
        return found

    def legs(self) -> tuple[Leg, ...]:
        """Every leg that is there: those that flows control, and those they wait with."""
        there: tuple[Leg, ...] = ()
        for run in (self.run, self.consult):
            if run is not None:
                there += (run.leg, *(run.waiting.legs if run.waiting is not None else ()))
        return there

    def wait_with(self, leg: Leg) -> Wait | None:
        """What a flow waits for with this leg as a callee, or None."""
        for run in (self.run, self.consult):
            if run is not None and run.waiting is not None and leg in run.waiting.legs:
                return run.waiting
        return None

    def run_on(self, leg: Leg) -> FlowRun | None:
        """The flow that controls the leg, or None."""
        for run in (self.run, self.consult):
            if run is not None and run.leg is leg:
                return run
        return None


@define(eq=False, weakref_slot=False)
class CallView:
    """What a script may know of its call: its read-only part is all that an action should touch."""

    _exchange: Exchange
    _call: Call
    _leg: Leg
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
    def call_id(self) -> str:
        """The id of the call."""
        return self._call.id

    @property
    def caller(self) -> Caller:
        """Who calls: on any leg but the A-leg, its party from its phone, as a transfer or a consultation has it."""
        leg = self._leg
        if leg.party == "caller":
            return self._call.caller
        device = leg.device
        return Caller("", leg.party, device.id if device is not None and device.id in self.account.devices else "")

    @property
    def dialled(self) -> str:
        """The number that was dialled; in a flow that a leg was transferred to, the number of the transfer."""
        return self._call.dialled

    @property
    def flow_name(self) -> str:
        """The name of the running flow, or the dialled number when it has none (B§1.2)."""
        return self._flow_name or self.dialled

    @property
    def where(self) -> str:
        """The JSON path of the node that runs."""
        return self._node.where if self._node else ""

    @property
    def is_answered(self) -> bool:
        """Whether the caller's leg is answered."""
        return self._leg.is_answered

    @property
    def now_gregorian_s(self) -> int:
        """The virtual wall clock in Gregorian seconds, as Kazoo's documents count them (B§6.5)."""
        return self._exchange.setting.start_s + self._exchange.agenda.now_ms // 1000 + GREGORIAN_OFFSET_S

    def has_branch(self, key: str) -> bool:
        """Whether the node has a child of that key that is not empty: what an `attempt` would take (B§2.2)."""
        return self._node is not None and self._node.children.get(key) is not None

    def collected(self, name: str) -> str:
        """The digits kept under a name, "" when there are none (B§7.8)."""
        return self._call.kept_digits.get(name, "")

    def variable(self, name: str) -> str | None:
        """The value of a channel variable that the flow has set, None when it has not (B§7.10)."""
        return self._call.variables.get(name)

    def draw(self, low: int, high: int, *key: object) -> int:
        """A number from `low` to `high` that depends on the run's seed, the call, the node and `key` alone."""
        return self._exchange.draw(low, high, self._call.id, self.where, *key)

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
    Scripts are handed the run as the `CallView` that it is; `call` and `node`, where the run is, are the core's.
    `leg` is the leg that the flow controls, `sent_to` the number that it was transferred to or consults, "" for the
    call's own.
    """

    branches_left: int
    pushed: tuple[Node, ...] = ()
    script: Any = None
    waiting: Wait | None = None
    fallen: str = ""
    is_over: bool = False
    sent_to: str = ""

    # The view's slots under the names that the core reads: a property would be a call for each of the many times.
    call = CallView._call  # type: ignore[misc]  # mypy takes a slot for no attribute of the class
    leg = CallView._leg  # type: ignore[misc]
    node = CallView._node  # type: ignore[misc]

    @property
    def dialled(self) -> str:
        """The number that led to the flow."""
        return self.sent_to or self._call.dialled

    def enter(self, node: Node) -> None:
        """Be at a node."""
        self._node = node

    def control(self, leg: Leg) -> None:
        """Go on with another leg in the place of the one controlled so far (B§8.2)."""
        self._leg = leg

    def find_leg(self, leg_id: str) -> Leg | None:
        """The leg of that id, controlled or there because of what the run waits for; None when there is none."""
        leg = self.leg
        if leg.id == leg_id:
            return leg if leg.state is not _GONE else None
        if self.waiting is not None:
            for leg in self.waiting.legs:
                if leg.id == leg_id and leg.state is not _GONE:
                    return leg
        return None
