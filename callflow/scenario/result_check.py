"""Expectations about the result object: path, ends of calls, recordings, deliveries, diagnostics, outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from callflow.core.diagnostic import Diagnostic
from callflow.core.trace import DELIVERY
from callflow.report.results import DeliveryResult, Failure, RecordingResult
from callflow.report.wording import clock
from callflow.scenario.durations import Tolerance
from callflow.scenario.expect import (
    DeliveryExpectation,
    Expectations,
    Expected,
    ExpectedWord,
    ExpectedWords,
    RecordingExpectation,
)
from callflow.scenario.scope import RecordingAt, Scope
from callflow.scenario.unmet import unmet
from callflow.scenario.words import NONE_WORD, suggestion

_Found = tuple[str, object, object]
"""A field's name, what was expected of it, and what it is."""


def result_failures(expect: Expectations, scope: Scope, file: str) -> Iterator[Failure]:
    """The unmet ones of everything that the result object shows; `file` is named where no line can be."""
    call = scope.calls[0] if scope.calls else None
    if expect.path is not None:
        yield from _path(expect.path, tuple(step.module for step in call.path) if call else ())
    yield from _word(expect.hangup_cause, call.hangup_cause if call else None)
    yield from _word(expect.hangup_by, call.hangup_by if call else None)
    yield from _word(expect.outcome, "error" if scope.result.outcome == "error" else "passed")
    if expect.recordings is not None:
        yield from _recordings(expect.recordings, scope, expect.places.get("recordings", file))
    if expect.deliveries is not None:
        yield from _deliveries(expect.deliveries, scope, expect.places.get("deliveries", file))
    if expect.diagnostics is not None:
        yield from _diagnostics(expect.diagnostics, scope.result.diagnostics)


def _path(expected: ExpectedWords, modules: tuple[str, ...]) -> Iterator[Failure]:
    if modules != expected.words:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(modules, expected.words, strict=False))
        nearest = f"[{', '.join(modules)}]"
        yield unmet(expected, nearest, f"the path was {nearest}, which differs from node {len(list(alike)) + 1} on")


def _word(expected: ExpectedWord | None, word: str | None) -> Iterator[Failure]:
    if expected is not None and expected.word != word:
        yield unmet(expected, word or "none")


def _diagnostics(expected: ExpectedWords, diagnostics: Sequence[Diagnostic]) -> Iterator[Failure]:
    """Each code must occur; an empty list expects no warning and no error."""
    codes = [each.code for each in diagnostics]
    unwanted = dict.fromkeys(each.code for each in diagnostics if each.severity != "info")
    if not expected.words and unwanted:
        yield unmet(expected, ", ".join(unwanted), f"there was {', '.join(unwanted)}")
    missing = [code for code in expected.words if code not in codes]
    if missing:
        hints = [suggestion(code, dict.fromkeys(codes)) or "there were none" for code in missing]
        nearest = ", ".join(dict.fromkeys(codes))
        told = "; ".join(f"no diagnostic {code}, {hint}" for code, hint in zip(missing, hints, strict=True))
        yield unmet(expected, nearest, told)


def _recordings(expected: Sequence[RecordingExpectation], scope: Scope, place: str) -> Iterator[Failure]:
    there = scope.recordings
    for index, wanted in enumerate(expected):
        if index < len(there):
            wrong = [each for each in _compared(wanted, there[index], scope) if not _is_as_expected(each)]
            if wrong:
                yield _differs(wanted, f"recording {index}", wrong)
        else:
            made = f"{_count(len(there), 'recording')} in all"
            yield unmet(wanted, made, f"there is no recording {index}: {made}")
    yield from _too_many(len(expected), len(there), "recording", place)


def _compared(wanted: RecordingExpectation, found: RecordingAt, scope: Scope) -> Iterator[_Found]:
    """Each field asked for, beside what it is; times are from the call's start."""
    recording = found.result
    for name in ("kind", "name", "origin", "format", "channels", "sample_rate", "state"):
        yield name, getattr(wanted, name), getattr(recording, name)
    yield "leg", wanted.leg, _leg(wanted.leg, found, scope)
    for name in ("armed", "started", "ended"):
        at_ms = getattr(recording, f"{name}_ms")
        yield name, getattr(wanted, name), at_ms - found.call_started_ms if at_ms is not None else None
    yield "length", wanted.length, recording.length_ms
    for name in ("ended_by", "completion_cause"):
        yield name, getattr(wanted, name), getattr(recording, name) or NONE_WORD
    yield from _compared_storage(wanted, found, scope)


def _compared_storage(wanted: RecordingExpectation, found: RecordingAt, scope: Scope) -> Iterator[_Found]:
    recording, delivery = found.result, found.result.delivery
    yield "delivery", wanted.delivery, delivery.state if delivery else NONE_WORD
    yield "attempts", wanted.attempts, len(delivery.attempts) if delivery else 0
    yield "overwritten_by", wanted.overwritten_by, delivery.overwritten_by if delivery else None
    yield "webhook", wanted.webhook, delivery.webhook.state if delivery and delivery.webhook else NONE_WORD
    if wanted.id is not None:
        yield "id", wanted.id, wanted.id if _fits(wanted.id, recording.id) else recording.id
    if wanted.month is not None:
        yield "month", wanted.month, _month(found, scope)
    if wanted.stored is not None:
        yield "stored", wanted.stored, _stored(wanted.stored, recording)


