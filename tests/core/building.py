"""What the tests of the core and of the actions build runs from: an account, flows, fake actions, and a watched engine.

Test modules cannot import each other here (pytest's import mode); the conftest files hand this out as fixtures.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from attrs import define, evolve, field, frozen

import callflow.actions
from callflow.core.account import Account, Device, Mailbox, MediaFile, SystemMedia, User
from callflow.core.directory import FlowDocument
from callflow.core.effects import CONTINUE, Effect, Next, RecordingOptions
from callflow.core.engine import Engine
from callflow.core.events import Caller, DeliveryAnswered, Told
from callflow.core.exchange import Setting
from callflow.core.flow import Flow, load_flow
from callflow.core.profile import DOCS, PROFILES
from callflow.core.registry import Registry, Script, action
from callflow.core.trace import LEG, NODE, RECORDER, Row, channel_event
from callflow.ears import Ears
from callflow.schemas import module_schemas

CALLER = Caller("+14155550100", "Carol")
DIALLED = "2001"


@frozen
class NoSettings:
    """A fake action has no keys."""


def household(**system: Any) -> Account:
    """Alice with one phone, Bob with a desk and a cell phone, Dave without any; a mailbox; some media."""
    return Account(
        id="acme",
        users={name: User(name, name) for name in ("alice", "bob", "dave")},
        devices={
            "alice-phone": Device("alice-phone", owner_id="alice"),
            "bob-desk": Device("bob-desk", owner_id="bob"),
            "bob-cell": Device("bob-cell", owner_id="bob"),
            "lobby": Device("lobby"),
        },
        mailboxes={"box": Mailbox("box", "2001")},
        media={"song": MediaFile("song", length_ms=7000), "hymn": MediaFile("hymn")},
        system=SystemMedia(**{"store_recordings": True, **system}),
    )


def with_device(account: Account, device_id: str, **changes: Any) -> Account:
    """The account with one device changed or added."""
    device = evolve(account.devices.get(device_id, Device(device_id)), **changes)
    return evolve(account, devices={**account.devices, device_id: device})


def with_box(account: Account, **changes: Any) -> Account:
    """The account with its mailbox changed."""
    return evolve(account, mailboxes={"box": evolve(account.mailboxes["box"], **changes)})


def with_flow(account: Account, flow_id: str, number: str) -> Account:
    """The account in which `number` is answered by the flow of that id."""
    return evolve(account, flows=(*account.flows, FlowDocument(flow_id, flow_id, (number,), (), {})))


def options(**changes: Any) -> RecordingOptions:
    """A recording's options: an MP3 of at most an hour that starts at once and goes to the account database."""
    return evolve(RecordingOptions("mp3"), **changes)


def doing(*effects: Effect[Any], then: Next = CONTINUE) -> Script:
    """A fake script that awaits the effects in turn and returns `then`."""

    async def fake(call: Any, settings: Any) -> Next:
        """Do as told."""
        for effect in effects:
            await effect
        return then

    return fake


