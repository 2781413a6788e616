"""The grammar of replies, by the kind of target (design §6): `503`, `302 then 201`, `slow 2s then refused` …

What a kind of target cannot say is refused: a database knows no HTTP status, and only an address redirects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from callflow.core.errors import ScenarioError
from callflow.core.shown import shown
from callflow.scenario.answers import (
    Answer,
    DiskFull,
    DnsFailure,
    HttpStatus,
    Prompt,
    Redirects,
    Refused,
    Reset,
    Slow,
    Stored,
    Timeout,
    Truncated,
    reply_of,
)
from callflow.scenario.durations import parse_duration
from callflow.scenario.nodes import Node, at, items, text
from callflow.scenario.words import suggestion

_NETWORK: Final[Mapping[str, Prompt]] = {
    str(each): each for each in (Refused(), Timeout(), Reset(), DnsFailure(), Truncated())
}
_FULL: Final[Mapping[str, Prompt]] = {str(DiskFull()): DiskFull()}
_STORED: Final[Mapping[str, Prompt]] = {str(Stored()): Stored()}


@frozen
class Tongue:
    """What a kind of target can say: its words, whether it knows statuses, whether it redirects.

    `success` is what it says when nothing else is wanted, `example` a list of replies.
    """

    words: Mapping[str, Prompt]
    success: Prompt
    has_statuses: bool
    has_redirects: bool
    example: str


_OVER_HTTP: Final = Tongue(
    {**_NETWORK, **_STORED}, Stored(), True, False, "[409, refused, timeout, reset, slow 2s, truncated, stored]"
)
_URL_EXAMPLE: Final = "[503, refused, timeout, reset, slow 2s, slow 2s then 503, 302 then 201, 201]"
TONGUES: Final[Mapping[str, Tongue]] = {
    "url": Tongue({**_NETWORK, **_FULL}, HttpStatus(201), True, True, _URL_EXAMPLE),
    "account_database": Tongue(
        {**_NETWORK, **_FULL, **_STORED}, Stored(), False, False, "[refused, timeout, slow 2s, disk full, stored]"
    ),
    "third_party_bigcouch": _OVER_HTTP,
    "couchdb": _OVER_HTTP,
    "s3": _OVER_HTTP,
    "documents": Tongue(
        {**_NETWORK, **_FULL, **_STORED}, Stored(), True, False, "[409, refused, timeout, disk full, stored]"
    ),
    "webhook": Tongue(_NETWORK, HttpStatus(200), True, True, "[503, refused, timeout, slow 2s, truncated, 200]"),
}
"""By the kind of target; under `documents`, what the saving of a recording's document meets, wherever it goes."""

ANY: Final = Tongue({**_NETWORK, **_FULL, **_STORED}, HttpStatus(201), True, True, "[503, refused, 201]")
"""Everything that any target may say: for expectations."""

DOCUMENT: Final = "document: "
"""What stands before the result of a try to save the document."""

_STATUS = re.compile(r"([0-9]{1,6})(?: retry after (.+))?")
_SLOW = re.compile(r"slow (.+?)(?: then (.+))?")
_REDIRECTED = re.compile(r"((?:[0-9]{1,6} then )*[0-9]{1,6})(?: (loop)| then ([0-9].*))")
_FOLLOWED = (301, 302)


def parse_answer(words: str, tongue: Tongue = TONGUES["url"]) -> Answer:
    """The reply that the words describe; raises ScenarioError (without a place)."""
    words = " ".join(words.split())
    if slow := _SLOW.fullmatch(words):
        delay, then = slow.groups()
        return Slow(parse_duration(delay), _prompt(then, tongue) if then else tongue.success)
    return _prompt(words, tongue)


def _prompt(words: str, tongue: Tongue) -> Prompt:
    if words in tongue.words:
        return tongue.words[words]
    if redirected := _REDIRECTED.fullmatch(words):
        return _redirects(words, redirected, tongue)
    if _STATUS.fullmatch(words):
        return _status(words, tongue)
    if words in ANY.words:
        hint = f"write {tongue.success}" if words == str(Stored()) else f"write one of {tongue.example}"
        raise ScenarioError("", f"{shown(words)} is nothing that this target says", hint)
    known = [*tongue.words, "slow 2s", *(("503", "201") if tongue.has_statuses else ())]
    raise ScenarioError("", f"unknown reply {shown(words)}", suggestion(words, known))


def _status(words: str, tongue: Tongue) -> HttpStatus:
    found = _STATUS.fullmatch(words)
    if found is None or not 100 <= int(found.group(1)) <= 599:
        raise ScenarioError("", f"{shown(words)} is not an HTTP status", "a status is a number from 100 to 599")
    if not tongue.has_statuses:
        raise ScenarioError("", f"{shown(words)}: a database has no HTTP status", f"write one of {tongue.example}")
    status = HttpStatus(int(found.group(1)))
    if not found.group(2):
        return status
    if reply_of(status).is_stored:
        raise ScenarioError("", f"{shown(words)}: what is stored is not sent again", f"write {status}")
    return evolve(status, retry_after_ms=parse_duration(found.group(2)))


def _redirects(words: str, found: re.Match[str], tongue: Tongue) -> Redirects:
    chain, loop, last = found.groups()
    codes = tuple(int(each) for each in chain.split(" then "))
    if not tongue.has_redirects:
        raise ScenarioError("", f"{shown(words)}: only an address redirects", f"write one of {tongue.example}")
    for code in codes:
        if code not in _FOLLOWED:
            problem = f"{shown(words)}: of redirects, only 301 and 302 are followed (C21)"
            raise ScenarioError("", problem, f"write {code}" if code in (307, 308) else "write 302 then 201")
    return Redirects(codes, None if loop else _status(last, tongue))


def read_answers(node: Node, tongue: Tongue = TONGUES["url"]) -> tuple[Answer, ...]:
    """A list of replies; at least one."""
    answers = []
    for item in items(node, tongue.example):
        with at(item):
            answers.append(parse_answer(_words(item, tongue), tongue))
    if not answers:
        raise node.error("empty", f"write it like {tongue.example}, or leave it out: then the target takes everything")
    return tuple(answers)


def _words(item: Node, tongue: Tongue) -> str:
    is_number = isinstance(item.value, int) and not isinstance(item.value, bool)
    return str(item.value) if is_number else text(item, f"one of {tongue.example}")


def read_results(node: Node) -> tuple[str, ...]:
    """The results of tries as the result object has them: `503`, `timeout`, `document: 409`; of `slow`, its reply."""
    results = []
    for item in items(node, ANY.example):
        with at(item):
            start, document, rest = _words(item, ANY).rpartition(DOCUMENT)
            results.append(start + document + reply_of(parse_answer(rest, ANY)).result)
    return tuple(results)
