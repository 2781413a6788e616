"""The first difference between production and the simulation in words: what, and by which rule it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from callflow.capture.comparing import Pair, State
from callflow.core.profile import Profile, describe
from callflow.core.trace import Row
from callflow.report.timeline import Timeline, TimelineLine
from callflow.report.wording import clock, printable

MARKS: Final[Mapping[State, str]] = {
    "same": "",
    "late": "later here",
    "early": "earlier here",
    "missing": "only in production",
    "extra": "only here",
}


def pair_lines(pairs: Sequence[Pair]) -> Iterator[str]:
    """Both sides in columns: production's time, the simulation's, the leg, the event and how they compare."""
    width = max((len(pair.name) for pair in pairs), default=0)
    legs = max((len(printable(pair.leg)) for pair in pairs), default=0)
    yield f"  {'production':>10}  {'simulation':>10}"
    for pair in pairs:
        times = (f"{clock(each) if each is not None else '–':>10}" for each in (pair.logged_ms, pair.played_ms))
        mark = "≠" if pair.state != "same" else " "
        told = f"{printable(pair.leg):<{legs}}  {pair.name:<{width}}  {MARKS[pair.state]}{_apart(pair)}"
        yield f"{mark} {'  '.join(times)}  {told}".rstrip()


def _apart(pair: Pair) -> str:
    if pair.state == "same" or pair.logged_ms is None or pair.played_ms is None:
        return ""
    return f" by {clock(abs(pair.logged_ms - pair.played_ms))}"


def first_difference(pair: Pair, rows: Sequence[Row], profile: Profile) -> Iterator[str]:
    """What differs first and why the simulation does what it does, a sentence a line."""
    what = f"{pair.name} on leg {printable(pair.leg)}"
    if pair.logged_ms is None:
        yield f"The simulation has {what} at {clock(pair.at_ms)}, production has none."
    elif pair.played_ms is None:
        yield f"Production has {what} at {clock(pair.at_ms)}, the simulation has none."
    else:
        times = f"{clock(pair.played_ms)}, in production {clock(pair.logged_ms)}"
        yield f"{what} is {pair.state} in the simulation: {times}."
    told = _told(rows)
    if pair.row is not None:
        rule = _rule(pair.row, rows)
        line = told.get(pair.row.seq)
        why = rule or (line.why if line is not None else "")
        if why:
            yield f"In the simulation it comes of: {why}"
        yield from _switch(rule, profile)
        return
    before = [line for seq, line in told.items() if rows[seq].at_ms <= pair.at_ms]
    if before:
        last = before[-1]
        why = f" ({last.why})" if last.why else ""
        yield f"Up to then the simulation came to: {clock(last.at_ms)} {last.what}{why}"


def _told(rows: Sequence[Row]) -> dict[int, TimelineLine]:
    """The lines of the time line by the number of their row."""
    timeline = Timeline()
    told = ((row.seq, timeline.take(row)) for row in rows)
    return {seq: line for seq, line in told if line is not None}


def _rule(row: Row, rows: Sequence[Row]) -> str:
    """The rule behind a row: its own, else that of the nearest row that caused it and has one."""
    while not row.rule and row.because >= 0:
        row = rows[row.because]
    return printable(row.rule)


def _switch(rule: str, profile: Profile) -> Iterator[str]:
    """What the profile says, where one of its switches decided."""
    for switch in describe(profile):
        if rule.partition("=")[0] == f"profile.{switch.name}":
            yield f"Profile {profile.name} says so: {switch.help} ({switch.source})"
