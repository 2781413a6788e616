"""What a script may ask for: it awaits an effect and gets the answer (design §2.2).

An effect is plain data; the engine carries it out. There is no event loop: the engine sends answers into scripts.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, Generic, Literal, TypeVar

from attrs import frozen

from callflow.core.account import Device
from callflow.core.causes import EndedBy, HangupCause
from callflow.core.flow import Node
from callflow.core.silence import Listening
from callflow.core.sounds import Sound

R = TypeVar("R")

ANY_DIGIT: Final = "0123456789*#"


class HungUp(BaseException):
    """Thrown at an `await` when the caller has left and the effect has no answer for that.

    A BaseException, so that no `except Exception` in a script can eat it; a script may catch it to tidy up, and the
    next node does not run either way (B§2.4).
    """


class Effect(Generic[R]):
    """Base of the effects; awaiting one gives its answer.

    An effect is its own iterator and keeps no state, so that a suspended script costs no object more and one effect
    may serve many calls: Python asks for the next item once, and then sends the answer, which must not be None.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Effect[Any], Any, R]:
        """Hand the effect to the engine and return what it answers."""
        return self  # type: ignore[return-value]

    def __iter__(self) -> Effect[R]:
        return self

    def __next__(self) -> Effect[R]:
        return self

    def send(self, answer: R) -> None:
        """Take the engine's answer: it becomes the value of the await."""
        raise StopIteration(answer)


class Deed(Effect[None]):
    """Base of the effects that are done at once and have no answer: the engine sends None.

    As no script waits for one, it can be awaited through a tuple's iterator, which lives for that moment only.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Effect[Any], Any, None]:
        """Hand the effect to the engine."""
        return iter((self,))  # type: ignore[return-value]


@frozen
class Answer(Deed):
    """Answer the caller; done at once, nothing when already answered."""


@frozen
class HangUp(Deed):
    """Hang the caller up with `cause`."""

    cause: HangupCause = HangupCause.NORMAL_CLEARING


@frozen
class Respond(Deed):
    """Refuse the call with a SIP status before it is answered; an answered call is hung up (B§7.9).

    `cause` is what the leg ends with, by default what the status means (B§8.3).
    """

    status: int
    message: str = ""
    cause: HangupCause | None = None


@frozen
class Sleep(Effect[None]):
    """Wait `for_ms` milliseconds."""

    for_ms: int


@frozen
class WaitForHangup(Effect[None]):
    """Wait until the caller has hung up."""


@frozen
class Transfer(Effect[None]):
    """Send a leg of the call to `number`; the flow ends there, so that only the caller's own end answers it (B§7.13).

    `leg` is `self`, the one that the flow controls, or `bleg`, its other side. `is_attended` makes no difference for
    who hears what: a flow has nobody who could ask first.
    """

    number: str
    leg: Literal["self", "bleg"] = "self"
    is_attended: bool = False


@frozen
class Play(Effect[str]):
    """Play sounds to the caller one after another, then wait `then_wait_ms` for a digit.

    A digit of `ended_by_digits` cuts the sounds and is the answer; "" when none came. `times` 0 repeats for ever.
    """

    sounds: tuple[Sound, ...]
    ended_by_digits: str = ANY_DIGIT
    then_wait_ms: int = 0
    times: int = 1


@frozen
class Endpoint:
    """A device to ring: from `delay_ms` after the dialling begins, for `timeout_ms`."""

    device: Device
    timeout_ms: int
    delay_ms: int = 0


@frozen
class Talk:
    """How a `Dial` ended: answered or not, by which cause, and whether the caller is gone."""

    is_answered: bool
    cause: HangupCause
    is_caller_gone: bool = False


@frozen
class Dial(Effect[Talk]):
    """Ring devices and join the first that answers with the caller; answered when the talk is over (B§7.0).

    `timeout_ms` ends the ringing as a whole (0: only the endpoints' own do); `ringback` is heard again and again
    instead of the usual one.
    """

    endpoints: tuple[Endpoint, ...]
    strategy: Literal["simultaneous", "single"] = "simultaneous"
    is_ended_by_one_reject: bool = False
    timeout_ms: int = 0
    ringback: Sound | None = None


@frozen
class RecordingOptions:
    """What a recording is to be, resolved by the action: lengths in seconds as documents give them (B§3.2).

    `option` is how the trace's rules name the settings: `record_call`, or `call_recording`. `is_stored` None leaves it
    to url, plan and system where the file goes, `storage_retries` None how often that is tried again.
    """

    format: str
    channels: int = 2
    sample_rate_hz: int = 16000
    time_limit_s: int = 3600
    time_limit_rule: str = ""
    min_length_s: int = 0
    media_name: str = ""
    media_id: str = ""
    origin: str = ""
    url: str = ""
    method: str = "put"
    starts: Literal["at once", "on answer", "on bridge"] = "at once"
    follows_transfer: bool = True
    listening: Listening | None = None
    option: str = "record_call"
    is_stored: bool | None = None
    storage_retries: int | None = None


@frozen
class StartRecording(Deed):
    """Start recording the caller's leg, or arm the recording for its moment; answered at once (B§3.1)."""

    options: RecordingOptions


@frozen
class StopRecording(Deed):
    """Stop what the stack of the call's recordings says (B§3.5); answered at once, also when there is none."""


@frozen
class Take:
    """A finished take of `RecordTake`: its index in the call, length, what ended it and the digit that did."""

    recording: int
    length_ms: int
    ended_by: EndedBy
    digit: str = ""


@frozen
class RecordTake(Effect[Take]):
    """Record what the caller says, and wait for the end: a digit, the limit, silence, or the hang-up (B§4.6).

    `kind` is `voicemail` or `caller`; `silence_ms` of quiet end the take (0: never), of frames whose score is below
    `threshold`; the file holds the caller only. A take shorter than `min_length_ms` is discarded.
    """

    kind: Literal["voicemail", "caller"]
    options: RecordingOptions
    silence_ms: int
    min_length_ms: int = 0
    ended_by_digits: str = ANY_DIGIT
    threshold: int = 200


@frozen
class KeepTake(Deed):
    """Put a finished take into a mailbox of the account's database; needs no caller (B§7.6)."""

    recording: int
    mailbox_id: str


@frozen
class DropTake(Deed):
    """Throw a finished take away: the caller records again (B§7.6)."""

    recording: int


# What a script returns: where the flow goes (B§2.2).


@frozen
class Continue:
    """Go on to the child `key`, or to `_` when there is none; no `_` ends the flow."""

    key: str = "_"


@frozen
class Attempt:
    """Go on to the first of `keys` that has a non-empty child, otherwise to `_`."""

    keys: tuple[str, ...]


@frozen
class Stop:
    """End this flow: a node pushed by `Branch` is resumed; otherwise the caller is hung up, with `cause` if given."""

    cause: HangupCause | None = None


@frozen
class HardStop:
    """End the flow at once and for good, without hanging up: the script has done that, or somebody else will."""


@frozen
class Transferred:
    """The caller has been moved to another flow: end this one silently."""


@frozen
class Branch:
    """Run another flow's node; this node's non-empty `_` is pushed and resumed when that flow stops."""

    node: Node | None


@frozen
class ReplaceFlow:
    """Run another flow's node instead of the rest of this one; what was pushed before stays."""

    node: Node | None


Next = Continue | Attempt | Stop | HardStop | Transferred | Branch | ReplaceFlow
"""What a script returns."""

CONTINUE: Final = Continue()
STOP: Final = Stop()
HARD_STOP: Final = HardStop()
