"""The stage: performs a scenario's steps on the engine, and answers deliveries as its `storage:` says (design §6, §12).

The stage only offers, tells and reads rows, as any driver of the engine does. Within an instant the engine's own timers
come first, then people in file order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from callflow.core.diagnostic import Diagnostic
from callflow.core.engine import Engine
from callflow.core.errors import StuckCall
from callflow.core.events import DeliveryAnswered, HangsUp
from callflow.core.trace import REQUEST, Row
from callflow.report.results import Failure
from callflow.report.wording import clock
from callflow.scenario.answers import Answer, HttpStatus, Reset, Refused, Slow, Timeout
from callflow.scenario.deeds import Deed, NotPossible, deed_of
from callflow.scenario.party import Parties
from callflow.scenario.preparing import Prepared, PreparedCall
from callflow.scenario.steps import After, At, Step, When
from callflow.scenario.verbs import Calls, StorageFails
from callflow.scenario.witness import Witness

TIMEOUT_MS: Final = 300_000
"""How long production waits for a target that never replies (B§6.6)."""

_END: Final = "end of scenario"


@define(eq=False)
class _Act:
    """One call's timeline: the step that is next, when the last one was over, and when its event was seen."""

    call: PreparedCall
    position: int = 0
    started_ms: int = 0
    free_ms: int = 0
    seen_ms: int | None = None
    is_ended_by_us: bool = False

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
    _storage_fails: StorageFails | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Put every call at the beginning of its timeline."""
        self._acts = [_Act(call) for call in self.prepared.calls]

    def play(self) -> Iterator[Row]:
        """Run to the end and yield every row. Raises RunawayError, StuckCall, and what the engine raises."""
        engine = self.engine
        while True:
            due, next_ms = self._next_due(), engine.next_ms
            if next_ms is not None and (due is None or next_ms <= due[0]):
                yield from self._advance(next_ms)
            elif due is not None:
                yield from self._advance(max(due[0], engine.now_ms))
                self._perform(due[1])
            elif engine.live_calls:
                self._end_calls()
            else:
                break
        self._report_missed_steps()

    def _next_due(self) -> tuple[int, _Act] | None:
        dues = [(due, index) for index, act in enumerate(self._acts) if (due := act.due_ms()) is not None]
        if not dues:
            return None
        due_ms, index = min(dues)
        return max(due_ms, self.engine.now_ms), self._acts[index]

    def _advance(self, until_ms: int) -> Iterator[Row]:
        for row in self.engine.run_until(until_ms):
            self._see(row)
            yield row

    def _see(self, row: Row) -> None:
        self._parties.observe(row)
        self._witness.observe(row)
        for act in self._acts:
            step = act.step
            if step is not None and isinstance(step.when, When) and act.seen_ms is None:
                wanted = step.when.event
                call_id = self._call_id(wanted.call) if wanted.call else act.call.id
                if row.call_id == call_id and self._witness.is_event(wanted):
                    act.seen_ms = row.at_ms
        if row.kind == REQUEST:
            self._answer_delivery(row)

    def _call_id(self, name: str) -> str:
        return next(call.id for call in self.prepared.calls if call.script.name == name)

    def _perform(self, act: _Act) -> None:
        """Do the next step of a call; one that is not possible is a failure, and the timeline goes on."""
        step = act.step
        assert step is not None
        now_ms, call = self.engine.now_ms, act.call
        act.position += 1
        act.seen_ms, act.free_ms = None, now_ms
        shown = {"line": step.line, "text": step.text}
        if isinstance(step.verb, Calls):
            act.started_ms = now_ms
            self.engine.offer(call.id, call.caller, call.script.caller.dials, call.flow, step=shown)
        elif isinstance(step.verb, StorageFails):
            self._storage_fails = step.verb
        else:
            try:
                deed = deed_of(step, self._parties.of(call.id), now_ms, self.prepared.folder)
            except NotPossible as why:
                self.failures.append(Failure(step.text, str(why), f"{step.where}: {step.text!r} did not happen: {why}"))
                return
            self._do(act, deed, shown)

    def _do(self, act: _Act, deed: Deed, shown: dict[str, object]) -> None:
        for after_ms, event in deed.told:
            self.engine.tell(act.call.id, deed.leg, event, after_ms=after_ms, step=shown)
        act.free_ms = self.engine.now_ms + deed.length_ms
        if deed.remark:
            step = act.call.script.timeline[act.position - 1]
            self.remarks.append(Diagnostic("ringing-declared", "warning", step.where, deed.remark, ""))

    def _answer_delivery(self, row: Row) -> None:
        """Answer one try as the scenario says: URL targets read its list, everything else takes the file."""
        detail = row.detail or {}
        answer: Answer = HttpStatus(201)
        answers = self.prepared.scenario.storage.answers
        if detail["target"] == "url":
            if self._storage_fails is not None:
                answer = HttpStatus(self._storage_fails.code)
            elif answers:
                answer = answers[min(detail["attempt"], len(answers)) - 1]
        result, delay_ms, is_stored = _reply(answer)
        if detail["target"] != "url":
            result = "stored"
        answered = DeliveryAnswered(detail["delivery"], result, is_stored)
        self.engine.answer_delivery(answered, because=row.seq, after_ms=delay_ms)

    def _end_calls(self) -> None:
        """Nothing is left to happen: callers who are still there hang up, with a warning (design §12)."""
        for act in self._acts:
            if act.call.id in self.engine.live_calls:
                if act.is_ended_by_us:
                    raise StuckCall(f"call {act.call.id}: nothing is left to happen, and it does not end")
                act.is_ended_by_us = True
                message = f"nothing was left to happen at {clock(self.engine.now_ms)} and the call was still up"
                hint = "end the timeline with 'caller hangs up'"
                where = self.prepared.scenario.where.get("timeline", self.prepared.scenario.file)
                self.remarks.append(Diagnostic("end-of-scenario", "warning", where, message, hint))
                self.engine.tell(act.call.id, "A", HangsUp(by=_END), step={"text": _END})

    def _report_missed_steps(self) -> None:
        for act in self._acts:
            if act.step is not None:
                for step in act.call.script.timeline[act.position :]:
                    waited = step.when.event if isinstance(step.when, When) else "its turn"
                    why = f"the run was over at {clock(self.engine.now_ms)} and it still waited for {waited}"
                    self.failures.append(Failure(step.text, "", f"{step.where}: {step.text!r} never happened: {why}"))


def _reply(answer: Answer) -> tuple[str, int, bool]:
    """The trace's word for a reply, how long it takes, and whether the file is stored: 2xx is (B§6.4)."""
    if isinstance(answer, Slow):
        result, _, is_stored = _reply(answer.then)
        return result, answer.delay_ms, is_stored
    if isinstance(answer, HttpStatus):
        return str(answer.code), 0, 200 <= answer.code < 300
    assert isinstance(answer, Timeout | Refused | Reset)
    return str(answer), TIMEOUT_MS if isinstance(answer, Timeout) else 0, False
