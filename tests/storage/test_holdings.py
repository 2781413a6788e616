"""What lies in an outbox, and how it is removed: only what is named (docs/outbox.md)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from callflow.core.errors import StorageError
from callflow.storage.holdings import held, purge
from callflow.storage.outbox import Outbox
from callflow.storage.parcel import Parcel
from callflow.storage.routes import Destinations

MakeParcel = Callable[..., Parcel]


@pytest.fixture
def left(tmp_path: Path, make_parcel: MakeParcel) -> Path:
    """An outbox with two deliveries, one damaged journal, one orphan, and files that are none of ours."""
    where = Destinations(None, None, tmp_path / "outbox")
    with Outbox(where.outbox) as box:
        box.keep(make_parcel(delivery_id="one"), where)
        box.keep(make_parcel(delivery_id="two"), where)
        gone = box.keep(make_parcel(delivery_id="three"), where)
        orphan = box.keep(make_parcel(delivery_id="four"), where)
    gone.parcel.file.unlink()
    orphan.parcel.file.with_name("four.json").unlink()
    (where.outbox / "notes.txt").write_text("the user's")
    return where.outbox


def test_everything_is_listed_with_what_to_do(left: Path) -> None:
    """Damaged journals and audio without a journal are named; foreign files are left alone."""
    holdings = held(left)
    assert [each.parcel.delivery_id for each in holdings.entries] == ["one", "two"]
    journal, audio = holdings.damaged
    assert journal.name == "three.json" and "is not beside it" in journal.problem and "purge" in journal.remedy
    assert audio.name.startswith("four.") and "without a journal" in audio.problem and "upload" in audio.remedy
    assert holdings.names == ("one", "two", "three.json", audio.name)
    assert (holdings.under_way, holdings.arrived) == (frozenset(), ())
    assert held(left.parent / "none").names == ()


def test_only_what_is_named_is_removed(left: Path) -> None:
    """A delivery goes with its audio; all or nothing when a name is unknown."""
    before = sorted(os.listdir(left))
    with pytest.raises(StorageError, match="there is no 'notes.txt'; list shows"):
        purge(left, ["one", "notes.txt"])
    assert sorted(os.listdir(left)) == before
    removed = purge(left, ["one"])
    assert len(removed) == 2 and all(name.startswith("one.") for name in removed)
    assert set(before) - set(os.listdir(left)) == set(removed)
    purge(left, held(left).names)
    assert os.listdir(left) == ["notes.txt"]


def test_what_is_being_sent_is_not_removed(tmp_path: Path, make_parcel: MakeParcel) -> None:
    """A living process has it in its hands."""
    where = Destinations(None, None, tmp_path / "outbox")
    with Outbox(where.outbox) as box:
        entry = box.keep(make_parcel(delivery_id="one"), where)
        with pytest.raises(StorageError, match="one is being sent"):
            purge(where.outbox, ["one"])
        box.clear(entry)


def test_an_outbox_that_cannot_be_read_is_an_error(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an empty list: that would look as if all had arrived."""

    def refuse(*_: object) -> list[str]:
        raise PermissionError(13, "no")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(StorageError, match="cannot be read, permission denied"):
        held(left)
    with pytest.raises(StorageError, match="not purged, permission denied"):
        purge(left, ["one"])


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "long"])
def test_what_only_looks_like_a_journal_is_damaged(tmp_path: Path, kind: str) -> None:
    """A hostile name in the outbox neither blocks nor leads out of it."""
    journal = tmp_path / "one.json"
    if kind == "folder":
        journal.mkdir()
    elif kind == "link":
        journal.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(journal)
    else:
        with open(journal, "wb") as file:
            file.truncate((1 << 24) + 1)
    (damage,) = held(tmp_path).damaged
    assert damage.name == "one.json"
