"""What a scenario expects, as data: each item keeps where it stands, so that an unmet one can point there.

A field that is None is not asked for. The names are those of the result object (design §7).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from callflow.scenario.durations import Tolerance
from callflow.scenario.occurrences import EventPattern
from callflow.scenario.sounds import Sound


@frozen(kw_only=True)
class Expected:
    """Anything expected: the line, the text in short, and `where` = `file:line: path`."""

    line: int
    text: str
    where: str


@frozen(kw_only=True)
class ExpectedWord(Expected):
    """One word that the result must have: a hang-up cause, who hung up, the outcome."""

    word: str


@frozen(kw_only=True)
class ExpectedWords(Expected):
    """A list of words: the modules of the path in their order, or the codes of diagnostics that must occur."""

    words: tuple[str, ...]


@frozen(kw_only=True)
class EventExpectation(Expected):
    """An event, perhaps on one leg (`A`, `B`, or a party's name) or at one time (from the call's start)."""

    event: EventPattern
    leg: str | None = None
    at: Tolerance | None = None


@frozen(kw_only=True)
class EventCount(Expected):
    """`exactly`: the event occurs `count` times, no more and no less."""

    event: EventPattern
    count: int


@frozen(kw_only=True)
class RecordingExpectation(Expected):
    """One recording, by its index in the list of recordings (design §12: in arming order).

    Times are from the call's start. `stored` is a pattern (`*`, `?`) of the delivery's URL, and asks for the state
    stored. `delivery`, `webhook` and `completion_cause` may be `none`: null in the result. `id` is a pattern of the
    document's id, which begins with the month of the start; `month` is that of the account's database, the month of
    the stop (B§6.5; C22).
    """

    id: str | None = None
    month: str | None = None
    kind: str | None = None
    name: str | None = None
    origin: str | None = None
    leg: str | None = None
    format: str | None = None
    channels: int | None = None
    sample_rate: int | None = None
    armed: Tolerance | None = None
    started: Tolerance | None = None
    ended: Tolerance | None = None
    length: Tolerance | None = None
    ended_by: str | None = None
    completion_cause: str | None = None
    state: str | None = None
    stored: str | None = None
    delivery: str | None = None
    attempts: int | None = None
    overwritten_by: int | None = None
    webhook: str | None = None


@frozen(kw_only=True)
class DeliveryExpectation(Expected):
    """One delivery: of the recording with this index, else by its own index in the list of deliveries.

    `results` are the results of the attempts in turn, `url` is a pattern (`*`, `?`).
    """

    recording: int | None = None
    target: str | None = None
    method: str | None = None
    url: str | None = None
    state: str | None = None
    attempts: int | None = None
    results: tuple[str, ...] | None = None


@frozen(kw_only=True)
class AudioExpectation(Expected):
    """One channel (`left`, `right`, `mono`) of one recording from `from_ms` to `to_ms` (None: its end)."""

    recording: int
    channel: str
    sound: Sound
    from_ms: int = 0
    to_ms: int | None = None


@frozen(kw_only=True)
class Expectations:
    """The `expect:` part of a scenario or of one of its calls. None is not asked for; an empty list expects none.

    `profiles` has what is expected under the profiles for which the part says something else, each complete.
    `places` has the `file:line: path` of each key that is there, for what is wrong about a list as a whole.
    """

    path: ExpectedWords | None = None
    recordings: tuple[RecordingExpectation, ...] | None = None
    events: tuple[EventExpectation, ...] = ()
    events_unordered: tuple[EventExpectation, ...] = ()
    exactly: tuple[EventCount, ...] = ()
    never: tuple[EventExpectation, ...] = ()
    hangup_cause: ExpectedWord | None = None
    hangup_by: ExpectedWord | None = None
    outcome: ExpectedWord | None = None
    deliveries: tuple[DeliveryExpectation, ...] | None = None
    audio: tuple[AudioExpectation, ...] = ()
    diagnostics: ExpectedWords | None = None
    profiles: Mapping[str, Expectations] = field(factory=dict)
    places: Mapping[str, str] = field(factory=dict, eq=False, repr=False)

    @property
    def every_audio(self) -> tuple[AudioExpectation, ...]:
        """The audio checks of every profile."""
        others = (check for each in self.profiles.values() for check in each.every_audio)
        return (*self.audio, *others)

    def under(self, profile: str) -> Expectations:
        """What is expected of a run under the profile of this name."""
        return self.profiles.get(profile, self)
