"""From a scenario to everything that a run needs: account, flows, profile, start, call ids, and who is who."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from callflow.accounts import LoadedAccount, load_account_file, load_inline_account
from callflow.core.account import implied_account
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import MediaError, ScenarioError
from callflow.core.events import Caller
from callflow.core.exchange import Setting
from callflow.core.flow import Flow, Node
from callflow.core.profile import DOCS, PROFILES, Profile
from callflow.core.shown import shown
from callflow.discovery import standard_registry
from callflow.lint.named import check_names
from callflow.loading import INLINE, PlacedFlow, Reading, place_callflow, place_inline_flows
from callflow.scenario.cast import caller_of, check_cast, check_waits, meant
from callflow.scenario.language import Scenario
from callflow.scenario.people import CallScript
from callflow.scenario.sounds import SimilarTo
from callflow.scenario.verbs import Plays, Says, StorageFails, StorageWorks


@frozen
class Choices:
    """What the command line or a test may choose over the scenario; None leaves it to the scenario.

    `start` must know its zone; `now` is the start when neither says one: the clock is read here, once. `uploads` True
    leaves deliveries to be made for real afterwards; `raises` lets an action's exception out.
    """

    profile: str | None = None
    seed: int | None = None
    start: datetime | None = None
    now: datetime = field(factory=lambda: datetime.now(UTC))
    values: Mapping[str, str] = {}
    strict: bool = False
    skip_unsimulated: bool = False
    uploads: bool = False
    raises: bool = False


@frozen
class PreparedCall:
    """One call that is ready to be placed."""

    id: str
    script: CallScript
    caller: Caller
    flow: Flow


@frozen
class Prepared:
    """A scenario that is ready to run: the core's setting, the calls, and what is to be said about the documents.

    `tree` is the flow that the first call runs, for drawing. `sound_ms` has the length of every file that is played
    and of every text that is really spoken, by the words of the verb.
    """

    scenario: Scenario
    setting: Setting
    calls: tuple[PreparedCall, ...]
    diagnostics: tuple[Diagnostic, ...]
    start: datetime
    sound_ms: Mapping[str, int]

    @property
    def tree(self) -> Flow:
        """The flow of the first call."""
        return self.calls[0].flow

    @property
    def folder(self) -> Path:
        """Where the scenario's own files lie."""
        return Path(self.scenario.file).parent


def prepare(scenario: Scenario, choices: Choices) -> Prepared:
    """Load and check everything, as nothing runs before all is known. Raises FlowError and ScenarioError, placed."""
    values = {**scenario.values, **choices.values}
    reading = Reading(_profile(scenario, choices), values, choices.strict, choices.skip_unsimulated)
    loaded = _account(scenario, reading)
    mains = _main_flows(scenario, loaded, reading)
    flows = dict(loaded.flows) if loaded is not None else {}
    for each in (*dict.fromkeys(mains), *tuple(flows.values())):
        flows.update(place_inline_flows(each, reading))
    if loaded is not None:
        account = loaded.account
    else:
        nodes = chain.from_iterable(each.flow.nodes() for each in (*dict.fromkeys(mains), *flows.values()))
        account = implied_account(nodes, id=values.get("ACCOUNT_ID") or "account")
    check_cast(scenario, account)
    if choices.uploads:
        check_waits(scenario)
    start = (choices.start or scenario.start or choices.now).astimezone(UTC).replace(microsecond=0)
    setting = Setting(
        account=account,
        flows={name: each.flow for name, each in flows.items()},
        profile=reading.profile,
        seed=scenario.seed if choices.seed is None else choices.seed,
        start_s=int(start.timestamp()),
        utc_offset_s=_utc_offset_s(scenario, loaded, start),
        delivers=not choices.uploads,
        asks_documents=_asks_documents(scenario),
        webhook_url=scenario.storage.webhook_url,
        raises=choices.raises,
    )
    calls = tuple(
        PreparedCall(
            _call_id(scenario, script, setting.seed),
            script,
            caller_of(scenario, script, account),
            _after_preflow(main.flow, loaded, flows),
        )
        for script, main in zip(scenario.calls, mains, strict=True)
    )
    _check_ids(scenario, calls)
    diagnostics = (*_remarks(mains, loaded, flows), *_ignored(scenario, choices))
    return Prepared(scenario, setting, calls, diagnostics, start, _sound_lengths(scenario))