def chain(*modules: str, last: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A flow of nodes without data, each the `_` child of the one before; `last` is the last one's children."""
    *before, end = modules
    node: dict[str, Any] = {"module": end, "children": dict(last or {})}
    for module in reversed(before):
        node = {"module": module, "children": {"_": node}}
    return node


@cache
def real_actions() -> Registry:
    """The actions that the package ships."""
    names = [each.name for each in pkgutil.iter_modules(callflow.actions.__path__)]
    return Registry.collect([importlib.import_module(f"callflow.actions.{name}") for name in names])


def fake_actions(scripts: Mapping[str, Script]) -> Registry:
    """A registry of fake scripts by module name."""
    module = ModuleType("fakes")
    for name, script in scripts.items():
        setattr(module, name, action(name, NoSettings)(_copy_of(script)))
    return Registry.collect([module])


def _copy_of(script: Script) -> Script:
    """A script of its own for each name: a script carries one mark."""

    async def fake(call: Any, settings: Any) -> Any:
        """Do what the script does."""
        return await script(call, settings)

    return fake


@define
class Stage:
    """A run that is watched: its rows so far, and what its listeners for silence hear.

    Tries of deliveries are answered by `replies`, the last one repeating.
    """

    engine: Engine
    flow: Flow | None
    replies: tuple[str, ...] = ("201",)
    rows: list[Row] = field(factory=list)
    ears: Ears = field(factory=Ears)

    def offer(self, call_id: str = "c1", caller: Caller = CALLER, at_ms: int = 0, flow: Flow | None = None) -> Stage:
        """Let a call arrive `at_ms` from now."""
        offered = flow or self.flow
        assert offered is not None
        self.engine.offer(call_id, caller, DIALLED, offered, after_ms=at_ms)
        return self

    def tell(self, after_ms: int, event: Told, leg: str = "A", call_id: str = "c1") -> Stage:
        """Let something happen on a leg `after_ms` from now."""
        self.engine.tell(call_id, leg, event, after_ms=after_ms)
        return self

    def run(self, until_ms: int | None = None, on_row: Callable[[Row], None] | None = None) -> Stage:
        """Run to the end or to an instant; `on_row` sees each row as it comes."""
        for row in self.engine.run() if until_ms is None else self.engine.run_until(until_ms):
            self.rows.append(row)
            heard = self.ears.take(row)
            if heard is not None:
                self.engine.answer_silence(heard, because=row.seq)
            elif row.name == "deliver" and row.detail is not None and self.replies:
                reply = self.replies[min(row.detail["attempt"], len(self.replies)) - 1]
                answer = DeliveryAnswered(row.detail["delivery"], reply, reply.startswith("2"))
                self.engine.answer_delivery(answer, because=row.seq)
            if on_row is not None:
                on_row(row)
        return self

    def find(self, kind: str, name: str | None = None, leg: str | None = None) -> list[Row]:
        """The rows of a kind, by name and leg if given."""
        wanted = (row for row in self.rows if row.kind == kind and name in (None, row.name))
        return [row for row in wanted if leg in (None, row.leg)]

    def times(self, kind: str, name: str | None = None, leg: str | None = None) -> list[int]:
        """When the rows of that kind, name and leg came."""
        return [row.at_ms for row in self.find(kind, name, leg)]

    def path(self) -> list[str]:
        """The modules that were entered."""
        return [row.name for row in self.find(NODE)]

    def events(self, *names: str) -> list[str]:
        """The call events as `NAME(leg)`, only those of `names` if given."""
        shown = ((channel_event(row), row.leg) for row in self.rows)
        return [f"{name}({leg})" for name, leg in shown if name and (not names or name in names)]

    def ends(self) -> dict[str, tuple[int, str, str]]:
        """When each leg ended, its hangup cause and by whom."""
        gone = self.find(LEG, "CHANNEL_DESTROY")
        return {row.leg: (row.at_ms, row.detail["hangup_cause"], row.detail["by"]) for row in gone if row.detail}

    def recordings(self) -> list[dict[str, Any]]:
        """Everything that the trace says of each recording, the later row over the earlier, with its times."""
        found: dict[int, dict[str, Any]] = {}
        for row in self.find(RECORDER):
            if row.detail is None or "to" not in row.detail:
                continue
            recording = found.setdefault(row.detail["recording"], {"rules": []})
            recording.update(row.detail)
            recording[row.name] = row.at_ms
            recording["rules"].append(row.rule)
        return [found[index] for index in sorted(found)]

    def sounds(self) -> list[str]:
        """The names of what was played, in order, ringback left out."""
        plays = [row.detail["sound"] for row in self.find("AUDIO", "plays") if row.detail]
        return [name for sound in plays for kind, name in sound.items() if kind != "ringback"]


def stage(
    document: Mapping[str, Any],
    *,
    fakes: Mapping[str, Script] | None = None,
    profile: str = "docs",
    account: Account | None = None,
    flows: Mapping[str, Mapping[str, Any]] | None = None,
    replies: Iterable[str] = ("201",),
    header: Mapping[str, Any] | None = None,
    limits: Mapping[str, int] | None = None,
    **setting: Any,
) -> Stage:
    """A stage for a flow of real or fake actions, with nobody on it yet; `flows` are others that it can branch to."""
    registry = real_actions() if fakes is None else fake_actions(fakes)
    chosen = PROFILES.get(profile, DOCS)

    def load(node: Mapping[str, Any], name: str) -> Flow:
        flow = load_flow(node, registry=registry, profile=chosen, known=module_schemas(), name=name)
        assert not flow.faults, flow.faults
        return flow

    loaded = {flow_id: load(node, flow_id) for flow_id, node in (flows or {}).items()}
    run = Setting(account or household(), loaded, chosen, **setting)
    engine = Engine(run, header=header, **(limits or {}))
    return Stage(engine, load(document, "main"), tuple(replies))


def perform(script: Script, *tells: tuple[int, Told] | tuple[int, Told, str], **setting: Any) -> Stage:
    """Run one fake script as a whole flow; `tells` are (at ms, event) on the A-leg, or (at ms, event, leg)."""
    fakes = {"script": script, **setting.pop("fakes", {})}
    made = stage({"module": "script"}, fakes=fakes, **setting).offer()
    for tell in tells:
        made.tell(*tell)
    return made.run()


def play(document: Mapping[str, Any], *tells: tuple[int, Told] | tuple[int, Told, str], **setting: Any) -> Stage:
    """Run one call through a flow; `tells` as for `perform`."""
    made = stage(document, **setting).offer()
    for tell in tells:
        made.tell(*tell)
    return made.run()
