"""From a scenario to everything that a run needs: account, flows, profile, start, call ids, and who is who."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from callflow.core.account import Account, implied_account
from callflow.core.diagnostic import Diagnostic
from callflow.core.errors import ScenarioError
from callflow.core.events import Caller
from callflow.core.exchange import Setting
from callflow.core.flow import Flow, Node
from callflow.core.profile import DOCS, PROFILES
from callflow.core.shown import shown
from callflow.discovery import standard_registry
from callflow.lint import lint_flow
from callflow.loading import Reading, load_account_file, load_account_flows, load_callflow, load_inline_flows, located
from callflow.scenario.language import Scenario
from callflow.scenario.occurrences import EventWord
from callflow.scenario.people import CallScript
from callflow.scenario.steps import When
from callflow.scenario.words import suggestion

_DELIVERIES = (EventWord.DELIVERY_STARTS, EventWord.DELIVERY_FAILS, EventWord.DELIVERY_SUCCEEDS)


@frozen
class Choices:
    """What the command line or a test may choose over the scenario; None leaves it to the scenario.

    `start` is used when neither says: the caller of the run reads the clock, once. `uploads` True leaves deliveries to
    be made for real afterwards; `raises` lets an action's exception out.
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

    `tree` is the flow that the first call runs, for drawing.
    """

    scenario: Scenario
    setting: Setting
    calls: tuple[PreparedCall, ...]
    diagnostics: tuple[Diagnostic, ...]
    start: datetime

    @property
    def tree(self) -> Flow:
        """The flow of the first call."""
        return self.calls[0].flow

    @property
    def folder(self) -> Path:
        """Where the scenario's own files lie."""
        return Path(self.scenario.file).parent


def prepare(scenario: Scenario, choices: Choices) -> Prepared:
    """Load and check everything. Raises FlowError and ScenarioError at file and line: nothing runs before all is known."""
    folder = Path(scenario.file).parent
    profile = PROFILES[choices.profile or scenario.profile or DOCS.name]
    values = {**scenario.values, **choices.values}
    reading = Reading(profile, values, choices.strict, choices.skip_unsimulated)
    account: Account | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    flows: dict[str, Flow] = {}
    if scenario.account is not None:
        given = scenario.account if isinstance(scenario.account, Mapping) else folder / scenario.account
        account, diagnostics = load_account_file(given, scenario.file)
        flows.update(load_account_flows(account, reading, str(scenario.account) if isinstance(given, Path) else "account"))
    flow, remarks = _main_flow(scenario, folder, account, flows, reading)
    if account is None:
        account = implied_account(flow.nodes(), id=values.get("ACCOUNT_ID", "account"))
    for each in (flow, *tuple(flows.values())):
        flows.update(load_inline_flows(each, reading))
    if account.preflow_id is not None:
        flow = _after_preflow(flow, account.preflow_id, flows, scenario)
    start = (choices.start or scenario.start or choices.now).astimezone(UTC).replace(microsecond=0)
    seed = scenario.seed if choices.seed is None else choices.seed
    setting = Setting(
        account=account,
        flows=flows,
        profile=profile,
        seed=seed,
        start_s=int(start.timestamp()),
        utc_offset_s=_utc_offset_s(scenario, account, start),
        delivers=not choices.uploads,
        raises=choices.raises,
    )
    _check_people(scenario, account, choices.uploads)
    calls = tuple(
        PreparedCall(_call_id(scenario, script, seed), script, _caller(scenario, script, account), flow)
        for script in scenario.calls
    )
    _check_ids(scenario, calls)
    return Prepared(scenario, setting, calls, (*diagnostics, *remarks), start)