def _month(found: RecordingAt, scope: Scope) -> str:
    """The month of the database that it went to, or would have gone to: that of its end (B§6.5)."""
    call_id, index = found.key
    rows = (row.detail for row in scope.rows if row.kind == DELIVERY and row.call_id == call_id and row.detail)
    months = (detail["month"] for detail in rows if detail["recording"] == index and "month" in detail)
    return next(months, NONE_WORD)


def _leg(wanted: str | None, found: RecordingAt, scope: Scope) -> str:
    """The leg's letter, or the wanted party when it is on that leg."""
    call_id, leg = found.key[0], found.result.leg
    on_it = [
        row.detail
        for row in scope.rows
        if wanted is not None and row.name == "CHANNEL_CREATE" and row.call_id == call_id and row.leg == leg
    ]
    is_party = any(detail and wanted in (detail["party"], detail["device"]) for detail in on_it)
    is_callee = wanted == "B" and leg.startswith("B")
    return wanted if wanted is not None and (is_party or is_callee) else leg


def _stored(pattern: str, recording: RecordingResult) -> str:
    """The pattern itself when the file is stored at a place that it fits, else the place and the state."""
    delivery = recording.delivery
    if delivery is None:
        return f"not delivered ({recording.state})"
    place = delivery.url or delivery.target
    return pattern if delivery.state == "stored" and _fits(pattern, place) else f"{place} ({delivery.state})"


def _fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits a pattern in which `*` is anything and `?` one character."""
    parts = re.split(r"(\*+|\?)", pattern)
    tokens = (".*" if part[:1] == "*" else "." if part == "?" else re.escape(part) for part in parts)
    return re.fullmatch("".join(tokens), text, re.DOTALL) is not None


def _is_as_expected(found: _Found) -> bool:
    _, wanted, value = found
    if wanted is None:
        return True
    if isinstance(wanted, Tolerance):
        return isinstance(value, int) and wanted.accepts(value)
    return wanted == value


def _differs(expected: Expected, what: str, wrong: Sequence[_Found]) -> Failure:
    told = [f"{name} {_shown(wanted, value)} instead of {wanted}" for name, wanted, value in wrong]
    nearest = ", ".join(f"{name} {_shown(wanted, value)}" for name, wanted, value in wrong)
    return unmet(expected, nearest, f"{what} has {', '.join(told)}")


def _shown(wanted: object, value: object) -> str:
    if isinstance(wanted, Tolerance) and isinstance(value, int):
        return f"{clock(value)}"
    return NONE_WORD if value is None else str(value)


def _count(number: int, what: str) -> str:
    one, many = what, f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number or 'no'} {one if number == 1 else many}"


def _too_many(wanted: int, found: int, what: str, place: str) -> Iterator[Failure]:
    """What nobody expected is a failure: the list names them all (design §6)."""
    if found > wanted:
        told = f"{_count(wanted, what)} expected, {_count(found, what)} made"
        yield Failure(_count(wanted, what), _count(found, what), f"{place}: {told}")


def _deliveries(expected: Sequence[DeliveryExpectation], scope: Scope, place: str) -> Iterator[Failure]:
    """Those that name their recording are looked up by it; a list without any such is the list of all deliveries."""
    by_key = {each.key: each.result.delivery for each in scope.recordings}
    keys = dict.fromkeys(
        (row.call_id, row.detail["recording"]) for row in scope.rows if row.kind == DELIVERY and row.detail is not None
    )
    in_order = [delivery for key in keys if (delivery := by_key.get(key)) is not None]
    of_recordings = [each.result.delivery for each in scope.recordings]
    for index, wanted in enumerate(expected):
        one_of, which = (in_order, index) if wanted.recording is None else (of_recordings, wanted.recording)
        delivery = one_of[which] if which < len(one_of) else None
        if delivery is None:
            made = f"{_count(len(in_order), 'delivery')} in all"
            yield unmet(wanted, made, f"there is no such delivery: {made}")
            continue
        wrong = [each for each in _compared_delivery(wanted, delivery) if not _is_as_expected(each)]
        if wrong:
            yield _differs(wanted, "the delivery", wrong)
    if all(wanted.recording is None for wanted in expected):
        yield from _too_many(len(expected), len(in_order), "delivery", place)


def _compared_delivery(wanted: DeliveryExpectation, delivery: DeliveryResult) -> Iterator[_Found]:
    yield "target", wanted.target, delivery.target
    yield "method", wanted.method, delivery.method
    yield "state", wanted.state, delivery.state
    yield "attempts", wanted.attempts, len(delivery.attempts)
    if wanted.url is not None:
        place = delivery.url or NONE_WORD
        yield "url", wanted.url, wanted.url if _fits(wanted.url, place) else place
    if wanted.results is not None:
        results = [attempt.result for attempt in delivery.attempts]
        yield "results", ", ".join(wanted.results), ", ".join(results) or NONE_WORD
