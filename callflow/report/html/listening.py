"""The recordings of a run as a page shows them: facts, reasons, and sound that plays in place or beside it."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from attrs import frozen

from callflow.core.errors import StorageError
from callflow.report.delivery_words import storage_words, tries_text, webhook_words
from callflow.report.happenings import ENDINGS, audio_format
from callflow.report.html.words import Reasons, Words
from callflow.report.results import DeliveryResult, RecordingResult, RunResult
from callflow.report.wording import clock, printable

MOST_BYTES: Final = 8_000_000
"""Audio in one page, before it is written as text, which takes a third more."""

_TYPES: Final = {"mp3": "audio/mpeg", "wav": "audio/wav"}


@frozen
class Shown:
    """One recording: its `number` among those of all calls, its facts in words, and why it began and ended.

    `source` is what an audio element plays, "" without a file: the sound itself, or `link`, the file beside the page,
    which is then too large to be in it.
    """

    number: int
    title: str
    state: str
    facts: tuple[tuple[str, str], ...]
    tries: tuple[str, ...]
    reasons: Reasons
    source: str
    link: str
    size: int


def recordings_shown(
    result: RunResult, names: Mapping[str, str], words: Words, folder: Path, most_bytes: int = MOST_BYTES
) -> tuple[Shown, ...]:
    """Every recording, call by call, in the order of `callflow run`; `names` has the calls' names by call id.

    Raises StorageError for a file that cannot be read.
    """
    shown: list[Shown] = []
    left = most_bytes
    for call in result.calls:
        for index, each in enumerate(call.recordings):
            source, link = _sound(each, folder, left)
            left -= (each.bytes or 0) if source.startswith("data:") else 0
            name = names.get(call.call_id, "")
            title = printable(f"recording {index}" + (f" of call {name}" if name else ""))
            reasons = words.reasons(call.call_id, index)
            tries = tuple(printable(line) for line in _tries(each.delivery))
            state = each.state.replace("_", " ")
            facts = tuple((label, printable(text)) for label, text in _facts(each))
            shown.append(Shown(len(shown), title, state, facts, tries, reasons, source, link, each.bytes or 0))
    return tuple(shown)


def _sound(each: RecordingResult, folder: Path, left: int) -> tuple[str, str]:
    """The source of an audio element, and the address of the file beside the page."""
    if each.file is None:
        return "", ""
    path = Path(each.file)
    link = quote(Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix())
    if (each.bytes or 0) > left:
        return link, link
    try:
        sound = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}; the report wants to play it") from None
    return f"data:{_TYPES.get(each.format, 'application/octet-stream')};base64,{b64encode(sound).decode()}", link


def _facts(each: RecordingResult) -> list[tuple[str, str]]:
    facts = [
        ("kind", f"{each.kind}, {audio_format(each.format, each.channels, each.sample_rate)}, leg {each.leg}"),
        ("origin", each.origin),
    ]
    if each.started_ms is not None:
        until = f" to {clock(each.ended_ms)}" if each.ended_ms is not None else ""
        facts.append(("length", f"{clock(each.length_ms)}, from {clock(each.started_ms)}{until}"))
    if each.ended_by is not None:
        facts.append(("ended by", f"{each.ended_by}: {ENDINGS.get(each.ended_by, each.ended_by)}"))
        facts.append(("completion cause", each.completion_cause or "none"))
    if each.delivery is not None:
        facts.append(("storage", storage_words(each.delivery)))
        if each.delivery.webhook is not None:
            facts.append(("webhook", webhook_words(each.delivery.webhook)))
    return facts


def _tries(delivery: DeliveryResult | None) -> list[str]:
    """The tries of a delivery and of its webhook, where there was more than one, or a failed one."""
    if delivery is None:
        return []
    tries = [delivery.attempts, delivery.webhook.attempts if delivery.webhook is not None else ()]
    return [line.strip() for attempts in tries if len(attempts) > 1 for line in tries_text(attempts)]
