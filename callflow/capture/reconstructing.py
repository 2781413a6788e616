"""From what the switch logged to what people did: the steps that would make the call again.

A log has no voices: where people were connected, and where a caller was recorded alone, speech is assumed, so that no
recording ends by a silence that there was not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import define, field, frozen

from callflow.capture.calls import DESTROY, LoggedCall, Moment
from callflow.core.shown import shown
from callflow.report.wording import clock
from callflow.scenario.durations import format_duration
from callflow.scenario.steps import CALLER

WHO_IS_ASSUMED: Final = "assumed: the log does not say who did"
"""The remark on a hang-up that may as well have been the flow's own end."""

TOGETHER_MS: Final = 2_000
"""Ends this close to each other are one hang-up: who was first did it, the other side was sent away."""

_DIGIT_GAP_MS: Final = 250
_DIGIT: Final = re.compile(r"[0-9*#A-D]", re.ASCII)
_NOT_ANSWERED: Final[Mapping[str, str]] = {
    "USER_BUSY": "is busy",
    "CALL_REJECTED": "rejects",
    "NO_ANSWER": "does not answer",
    "ALLOTTED_TIMEOUT": "does not answer",
    "PROGRESS_TIMEOUT": "does not answer",
}
_NOBODYS_DEED: Final = ("", "LOSE_RACE", "ORIGINATOR_CANCEL", "PICKED_OFF", "NORMAL_CLEARING")
_MOVED: Final = ("CHANNEL_TRANSFEROR", "CHANNEL_REPLACED", "CHANNEL_INTERCEPTED", "CHANNEL_PIVOT", "CHANNEL_DIRECT")
_BY_HANGING_UP: Final = ("", "NORMAL_CLEARING", "ORIGINATOR_CANCEL")
"""Causes of a caller who hangs up; any other is the flow's."""
_TRANSFERRED: Final = ("BLIND_TRANSFER", "ATTENDED_TRANSFER")


@frozen
class Deed:
    """One step: `at_ms` from the call's start, its words, and a remark for whoever reads the scenario, or ""."""

    at_ms: int
    words: str
    remark: str = ""


@frozen
class Script:
    """The steps of a call in the order of time, and what could not be made a step of."""

    deeds: tuple[Deed, ...]
    warnings: tuple[str, ...]


def script_of(call: LoggedCall, parties: Mapping[str, str], until_ms: int | None = None) -> Script:
    """The steps of a logged call; with `until_ms`, those up to then, and the caller hangs up there."""
    found = _Reconstruction(call, parties)
    for moment in call.moments:
        found.take(moment)
    deeds = sorted((Deed(0, "caller calls"), *found.deeds), key=lambda deed: deed.at_ms)
    if until_ms is not None:
        end = call.end_of(call.id)
        deeds = [deed for deed in deeds if deed.at_ms <= until_ms]
        if end is None or end.at_ms > until_ms:
            deeds.append(Deed(until_ms, "caller hangs up", "cut here"))
    return Script(tuple(deeds), tuple(found.warnings))


