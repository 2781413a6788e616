"""Finding a scenario's events in the trace: `alice answers`, `voicemail records`, `CHANNEL_BRIDGE` … (design §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import define, field

from callflow.core.trace import AUDIO, DELIVERY, EVENT, INPUT, LEG, NODE, RECORDER, Row, channel_event
from callflow.report.sent import is_about_webhook
from callflow.scenario.occurrences import EventPattern, EventWord

_STOPPED: Final = ("RECORD_STOP", "RECORD_STOP_UNWANTED")
_MOST_DIGITS: Final = 128


@define(eq=False)
class _Call:
    """What tells one event of a call from another: who is on which leg, what plays, what was pressed."""

    names: dict[str, tuple[str, ...]] = field(factory=dict)
    consulting: set[str] = field(factory=set)
    gone: set[str] = field(factory=set)
    pressed: dict[str, str] = field(factory=dict)
    kinds: dict[int, str] = field(factory=dict)
    node: str = ""
    has_greeted: bool = False


@define(eq=False)
class Witness:
    """Reads the trace row by row, and tells of the row read last whether it is an event.

    A party is named by `caller`, by a user or by a device. A row that came too late for its leg is no event.
    """

    _calls: dict[str, _Call] = field(factory=dict, init=False)
    _call: _Call = field(factory=_Call, init=False)
    _row: Row | None = field(default=None, init=False)
    _greets: bool = field(default=False, init=False)

    def observe(self, row: Row) -> None:
        """Read the next row."""
        call = self._call = self._calls.setdefault(row.call_id, _Call())
        detail: Mapping[str, Any] = row.detail or {}
        self._row, self._greets = row, False
        if row.kind == LEG and row.name == "CHANNEL_CREATE":
            call.names[row.leg] = (detail["party"], detail["device"])
            if row.leg != "A" and "dialled" in detail:
                call.consulting.add(row.leg)
        elif row.kind == LEG and row.name == "CHANNEL_DESTROY":
            call.gone.add(row.leg)
        elif row.kind == RECORDER and row.name == "ARMED":
            call.kinds[detail["recording"]] = detail["kind"]
        elif row.kind == NODE:
            call.node, call.has_greeted = row.name, False
        elif row.kind == EVENT and row.name == "DTMF":
            call.pressed[row.leg] = (call.pressed.get(row.leg, "") + detail["digit"])[-_MOST_DIGITS:]
        elif row.kind == AUDIO and row.name == "plays" and call.node == "voicemail" and "tone" not in detail["sound"]:
            self._greets, call.has_greeted = not call.has_greeted, True

    def is_event(self, pattern: EventPattern) -> bool:
        """Whether the last row is this event; which call it belongs to (`pattern.call`) is the asker's to check."""
        row = self._row
        if row is None:
            return False
        if pattern.what is EventWord.CHANNEL_EVENT:
            return channel_event(row) == pattern.name
        kind, is_it = _IS_IT[pattern.what]
        return row.kind == kind and is_it(self, row, row.detail or {}, pattern)

    def is_on(self, leg: str) -> bool:
        """Whether the last row is about this leg: `A`, `B` for any callee's, a leg's own name, or a party's."""
        row = self._row
        if row is None:
            return False
        return leg == row.leg or (leg == "B" and row.leg.startswith("B")) or self.is_party(leg)

    def is_party(self, who: str) -> bool:
        """Whether the leg of the last row is that of a party, named by user or device."""
        return self._row is not None and who != "" and who in self._call.names.get(self._row.leg, ())

    def is_consulting(self) -> bool:
        """Whether the leg of the last row is one on which its party itself calls in the middle of the call."""
        return self._row is not None and self._row.leg in self._call.consulting

    def is_still_there(self) -> bool:
        """Whether the leg of the last row is still there to be hung up."""
        return self._row is not None and self._row.leg not in self._call.gone

    def has_pressed(self, digits: str) -> bool:
        """Whether the digits pressed last on the last row's leg are these, one after the other."""
        return self._row is not None and self._call.pressed.get(self._row.leg, "").endswith(digits)

    def is_greeting(self) -> bool:
        """Whether the last row is the first thing that a voicemail node plays, its beep aside."""
        return self._greets

    def kind_of(self, recording: int) -> str:
        """The kind of a recording of the last row's call: call, caller or voicemail."""
        return self._call.kinds.get(recording, "")


