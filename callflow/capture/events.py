"""One event of a capture, in the same words whoever logged it, and the two vocabularies it is read with (B§8.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.report.wording import cut, printable
from callflow.scenario.words import CHANNEL_EVENTS

GREGORIAN_S: Final = 62_167_219_200
"""Seconds from year 0, from which Kazoo counts, to 1970."""

ENDS: Final = ("CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
"""What tells of a leg's end; the switch says it up to three times."""

_KNOWN: Final = frozenset((*CHANNEL_EVENTS, *ENDS))
_NUMBER: Final = re.compile(r"[0-9]{9,18}(\.[0-9]{1,9})?", re.ASCII)
_LONGEST: Final = 255


@frozen
class LoggedEvent:
    """One event: `line` of the file, `at_us` since 1970, the leg's id, the other leg's id or "", and what it tells.

    `names` is who may be on the leg, the surest first; texts are "" where the event does not say.
    """

    line: int
    at_us: int
    name: str
    leg: str
    other: str
    group: str
    direction: str
    number: str
    caller_name: str
    dialled: str
    names: tuple[str, ...]
    digit: str
    cause: str
    disposition: str
    recording: str


@frozen
class Vocabulary:
    """The keys under which a kind of capture says things, the best first; `form` is its name for people."""

    form: str
    leg: tuple[str, ...]
    other: tuple[str, ...]
    group: tuple[str, ...]
    time: tuple[str, ...]
    direction: tuple[str, ...]
    number: tuple[str, ...]
    caller_name: tuple[str, ...]
    dialled: tuple[str, ...]
    names: tuple[str, ...]
    digit: tuple[str, ...]
    disposition: tuple[str, ...]
    recording: tuple[str, ...]


KAZOO: Final = Vocabulary(
    form="Kazoo call events",
    leg=("Call-ID",),
    other=("Other-Leg-Call-ID", "Custom-Channel-Vars.Bridge-ID"),
    group=("Call-Interaction-ID", "Custom-Channel-Vars.Call-Interaction-ID"),
    time=("Event-Date-Timestamp", "Event-Timestamp", "Timestamp"),
    direction=("Call-Direction",),
    number=("Caller-ID-Number",),
    caller_name=("Caller-ID-Name",),
    dialled=("Request", "To"),
    names=(
        "Custom-Channel-Vars.Authorizing-ID",
        "Custom-Channel-Vars.Owner-ID",
        "Callee-ID-Number",
        "Request",
        "To",
    ),
    digit=("DTMF-Digit",),
    disposition=("Disposition",),
    recording=("Media-Name", "Custom-Channel-Vars.Media-Name"),
)

FREESWITCH: Final = Vocabulary(
    form="FreeSWITCH events",
    leg=("Unique-ID", "Channel-Call-UUID"),
    other=("Other-Leg-Unique-ID", "variable_originating_leg_uuid", "variable_ecallmgr_Bridge-ID"),
    group=("variable_ecallmgr_Call-Interaction-ID",),
    time=("Event-Date-Timestamp",),
    direction=("Call-Direction", "variable_direction"),
    number=("Caller-Caller-ID-Number", "variable_sip_from_user"),
    caller_name=("Caller-Caller-ID-Name",),
    dialled=("Caller-Destination-Number", "variable_sip_req_user"),
    names=(
        "variable_ecallmgr_Authorizing-ID",
        "variable_ecallmgr_Owner-ID",
        "Caller-Callee-ID-Number",
        "variable_dialed_user",
        "Caller-Destination-Number",
    ),
    digit=("DTMF-Digit",),
    disposition=("variable_sip_hangup_disposition",),
    recording=("Record-File-Path",),
)


def event_of(fields: Mapping[str, str], words: Vocabulary, where: str, line: int) -> LoggedEvent | None:
    """The event of these fields; None for one of a name that says nothing about a call's course.

    Raises ScenarioError, placed at `where`, when the leg or the time is missing or broken.
    """
    name = fields.get("Event-Name", "")
    if name not in _KNOWN:
        return None
    leg = _first(fields, words.leg)
    if not leg:
        raise ScenarioError(where, f"{name} without {words.leg[0]}", "every event of a channel names its leg")
    disposition = _first(fields, words.disposition).lower()
    return LoggedEvent(
        line=line,
        at_us=_time_us(fields, words, where),
        name=name,
        leg=leg,
        other=_first(fields, words.other),
        group=_first(fields, words.group),
        direction=_first(fields, words.direction).lower(),
        number=_user(_first(fields, words.number)),
        caller_name=_first(fields, words.caller_name),
        dialled=_user(_first(fields, words.dialled)),
        names=tuple(dict.fromkeys(_user(fields[key]) for key in words.names if fields.get(key))),
        digit=_first(fields, words.digit),
        cause=_first(fields, ("Hangup-Cause", "variable_hangup_cause")),
        disposition=disposition if disposition.startswith(("recv_", "send_")) else "",
        recording=_first(fields, words.recording).rpartition("/")[2],
    )


def _first(fields: Mapping[str, str], keys: tuple[str, ...]) -> str:
    text = next((fields[key] for key in keys if fields.get(key)), "")
    return cut(printable(text.strip()), _LONGEST)


def _user(text: str) -> str:
    """The part before the @ of an address, without `sip:`."""
    return cut(printable(text.strip().partition("@")[0].removeprefix("sip:")), _LONGEST)


def _time_us(fields: Mapping[str, str], words: Vocabulary, where: str) -> int:
    text = next((fields[key] for key in words.time if fields.get(key)), "")
    if not _NUMBER.fullmatch(text):
        problem = f"{shown(text)} is no time" if text else f"no {words.time[-1]}"
        raise ScenarioError(where, problem, "an event says when: Gregorian seconds, or microseconds since 1970")
    return since_1970_us(Decimal(text), where)


def since_1970_us(number: Decimal, where: str) -> int:
    """Microseconds since 1970 of a time whose unit shows in its size: s, ms or µs, from 1970 or Gregorian.

    Raises ScenarioError for a size that is none of these, which would be no time between 1973 and 2286.
    """
    for per_second in (1, 1_000, 1_000_000):
        seconds = number / per_second
        if Decimal(10**8) <= seconds < Decimal(10**10):
            return int(seconds * 1_000_000)
        if Decimal(GREGORIAN_S + 10**8) <= seconds < Decimal(GREGORIAN_S + 10**10):
            return int((seconds - GREGORIAN_S) * 1_000_000)
    raise ScenarioError(
        where, f"{shown(str(number))} is no time", "write Gregorian seconds, or microseconds since 1970"
    )
