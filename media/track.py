"""What a recording's file contains, as data: who sounds from when to when on which side (design §2.8, §12 Sound)."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from callflow.core.errors import MediaError
from callflow.media.sources import CODEC_RATES, RATES, Source

Side = Literal["left", "right"]
"""left = what the recorded leg says, right = what it hears (B§3.8)."""

LONGEST_MS = 7 * 24 * 3_600_000
"""No track is longer: a week."""


def sample_at(at_ms: int, rate: int) -> int:
    """Index of the first sample at or after the cut at `at_ms`: floor(at_ms * rate / 1000), the rule of every cut."""
    return at_ms * rate // 1000


@frozen
class Span:
    """`source` sounds on `side` from `from_ms` to `to_ms` (not included), in recording time: 0 is the first sample.

    `offset_ms` says where in the source the span begins, `codec_rate` at how many Hz it is made before it is brought to
    the track's rate: the lowest on its way, of the codec of who says it and of who hears it; None is the track's own
    rate. Raises MediaError for times that run backwards and for a rate that no codec has.
    """

    source: Source
    side: Side
    from_ms: int
    to_ms: int
    offset_ms: int = 0
    codec_rate: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.side not in ("left", "right"):
            raise MediaError(f"Span.side: {self.side!r} is no side; left or right would be")
        if not 0 <= self.from_ms <= self.to_ms or self.offset_ms < 0:
            raise MediaError(
                f"Span: from {self.from_ms} to {self.to_ms} ms, offset {self.offset_ms} ms is no stretch of time; "
                "0 <= from <= to and 0 <= offset would be"
            )
        if self.codec_rate is not None and self.codec_rate not in CODEC_RATES:
            raise MediaError(
                f"Span.codec_rate: {self.codec_rate!r} does not fit; {CODEC_RATES[0]} to {CODEC_RATES[-1]} Hz would"
            )


@frozen
class Track:
    """The content of one file: `length_ms` long, 1 or 2 channels, at `sample_rate` Hz.

    Spans on one side add up and saturate; where there is none, digital silence. One channel is both sides added,
    saturating (B§3.8). What a span has beyond `length_ms` is not in the file. Raises MediaError for impossible values.
    """

    length_ms: int
    channels: Literal[1, 2]
    sample_rate: int
    spans: tuple[Span, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.length_ms <= LONGEST_MS:
            raise MediaError(f"Track.length_ms: {self.length_ms} does not fit; 0 to {LONGEST_MS} would")
        if self.channels not in (1, 2):
            raise MediaError(f"Track.channels: {self.channels!r} does not fit; 1 or 2 would")
        if self.sample_rate not in RATES:
            raise MediaError(
                f"Track.sample_rate: {self.sample_rate!r} does not fit; {RATES[0]} to {RATES[-1]} Hz would"
            )

    @property
    def frames(self) -> int:
        """Samples per channel: exactly floor(length_ms * sample_rate / 1000)."""
        return sample_at(self.length_ms, self.sample_rate)
