"""What came nearest to an event that never happened: of all that did happen, what is said in the most similar words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from callflow.core.trace import AUDIO, EVENT, LEG, Row, channel_event
from callflow.report.wording import clock
from callflow.scenario.occurrences import NOT_PARTIES, EventPattern, EventWord
from callflow.scenario.witness import Witness

_LIKE: Final = 0.62
"""How similar two events' words must be: `bob answers` is near `alice answers`, `caller holds` is not."""

_ALONE: Final = tuple(word for word in EventWord if word.value.split()[0] in NOT_PARTIES)
_OF_A_PARTY: Final = (
    EventWord.PARTY_RINGS,
    EventWord.PARTY_ANSWERS,
    EventWord.PARTY_HANGS_UP,
    EventWord.PARTY_IS_BUSY,
    EventWord.PARTY_HOLDS,
    EventWord.PARTY_RESUMES,
)


@frozen
class Sight:
    """An event that did happen: its words, its leg and when, from its call's start."""

    words: str
    leg: str
    at_ms: int

    def __str__(self) -> str:
        where = f" on leg {self.leg}" if self.leg else ""
        return f"{self.words}{where} at {clock(self.at_ms)}"


def nearest_event(
    wanted: EventPattern, rows: Iterable[Row], call_id: str | None, started_ms: Mapping[str, int]
) -> Sight | None:
    """The first sight of the event most like the one that is wanted; None when nothing was like it.

    `call_id` is the call to look in, None for any; `started_ms` has the start of each call by its id.
    """
    witness = Witness()
    names: dict[str, None] = {}
    seen: dict[str, Sight] = {}
    for row in rows:
        witness.observe(row)
        if row.kind == LEG and row.name == "CHANNEL_CREATE" and row.detail is not None:
            names.update(dict.fromkeys(str(row.detail[key]) for key in ("party", "device") if row.detail[key]))
        if call_id not in (None, row.call_id):
            continue
        for words in _told(wanted, row, row.detail or {}, witness, tuple(names)):
            seen.setdefault(words, Sight(words, row.leg, row.at_ms - started_ms.get(row.call_id, 0)))
    return _most_like(str(EventPattern("", wanted.who, wanted.what, wanted.name)), tuple(seen.values()))


def _told(
    wanted: EventPattern, row: Row, detail: Mapping[str, Any], witness: Witness, names: Sequence[str]
) -> Iterator[str]:
    """The words for this row that are of the kind in which the wanted event is said."""
    if wanted.what is EventWord.CHANNEL_EVENT:
        yield from filter(None, [channel_event(row)])
    elif wanted.what is EventWord.PROMPT_PLAYS:
        if row.kind == AUDIO and row.name == "plays":
            named = (detail["sound"].get(key) for key in ("prompt", "media"))
            yield from (f"{name} plays" for name in named if name)
    elif wanted.what is EventWord.PARTY_PRESSES:
        if row.kind == EVENT and row.name == "DTMF":
            yield from (f"{who} presses {detail['digit']}" for who in names if witness.is_party(who))
    else:
        alone = (EventPattern("", "", word) for word in _ALONE)
        of_parties = (EventPattern("", who, word) for who in names for word in _OF_A_PARTY)
        yield from (str(each) for each in (*alone, *of_parties) if witness.is_event(each))


def _most_like(words: str, seen: Sequence[Sight]) -> Sight | None:
    if not seen:
        return None
    best = max(seen, key=lambda each: _likeness(words, each.words))
    return best if _likeness(words, best.words) >= _LIKE else None


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
