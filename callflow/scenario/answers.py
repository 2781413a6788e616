"""What a storage target replies to one try (design §6), and what each reply comes to.

`str(answer)` writes the words that `callflow.scenario.answer_words` reads.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Final

from attrs import evolve, frozen

from callflow.scenario.durations import format_duration

TIMEOUT_MS: Final = 300_000
"""How long production waits for a target that never replies (B§6.6)."""

REDIRECTS_MAX: Final = 10
"""How many redirects production follows (B§6.4)."""


@frozen
class HttpStatus:
    """A status, 100 to 599, of HTTP or FTP. `retry_after_ms` is what the target asks for, and nobody heeds (B§6.6)."""

    code: int
    retry_after_ms: int = 0

    def __str__(self) -> str:
        tail = f" retry after {format_duration(self.retry_after_ms)}" if self.retry_after_ms else ""
        return f"{self.code}{tail}"


@frozen
class Stored:
    """A target that knows no status has taken it."""

    def __str__(self) -> str:
        return "stored"


@frozen
class Refused:
    """Nobody listens: the connection is refused."""

    def __str__(self) -> str:
        return "refused"


@frozen
class Timeout:
    """The target never replies."""

    def __str__(self) -> str:
        return "timeout"


@frozen
class Reset:
    """The connection breaks while the file is being sent."""

    def __str__(self) -> str:
        return "reset"


@frozen
class DnsFailure:
    """The target's name leads nowhere."""

    def __str__(self) -> str:
        return "dns failure"


@frozen
class DiskFull:
    """The target has no room."""

    def __str__(self) -> str:
        return "disk full"


@frozen
class Truncated:
    """The target has taken the file, and its acknowledgement is cut off: the try has failed all the same."""

    def __str__(self) -> str:
        return "truncated"


@frozen
class Redirects:
    """Redirects that production follows, 301 or 302, and the status at their end; None: they lead in a circle."""

    codes: tuple[int, ...]
    then: HttpStatus | None

    def __str__(self) -> str:
        chain = " then ".join(map(str, self.codes))
        return f"{chain} loop" if self.then is None else f"{chain} then {self.then}"


Prompt = HttpStatus | Stored | Refused | Timeout | Reset | DnsFailure | DiskFull | Truncated | Redirects
"""A reply that does not keep anybody waiting longer than it must."""


@frozen
class Slow:
    """The reply `then` comes only after `delay_ms`."""

    delay_ms: int
    then: Prompt = HttpStatus(201)

    def __str__(self) -> str:
        return f"slow {format_duration(self.delay_ms)} then {self.then}"


Answer = Prompt | Slow
"""One reply of a target."""


@frozen
class Reply:
    """What an answer comes to: the fields are those of `DeliveryAnswered`, and `delay_ms`, how long it takes."""

    result: str
    is_stored: bool = False
    delay_ms: int = 0
    is_kept: bool = False
    redirects: int = 0
    asked_wait_ms: int = 0


@singledispatch
def reply_of(answer: Answer) -> Reply:
    """What this answer comes to: a failed try by its own words, unless one of the rules below says otherwise."""
    return Reply(str(answer))


@reply_of.register
def _status(answer: HttpStatus) -> Reply:
    """2xx is success (B§6.4)."""
    return Reply(str(answer.code), 200 <= answer.code < 300, asked_wait_ms=answer.retry_after_ms)


@reply_of.register
def _stored(answer: Stored) -> Reply:
    return Reply(str(answer), is_stored=True)


@reply_of.register
def _timeout(answer: Timeout) -> Reply:
    return Reply(str(answer), delay_ms=TIMEOUT_MS)


@reply_of.register
def _truncated(answer: Truncated) -> Reply:
    return Reply(str(answer), is_kept=True)


@reply_of.register
def _redirects(answer: Redirects) -> Reply:
    """Followed with the same verb, ten at most, with a check for loops (B§6.4; C21)."""
    followed = len(answer.codes)
    if answer.then is None:
        return Reply(f"{answer.codes[-1]}, redirected in a loop", redirects=followed)
    if followed > REDIRECTS_MAX:
        return Reply(f"{answer.codes[REDIRECTS_MAX]}, redirected too often", redirects=REDIRECTS_MAX)
    return evolve(reply_of(answer.then), redirects=followed)


@reply_of.register
def _slow(answer: Slow) -> Reply:
    """Nobody waits longer than a timeout."""
    reply = reply_of(answer.then)
    delay_ms = answer.delay_ms + reply.delay_ms
    return reply_of(Timeout()) if delay_ms >= TIMEOUT_MS else evolve(reply, delay_ms=delay_ms)
