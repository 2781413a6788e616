"""What every part of the core shares: time, the trace, the account, the profile and the live calls.

Only code of the core touches it. `note` is the one place where rows are written, `move` the one where tables are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, Protocol

from attrs import define, field, frozen

from callflow.core.account import Account
from callflow.core.agenda import Agenda
from callflow.core.call import Call
from callflow.core.dates import DAY_S, year_month
from callflow.core.errors import ImpossibleEvent
from callflow.core.events import SwitchFault
from callflow.core.flow import Flow
from callflow.core.profile import DOCS, Profile
from callflow.core.table import LATE, Table, Word
from callflow.core.trace import LATE_EVENT

_DAY_MS: Final = 1000 * DAY_S

NOT_MOVED: Final = -1
"""What `move` returns for a late event, instead of the row's seq."""


class Machine(Protocol):
    """Anything a table moves: it has a state."""

    state: Any


@frozen
class Setting:
    """What a run depends on beside its inputs: the same setting and inputs give the same trace.

    `flows` are the loaded flows by id; a flow written inside a node is there by that node's JSON path.
    `start_s` is the virtual wall clock at 0 ms in Unix seconds, `utc_offset_s` the local time's distance from UTC.
    `delivers` False leaves every delivery waiting: somebody really uploads afterwards. `asks_documents` True makes each
    saving of a recording's document a request, which may fail; otherwise it succeeds at once. `webhook_url`, if any, is
    told of every recording that is stored. `raises` True lets an action's exception out instead of making it an ERROR
    row.
    """

    account: Account
    flows: Mapping[str, Flow] = field(factory=dict)
    profile: Profile = DOCS
    seed: int = 1
    start_s: int = 0
    utc_offset_s: int = 0
    delivers: bool = True
    asks_documents: bool = False
    webhook_url: str = field(default="", repr=False)
    raises: bool = False


@define(eq=False)
class Exchange:
    """The shared record. `rows` holds what was noted since the driver last took them, in the form of `Row`.

    `is_heard` False means that nobody wants the rows now: they are counted and not made. `faults` is what the switch
    cannot do from now on, `asks` the recording of each open REQUEST row of a silence listener.
    """

    setting: Setting
    agenda: Agenda = field(factory=Agenda)
    rows: list[tuple[Any, ...]] = field(factory=list)
    is_heard: bool = True
    seq: int = 0
    calls: dict[str, Call] = field(factory=dict)
    deliveries: dict[int, Any] = field(factory=dict)
    deliveries_made: int = 0
    mailbox_counts: dict[str, int] = field(factory=dict)
    faults: set[SwitchFault] = field(factory=set)
    asks: dict[int, Any] = field(factory=dict)
    carry_out: Mapping[type, Callable[..., Any]] = field(factory=dict)
    _day_ms: int = -_DAY_MS
    _month: str = ""

    def note(
        self,
        call_id: str,
        leg: str,
        kind: str,
        name: str,
        detail: Mapping[str, Any] | None = None,
        because: int = -1,
        rule: str = "",
    ) -> int:
        """Write one row and return its seq."""
        seq = self.seq
        self.seq = seq + 1
        if self.is_heard:
            self.rows.append((seq, self.agenda.now_ms, call_id, leg, kind, name, detail, because, rule))
        return seq

    def move(
        self,
        table: Table[Any, Any],
        machine: Machine,
        event: Word,
        call_id: str,
        leg: str,
        because: int,
        detail: Mapping[str, Any] | None = None,
        rule: str = "",
    ) -> int:
        """Move a machine by its table, and note it; the row's kind is the table's name in capitals.

        Returns the row's seq, or NOT_MOVED for a late event, which is noted too. Raises ImpossibleEvent.
        """
        step = table.steps[machine.state][event]
        if step is None:
            return self._stay(table, machine, event, call_id, leg, because)
        machine.state, name, shown = step
        seq = self.seq  # as in `note`, without the call: these are the busiest lines of a run
        self.seq = seq + 1
        if self.is_heard:
            if detail:
                shown = {**shown, **detail}
            self.rows.append((seq, self.agenda.now_ms, call_id, leg, table.kind, name, shown, because, rule))
        return seq

    def _stay(self, table: Table[Any, Any], machine: Machine, event: Word, call_id: str, leg: str, because: int) -> int:
        """What `move` does about an event that moves nothing: note a late one, raise for an impossible one."""
        state = machine.state
        if table.rows[state][event] is LATE:
            self.note(call_id, leg, LATE_EVENT, event.name, {"machine": table.name, "state": state.name}, because)
            return NOT_MOVED
        raise ImpossibleEvent(
            f"{table.name} of call {call_id} at {self.agenda.now_ms} ms: {event.name} in state {state.name};"
            f" the last rows: {[row[3:6] for row in self.rows[-5:]]}"
        )

    def draw(self, low: int, high: int, *key: object) -> int:
        """A number from `low` to `high` that depends on the seed and `key` alone: dice without a state."""
        digest = sha256(repr((self.setting.seed, *key)).encode()).digest()
        return low + int.from_bytes(digest[:8], "big") % (high - low + 1)

    def name_of(self, *key: object) -> str:
        """64 hexadecimal characters that depend on the seed and `key` alone, for ids that production draws."""
        return sha256(repr((self.setting.seed, *key)).encode()).hexdigest()

    def month(self, at_ms: int) -> str:
        """The local year and month at `at_ms`, as `YYYYMM` (B§6.5)."""
        if not self._day_ms <= at_ms < self._day_ms + _DAY_MS:
            local_s = self.setting.start_s + self.setting.utc_offset_s
            day = (local_s + at_ms // 1000) // DAY_S
            self._day_ms, self._month = (day * DAY_S - local_s) * 1000, year_month(day)
        return self._month
