"""A logged call placed again: its scenario, the run of it under every profile, and both sides compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from callflow.capture.anonymous import Mask
from callflow.capture.calls import LoggedCall
from callflow.capture.casting import cast_of
from callflow.capture.comparing import ALWAYS, Pair, compare, differences
from callflow.capture.reconstructing import WHO_IS_ASSUMED, Deed, script_of
from callflow.capture.writing import Draft, Line, flow_map, scenario_text
from callflow.core.errors import DocumentError, ScenarioError
from callflow.core.profile import DOCS, PROFILES
from callflow.core.shown import shown
from callflow.report.wording import printable
from callflow.scenario.durations import format_duration
from callflow.scenario.language import Scenario, parse_scenario
from callflow.scenario.preparing import Choices, prepare
from callflow.scenario.words import HANGUP_CAUSES
from callflow.simulate import Run, simulate

MOST_MOMENTS: Final = 5_000
"""How many events one call may have to be placed again."""

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z0-9_]+)\}")

NOBODY: Final = "anonymous"
"""The number of a caller who shows none."""


@frozen
class Wishes:
    """How a call is to be placed again: the callflow's file or number, the account's file, and what may vary.

    `told` has parties by what a leg says of them, `cut` the part that is compared, in ms of the call, `mask` what
    replaces people. `file` is where the scenario is, or would be: the places of other files are told from there.
    """

    callflow: str
    account: Path | None
    file: Path
    profile: str = DOCS.name
    told: Mapping[str, str] = field(factory=dict)
    values: Mapping[str, str] = field(factory=dict)
    cut: tuple[int, int] | None = None
    mask: Mask | None = None
    tolerance_ms: int = 500
    skip_unsimulated: bool = False


@frozen
class Replayed:
    """A logged call placed again: the run under the chosen profile, both sides, and how many differences each has."""

    call: LoggedCall
    text: str
    run: Run
    pairs: tuple[Pair, ...]
    warnings: tuple[str, ...]
    by_profile: Mapping[str, int]

    @property
    def differences(self) -> tuple[Pair, ...]:
        """What is not the same."""
        return differences(self.pairs)

    @property
    def best(self) -> tuple[str, ...]:
        """The profiles with the fewest differences."""
        fewest = min(self.by_profile.values())
        return tuple(name for name, count in self.by_profile.items() if count == fewest)


def replay(call: LoggedCall, form: str, names: Collection[str], wishes: Wishes) -> Replayed:
    """Place a logged call again. `names` are the events that the capture has at all.

    Raises ScenarioError and FlowError for what the account, the callflow or the capture lacks.
    """
    if len(call.moments) > MOST_MOMENTS:
        problem = f"call {shown(call.id)} has more than {MOST_MOMENTS:,} events"
        raise ScenarioError("capture", problem, "name another with --call")
    started = datetime.fromtimestamp(call.started_us // 1_000_000, UTC)
    choices = Choices(values=wishes.values, skip_unsimulated=wishes.skip_unsimulated)
    bare = _draft(call, wishes, started, (Deed(0, "caller calls"),), "")
    account = prepare(_scenario(bare, wishes.file), choices).setting.account
    _check_filled([*account.users, *account.devices], wishes.callflow)
    cast = cast_of(call, account, wishes.told)
    script = script_of(call, cast.parties, wishes.cut[1] if wishes.cut is not None else None)
    parties, deeds = cast.parties, script.deeds
    if wishes.mask is not None:
        call, parties, deeds = wishes.mask.call(call), wishes.mask.parties(parties), wishes.mask.deeds(deeds)
    deeds = _without_idle_hangup(call, deeds, wishes, started, cast.device, choices)
    expect = tuple(_expected(call, parties, wishes))
    draft = evolve(_draft(call, wishes, started, deeds, cast.device), expect=expect)
    draft = evolve(draft, remarks=(f"A call from a capture of {form}; what it expects is what production did.",))
    scenario = _scenario(draft, wishes.file)
    runs = dict(_runs(scenario, choices, wishes.profile))
    pairs = {name: _within(compare(call, parties, run.rows, names, wishes.tolerance_ms), wishes.cut)
             for name, run in runs.items()}  # fmt: skip
    return Replayed(
        call=call,
        text=scenario_text(draft, wishes.file),
        run=runs[wishes.profile],
        pairs=pairs[wishes.profile],
        warnings=(*_gaps(call), *script.warnings),
        by_profile={name: len(differences(each)) for name, each in pairs.items()},
    )


def _check_filled(people: Iterable[str], callflow: str) -> None:
    """Raise ScenarioError for a user or device of the callflow that is still a placeholder: nobody is on such a leg."""
    missing = sorted({name for each in people for name in _PLACEHOLDER.findall(each)})
    if missing:
        hint = " ".join(f"--with {name}=…" for name in missing)
        raise ScenarioError(printable(callflow), f"nothing fills {{{missing[0]}}}", f"add {hint}")


def _draft(call: LoggedCall, wishes: Wishes, started: datetime, deeds: tuple[Deed, ...], device: str) -> Draft:
    caller = {
        "number": "".join(call.number.split()) or NOBODY,
        "name": call.caller_name,
        "dials": "".join(call.dialled.split()) or "unknown",
        "device": device,
    }
    return Draft(
        name=f"Call {call.id} of a capture",
        callflow=wishes.callflow,
        account=wishes.account,
        profile=wishes.profile,
        start=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seed=1,
        caller=caller,
        steps=[Line(f"at {format_duration(deed.at_ms)}", deed.words, deed.remark) for deed in deeds],
        values=wishes.values,
    )


def _without_idle_hangup(
    call: LoggedCall, deeds: tuple[Deed, ...], wishes: Wishes, started: datetime, device: str, choices: Choices
) -> tuple[Deed, ...]:
    """The steps without a hang-up that is only assumed, where the call ends then without it: the flow ended it."""
    end = call.end_of(call.id)
    kept = tuple(deed for deed in deeds if deed.remark != WHO_IS_ASSUMED)
    if end is None or len(kept) == len(deeds):
        return deeds
    run = simulate(_scenario(_draft(call, wishes, started, kept, device), wishes.file), choices)
    ended_ms = next((each.ended_ms for each in run.summary().calls), None)
    return kept if ended_ms is not None and abs(ended_ms - end.at_ms) <= wishes.tolerance_ms else deeds


def _scenario(draft: Draft, file: Path) -> Scenario:
    (scenario,) = parse_scenario(scenario_text(draft, file), file=str(file))
    return scenario


def _runs(scenario: Scenario, choices: Choices, chosen: str) -> Iterator[tuple[str, Run]]:
    """The run of each profile; a profile that refuses the callflow is left out, unless it is the chosen one."""
    for name in (chosen, *(each for each in PROFILES if each != chosen)):
        try:
            yield name, simulate(scenario, evolve(choices, profile=name))
        except DocumentError:
            if name == chosen:
                raise


def _within(pairs: tuple[Pair, ...], cut: tuple[int, int] | None) -> tuple[Pair, ...]:
    """What lies within the part that is looked at; what only the cut itself brought about lies at its end."""
    if cut is None:
        return pairs
    return tuple(pair for pair in pairs if cut[0] <= pair.at_ms < cut[1])


def _expected(call: LoggedCall, parties: Mapping[str, str], wishes: Wishes) -> Iterator[str]:
    """What production did, as expectations: the end, the recordings, and the main events with their times."""
    from_ms, to_ms = wishes.cut or (0, call.moments[-1].at_ms + 1)
    end = call.end_of(call.id)
    if end is not None and end.at_ms < to_ms and end.event.cause in HANGUP_CAUSES:
        yield f"hangup_cause: {end.event.cause}"
    kept = [each for each in call.moments if each.name in ALWAYS and from_ms <= each.at_ms < to_ms]
    counted = Counter(each.name for each in call.moments if each.at_ms < to_ms)
    if end is not None and end.at_ms < to_ms:
        yield f"exactly: {flow_map({name: counted[name] for name in ('CHANNEL_BRIDGE', 'RECORD_START')})}"
    if not kept:
        return
    yield "events_unordered:"
    for moment in kept:
        at = f"{format_duration(moment.at_ms)} ±{format_duration(wishes.tolerance_ms)}"
        leg = "A" if moment.leg == call.id else parties[moment.leg]
        entries: dict[str, Any] = {"event": moment.name, "leg": leg, "at": at}
        yield f"  - {flow_map(entries)}"


def _gaps(call: LoggedCall) -> Iterator[str]:
    if not call.has_its_beginning:
        yield "the beginning of the call is not in the capture: times count from its first event"
    if call.end_of(call.id) is None:
        yield "the end of the call is not in the capture: nothing is compared after its last event"


def chosen_calls(calls: tuple[LoggedCall, ...], id: str | None) -> tuple[LoggedCall, ...]:
    """The call that is wanted, or all. Raises ScenarioError when the capture has none of that id."""
    if id is None:
        return calls
    found = tuple(call for call in calls if id in (call.id, *(leg.id for leg in call.legs)))
    if not found:
        ids = ", ".join(printable(call.id) for call in calls[:8])
        raise ScenarioError("--call", "the capture has no such call", f"it has {ids}{', …' if len(calls) > 8 else ''}")
    return found
