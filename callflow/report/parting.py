"""Where the traces of two runs part, and which of a profile's switches is behind it (design §5).

Two runs of one scenario differ in nothing but their profile: ids are drawn from the seed, and until they part both
have the same rows at the same places, so that a row which names another one by number names the same one in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from attrs import evolve, frozen

from callflow.core.profile import Profile, describe
from callflow.core.trace import TRACE, Row


@frozen
class Parting:
    """The first rows that differ: `left` and `right`, None where that run was over; `place` rows are the same."""

    place: int
    left: Row | None
    right: Row | None

    def shown(self) -> tuple[Row | None, Row | None]:
        """Both rows; where they differ in details only, with no other details than those."""
        one, other = self.left, self.right
        if one is None or other is None or content(one)[:-1] != content(other)[:-1]:
            return one, other
        left, right = one.detail or {}, other.detail or {}
        both = [key for key in left if key in right and left[key] == right[key]]
        kept = [{key: value for key, value in each.items() if key not in both} for each in (left, right)]
        return one._replace(detail=kept[0]), other._replace(detail=kept[1])


@frozen
class Switch:
    """One point in which two profiles differ: its name, both values, what it decides, and where that is written."""

    name: str
    left: Any
    right: Any
    help: str
    source: str


@frozen
class Reason:
    """A parting, and the switch that alone makes the left run go on as the right one; None when none alone does."""

    parting: Parting
    switch: Switch | None


def content(row: Row) -> tuple[Any, ...]:
    """What a row says happened: its number, its cause and the rule behind it are no part of that."""
    return (row.at_ms, row.call_id, row.leg, row.kind, row.name, row.detail)


def first_parting(left: Iterable[Row], right: Iterable[Row]) -> Parting | None:
    """The first place where the traces differ, headers left out; None when they are the same. Reads no further."""
    for place, (one, other) in enumerate(zip_longest(left, right)):
        if one is None or other is None or not _is_same(one, other):
            return Parting(place, one, other)
    return None


def _is_same(one: Row, other: Row) -> bool:
    return content(one) == content(other) or one.kind == other.kind == TRACE


def differing(left: Profile, right: Profile) -> tuple[Switch, ...]:
    """The switches in which two profiles differ, in the order of the class."""
    pairs = zip(describe(left), describe(right), strict=True)
    return tuple(
        Switch(one.name, one.value, other.value, one.help, one.source)
        for one, other in pairs
        if one.value != other.value
    )


def reasons(
    left: Profile, right: Profile, right_rows: Sequence[Row], replay: Callable[[Profile], Iterable[Row]]
) -> Iterator[Reason]:
    """Every parting with the switch behind it, each found with the switches of those before it set as on the right.

    The switch is found by trial: `replay` plays the scenario under a profile, and the one switch that makes the left
    run follow the right one furthest beyond the parting is behind it. Ends at a parting that no single switch explains.
    """
    profile, open_switches = left, list(differing(left, right))
    parting = first_parting(replay(profile), right_rows)
    while parting is not None:
        behind: Switch | None = None
        furthest: Parting | None = parting
        for switch in open_switches:
            new = first_parting(replay(evolve(profile, **{switch.name: switch.right})), right_rows)
            if furthest is not None and (new is None or new.place > furthest.place):
                behind, furthest = switch, new
        yield Reason(parting, behind)
        if behind is None:
            return
        open_switches.remove(behind)
        profile, parting = evolve(profile, **{behind.name: behind.right}), furthest