@define(eq=False)
class _Reconstruction:
    """What is known while the moments of a call are read in their order."""

    call: LoggedCall
    parties: Mapping[str, str]
    deeds: list[Deed] = field(factory=list)
    warnings: list[str] = field(factory=list)
    _answered: set[str] = field(factory=set)
    _seen: set[str] = field(factory=set)
    _gone: set[str] = field(factory=set)
    _partner: dict[str, str] = field(factory=dict)
    _unbridged_ms: int | None = None
    _left_by: dict[str, int] = field(factory=dict)
    """When a party that was called hung up, by leg."""
    _remarked: set[str] = field(factory=set)

    def take(self, moment: Moment) -> None:
        """Read the next moment."""
        who = self.parties[moment.leg]
        self._seen.add(moment.leg)
        if moment.name == "CHANNEL_ANSWER":
            self._answered.add(moment.leg)
            if moment.leg != self.call.id:
                self._add(moment, f"{who} answers")
        elif moment.name == "CHANNEL_BRIDGE":
            self._bridged(moment)
        elif moment.name == "CHANNEL_UNBRIDGE":
            self._unbridged_ms = moment.at_ms
            self._partner.pop(self._partner.pop(moment.leg, ""), None)
        elif moment.name == "CHANNEL_HOLD":
            self._add(moment, f"{who} holds")
        elif moment.name == "CHANNEL_UNHOLD":
            self._add(moment, f"{who} resumes")
        elif moment.name == "DTMF":
            self._pressed(moment, who)
        elif moment.name == "RECORD_START":
            self._recorded_alone(moment)
        elif moment.name in _MOVED:
            self.warnings.append(f"{clock(moment.at_ms)}: {moment.name} cannot be made a step of: it has no number")
        elif moment.name == DESTROY:
            self._ended(moment, who)

    def _add(self, moment: Moment, words: str, remark: str = "") -> None:
        self.deeds.append(Deed(moment.at_ms, words, remark))

    def _bridged(self, moment: Moment) -> None:
        other = moment.event.other
        is_new = self._partner.get(moment.leg) != other
        self._partner |= {moment.leg: other, other: moment.leg}
        if is_new and self.call.id in (moment.leg, other):
            self._speaks(moment, ("CHANNEL_UNBRIDGE", DESTROY), (moment.leg, other))

    def _recorded_alone(self, moment: Moment) -> None:
        """A caller who is recorded after the answer while nobody else is there leaves a message."""
        is_alone = self._seen.difference(self._gone) <= {self.call.id}
        if moment.leg == self.call.id and moment.leg in self._answered and is_alone:
            self._speaks(moment, ("RECORD_STOP", DESTROY), (moment.leg,))

    def _speaks(self, moment: Moment, ends: tuple[str, ...], legs: tuple[str, ...]) -> None:
        later = (each for each in self.call.moments if each.leg in legs and each.name in ends)
        end = next((each for each in later if each.at_ms > moment.at_ms), None)
        if end is not None:
            length = format_duration(end.at_ms - moment.at_ms)
            self._add(moment, f"{CALLER} speaks for {length}", "assumed: a capture has no sound")

    def _pressed(self, moment: Moment, who: str) -> None:
        """Digits that come as fast as a telephone sends them are one step."""
        digit = moment.event.digit
        if not _DIGIT.fullmatch(digit):
            self.warnings.append(f"{clock(moment.at_ms)}: {shown(digit)} is no digit of a telephone: left out")
            return
        before = self.deeds[-1] if self.deeds else Deed(0, "")
        start = f"{who} presses "
        count = len(before.words) - len(start)
        due_ms = before.at_ms + 200 * (count - 1)
        if before.words.startswith(start) and count < 64 and abs(moment.at_ms - due_ms) <= _DIGIT_GAP_MS:
            self.deeds[-1] = Deed(before.at_ms, before.words + digit)
        else:
            self._add(moment, start + digit)

    def _ended(self, moment: Moment, who: str) -> None:
        leg, cause, word = moment.leg, moment.event.cause, moment.event.disposition
        self._gone.add(leg)
        if cause in _TRANSFERRED:
            return
        if leg == self.call.id:
            self._caller_ended(moment, word)
        elif leg not in self._answered:
            self._never_answered(moment, who, cause)
        elif word.startswith("recv_") or (not word and self.call.id not in self._gone and leg in self._partner):
            self._left_by[leg] = moment.at_ms
            self._add(moment, f"{who} hangs up")

    def _never_answered(self, moment: Moment, who: str, cause: str) -> None:
        verb = _NOT_ANSWERED.get(cause, "")
        if verb and (verb != "does not answer" or who not in self._remarked):
            self._remarked.add(who)
            self._add(moment, f"{who} {verb}")
        elif not verb and cause not in _NOBODYS_DEED:
            self.warnings.append(f"{clock(moment.at_ms)}: {who}: {shown(cause)} cannot be made a step of")

    def _caller_ended(self, moment: Moment, word: str) -> None:
        if word.startswith("send_"):
            return
        was_left = any(moment.at_ms - at_ms <= TOGETHER_MS for at_ms in self._left_by.values())
        if was_left and not word:
            return
        at_ms = moment.at_ms
        parted_ms = self._unbridged_ms
        if parted_ms is not None and moment.at_ms - parted_ms <= TOGETHER_MS and not was_left:
            at_ms = parted_ms
        if not word and moment.event.cause not in _BY_HANGING_UP:
            return
        remark = "" if word or moment.event.cause == "ORIGINATOR_CANCEL" else WHO_IS_ASSUMED
        self.deeds.append(Deed(at_ms, f"{CALLER} hangs up", remark))
