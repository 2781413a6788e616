"""The agenda owns time: order, cancelling and pruning (design §2 law 4)."""

from __future__ import annotations

import tracemalloc
import weakref
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from callflow.core.agenda import Agenda


class Subject:
    """Something an entry is about, that can be watched dying."""


def act(*taken: Any) -> None:
    """What the entries of these tests would do; nobody calls it."""


def take(agenda: Agenda, until_ms: int) -> list[tuple[int, Any, Any, int]]:
    """Take everything due: (instant, subject, event, because)."""
    return [(agenda.now_ms, subject, event, because) for _, subject, event, because in agenda.take_until(until_ms)]


@define
class Naive:
    """A list that is searched and sorted anew each time: slow, and obviously right."""

    now_ms: int = 0
    due: list[tuple[int, int]] = field(factory=list)

    def take(self, until_ms: int) -> list[tuple[int, int]]:
        """Take what is due, by instant and then by the order of scheduling."""
        ready = sorted(each for each in self.due if each[0] <= until_ms)
        self.due = [each for each in self.due if each[0] > until_ms]
        self.now_ms = ready[-1][0] if ready else self.now_ms
        return ready


STEP = st.one_of(
    st.tuples(st.just("after"), st.integers(0, 20)),
    st.tuples(st.just("cancel"), st.integers(0, 60)),
    st.tuples(st.just("take"), st.integers(0, 25)),
)


@given(st.lists(STEP, max_size=60))
def test_agenda_agrees_with_a_naive_model(steps: list[tuple[str, int]]) -> None:
    """Law 4: earliest first, first scheduled first within an instant, cancelled ones never, in any order of calls."""
    agenda, naive, entries = Agenda(), Naive(), list[list[Any]]()
    for step, number in steps:
        if step == "after":
            naive.due.append((naive.now_ms + number, len(entries)))
            entries.append(agenda.after(number, act, len(entries), None, -1))
        elif step == "cancel" and entries:
            chosen = number % len(entries)
            agenda.cancel(entries[chosen])
            naive.due = [each for each in naive.due if each[1] != chosen]
        elif step == "take":
            taken = [(now_ms, subject) for now_ms, subject, _, _ in take(agenda, agenda.now_ms + number)]
            assert taken == naive.take(naive.now_ms + number)
        assert len(agenda) == len(naive.due)
        assert agenda.next_ms() == min((each[0] for each in naive.due), default=None)
        assert agenda.now_ms == naive.now_ms


def test_an_entry_brings_what_it_was_given() -> None:
    """Laws 4 and 5: an entry carries its act, its subject, its event and the row that caused it."""
    agenda = Agenda()
    agenda.after(7, act, "subject", "event", 42)
    assert list(agenda.take_until(7)) == [(act, "subject", "event", 42)]
    assert agenda.now_ms == 7


@pytest.mark.parametrize("delay_ms", [-1, -1000])
def test_nothing_is_due_in_the_past(delay_ms: int) -> None:
    """Law 4: time only goes on; a negative delay is refused in words."""
    with pytest.raises(ValueError, match=f"a delay of {delay_ms} ms lies in the past; 0 or more would be right"):
        Agenda().after(delay_ms, act, None, None, -1)


def test_what_is_added_meanwhile_is_taken_in_its_turn() -> None:
    """Law 4: an entry made while an instant is worked on comes behind everything already due then."""
    agenda, order = Agenda(), []
    for name in ("first", "second"):
        agenda.after(5, act, name, None, -1)
    for _, subject, _, _ in agenda.take_until(6):
        order.append((agenda.now_ms, subject))
        if subject == "first":
            agenda.after(0, act, "same instant", None, -1)
            agenda.after(1, act, "next", None, -1)
            agenda.after(2, act, "too late", None, -1)
    assert order == [(5, "first"), (5, "second"), (5, "same instant"), (6, "next")]
    assert agenda.next_ms() == 7


def test_an_entry_cancelled_by_its_neighbour_is_not_taken() -> None:
    """Law 4: what is cancelled within its own instant is stale at once."""
    agenda = Agenda()
    agenda.after(5, act, "first", None, -1)
    victim = agenda.after(5, act, "victim", None, -1)
    taken = []
    for _, subject, _, _ in agenda.take_until(5):
        taken.append(subject)
        agenda.cancel(victim)
    assert taken == ["first"]
    assert (len(agenda), agenda.next_ms()) == (0, None)


def test_cancelling_twice_or_after_the_taking_changes_nothing() -> None:
    """Law 4: cancelling makes an entry stale, and a stale one stays so."""
    agenda = Agenda()
    entry, taken, other = (agenda.after(at_ms, act, at_ms, None, -1) for at_ms in (1, 2, 3))
    agenda.cancel(entry)
    agenda.cancel(entry)
    assert [subject for _, subject, _, _ in take(agenda, 2)] == [2]
    agenda.cancel(taken)
    assert len(agenda) == 1
    agenda.cancel(other)
    assert (len(agenda), agenda.next_ms()) == (0, None)


@pytest.mark.parametrize("ending", ["cancelled", "taken"])
def test_a_stale_entry_keeps_nothing_alive(ending: str) -> None:
    """Law 8: a cancelled timer hours ahead, or one that was taken, does not hold its subject."""
    agenda, subject = Agenda(), Subject()
    watched = weakref.ref(subject)
    entry = agenda.after(10_800_000, act, subject, subject, -1)
    del subject
    assert watched() is not None
    if ending == "cancelled":
        agenda.cancel(entry)
    else:
        take(agenda, 10_800_000)
    assert watched() is None


@pytest.mark.parametrize("spread_ms", [0, 1], ids=["one instant", "many instants"])
def test_stale_entries_are_pruned(spread_ms: int) -> None:
    """Laws 4 and 8: a hundred thousand cancelled timers take the room of a few thousand."""
    agenda = Agenda()
    agenda.after(1, act, "alive", None, -1)
    tracemalloc.start()
    try:
        for number in range(100_000):
            agenda.cancel(agenda.after(10_800_000 + number * spread_ms, act, None, None, -1))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 3_000_000
    assert (len(agenda), [subject for _, subject, _, _ in take(agenda, 20_000_000)]) == (1, ["alive"])


def test_pruning_leaves_the_instant_that_is_worked_on_alone() -> None:
    """Law 4: entries of the current instant survive a pruning set off by one of them."""
    agenda, taken = Agenda(), []
    for number in range(3):
        agenda.after(0, act, number, None, -1)
    for _, subject, _, _ in agenda.take_until(0):
        taken.append(subject)
        for _ in range(5_000):
            agenda.cancel(agenda.after(subject, act, None, None, -1))
    assert taken == [0, 1, 2]
    assert agenda.next_ms() is None
