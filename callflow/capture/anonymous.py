"""A call without anybody in it: numbers, names and ids replaced, each by the same wherever it stands (`--anonymise`).

Kept are numbers of up to six digits, which are extensions, emergency and service numbers and steer the flow, and the
ids of users and devices, by which the account's own file knows them. Digits that were pressed are replaced from three
in a row on: they may be a card's number or a PIN. Names of recordings are not taken over at all, and of an address that
fills a placeholder only its scheme is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Final

from attrs import define, evolve, field

from callflow.capture.calls import LoggedCall, LoggedLeg, Moment
from callflow.capture.reconstructing import Deed

KEPT_DIGITS: Final = 6
"""The length of the longest number that is kept."""

SECRET_DIGITS: Final = 3
"""From how many digits in a row on they may be a secret."""

PAUSE_MS: Final = 10_000
"""A longer pause between two digits begins a new row of them."""

_PRESSES: Final = " presses "
_DRAWN_BYTES: Final = 64


@define(eq=False)
class Mask:
    """What stands for what, for one run: `salt` is drawn anew for each, so that two runs cannot be compared."""

    salt: bytes
    _names: dict[str, str] = field(factory=dict)

    def number(self, number: str) -> str:
        """A number of the same length with the same other marks; a short one stays as it is."""
        count = sum(mark.isdigit() for mark in number)
        if count <= KEPT_DIGITS and not any(mark.isalpha() for mark in number):
            return number
        if not count or any(mark.isalpha() for mark in number):
            return self.id(number)
        return self.digits(number)

    def digits(self, text: str) -> str:
        """The text with every digit replaced by one that hangs on the whole text."""
        drawn = iter(self._drawn("digits", re.sub(r"[^0-9]", "", text)) * (len(text) // _DRAWN_BYTES + 1))
        return "".join(str(next(drawn) % 10) if mark in "0123456789" else mark for mark in text)

    def name(self, name: str) -> str:
        """A person's name: `Person 1` for the first, and so on; none stays none."""
        return self._names.setdefault(name, f"Person {len(self._names) + 1}") if name else ""

    def id(self, id: str) -> str:
        """16 hexadecimal characters."""
        return self._drawn("id", id).hex()[:16] if id else ""

    def value(self, value: str) -> str:
        """What fills a placeholder: an address without host, path and credentials, anything else as it is."""
        scheme, marks, _ = value.partition("://")
        return f"{scheme}://host.invalid" if marks else value

    def call(self, call: LoggedCall) -> LoggedCall:
        """The call with nobody in it; of what was logged, the events' times and kinds are left."""
        return evolve(
            call,
            id=self.id(call.id),
            number=self.number(call.number),
            caller_name=self.name(call.caller_name),
            dialled=self.number(call.dialled),
            legs=tuple(LoggedLeg(self.id(leg.id), ()) for leg in call.legs),
            moments=tuple(self._moment(each) for each in call.moments),
        )

    def parties(self, parties: Mapping[str, str]) -> dict[str, str]:
        """Who is on which leg, by the ids that the legs have now."""
        return {self.id(leg): party for leg, party in parties.items()}

    def deeds(self, deeds: Sequence[Deed]) -> tuple[Deed, ...]:
        """The steps, with other digits where three or more were pressed without a long pause, in one step or many."""
        masked = list(deeds)
        runs: dict[str, list[int]] = {}
        for place, deed in enumerate(deeds):
            who, is_pressed, _ = deed.words.partition(_PRESSES)
            if not is_pressed:
                continue
            if who in runs and deed.at_ms - deeds[runs[who][-1]].at_ms > PAUSE_MS:
                self._replace(runs.pop(who), masked)
            runs.setdefault(who, []).append(place)
        for places in runs.values():
            self._replace(places, masked)
        return tuple(masked)

    def _replace(self, places: Sequence[int], deeds: list[Deed]) -> None:
        pressed = [deeds[place].words.partition(_PRESSES) for place in places]
        whole = "".join(digits for _, _, digits in pressed)
        if len(whole) < SECRET_DIGITS:
            return
        rest = iter(self.digits(whole))
        for place, (who, verb, digits) in zip(places, pressed, strict=True):
            deeds[place] = evolve(deeds[place], words=who + verb + "".join(islice(rest, len(digits))))

    def _moment(self, moment: Moment) -> Moment:
        event = evolve(
            moment.event, leg=self.id(moment.leg), other=self.id(moment.event.other), group="", number="",
            caller_name="", dialled="", names=(), digit="", recording="",
        )  # fmt: skip
        return evolve(moment, leg=event.leg, event=event)

    def _drawn(self, purpose: str, text: str) -> bytes:
        return blake2b(text.encode(), key=self.salt, person=purpose.encode()).digest()
