"""Calls for tests of whatever reads a trace: the seed's sample placed on the real engine. Loaded by conftest files."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any

import callflow.actions
from callflow.core.account import implied_account
from callflow.core.engine import Engine
from callflow.core.events import Answers, Caller, DeliveryAnswered, HangsUp, Speaks, Told
from callflow.core.exchange import Setting
from callflow.core.flow import load_flow
from callflow.core.profile import PROFILES
from callflow.core.registry import Registry
from callflow.core.trace import REQUEST, Row
from callflow.ears import Ears

MODULES = (each.name for each in pkgutil.iter_modules(callflow.actions.__path__))
ACTIONS = Registry.collect([importlib.import_module(f"callflow.actions.{name}") for name in MODULES])
START = {"action": "start", "format": "mp3", "url": "http://bob:secret@my.server/r", "time_limit": 360}
STOP = {"module": "record_call", "data": {"action": "stop"}}
VOICEMAIL = {"module": "voicemail", "data": {"id": "alice-box"}}
MAIN_JOB = {
    "module": "record_call",
    "data": START,
    "children": {
        "_": {"module": "user", "data": {"id": "alice"}, "children": {"_": {**STOP, "children": {"_": VOICEMAIL}}}}
    },
}
Say = tuple[int, str, Told]
ANSWERED: Sequence[Say] = (
    (4_000, "B", Answers()),
    (5_000, "A", Speaks({"voice": "caller"}, 10_000)),
    (16_000, "B", Speaks({"voice": "alice"}, 10_000)),
    (40_000, "A", HangsUp()),
)
NOT_ANSWERED: Sequence[Say] = ((26_500, "A", Speaks({"voice": "caller"}, 4_000)), (30_500, "A", HangsUp()))


def place_call(
    *tells: Say,
    flow: Any = MAIN_JOB,
    name: str = "Bob",
    replies: Sequence[str] = ("201",),
    delivers: bool = True,
    profile: str = "docs",
) -> list[Row]:
    """Place one call on a flow, let things happen at given times (ms), and answer each try of a delivery in turn."""
    loaded = load_flow(flow, registry=ACTIONS, profile=PROFILES[profile], known={}, name="sample")
    setting = Setting(implied_account(loaded.nodes(), id="acme"), profile=PROFILES[profile], delivers=delivers)
    engine = Engine(setting, header={"scenario": "a sample"})
    engine.offer("c1", Caller("+14155550100", name), "2001", loaded)
    for at_ms, leg, told in tells:
        engine.tell("c1", leg, told, after_ms=at_ms)
    rows, ears = [], Ears()
    for row in engine.run():
        rows.append(row)
        heard = ears.take(row)
        if heard is not None:
            engine.answer_silence(heard, because=row.seq)
        elif row.kind == REQUEST and row.detail is not None:
            reply = replies[min(row.detail["attempt"], len(replies)) - 1]
            answer = DeliveryAnswered(row.detail["delivery"], reply, reply.startswith("2"))
            engine.answer_delivery(answer, because=row.seq)
    return rows
