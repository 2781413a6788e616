"""The error of a run that never ends: it names the limit, the node and the loop (design §12, Time and steps)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callflow.core.exchange import Exchange
from callflow.core.trace import NODE, Row


def span(max_ms: int) -> str:
    """A limit of virtual time in words."""
    hours, rest_ms = divmod(max_ms, 3_600_000)
    return f"{max_ms:,} virtual ms" if rest_ms else f"{hours} virtual hours"


def runaway(limit: str, exchange: Exchange, last: Sequence[tuple[Any, ...]]) -> str:
    """Name the loop: the node that the last row's call is at, and the shortest run of rows that comes again."""
    rows = [Row._make(row) for row in last]
    done = [f"{row.kind} {row.name}{_where(row)}" for row in rows]
    length = next((n for n in range(1, len(done) // 2 + 1) if done[-n:] == done[-2 * n : -n]), 0)
    if length:
        what = f"it repeats: {', '.join(done[-length:])}"
    else:
        what = f"its last rows: {', '.join(done[-4:]) or 'none was kept'}"
    call = exchange.calls.get(rows[-1].call_id) if rows else None
    if call is not None and call.run is not None and call.run.node is not None:
        what = f"call {call.id} is at {call.run.node.module}, {call.run.where}; {what}"
    return f"the run passed its limit of {limit}; {what}; look for a loop, or raise the limit"


def _where(row: Row) -> str:
    return f" at {row.detail['where']}" if row.kind == NODE and row.detail else ""
