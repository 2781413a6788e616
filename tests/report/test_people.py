"""Who is on a leg: a phone's name where a party has several, and whether anybody talked."""

from __future__ import annotations

from callflow.core.trace import EVENT, LEG, NODE, Row
from callflow.report.happenings import happening
from callflow.report.people import People


def created(leg: str, party: str, device: str) -> Row:
    """A new leg."""
    return Row(1, 0, "c1", leg, LEG, "CHANNEL_CREATE", {"party": party, "device": device}, -1, "")


def greeted(people: People, *rows: Row) -> People:
    """People who have learned from these rows."""
    for row in rows:
        people.take(row, row.detail or {})
    return people


def test_one_phone_needs_no_name() -> None:
    """A party that is rung on one phone, perhaps twice, has its own name."""
    people = greeted(People(), created("B", "alice", "desk"), created("B2", "alice", "desk"))
    assert (people.on("B"), people.on("B2")) == ("alice", "alice")


def test_several_phones_are_told_apart() -> None:
    """A fork to two phones of one party: each line says which phone it is about."""
    people = greeted(People(), created("B", "alice", "desk"), created("B2", "alice", "mobile"))
    assert (people.on("B"), people.on("B2")) == ("alice (desk)", "alice (mobile)")


def test_who_is_known_to_have_several_phones_is_named_with_the_first() -> None:
    """The first ring is told before the second phone rings: whoever knows the account says so before."""
    assert greeted(People(with_phones=frozenset({"alice"})), created("B", "alice", "desk")).on("B") == "alice (desk)"


def test_the_caller_is_known_on_a_leg_for_a_consultation_too() -> None:
    """B§8.2: the leg on which the caller consults somebody has the caller's own name."""
    people = greeted(People(), created("A", "caller", ""), created("B2", "caller", ""))
    assert people.on("B2") == people.on("A") == "the caller"


def test_a_consultation_is_told_as_a_call_of_its_own() -> None:
    """B§8.2: alice calls 2002 from her second leg, which neither rings nor answers; it is connected like any other."""
    second = Row(5, 0, "c1", "B2", LEG, "CHANNEL_CREATE", {"party": "alice", "device": "", "dialled": "2002"}, -1, "")
    people = greeted(People(), created("A", "caller", ""), created("B", "alice", ""), second, created("B3", "dave", ""))
    moves = [("CHANNEL_PROGRESS", ""), ("CHANNEL_ANSWER", ""), ("CHANNEL_BRIDGE", "B3"), ("CHANNEL_BRIDGE", "A")]
    rows = [Row(6, 0, "c1", "B2", LEG, name, {"other_leg": other}, -1, "") for name, other in moves]
    told = [happening(row, people, None) for row in (second, *rows)]
    assert [each and each[0] for each in told] == [
        "alice calls 2002", None, "alice is answered", "alice and dave are connected", None,
    ]  # fmt: skip


def test_a_talk_is_over_only_when_there_was_one() -> None:
    """An answered phone that is put down before the bridge has not talked, whatever the node before did."""
    bridged = Row(2, 0, "c1", "A", LEG, "CHANNEL_BRIDGE", {"other_leg": "B"}, -1, "")
    over = Row(3, 0, "c1", "A", EVENT, "CHANNEL_EXECUTE_COMPLETE", {"response": "SUCCESS"}, -1, "")
    people = greeted(People(), bridged)
    assert happening(over, people, None) == ("the talk is over", "call")
    greeted(people, Row(4, 0, "c1", "A", NODE, "user", {}, -1, ""))
    assert happening(over, people, None) == ("there was no talk: the legs were never connected", "call")
