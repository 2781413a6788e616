"""Scenarios from a callflow alone: what drives each branch, and each way a recording can start and end.

A search that is led by what was driven: a call is placed, everything that anybody could do next is tried, and what
drove something new is tried further. Those that drive nothing that others do not are dropped. Nothing is random.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from callflow.core.errors import RunawayError, ScenarioError, StuckCall
from callflow.core.trace import LEG, MAILBOX, NODE, RECORDER, Row
from callflow.reactions import Line, Reaction, reactions
from callflow.report.coverage import Coverage
from callflow.report.results import RecordingResult, RunResult
from callflow.scenario.answer_words import TONGUES, parse_answer
from callflow.scenario.preparing import Prepared
from callflow.scenario.steps import Step, parse_deed, parse_moment
from callflow.scenario.storage_part import StorageScript
from callflow.simulate import Run

MOST_REACTIONS: Final = 6
"""Reactions in a row."""

_FAULTS: Final = ("cannot open files", "cannot write files", "does not confirm stops", "has no media")
_NOT_PLAIN: Final = frozenset({"api", "storage", "switch", "transfer"})
_CALLS: Final = ("at 0s", "caller calls")


@frozen
class Variant:
    """What one run is made of: reactions in turn, and what is chosen before the call.

    `first` are steps before the call, `replies` what a kind of target replies, `words` says both.
    """

    reactions: tuple[Reaction, ...] = ()
    first: tuple[Line, ...] = ()
    replies: Mapping[str, tuple[str, ...]] = {}
    words: str = ""

    @property
    def name(self) -> str:
        """What happens, in words."""
        parts = [each for each in (self.words, *(reaction.words for reaction in self.reactions)) if each]
        return ", ".join(parts) or "nobody does anything"

    @property
    def is_plain(self) -> bool:
        """Whether nothing is broken and people only answer or not, talk, press digits and hang up."""
        return not _NOT_PLAIN.intersection(self.tags)

    @property
    def tags(self) -> tuple[str, ...]:
        """Of its reactions, and of what is chosen before the call."""
        chosen = ["storage"] * bool(self.replies) + ["switch"] * bool(self.first)
        return tuple(dict.fromkeys(("generated", *(each.tag for each in self.reactions), *chosen)))


@frozen(eq=False)
class Driven:
    """A variant that was run: the scenario, its rows and result, and what it drove, in words."""

    variant: Variant
    prepared: Prepared
    rows: Sequence[Row] = field(repr=False)
    result: RunResult = field(repr=False)
    drove: frozenset[str] = field(repr=False)
    is_untidy: bool = False


@define(eq=False)
class Search:
    """The search from one prepared base, whose call only begins; `runs` counts, at most `most_runs` are made."""

    base: Prepared
    most_runs: int
    runs: int = 0
    kept: list[Driven] = field(factory=list)
    _seen: set[str] = field(factory=set)
    _seen_untidy: set[str] = field(factory=set)
    _waiting: deque[Variant] = field(factory=deque)

    def run(self) -> tuple[Driven, ...]:
        """Search, then drop what drives nothing of its own; the rest stands in the order in which it was found."""
        self._waiting.append(Variant())
        while self._waiting and self.runs < self.most_runs:
            self._try(self._waiting.popleft())
        for variant in _troubles(self.kept):
            if self.runs < self.most_runs:
                self._try(variant)
        return _minimal(self.kept)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left to be tried."""
        return not self._waiting

    def _try(self, variant: Variant) -> None:
        self.runs += 1
        driven = play(self.base, variant)
        if driven is None:
            return
        seen = self._seen_untidy if driven.is_untidy else self._seen
        if driven.drove <= seen:
            return
        seen |= driven.drove
        if not driven.is_untidy:
            self.kept.append(driven)
        if len(variant.reactions) < MOST_REACTIONS and not variant.replies and not variant.first:
            for each in reactions(driven.prepared, driven.rows, driven.is_untidy):
                self._waiting.append(evolve(variant, reactions=(*variant.reactions, each)))


def play(base: Prepared, variant: Variant) -> Driven | None:
    """Run a variant; None when a step of it is none or never happened, or the run does not end."""
    try:
        prepared = _prepared(base, variant)
        run = Run(prepared)
        for _ in run.play():
            pass
    except (RunawayError, ScenarioError, StuckCall):
        return None
    result = run.result()
    codes = {each.code for each in result.diagnostics}
    if result.outcome != "passed" or "ringing-declared" in codes or "late-step" in codes:
        return None
    is_untidy = "end-of-scenario" in codes
    return Driven(variant, prepared, run.rows, result, frozenset(_driven(run.rows, result)), is_untidy)


def _prepared(base: Prepared, variant: Variant) -> Prepared:
    """The base with a variant's name, timeline and storage. Raises ScenarioError for who cannot act in a step."""
    lines = (*variant.first, _CALLS, *(line for each in variant.reactions for line in each.lines))
    timeline = tuple(_step(number, line) for number, line in enumerate(lines, 1))
    (call,) = base.calls
    script = evolve(call.script, timeline=timeline)
    said = {kind: tuple(parse_answer(each, TONGUES[kind]) for each in said) for kind, said in variant.replies.items()}
    name = f"{base.scenario.name}: {variant.name}"
    scenario = evolve(base.scenario, name=name, tags=variant.tags, calls=(script,), storage=StorageScript(said))
    return evolve(base, scenario=scenario, calls=(evolve(call, script=script),))


