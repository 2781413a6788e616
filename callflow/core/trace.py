"""The trace: one row for every change, the core's only output (design §2.5).

Rows are plain tuples with names; `callflow.tracefile` writes and reads them as JSON lines. Row 0 is the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

FORMAT: Final = 1
"""The number of the trace's form; it changes whenever a reader of older traces would be misled."""

# Kinds of rows. Machines write rows named after the event that moved them, with `from` and `to` in the detail.
TRACE: Final = "TRACE"
INPUT: Final = "INPUT"
CALL: Final = "CALL"
LEG: Final = "LEG"
RECORDER: Final = "RECORDER"
DELIVERY: Final = "DELIVERY"
NODE: Final = "NODE"
FLOW: Final = "FLOW"
AUDIO: Final = "AUDIO"
EVENT: Final = "EVENT"
REQUEST: Final = "REQUEST"
MAILBOX: Final = "MAILBOX"
METAFLOW: Final = "METAFLOW"
CONSENT: Final = "CONSENT"
PAYMENT: Final = "PAYMENT"
LATE_EVENT: Final = "LATE"
WARNING: Final = "WARNING"
ERROR: Final = "ERROR"


class Row(NamedTuple):
    """One change. `because` is the seq of the row that caused it (-1: none did), `rule` the option or law behind it."""

    seq: int
    at_ms: int
    call_id: str
    leg: str
    kind: str
    name: str
    detail: Mapping[str, Any] | None
    because: int
    rule: str


def channel_event(row: Row) -> str:
    """The name under which Kazoo would publish this row as a call event, or "" when it would not (B§3.11, B§8.1).

    Both legs of a bridge move, but the switch announces a bridge and its end once: on the leg that was there
    first, which is the A-leg where that is one of them.
    """
    if row.kind == LEG:
        if row.name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
            other = (row.detail or {}).get("other_leg", "A")
            return "" if (len(row.leg), row.leg) > (len(other), other) else row.name
        return row.name
    if row.kind == RECORDER:
        if row.name == "RECORD_STOP_UNWANTED":
            return "RECORD_STOP"
        return row.name if row.name.startswith("RECORD_") else ""
    return row.name if row.kind == EVENT else ""
