"""The stage: performs a scenario's steps on the engine, and answers what the engine asks (design §6, §12).

Deliveries are answered by the storehouse, silence listeners by what sounds.

The stage only offers, tells and reads rows, as any driver of the engine does. Within an instant the engine's own timers
come first, then people in file order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import define, evolve, field

from callflow.core.diagnostic import Diagnostic
from callflow.core.engine import Engine
from callflow.core.errors import RunawayError, StuckCall
from callflow.core.events import HangsUp
from callflow.core.trace import REQUEST, Row
from callflow.ears import Ears
from callflow.report.results import Failure
from callflow.report.wording import clock, printable
from callflow.scenario.deeds import Deed, NotPossible, control_of, deed_of
from callflow.scenario.near_misses import nearest_event
from callflow.scenario.party import Parties
from callflow.scenario.preparing import Prepared, PreparedCall
from callflow.scenario.steps import After, At, Step, When
from callflow.scenario.storehouse import Storehouse
from callflow.scenario.verbs import BreaksSwitch, Calls, ControlsRecording, StorageFails, StorageWorks
from callflow.scenario.witness import Witness

_END: Final = "end of scenario"


@define(eq=False)
class _Act:
    """One call's timeline: the step that is next, when the last one was over, and when its event was seen."""

    call: PreparedCall
    position: int = 0
    started_ms: int = 0
    free_ms: int = 0
    seen_ms: int | None = None
    ended_by_us: set[str] = field(factory=set)

    @property
    def last_step(self) -> Step:
        """The last line of the timeline."""
        return self.call.script.timeline[-1]

    @property
    def step(self) -> Step | None:
        """The next step, or None at the end of the timeline."""
        timeline = self.call.script.timeline
        return timeline[self.position] if self.position < len(timeline) else None

    def due_ms(self) -> int | None:
        """When the next step is due; None while it waits for an event, or when there is none."""
        step = self.step
        if step is None:
            return None
        if isinstance(step.when, At):
            return self.started_ms + step.when.at_ms
        if isinstance(step.when, After):
            return self.free_ms + step.when.after_ms
        return None if self.seen_ms is None else self.seen_ms + step.when.after_ms