def _profile(scenario: Scenario, choices: Choices) -> Profile:
    name = choices.profile or scenario.profile or DOCS.name
    if name not in PROFILES:
        raise ScenarioError("profile", f"unknown profile {shown(name)}", meant(name, tuple(PROFILES)))
    return PROFILES[name]


def _account(scenario: Scenario, reading: Reading) -> LoadedAccount | None:
    if scenario.account is None:
        return None
    if isinstance(scenario.account, str):
        return load_account_file(Path(scenario.file).parent / scenario.account, reading)
    return load_inline_account(scenario.account, reading, scenario.where.get("account", scenario.file))


def _main_flows(scenario: Scenario, loaded: LoadedAccount | None, reading: Reading) -> tuple[PlacedFlow, ...]:
    """The flow that each call runs: the scenario's file, or the account's callflow for its number."""
    if not scenario.is_number:
        flow = place_callflow(Path(scenario.file).parent / scenario.callflow, reading)
        return tuple(flow for _ in scenario.calls)
    where, number = scenario.where.get("callflow", scenario.file), scenario.callflow
    assert loaded is not None, "a number without an account is refused when the scenario is read"
    return tuple(_flow_for(number, script, loaded, where) for script in scenario.calls)


def _flow_for(number: str, script: CallScript, loaded: LoadedAccount, where: str) -> PlacedFlow:
    """The callflow that answers: exactly, by pattern, or, for the account's own devices only, `no_match` (B§1.2)."""
    match = loaded.account.find_flow(number, may_use_no_match=script.caller.device is not None)
    if match is not None:
        return loaded.flows[match.flow.id]
    if loaded.account.find_flow(number) is not None:
        problem = f"only the account's no_match callflow answers {shown(number)}, and not for calls from outside"
        raise ScenarioError(where, problem, "let the caller call from a device of the account: caller: {device: …}")
    numbers = tuple(each for listed in loaded.account.flows for each in listed.numbers)
    hint = meant(number, numbers) or "give a callflow this number"
    raise ScenarioError(where, f"no callflow of the account answers {shown(number)}", hint)


def _after_preflow(flow: Flow, loaded: LoadedAccount | None, flows: Mapping[str, PlacedFlow]) -> Flow:
    """The account's preflow runs first: a `callflow` node whose `_` child is the real flow (B§1.2)."""
    preflow_id = loaded.account.preflow_id if loaded is not None else None
    if loaded is None or preflow_id is None:
        return flow
    if preflow_id not in loaded.flows:
        problem = f"no callflow has the id {shown(preflow_id)}"
        raise ScenarioError(loaded.place("preflow.always"), problem, meant(preflow_id, tuple(loaded.flows)))
    action = standard_registry().find("callflow")
    assert action is not None, "callflow is one of our own actions"
    settings = action.settings_class(id=preflow_id)
    node = Node("callflow", settings, action, {"_": flow.root}, "preflow", False, {"id": preflow_id}, "preflow")
    return evolve(flow, root=node)


def _remarks(
    mains: tuple[PlacedFlow, ...], loaded: LoadedAccount | None, flows: Mapping[str, PlacedFlow]
) -> Iterator[Diagnostic]:
    """What is to be said about the account, and about the flows that the calls can come to."""
    system = None
    waiting = list(dict.fromkeys(mains))
    if loaded is not None:
        yield from loaded.diagnostics
        system = loaded.account.system
        waiting += [flow for name, flow in loaded.flows.items() if name == loaded.account.preflow_id]
    seen = set(map(id, waiting))
    for each in waiting:
        yield from each.remarks(system)
        if loaded is not None:
            yield from (evolve(mark, where=each.place(mark.where)) for mark in check_names(each.flow, loaded.account))
        for node in each.flow.nodes():
            named = (node.data.get("id"), f"{node.where}.{INLINE}") if node.module == "callflow" else ()
            for next_one in (flows[name] for name in named if isinstance(name, str) and name in flows):
                if id(next_one) not in seen:
                    seen.add(id(next_one))
                    waiting.append(next_one)


