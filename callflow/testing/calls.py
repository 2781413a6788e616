"""The fixture `callflow`: places calls and runs scenario files for a test (design §8)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from attrs import define, evolve, field

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.header import NUMBER
from callflow.scenario.language import Scenario, load_scenario, parse_scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.simulate import simulate
from callflow.testing.border import Border
from callflow.testing.caller_line import Line, line_of_test, shown_path
from callflow.testing.finished import FinishedRun
from callflow.testing.live_stage import LiveRun
from callflow.testing.placed_call import PlacedCall
from callflow.testing.virtual_now import VirtualNow

HOUR_MS: Final = 3_600_000

_NOBODY_IN_PARTICULAR: Final = "+14155550100"
_DIALLED: Final = "2000"
_FLOW_FILE, _ACCOUNT_FILE = "callflow.json", "account.json"


@define(eq=False, repr=False)
class Calls:
    """Calls and runs of one test. Paths are relative to the test file's folder `file`, then to `root` (design §12).

    `name` is the test's; `profile` and `seed` hold where a call does not say them. `clock` follows every call that is
    placed from now on. `runs` are those so far, for who reports on them.
    """

    file: Path
    root: Path
    name: str
    profile: str | None = None
    seed: int | None = None
    clock: VirtualNow | None = None
    runs: list[PlacedCall | FinishedRun] = field(factory=list)

    def call(
        self,
        flow: str | os.PathLike[str],
        *,
        dials: str = "",
        profile: str | None = None,
        account: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        with_: Mapping[str, str] | None = None,
        seed: int | None = None,
        start: datetime | str | None = None,
        timezone: str = "",
        caller: str | Mapping[str, str] = _NOBODY_IN_PARTICULAR,
        storage: Mapping[str, Any] | None = None,
        strict: bool = False,
        skip_unsimulated: bool = False,
        max_hours: int = 24,
    ) -> PlacedCall:
        """Place a call on a callflow, and return it at 0 ms.

        `flow` is a file, or a number that the account's callflows have; `dials` is what the caller dials, by default
        that number. `account` is a file or the account itself, `with_` fills `{NAME}` in the callflow, `caller` is a
        number or what `caller:` of a scenario may hold, and `storage` what its `storage:` may. `start` must know its
        zone; without it the call starts now, which under a frozen clock is the frozen time.

        Raises FlowError and ScenarioError for what is wrong with any of that, at the test's line or in the file.
        """
        __tracebackhide__ = True
        line = line_of_test()
        number = os.fspath(flow) if NUMBER.fullmatch(os.fspath(flow)) else ""
        words = {"number": caller} if isinstance(caller, str) else dict(caller)
        document: dict[str, Any] = {
            "scenario": self.name,
            "callflow": number or _FLOW_FILE,
            "caller": {"dials": dials or number or _DIALLED, **words},
            "timeline": [{"at 0s": "caller calls"}],
        }
        if account is not None:
            document["account"] = account if isinstance(account, Mapping) else _ACCOUNT_FILE
        document |= {"timezone": timezone} if timezone else {}
        document |= {"storage": storage} if storage is not None else {}
        with Border(line):
            scenario = evolve(_scenario(document, line), file=str(self.file))
            if not number:
                scenario = evolve(scenario, callflow=str(self._path(flow)))
            if isinstance(account, str | os.PathLike):
                scenario = evolve(scenario, account=str(self._path(account)))
            choices = self._choices(profile, with_, seed, start, strict, skip_unsimulated)
            run = LiveRun(prepare(scenario, choices), max_ms=max_hours * HOUR_MS, choices=choices, clock=self.clock)
            placed = PlacedCall(run)
            self.runs.append(placed)
            run.begin()
        return placed

    def run(
        self,
        path: str | os.PathLike[str],
        *,
        row: int | None = None,
        profile: str | None = None,
        with_: Mapping[str, str] | None = None,
        seed: int | None = None,
        start: datetime | str | None = None,
        strict: bool = False,
        skip_unsimulated: bool = False,
    ) -> FinishedRun:
        """Run a scenario file, or one row of its `examples:`, and return the result with the verdict.

        Raises ScenarioError and FlowError for documents that are wrong, and for a row that there is not.
        """
        __tracebackhide__ = True
        with Border(line_of_test()):
            choices = self._choices(profile, with_, seed, start, strict, skip_unsimulated)
            run = simulate(_row(self._path(path), row), choices)
            finished = FinishedRun.of(run.result(), tuple(run.rows))
        self.runs.append(finished)
        return finished

    def __repr__(self) -> str:
        return f"<callflow: {len(self.runs)} runs of {self.name}>"

    def _path(self, given: str | os.PathLike[str]) -> Path:
        """The file that is meant; one that is nowhere is looked for beside the test, by whoever reads it."""
        places = (self.file.parent / given, self.root / given)
        return next((each for each in places if each.exists()), places[0])

    def _choices(
        self,
        profile: str | None,
        with_: Mapping[str, str] | None,
        seed: int | None,
        start: datetime | str | None,
        strict: bool,
        skip_unsimulated: bool,
    ) -> Choices:
        return Choices(
            profile=profile or self.profile,
            seed=self.seed if seed is None else seed,
            start=None if start is None else _moment(start),
            values=dict(with_ or {}),
            strict=strict,
            skip_unsimulated=skip_unsimulated,
            raises=True,
        )


def _scenario(document: Mapping[str, Any], line: Line) -> Scenario:
    """The scenario that a call is, read as a file's would be; every place in it is the line of the test."""
    try:
        text = "\n" * (line.number - 1) + json.dumps(document)
    except (TypeError, ValueError) as error:
        hint = "use dicts, lists, texts, numbers, True, False and None"
        raise ScenarioError("", f"account, caller or storage is no plain data: {error}", hint) from None
    (scenario,) = parse_scenario(text, file=line.file, format="json")
    (script,) = scenario.calls
    timeline = tuple(evolve(step, file=line.name) for step in script.timeline)
    return evolve(scenario, calls=(evolve(script, timeline=timeline),))


def _row(path: Path, row: int | None) -> Scenario:
    """The scenario of a file, at its real place although its name is shown short."""
    scenarios = load_scenario(Path(shown_path(path)))
    last = len(scenarios) - 1
    if row is None and last:
        raise ScenarioError("", f"{path.name} has {last + 1} rows of examples", f"say which: row=0 to row={last}")
    if row is not None and not 0 <= row <= last:
        raise ScenarioError("", f"{path.name} has no row {row}", f"its rows are 0 to {last}")
    return evolve(scenarios[row or 0], file=str(path.absolute()))


def _moment(start: datetime | str) -> datetime:
    example = "2026-11-30T23:59:50Z"
    try:
        moment = datetime.fromisoformat(start) if isinstance(start, str) else start
    except ValueError:
        raise ScenarioError("", f"start {shown(start)} is no date and time", f"write {example}") from None
    if moment.tzinfo is None:
        raise ScenarioError("", f"start {shown(str(start))} names no zone", f"add Z or tzinfo=UTC: {example}")
    return moment
