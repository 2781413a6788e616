"""One timed run of many call lifecycles, ours or SimPy's: `python bench/lifecycles.py SIDE GC LIVE CALLS` prints JSON.

The lifecycle: a call arrives and is recorded, one phone rings for at most 20 s, it is answered after 5 s, the caller
hangs up 25 s after arriving. Both sides wait for the same: the recorder's start (0 ms), the answer against the ring
timeout, a limit of 360 s that is armed and cancelled, the hang-up; callee and caller act on their own. Ours also does
all that the product does: legs, flow, recorder table and delivery, 27 rows a call. A run places CALLS calls at the rate
that keeps LIVE of them alive, and ends when all are over. Wrong results raise AssertionError.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import simpy
from attrs import define

from callflow.actions import record_call, user
from callflow.core.account import implied_account
from callflow.core.engine import Engine, Sink
from callflow.core.events import Answers, Caller, HangsUp
from callflow.core.exchange import Setting
from callflow.core.flow import load_flow
from callflow.core.profile import DOCS
from callflow.core.registry import Registry
from callflow.core.trace import RECORDER
from callflow.simulate import tuned_gc
from callflow.tracefile import write_rows

RINGS_MS, LASTS_MS, RING_TIMEOUT_MS, LIMIT_S = 5_000, 25_000, 20_000, 360
BEAT_MS = 100
ROWS_A_CALL = 27
REWIND_BYTES = 64_000_000
DOCUMENT = {
    "module": "record_call",
    "data": {"action": "start", "format": "mp3", "time_limit": LIMIT_S},
    "children": {"_": {"module": "user", "data": {"id": "alice"}}},
}
FLOW = load_flow(DOCUMENT, registry=Registry.collect([record_call, user]), profile=DOCS, known={}, name="bench")
BOB = Caller("+14155550100", "Bob")
ANSWERS, HANGS_UP = Answers(), HangsUp()

Event = simpy.Event
Process = Generator[Event, Any, None]


def new_engine() -> Engine:
    """An engine for the lifecycle, without limits that such a run would reach."""
    setting = Setting(implied_account(FLOW.nodes(), id="acme"))
    return Engine(setting, max_ms=10**10, max_rows=10**10)


def arrivals(live: int, calls: int) -> Iterator[tuple[int, range]]:
    """The calls of each beat: (its start in ms, their numbers)."""
    placed, start_ms = 0, 0
    while placed < calls:
        until = min(calls, live * (start_ms + BEAT_MS) // LASTS_MS)
        yield start_ms, range(placed, until)
        placed, start_ms = until, start_ms + BEAT_MS


def place(engine: Engine, start_ms: int, numbers: range, live: int) -> None:
    """Let the calls of one beat arrive, each at its own millisecond, and tell what their parties will do."""
    for number in numbers:
        after_ms = number * LASTS_MS // live - start_ms
        call_id = f"c{number}"
        engine.offer(call_id, BOB, "2001", FLOW, after_ms=after_ms)
        engine.tell(call_id, "B", ANSWERS, after_ms=after_ms + RINGS_MS)
        engine.tell(call_id, "A", HANGS_UP, after_ms=after_ms + LASTS_MS)


def drop(rows: Sequence[tuple[Any, ...]]) -> None:
    """The null sink: every row is made, and nobody keeps it."""


def run_null(live: int, calls: int) -> None:
    """Our engine, every row made and dropped."""
    _run_ours(live, calls, drop)


def run_unheard(live: int, calls: int) -> None:
    """Our engine, rows counted and not even made."""
    _run_ours(live, calls, None)


def _run_ours(live: int, calls: int, sink: Sink | None) -> None:
    engine, rows = new_engine(), -1  # row 0 is the header
    for start_ms, numbers in arrivals(live, calls):
        place(engine, start_ms, numbers, live)
        rows += engine.pass_until(start_ms + BEAT_MS - 1, sink)
    rows += engine.pass_until(10**10, sink)
    assert (rows, engine.live_calls) == (calls * ROWS_A_CALL, ()), (rows, len(engine.live_calls))


def run_written(live: int, calls: int) -> None:
    """Our engine, every row streamed to a file as a JSON line; the file is rewound now and then to spare the disk."""
    engine, rows = new_engine(), -1
    with tempfile.TemporaryFile("wb") as file:
        sink = partial(write_rows, file=file)
        for start_ms, numbers in arrivals(live, calls):
            place(engine, start_ms, numbers, live)
            rows += engine.pass_until(start_ms + BEAT_MS - 1, sink)
            if file.tell() > REWIND_BYTES:
                file.seek(0)
        rows += engine.pass_until(10**10, sink)
    assert (rows, engine.live_calls) == (calls * ROWS_A_CALL, ()), (rows, len(engine.live_calls))


def check_ours() -> None:
    """A few calls, looked at closely: each recording is ended by the hang-up, at its full length."""
    engine = new_engine()
    place(engine, 0, range(4), 1_000)
    ends = [row.detail for row in engine.run() if row.kind == RECORDER and row.name == "RECORD_STOP"]
    assert [(end["length_ms"], end["ended_by"]) for end in ends if end] == [(LASTS_MS, "hangup")] * 4, ends


@define(eq=False)
class Recording:
    """What SimPy's recorder knows."""

    started_ms: int = -1
    ended_ms: int = -1
    ended_by: str = ""


