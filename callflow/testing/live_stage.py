"""A stage without a script: steps are done when somebody says so, by the rules that hold for a scenario's (design §8).

```python
run = LiveRun(prepared)             # a scenario whose timeline is `at 0s: caller calls`
run.begin()
run.perform(step)
run.advance(3_000)
run.end()
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from callflow.core.errors import RunawayError, ScenarioError
from callflow.core.trace import Row
from callflow.report.results import RunResult
from callflow.report.summary import Summary
from callflow.report.wording import clock
from callflow.scenario.cast import check_cast
from callflow.scenario.near_misses import nearest_event
from callflow.scenario.occurrences import EventPattern
from callflow.scenario.preparing import Choices, prepare
from callflow.scenario.stage import Stage
from callflow.scenario.steps import Step, When
from callflow.scenario.verbs import Plays, Says, StorageFails
from callflow.scenario.witness import Witness
from callflow.simulate import Run
from callflow.testing.impossible import StepNotPossible

if TYPE_CHECKING:
    from callflow.testing.virtual_now import VirtualNow


@define(eq=False)
class LiveStage(Stage):
    """A stage whose one timeline grows by a step whenever one is done; within an instant, as `Stage` has it."""

    def begin(self) -> Iterator[Row]:
        """Do the first step, which places the call, and yield what comes of it at once."""
        self._perform(self._acts[0], 0)
        yield from self._advance(0)

    def perform(self, step: Step) -> Iterator[Row]:
        """Do a step now and yield what comes of it at once. Raises StepNotPossible when it cannot be done."""
        act, now_ms = self._acts[0], self.engine.now_ms
        script = evolve(act.call.script, timeline=(*act.call.script.timeline, step))
        act.call = evolve(act.call, script=script)
        missed = len(self.failures)
        self._perform(act, now_ms)
        if len(self.failures) > missed:
            raise StepNotPossible(self.failures.pop().message)
        yield from self._advance(now_ms)

    def advance(self, until_ms: int) -> Iterator[Row]:
        """Yield everything up to and including an instant, and leave the clock there."""
        yield from self._advance(until_ms)

    def ringing(self) -> list[str]:
        """The parties whose phones ring, each once."""
        legs = self._parties.of(self._acts[0].call.id).ringing()
        return list(dict.fromkeys(each.names[0] for each in legs))


@define(eq=False)
class LiveRun(Run):
    """One call that is driven step by step; `rows` are those so far.

    `choices` are those it was prepared with; `clock` shows its time to others, if there is one. `seen` is how many of
    the rows an event that is waited for must not be among: those up to the previous step.
    """

    choices: Choices = field(factory=Choices)
    clock: VirtualNow | None = None
    seen: int = field(default=0, init=False)
    _live: LiveStage = field(init=False)
    _summary: Summary = field(factory=Summary, init=False)

    def __attrs_post_init__(self) -> None:
        """Make the engine, and a stage that waits to be told."""
        super().__attrs_post_init__()
        self._stage = self._live = LiveStage(self.prepared, self.engine)

    @property
    def call_id(self) -> str:
        """The call's id."""
        return self.prepared.calls[0].id

    @property
    def so_far(self) -> RunResult:
        """What has happened, as the result object tells it; unfinished things have their own words for where they are.

        Remarks about documents and steps are in the result at the end only.
        """
        return self._summary.result()

    @property
    def ringing(self) -> list[str]:
        """Whose phones ring, by the party's name, in the order in which they began."""
        return self._live.ringing()

    def begin(self) -> None:
        """Place the call."""
        self._take(self._live.begin())

    def perform(self, step: Step) -> None:
        """Do a step now. Raises StepNotPossible, and ScenarioError for a party or a sound that does not exist."""
        self._check(step)
        before = len(self.rows)
        self._take(self._live.perform(step))
        self.seen = before

    def advance(self, for_ms: int) -> None:
        """Let time pass. Raises RunawayError for more than the run's limit."""
        until_ms = self.engine.now_ms + for_ms
        if until_ms > self.max_ms:
            limit = f"the run's limit is {clock(self.max_ms)}"
            raise RunawayError(f"advance to {clock(until_ms)}: {limit}; place the call with a larger max_hours")
        self._take(self._live.advance(until_ms))

    def advance_to(self, event: EventPattern, where: str) -> None:
        """Let time pass until an event, to the end of its instant; one that came after the previous step counts.

        Raises StepNotPossible, naming `where`, when nothing is left to happen and it has not.
        """
        first = self.prepared.calls[0].script.timeline[0]
        self._check(evolve(first, when=When(event), where=where))
        witness = Witness()
        for row in self.rows[: self.seen]:
            witness.observe(row)
        while not self._find(witness, event):
            next_ms = self.engine.next_ms
            if next_ms is None:
                over = f"nothing is left to happen at {clock(self.engine.now_ms)}"
                sight = nearest_event(event, self.rows, self.call_id, {})
                is_it = sight is not None and sight.words == str(event)
                near = f"; {'before the previous step' if is_it else 'nearest'}: {sight}" if sight is not None else ""
                raise StepNotPossible(f"{where}: '{event}' never happened: {over}{near}")
            self._take(self._live.advance(next_ms))

    def end(self) -> None:
        """Let everything happen that is left to happen, deliveries among it; whoever is still there hangs up."""
        self._take(self._live.play())

    def _find(self, witness: Witness, event: EventPattern) -> bool:
        """Look through the rows not seen so far; the event's own is then the last one seen."""
        for row in self.rows[self.seen :]:
            witness.observe(row)
            self.seen += 1
            if row.call_id == self.call_id and witness.is_event(event):
                return True
        return False

    def _take(self, rows: Iterable[Row]) -> None:
        shown_ms = -1
        for row in rows:
            self.rows.append(row)
            self._summary.take(row)
            if row.at_ms > shown_ms:
                shown_ms = row.at_ms
                self._show(shown_ms)
        self._show(self.engine.now_ms)

    def _show(self, at_ms: int) -> None:
        if self.clock is not None:
            self.clock.move_to(self.prepared.start + timedelta(milliseconds=at_ms))

    def _check(self, step: Step) -> None:
        """Refuse strangers, and what would have no effect; measure what is to be played or really spoken."""
        live = self._live
        script = self.prepared.calls[0].script
        with_step = evolve(self.prepared.scenario, calls=(evolve(script, timeline=(script.timeline[0], step)),))
        check_cast(with_step, self.prepared.setting.account)
        verb = step.verb
        if isinstance(verb, Plays) or (isinstance(verb, Says) and verb.language):
            measured = prepare(with_step, self.choices).sound_ms
            live.prepared = evolve(live.prepared, sound_ms={**live.prepared.sound_ms, **measured})
        elif isinstance(verb, StorageFails) and verb.kind == "documents" and not self.prepared.setting.asks_documents:
            hint = 'place the call with storage={"documents": ["stored"]}, then they ask'
            raise ScenarioError(step.where, "in this call documents are saved without asking the storage", hint)
