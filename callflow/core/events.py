"""What the world may tell the core about a leg or a delivery; each becomes an INPUT row and is then acted upon.

The world is whoever drives the engine: a scenario, a test, a web page, a replayed capture (design §12, Engine).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from attrs import frozen

from callflow.core.causes import HangupCause


@frozen
class Caller:
    """Who calls: `number`, `name`, the account's device used if the call is on-net, the codec ("": the default)."""

    number: str
    name: str = ""
    device_id: str = ""
    codec: str = ""


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
class Holds:
    """The party on this leg presses hold: the other side hears music, and nothing is heard from this one (B§8.1)."""


@frozen
class Resumes:
    """The party takes the other side back from hold, and gives up a consultation that it has begun (B§8.2)."""


@frozen
class Transfers:
    """The party sends the other side to `number`: at once, or after a consultation with whoever answers there (B§8.2).

    A consultation is completed when the party hangs up, and given up when it resumes.
    """

    number: str
    is_attended: bool = False


ControlAction = Literal["start", "stop", "mask", "unmask", "pause", "resume", "toggle", "toggle_mask", "toggle_pause"]
"""What a metaflow, or the API on a channel, may do to recordings (B§3.5, B§10)."""


@frozen
class Controls:
    """Recordings of this leg are controlled from outside the flow, as the API on a channel does it (B§10)."""

    action: ControlAction


SwitchFault = Literal["open", "write", "confirm", "media"]
"""What the switch cannot do from now on: open a file, write it, say that it has closed it, give a leg media."""

SWITCH_FAULTS: Final[Mapping[SwitchFault, str]] = {
    "open": "cannot open files",
    "write": "cannot write files",
    "confirm": "does not confirm stops",
    "media": "has no media",
}
"""The faults in the words of scenarios and of the trace."""


@frozen
class SilenceAnswered:
    """The answer to a REQUEST row `silence`: what a listener has heard so far, and what comes up to `until_ms`.

    `heard_ms` is the end of the last whole frame at the time of the asking, `silent_since_ms` (-1: not silent) and
    `has_speech` are the state there. `speech_ms` is when the first loud frame ends, and `fires_ms` when the listener
    fires, each up to `until_ms` and None when it does not happen. All are virtual ms (B§4.3; design §12, Engine).
    """

    heard_ms: int
    silent_since_ms: int
    has_speech: bool
    until_ms: int
    speech_ms: int | None = None
    fires_ms: int | None = None


@frozen
class DeliveryAnswered:
    """The answer to a REQUEST row `deliver` or `save document`: `result` in the trace's words (`201`, `timeout`).

    `is_stored`: the try is good. `is_kept` says of a failed one that the target has the file all the same, because
    only its answer was lost. `redirects` were followed on the way. `asked_wait_ms` is how long the target asked to be
    left alone (Retry-After), which nobody heeds (B§6.6).
    """

    delivery: int
    result: str
    is_stored: bool
    is_kept: bool = False
    redirects: int = 0
    asked_wait_ms: int = 0


Told = Answers | Rejects | HangsUp | Presses | Speaks | FallsSilent | Holds | Resumes | Transfers | Controls
"""What may be told about a leg."""
