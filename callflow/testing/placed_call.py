"""A placed call, driven step by step on the virtual clock: what the fixture `callflow` hands out (design §8).

```python
call = callflow.call("record_on_answer.json", dials="2001")
call.until("alice rings").advance(seconds=3).answer("alice")
assert call.recording.state is RecorderState.RECORDING
```
Nothing here takes time but `advance` and `until`: who speaks for 10 s goes on speaking while other things happen. The
verbs and their rules are those of scenario files; each is done now, with all that follows from it at once.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from attrs import define, field

from callflow.core.errors import ScenarioError
from callflow.core.events import ControlAction, SwitchFault
from callflow.core.trace import Row
from callflow.report.wording import clock
from callflow.scenario.occurrences import parse_event
from callflow.scenario.steps import API, CALLER, STORAGE, SWITCH, After, Step, parse_deed
from callflow.scenario.verbs import (
    Answers,
    BreaksSwitch,
    Calls,
    ControlsRecording,
    DoesNotAnswer,
    HangsUp,
    Holds,
    IsBusy,
    IsSilent,
    Plays,
    Presses,
    Rejects,
    Resumes,
    Says,
    SendsNoise,
    SendsTone,
    Speaks,
    StorageWorks,
    Transfers,
    Verb,
)
from callflow.testing.border import Border
from callflow.testing.caller_line import line_of_test
from callflow.testing.finished import FinishedRun, newest
from callflow.testing.impossible import StepNotPossible
from callflow.testing.live_recording import LiveRecording
from callflow.testing.live_stage import LiveRun

_FINEST: Final = 1e-6


@define(eq=False, repr=False)
class PlacedCall:
    """One call. Every verb returns the call, so that they can be chained.

    Verbs raise StepNotPossible when somebody cannot do this now, and ScenarioError for words that mean nothing and for
    parties that do not exist; an action that raises lets its exception out.
    """

    run: LiveRun
    _finished: FinishedRun | None = field(default=None, init=False)

    # -- time ---------------------------------------------------------------------------------------------------------

    def advance(self, *, seconds: float = 0, ms: int = 0) -> Self:
        """Let time pass: `seconds` and `ms` together; everything due up to and at the new instant happens."""
        __tracebackhide__ = True
        with Border(line_of_test()):
            self.run.advance(_length_ms(seconds, ms))
        return self

    def until(self, event: str) -> Self:
        """Let time pass until an event in the words of `when`: `alice rings`, `recording starts`, `CHANNEL_BRIDGE` …

        It is the first after the previous step. Raises StepNotPossible when it never comes.
        """
        __tracebackhide__ = True
        line = line_of_test()
        with Border(line):
            self.run.advance_to(parse_event(event), line.where)
        return self

    def finish(self) -> FinishedRun:
        """Let everything happen that is left to happen, deliveries too, and return the result.

        Who is still on the call then hangs up, with a warning among the diagnostics.
        """
        __tracebackhide__ = True
        with Border(line_of_test()):
            self.run.end()
        if self._finished is None or len(self._finished.rows) != len(self.run.rows):
            self._finished = FinishedRun.of(self.run.result(), tuple(self.run.rows))
        return self._finished

    # -- people -------------------------------------------------------------------------------------------------------

    def answer(self, who: str) -> Self:
        """The party's first ringing device picks up."""
        __tracebackhide__ = True
        return self._step(who, Answers())

    def reject(self, who: str) -> Self:
        """The ringing device declines the call."""
        __tracebackhide__ = True
        return self._step(who, Rejects())

    def busy(self, who: str) -> Self:
        """The ringing device answers the call with busy."""
        __tracebackhide__ = True
        return self._step(who, IsBusy())

    def does_not_answer(self, who: str) -> Self:
        """A remark at the end of the ringing; it shortens nothing, and warns when the ringing ends at another time."""
        __tracebackhide__ = True
        return self._step(who, DoesNotAnswer())

    def speak(self, who: str, *, seconds: float = 0, ms: int = 0) -> Self:
        """Speech without gaps, beginning now."""
        __tracebackhide__ = True
        with Border(line_of_test()):
            verb = Speaks(_length_ms(seconds, ms))
        return self._step(who, verb)

    def say(self, who: str, words: str, *, language: str = "") -> Self:
        """Speech as long as the words take; with a language real speech, by the extra `tts`."""
        __tracebackhide__ = True
        return self._step(who, Says(words, language))

    def play(self, who: str, file: str | os.PathLike[str]) -> Self:
        """A sound file; a relative path is relative to the test file."""
        __tracebackhide__ = True
        path = os.path.relpath(file, self.run.prepared.folder) if os.path.isabs(file) else os.fspath(file)
        return self._step(who, Plays(Path(path).as_posix()))

    def tone(self, who: str, hz: int, *, seconds: float = 0, ms: int = 0) -> Self:
        """A tone, beginning now."""
        __tracebackhide__ = True
        with Border(line_of_test()):
            verb = SendsTone(hz, _length_ms(seconds, ms))
        return self._step(who, verb)

    def noise(self, who: str, level: int, *, seconds: float = 0, ms: int = 0) -> Self:
        """White noise of this mean level, the measure of `silence_threshold`."""
        __tracebackhide__ = True
        with Border(line_of_test()):
            verb = SendsNoise(level, _length_ms(seconds, ms))
        return self._step(who, verb)

    def fall_silent(self, who: str) -> Self:
        """Whatever the party was saying ends."""
        __tracebackhide__ = True
        return self._step(who, IsSilent())

    def press(self, digits: str, who: str = CALLER) -> Self:
        """Digits, 0-9 * # A-D, one every 200 ms: time must pass for more than the first to be pressed."""
        __tracebackhide__ = True
        return self._step(who, Presses(digits))

    def hold(self, who: str = CALLER) -> Self:
        """The party puts the other on hold."""
        __tracebackhide__ = True
        return self._step(who, Holds())

    def resume(self, who: str = CALLER) -> Self:
        """The party takes the other back from hold, and gives up a consultation."""
        __tracebackhide__ = True
        return self._step(who, Resumes())

    def transfer(self, to: str, *, who: str = CALLER, consult: bool = False) -> Self:
        """The party sends the other side to a number: blind, or after a consultation, which hanging up completes."""
        __tracebackhide__ = True
        return self._step(who, Transfers(to, consult))

    def hang_up(self, who: str = CALLER) -> Self:
        """The party hangs up."""
        __tracebackhide__ = True
        return self._step(who, HangsUp())

    # -- storage, API and switch --------------------------------------------------------------------------------------

    def storage_fails(self, answer: str | int, *, kind: str = "url") -> Self:
        """From now on every target of the kind replies this: `503`, `timeout`, `slow 2s then 503` …"""
        __tracebackhide__ = True
        return self.do(f"{STORAGE} fails with {answer}{'' if kind == 'url' else f' for {kind}'}")

    def storage_works(self) -> Self:
        """From now on every target takes what it gets."""
        __tracebackhide__ = True
        return self._step(STORAGE, StorageWorks())

    def control_recording(self, action: ControlAction) -> Self:
        """A request to the API: `start`, `stop`, `mask`, `unmask`, `pause`, `resume` or `toggle` recording."""
        __tracebackhide__ = True
        return self._step(API, ControlsRecording(action))

    def break_switch(self, fault: SwitchFault) -> Self:
        """From now on the switch cannot `open` or `write` files, `confirm` stops, or has no `media`."""
        __tracebackhide__ = True
        return self._step(SWITCH, BreaksSwitch(fault))

    def do(self, words: str) -> Self:
        """Do a step in the words of a scenario's timeline: `alice speaks for 4s`, `api masks recording` …"""
        __tracebackhide__ = True
        line = line_of_test()
        with Border(line):
            who, verb = parse_deed(words)
            if isinstance(verb, Calls):
                raise StepNotPossible(f"{line.where}: the call is placed already; callflow.call(…) places another")
            self.run.perform(Step(line.number, words, After(0), who, verb, line.where, line.name))
        return self

    def _step(self, who: str, verb: Verb) -> Self:
        """By way of the words, as what they may say is checked where they are read."""
        __tracebackhide__ = True
        return self.do(f"{who} {verb}")

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The call's id."""
        return self.run.call_id

    @property
    def now_ms(self) -> int:
        """Virtual ms since the call was placed."""
        return self.run.engine.now_ms

    @property
    def now(self) -> datetime:
        """The virtual wall clock, in UTC."""
        return self.run.prepared.start + timedelta(milliseconds=self.now_ms)

    @property
    def rows(self) -> Sequence[Row]:
        """The trace so far."""
        return tuple(self.run.rows)

    @property
    def path(self) -> list[str]:
        """The modules run so far, in their order."""
        return [step.module for step in self.run.so_far.calls[0].path]

    @property
    def recordings(self) -> list[LiveRecording]:
        """Every recording so far, in arming order, those that wait for the answer or the bridge among them."""
        return [LiveRecording(self.run, index) for index in range(len(self.run.so_far.recordings))]

    @property
    def recording(self) -> LiveRecording:
        """The only recording, or the newest of several. Raises NoRecording."""
        __tracebackhide__ = True
        with Border(line_of_test()):
            newest(self.run.so_far)
        return self.recordings[-1]

    @property
    def ringing(self) -> list[str]:
        """Whose phones ring, by the party's name."""
        return self.run.ringing

    @property
    def is_over(self) -> bool:
        """Whether the call has ended; deliveries may go on."""
        return self.id not in self.run.engine.live_calls

    def __repr__(self) -> str:
        ended = ", over" if self.is_over else ""
        return f"<call {self.run.prepared.scenario.name} at {clock(self.now_ms)}{ended}: {self.recordings}>"


def _length_ms(seconds: float, ms: int) -> int:
    """Both together in whole ms. Raises ScenarioError, without a place, for what is negative or finer."""
    exact = seconds * 1000 + ms
    if not math.isfinite(exact) or abs(exact - round(exact)) > _FINEST:
        raise ScenarioError("", f"{exact} ms is no whole number of milliseconds", "the clock counts whole ones")
    if exact < 0:
        raise ScenarioError("", f"{exact} ms lie in the past", "time only goes on: write 0 or more")
    return round(exact)
