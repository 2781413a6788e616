"""Which recordings a call gets from `call_recording`: the two matrices, as one pure function (B§9.3, B§9.5).

At account level a call has at most one recording, outbound only when no inbound one starts; at the endpoints' level
the caller's phone and the callee's each have their own. An account's and an endpoint's recording of one call are two
files (C15).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, get_args

from attrs import define, field, frozen

from callflow.core.call_recording import NETWORKS, Direction, Network, RecordingCells, RecordingParameters

if TYPE_CHECKING:
    from callflow.core.agenda import Entry

Level = Literal["account", "endpoint"]

Moment = Literal["route win", "bridging", "callee answers"]
"""When a recording starts: the flow is about to run, it begins to ring somebody, the callee has answered."""

MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)


@frozen
class PlannedRecording:
    """One recording that a call gets, and the cell that says how; on leg A, but a callee's is on the callee's own."""

    level: Level
    direction: Direction
    network: Network
    parameters: RecordingParameters

    @property
    def is_on_callee(self) -> bool:
        """Whether it sits on the callee's leg, off the list that `stop` works on (B§9.3)."""
        return self.level == "endpoint" and self.direction == "inbound"

    @property
    def origin(self) -> str:
        """How it was started, in production's words (B§9.3)."""
        if self.direction == "inbound":
            return f"inbound from {self.network} to {self.level}"
        return f"outbound to {self.network} from {self.level}"

    @property
    def rule(self) -> str:
        """The option that decided it, as it is found in the documents once `any` is folded (B§9.2)."""
        layer = "call_recording.account" if self.level == "account" else "call_recording"
        return f"{layer}.{self.direction}.{self.network}.enabled=true"


@frozen
class RecordedSides:
    """The folded cells that a call meets, each None when nobody has any: the account's, the caller's, the callee's.

    `caller` is of the account's own phone that calls, layers merged; `callee` of the one that answers.
    """

    account: RecordingCells | None = None
    caller: RecordingCells | None = None
    callee: RecordingCells | None = None


@frozen(eq=False)
class AccountRecordings:
    """What an account records by itself: its own cells, and by id the phones of which any call is recorded.

    A phone's cells are those of account, owner and device over each other; phones that record nothing are left out.
    """

    account: RecordingCells | None = None
    phones: Mapping[str, RecordingCells] = field(factory=dict)

    @property
    def is_idle(self) -> bool:
        """Whether it neither starts a recording nor announces one."""
        is_asked = any(announces(self.account, network) for network in NETWORKS)
        return not self.phones and not is_asked and not (self.account is not None and self.account.is_any_enabled)

    def sides(self, caller_id: str, callee_id: str) -> RecordedSides:
        """Return what a call between two devices meets; "" for a side that is not a phone of the account."""
        return RecordedSides(self.account, self.phones.get(caller_id), self.phones.get(callee_id))


def plan_recordings(
    moment: Moment,
    sides: RecordedSides,
    *,
    source: Network,
    destination: Network,
    outbound_at: Moment,
    is_feature_call: bool = False,
) -> tuple[PlannedRecording, ...]:
    """Return the recordings that start at `moment`, in their order of starting.

    `source` is where the caller is, `destination` where the call goes; `outbound_at` is the moment of outbound ones,
    the route win or the bridging. A cell may leave calls to feature codes out (B§9.5).
    """
    candidates: list[tuple[Level, Direction, Network, RecordingCells | None]] = []
    has_inbound = _cell(sides.account, "inbound", source, is_feature_call) is not None
    if moment == "route win":
        candidates.append(("account", "inbound", source, sides.account))
    if moment == outbound_at and not has_inbound:
        candidates.append(("account", "outbound", destination, sides.account))
    if moment == outbound_at and source == "onnet":
        candidates.append(("endpoint", "outbound", destination, sides.caller))
    if moment == "callee answers" and destination == "onnet":
        candidates.append(("endpoint", "inbound", source, sides.callee))
    planned = []
    for level, direction, network, cells in candidates:
        parameters = _cell(cells, direction, network, is_feature_call)
        if parameters is not None:
            planned.append(PlannedRecording(level, direction, network, parameters))
    return tuple(planned)


def announces(account: RecordingCells | None, source: Network) -> bool:
    """Whether the caller is told of recordings at the bridge: the account's own cell alone is asked (B§9.4).

    It is the inbound one, whoever started the recording: the caller's leg comes into the switch.
    """
    return account is not None and bool(account.cell("inbound", source).should_announce_when_recording)


def _cell(
    cells: RecordingCells | None, direction: Direction, network: Network, is_feature_call: bool
) -> RecordingParameters | None:
    """The cell, if there is one that records the call."""
    found = cells.cell(direction, network) if cells is not None else None
    if found is None or not found.enabled:
        return None
    return None if is_feature_call and found.should_record_feature_calls is False else found


SILENT: Final = -1
"""The row of an announcement when none plays."""


@define(eq=False, weakref_slot=False)
class Automatic:
    """What a controlled leg remembers of recordings that the account starts by itself (B§9.3, B§9.4).

    `source` is where its party is, `started` the origins of what has started. `is_flagged` is true once any recording
    was started on the leg; `announcement` is the row of the announcement that plays, `ends` the timer of its end.
    """

    source: Network
    is_feature_call: bool
    started: tuple[str, ...] = ()
    is_flagged: bool = False
    announcement: int = SILENT
    ends: Entry | None = None
