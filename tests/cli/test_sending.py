"""What an upload shows: lines, a bar on a terminal, the table of tries."""

from __future__ import annotations

import io
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from callflow.cli import sending
from callflow.cli.sending import bar_text, retry_command, show_upload, tries_summary
from callflow.core.delivery import DeliveryEvent, DeliveryState, Target, TargetKind
from callflow.core.errors import StorageError
from callflow.storage.delivery import DeliveryLogged
from callflow.storage.meter import Meter, Progress
from callflow.storage.parcel import Attempt, Delivered, Parcel

S, E = DeliveryState, DeliveryEvent


def ended(state: DeliveryState, tries: int, kind: TargetKind = TargetKind.URL) -> Delivered:
    """A delivery that took so many tries."""
    target = Target(kind, "PUT", "http://h/a.mp3", "record_call.url")
    parcel = Parcel("one", Path("a.mp3"), "audio/mpeg", target, {}, "x")
    attempts = tuple(Attempt(0, "201", number == tries - 1, True, "") for number in range(tries))
    return Delivered(parcel, state, attempts, "http://h/a.mp3")


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ([ended(S.STORED, 1)] * 3, "3 stored: 3 at the first try"),
        (
            [ended(S.STORED, 1), ended(S.STORED, 2), ended(S.STORED, 2), ended(S.FAILED, 4)],
            "3 stored: 1 at the first try, 2 at the second try; 1 left in the outbox",
        ),
        (
            [ended(S.STORED, 9), ended(S.STORED, 1, TargetKind.WEBHOOK)],
            "1 stored: 1 at the 9th try; 1 told to the webhook: 1 at the first try",
        ),
        ([ended(S.FAILED, 4)], "0 stored; 1 left in the outbox"),
    ],
)
def test_the_table_of_tries(delivered: list[Delivered], expected: str) -> None:
    """How many were stored at which try; what was not is in the outbox."""
    assert tries_summary(delivered) == expected


def test_how_far_it_is_in_one_line() -> None:
    """Parcels, and bytes of all that was given so far; nothing at all is all of it."""
    assert bar_text(Progress(1, 2, 50_000_000, 100_000_000)) == (
        "[############------------]  50 %, 1 of 2, 50.0 of 100.0 MB"
    )
    assert bar_text(Progress(0, 0, 0, 0)).startswith("[########################] 100 %, 0 of 0")


def rows(*, fails: bool = False) -> Generator[DeliveryLogged, None, None]:
    """A delivery with two rows, and perhaps an outbox that says no afterwards."""
    yield DeliveryLogged("one", 0, E.METADATA_SAVED, S.METADATA, S.SENDING, "journalled", "http://h/a.mp3", None)
    done = ended(S.STORED, 1)
    yield DeliveryLogged("one", 5, E.ACCEPTED, S.SENDING, S.STORED, "201", "http://h/a.mp3", done)
    if fails:
        raise StorageError("outbox x: full")


def test_without_a_terminal_there_are_lines_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs of CI stay readable; what the outbox would not do is kept for the end."""
    said: list[str] = []
    sent = show_upload(rows(fails=True), Meter(), said.append)
    assert said == [
        "upload one: metadata saved (journalled) http://h/a.mp3",
        "upload one: accepted (201) http://h/a.mp3",
    ]
    assert (len(sent.ends), str(sent.problem), sent.summary()) == (1, "outbox x: full", "1 stored: 1 at the first try")
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_a_bar_is_drawn_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn while a try lasts, cleared before every line, and gone at the end."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sending, "_EVERY_S", 0.001)
    meter = Meter()
    meter.take(2_000_000)

    def slow() -> Generator[DeliveryLogged, None, None]:
        while "0 of 1, 0.0 of 2.0 MB" not in terminal.getvalue():
            pass
        meter.finish(2_000_000)
        while "1 of 1, 2.0 of 2.0 MB" not in terminal.getvalue():
            pass
        yield from rows()

    show_upload(slow(), meter, lambda text: print(text, file=terminal))
    shown = terminal.getvalue()
    assert "\r\x1b[Kupload one: accepted" in shown and shown.endswith("\r\x1b[K")


def test_an_interrupt_closes_the_upload() -> None:
    """Whatever the reader of the rows does, the dispatcher gets to put things in order."""
    is_closed: list[bool] = []

    def interrupted() -> Generator[DeliveryLogged, None, None]:
        try:
            yield from rows()
        finally:
            is_closed.append(True)

    def refuse(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show_upload(interrupted(), Meter(), refuse)
    assert is_closed == [True]


def test_the_command_to_repeat_can_be_pasted() -> None:
    """Paths with blanks are quoted."""
    assert retry_command(Path("out/my call/outbox")) == "callflow outbox retry 'out/my call/outbox'"