def simpy_recorder(world: simpy.Environment, recording: Recording) -> Process:
    """Start when the switch has opened the file, then wait for the limit or an interrupt."""
    yield world.timeout(0)
    recording.started_ms = int(world.now)
    try:
        yield world.timeout(LIMIT_S * 1000)
        recording.ended_by = "time_limit"
    except simpy.Interrupt:
        recording.ended_by = "hangup"
    recording.ended_ms = int(world.now)


def simpy_party(world: simpy.Environment, acts: Event, after_ms: int) -> Process:
    """Somebody does something after a time."""
    yield world.timeout(after_ms)
    acts.succeed()


def simpy_parties(world: simpy.Environment, answered: Event, hung_up: Event) -> Process:
    """Callee and caller in one process: fewer processes than people."""
    yield world.timeout(RINGS_MS)
    answered.succeed()
    yield world.timeout(LASTS_MS - RINGS_MS)
    hung_up.succeed()


def simpy_call(world: simpy.Environment, finished: list[Recording], is_lean: bool) -> Process:
    """One call."""
    recording = Recording()
    recorder = world.process(simpy_recorder(world, recording))
    answered, hung_up = world.event(), world.event()
    if is_lean:
        world.process(simpy_parties(world, answered, hung_up))
    else:
        world.process(simpy_party(world, answered, RINGS_MS))
        world.process(simpy_party(world, hung_up, LASTS_MS))
    yield answered | world.timeout(RING_TIMEOUT_MS)
    if answered.triggered:
        yield hung_up
    recorder.interrupt()
    finished.append(recording)


def simpy_arrivals(
    world: simpy.Environment, live: int, calls: int, finished: list[Recording], is_lean: bool
) -> Process:
    """Let the calls arrive at the same milliseconds as ours."""
    for number in range(calls):
        wait_ms = number * LASTS_MS // live - world.now
        if wait_ms:
            yield world.timeout(wait_ms)
        world.process(simpy_call(world, finished, is_lean))


def run_simpy(live: int, calls: int, is_lean: bool = False) -> None:
    """SimPy's processes; like its users, it leaves a cancelled timer queued until it is due."""
    world, finished = simpy.Environment(), list[Recording]()
    world.process(simpy_arrivals(world, live, calls, finished, is_lean))
    world.run()
    ends = {(each.ended_ms - each.started_ms, each.ended_by) for each in finished}
    assert (len(finished), ends) == (calls, {(LASTS_MS, "hangup")}), ends


SIDES: dict[str, Callable[[int, int], None]] = {
    "null": run_null,
    "unheard": run_unheard,
    "written": run_written,
    "simpy": run_simpy,
    "lean": partial(run_simpy, is_lean=True),
}


def main() -> None:
    """Time one run in this process's own CPU seconds."""
    side, gc_setting, live, calls = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    check_ours()
    SIDES[side](min(live, 1_000), 200)  # imports, caches and specialised bytecode are not what is measured
    with tuned_gc() if gc_setting == "tuned" else nullcontext():
        before = time.process_time()
        SIDES[side](live, calls)
        print(json.dumps({"us_a_call": (time.process_time() - before) / calls * 1e6}))


if __name__ == "__main__":
    main()
