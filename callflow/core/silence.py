"""What a recording's silence listener is set to and what it has heard; `listening` lets it ask (B§4, design §4)."""

from __future__ import annotations

from typing import Final, Literal

from attrs import define, frozen

from callflow.core.agenda import Entry

FRAME_MS: Final = 20
"""What one packet holds; silence is looked at when one has ended (B§4.1)."""

FIRST_WINDOW_MS: Final = 4_000
"""How far ahead a listener asks at first; each answer in which nothing happens doubles it (design §12, Engine)."""


@frozen
class Listening:
    """What a listener is set to; times in ms of silence, 0 for a timer that never fires.

    `rule` "tap" is the call recorder's test over everything that the recording hears (B§4.1), "take" that of the record
    application, which hears the caller only and counts frames (B§4.6). `threshold` is a raw frame score.
    """

    rule: Literal["tap", "take"]
    threshold: int
    initial_ms: int
    final_ms: int


@define(eq=False, weakref_slot=False)
class Listener:
    """One recording's listener: what it has heard up to `from_ms`, and what it was told about the time after.

    `silent_since_ms` is -1 while somebody is heard; `speech_ms` is when the first loud frame ends, -1 as long as no
    answer has told of one. `asked` is the open request's row, -1 without one.
    """

    settings: Listening
    from_ms: int
    silent_since_ms: int
    has_speech: bool = False
    speech_ms: int = -1
    window_ms: int = FIRST_WINDOW_MS
    asked: int = -1
    wake: Entry | None = None

    def has_spoken(self, at_ms: int) -> bool:
        """Whether a loud frame has ended by `at_ms`, a time not after the last answer's window."""
        return self.has_speech or 0 <= self.speech_ms <= at_ms

    @property
    def waits(self) -> bool:
        """Whether anything can still become of listening: a timer that may fire, or the first word."""
        return not self.has_speech or self.settings.final_ms > 0
