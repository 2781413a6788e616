"""What the world may tell the core about a leg or a delivery; each becomes an INPUT row and is then acted upon.

The world is whoever drives the engine: a scenario, a test, a web page, a replayed capture (design §12, Engine).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from callflow.core.causes import HangupCause


@frozen
class Caller:
    """Who calls: `number`, `name`, and the account's device used, if the call is on-net."""

    number: str
    name: str = ""
    device_id: str = ""


@frozen
class Answers:
    """A ringing device is picked up."""


@frozen
class Rejects:
    """A ringing device refuses: busy (USER_BUSY), declined (CALL_REJECTED), or another cause of the phone's own."""

    cause: HangupCause = HangupCause.CALL_REJECTED


@frozen
class HangsUp:
    """The party on this leg hangs up. `by` replaces the party's name in the call's result, when nobody really did."""

    by: str = ""


@frozen
class Presses:
    """One digit is pressed on this leg: 100 ms of tone, and a DTMF event."""

    digit: str


@frozen
class Speaks:
    """The party makes itself heard for `for_ms`, from now on; what it said before is cut off.

    `sound` says what, as a mapping that the media room reads, such as `{"voice": "alice"}`.
    """

    sound: Mapping[str, object]
    for_ms: int


@frozen
class FallsSilent:
    """The party stops making itself heard, before its speech would have ended."""


@frozen
class DeliveryAnswered:
    """A target answered one try: `result` in the trace's words (`201`, `timeout`), and whether the file is stored."""

    delivery: int
    result: str
    is_stored: bool


Told = Answers | Rejects | HangsUp | Presses | Speaks | FallsSilent
"""What may be told about a leg."""
