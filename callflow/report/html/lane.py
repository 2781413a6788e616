"""What a chart is made of: lanes, and on them bars, points and curves, each of which shows a row of the trace."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

Shape = Literal["bar", "said", "heard", "point", "flag"]
"""`said` and `heard` are thin bars below a leg's bar; a `flag` is a point with its words behind it."""


@frozen
class Mark:
    """Something from `from_ms` to `to_ms`, or at a moment; `look` is its class of colour, `seq` the row behind it.

    `says` is what it is in words, `words` what is written on it, if anything.
    """

    shape: Shape
    from_ms: int
    to_ms: int
    look: str
    words: str
    says: str
    seq: int


@frozen
class Curve:
    """A curve from `from_ms` to `to_ms` of run time: `path` is SVG in a box 1000 wide and 100 high.

    `look` is `wave` or `score`; `line` is the height of the silence threshold in that box, None without one.
    """

    from_ms: int
    to_ms: int
    look: str
    path: str
    line: float | None = None


@frozen
class Lane:
    """One lane: `label` and the smaller `note` stand left of it, `kind` chooses its height.

    `recording` names the recording whose sound it shows, by its number among those of all calls, for playing.
    """

    kind: Literal["steps", "flow", "leg", "recorder", "score", "wave", "alarm", "delivery"]
    label: str
    note: str
    marks: tuple[Mark, ...] = ()
    curves: tuple[Curve, ...] = ()
    recording: int | None = None


@frozen
class Group:
    """The lanes of one call; `title` is "" for the only call of a run."""

    title: str
    lanes: tuple[Lane, ...]