def _step(number: int, line: Line) -> Step:
    moment, deed = line
    who, verb = parse_deed(deed)
    return Step(number, f"{moment}: {deed}", parse_moment(moment), who, verb, f"step {number}")


def _troubles(kept: Sequence[Driven]) -> Iterator[Variant]:
    """Storage that fails and recovers, for each kind of target that is stored to; a switch with each of its faults."""
    kinds: set[str] = set()
    recorded = next((each for each in kept if any(_is_finished(one) for one in each.result.recordings)), None)
    for driven in kept:
        for recording in driven.result.recordings:
            delivery = recording.delivery
            kind = delivery.target if delivery is not None and delivery.state == "stored" else ""
            if kind not in TONGUES or kind in kinds:
                continue
            kinds.add(kind)
            fault = "503" if TONGUES[kind].has_statuses else "timeout"
            works = str(TONGUES[kind].success)
            for said, words in (((fault, works), "fails once"), ((fault,), "fails for ever")):
                yield evolve(driven.variant, replies={kind: said}, words=f"{kind.replace('_', ' ')} storage {words}")
    if recorded is None:
        return
    for fault in _FAULTS:
        first = (("at 0s", f"switch {fault}"),)
        yield evolve(recorded.variant, first=first, words=f"switch {fault}")


def _is_finished(recording: RecordingResult) -> bool:
    return recording.state == "finished"


def _driven(rows: Sequence[Row], result: RunResult) -> Iterator[str]:
    """What a run drove, each thing in words."""
    parties: dict[str, str] = {}
    cause = module = ""
    is_plain = not any(row.kind == RECORDER and row.name in ("RECORD_PAUSE", "RECORD_MASK") for row in rows)
    for row in rows:
        detail = row.detail or {}
        if row.kind == NODE:
            yield f"node {detail['flow']}/{detail['where']} ({row.name})"
            if cause:
                yield f"goes on to {detail['flow']}/{detail['where']} after {cause}"
            cause, module = "", row.name
        elif row.kind == RECORDER and "from" in detail:
            yield f"recorder {detail['from']} {row.name}"
        elif row.kind == MAILBOX:
            yield f"mailbox {row.name}"
        elif row.kind == LEG:
            if row.name == "CHANNEL_CREATE":
                parties[row.leg] = detail["device"] or detail["party"]
            if row.name in ("CHANNEL_ANSWER", "CHANNEL_TRANSFEREE", "CHANNEL_TRANSFEROR"):
                yield f"{parties.get(row.leg, row.leg)} {row.name}"
            if row.name == "CHANNEL_DESTROY":
                cause = detail["hangup_cause"]
                yield f"{parties.get(row.leg, row.leg)} ends with {cause}"
    for call in result.calls:
        yield f"call ended by {call.hangup_by} with {call.hangup_cause} in {module}"
    for recording in result.recordings:
        ending = f"{recording.kind} recording {recording.state}, ended by {recording.ended_by}"
        yield ending
        if is_plain:
            yield f"{ending}, never paused or masked; call ended by {result.calls[0].hangup_by}"
        if recording.delivery is not None:
            tries = "more than once" if len(recording.delivery.attempts) > 1 else "once"
            yield f"delivery to {recording.delivery.target} {recording.delivery.state}, tried {tries}"


def _minimal(kept: Sequence[Driven]) -> tuple[Driven, ...]:
    """Drop, from the last one on, each that drives nothing that the others do not.

    A plain one is only dropped for other plain ones: that a transfer has driven a hang-up too is no test of hanging up.
    """
    plain = _needed([each for each in kept if each.variant.is_plain], ())
    others = _needed([each for each in kept if not each.variant.is_plain], plain)
    return tuple(each for each in kept if each in (*plain, *others))


def _needed(some: Sequence[Driven], given: Sequence[Driven]) -> tuple[Driven, ...]:
    times = Counter(each for driven in (*some, *given) for each in driven.drove)
    left = []
    for driven in reversed(some):
        if all(times[each] > 1 for each in driven.drove):
            times.subtract(driven.drove)
        else:
            left.append(driven)
    return tuple(reversed(left))


def own_of(driven: Driven, kept: Sequence[Driven]) -> tuple[str, ...]:
    """What this one alone drives, in order of the words; a plain one is compared with the plain ones."""
    rivals = [each for each in kept if each.variant.is_plain] if driven.variant.is_plain else kept
    others = {each for other in rivals if other is not driven for each in other.drove}
    return tuple(sorted(driven.drove - others))


def coverage_of(kept: Sequence[Driven], base: Prepared) -> Coverage:
    """What they cover together."""
    coverage = Coverage()
    if not kept:
        coverage.take(base, ())
    for driven in kept:
        coverage.take(driven.prepared, driven.rows)
    return coverage


def unreached(coverage: Coverage) -> Iterator[tuple[str, str]]:
    """Each node that no scenario runs, `flow: place (module)`, and why."""
    for flow in coverage.flows:
        modules = {spot.where: spot.module for spot in flow.spots}
        times = flow.times
        for spot in flow.spots:
            if times[spot.where]:
                continue
            parent = spot.where.rpartition(".children.")[0]
            above = modules.get(parent, "")
            if not spot.is_reachable:
                why = f"{above} never goes on to it" if above else "no call can come to it"
            elif parent in modules and not times[parent]:
                why = f"{parent} does not run"
            elif not parent:
                why = "no call that was tried comes to this callflow"
            else:
                why = f"nothing that was tried makes {above} go there"
            yield f"{flow.name}: {spot.where} ({spot.module})", why