def _ignored(scenario: Scenario, choices: Choices) -> Iterator[Diagnostic]:
    """With uploads the scenario's storage has no say (design §12, Deliveries)."""
    steps = (step for call in scenario.calls for step in call.timeline)
    told = next((step for step in steps if isinstance(step.verb, StorageFails | StorageWorks)), None)
    if choices.uploads and (scenario.storage.replies or told is not None):
        where = told.where if told is not None else scenario.where.get("storage", scenario.file)
        message = "what the storage replies is ignored: with --upload the real targets reply"
        yield Diagnostic("storage-ignored", "warning", where, message, "leave --upload out to have it")


def _asks_documents(scenario: Scenario) -> bool:
    """Whether the scenario says what becomes of documents; plain runs save them without a word (B§6.5)."""
    verbs = (step.verb for call in scenario.calls for step in call.timeline)
    fails = (isinstance(verb, StorageFails) and verb.kind == "documents" for verb in verbs)
    return "documents" in scenario.storage.replies or any(fails)


def _utc_offset_s(scenario: Scenario, loaded: LoadedAccount | None, start: datetime) -> int:
    """The local time's distance from UTC at the start: of the scenario's zone, else of the account's."""
    zone, where = scenario.timezone, scenario.where.get("timezone", scenario.file)
    if zone is None and loaded is not None:
        zone, where = loaded.account.timezone, loaded.place("timezone")
    if zone is None:
        return 0
    try:
        offset = start.astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):
        raise ScenarioError(where, f"unknown time zone {shown(zone)}", "write one like Europe/Berlin") from None
    return int(offset.total_seconds()) if offset is not None else 0


def _call_id(scenario: Scenario, script: CallScript, seed: int) -> str:
    """The call's own id, or 32 hexadecimal characters from scenario, row, call and seed (design §12, Results)."""
    named = (scenario.name, scenario.row, script.name, seed)
    return script.caller.call_id or sha256(repr(named).encode()).hexdigest()[:32]


def _check_ids(scenario: Scenario, calls: tuple[PreparedCall, ...]) -> None:
    ids = [call.id for call in calls]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        where = scenario.where.get("calls", scenario.file)
        raise ScenarioError(where, f"two calls have the id {shown(twice)}", "give each its own call_id")


def _sound_lengths(scenario: Scenario) -> Mapping[str, int]:
    """The lengths of what is played and really spoken; what cannot be made to sound is a fault of who names it."""
    lengths: dict[str, int] = {}
    for step in (step for call in scenario.calls for step in call.timeline):
        verb = step.verb
        if (isinstance(verb, Plays) or (isinstance(verb, Says) and verb.language)) and str(verb) not in lengths:
            lengths[str(verb)] = _length_ms(verb, Path(scenario.file).parent, step.where)
    expected = (scenario.expect, *(call.expect for call in scenario.calls))
    for check in chain.from_iterable(each.every_audio for each in expected):
        if isinstance(check.sound, SimilarTo):
            _length_ms(Plays(check.sound.file), Path(scenario.file).parent, check.where)
    return lengths


def _length_ms(verb: Plays | Says, folder: Path, where: str) -> int:
    """Imports what decodes and speaks, as most scenarios need neither. Raises ScenarioError at the place `where`."""
    try:
        if isinstance(verb, Plays):
            from callflow.media.segment import clip_length_ms

            return clip_length_ms(folder / verb.file)
        from callflow.media.sources import Spoken, spoken_length_ms

        return spoken_length_ms(Spoken(verb.text, language=verb.language))
    except MediaError as error:
        raise ScenarioError(where, str(error)) from None