@define(eq=False)
class Stage:
    """Runs one prepared scenario; afterwards `failures` are the steps that never happened, `remarks` the warnings."""

    prepared: Prepared
    engine: Engine
    failures: list[Failure] = field(factory=list)
    remarks: list[Diagnostic] = field(factory=list)
    _acts: list[_Act] = field(init=False)
    _witness: Witness = field(factory=Witness, init=False)
    _parties: Parties = field(factory=Parties, init=False)
    _storehouse: Storehouse = field(init=False)
    _ears: Ears = field(init=False)
    _rows: list[Row] = field(factory=list, init=False)
    _keeps_rows: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Put every call at the beginning of its timeline."""
        self._ears = Ears(self.prepared.folder)
        self._storehouse = Storehouse(self.prepared.scenario.storage)
        self._acts = [_Act(call) for call in self.prepared.calls]
        steps = (step for call in self.prepared.calls for step in call.script.timeline)
        self._keeps_rows = any(isinstance(step.when, When) for step in steps)

    def play(self) -> Iterator[Row]:
        """Run to the end and yield every row. Raises RunawayError, StuckCall, and what the engine raises."""
        engine = self.engine
        while True:
            due, next_ms = self._next_due(), engine.next_ms
            if due is None and self._only_deliveries_go_on():
                self._end_a_call()
            elif next_ms is not None and (due is None or next_ms <= due[0]):
                yield from self._advance(next_ms)
            elif due is not None:
                yield from self._advance(due[0])
                self._perform(due[1], due[0])
            elif engine.live_calls:
                self._end_a_call()
            else:
                break
        self._report_missed_steps()

    def _only_deliveries_go_on(self) -> bool:
        """Whether calls are up to which nothing will happen, no matter how long deliveries are tried again."""
        engine = self.engine
        if not engine.live_calls or any(act.step is not None for act in self._acts):
            return False
        return engine.next_ms is not None and engine.awaits_deliveries_only

    def _next_due(self) -> tuple[int, _Act] | None:
        """When a step is next due, and whose; within an instant in file order, those that are overdue among them."""
        now_ms = self.engine.now_ms
        dues = [(max(due, now_ms), index) for index, act in enumerate(self._acts) if (due := act.due_ms()) is not None]
        if not dues:
            return None
        due_ms, index = min(dues)
        return due_ms, self._acts[index]

    def _advance(self, until_ms: int) -> Iterator[Row]:
        for row in self.engine.run_until(until_ms):
            self._see(row)
            yield row

    def _see(self, row: Row) -> None:
        if self._keeps_rows:
            self._rows.append(row)
        self._parties.observe(row)
        self._witness.observe(row)
        for act in self._acts:
            step = act.step
            if step is not None and isinstance(step.when, When) and act.seen_ms is None:
                wanted = step.when.event
                call_id = self._call_id(wanted.call) if wanted.call else act.call.id
                if row.call_id == call_id and self._witness.is_event(wanted):
                    act.seen_ms = row.at_ms
        heard = self._ears.take(row)
        if heard is not None:
            self.engine.answer_silence(heard, because=row.seq)
        elif row.kind == REQUEST:
            answered, after_ms = self._storehouse.answer(row)
            self.engine.answer_delivery(answered, because=row.seq, after_ms=after_ms)

    def _call_id(self, name: str) -> str:
        return next(call.id for call in self.prepared.calls if call.script.name == name)

    def _perform(self, act: _Act, due_ms: int) -> None:
        """Do the next step of a call; one that is not possible is a failure, and the timeline goes on."""
        step = act.step
        assert step is not None
        now_ms, call = self.engine.now_ms, act.call
        if now_ms < due_ms:
            raise RunawayError(f"{step.where}: {clock(due_ms)} lies beyond the run's limit of time; take the step out")
        if isinstance(step.when, At) and now_ms > act.started_ms + step.when.at_ms:
            self._remark("late-step", step, f"its turn came only at {clock(now_ms)}: the steps before it took longer")
        act.position += 1
        act.seen_ms, act.free_ms = None, now_ms
        shown = step.shown
        if isinstance(step.verb, Calls):
            act.started_ms = now_ms
            self.engine.offer(call.id, call.caller, call.script.caller.dials, call.flow, step=shown)
        elif isinstance(step.verb, StorageFails | StorageWorks):
            self._storehouse.obey(step.verb)
            self.engine.declare("", "", f"storage {step.verb}", step=shown)
        elif isinstance(step.verb, BreaksSwitch):
            self.engine.break_switch(step.verb.fault, step=shown)
        else:
            try:
                deed = self._deed(step, call.id)
            except NotPossible as why:
                self._fail(step, str(why), f"did not happen at {clock(now_ms)}: {why}")
                return
            self._do(act, step, deed, shown)

    def _deed(self, step: Step, call_id: str) -> Deed:
        if isinstance(step.verb, ControlsRecording):
            is_live = call_id in self.engine.live_calls
            return control_of(step.verb, self.engine.controlled_leg(call_id) if is_live else None)
        return deed_of(step, self._parties.of(call_id), self.engine.now_ms, self.prepared.sound_ms)

    def _do(self, act: _Act, step: Step, deed: Deed, shown: Mapping[str, object]) -> None:
        for after_ms, event in deed.told:
            self.engine.tell(act.call.id, deed.leg, event, after_ms=after_ms, step=shown)
        if not deed.told:
            self.engine.declare(act.call.id, deed.leg, str(step.verb), step=shown)
        act.free_ms = self.engine.now_ms + deed.length_ms
        if deed.remark:
            self._remark("ringing-declared", step, deed.remark)

    def _remark(self, code: str, step: Step, message: str, hint: str = "") -> None:
        self.remarks.append(Diagnostic(code, "warning", step.where, message, hint))

    def _fail(self, step: Step, nearest: str, what: str) -> None:
        expected = printable(step.text)
        self.failures.append(Failure(expected, printable(nearest), printable(f"{step.where}: '{step.text}' {what}")))

    def _end_a_call(self) -> None:
        """Nothing is left to happen: in the first call that is still up somebody hangs up, with a warning (design §12).

        That is the controlled leg; whoever talks on without it, in a consultation, is next.
        """
        live = [act for act in self._acts if act.call.id in self.engine.live_calls]
        act, leg = next(((act, leg) for act in live if (leg := self._to_hang_up(act))), (live[0], ""))
        if not leg:
            stuck = f"call {act.call.id}: nothing is left to happen, and the call does not end"
            raise StuckCall(f"{stuck}; whoever drives the engine must answer what its script waits for")
        if not act.ended_by_us:
            message = f"nothing was left to happen at {clock(self.engine.now_ms)}, and the call was still up"
            self._remark("end-of-scenario", act.last_step, message, "end the timeline with: caller hangs up")
        act.ended_by_us.add(leg)
        self.engine.tell(act.call.id, leg, HangsUp(by=_END), step={"text": _END})

    def _to_hang_up(self, act: _Act) -> str:
        """The first leg of a live call that has not been hung up here; "" when all have."""
        legs = (self.engine.controlled_leg(act.call.id), *(each.leg for each in self._parties.of(act.call.id).there()))
        return next((each for each in legs if each not in act.ended_by_us), "")

    def _report_missed_steps(self) -> None:
        over = f"never happened: the run was over at {clock(self.engine.now_ms)}, and it still waited for"
        for act in self._acts:
            for index, step in enumerate(act.call.script.timeline[act.position :]):
                if index or not isinstance(step.when, When):
                    self._fail(step, "", f"{over} the steps before it")
                    continue
                event = step.when.event
                call_id = self._call_id(event.call) if event.call else act.call.id
                sight = nearest_event(event, self._rows, call_id, {call_id: act.started_ms})
                nearest = str(sight) if sight is not None else ""
                is_it = sight is not None and sight.words == str(evolve(event, call=""))
                why = f", which happened before its turn came: {sight}" if is_it else f"; nearest: {nearest}"
                self._fail(step, nearest, f"{over} {event}{why if nearest else ''}")
