"""What a power failure leaves of the outbox: the order in which things reach the disk, and journals with noise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from callflow.storage import holdings, outbox
from callflow.storage.holdings import held
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Attempt, Parcel
from callflow.storage.routes import Destinations

MakeParcel = Callable[..., Parcel]


@pytest.fixture
def where(tmp_path: Path) -> Destinations:
    """An outbox, and a folder that everything goes to."""
    return Destinations(None, tmp_path / "arrived", tmp_path / "outbox")


@pytest.fixture
def box(where: Destinations, make_parcel: MakeParcel) -> Iterator[Outbox]:
    """The outbox, open, one recording in it."""
    with Outbox(where.outbox) as opened:
        opened.keep(make_parcel(audio=b"old", delivery_id="one"), where)
        yield opened


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced, renamed and removed, in its order: of files only the last part of the name."""
    taken: list[str] = []

    def noted(name: str, word: Callable[..., str]) -> None:
        real = getattr(os, name)

        def call(*args: Any, **options: Any) -> Any:
            taken.append(f"{name} {word(*args)}")
            return real(*args, **options)

        monkeypatch.setattr(os, name, call)

    noted("fsync", lambda file: "folder" if os.path.isdir(f"/dev/fd/{file}") else "file")
    noted("replace", lambda _, name: os.path.splitext(name)[1])
    noted("unlink", lambda name: os.path.splitext(name)[1])
    return taken


def test_a_parcel_is_on_the_disk_when_it_is_kept(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, steps: list[str]
) -> None:
    """Docs/outbox.md: file and journal are synced, then their names, before the first byte is sent."""
    box.keep(make_parcel(delivery_id="two"), where)
    assert steps == ["fsync file", "fsync file", "replace .mp3", "replace .json", "fsync folder"]


def test_the_older_goes_when_the_newer_is_on_the_disk(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, steps: list[str]
) -> None:
    """At every moment one of the two is whole: names may reach the disk in any order between two syncs."""
    box.keep(make_parcel(audio=b"new", delivery_id="one"), where)
    both = ["fsync file", "fsync file", "replace .mp3", "fsync folder", "replace .json", "fsync folder"]
    assert steps == [*both, "unlink .mp3"]


def test_that_it_arrived_is_on_the_disk_before_its_files_go(
    box: Outbox, where: Destinations, make_parcel: MakeParcel, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a journal could come back without its audio; on a full disk the journal itself goes first, for good."""
    (entry,) = held(where.outbox).entries
    box.clear(entry)
    assert steps == ["fsync file", "unlink .mp3", "unlink .json"]
    full = box.keep(make_parcel(delivery_id="one"), where)

    def refuse(*_: object) -> int:
        raise OSError(28, "full")

    steps.clear()
    monkeypatch.setattr(os, "write", refuse)
    box.clear(full)
    assert steps == ["unlink .json", "fsync folder", "unlink .mp3", "unlink .json"]


def test_noise_after_a_journal_spoils_nothing(box: Outbox, where: Destinations) -> None:
    """A line that was not synced may come back as zeros, of its length: the first line, which was, is read."""
    with open(where.outbox / "one.json", "ab") as journal:
        journal.write(b"\0" * 80)
    box.note(held(where.outbox).entries[0], Attempt(0, "503", is_stored=False, is_final=False, place="there"))
    (entry,) = held(where.outbox).entries
    assert [each.result for each in entry.tries] == ["503"]


def test_months_of_tries_leave_a_journal_readable(box: Outbox, where: Destinations) -> None:
    """A retry each minute to a target that is down: tries are remembered up to 1 MiB, the recording for ever."""
    entry = held(where.outbox).entries[0]
    for _ in range(300):
        box.note(entry, Attempt(0, "503", is_stored=False, is_final=False, place="x" * 10_000))
    size = (where.outbox / "one.json").stat().st_size
    assert 1 << 20 <= size < (1 << 20) + 11_000
    assert [each.parcel for each in held(where.outbox).entries] == list(outbox.pending(where.outbox))


def test_a_bad_place_on_the_disk_hides_no_other_recording(
    where: Destinations, make_parcel: MakeParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that cannot be read is told; the others are sent."""
    with Outbox(where.outbox) as box:
        box.keep(make_parcel(delivery_id="bad"), where)
        box.keep(make_parcel(delivery_id="good"), where)
    real = holdings._text_of

    def broken(folder: int, name: str) -> bytes:
        if name == "bad.json":
            raise OSError(5, "no")
        return real(folder, name)

    monkeypatch.setattr(holdings, "_text_of", broken)
    found = held(where.outbox)
    assert [each.parcel.delivery_id for each in found.entries] == ["good"]
    assert ("bad.json", "cannot be read, input/output error") in [(each.name, each.problem) for each in found.damaged]
