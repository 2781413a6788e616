"""The calls of a capture: which legs belong together, which of them came in, and who may be on each."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field, frozen

from callflow.capture.events import ENDS, LoggedEvent

DESTROY = "CHANNEL_DESTROY"


@frozen
class LoggedLeg:
    """One leg: its id and who may be on it, the surest name first."""

    id: str
    names: tuple[str, ...]


@frozen
class Moment:
    """What happened on a leg, `at_ms` after the call's first event; of a leg's end only the first word is kept."""

    at_ms: int
    name: str
    leg: str
    event: LoggedEvent


@frozen
class LoggedCall:
    """One call: the A-leg's id, who called whom and when, its legs, the A-leg first, and what happened on them."""

    id: str
    started_us: int
    number: str
    caller_name: str
    dialled: str
    legs: tuple[LoggedLeg, ...]
    moments: tuple[Moment, ...]

    @property
    def has_its_beginning(self) -> bool:
        """Whether the A-leg's creation was logged: without it, times count from the first event that was."""
        return any(each.leg == self.id and each.name == "CHANNEL_CREATE" for each in self.moments)

    def end_of(self, leg: str) -> Moment | None:
        """The end of a leg; None when the capture is over before."""
        return next((each for each in self.moments if each.leg == leg and each.name == DESTROY), None)


@define(eq=False)
class _Groups:
    """Legs that name each other, joined."""

    _parent: dict[str, str] = field(factory=dict)

    def root(self, id: str) -> str:
        self._parent.setdefault(id, id)
        while self._parent[id] != id:
            self._parent[id] = self._parent[self._parent[id]]
            id = self._parent[id]
        return id

    def join(self, one: str, other: str) -> None:
        self._parent[self.root(other)] = self.root(one)


def calls_of(events: Iterable[LoggedEvent]) -> tuple[LoggedCall, ...]:
    """The calls of these events, which are in the order of time, the earliest first."""
    events = tuple(events)
    groups = _Groups()
    for event in events:
        for other in (event.other, f"group {event.group}" if event.group else ""):
            if other:
                groups.join(event.leg, other)
    by_call: dict[str, list[LoggedEvent]] = {}
    for event in events:
        by_call.setdefault(groups.root(event.leg), []).append(event)
    return tuple(_call(each) for each in by_call.values())


def _call(events: list[LoggedEvent]) -> LoggedCall:
    by_leg: dict[str, list[LoggedEvent]] = {}
    for event in events:
        by_leg.setdefault(event.leg, []).append(event)
    came_in = (leg for leg, own in by_leg.items() if any(each.direction == "inbound" for each in own))
    a_leg = next(came_in, next(iter(by_leg)))
    own = by_leg[a_leg]
    start = next((each for each in own if each.name == "CHANNEL_CREATE"), events[0])
    return LoggedCall(
        id=a_leg,
        started_us=start.at_us,
        number=next((each.number for each in own if each.number), ""),
        caller_name=next((each.caller_name for each in own if each.caller_name), ""),
        dialled=next((each.dialled for each in own if each.dialled), ""),
        legs=tuple(_leg(leg, by_leg[leg]) for leg in (a_leg, *(each for each in by_leg if each != a_leg))),
        moments=tuple(_moments(events, by_leg, start.at_us)),
    )


def _leg(id: str, events: list[LoggedEvent]) -> LoggedLeg:
    return LoggedLeg(id, tuple(dict.fromkeys(name for event in events for name in event.names if name)))


def _moments(events: list[LoggedEvent], by_leg: dict[str, list[LoggedEvent]], start_us: int) -> Iterable[Moment]:
    over: set[str] = set()
    for event in events:
        name = event.name
        if name in ENDS:
            if event.leg in over:
                continue
            over.add(event.leg)
            name, event = DESTROY, _whole_end(event, by_leg[event.leg])
        yield Moment(max(0, (event.at_us - start_us + 500) // 1000), name, event.leg, event)


def _whole_end(event: LoggedEvent, own: list[LoggedEvent]) -> LoggedEvent:
    """The first word of a leg's end, with cause and disposition from whichever of its words has them."""
    ends = [each for each in own if each.name in ENDS]
    cause = next((each.cause for each in ends if each.cause), "")
    return evolve(event, cause=cause, disposition=next((each.disposition for each in ends if each.disposition), ""))
