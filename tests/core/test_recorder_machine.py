"""The recorder table against any order of events: classified as the core does, none is impossible (laws 3 and 7)."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from callflow.core.recorder import RECORDER_TABLE, RUNNING, RecorderEvent, RecorderState
from callflow.core.table import IMPOSSIBLE, LATE

E, S = RecorderEvent, RecorderState
OVER = frozenset({S.FINISHED, S.DISCARDED, S.NEVER_STARTED, S.LOST})
CONTROLS = (E.RECORD_MASK, E.RECORD_UNMASK, E.RECORD_PAUSE, E.RECORD_RESUME)
STATE_OF = {
    (False, False): S.RECORDING,
    (True, False): S.PAUSED,
    (False, True): S.MASKED,
    (True, True): S.PAUSED_AND_MASKED,
}
"""By (is paused, is masked)."""


class AnyOrder(RuleBasedStateMachine):
    """A recorder, the switch that serves it, and everybody who may want something of it, at any moment.

    The model holds only what senders know: whether the switch was asked to open the file, did, and was asked to close
    it; and, of the file, whether it is paused and whether it is masked. A sender sends what it could send by that
    knowledge; the table must then have an answer that is not IMPOSSIBLE.
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = RECORDER_TABLE.start
        self.moved: list[RecorderEvent] = []
        self.was_asked_to_open = self.has_opened = self.has_failed = self.was_asked_to_close = self.has_closed = False
        self.is_paused = self.is_masked = False

    def send(self, event: RecorderEvent) -> bool:
        """Look the event up; returns whether it moved the recorder."""
        to: Any = RECORDER_TABLE.rows[self.state][event]
        assert to is not IMPOSSIBLE, f"{event.name} in {self.state.name}"
        if to is LATE:
            return False
        self.state = to
        if event not in CONTROLS:
            self.moved.append(event)
        return True

    @rule()
    def moment_comes(self) -> None:
        """The node, the answer or the bridge, also at a later bridge again."""
        self.was_asked_to_open |= self.send(E.TRIGGERED)

    @precondition(lambda self: self.state is S.ARMED)
    @rule()
    def moment_comes_when_its_name_is_taken(self) -> None:
        """The switch is not even asked to open a file."""
        self.send(E.NAME_TAKEN)

    @rule(event=st.sampled_from(CONTROLS))
    def somebody_masks_or_pauses(self, event: RecorderEvent) -> None:
        """B§3.10: mask and pause are independent; what is so already, or does not run, is not moved."""
        half = "is_masked" if event in (E.RECORD_MASK, E.RECORD_UNMASK) else "is_paused"
        wanted = event in (E.RECORD_MASK, E.RECORD_PAUSE)
        moves = self.state in RUNNING and getattr(self, half) != wanted
        assert self.send(event) == moves
        if moves:
            setattr(self, half, wanted)

    @rule()
    def somebody_stops_it(self) -> None:
        """A stop action names it, at any time, also after it is over."""
        self.was_asked_to_close |= self.send(E.STOP_REQUESTED) and self.state is S.STOPPING

    @rule()
    def leg_ends(self) -> None:
        """The leg goes, at any time."""
        self.was_asked_to_close |= self.send(E.LEG_GONE) and self.state is S.STOPPING

    @precondition(lambda self: self.was_asked_to_open and not self.has_opened and not self.has_failed)
    @rule()
    def switch_opens_the_file(self) -> None:
        """Once it was asked to, even when the recording is being stopped already."""
        self.has_opened = True
        self.send(E.RECORD_START)

    @precondition(lambda self: self.was_asked_to_open and not self.has_opened and not self.has_failed)
    @precondition(lambda self: not self.has_closed)
    @rule()
    def switch_cannot_open_the_file(self) -> None:
        """It says nothing; whoever waited for the start concludes it."""
        self.has_failed = True
        self.send(E.START_FAILED)

    @precondition(lambda self: self.has_opened)
    @rule(event=st.sampled_from((E.LIMIT_REACHED, E.SILENCE_DETECTED, E.DIGIT_PRESSED, E.WRITE_FAILED)))
    def running_recorder_fires(self, event: RecorderEvent) -> None:
        """These come from a recorder that ran, perhaps in the instant in which it was ended or paused."""
        by_a_frame = event in (E.SILENCE_DETECTED, E.WRITE_FAILED)
        ends = self.state in RUNNING and not (by_a_frame and self.is_paused)
        assert self.send(event) == ends
        self.was_asked_to_close |= ends

    @precondition(lambda self: self.was_asked_to_open and not self.has_failed)
    @rule()
    def switch_closes_the_file(self) -> None:
        """By itself, when asked to, and perhaps twice (C10); a stop that overtook the start closes it unopened."""
        self.has_closed = True
        self.send(E.RECORD_STOP)

    @precondition(lambda self: self.was_asked_to_open and not self.has_failed)
    @rule()
    def switch_removes_the_file(self) -> None:
        """Too short, or empty."""
        self.has_closed = True
        self.send(E.RECORD_STOP_UNWANTED)

    @precondition(lambda self: self.state is S.STOPPING)
    @rule()
    def switch_never_confirms(self) -> None:
        """Only a recording that is being closed waits for that."""
        self.has_failed = True
        self.send(E.STOP_UNCONFIRMED)

    @precondition(lambda self: self.state in (S.FINISHED, S.DISCARDED))
    @rule()
    def caller_records_again(self) -> None:
        """Only a take that has ended can be thrown away, and a discarded one is thrown away in vain."""
        self.send(E.THROWN_AWAY)

    @invariant()
    def moves_once_into_its_end(self) -> None:
        """Design §4: a recording ends once; afterwards only a finished take can still be thrown away."""
        ends = [event for event in self.moved if event in (E.RECORD_STOP, E.RECORD_STOP_UNWANTED, E.STOP_UNCONFIRMED)]
        assert len(ends) + (E.START_FAILED in self.moved) <= 1
        assert len(self.moved) <= 5

    @invariant()
    def records_only_what_was_opened(self) -> None:
        """B§3.3: no state of a running recorder without the switch's word; its halves are those that were asked for."""
        if self.state in RUNNING:
            assert self.has_opened and not self.was_asked_to_close
            assert self.state is STATE_OF[self.is_paused, self.is_masked]
        if self.state in OVER and not self.was_asked_to_open:
            assert self.state is S.NEVER_STARTED

    def teardown(self) -> None:
        """Whatever happened: when the leg ends and the switch answers, the recorder comes to rest (no dead end)."""
        self.send(E.LEG_GONE)
        if self.state is S.STOPPING:
            self.send(E.RECORD_STOP)
        assert self.state in RECORDER_TABLE.ends


def test_any_order_of_events() -> None:
    """Laws 3 and 7: run the machine above: the table always has an answer, and the recorder comes to rest."""
    run_state_machine_as_test(AnyOrder, settings=settings(max_examples=150, stateful_step_count=30, deadline=None))