_Is = Callable[[Witness, Row, Mapping[str, Any], EventPattern], bool]


def _leg_event(*names: str) -> tuple[str, _Is]:
    return LEG, lambda witness, row, detail, pattern: row.name in names and witness.is_party(pattern.who)


def _delivery(*names: str) -> tuple[str, _Is]:
    return DELIVERY, lambda witness, row, detail, pattern: row.name in names and not is_about_webhook(detail)


def _recording(of_voicemail: bool, *names: str) -> tuple[str, _Is]:
    return (
        RECORDER,
        lambda witness, row, detail, pattern: (
            row.name in names and (witness.kind_of(detail["recording"]) == "voicemail") == of_voicemail
        ),
    )


def _rings(witness: Witness, row: Row, detail: Mapping[str, Any], pattern: EventPattern) -> bool:
    is_ringing = row.name == "CHANNEL_PROGRESS" or (row.name == "CHANNEL_PROGRESS_MEDIA" and detail["from"] == "NEW")
    return is_ringing and row.leg != "A" and witness.is_party(pattern.who) and not witness.is_consulting()


def _answers(witness: Witness, row: Row, detail: Mapping[str, Any], pattern: EventPattern) -> bool:
    return row.name == "CHANNEL_ANSWER" and witness.is_party(pattern.who) and not witness.is_consulting()


_IS_IT: Final[Mapping[EventWord, tuple[str, _Is]]] = {
    EventWord.PARTY_RINGS: (LEG, _rings),
    EventWord.PARTY_ANSWERS: (LEG, _answers),
    EventWord.PARTY_HANGS_UP: (
        INPUT,
        lambda witness, row, detail, pattern: (
            row.name == "hangs up" and witness.is_party(pattern.who) and witness.is_still_there()
        ),
    ),
    EventWord.PARTY_IS_BUSY: (
        LEG,
        lambda witness, row, detail, pattern: (
            detail.get("hangup_cause") == "USER_BUSY" and witness.is_party(pattern.who)
        ),
    ),
    EventWord.PARTY_HOLDS: _leg_event("CHANNEL_HOLD"),
    EventWord.PARTY_RESUMES: _leg_event("CHANNEL_UNHOLD"),
    EventWord.PARTY_PRESSES: (
        EVENT,
        lambda witness, row, detail, pattern: (
            row.name == "DTMF" and witness.is_party(pattern.who) and witness.has_pressed(pattern.name or "")
        ),
    ),
    EventWord.PROMPT_PLAYS: (
        AUDIO,
        lambda witness, row, detail, pattern: (
            row.name == "plays" and pattern.name in (detail["sound"].get("prompt"), detail["sound"].get("media"))
        ),
    ),
    EventWord.RECORDING_STARTS: _recording(False, "RECORD_START"),
    EventWord.RECORDING_STOPS: _recording(False, *_STOPPED),
    EventWord.RECORDING_PAUSES: _recording(False, "RECORD_PAUSE"),
    EventWord.RECORDING_RESUMES: _recording(False, "RECORD_RESUME"),
    EventWord.RECORDING_IS_MASKED: _recording(False, "RECORD_MASK"),
    EventWord.RECORDING_IS_UNMASKED: _recording(False, "RECORD_UNMASK"),
    EventWord.VOICEMAIL_GREETS: (AUDIO, lambda witness, row, detail, pattern: witness.is_greeting()),
    EventWord.VOICEMAIL_RECORDS: _recording(True, "RECORD_START"),
    EventWord.DELIVERY_STARTS: _delivery("REQUESTED"),
    EventWord.DELIVERY_FAILS: _delivery("TRY_FAILED", "LAST_TRY_FAILED", "METADATA_TRY_FAILED", "METADATA_FAILED"),
    EventWord.DELIVERY_SUCCEEDS: _delivery("ACCEPTED"),
}
"""For each event in plain words the kind of its rows, and the test that a row of that kind must pass."""
