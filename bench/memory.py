"""Bytes of one live call: `python bench/memory.py LIVE` prints JSON. Linux only, as it reads /proc/self/statm.

Growth of this process's resident memory from no call to LIVE calls, a fifth of them ringing and the others talking,
all being recorded. Rows are made and dropped as a stream would; what people do is told when it is due.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path

from lifecycles import ANSWERS, BOB, FLOW, HANGS_UP, LASTS_MS, RINGS_MS, new_engine

from callflow.core.engine import Engine


def resident_bytes() -> int:
    """This process's resident set."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fill(engine: Engine, live: int, first: int) -> None:
    """Place calls over one lifecycle's time until `live` of them are there; those that have rung long enough answer."""
    answered = placed = 0
    for at_ms in range(LASTS_MS):
        while placed < live and placed * LASTS_MS < (at_ms + 1) * live:
            engine.offer(f"c{first + placed}", BOB, "2001", FLOW)
            placed += 1
        while answered * LASTS_MS < (at_ms - RINGS_MS) * live:
            engine.tell(f"c{first + answered}", "B", ANSWERS)
            answered += 1
        for _ in engine.run_until(engine.now_ms + 1):
            pass


def main() -> None:
    """Measure, after a small round that has loaded everything."""
    live = int(sys.argv[1])
    engine = new_engine()
    fill(engine, 1_000, 0)
    for call_id in engine.live_calls:
        engine.tell(call_id, "A", HANGS_UP)
    for _ in engine.run_until(engine.now_ms + LASTS_MS):
        pass
    assert engine.live_calls == ()
    gc.collect()
    before = resident_bytes()
    fill(engine, live, 1_000)
    assert len(engine.live_calls) == live
    print(json.dumps({"bytes_a_call": (resident_bytes() - before) / live}))


if __name__ == "__main__":
    main()
