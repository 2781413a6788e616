"""A call that somebody drives by hand, and the scenario that it becomes (`callflow record`).

The file is written anew after every step, with what the steps so far come to when they are played to their end: it can
be run at any moment, and nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import define, evolve, field, frozen

from callflow.capture.expecting import expectations_of
from callflow.capture.writing import Draft, Line, scenario_text, write_whole
from callflow.core.errors import CallflowError, ScenarioError
from callflow.report.timeline import Timeline, line_text
from callflow.report.wording import clock
from callflow.scenario.deeds import NotPossible, deed_of
from callflow.scenario.durations import format_duration, parse_duration
from callflow.scenario.language import Scenario, parse_scenario
from callflow.scenario.occurrences import parse_event
from callflow.scenario.party import Parties
from callflow.scenario.preparing import Choices, prepare
from callflow.scenario.steps import After, Step, parse_deed
from callflow.scenario.verbs import Calls
from callflow.simulate import simulate
from callflow.testing.live_stage import LiveRun

_WAIT: Final = re.compile(r"(?:\+ ?|wait )([0-9].*)")
_WAIT_FOR: Final = re.compile(r"wait for (.+)")
_WHERE: Final = "record"
_HANGS_UP: Final = "caller hangs up"
_DEEDS: Final = (
    "answers", "rejects", "is busy", "speaks for 3s", "presses 1", "holds", "resumes", "hangs up",
)  # fmt: skip
"""What is tried for everybody who is there, to tell what is possible."""


@frozen
class _Entry:
    """One thing that was typed: a step, time that passed, or an event that was waited for."""

    words: str
    wait_ms: int = 0
    event: str = ""


@define(eq=False)
class LiveSession:
    """One call on the virtual clock. `draft` is the scenario without its steps, `file` where it is written."""

    draft: Draft
    choices: Choices
    file: Path
    width: int = 100
    run: LiveRun = field(init=False)
    steps: list[Line] = field(init=False)
    _entries: list[_Entry] = field(factory=list, init=False)
    _waited: list[tuple[str, int]] = field(init=False)
    """The events waited for since the last step, and when each was."""
    _timeline: Timeline = field(init=False)
    _told: int = field(default=0, init=False)

    def begin(self) -> list[str]:
        """Place the call, write the file, and return the time line so far.

        Raises FlowError and ScenarioError for documents that are wrong, StorageError for a file that cannot be.
        """
        self._place()
        self._write()
        return self.news()

    def do(self, words: str) -> list[str]:
        """Do what was typed, write the file, and return what came of it.

        Raises StepNotPossible, ScenarioError and RunawayError for what cannot be done; the call is as it was then.
        """
        words = " ".join(words.split())
        entry = _read(words)
        self._entries.append(entry)
        try:
            self._play(entry)
            self._write()
        except CallflowError:
            self._entries.pop()
            self._again(self._entries)
            raise
        return self.news()

    def undo(self) -> str:
        """Take back what was typed last, and return it. Raises ScenarioError when there is nothing to take back."""
        if not self._entries:
            raise ScenarioError("", "there is nothing to undo", "the call itself stays placed")
        last = self._entries.pop()
        self._again(self._entries)
        self._write()
        return last.words

    def finish(self) -> list[str]:
        """Let everything happen that is left to happen, and return it. A caller who is still there hangs up now.

        As that is a step, the file says when; without it, the call would end at the file's last step.
        """
        if _HANGS_UP in self.possible():
            self._entries.append(_Entry(_HANGS_UP))
            self._play(self._entries[-1])
            self._write()
        self.run.end()
        return self.news()

    def news(self) -> list[str]:
        """The lines of the time line that have not been told."""
        rows = self.run.rows[self._told :]
        self._told = len(self.run.rows)
        lines = (self._timeline.take(row) for row in rows)
        return [line_text(line, self.width) for line in lines if line is not None]

    @property
    def now(self) -> str:
        """The virtual time."""
        return clock(self.run.engine.now_ms)

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.run.call_id not in self.run.engine.live_calls

    def possible(self) -> list[str]:
        """Steps that somebody could do now, a few words each; what can be transferred or played is not tried."""
        parties = Parties()
        for row in self.run.rows:
            parties.observe(row)
        legs = parties.of(self.run.call_id)
        names = dict.fromkeys(each.names[0] for each in legs.there())
        return [f"{who} {deed}" for who in names for deed in _DEEDS if self._can(f"{who} {deed}", parties)]

    def _can(self, words: str, parties: Parties) -> bool:
        try:
            deed_of(_step(words), parties.of(self.run.call_id), self.run.engine.now_ms, {})
        except NotPossible:
            return False
        return True

    def _place(self) -> None:
        self.steps, self._waited = [Line("at 0s", "caller calls")], []
        self._timeline, self._told = Timeline(), 0
        self.run = LiveRun(prepare(self._scenario(()), self.choices), choices=self.choices)
        self.run.begin()

    def _again(self, entries: list[_Entry]) -> None:
        """Play the same from the start; nothing of it is told a second time."""
        self._place()
        for entry in entries:
            self._play(entry)
        self.news()

    def _play(self, entry: _Entry) -> None:
        if entry.event:
            self.run.advance_to(parse_event(entry.event), _WHERE)
            self._waited.append((entry.event, self.run.rows[self.run.seen - 1].at_ms))
        elif entry.wait_ms:
            self.run.advance(entry.wait_ms)
        else:
            self.run.perform(_step(entry.words))
            self.steps.append(Line(self._moment(), entry.words))
            self._waited = []

    def _moment(self) -> str:
        """When the step is: after the one event that was waited for, else at its time."""
        now_ms = self.run.engine.now_ms
        if len(self._waited) != 1:
            return f"at {format_duration(now_ms)}"
        event, at_ms = self._waited[0]
        return f"when {event} after {format_duration(now_ms - at_ms)}" if now_ms > at_ms else f"when {event}"

    def _scenario(self, expect: tuple[str, ...]) -> Scenario:
        (scenario,) = parse_scenario(self._text(expect), file=str(self.file))
        return scenario

    def _text(self, expect: tuple[str, ...]) -> str:
        return scenario_text(evolve(self.draft, steps=self.steps, expect=expect), self.file)

    def _write(self) -> None:
        expect = tuple(expectations_of(simulate(self._scenario(()), self.choices)))
        write_whole(self.file, self._text(expect))


def help_lines(session: LiveSession) -> Iterator[str]:
    """What can be typed, and what is possible now."""
    yield "+4s, wait 4s          let time pass"
    yield "wait for RECORD_START  let time pass until an event: alice rings, recording starts, CHANNEL_BRIDGE …"
    yield "alice answers         a step, as in a scenario's timeline"
    yield "undo                  take the last one back"
    yield "quit                  end the session; a caller who is still there hangs up"
    possible = session.possible()
    yield f"now: {', '.join(possible)}" if possible else "now: nothing; the call is over"


def _read(words: str) -> _Entry:
    """What was typed. Raises ScenarioError for what means nothing."""
    if found := _WAIT.fullmatch(words):
        wait_ms = parse_duration(found[1])
        if not wait_ms:
            raise ScenarioError("", "no time at all", "write +4s")
        return _Entry(words, wait_ms=wait_ms)
    if found := _WAIT_FOR.fullmatch(words):
        return _Entry(words, event=str(parse_event(found[1])))
    _step(words)
    return _Entry(words)


def _step(words: str) -> Step:
    who, verb = parse_deed(words)
    if isinstance(verb, Calls):
        raise ScenarioError("", "the call is placed already", "end this session and begin another")
    return Step(0, words, After(0), who, verb, _WHERE)