def _main_flow(
    scenario: Scenario, folder: Path, account: Account | None, flows: Mapping[str, Flow], reading: Reading
) -> tuple[Flow, tuple[Diagnostic, ...]]:
    """The flow that the scenario's calls run: a file, or the account's flow for a number."""
    system = account.system if account is not None else None
    if not scenario.is_number:
        flow, document = load_callflow(folder / scenario.callflow, reading)
        known = set(flow.diagnostics)
        found = tuple(each if each in known else located(each, document) for each in lint_flow(flow, system=system))
        return flow, found
    where = scenario.where.get("callflow", scenario.file)
    if account is None:
        raise ScenarioError(where, f"{scenario.callflow} is a number, and there is no account to look it up in", "name an account: file, or the callflow's file")
    match = account.find_flow(scenario.callflow)
    if match is None:
        numbers = [number for listed in account.flows for number in listed.numbers]
        raise ScenarioError(where, f"no callflow of the account answers {shown(scenario.callflow)}", suggestion(scenario.callflow, numbers))
    flow = flows[match.flow.id]
    return flow, lint_flow(flow, system=system)


def _after_preflow(flow: Flow, preflow_id: str, flows: Mapping[str, Flow], scenario: Scenario) -> Flow:
    """The account's preflow runs first: a `callflow` node whose `_` child is the real flow (B§1.2)."""
    if preflow_id not in flows:
        where = scenario.where.get("account", scenario.file)
        raise ScenarioError(f"{where}.preflow.always", f"no callflow has the id {shown(preflow_id)}", suggestion(preflow_id, flows))
    action = standard_registry().find("callflow")
    assert action is not None, "callflow is one of our own actions"
    settings = action.settings_class(id=preflow_id)
    node = Node("callflow", settings, action, {"_": flow.root}, "preflow", False, {"id": preflow_id}, "preflow")
    return evolve(flow, root=node)


def _utc_offset_s(scenario: Scenario, account: Account, start: datetime) -> int:
    zone = scenario.timezone or account.timezone
    if zone is None:
        return 0
    try:
        offset = start.astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):
        raise ScenarioError(scenario.where.get("timezone", scenario.file), f"unknown time zone {shown(zone)}", "write one like Europe/Berlin") from None
    return int(offset.total_seconds()) if offset is not None else 0


def _call_id(scenario: Scenario, script: CallScript, seed: int) -> str:
    """The call's own id, or 32 hexadecimal characters from scenario, row, call and seed (design §12, Results)."""
    named = (scenario.name, scenario.row, script.name, seed)
    return script.caller.call_id or sha256(repr(named).encode()).hexdigest()[:32]


def _caller(scenario: Scenario, script: CallScript, account: Account) -> Caller:
    caller = script.caller
    if caller.device is not None and caller.device not in account.devices:
        where = scenario.where.get("caller", scenario.file)
        raise ScenarioError(where, f"unknown device {shown(caller.device)}", suggestion(caller.device, account.devices))
    return Caller(caller.number or caller.device or "", caller.name, caller.device or "")


def _check_ids(scenario: Scenario, calls: tuple[PreparedCall, ...]) -> None:
    ids = [call.id for call in calls]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise ScenarioError(scenario.where.get("calls", scenario.file), f"two calls have the id {shown(twice)}", "give each its own call_id")


def _check_people(scenario: Scenario, account: Account, uploads: bool) -> None:
    """Everybody that a step names must exist; events of deliveries are unknown to a run that uploads afterwards."""
    parties = ("caller", *account.users, *account.devices)
    for where, who in _named(scenario):
        if who not in (*parties, "storage"):
            raise ScenarioError(where, f"unknown party {shown(who)}", suggestion(who, parties))
    if uploads:
        for step in (step for call in scenario.calls for step in call.timeline):
            if isinstance(step.when, When) and step.when.event.what in _DELIVERIES:
                raise ScenarioError(step.where, "with --upload deliveries happen after the run", "leave --upload out, or this step")


def _named(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for call in scenario.calls:
        for step in call.timeline:
            yield step.where, step.who
            if isinstance(step.when, When) and step.when.event.who:
                yield step.where, step.when.event.who

